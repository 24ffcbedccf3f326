/** One station: everything that one process sees of the world. The same in a worker and in the simulator, and a function
 *  of what it is given: configuration, seed, frames, orders. It never looks at a real clock.
 *
 *  It lives in windows of virtual time [from, to). Within one, it does what is due in a fixed order (time, then the
 *  station that caused it, then that one's sequence); what it sends can arrive only in a later window. How the time is
 *  cut into windows changes nothing. */
import type { CliResult, Completion } from '../core/cli/result.ts'
import {
  type Clock,
  DiskError,
  type Host,
  type MessageNote,
  type Timer,
  type TimerNote,
  type TraceSink,
} from '../core/host.ts'
import type { CoreEvent, EventId, HostEvent, TraceEvent } from '../core/trace.ts'
import { DiskPort } from './disk-port.ts'
import { type Due, DueQueue } from './due-queue.ts'
import type { RunConfig } from './ensemble.ts'
import type { Conditions, CrashPoint, Effect, Loss, PortClass } from './fault.ts'
import { firstFiles } from './first-disk.ts'
import { type ConnectionKey, connectionName, type Frame } from './frame.ts'
import { matches } from './matching.ts'
import { CONDUCTOR } from './names.ts'
import { type NetworkHome, NetworkPort, type StatusChange } from './network-port.ts'
import type { Damage, PageCache } from './page-cache.ts'
import { generator } from './prng.ts'
import type { Launch, Process, ProcessSpec } from './process.ts'

/** full: everything. state: messages are counted. judged: neither messages nor timers are told; what remains is what checkers
 *  judge. off: nothing. Each event keeps its seq, told or not. */
export type TraceLevel = 'full' | 'state' | 'judged' | 'off'

/** How a station begins. Plain data. */
export interface Birth {
  readonly station: number
  /** 1 for the first life; counts up with every start. */
  readonly incarnation: number
  readonly spec: ProcessSpec
  readonly atUs: number
  /** The trace goes on counting where the last life stopped. */
  readonly firstSeq: number
  /** And so do the changes of its disk. */
  readonly firstChange?: number | undefined
  /** All processes that run. */
  readonly peers: readonly StatusChange[]
  readonly cause?: EventId
  /** Where something is wrong from the first. */
  readonly conditions?: Conditions
  /** What has become of the disk since the last life. */
  readonly before?: readonly DiskDeed[]
}

/** What is done to a disk without its process. */
export type DiskDeed =
  | { readonly kind: 'losePower'; readonly loss: Loss }
  | { readonly kind: 'rot'; readonly path: string; readonly seed: number }
  | { readonly kind: 'wipe' }

/** What a person typed into a client, or what is broken. Only the former are answered, by their id. */
export type StationOrder = { readonly id: number; readonly cause: EventId } & (
  | { readonly kind: 'type'; readonly line: string }
  | { readonly kind: 'complete'; readonly line: string; readonly cursor: number }
  | { readonly kind: 'become'; readonly conditions: Conditions }
  | ({ readonly kind: 'crashAt'; readonly point: CrashPoint } & Ending)
  | { readonly kind: 'disarm' }
  | ({ readonly kind: 'stop' } & Ending)
  | { readonly kind: 'pause' }
  /** For so long it did nothing. */
  | { readonly kind: 'resume'; readonly clock: 'stood' | 'ran'; readonly pausedUs: number }
  | { readonly kind: 'reset'; readonly peer: number; readonly ports: readonly PortClass[] }
  | Extract<DiskDeed, { kind: 'rot' }>
)

/** How a process is ended from outside. */
interface Ending {
  readonly loss?: Loss | undefined
  readonly silent?: boolean | undefined
}

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
  /** How many changes its disk has seen. */
  readonly changes: number
  readonly events: readonly TraceEvent[]
  readonly answers: readonly Answer[]
  /** The process ended by itself in this window. `silent`: its peers cannot know. */
  readonly ended?: Ended | undefined
}

interface Ended {
  readonly atUs: number
  readonly reason: string
  readonly silent?: boolean
}

interface Item extends Due {
  readonly frame?: Frame
  readonly run?: () => void
  readonly cause?: EventId | undefined
  /** A timer of the process. */
  readonly timer?: boolean
}

