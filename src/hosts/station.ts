/** One station: everything that one process sees of the world. The same in a worker and in the simulator, and a function
 *  of what it is given: configuration, seed, frames, orders. It never looks at a real clock.
 *
 *  It lives in windows of virtual time [from, to). Within one, it does what is due in a fixed order (time, then the
 *  station that caused it, then that one's sequence); what it sends can arrive only in a later window. How the time is
 *  cut into windows changes nothing. */
import type { CliResult, Completion } from '../core/cli/result.ts'
import type { Clock, Host, MessageNote, Timer, TimerNote, TraceSink } from '../core/host.ts'
import type { CoreEvent, EventId, HostEvent, TraceEvent } from '../core/trace.ts'
import { DiskPort } from './disk-port.ts'
import { type Due, DueQueue } from './due-queue.ts'
import type { RunConfig } from './ensemble.ts'
import type { FileStore } from './file-store.ts'
import { type ConnectionKey, connectionName, type Frame } from './frame.ts'
import { CONDUCTOR } from './names.ts'
import { type NetworkHome, NetworkPort, type StatusChange } from './network-port.ts'
import { generator } from './prng.ts'
import type { Launch, Process, ProcessSpec } from './process.ts'

export type TraceLevel = 'full' | 'state' | 'off'

/** How a station begins. Plain data. */
export interface Birth {
  readonly station: number
  /** 1 for the first life; counts up with every start. */
  readonly incarnation: number
  readonly spec: ProcessSpec
  readonly atUs: number
  /** The trace goes on counting where the last life stopped. */
  readonly firstSeq: number
  /** All processes that run. */
  readonly peers: readonly StatusChange[]
  readonly cause?: EventId
}

/** What a person typed into a client. */
export type StationOrder = { readonly id: number; readonly cause: EventId } & (
  | { readonly kind: 'type'; readonly line: string }
  | { readonly kind: 'complete'; readonly line: string; readonly cursor: number }
)

export type Answer = { readonly id: number } & (
  | { readonly result: CliResult | Completion }
  | { readonly error: string }
)

export interface WindowInput {
  readonly fromUs: number
  readonly toUs: number
  readonly status: readonly StatusChange[]
  readonly orders: readonly StationOrder[]
}

export interface WindowOutput {
  /** In the order in which they were sent. */
  readonly frames: readonly Frame[]
  /** When it next has something to do, as far as it knows; Infinity for never. */
  readonly nextDueUs: number
  /** The seq that its next trace event will have. */
  readonly nextSeq: number
  readonly events: readonly TraceEvent[]
  readonly answers: readonly Answer[]
  /** The process ended by itself in this window. */
  readonly ended?: { readonly atUs: number; readonly reason: string }
}

interface Item extends Due {
  readonly frame?: Frame
  readonly run?: () => void
  readonly cause?: EventId | undefined
}

/** A process that does so much without time going on will never stop. */
const MAX_STEPS_IN_AN_INSTANT = 1_000_000
/** Frames of a later life of their sender come after those of an earlier one. */
const FRAMES_OF_A_LIFE = 2 ** 36
const AFTER_ALL_FRAMES = 2 ** 52
/** Greater than any station. */
const AFTER_EVERYBODY = 2 ** 31

export class Station implements NetworkHome {
  readonly station: number
  readonly incarnation: number
  readonly config: RunConfig
  /** Time of the present step, or of the last one. */
  nowUs: number
  cause: EventId | undefined
  level: TraceLevel = 'full'
  /** What runs here; for tests and inspection. */
  process: Process | undefined
  readonly #queue = new DueQueue<Item>()
  readonly #network: NetworkPort
  #edgeUs: number
  #seq: number
  /** Orders local items among themselves. */
  #count = 0
  #timers = 0
  #stepsNow = 0
  #traffic: Map<string, number> | undefined
  #ended: { readonly atUs: number; readonly reason: string } | undefined
  #frames: Frame[] = []
  #events: TraceEvent[] = []
  #answers: Answer[] = []
  readonly #unanswered = new Set<number>()
  #nonsense: (() => void)[] = []

