/** What the checkers of all families share: the servers with their disks, the terms of leaders, the quorum connections, the
 *  ledger of histories, and the committed history, which only grows. Kept up here, judged by the families. */
import { QuorumVerifier } from '../core/config/quorum-verifier.ts'
import type { EventId, TraceEvent } from '../core/trace.ts'
import { asZxid, counterOf, hex64, ZXID_0, type Zxid } from '../core/wire/ids.ts'
import type { ChangeSeen } from './disk-model.ts'
import type { Judges } from './judge.ts'
import { Ledger } from './ledger.ts'
import { type Link, newLink } from './links.ts'
import { newReplica, type Replica, type Term } from './replica.ts'

export type EventOf<K extends TraceEvent['kind']> = TraceEvent & { readonly kind: K }
export type Handlers = { readonly [K in TraceEvent['kind']]?: (event: EventOf<K>) => void }

export class World {
  readonly judges: Judges
  readonly ledger = new Ledger()
  readonly replicas = new Map<number, Replica>()
  readonly links = new Map<string, Link>()
  /** Terms by epoch: the one that was established, else the newest. */
  readonly terms = new Map<number, Term>()
  /** The end of the committed history; undefined before the first established epoch. */
  committed: Zxid | undefined
  committedBy: EventId | undefined
  /** Bytes of txns that a disk has seen, until they are executed. */
  readonly bodies = new Map<Zxid, Uint8Array>()
  /** Called with each new end of the committed history. */
  onCommitted: ((head: Zxid, event: TraceEvent) => void) | undefined
  /** The newest configuration, and those before it: while one takes the place of another, both count. */
  #quorums: readonly QuorumVerifier[] = []
  /** Sessions that another process has taken up, and whose requests it counts from 1 again. */
  readonly renumbered = new Set<bigint>()
  /** Servers are told not to take an empty disk for that of a new server. */
  distrustsEmptyDisks = false
  /** Limits of session timeouts are configured. */
  hasOwnTimeouts = false
  /** Clocks were tampered with: what is said in wall time means little. */
  clocksLie = false

  constructor(judges: Judges) {
    this.judges = judges
  }

  replica(sid: number): Replica {
    const known = this.replicas.get(sid)
    if (known !== undefined) return known
    const replica = newReplica(sid)
    this.replicas.set(sid, replica)
    return replica
  }

