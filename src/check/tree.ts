/** T, and what goes with it: the committed history is executed once on the reference tree; every server's digest after every
 *  txn, and every snapshot, is held against it. */
import type { EventId, TraceEvent } from '../core/trace.ts'
import { OpCode } from '../core/wire/codes.ts'
import { epochOf, type Zxid } from '../core/wire/ids.ts'
import { JuteError } from '../core/wire/jute.ts'
import { decodeLogged, type LoggedTxn } from '../core/wire/txn.ts'
import { differences } from './compare-trees.ts'
import { type Executed, ReferenceTree } from './reference-tree.ts'
import { readSnapshot } from './snapshot-reader.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'

/** Answers wait here for their txns; of one session at most so many are kept. */
const WAITING = 1024
/** From so many znodes on only one snapshot of four is looked through, and of sixteen. */
const SOME = 32
const MANY = 2000
const KEPT_DIGESTS = 8192

interface Told {
  readonly zxid: Zxid
  readonly digest: bigint
}

export class TreeChecks {
  readonly tree = new ReferenceTree()
  /** The reference tree is the committed state; false when a txn was missed. */
  isKnown = true
  /** By session and cxid: what became of a request. */
  readonly executed = new Map<bigint, Map<number, Executed>>()
  /** Called with each txn that the history has got. */
  onExecuted: ((executed: Executed, event: TraceEvent) => void) | undefined
  readonly #world: World
  /** What the first server said that applied a txn. */
  readonly #digests = new Map<Zxid, EventOf<'applied'>>()
  readonly #told = new Map<number, Told>()
  readonly #diverged = new Set<number>()
  /** The newest snapshot that a disk has got, for a run that begins with files. */
  readonly #snapshots = new Map<number, { readonly zxid: Zxid; readonly bytes: Uint8Array }>()
  readonly #over: bigint[] = []
  readonly #lastCxid = new Map<bigint, number>()
  #looked = 0

  constructor(world: World) {
    this.#world = world
  }

  readonly handlers: Handlers = {
    applied: (event) => this.#applied(event),
    treeLoaded: (event) => this.#loaded(event),
    started: ({ station }) => {
      this.#told.delete(station)
      this.#diverged.delete(station)
    },
  }

  // --- the committed history ---------------------------------------------------------------------

  follow(head: Zxid, event: TraceEvent): void {
    if (!this.isKnown || !this.#follow(head, event)) this.#startAnew(head, event)
    for (const zxid of this.#world.bodies.keys()) {
      if (zxid > head) break
      this.#world.bodies.delete(zxid)
    }
  }

  /** false: a txn is missing. */
  #follow(head: Zxid, event: TraceEvent): boolean {
    const { ledger, bodies } = this.#world
    const way: Zxid[] = []
    for (let zxid: Zxid | undefined = head; zxid !== undefined && zxid > this.tree.head; zxid = ledger.prev(zxid)) {
      if (!bodies.has(zxid)) return false
      way.push(zxid)
    }
    for (const zxid of way.reverse()) this.#execute(bodies.get(zxid) as Uint8Array, zxid, event)
    return true
  }

  #startAnew(head: Zxid, event: TraceEvent): void {
    const { ledger } = this.#world
    const usable = [...this.#snapshots.values()].filter(({ zxid }) => zxid <= head && ledger.contains(head, zxid))
    this.isKnown = false
    for (const { zxid, bytes } of usable.sort((a, b) => (a.zxid < b.zxid ? 1 : -1))) {
      const snapshot = readSnapshot(bytes)
      if (typeof snapshot === 'string') continue
      this.tree.load(snapshot, zxid)
      this.isKnown = this.#follow(head, event)
      if (this.isKnown) return
    }
  }

