/** Drives a conductor by a real clock: pace, pause, stepping, running until something happens. Both hosts of the page use
 *  it, the workers' and the simulator's; only who executes a window differs. */
import type { TraceEvent } from '../core/trace.ts'
import type { Action, Conductor, Outcome, Plan } from './conductor.ts'
import type { EventMatch, HostNotice, Rate } from './ensemble.ts'
import { matches } from './matching.ts'
import type { TraceLevel } from './station.ts'

export interface RealClock {
  /** Milliseconds, monotonic. */
  now(): number
  /** Resolves after about so long, and lets other tasks run. */
  wait(ms: number): Promise<void>
}

export interface Sink {
  /** Events in run order and what else there is to tell; at most once a frame. */
  tell(events: readonly TraceEvent[], notices: readonly HostNotice[]): void
  /** Set while the listener is behind; the run waits for it. */
  busy?(): Promise<void> | undefined
}

/** What hands out the windows: a conductor, or a record of what one did. */
export type Hours = Pick<Conductor, 'edgeUs' | 'dueUs' | 'isEntered' | 'plan' | 'enter' | 'level'> & {
  /** Nothing comes any more, and time ends here. */
  readonly isOver?: boolean
}

/** Things that are done to a run at their times, whatever the pace. */
export interface Agenda {
  /** When the next one is due; Infinity: there is none. No window goes beyond it. */
  readonly nextUs: number
  /** The edge is there: enters it. */
  enter(): void
}

export interface DriverParts {
  readonly conductor: Hours
  readonly agenda?: Agenda | undefined
  /** Carries out a window and closes it with the conductor. */
  execute(plan: Plan): readonly TraceEvent[] | Promise<readonly TraceEvent[]>
  readonly clock: RealClock
  readonly sink: Sink
}

interface Run {
  readonly match: EventMatch | readonly EventMatch[]
  readonly limitUs: number
  /** Counted from when all actions before it have entered. */
  untilUs?: number
  readonly resolve: (event: TraceEvent | undefined) => void
}

const FRAME_MS = 16
/** More events than this are not kept waiting for the next frame. */
const MAX_BATCH = 5000
/** How far the run may fall behind its pace before the rest is forgiven; a frozen tab comes back as if paused. */
const MAX_LAG_MS = 100
/** Other tasks get a turn at least this often. */
const TURN_MS = 8
const TURN_WINDOWS = 1000

export class Driver {
  readonly #parts: DriverParts
  #rate: Rate = 'paused'
  /** The present is anchor.us at real anchor.ms, and goes on from there at the rate. */
  #anchor = { us: 0, ms: 0 }
  #run: Run | undefined
  #steps: ((edgeUs: number) => void)[] = []
  /** To be called once the events of their window are told. */
  #settled: (() => void)[] = []
  #wake: (() => void) | undefined
  #over = false
  readonly #ended: Promise<void>
  #events: TraceEvent[] = []
  #notices: HostNotice[] = []
  #toldMs = Number.NEGATIVE_INFINITY
  #toldTime = ''