  constructor(birth: Birth, store: FileStore, launch: Launch) {
    const { station, incarnation, spec, atUs } = birth
    this.station = station
    this.incarnation = incarnation
    this.config = spec.config
    this.nowUs = atUs
    this.#edgeUs = atUs
    this.#seq = birth.firstSeq
    const { seed, diskSyncUs } = this.config
    this.#network = new NetworkPort(this, birth.peers)
    const disk = new DiskPort(store, this, diskSyncUs, generator(seed, `disk/${station}.${incarnation}`))
    const host: Host = {
      clock: this.#clock(),
      network: this.#network,
      disk,
      random: generator(seed, `process/${station}.${incarnation}`),
      trace: new Sink(this),
    }
    this.#push(atUs, CONDUCTOR, birth.cause, () => {
      this.emit({ kind: 'started', what: spec.what, incarnation })
      this.process = launch(host, spec)
    })
  }

  /** Frames for this station; each waits here until it is due. Those for an earlier life are lost. */
  receive(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.toIncarnation !== this.incarnation || this.#ended) continue
      if (frame.arrivesAtUs < this.#edgeUs)
        throw new Error(`lockstep broken: a frame arrives at ${frame.arrivesAtUs}, behind ${this.#edgeUs}`)
      const order = frame.fromIncarnation * FRAMES_OF_A_LIFE + frame.seq
      this.#queue.push({ dueUs: frame.arrivesAtUs, from: frame.from, order, frame })
    }
  }

  /** Something that makes no sense came from that station's side. With a connection, that one is closed for it, when the
   *  next window begins. */
  malformed(
    from: number,
    reason: string,
    end?: { readonly connection: ConnectionKey; readonly toOpener: boolean },
  ): void {
    this.#nonsense.push(() => {
      if (end && this.#network.abort(end.connection, end.toOpener, reason)) return
      this.emit({ kind: 'malformed', connection: end ? connectionName(end.connection) : '', from, reason })
    })
  }

  /** When there is something to do next. */
  get nextDueUs(): number {
    return this.#ended ? Number.POSITIVE_INFINITY : (this.#queue.peek()?.dueUs ?? Number.POSITIVE_INFINITY)
  }

  runWindow(input: WindowInput): WindowOutput {
    for (const change of input.status) {
      if (change.station === this.station) continue
      this.#push(change.atUs, CONDUCTOR, undefined, () => this.#network.statusChanged(change))
    }
    for (const order of input.orders) this.#push(input.fromUs, CONDUCTOR, order.cause, () => this.#obey(order))
    for (const order of input.orders) this.#unanswered.add(order.id)
    for (const tell of this.#nonsense.splice(0)) this.#push(input.fromUs, CONDUCTOR, undefined, tell)
    while (!this.#ended) {
      const item = this.#queue.popBefore(input.toUs)
      if (!item) break
      this.#step(item)
    }
    this.#network.flush()
    this.#edgeUs = input.toUs
    return this.#output()
  }

  // What the ports ask of their station.

  emit(event: CoreEvent | HostEvent): number {
    const seq = this.#seq++
    if (event.kind === 'halted') this.#ended ??= { atUs: this.nowUs, reason: event.reason }
    if (this.level === 'off') return seq
    const { nowUs: at, station, cause } = this
    // The stamp is written out: behind a spread, each field costs Node's engine a microsecond. And the union is too wide
    // for the compiler to see that a stamped event is one.
    const stamped = cause ? { at, station, seq, because: cause, ...event } : { at, station, seq, ...event }
    this.#events.push(alone(stamped as TraceEvent))
    return seq
  }

  sent(
    on: { readonly id: string; readonly peer: number },
    note: MessageNote,
    sizeBytes: number,
    arrivesAt: number,
  ): number {
    if (this.level === 'full') {
      return this.emit({ kind: 'message', connection: on.id, to: on.peer, note, sizeBytes, arrivesAt })
    }
    if (this.level === 'state') {
      this.#traffic ??= new Map()
      this.#traffic.set(note.type, (this.#traffic.get(note.type) ?? 0) + 1)
    }
    return this.#seq++
  }

  later(dueUs: number, run: () => void, from = this.station): void {
    this.#push(dueUs, from, this.cause, run)
  }

  send(frame: Frame): void {
    if (frame.to === this.station) {
      this.#queue.push({ dueUs: frame.arrivesAtUs, from: this.station, order: this.#count++, frame })
    } else this.#frames.push(frame)
  }

  waiting(from: number): readonly Frame[] {
    const frames: Frame[] = []
    for (const { frame } of this.#queue.items()) if (frame?.from === from) frames.push(frame)
    return frames
  }

  #push(dueUs: number, from: number, cause: EventId | undefined, run: () => void): Item {
    const count = this.#count++
    const order = from === this.station || from === CONDUCTOR ? count : AFTER_ALL_FRAMES + count
    const item: Item = { dueUs, from, order, run, cause }
    this.#queue.push(item)
    return item
  }

  /** One event: handled to its end before the next. */
  #step(item: Item): void {
    // What the steps of one moment write to a connection leaves together.
    if (item.dueUs !== this.nowUs) this.#network.flush()
    this.#stepsNow = item.dueUs === this.nowUs ? this.#stepsNow + 1 : 0
    this.nowUs = item.dueUs
    this.cause = item.cause
    try {
      if (this.#stepsNow > MAX_STEPS_IN_AN_INSTANT) throw new Error('the process never lets time go on')
      if (item.frame) this.#network.handle(item.frame)
      else item.run?.()
    } catch (error) {
      this.#crash(error)
    }
    this.cause = undefined
  }

  /** The core threw: the process is dead, at once and without a farewell. Its peers learn it from the conductor. */
  #crash(error: unknown): void {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    this.emit({ kind: 'crashed', reason })
    this.#ended = { atUs: this.nowUs, reason }
    // The stack names files and lines of this build: for the developer's eyes, not for the trace.
    if (error instanceof Error && error.stack) this.crashStack = error.stack
  }

  /** Where the core threw, if it did. */
  crashStack: string | undefined

  #obey(order: StationOrder): void {
    const answer = (result: CliResult | Completion): void => {
      if (this.#unanswered.delete(order.id)) this.#answers.push({ id: order.id, result })
      // A shell that has ended takes its process with it.
      if ('ended' in result && !this.#ended) this.emit({ kind: 'halted', reason: 'zkCli has ended' })
    }
    if (order.kind === 'type' && this.process?.type) return this.process.type(order.line, answer)
    if (order.kind === 'complete' && this.process?.complete) {
      return this.process.complete(order.line, order.cursor, answer)
    }
    this.#unanswered.delete(order.id)
    this.#answers.push({ id: order.id, error: `station ${this.station} takes no commands` })
  }

  #output(): WindowOutput {
    if (this.#traffic) {
      this.emit({ kind: 'traffic', counts: Object.fromEntries(this.#traffic) })
      this.#traffic = undefined
    }
    if (this.#ended) {
      for (const id of this.#unanswered) this.#answers.push({ id, error: this.#ended.reason })
      this.#unanswered.clear()
    }
    const output: WindowOutput = {
      frames: this.#frames,
      nextDueUs: this.nextDueUs,
      nextSeq: this.#seq,
      events: this.#events,
      answers: this.#answers,
      ...(this.#ended ? { ended: this.#ended } : {}),
    }
    this.#frames = []
    this.#events = []
    this.#answers = []
    return output
  }

  #clock(): Clock {
    return {
      now: () => this.nowUs / 1000,
      wallTime: () => this.config.wallStartMs + Math.floor(this.nowUs / 1000),
      after: (delayMs, run, note) => this.#after(delayMs, run, note),
    }
  }

  #after(delayMs: number, run: () => void, note: TimerNote | undefined): Timer {
    const dueUs = this.nowUs + Math.max(0, Math.round(delayMs * 1000))
    if (!note) {
      // A delay of 0 puts something off until everybody's messages of this moment are handled; it still happens for the
      // same reason.
      const now = dueUs === this.nowUs
      const item = this.#push(dueUs, now ? AFTER_EVERYBODY : this.station, now ? this.cause : undefined, run)
      return { cancel: () => this.#queue.cancel(item) }
    }
    const timer = ++this.#timers
    const seq = this.emit({ kind: 'timerSet', timer, note, dueAt: dueUs })
    let over = false
    const item = this.#push(dueUs, this.station, { station: this.station, seq }, () => {
      over = true
      this.emit({ kind: 'timerEnded', timer, fired: true })
      run()
    })
    const cancel = (): void => {
      if (over) return
      over = true
      this.#queue.cancel(item)
      this.emit({ kind: 'timerEnded', timer, fired: false })
    }
    return { cancel }
  }
}

/** A view that leaves the worker takes the whole of its buffer along: bytes in the trace stand alone. */
function alone(event: TraceEvent): TraceEvent {
  if (event.kind === 'applied') return { ...event, logged: event.logged.slice() }
  return event.kind === 'treeLoaded' ? { ...event, snapshot: event.snapshot.slice() } : event
}

class Sink implements TraceSink {
  readonly #station: Station
  constructor(station: Station) {
    this.#station = station
  }
  emit(event: CoreEvent): void {
    this.#station.emit(event)
  }
  get off(): boolean {
    return this.#station.level === 'off'
  }
}
