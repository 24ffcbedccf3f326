/** The tree as the committed history makes it, written a second time and as plainly as it goes: it executes each txn once,
 *  says what is wrong with a txn in the place where it stands, and remembers what every znode was at recent zxids.
 *  Source: DataTree.java (data-tree.md); ACLs and quotas only as data. */
import { nodeDigest } from '../core/tree/digest.ts'
import { kindOf } from '../core/tree/znode.ts'
import { ZXID_0, type Zxid } from '../core/wire/ids.ts'
import type { LoggedTxn, TxnHeader } from '../core/wire/txn.ts'
import { type Outcome, type Problem, Step, type Znodes } from './reference-step.ts'
import type { SnapshotSeen } from './snapshot-reader.ts'
import { type Change, fresh, NO_NAMES, nameOf, OPEN, parentOf, type Version } from './znode-version.ts'

export interface Executed {
  readonly header: TxnHeader
  readonly outcome: Outcome
  readonly changes: readonly Change[]
  readonly problems: readonly Problem[]
  readonly digest: bigint
}

interface Path {
  /** Oldest first. */
  versions: Version[]
  /** Older ones are forgotten. */
  isTrimmed: boolean
  children: Set<string> | undefined
  /** Newest changes of `children`, oldest first. */
  moves: { readonly zxid: Zxid; readonly name: string; readonly added: boolean }[]
  movesTrimmed: boolean
  digest: number
}

const VERSIONS = 256
const RECENT = 8192

export class ReferenceTree implements Znodes {
  head: Zxid = ZXID_0
  /** Global sessions that are alive, with their timeouts. */
  readonly sessions = new Map<bigint, number>()
  /** Sessions that have ended, newest last. */
  readonly ended = new Set<bigint>()
  readonly ephemerals = new Map<bigint, Set<string>>()
  /** Recent changes, oldest first. */
  changes: Change[] = []
  #paths = new Map<string, Path>()
  /** A sum of 32-bit numbers: exact for two million znodes. */
  #digest = 0
  readonly #digests = new Map<Zxid, bigint>()
  readonly #gone: string[] = []

  constructor() {
    this.#reset()
  }

