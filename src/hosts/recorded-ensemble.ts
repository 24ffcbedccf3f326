/** A run that is over, as an ensemble: its events come again at the page's pace, and nothing can be done to it. */
import type { CliResult, Completion } from '../core/cli/result.ts'
import type { TraceEvent } from '../core/trace.ts'
import type { Plan } from './conductor.ts'
import { Driver, type Hours } from './driver.ts'
import type { Ensemble, EventMatch, HostNotice, Rate, RunConfig } from './ensemble.ts'
import { realClock } from './real-clock.ts'
import { serverFile } from './server-files.ts'
import type { TraceLevel } from './station.ts'

export interface Recording {
  readonly config: RunConfig
  /** In run order. */
  readonly events: readonly TraceEvent[]
  /** Where the run ended, virtual µs. */
  readonly endUs: number
}

const REFUSAL = 'this is a recording: nothing can be done to it'

export class RecordedEnsemble implements Ensemble {
  readonly config: RunConfig
  readonly #hours: RecordedHours
  readonly #driver: Driver
  readonly #running = new Set<number>()
  #onTrace: ((events: readonly TraceEvent[]) => void) | undefined
  #onNotice: ((notice: HostNotice) => void) | undefined
  /** Told before anybody listened. */
  #early: (() => void)[] = []

  constructor(recording: Recording, clock = realClock) {
    this.config = recording.config
    this.#hours = new RecordedHours(recording)
    this.#driver = new Driver({
      conductor: this.#hours,
      execute: (plan) => this.#hours.execute(plan),
      clock,
      sink: { tell: (events, notices) => this.#tell(events, notices) },
    })
  }

  listen(onTrace: (events: readonly TraceEvent[]) => void, onNotice: (notice: HostNotice) => void): void {
    this.#onTrace = onTrace
    this.#onNotice = onNotice
    const early = this.#early
    this.#early = []
    for (const tell of early) tell()
  }

  setRate(rate: Rate): void {
    this.#driver.setRate(rate)
  }

  advance(): Promise<number> {
    return this.#driver.advance()
  }

  runUntil(match: EventMatch | readonly EventMatch[], limitUs?: number, rate?: Rate): Promise<TraceEvent | undefined> {
    return this.#driver.runUntil(match, limitUs, rate)
  }

  start(): Promise<void> {
    return refused()
  }
  kill(): Promise<void> {
    return refused()
  }
  fault(): Promise<void> {
    return refused()
  }
  openClient(): Promise<number> {
    return refused()
  }
  killClient(): Promise<void> {
    return refused()
  }
  type(): Promise<CliResult> {
    return refused()
  }
  complete(): Promise<Completion> {
    return refused()
  }

  async isRunning(sid: number): Promise<boolean> {
    return this.#running.has(sid)
  }

  async readFile(sid: number, name: 'zoo.cfg' | 'myid'): Promise<string> {
    return serverFile(sid, name, this.config)
  }

  /** All of it was recorded. */
  setTraceLevel(_level: TraceLevel): void {}

  dispose(): Promise<void> {
    return this.#driver.stop()
  }

  /** There are no files. */
  wipe(): Promise<void> {
    return this.dispose()
  }

  #tell(events: readonly TraceEvent[], notices: readonly HostNotice[]): void {
    if (!this.#onTrace) {
      this.#early.push(() => this.#tell(events, notices))
      return
    }
    for (const { kind, station } of events) {
      if (kind === 'started') this.#running.add(station)
      else if (kind === 'killed' || kind === 'crashed' || kind === 'halted') this.#running.delete(station)
    }
    if (events.length > 0) this.#onTrace(events)
    for (const notice of notices) this.#onNotice?.(notice)
  }
}

const refused = (): Promise<never> => Promise.reject(new Error(REFUSAL))

/** Windows over what was recorded. */
class RecordedHours implements Hours {
  level: TraceLevel = 'full'
  readonly isEntered = false
  readonly #events: readonly TraceEvent[]
  readonly #endUs: number
  readonly #windowUs: number
  #next = 0
  #edgeUs = 0

  constructor({ config, events, endUs }: Recording) {
    this.#events = events
    this.#endUs = endUs
    this.#windowUs = config.latencyUs.min
  }

  get edgeUs(): number {
    return this.#edgeUs
  }

  get isOver(): boolean {
    return this.#edgeUs >= this.#endUs && this.dueUs === Number.POSITIVE_INFINITY
  }

  get dueUs(): number {
    return this.#events[this.#next]?.at ?? Number.POSITIVE_INFINITY
  }

  enter(): void {
    throw new Error(REFUSAL)
  }

  plan(untilUs: number): Plan | undefined {
    const fromUs = this.dueUs
    if (fromUs >= untilUs) {
      this.#edgeUs = Math.max(this.#edgeUs, Math.min(untilUs, this.#endUs))
      return undefined
    }
    const toUs = Math.min(fromUs + this.#windowUs, untilUs)
    return { fromUs, toUs, ends: [], births: [], grants: [] }
  }

  execute({ toUs }: Plan): readonly TraceEvent[] {
    const from = this.#next
    while ((this.#events[this.#next]?.at ?? Number.POSITIVE_INFINITY) < toUs) this.#next++
    this.#edgeUs = toUs
    return this.#events.slice(from, this.#next)
  }
}
