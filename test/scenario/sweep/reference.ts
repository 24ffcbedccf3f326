/** What the history of a run makes of the tree, txn by txn: the records that its servers logged, executed one after the
 *  other, without a snapshot and without a disk. */
import { HEADER_BYTES, type RecordSeen, readRecords } from '../../../src/check/log-reader.ts'
import { State } from '../../../src/core/storage/state.ts'
import type { TraceEvent } from '../../../src/core/trace.ts'
import { CONFIG_PATH } from '../../../src/core/tree/data-tree.ts'
import { hex64, ZXID_0, type Zxid } from '../../../src/core/wire/ids.ts'
import { decodeLogged } from '../../../src/core/wire/txn.ts'
import type { EventOf } from '../rig.ts'

interface Entry {
  readonly prev: Zxid
  /** undefined: no txn, but the name of an epoch that begins here. */
  readonly body: Uint8Array | undefined
}

export class Reference {
  readonly #entries = new Map<Zxid, Entry>()
  readonly #heads = new Map<number, Zxid>()
  #isAlone = false
  readonly #contents = new Map<Zxid, string>()

  constructor(events: readonly TraceEvent[]) {
    for (const event of events) this.#take(event)
  }

  get txns(): number {
    let count = 0
    for (const { body } of this.#entries.values()) if (body !== undefined) count++
    return count
  }

  /** Is `zxid` part of the history that ends at `head`? */
  contains(head: Zxid, zxid: Zxid): boolean {
    let at = head
    while (at > zxid) {
      const entry = this.#entries.get(at)
      if (entry === undefined) return at === zxid
      at = entry.prev
    }
    return at === zxid
  }

  /** Everything at this zxid, as text; undefined: nobody ever had it. */
  contentAt(zxid: Zxid): string | undefined {
    const known = this.#contents.get(zxid)
    if (known !== undefined) return known
    const path: Zxid[] = []
    for (let at = zxid; at !== ZXID_0; ) {
      const entry = this.#entries.get(at)
      if (entry === undefined) return undefined
      path.push(at)
      at = entry.prev
    }
    const state = new State()
    this.#contents.set(ZXID_0, textOf(state))
    for (const at of path.reverse()) {
      const { body } = this.#entries.get(at) as Entry
      if (body !== undefined) state.apply(decodeLogged(body))
      if (!this.#contents.has(at)) this.#contents.set(at, textOf(state))
    }
    return this.#contents.get(zxid)
  }

  #take(event: TraceEvent): void {
    switch (event.kind) {
      case 'diskChanged': {
        for (const { zxid, body } of recordsIn(event)) this.#add(event.station, zxid, body)
        return
      }
      case 'recovered':
      case 'truncated':
      case 'snapInstalled':
      case 'snapshotTaken':
        if ((event.zxid & 0xffffffffn) === 0n && event.zxid > 0n && !this.#entries.has(event.zxid))
          this.#entries.set(event.zxid, { prev: this.#heads.get(event.station) ?? ZXID_0, body: undefined })
        if (event.kind !== 'snapshotTaken') this.#heads.set(event.station, event.zxid)
        if (event.kind === 'recovered' && this.#isAlone) this.#forgetBehind(event.zxid)
        return
      case 'configured':
        this.#isAlone = event.voters.length <= 1
        return
    }
  }

  /** Without epochs, the zxids of what was lost are given again. */
  #forgetBehind(zxid: Zxid): void {
    for (const each of this.#entries.keys()) if (each > zxid) this.#entries.delete(each)
  }

  #add(station: number, zxid: Zxid, body: Uint8Array): void {
    const known = this.#entries.get(zxid)
    if (known?.body !== undefined && !same(known.body, body)) throw new Error(`two txns have the zxid ${hex64(zxid)}`)
    if (known === undefined) this.#entries.set(zxid, { prev: this.#heads.get(station) ?? ZXID_0, body })
    this.#heads.set(station, zxid)
  }
}

/** What is written to a log by this, as a second reader reads it. */
export function recordsIn({ how, path, bytes, sizeBytes }: EventOf<'diskChanged'>): readonly RecordSeen[] {
  if (bytes === undefined || !path.includes('/log.')) return []
  const isNew = how === 'replace' || sizeBytes === bytes.length
  return readRecords(bytes, isNew ? HEADER_BYTES : 0, 0).records
}

/** All that recovery must bring back; what tree-content.ts has, in a form that is made thousands of times. Left out:
 *  /zookeeper/config, which every server writes for itself. */
export function textOf({ tree, sessions }: State): string {
  const lines: string[] = []
  const acls = new Map<number, string>()
  for (const [path, node] of tree.walk()) {
    if (path === CONFIG_PATH) continue
    let acl = acls.get(node.acl)
    if (acl === undefined) {
      acl = JSON.stringify(tree.aclOf(node))
      acls.set(node.acl, acl)
    }
    const { czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, childCount, data } = node
    const stat = [czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, childCount]
    lines.push(`${path} ${stat.join(' ')} ${acl} ${data === null ? null : `"${Buffer.from(data).toString('latin1')}"`}`)
  }
  const { nodeCount, containers, ttls, digest } = tree
  const sizeBytes = tree.approximateDataSize - (tree.data(CONFIG_PATH)?.length ?? 0)
  const owners = tree.ephemeralOwners().map(([session, paths]) => `${session}: ${paths.sort().join()}`)
  const others = [[...sessions].map(String), owners, [...containers].map(String), [...ttls].map(String)]
  return [...lines.sort(), ...others.map((each) => each.sort().join('; ')), nodeCount, sizeBytes, digest].join('\n')
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])