  constructor(parts: DriverParts) {
    this.#parts = parts
    // What fails here is the host's own fault; better told than frozen.
    this.#ended = this.#loop().catch((error: unknown) => {
      this.#notices.push({ kind: 'trouble', code: 'workerFailed', message: String(error) })
      this.flush()
    })
  }

  get rate(): Rate {
    return this.#rate
  }

  setRate(rate: Rate): void {
    this.#rate = rate
    this.#drop()
    if (rate === 'paused') this.#finishRun(undefined)
    this.#rouse()
  }

  /** Executes the next instant at which anything is due. Resolves with the new edge. */
  advance(): Promise<number> {
    return new Promise((resolve) => {
      this.#steps.push(resolve)
      this.#rouse()
    })
  }

  /** A later call, or a pause, ends an earlier one with undefined. */
  runUntil(
    match: EventMatch | readonly EventMatch[],
    limitUs = Number.POSITIVE_INFINITY,
    rate: Rate = 'max',
  ): Promise<TraceEvent | undefined> {
    return new Promise((resolve) => {
      this.#finishRun(undefined)
      this.#rate = rate
      this.#drop()
      this.#run = { match, limitUs, resolve }
      this.#rouse()
    })
  }

  /** The action takes effect at once, paused or not. Rejects with the reason when it cannot be done. */
  enter(action: Action): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#parts.conductor.enter(action, {
        done: (outcome) => this.#settled.push(() => resolve(outcome)),
        failed: (reason) => this.#settled.push(() => reject(new Error(reason))),
      })
      this.#rouse()
    })
  }

  setTraceLevel(level: TraceLevel): void {
    this.#parts.conductor.level = level
  }

  notice(notice: HostNotice): void {
    this.#notices.push(notice)
    this.#rouse()
  }

  /** Tells what is still to be told, now. */
  flush(): void {
    const { conductor, clock, sink, agenda } = this.#parts
    const idle = conductor.dueUs === Number.POSITIVE_INFINITY && !Number.isFinite(agenda?.nextUs ?? Number.NaN)
    const time: HostNotice = { kind: 'time', edgeUs: conductor.edgeUs, rate: this.#rate, idle }
    const text = `${time.edgeUs} ${time.rate} ${idle}`
    if (text !== this.#toldTime) this.#notices.push(time)
    this.#toldTime = text
    this.#toldMs = clock.now()
    if (this.#events.length === 0 && this.#notices.length === 0) return
    const [events, notices] = [this.#events, this.#notices]
    this.#events = []
    this.#notices = []
    sink.tell(events, notices)
  }

  /** Stops after the present window. */
  async stop(): Promise<void> {
    this.#over = true
    this.#rouse()
    await this.#ended
    this.#finishRun(undefined)
  }

  async #loop(): Promise<void> {
    const { conductor, clock, sink } = this.#parts
    // The caller gets its turn before the first window.
    await clock.wait(0)
    let turnMs = clock.now()
    let windows = 0
    while (!this.#over) {
      const busy = sink.busy?.()
      if (busy) await busy
      const plan = this.#next()
      if (plan) {
        const executed = this.#parts.execute(plan)
        this.#happened(executed instanceof Promise ? await executed : executed)
      } else if (conductor.isOver === true || conductor.edgeUs >= (this.#run?.untilUs ?? Number.POSITIVE_INFINITY))
        this.#finishRun(undefined, 'paused')
      if (!plan || this.#events.length >= MAX_BATCH || clock.now() - this.#toldMs >= FRAME_MS) this.flush()
      if (plan && ++windows < TURN_WINDOWS && clock.now() - turnMs < TURN_MS) continue
      await (plan ? clock.wait(0) : this.#rest())
      turnMs = clock.now()
      windows = 0
    }
    this.flush()
  }

  /** The next window to execute, if one is due by now. */
  #next(): Plan | undefined {
    const { conductor } = this.#parts
    if (conductor.isEntered) return conductor.plan(conductor.edgeUs)
    const step = this.#steps.shift()
    if (step) {
      const { dueUs } = conductor
      const plan = dueUs === Number.POSITIVE_INFINITY ? this.#agreed(0) : this.#agreed(dueUs + 1)
      this.#drop(conductor.edgeUs + 1)
      this.#settled.push(() => step(conductor.edgeUs))
      if (!plan) this.#happened([])
      return plan
    }
    if (this.#rate === 'paused') return undefined
    if (this.#run) this.#run.untilUs ??= conductor.edgeUs + this.#run.limitUs
    return this.#agreed(Math.min(this.#presentUs(), this.#run?.untilUs ?? Number.POSITIVE_INFINITY))
  }

  /** The next window before `untilUs`, which may be that of what is on the agenda. Instead of 0 anything that is. */
  #agreed(untilUs: number): Plan | undefined {
    const { conductor, agenda } = this.#parts
    if (agenda === undefined) return untilUs === 0 ? undefined : conductor.plan(untilUs)
    const plan = conductor.plan(untilUs === 0 ? agenda.nextUs : Math.min(untilUs, agenda.nextUs))
    if (plan || conductor.edgeUs < agenda.nextUs) return plan
    agenda.enter()
    return conductor.plan(conductor.edgeUs)
  }

  #happened(events: readonly TraceEvent[]): void {
    for (const event of events) this.#events.push(event)
    const run = this.#run
    const found = run && events.find((event) => matches(event, run.match))
    if (found) this.#finishRun(found, 'paused')
    const settled = this.#settled
    if (settled.length === 0) return
    this.#settled = []
    this.flush()
    for (const settle of settled) settle()
  }

  /** Where the pace has come to. */
  #presentUs(): number {
    if (typeof this.#rate !== 'number') return Number.POSITIVE_INFINITY
    const { edgeUs } = this.#parts.conductor
    const nowMs = this.#parts.clock.now()
    const presentUs = Math.floor(this.#anchor.us + (nowMs - this.#anchor.ms) * 1000 * this.#rate)
    const latestUs = edgeUs + Math.ceil(MAX_LAG_MS * 1000 * this.#rate)
    if (presentUs <= latestUs) return Math.max(presentUs, edgeUs)
    this.#anchor = { us: latestUs, ms: nowMs }
    return latestUs
  }

  /** The pace goes on from the edge. */
  #drop(us = this.#parts.conductor.edgeUs): void {
    this.#anchor = { us, ms: this.#parts.clock.now() }
  }

  /** Until something is due at this pace, or somebody asks for something. */
  async #rest(): Promise<void> {
    const { conductor, clock, agenda } = this.#parts
    if (conductor.isEntered || this.#steps.length > 0) return
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    if (typeof this.#rate === 'number') {
      const dueUs = Math.min(conductor.dueUs, agenda?.nextUs ?? Number.POSITIVE_INFINITY)
      const untilDueMs = (dueUs - conductor.edgeUs) / 1000 / this.#rate
      await Promise.race([woken, clock.wait(Math.max(1, Math.min(FRAME_MS, untilDueMs)))])
    } else await woken
    this.#wake = undefined
  }

  #rouse(): void {
    this.#wake?.()
  }

  #finishRun(event: TraceEvent | undefined, rate?: Rate): void {
    const run = this.#run
    this.#run = undefined
    if (rate !== undefined) this.#rate = rate
    if (!run) return
    this.flush()
    run.resolve(event)
  }
}
