/** The whole ensemble in one thread, under the same conductor as the workers of the page: synchronous, and as fast as it
 *  goes. */
import type { CliResult, Completion } from '../../core/cli/result.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { type Action, Conductor, type Outcome, type Plan } from '../conductor.ts'
import type { EventMatch, LoadSpec, RunConfig } from '../ensemble.ts'
import { MemoryStore } from '../file-store.ts'
import { matches } from '../matching.ts'
import { PageCache } from '../page-cache.ts'
import type { Launch, Process } from '../process.ts'
import { reportOf } from '../report.ts'
import { Station, type TraceLevel } from '../station.ts'

export interface SimulationOptions {
  /** What runs in the stations. */
  readonly launch: Launch
  /** Files that a station already has. */
  readonly files?: (station: number) => PageCache
  /** Keep the whole trace in `events`. */
  readonly record?: boolean
  /** Called with the events of each window, in run order. */
  readonly onTrace?: (events: readonly TraceEvent[]) => void
}

/** What became of an action that takes time. */
export interface Pending<T> {
  /** Set when it is done. */
  result: T | undefined
  /** Set when it cannot be done any more: why. */
  failure: string | undefined
}

/** Virtual time that a typed command may take before something must be wrong. */
const PATIENCE_US = 600_000_000

export class Simulation {
  readonly config: RunConfig
  readonly conductor: Conductor
  /** All events so far in run order, when recording. */
  readonly events: TraceEvent[] = []
  /** Windows executed so far. */
  windows = 0
  readonly #options: SimulationOptions
  readonly #stations = new Map<number, Station>()
  readonly #files = new Map<number, PageCache>()

  constructor(config: RunConfig, options: SimulationOptions) {
    this.config = config
    this.#options = options
    this.conductor = new Conductor(config)
  }

  /** Virtual µs up to which everything has happened. */
  get edgeUs(): number {
    return this.conductor.edgeUs
  }

  /** Lets this much virtual time go by. */
  run(us: number): void {
    this.runTo(this.edgeUs + us)
  }

  /** `enough` may end it earlier, at the end of a window. */
  runTo(untilUs: number, enough?: () => boolean): void {
    while (this.#window(untilUs)) if (enough?.()) return
  }

  /** Runs until an event matches, at most so long; the window that it is in is finished. */
  runUntil(match: EventMatch | readonly EventMatch[], limitUs = Number.POSITIVE_INFINITY): TraceEvent | undefined {
    return this.runWhere((event) => matches(event, match), limitUs)
  }

  runWhere(wanted: (event: TraceEvent) => boolean, limitUs = Number.POSITIVE_INFINITY): TraceEvent | undefined {
    const untilUs = this.edgeUs + limitUs
    for (;;) {
      const events = this.#window(untilUs)
      if (!events) return undefined
      const found = events.find(wanted)
      if (found) return found
    }
  }

  /** Executes the next instant at which anything is due. Returns its events; none when nothing will ever happen. */
  advance(): readonly TraceEvent[] {
    const { dueUs } = this.conductor
    return dueUs === Number.POSITIVE_INFINITY ? [] : (this.#window(dueUs + 1) ?? [])
  }

  start(sid: number): void {
    this.#act({ kind: 'start', sid })
  }

  /** Ends a server or a client. */
  kill(station: number): void {
    this.#act({ kind: 'kill', station })
  }

  /** Anything else that may be done to a run. */
  act(action: Action): Outcome {
    return this.#act(action)
  }

  /** A new zkCli, or a load; returns its station. */
  openClient(connect: string, load?: LoadSpec): number {
    return this.#act({ kind: 'openClient', connect, load }) as number
  }

  /** Types a line and runs until it is answered. Throws when it never will be. */
  type(client: number, line: string): CliResult {
    return this.#await(this.begin(client, line), line)
  }

  /** Types a line; time goes on only when it is made to. */
  begin(client: number, line: string): Pending<CliResult> {
    return this.#enter({ kind: 'type', client, line }) as Pending<CliResult>
  }

  complete(client: number, line: string, cursor = line.length): Completion {
    return this.#await(this.#enter({ kind: 'complete', client, line, cursor }) as Pending<Completion>, line)
  }

  setTraceLevel(level: TraceLevel): void {
    this.conductor.level = level
  }

  /** The process that runs in a station now. */
  process(station: number): Process | undefined {
    return this.#stations.get(station)?.process
  }

  /** A station's files, whether it runs or not. */
  files(station: number): PageCache {
    let files = this.#files.get(station)
    if (!files) {
      files = this.#options.files?.(station) ?? new PageCache(new MemoryStore())
      this.#files.set(station, files)
    }
    return files
  }

  /** Where the core threw in a station that crashed. */
  crashStack(station: number): string | undefined {
    return this.#stations.get(station)?.crashStack
  }

  /** Executes a plan of this simulation's conductor and closes the window. */
  execute(plan: Plan): readonly TraceEvent[] {
    for (const { station } of plan.ends) this.#stations.delete(station)
    for (const birth of plan.births) {
      const { station } = birth
      this.#stations.set(station, new Station(birth, this.files(station), this.#options.launch))
    }
    const outputs = plan.grants.map((grant) => {
      const station = this.#stations.get(grant.station) as Station
      station.level = grant.level
      return { station: grant.station, output: station.runWindow(grant) }
    })
    for (const { output } of outputs) {
      for (const frame of output.frames) this.#stations.get(frame.to)?.receive([frame])
    }
    this.windows++
    const events = this.conductor.close(outputs.map(({ station, output }) => reportOf(station, output)))
    if (this.#options.record !== false) for (const event of events) this.events.push(event)
    if (events.length > 0) this.#options.onTrace?.(events)
    return events
  }

  #window(untilUs: number): readonly TraceEvent[] | undefined {
    const plan = this.conductor.plan(untilUs)
    return plan && this.execute(plan)
  }

  /** Enters an action and lets it take effect. */
  #enter(action: Action): Pending<Outcome> {
    const pending: Pending<Outcome> = { result: undefined, failure: undefined }
    this.conductor.enter(action, {
      done: (outcome) => {
        pending.result = outcome
      },
      failed: (reason) => {
        pending.failure = reason
      },
    })
    while (this.conductor.isEntered) this.#window(this.edgeUs)
    return pending
  }

  #act(action: Action): Outcome {
    const pending = this.#enter(action)
    if (pending.failure !== undefined) throw new Error(pending.failure)
    return pending.result
  }

  #await<T>(pending: Pending<T>, line: string): T {
    const untilUs = this.edgeUs + PATIENCE_US
    while (pending.result === undefined) {
      if (pending.failure !== undefined) throw new Error(pending.failure)
      if (!this.#window(untilUs)) throw new Error(`no answer to "${line}"`)
    }
    return pending.result
  }
}