  /** Whether these are a quorum, of the present configuration or of the one before it. */
  isQuorum(sids: ReadonlySet<number>): boolean {
    // A server alone may have no voters in its configuration.
    if (this.voters.length === 0) return sids.size > 0
    return this.#quorums.some((quorum) => quorum.containsQuorum(sids))
  }
  isVoter(sid: number): boolean {
    return this.#quorums.length === 0 || this.#quorums.some((quorum) => quorum.isVoter(sid))
  }
  weight(sid: number): number {
    return Math.max(0, ...this.#quorums.map((quorum) => quorum.weight(sid)))
  }
  get voters(): readonly number[] {
    return this.#quorums[0]?.voters ?? []
  }

  /** A quorum of voters would hold `zxid` if all lost power now. */
  isSafe(zxid: Zxid, excused = false): boolean {
    const holders = new Set<number>()
    for (const replica of this.replicas.values()) {
      // Clients' stations are in there too, and have no disk that counts.
      if (!this.isVoter(replica.sid)) continue
      if (!replica.witnessed && !replica.rotten) return true
      const lost = replica.rotten || (excused && replica.disk.declaredLoss)
      if (lost || this.ledger.contains(replica.disk.durable.head, zxid)) holders.add(replica.sid)
    }
    return this.isQuorum(holders)
  }

  configure(text: string): void {
    const [newest] = this.#quorums
    if (newest?.toString() === text) return
    const quorum = QuorumVerifier.parse(text)
    if (newest !== undefined && quorum.version < newest.version) return
    this.#quorums = [quorum, ...this.#quorums].slice(0, CONFIGURATIONS)
  }

  /** The committed history goes on to `head`, if it is a continuation. */
  advance(head: Zxid, event: TraceEvent): void {
    const normal = this.ledger.normal(head)
    if (this.committed !== undefined && !this.ledger.contains(normal, this.committed)) return
    if (this.committed === normal) return
    this.committed = normal
    this.committedBy = event
    this.onCommitted?.(normal, event)
  }

  /** Facts, before any family judges the event. Returns what a change of a disk has shown. */
  before(event: TraceEvent): ChangeSeen | undefined {
    switch (event.kind) {
      case 'diskChanged': {
        const replica = this.replica(event.station)
        replica.witnessed = !replica.rotten
        const seen = replica.disk.changed(event)
        for (const { zxid, body } of seen.records) if (this.#isAhead(zxid)) this.bodies.set(zxid, body)
        return seen
      }
      case 'diskSynced':
        this.replica(event.station).disk.synced(event.change)
        return undefined
      case 'started':
        if (event.what === 'server') this.#started(this.replica(event.station), event.incarnation)
        return undefined
      case 'configured': {
        const replica = this.replica(event.station)
        replica.voters = event.voters
        replica.tickMs = event.tickTimeMs
        replica.initLimit = event.initLimit
        replica.syncLimit = event.syncLimit
        if (event.distrustsEmptyDisk === true) this.distrustsEmptyDisks = true
        this.configure(event.quorum ?? majorityOf(event.voters, event.observers))
        return undefined
      }
      case 'configProposed':
      case 'configActivated':
        this.configure(event.quorum)
        return undefined
      case 'paused':
      case 'resumed': {
        const replica = this.replicas.get(event.station)
        if (replica) replica.paused = event.kind === 'paused'
        return undefined
      }
      case 'epochProposed':
        this.#term(event.station, event.epoch)
        return undefined
      case 'roundStarted':
        this.replica(event.station).searching = true
        return undefined
      case 'recovered': {
        // A server alone gives a zxid again whose txn it has lost before it was durable.
        const replica = this.replica(event.station)
        if (replica.isAlone) this.ledger.forgetBehind(event.zxid)
        return undefined
      }
      case 'applied':
      case 'serving':
        // A server alone commits what is on its disk.
        if (this.replica(event.station).state === 'STANDALONE') this.advance(event.zxid, event)
        return undefined
      case 'action':
        if (event.fault?.kind === 'clock') this.clocksLie = true
        return undefined
      default:
        return undefined
    }
  }

  /** Facts that count only for later events. */
  after(event: TraceEvent): void {
    switch (event.kind) {
      case 'stateChanged': {
        const replica = this.replica(event.station)
        replica.state = event.to
        if (event.to === 'STANDALONE') replica.isAlone = true
        if (event.to === 'LOOKING') this.#left(replica, event)
        return
      }
      case 'elected':
        this.replica(event.station).searching = false
        return
      case 'established': {
        const term = this.#term(event.station, event.epoch)
        term.established = event
        term.base = this.committed ?? ZXID_0
        term.lastProposed = asZxid(BigInt(event.epoch) << 32n)
        term.lastCommitted = event.zxid
        this.terms.set(event.epoch, term)
        this.ledger.begin(event.epoch, event.zxid)
        this.advance(event.zxid, event)
        return
      }
      case 'proposed': {
        const term = this.replica(event.station).term
        if (term) term.lastProposed = event.zxid
        return
      }
      case 'committed': {
        const term = this.replica(event.station).term
        if (term) term.lastCommitted = event.zxid
        this.advance(event.zxid, event)
        return
      }
      case 'recovered':
      case 'treeLoaded':
      case 'truncated':
      case 'snapInstalled':
      case 'applied':
        this.replica(event.station).applied = event.zxid
        return
      case 'serving':
        this.replica(event.station).serving = true
        return
      case 'readOnlyMode':
        this.replica(event.station).readOnly = event.on
        return
      case 'stopServing':
        this.#left(this.replica(event.station), event)
        return
      case 'killed':
      case 'crashed':
      case 'halted': {
        const replica = this.replicas.get(event.station)
        if (replica === undefined) return
        replica.up = false
        replica.paused = false
        replica.state = 'STOPPED'
        this.#left(replica, event)
        for (const link of this.links.values())
          if (link.learner === event.station || link.leader === event.station) this.#ended(link, event.station)
        return
      }
      case 'diskFailed':
        this.replica(event.station).failed ??= event
        return
      case 'diskDamaged': {
        const replica = this.replica(event.station)
        replica.rotten = event.cause === 'rot' || (replica.rotten && event.cause !== 'wiped')
        replica.witnessed = !replica.rotten
        replica.disk.damaged(event)
        return
      }
      case 'disconnected': {
        const link = this.links.get(event.connection)
        if (link !== undefined) this.#ended(link, event.station)
        return
      }
    }
  }

  link(id: string, station: number, other: number): Link {
    const known = this.links.get(id)
    if (known !== undefined) return known
    const link = newLink(id, station, other)
    this.links.set(id, link)
    const replica = this.replica(link.learner)
    if (replica.up) replica.link = link
    return link
  }

  #ended(link: Link, station: number): void {
    link.over.add(station)
    if (link.over.size === 2) this.links.delete(link.id)
  }

  #started(replica: Replica, incarnation: number): void {
    replica.up = true
    replica.paused = false
    replica.incarnation = incarnation
    replica.state = 'STARTING'
    replica.searching = false
    replica.term = undefined
    replica.link = undefined
    replica.serving = false
    replica.readOnly = false
    replica.applied = undefined
    replica.failed = undefined
    replica.stopped = undefined
  }

  #left(replica: Replica, event: TraceEvent): void {
    replica.serving = false
    replica.searching = false
    replica.leftAt = event.at
    replica.stopped = event
    if (replica.term) replica.term.over = true
  }

  #term(sid: number, epoch: number): Term {
    const replica = this.replica(sid)
    if (replica.term !== undefined && !replica.term.over && replica.term.epoch === epoch) return replica.term
    const fresh = { established: undefined, base: ZXID_0, over: false, lastProposed: ZXID_0, lastCommitted: ZXID_0 }
    const term: Term = { sid, epoch, ...fresh }
    replica.term = term
    if (this.terms.get(epoch)?.established === undefined) this.terms.set(epoch, term)
    return term
  }

  #isAhead(zxid: Zxid): boolean {
    return this.committed === undefined || zxid > this.committed
  }
}

/** So many configurations count: one may be proposed in vain. */
const CONFIGURATIONS = 3

const majorityOf = (voters: readonly number[], observers: readonly number[]): string =>
  [
    ...voters.map((sid) => `server.${sid}=zk${sid}:2888:3888:participant;0.0.0.0:2181`),
    ...observers.map((sid) => `server.${sid}=zk${sid}:2888:3888:observer;0.0.0.0:2181`),
    'version=0',
  ].join('\n')

/** As people say it: zk3. */
export const who = (sid: number): string => `server ${sid}`
export const hex = (zxid: bigint): string => hex64(zxid)
export const isRecord = (zxid: bigint): boolean => counterOf(asZxid(zxid)) !== 0
