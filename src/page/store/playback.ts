/** Plays the trace: takes what the ensemble tells, moves the cursor frame by frame, folds what the cursor passes and tells
 *  the views. The only owner of recorder, fold and cursor; knows no DOM: the page calls `frame` from its one
 *  requestAnimationFrame loop, tests call it by hand. */
import type { EventId, TraceEvent } from '../../core/trace.ts'
import type { Ensemble, HostNotice, Rate } from '../../hosts/ensemble.ts'
import { type Condition, matches } from '../../trace/condition.ts'
import { Cursor } from '../../trace/cursor.ts'
import { Fold } from '../../trace/fold.ts'
import { AutoPace, isWorthSeeing } from '../../trace/pace.ts'
import type { Picture } from '../../trace/picture.ts'
import { Recorder } from '../../trace/recorder.ts'
import { isQuiet } from '../../trace/words.ts'
import type { Speed } from './state.ts'

/** Views that are rendered (not drawn) are told ten times a second. */
const PUBLISH_MS = 100
/** A frame shows events for no longer than this; the rest waits for the next one. */
const BUDGET_MS = 14
/** A gap between frames that means that nobody was looking: the page was hidden. */
const LONG_FRAME_MS = 1000
/** Instants that a step executes in search of an event that is not quiet, before it takes what there is. */
const STEP_INSTANTS = 16
/** Events in a second from which messages are counted instead of told, and at which they are told again. */
const FLOOD = 20_000
const EBB = 2_000

export interface ShownEvents {
  readonly events: readonly TraceEvent[]
  readonly revision: number
}

export interface PlaybackListener {
  /** Events that the cursor has just passed. */
  onShown?(events: readonly TraceEvent[]): void
  onTrouble?(trouble: Extract<HostNotice, { kind: 'trouble' }>): void
  /** Pace, pause or the level of the trace changed. */
  onTime?(): void
  /** Events that the ensemble has told, ahead of the cursor. */
  onTold?(events: readonly TraceEvent[]): void
}

type Mode = 'play' | 'hold'

export class Playback {
  readonly #ensemble: Ensemble
  #fold: Fold
  readonly #recorder: Recorder
  readonly #cursor = new Cursor()
  readonly #auto = new AutoPace()
  readonly #listener: PlaybackListener
  readonly #clock: () => number
  #mode: Mode = 'play'
  #speed: Speed = 'auto'
  #rate: Rate = 1
  /** What the ensemble was told last. */
  #hostRate: Rate | undefined
  /** The ensemble runs to a condition by itself, as fast as it goes. */
  #hostRuns = false
  #lastFrameMs: number | undefined
  #shown: TraceEvent[] = []
  #everShown = 0
  /** The cursor was taken back; until it is near the edge again, the ensemble waits for it. */
  #rewound = false
  #until: { readonly condition: Condition; readonly done: (met: boolean) => void } | undefined
  #showOrder = false
  #lastStep: Promise<void> = Promise.resolve()
  #edgeWaiters: { readonly edgeUs: number; readonly done: () => void }[] = []
  #counting = false
  #flood = { sinceMs: 0, events: 0 }

  #published: Picture
  #publishedEvents: ShownEvents
  #publishedMs = Number.NEGATIVE_INFINITY
  readonly #publishListeners = new Set<() => void>()
  readonly #frameListeners = new Set<(picture: Picture) => void>()