/** Thrown through the core when its process is stopped inside a step. */
class Stopped {}
const STOPPED = new Stopped()

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
  readonly #disk: DiskPort
  readonly #store: PageCache
  #conditions: Conditions = {}
  /** The monotonic clock shows `us` at virtual `atUs`, and goes on at `rate`. */
  #clockAt = { us: 0, atUs: 0, rate: 1 }
  /** Steps take time: the next one begins no sooner. */
  #busyUntilUs = 0
  /** Nothing happens before it, whenever it was due. */
  #floorUs = 0
  #paused = false
  #crashPoint: { readonly point: CrashPoint; left: number; readonly ending: Ending } | undefined
  #edgeUs: number
  #seq: number
  /** Orders local items among themselves. */
  #count = 0
  #timers = 0
  #stepsNow = 0
  #traffic: Map<string, number> | undefined
  #ended: Ended | undefined
  #frames: Frame[] = []
  #events: TraceEvent[] = []
  #answers: Answer[] = []
  readonly #unanswered = new Set<number>()
  #nonsense: (() => void)[] = []

  constructor(birth: Birth, store: PageCache, launch: Launch) {
    const { station, incarnation, spec, atUs } = birth
    this.station = station
    this.incarnation = incarnation
    this.config = spec.config
    this.nowUs = atUs
    this.#edgeUs = atUs
    this.#seq = birth.firstSeq
    const { seed, diskSyncUs } = this.config
    this.#network = new NetworkPort(this, birth.peers)
    const witness = this.config.witness !== undefined
    this.#store = store
    store.countFrom(birth.firstChange ?? 0)
    const disk = new DiskPort(store, this, diskSyncUs, generator(seed, `disk/${station}.${incarnation}`), witness)
    this.#disk = disk
    const host: Host = {
      clock: this.#clock(),
      network: this.#network,
      disk,
      random: generator(seed, `process/${station}.${incarnation}`),
      trace: new Sink(this),
    }
    this.#push(atUs, CONDUCTOR, birth.cause, () => {
      this.emit({ kind: 'started', what: spec.what, incarnation })
      if (spec.what === 'server' && incarnation === 1) this.#fillDisk()
      for (const deed of birth.before ?? []) this.#do(deed)
      this.#damaged('powerCut', store.dropDoomed())
      if (witness && incarnation === 1) this.#tellFiles()
      if (birth.conditions) this.#become(birth.conditions)
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
    if (this.#ended || this.#paused) return Number.POSITIVE_INFINITY
    return Math.max(this.#queue.peek()?.dueUs ?? Number.POSITIVE_INFINITY, this.#busyUntilUs)
  }

  runWindow(input: WindowInput): WindowOutput {
    for (const change of input.status) {
      if (change.station === this.station) continue
      this.#push(change.atUs, CONDUCTOR, undefined, () => this.#network.statusChanged(change))
    }
    this.#floorUs = input.fromUs
    for (const order of input.orders) {
      if (order.kind === 'resume') this.#resume(order, input.fromUs)
      else if (order.kind === 'stop' || order.kind === 'pause') this.#halt(input.fromUs, order)
      else this.#push(input.fromUs, CONDUCTOR, order.cause, () => this.#obey(order))
      // How fast it works is not its own affair: what is in arrears gets done at the new speed at once.
      if (order.kind === 'become') this.#conditions = { ...this.#conditions, stepUs: order.conditions.stepUs ?? 0 }
      if (order.kind === 'type' || order.kind === 'complete') this.#unanswered.add(order.id)
    }
    for (const tell of this.#nonsense.splice(0)) this.#push(input.fromUs, CONDUCTOR, undefined, tell)
    while (!this.#ended && !this.#paused && this.#busyUntilUs < input.toUs) {
      const item = this.#queue.popBefore(input.toUs)
      if (!item) break
      this.#step(item)
    }
    this.#network.flush()
    // Nobody reads from memory any more what a failed sync has left there.
    if (this.#ended) this.#damaged('powerCut', this.#store.dropDoomed())
    this.#edgeUs = input.toUs
    return this.#output()
  }

  // What the ports ask of their station.

  /** The process is about to do this: it may be where it is to be stopped. */
  about(effect: Effect): void {
    if (this.#crashPoint !== undefined) this.#mayStop(effect)
  }

  emit(event: CoreEvent | HostEvent): number {
    if (this.#crashPoint !== undefined) this.#mayStop(event)
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
    } else if (this.#crashPoint !== undefined) {
      this.#mayStop({ kind: 'message', connection: on.id, to: on.peer, note, sizeBytes, arrivesAt })
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

  #push(dueUs: number, from: number, cause: EventId | undefined, run: () => void, timer = false): Item {
    const count = this.#count++
    const order = from === this.station || from === CONDUCTOR ? count : AFTER_ALL_FRAMES + count
    const item: Item = { dueUs, from, order, run, cause, timer }
    this.#queue.push(item)
    return item
  }

  /** One event: handled to its end before the next. */
  #step(item: Item): void {
    const nowUs = Math.max(item.dueUs, this.nowUs, this.#floorUs, this.#busyUntilUs)
    // What the steps of one moment write to a connection leaves together.
    if (nowUs !== this.nowUs) this.#network.flush()
    this.#stepsNow = nowUs === this.nowUs ? this.#stepsNow + 1 : 0
    this.nowUs = nowUs
    this.cause = item.cause
    try {
      if (this.#stepsNow > MAX_STEPS_IN_AN_INSTANT) throw new Error('the process never lets time go on')
      if (item.frame) this.#network.handle(item.frame)
      else item.run?.()
    } catch (error) {
      if (error instanceof Stopped) this.#stopped()
      else this.#crash(error)
    }
    this.cause = undefined
    if (this.#conditions.stepUs) this.#busyUntilUs = nowUs + this.#conditions.stepUs
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

  // What is broken from outside.

  #mayStop(what: Effect | CoreEvent | HostEvent): void {
    const armed = this.#crashPoint
    if (armed === undefined || this.#ended) return
    const { before } = armed.point
    if (armed.left > 0) {
      const hit =
        typeof what === 'string'
          ? before === 'any' || before === what
          : typeof before === 'object' && matches(what as TraceEvent, before)
      if (!hit || --armed.left > 0) return
    }
    // Thrown again at whatever the core tries to do on its way out.
    throw STOPPED
  }

  #stopped(): void {
    const { ending } = this.#crashPoint ?? { ending: {} }
    this.#crashPoint = undefined
    // What it had written by then is on its way, and is told before its end.
    this.#network.flush()
    this.#end(ending)
  }

  /** At once, however busy the process is. */
  #halt(atUs: number, order: Extract<StationOrder, { kind: 'stop' | 'pause' }>): void {
    this.#network.flush()
    this.nowUs = atUs
    this.cause = order.cause
    if (order.kind === 'stop') this.#end(order)
    else {
      this.emit({ kind: 'paused' })
      this.#paused = true
    }
    this.cause = undefined
  }

  #end({ loss, silent }: Ending): void {
    this.emit({ kind: 'killed' })
    if (loss !== undefined) this.#do({ kind: 'losePower', loss })
    this.#ended = { atUs: this.nowUs, reason: 'the process was killed', ...(silent ? { silent } : {}) }
  }

  #fillDisk(): void {
    const { firstZxid } = this.config
    if (firstZxid === undefined || this.#store.paths().length > 0) return
    for (const { path, bytes } of firstFiles(firstZxid)) this.#disk.replace(path, bytes)
    this.#disk.allSynced()
  }

  #do(deed: DiskDeed): void {
    switch (deed.kind) {
      case 'losePower':
        return this.#damaged('powerCut', this.#store.losePower(deed.loss))
      case 'rot':
        return this.#damaged('rot', this.#store.rot(deed.path, deed.seed))
      case 'wipe':
        return this.#damaged('wiped', this.#store.wipe())
    }
  }

  /** For the witness: what was there before the run. */
  #tellFiles(): void {
    for (const path of this.#store.paths()) {
      const bytes = this.#store.read(path, 0, undefined)
      if (bytes instanceof DiskError) continue
      this.emit({ kind: 'diskChanged', change: 0, path, how: 'replace', sizeBytes: bytes.length, bytes })
    }
    this.emit({ kind: 'diskSynced', change: 0 })
  }

  #damaged(cause: 'powerCut' | 'rot' | 'wiped', files: readonly Damage[]): void {
    if (files.length === 0 && cause !== 'wiped') return
    if (this.config.witness !== undefined)
      this.emit({ kind: 'diskDamaged', cause, declared: cause !== 'powerCut', files })
  }

  #become(conditions: Conditions): void {
    const before = this.#conditions
    this.#conditions = conditions
    const rate = conditions.clock?.rate ?? 1
    if (rate !== this.#clockAt.rate) this.#clockAt = { us: this.#clockUs(), atUs: this.nowUs, rate }
    if (conditions.disk !== before.disk) this.#disk.become(conditions.disk)
    if (conditions.links !== before.links) this.#network.become(conditions.links)
  }

  /** What is overdue comes now, in an order that is drawn; each connection's frames, the timers and the disk keep theirs. */
  #resume(order: Extract<StationOrder, { kind: 'resume' }>, atUs: number): void {
    this.#paused = false
    this.#push(atUs, CONDUCTOR, order.cause, () => this.emit({ kind: 'resumed' }))
    const { clock, pausedUs } = order
    if (clock === 'stood') this.#clockAt = { ...this.#clockAt, us: this.#clockAt.us - pausedUs * this.#clockAt.rate }
    const groups = new Map<string, Item[]>()
    const random = generator(this.config.seed, `resume/${this.station}.${this.incarnation}/${atUs}`)
    this.#queue.reorder((items) => {
      for (const item of items) {
        if (item.timer && clock === 'stood') item.dueUs += pausedUs
        if (item.dueUs >= atUs) continue
        const { frame } = item
        const group = frame ? `${frame.connection}/${frame.toOpener}` : item.timer ? 'timers' : 'others'
        groups.set(group, [...(groups.get(group) ?? []), item])
      }
      const waiting = [...groups.values()]
      while (waiting.length > 0) {
        const index = random.int(0, waiting.length - 1)
        const item = waiting[index]?.shift() as Item
        Object.assign(item, { dueUs: atUs, from: CONDUCTOR, order: this.#count++ })
        if (waiting[index]?.length === 0) waiting.splice(index, 1)
      }
    })
  }

  #obey(order: Exclude<StationOrder, { kind: 'stop' | 'pause' | 'resume' }>): void {
    switch (order.kind) {
      case 'type':
      case 'complete':
        return this.#answer(order)
      case 'become':
        return this.#become(order.conditions)
      case 'crashAt':
        this.#crashPoint = { point: order.point, left: order.point.nth, ending: order }
        return
      case 'disarm':
        this.#crashPoint = undefined
        return
      case 'reset':
        return this.#network.reset(order.peer, order.ports)
      case 'rot':
        return this.#do(order)
    }
  }

  #answer(order: Extract<StationOrder, { kind: 'type' | 'complete' }>): void {
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
      changes: this.#store.mark(),
      events: this.#events,
      answers: this.#answers,
      ended: this.#ended,
    }
    this.#frames = []
    this.#events = []
    this.#answers = []
    return output
  }

  #clock(): Clock {
    return {
      now: () => this.#grained(this.#clockUs() / 1000),
      wallTime: () => {
        const offsetMs = this.#conditions.clock?.offsetMs ?? 0
        return this.config.wallStartMs + this.#grained(Math.floor(this.#clockUs() / 1000)) + offsetMs
      },
      after: (delayMs, run, note) => this.#after(delayMs, run, note),
    }
  }

  /** What the monotonic clock shows. */
  #clockUs(): number {
    const { us, atUs, rate } = this.#clockAt
    return us + (this.nowUs - atUs) * rate
  }

  #grained(ms: number): number {
    const grainMs = this.#conditions.clock?.grainMs
    return grainMs ? Math.floor(ms / grainMs) * grainMs : ms
  }

  #dueUs(delayMs: number): number {
    const { rate } = this.#clockAt
    // What is left of a delay may be a rounding error of the process: time goes on all the same.
    const delayUs = rate === 1 ? Math.round(delayMs * 1000) : Math.ceil((delayMs * 1000) / rate)
    const dueUs = this.nowUs + (delayMs > 0 ? Math.max(1, delayUs) : 0)
    const grainUs = this.#conditions.clock?.timerGrainUs
    return grainUs && dueUs > this.nowUs ? Math.ceil(dueUs / grainUs) * grainUs : dueUs
  }

  #after(delayMs: number, run: () => void, note: TimerNote | undefined): Timer {
    this.about('timer')
    const dueUs = this.#dueUs(delayMs)
    if (!note) {
      // A delay of 0 puts something off until everybody's messages of this moment are handled; it still happens for the
      // same reason.
      const now = dueUs === this.nowUs
      const item = this.#push(dueUs, now ? AFTER_EVERYBODY : this.station, now ? this.cause : undefined, run, true)
      return { cancel: () => this.#queue.cancel(item) }
    }
    const timer = ++this.#timers
    const seq = this.#isJudged ? this.#seq++ : this.emit({ kind: 'timerSet', timer, note, dueAt: dueUs })
    let over = false
    const fire = (): void => {
      over = true
      this.#timerEnded(timer, true)
      run()
    }
    const item = this.#push(dueUs, this.station, { station: this.station, seq }, fire, true)
    const cancel = (): void => {
      if (over) return
      over = true
      this.#queue.cancel(item)
      this.#timerEnded(timer, false)
    }
    return { cancel }
  }

  #timerEnded(timer: number, fired: boolean): void {
    if (this.#isJudged) this.#seq++
    else this.emit({ kind: 'timerEnded', timer, fired })
  }

  get #isJudged(): boolean {
    return this.level === 'judged'
  }
}

/** A view that leaves the worker takes the whole of its buffer along: bytes in the trace stand alone. */
function alone(event: TraceEvent): TraceEvent {
  if (event.kind === 'applied') return { ...event, logged: event.logged.slice() }
  if (event.kind === 'diskChanged' && event.bytes) return { ...event, bytes: event.bytes.slice() }
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