  get digest(): bigint {
    return BigInt(this.#digest)
  }
  /** After this txn; undefined when it is not remembered. */
  digestAt(zxid: Zxid): bigint | undefined {
    return this.#digests.get(zxid)
  }
  get size(): number {
    let size = 0
    for (const { versions } of this.#paths.values()) if (versions.at(-1)?.exists) size++
    return size
  }
  *nodes(): Generator<[string, Version]> {
    for (const [path, { versions }] of this.#paths) {
      const version = versions.at(-1)
      if (version?.exists) yield [path, version]
    }
  }

  now(path: string): Version | undefined {
    const version = this.#paths.get(path === '/' ? '' : path)?.versions.at(-1)
    return version?.exists ? version : undefined
  }

  /** As it was after `zxid`: undefined: it was not there; 'unknown': too long ago. */
  at(path: string, zxid: Zxid): Version | undefined | 'unknown' {
    const known = this.#paths.get(path === '/' ? '' : path)
    if (known === undefined) return this.#gone.length >= RECENT ? 'unknown' : undefined
    const { versions, isTrimmed } = known
    for (let n = versions.length - 1; n >= 0; n--) {
      const version = versions[n] as Version
      if (version.zxid <= zxid) return version.exists ? version : undefined
    }
    return isTrimmed ? 'unknown' : undefined
  }

  childrenAt(path: string, zxid: Zxid): ReadonlySet<string> | 'unknown' {
    const known = this.#paths.get(path === '/' ? '' : path)
    if (known === undefined) return NO_NAMES
    const { moves, movesTrimmed } = known
    const children = known.children ?? NO_NAMES
    if (moves.length === 0 || (moves.at(-1)?.zxid ?? ZXID_0) <= zxid)
      return movesTrimmed && moves.length === 0 ? 'unknown' : children
    if (movesTrimmed && (moves[0]?.zxid ?? ZXID_0) > zxid) return 'unknown'
    const then = new Set(children)
    for (let n = moves.length - 1; n >= 0; n--) {
      const move = moves[n]
      if (move === undefined || move.zxid <= zxid) break
      if (move.added) then.delete(move.name)
      else then.add(move.name)
    }
    return then
  }

  /** Starts anew from a snapshot. */
  load(snapshot: SnapshotSeen, zxid: Zxid): void {
    this.#reset()
    this.head = zxid
    for (const [session, timeout] of snapshot.sessions) this.sessions.set(session, timeout)
    this.#paths.clear()
    this.#digest = 0
    for (const [path, { data, acl, stat }] of snapshot.nodes) {
      const { ephemeralOwner } = stat
      this.#put(path, { ...stat, zxid, exists: true, data, acl, childCount: 0 })
      if (kindOf(ephemeralOwner) === 'ephemeral') this.#own(ephemeralOwner, path)
    }
    for (const path of snapshot.nodes.keys()) {
      if (path === '') continue
      const parent = this.#paths.get(parentOf(path))
      parent?.children?.add(nameOf(path))
      if (parent !== undefined && parent.children === undefined) parent.children = new Set([nameOf(path)])
    }
    for (const known of this.#paths.values()) {
      const last = known.versions.at(-1) as Version
      known.versions = [{ ...last, childCount: known.children?.size ?? 0 }]
      known.isTrimmed = true
      known.movesTrimmed = true
      known.moves = [{ zxid, name: '', added: false }]
    }
    this.#digests.set(zxid, this.digest)
  }

  apply({ header, txn }: LoggedTxn): Executed {
    const changes: Change[] = []
    const problems: Problem[] = []
    const step = new Step(this, header, changes, problems)
    const outcome = step.run(txn)
    this.head = header.zxid
    for (const change of changes) this.changes.push(change)
    if (this.changes.length > 2 * RECENT) this.changes = this.changes.slice(-RECENT)
    const { digest } = this
    this.#digests.set(header.zxid, digest)
    if (this.#digests.size > RECENT) this.#digests.delete(this.#digests.keys().next().value as Zxid)
    return { header, outcome, changes, problems, digest }
  }

  // --- for a step --------------------------------------------------------------------------------

  put(path: string, version: Version): void {
    this.#put(path, version)
  }

  move(parent: string, name: string, added: boolean, zxid: Zxid): void {
    const known = this.#paths.get(parent)
    if (known === undefined) return
    if (added) {
      known.children ??= new Set()
      known.children.add(name)
    } else known.children?.delete(name)
    known.moves.push({ zxid, name, added })
    if (known.moves.length > 2 * VERSIONS) {
      known.moves = known.moves.slice(-VERSIONS)
      known.movesTrimmed = true
    }
  }

  isBelow(parent: string, name: string): boolean {
    return this.#paths.get(parent)?.children?.has(name) ?? false
  }

  own(session: bigint, path: string): void {
    this.#own(session, path)
  }

  endSession(session: bigint): void {
    this.sessions.delete(session)
    this.ephemerals.delete(session)
    this.ended.add(session)
    if (this.ended.size > 2 * RECENT) this.ended.delete(this.ended.values().next().value as bigint)
  }

  #own(session: bigint, path: string): void {
    const paths = this.ephemerals.get(session)
    if (paths === undefined) this.ephemerals.set(session, new Set([path]))
    else paths.add(path)
  }

  #put(path: string, version: Version): void {
    let known = this.#paths.get(path)
    if (known === undefined) {
      known = { versions: [], isTrimmed: false, children: undefined, moves: [], movesTrimmed: false, digest: 0 }
      this.#paths.set(path, known)
    }
    known.versions.push(version)
    if (known.versions.length > 2 * VERSIONS) {
      known.versions = known.versions.slice(-VERSIONS)
      known.isTrimmed = true
    }
    const digest = version.exists ? nodeDigest(path, version.data, version) : 0
    this.#digest += digest - known.digest
    known.digest = digest
    if (!version.exists) this.#forget(path)
  }

  /** Znodes that are gone are remembered for a while. */
  #forget(path: string): void {
    this.#gone.push(path)
    if (this.#gone.length < 2 * RECENT) return
    for (const old of this.#gone.splice(0, RECENT))
      if (this.#paths.get(old)?.versions.at(-1)?.exists === false && !this.#gone.includes(old)) this.#paths.delete(old)
  }

  #reset(): void {
    this.head = ZXID_0
    this.sessions.clear()
    this.ephemerals.clear()
    this.#paths = new Map()
    this.#digest = 0
    this.#digests.clear()
    for (const path of ['', '/zookeeper', '/zookeeper/config', '/zookeeper/quota'])
      this.#put(path, fresh(ZXID_0, 0n, new Uint8Array(0), OPEN, 0n))
    this.#below('', 'zookeeper')
    this.#below('/zookeeper', 'config')
    this.#below('/zookeeper', 'quota')
    this.#digests.set(ZXID_0, this.digest)
  }

  /** The reserved znodes do not count as creations. */
  #below(parent: string, name: string): void {
    const known = this.#paths.get(parent) as Path
    known.children ??= new Set()
    known.children.add(name)
    const last = known.versions.pop() as Version
    known.versions.push({ ...last, childCount: last.childCount + 1 })
  }
}