  #execute(body: Uint8Array, zxid: Zxid, event: TraceEvent): void {
    const { judges } = this.#world
    let logged: LoggedTxn
    try {
      logged = decodeLogged(body)
      judges['T-13'].holds(true)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      judges['T-13'].holds(false)
      judges['T-13'].report(event, `${hex(zxid)} is no txn: ${error.message}`)
      this.isKnown = false
      return
    }
    if (logged.txn.kind === 'check')
      judges['T-13'].report(event, `${hex(zxid)} is a check outside a multi, which no log may hold`)
    const executed = this.tree.apply(logged)
    this.#count(logged)
    for (const { property, text } of executed.problems) judges[property].report(event, `${hex(zxid)}: ${text}`)
    this.#session(executed, event)
    const foretold = logged.digest
    if (foretold !== null && foretold.version === 2)
      if (!judges['D-8'].holds(foretold.treeDigest === executed.digest))
        judges['D-8'].report(
          event,
          `${hex(zxid)} says that the digest is ${hex(foretold.treeDigest)} afterwards, and the history makes it ${hex(executed.digest)}`,
        )
    this.onExecuted?.(executed, event)
  }

  #count({ txn }: LoggedTxn): void {
    const { judges } = this.#world
    switch (txn.kind) {
      case 'create':
      case 'createTTL':
      case 'createContainer':
        judges['T-5'].holds(true)
        judges['T-1'].holds(true)
        judges['T-6'].holds(true)
        if (txn.kind === 'create' && txn.body.ephemeral) judges['X-9'].holds(true)
        return
      case 'delete':
        judges['T-1'].holds(true)
        if (txn.type === OpCode.deleteContainer) judges['T-6'].holds(true)
        return
      case 'setData':
      case 'setACL':
      case 'check':
        judges['T-3'].holds(true)
        return
      case 'createSession':
        judges['X-1'].holds(true)
        judges['X-7'].holds(true)
        return
      case 'closeSession':
        judges['X-2'].holds(true)
        return
      case 'multi':
        judges['T-7'].holds(true)
        for (const part of txn.body) this.#count({ txn: part } as LoggedTxn)
    }
  }

  #session(executed: Executed, event: TraceEvent): void {
    const { judges } = this.#world
    const { header } = executed
    const { clientId, cxid, type, zxid } = header
    const isEnd = type === OpCode.closeSession
    // A multi that failed is a txn of errors.
    const isError = type === OpCode.error || executed.outcome.parts?.some((part) => part.type === OpCode.error) === true
    if (!isEnd && type !== OpCode.createSession && !isError && this.tree.ended.has(clientId))
      judges['X-1'].report(event, `${hex(zxid)} is a txn of session ${hex(clientId)}, which has ended before`)
    else judges['X-1'].holds(true)
    if (isEnd) {
      this.#lastCxid.delete(clientId)
      // Its last answers are still on their way.
      this.#over.push(clientId)
      if (this.#over.length > WAITING) this.executed.delete(this.#over.shift() as bigint)
      return
    }
    if (cxid <= 0 || type === OpCode.createSession) return
    this.#remember(executed)
    // What comes late by way of a server that the session has left becomes an error.
    if (isError) return
    const last = this.#lastCxid.get(clientId)
    if (last !== undefined && !this.#world.renumbered.has(clientId)) {
      if (!judges['C-2'].holds(cxid !== last))
        judges['C-2'].report(
          event,
          `${hex(zxid)} is request ${cxid} of session ${hex(clientId)}, which was done before`,
        )
      else if (!judges['C-4'].holds(cxid > last))
        judges['C-4'].report(
          event,
          `${hex(zxid)} is request ${cxid} of session ${hex(clientId)}, after request ${last}`,
        )
    }
    this.#lastCxid.set(clientId, cxid)
  }

  #remember(executed: Executed): void {
    const { clientId, cxid } = executed.header
    let waiting = this.executed.get(clientId)
    if (waiting === undefined) {
      waiting = new Map()
      this.executed.set(clientId, waiting)
    }
    waiting.set(cxid, executed)
    if (waiting.size > WAITING) waiting.delete(waiting.keys().next().value as number)
  }

  // --- what servers have -------------------------------------------------------------------------

  #applied(event: EventOf<'applied'>): void {
    const { station, zxid, digest } = event
    const { judges } = this.#world
    const told = this.#told.get(station)
    this.#told.set(station, { zxid, digest })
    const expected = this.isKnown ? this.tree.digestAt(zxid) : undefined
    const first = this.#digests.get(zxid)
    if (first === undefined) {
      this.#digests.set(zxid, event)
      if (this.#digests.size > KEPT_DIGESTS) this.#digests.delete(this.#digests.keys().next().value as Zxid)
    }
    // A server that keeps no digests says 0.
    if (digest === 0n || this.#diverged.has(station)) return
    const wanted = expected ?? first?.digest
    if (wanted === undefined) return
    const good = judges['D-7'].holds(digest === wanted)
    const txn = kindOf(event.logged)
    const unchanging = txn === OpCode.error || txn === OpCode.createSession
    const judge = txn === OpCode.error ? judges['T-8'] : judges['T-12']
    if (unchanging && told !== undefined && !judge.holds(digest === told.digest))
      judge.report(event, `the tree of ${who(station)} changes by ${hex(zxid)}, which changes nothing`)
    if (good) return
    this.#diverged.add(station)
    if (txn === OpCode.multi)
      judges['T-7'].report(event, `${who(station)} has not done the multi ${hex(zxid)} as a whole, or not undone it`)
    const whom = first !== undefined && first.digest !== digest ? `, and of ${who(first.station)} another` : ''
    judges['D-7'].report(
      event,
      `after ${hex(zxid)} the tree of ${who(station)} is not what the history makes of it${whom}`,
      [first as EventId | undefined],
    )
  }

  #loaded(event: EventOf<'treeLoaded'>): void {
    this.#diverged.delete(event.station)
    this.#told.delete(event.station)
    this.#lookThrough(event, event.zxid, event.snapshot, `the tree of ${who(event.station)}`, 'D-8')
  }

  /** A disk has got a snapshot. */
  snapshot(event: TraceEvent, zxid: Zxid, bytes: Uint8Array): void {
    this.#snapshots.set(event.station, { zxid, bytes })
    this.#lookThrough(event, zxid, bytes, `the snapshot of ${who(event.station)}`, 'D-5')
  }

  #lookThrough(event: TraceEvent, at: Zxid, bytes: Uint8Array, what: string, property: 'D-5' | 'D-8'): void {
    const { judges, committed, ledger } = this.#world
    const zxid = ledger.normal(at)
    if (!this.isKnown || committed === undefined || zxid > this.tree.head || !ledger.contains(committed, zxid)) return
    const each = this.tree.size > MANY ? 16 : this.tree.size > SOME && property === 'D-5' ? 4 : 1
    if (this.#looked++ % each !== 0) return
    const snapshot = readSnapshot(bytes)
    if (typeof snapshot === 'string') {
      judges['D-11'].report(event, `${what} at ${hex(at)} cannot be read: ${snapshot}`)
      return
    }
    judges['D-11'].holds(true)
    const digest = this.tree.digestAt(zxid)
    const found = differences(snapshot, this.tree, zxid)
    judges[property].holds(found.length === 0)
    for (const id of ['T-2', 'T-4', 'T-10', 'T-11'] as const) judges[id].holds(true)
    for (const { property: wrong, text } of found)
      judges[wrong ?? property].report(event, `${what} at ${hex(at)}: ${text}`)
    if (digest === undefined || snapshot.digest === undefined || zxid === 0n || epochOf(zxid) < 0) return
    if (!judges['D-8'].holds(snapshot.digest === digest || snapshot.digest === 0n))
      judges['D-8'].report(
        event,
        `${what} at ${hex(at)} says that its digest is ${hex(snapshot.digest)}, and the history makes it ${hex(digest)}`,
      )
  }
}

/** The type in a txn's header. */
function kindOf(logged: Uint8Array): number {
  return new DataView(logged.buffer, logged.byteOffset, logged.length).getInt32(28)
}
