/** All checks that go along with a run: fed with its events in run order, they cost about the same for each event, however
 *  long the run is. They believe the witnesses of disk and network, never a replica's own word. */
import type { TraceEvent } from '../core/trace.ts'
import { ClientChecks } from './clients.ts'
import { ElectionChecks } from './election.ts'
import { Histories } from './histories.ts'
import { type Judge, type JudgedProperty, type Judges, judges, type Violation } from './judge.ts'
import { notePacket } from './links.ts'
import { LivenessChecks } from './liveness.ts'
import { OrderChecks } from './order.ts'
import type { PropertyId } from './properties.ts'
import { RunChecks } from './run.ts'
import { SessionChecks } from './sessions.ts'
import { StorageChecks } from './storage.ts'
import { SynchronizationChecks } from './synchronization.ts'
import { TreeChecks } from './tree.ts'
import { WatchChecks } from './watches.ts'
import { type EventOf, type Handlers, hex, World } from './world.ts'

export type { JudgedProperty, Violation } from './judge.ts'

/** What every checker looks like to whoever feeds it. */
export interface Checker {
  /** Events in run order: at, station, seq. */
  onEvents(events: readonly TraceEvent[]): void
  /** Oldest first. */
  readonly violations: readonly Violation[]
  /** Each property with how many events it has judged; live objects, in the order of the table. */
  readonly properties: readonly JudgedProperty[]
  /** Nothing more comes: what can only be judged at the end. */
  end?(): void
}

export interface CheckerOptions {
  /** The histories of clients are kept, and looked through at the end (O-3), which costs more than all else. */
  readonly histories?: boolean
}

type Handle = (event: TraceEvent) => void