  /** `clock`: real ms, as requestAnimationFrame gives them. */
  constructor(ensemble: Ensemble, listener: PlaybackListener = {}, clock: () => number = () => performance.now()) {
    this.#ensemble = ensemble
    this.#listener = listener
    this.#clock = clock
    this.#fold = new Fold(ensemble.config.servers)
    this.#recorder = new Recorder((event) => {
      this.#fold.apply(event)
      // What is shown again is not told again.
      if (this.#recorder.shown < this.#everShown) return
      this.#everShown++
      this.#shown.push(event)
    })
    this.#published = this.#fold.picture
    this.#publishedEvents = { events: this.#recorder.past, revision: 0 }
    ensemble.listen(
      (events) => this.#told(events),
      (notice) => this.#noticed(notice),
    )
  }

  /** At the cursor, now. */
  get picture(): Picture {
    return this.#fold.picture
  }
  /** As the rendered views see it. */
  get published(): Picture {
    return this.#published
  }
  get publishedEvents(): ShownEvents {
    return this.#publishedEvents
  }
  get speed(): Speed {
    return this.#speed
  }
  get paused(): boolean {
    return this.#mode !== 'play'
  }
  /** Virtual per real time now. */
  get pace(): Rate {
    if (this.paused) return 'paused'
    return this.#hostRuns ? 'max' : this.#rate
  }
  /** Messages are counted instead of told, because there are too many of them. */
  get counting(): boolean {
    return this.#counting
  }

  readonly onPublish = (listener: () => void): (() => void) => {
    this.#publishListeners.add(listener)
    return () => this.#publishListeners.delete(listener)
  }
  readonly onFrame = (listener: (picture: Picture) => void): (() => void) => {
    this.#frameListeners.add(listener)
    return () => this.#frameListeners.delete(listener)
  }

  setSpeed(speed: Speed): void {
    this.#speed = speed
    this.#auto.wake()
    if (speed !== 'auto') this.#rate = speed
    else if (this.#rate === 'max' || this.#rate === 'paused') this.#rate = 1
    this.#orderRate()
    this.#listener.onTime?.()
  }

  pause(): void {
    if (this.#mode === 'hold') return
    this.#endUntil(false)
    this.#hold()
  }

  resume(): void {
    this.#mode = 'play'
    this.#auto.wake()
    this.#orderRate()
    this.#listener.onTime?.()
  }

  /** Someone gives an order: what comes of it should be seen. */
  wake(): void {
    this.#auto.wake()
  }

  /** Pauses and shows the next event that is not quiet (of many quiet ones the first), with all that its station does at that instant: what the core does in
   *  one go is one step. */
  step(): Promise<void> {
    this.pause()
    // Pressed twice is two steps.
    this.#lastStep = this.#lastStep.then(() => this.#step())
    return this.#lastStep
  }

  async #step(): Promise<void> {
    const found = await this.#nextToShow()
    if (found === undefined || this.#mode === 'play') return
    const { at, station } = found.event
    const end = this.#recorder.find((event) => event.at > at || (event.at === at && event.station > station))
    this.#showMany(end === undefined ? this.#recorder.waiting : end.after)
  }

  /** Plays on until the condition is met, then pauses; false when someone paused, or waited for something else, before.
   *  At 'max' the ensemble itself watches, and stops exactly there. */
  async until(condition: Condition, speed: Speed = this.#speed): Promise<boolean> {
    this.#endUntil(false)
    if (condition.holds(this.picture)) {
      this.#hold()
      return true
    }
    const met = new Promise<boolean>((done) => {
      this.#until = { condition, done }
    })
    if (speed !== 'max') {
      if (speed !== this.#speed) this.setSpeed(speed)
      this.resume()
      return met
    }
    const mine = this.#until
    const waiting = this.#recorder.find((event) => condition.events.some((wanted) => matches(event, wanted)))
    if (waiting === undefined) {
      this.#mode = 'play'
      this.#hostRuns = true
      this.#listener.onTime?.()
      const event = await this.#ensemble.runUntil(condition.events, undefined, 'max')
      this.#hostRuns = false
      this.#hostRate = 'paused'
      if (event !== undefined) await this.#edgeReaches(event.at)
      else if (this.#until === mine) this.#endUntil(false)
    }
    if (this.#until === mine) this.#showAll()
    return met
  }

  /** Pauses just before an event, be it ahead or past. False when the past is not held any more. */
  goBefore(id: EventId): boolean {
    const isIt = ({ station, seq }: TraceEvent): boolean => station === id.station && seq === id.seq
    const ahead = this.#recorder.find(isIt)
    const index = ahead === undefined ? this.#recorder.past.findIndex(isIt) : -1
    if (ahead === undefined && (index === -1 || !this.#recorder.isWhole)) return false
    this.pause()
    this.#showOrder = false
    if (ahead !== undefined) this.#showMany(ahead.after)
    else {
      this.#recorder.rewind(index)
      this.#fold = new Fold(this.#ensemble.config.servers)
      for (const event of this.#recorder.past) this.#fold.apply(event)
      this.#cursor.moveBackTo(this.#recorder.shownUpTo)
      this.#fold.advance(this.#recorder.shownUpTo)
      this.#rewound = true
      this.#publish(this.#clock())
    }
    return true
  }

  /** An event that is held, shown or not. */
  find(id: EventId): TraceEvent | undefined {
    const isIt = ({ station, seq }: TraceEvent): boolean => station === id.station && seq === id.seq
    return this.#recorder.past.findLast(isIt) ?? this.#recorder.find(isIt)?.event
  }

  /** One frame. `nowMs`: real time. */
  frame(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#lastFrameMs ?? nowMs))
    this.#lastFrameMs = nowMs
    const before = this.#fold.picture
    if (this.#mode === 'play') this.#play(elapsedMs)
    else if (this.#showOrder) this.#showOrdered()
    this.#tellShown()
    const picture = this.#fold.picture
    if (picture !== before) for (const listener of this.#frameListeners) listener(picture)
    if (picture !== this.#published && nowMs - this.#publishedMs >= PUBLISH_MS) this.#publish(nowMs)
  }

  #play(elapsedMs: number): void {
    const pace = this.#choosePace(elapsedMs)
    if (pace !== this.#rate) {
      this.#rate = pace
      this.#listener.onTime?.()
    }
    const rate = this.#hostRuns ? 'max' : pace
    const mayJump = !this.#rewound && (this.#speed !== 'auto' || elapsedMs > LONG_FRAME_MS)
    this.#showUpTo(Math.floor(this.#cursor.follow(Math.min(elapsedMs, LONG_FRAME_MS), rate, mayJump)))
    this.#orderRate()
  }

  #choosePace(elapsedMs: number): number | 'max' {
    if (this.#speed !== 'auto') return this.#speed
    const next = this.#recorder.find(isWorthSeeing)
    const nextInUs = next === undefined ? undefined : Math.max(0, next.event.at - this.#cursor.at)
    return this.#auto.next(elapsedMs, this.#fold.picture, nextInUs)
  }

  /** Tells the ensemble its pace when that is new. It waits while the cursor, gone slower, is far behind it. */
  #orderRate(): void {
    if (this.#hostRuns && this.#mode === 'play') return
    let rate: Rate = this.pace
    if (typeof rate === 'number' && (this.#speed === 'auto' || this.#rewound)) {
      if (this.#cursor.isFarBehind(rate)) rate = 'paused'
      else this.#rewound = false
    }
    const now = this.#hostRate
    if (rate === now) return
    // Auto changes a little in each frame; the ensemble need not hear of that.
    if (typeof rate === 'number' && typeof now === 'number' && Math.abs(rate - now) < now * 0.1) return
    this.#hostRate = rate
    this.#ensemble.setRate(rate)
  }

  #showUpTo(atUs: number): void {
    const startMs = this.#clock()
    let count = 0
    while ((this.#recorder.nextAt ?? Number.POSITIVE_INFINITY) <= atUs) {
      const event = this.#recorder.showNext()
      if (event !== undefined && this.#meets(event)) return this.#hold()
      if (++count % 256 === 0 && this.#clock() - startMs > BUDGET_MS) break
    }
    this.#fold.advance(
      this.#recorder.nextAt !== undefined && this.#recorder.nextAt <= atUs ? this.#recorder.shownUpTo : atUs,
    )
  }

  #showMany(count: number): void {
    for (let n = 0; n < count; n++) this.#recorder.showNext()
    this.#cursor.moveTo(this.#recorder.shownUpTo)
    this.#tellShown()
    this.#publish(this.#clock())
  }

  /** Everything there is, up to the condition that is waited for. */
  #showAll(): void {
    for (let event = this.#recorder.showNext(); event !== undefined; event = this.#recorder.showNext())
      if (this.#meets(event)) break
    this.#cursor.moveTo(this.#recorder.shownUpTo)
    this.#hold()
    this.#tellShown()
    this.#publish(this.#clock())
  }

  /** Up to the newest order and what happened at its instant. */
  #showOrdered(): void {
    this.#showOrder = false
    for (let order = this.#recorder.find(isOrder); order !== undefined; order = this.#recorder.find(isOrder)) {
      while ((this.#recorder.nextAt ?? Number.POSITIVE_INFINITY) <= order.event.at) this.#recorder.showNext()
    }
    this.#cursor.moveTo(this.#recorder.shownUpTo)
  }

  #meets(event: TraceEvent): boolean {
    const until = this.#until
    if (until === undefined || !until.condition.events.some((wanted) => matches(event, wanted))) return false
    this.#endUntil(true)
    return true
  }

  #endUntil(met: boolean): void {
    const until = this.#until
    this.#until = undefined
    until?.done(met)
  }

  #hold(): void {
    this.#mode = 'hold'
    this.#fold.advance(this.#recorder.shownUpTo)
    this.#orderRate()
    this.#listener.onTime?.()
  }

  /** The next event that is not quiet. In an ensemble that only beats its heart, the next heartbeat. */
  async #nextToShow(): Promise<{ readonly event: TraceEvent; readonly after: number } | undefined> {
    for (let instants = 0; instants < STEP_INSTANTS; instants++) {
      const found = this.#recorder.find((event) => !isQuiet(event))
      if (found !== undefined || this.#mode === 'play') return found
      await this.#edgeReaches(await this.#ensemble.advance())
    }
    return this.#recorder.find((event) => event.kind === 'message') ?? this.#recorder.find(() => true)
  }

  /** Resolves when the trace is complete up to `edgeUs`: orders and trace come by different ways. */
  #edgeReaches(edgeUs: number): Promise<void> {
    if (this.#cursor.edge >= edgeUs) return Promise.resolve()
    return new Promise((done) => this.#edgeWaiters.push({ edgeUs, done }))
  }

  #told(events: readonly TraceEvent[]): void {
    this.#listener.onTold?.(events)
    this.#recorder.append(events)
    // An order takes effect at once, also while paused: what it did is shown at once, too.
    if (this.#mode === 'hold' && events.some(isOrder)) this.#showOrder = true
    this.#watchFlood(events)
    // Frames have stopped in a hidden page; what was shown meanwhile must not pile up.
    if (this.#shown.length > 1000) this.#tellShown()
  }

  #noticed(notice: HostNotice): void {
    if (notice.kind === 'trouble') return this.#listener.onTrouble?.(notice)
    this.#cursor.edgeIs(notice.edgeUs)
    const ready = this.#edgeWaiters.filter((waiter) => waiter.edgeUs <= notice.edgeUs)
    if (ready.length === 0) return
    this.#edgeWaiters = this.#edgeWaiters.filter((waiter) => waiter.edgeUs > notice.edgeUs)
    for (const waiter of ready) waiter.done()
  }

  /** Under load the host counts messages instead of telling each. */
  #watchFlood(events: readonly TraceEvent[]): void {
    const nowMs = this.#clock()
    // What was only counted would have been told: otherwise one would go to and fro.
    for (const event of events) this.#flood.events += event.kind === 'traffic' ? countOf(event) : 1
    const elapsedMs = nowMs - this.#flood.sinceMs
    if (elapsedMs < 1000) return
    const perSecond = (this.#flood.events / elapsedMs) * 1000
    this.#flood = { sinceMs: nowMs, events: 0 }
    const counting = this.#counting ? perSecond > EBB : perSecond > FLOOD
    if (counting === this.#counting) return
    this.#counting = counting
    this.#ensemble.setTraceLevel(counting ? 'state' : 'full')
    this.#listener.onTime?.()
  }

  #tellShown(): void {
    if (this.#shown.length === 0) return
    const shown = this.#shown
    this.#shown = []
    this.#listener.onShown?.(shown)
  }

  #publish(nowMs: number): void {
    this.#publishedMs = nowMs
    this.#published = this.#fold.picture
    if (this.#publishedEvents.revision !== this.#recorder.shown)
      this.#publishedEvents = { events: this.#recorder.past, revision: this.#recorder.shown }
    for (const listener of this.#publishListeners) listener()
  }
}

const countOf = ({ counts }: Extract<TraceEvent, { kind: 'traffic' }>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

const isOrder = (event: TraceEvent): boolean => event.kind === 'action' && !event.command.startsWith('complete ')
