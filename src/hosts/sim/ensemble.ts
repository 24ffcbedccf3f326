/** The simulator as an ensemble that runs at a pace: for tests of the page, and wherever workers cannot be had. */
import type { CliResult, Completion } from '../../core/cli/result.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { type Agenda, Driver } from '../driver.ts'
import type { Ensemble, EventMatch, HostNotice, LoadSpec, Rate, RunConfig } from '../ensemble.ts'
import type { Fault } from '../fault.ts'
import type { Launch } from '../process.ts'
import { realClock } from '../real-clock.ts'
import { serverFile } from '../server-files.ts'
import type { TraceLevel } from '../station.ts'
import type { Choice } from './hand.ts'
import { Simulation } from './sim.ts'

export class SimulatedEnsemble implements Ensemble {
  readonly config: RunConfig
  readonly simulation: Simulation
  readonly #driver: Driver
  #onTrace: ((events: readonly TraceEvent[]) => void) | undefined
  #onNotice: ((notice: HostNotice) => void) | undefined
  /** Told before anybody listened. */
  #early: (() => void)[] = []

  /** `choices`: what is done to it, at which times; the same as in the run that they come from as long as nobody else does
   *  anything. */
  constructor(config: RunConfig, launch: Launch, clock = realClock, choices: readonly Choice[] = []) {
    this.config = config
    this.simulation = new Simulation(config, { launch, record: false })
    this.#driver = new Driver({
      conductor: this.simulation.conductor,
      agenda: agendaOf(choices, this.simulation),
      execute: (plan) => this.simulation.execute(plan),
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

  async start(sid: number): Promise<void> {
    await this.#driver.enter({ kind: 'start', sid })
  }

  async kill(sid: number): Promise<void> {
    await this.#driver.enter({ kind: 'kill', station: sid })
  }

  async fault(fault: Fault): Promise<void> {
    await this.#driver.enter(fault)
  }

  async openClient(connect: string, load?: LoadSpec): Promise<number> {
    return (await this.#driver.enter({ kind: 'openClient', connect, load })) as number
  }

  async killClient(client: number): Promise<void> {
    await this.#driver.enter({ kind: 'kill', station: client })
  }

  async type(client: number, line: string): Promise<CliResult> {
    return (await this.#driver.enter({ kind: 'type', client, line })) as CliResult
  }

  async complete(client: number, line: string, cursor: number): Promise<Completion> {
    return (await this.#driver.enter({ kind: 'complete', client, line, cursor })) as Completion
  }

  async isRunning(sid: number): Promise<boolean> {
    return this.simulation.conductor.isRunning(sid)
  }

  async readFile(sid: number, name: 'zoo.cfg' | 'myid'): Promise<string> {
    return serverFile(sid, name, this.config)
  }

  setTraceLevel(level: TraceLevel): void {
    this.#driver.setTraceLevel(level)
  }

  dispose(): Promise<void> {
    return this.#driver.stop()
  }

  /** Its files are gone with it. */
  wipe(): Promise<void> {
    return this.dispose()
  }

  #tell(events: readonly TraceEvent[], notices: readonly HostNotice[]): void {
    if (!this.#onTrace) {
      this.#early.push(() => this.#tell(events, notices))
      return
    }
    if (events.length > 0) this.#onTrace(events)
    for (const notice of notices) this.#onNotice?.(notice)
  }
}

/** What cannot be done is left out, as it was in the first run. */
function agendaOf(choices: readonly Choice[], { conductor }: Simulation): Agenda {
  const settle = { done: () => {}, failed: () => {} }
  let next = 0
  return {
    get nextUs() {
      return choices[next]?.atUs ?? Number.POSITIVE_INFINITY
    },
    enter() {
      const choice = choices[next++]
      if (choice !== undefined) conductor.enter(choice.action, settle)
    },
  }
}