export class EnsembleChecker implements Checker {
  readonly #violations: Violation[] = []
  readonly #judges: Judges = judges(this.#violations)
  readonly world = new World(this.#judges)
  readonly tree = new TreeChecks(this.world)
  readonly #watches = new WatchChecks(this.world, this.tree)
  readonly clients = new ClientChecks(this.world, this.tree, this.#watches)
  readonly #order = new OrderChecks(this.world)
  readonly #synchronization = new SynchronizationChecks(this.world)
  readonly #storage = new StorageChecks(this.world)
  readonly #run = new RunChecks(this.world)
  readonly #histories: Histories | undefined
  readonly #liveness = new LivenessChecks(this.world, this.tree, this.clients)
  /** By kind of event. */
  readonly #handlers = new Map<TraceEvent['kind'], Handle[]>()
  #last: TraceEvent | undefined

  constructor(options: CheckerOptions = {}) {
    this.#histories = options.histories === true ? new Histories() : undefined
    const families: readonly { readonly handlers: Handlers }[] = [
      this.#run,
      new ElectionChecks(this.world),
      this.#order,
      this.#synchronization,
      this.#storage,
      this.tree,
      this.clients,
      this.#watches,
      new SessionChecks(this.world, this.tree, this.clients),
      this.#liveness,
    ]
    for (const { handlers } of families)
      for (const [kind, handle] of Object.entries(handlers) as [TraceEvent['kind'], Handle][])
        this.#handlers.set(kind, [...(this.#handlers.get(kind) ?? []), handle])
    this.world.onCommitted = (head, event) => this.tree.follow(head, event)
    this.tree.onExecuted = (executed) => this.#watches.executed(executed)
  }

  get violations(): readonly Violation[] {
    return this.#violations
  }
  get properties(): readonly JudgedProperty[] {
    return Object.values(this.#judges)
  }
  /** For checks that need more than the trace, to judge by. */
  judge(id: PropertyId): Judge {
    return this.#judges[id]
  }

  onEvents(events: readonly TraceEvent[]): void {
    for (const event of events) this.#onEvent(event)
  }

  end(): void {
    if (this.#last !== undefined) this.#alike(this.#last)
    if (this.#histories !== undefined) this.#explain(this.#histories)
  }

  /** O-2: nothing has been going on for a while, so nobody is behind. */
  #alike(last: TraceEvent): void {
    const { committed, committedBy, replicas, ledger } = this.world
    if (committed === undefined || !this.#liveness.isQuiet(last)) return
    const judge = this.#judges['O-2']
    for (const { sid, serving, applied, disk, witnessed } of replicas.values()) {
      if (!serving || applied === undefined) continue
      if (!judge.holds(ledger.normal(applied) === committed))
        judge.report(last, `server ${sid} ends with ${hex(applied)}, and ${hex(committed)} is committed`, [committedBy])
      else if (witnessed && ledger.normal(disk.durable.head) !== committed)
        judge.report(
          last,
          `the disk of server ${sid} ends with ${hex(disk.durable.head)}, and ${hex(committed)} is committed`,
          [committedBy],
        )
    }
  }

  #explain(histories: Histories): void {
    const judge = this.#judges['O-3']
    for (const { path, verdict, operations, events: ended } of histories.judge()) {
      if (verdict.is === 'unknown' || judge.holds(verdict.is === 'linearizable')) continue
      const { stuck } = verdict as Extract<typeof verdict, { is: 'broken' }>
      const events = stuck.map((operation) => ended.get(operation))
      const event = events.findLast((each) => each !== undefined) ?? this.#last
      if (event === undefined) continue
      const what = stuck.map(({ client, text }) => `${text} of client ${client}`).join('; ')
      judge.report(
        event,
        `no order of the ${operations.length} operations on ${path} explains all answers: ${what}`,
        events,
      )
    }
  }

  #onEvent(event: TraceEvent): void {
    if (!this.#judges['R-1'].holds(this.#run.ordered(event)))
      this.#judges['R-1'].report(event, 'an event comes out of the order of the run')
    this.#last = event
    this.#liveness.passed(event)
    this.#histories?.onEvent(event)
    switch (event.kind) {
      case 'diskChanged':
        return this.#changed(event)
      case 'diskSynced':
      case 'diskDamaged':
        return this.#disk(event)
      case 'packetsSent':
        return this.#packets(event)
    }
    this.world.before(event)
    this.#judge(event)
    this.world.after(event)
  }

  #judge(event: TraceEvent): void {
    const handlers = this.#handlers.get(event.kind)
    if (handlers !== undefined) for (const handle of handlers) handle(event)
  }

  #changed(event: EventOf<'diskChanged'>): void {
    const seen = this.world.before(event)
    if (seen === undefined) return
    if (this.world.replica(event.station).witnessed) {
      if (seen.records.length > 0) this.#order.logged(event, seen)
      this.#storage.changed(event, seen)
    }
    if (seen.snapshot !== undefined) this.tree.snapshot(event, seen.snapshot.zxid, seen.snapshot.bytes)
    this.#judge(event)
  }

  #disk(event: EventOf<'diskSynced' | 'diskDamaged'>): void {
    const { disk } = this.world.replica(event.station)
    const before = disk.durable.head
    const isWhole = this.world.ledger.contains(disk.written.head, before)
    this.world.before(event)
    if (event.kind === 'diskDamaged') {
      this.world.after(event)
      // Where a history was just being replaced, the cut may have left either.
      const is = disk.durable.head
      if (event.cause === 'powerCut' && isWhole && this.world.replica(event.station).witnessed)
        if (!this.#judges['R-5'].holds(this.world.ledger.contains(is, before)))
          this.#judges['R-5'].report(
            event,
            `a power cut leaves server ${event.station} with ${hex(is)}, and syncs had covered ${hex(before)}`,
          )
    }
    this.#judge(event)
    if (disk.durable.head !== before && this.world.replica(event.station).witnessed) this.#order.reduced(event, before)
  }

  /** One packet after the other, since what one may say depends on those before it. */
  #packets(event: EventOf<'packetsSent'>): void {
    const link = this.world.link(event.connection, event.station, event.to)
    this.#judge(event)
    for (const packet of event.packets) {
      this.#order.packet(event, link, packet)
      this.#synchronization.packet(event, link, packet)
      this.#storage.packet(event, link, packet)
      notePacket(link, event, packet)
    }
  }
}
