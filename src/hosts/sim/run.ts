/** A run under observation: the simulation, the hand that does things to it, and everything that looks on: checkers, marks,
 *  the running hash. What is done to it comes from dice (run-seed.ts) or from a schedule (replay.ts). */
import type { QuorumVerifier } from '../../core/config/quorum-verifier.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { configureServer } from '../configure.ts'
import type { RunConfig } from '../ensemble.ts'
import { launch } from '../launch.ts'
import type { Launch } from '../process.ts'
import { type Choice, Hand } from './hand.ts'
import { Lookout } from './lookout.ts'
import { Marks } from './marks.ts'
import { Simulation } from './sim.ts'
import { TraceHash } from './trace-hash.ts'

/** What goes along with a run and judges it; see check/checker.ts. */
export interface Judging {
  onEvents(events: readonly TraceEvent[]): void
  readonly violations: readonly Finding[]
  end?(): void
}

/** Something is wrong. `property` as in check/properties.ts; 'crash' where the core threw, 'halt' where a server stopped itself
 *  without a fault that explains it. */
export interface Finding {
  readonly property: string
  readonly sentence: string
  readonly event: TraceEvent
}

export interface RunOptions {
  /** Made anew for each run; fed in this order. */
  readonly checkers?: (config: RunConfig, sim: Simulation) => readonly Judging[]
  readonly launch?: Launch
  /** Messages and timers are told as well: for eyes, and for schedules that wait for them. */
  readonly full?: boolean
  /** Called with each window's events. */
  readonly onTrace?: (events: readonly TraceEvent[]) => void
  /** A finding does not end the run; or not each does. */
  readonly goOn?: boolean | ((finding: Finding) => boolean)
}

export interface RunResult {
  readonly config: RunConfig
  readonly findings: readonly Finding[]
  readonly hash: string
  readonly events: number
  readonly windows: number
  /** In all, with the time after the healing. */
  readonly virtualUs: number
  readonly marks: readonly string[]
  readonly choices: readonly Choice[]
  /** The newest events when the run ended, or when the first thing was found. */
  readonly lastEvents: readonly TraceEvent[]
}

/** So many windows of events are kept for a report, and of them so many events. */
const KEPT_WINDOWS = 200
const KEPT_EVENTS = 200

export class Run {
  readonly config: RunConfig
  readonly sim: Simulation
  readonly hand: Hand
  readonly lookout = new Lookout()
  readonly quorum: QuorumVerifier
  readonly findings: Finding[] = []
  /** Something was found, and that is enough. */
  isOver = false
  readonly #options: RunOptions
  readonly #checkers: readonly Judging[]
  readonly #marks = new Marks()
  readonly #hash = new TraceHash()
  #seen = 0
  #events = 0
  #recent: (readonly TraceEvent[])[] = []
  #lastEvents: readonly TraceEvent[] | undefined

  constructor(config: RunConfig, options: RunOptions) {
    this.config = config
    this.#options = options
    this.quorum = configureServer(1, config).quorum
    this.sim = new Simulation(config, {
      launch: options.launch ?? launch,
      record: false,
      onTrace: (events) => this.#onTrace(events),
    })
    this.#checkers = options.checkers?.(config, this.sim) ?? []
    if (options.full !== true) this.sim.setTraceLevel('judged')
    this.hand = new Hand(this.sim)
  }

  /** Runs up to this time, or to the first finding. */
  runTo(us: number, enough?: () => boolean): void {
    this.sim.runTo(us, () => this.isOver || enough?.() === true)
  }

  /** Nothing more is done to it: what can only be judged at the end. */
  end(): void {
    for (const checker of this.#checkers) checker.end?.()
    this.#collect()
  }

  found(finding: Finding): void {
    this.findings.push(finding)
    this.#lastEvents ??= this.#recent.flat().slice(-KEPT_EVENTS)
    const { goOn } = this.#options
    if (!(typeof goOn === 'function' ? goOn(finding) : goOn)) this.isOver = true
  }

  result(): RunResult {
    return {
      config: this.config,
      findings: this.findings,
      hash: this.#hash.toString(),
      events: this.#events,
      windows: this.sim.windows,
      virtualUs: this.sim.edgeUs,
      marks: this.#marks.reached,
      choices: this.hand.choices,
      lastEvents: this.#lastEvents ?? this.#recent.flat().slice(-KEPT_EVENTS),
    }
  }

  #onTrace(events: readonly TraceEvent[]): void {
    this.#events += events.length
    this.#recent.push(events)
    if (this.#recent.length > 2 * KEPT_WINDOWS) this.#recent = this.#recent.slice(-KEPT_WINDOWS)
    this.#hash.onEvents(events)
    this.lookout.onEvents(events)
    this.#marks.onEvents(events)
    for (const checker of this.#checkers) checker.onEvents(events)
    this.#collect()
    for (const event of events) if (event.kind === 'crashed' || event.kind === 'halted') this.#look(event)
    this.#options.onTrace?.(events)
  }

  #collect(): void {
    let count = 0
    for (const { violations } of this.#checkers) count += violations.length
    if (count === this.#seen) return
    this.#seen = count
    const known = new Set(this.findings)
    for (const { violations } of this.#checkers)
      for (const violation of violations) if (!known.has(violation)) this.found(violation)
  }

  /** A server that stops itself has a fault to show for it; none ever throws. */
  #look(event: Extract<TraceEvent, { kind: 'crashed' | 'halted' }>): void {
    const { station, reason } = event
    if (event.kind === 'crashed')
      this.found({ property: 'crash', sentence: `the process of station ${station} threw: ${reason}`, event })
    else if (station < 100 && !this.hand.isSick(station) && !this.hand.rotten.has(station))
      this.found({ property: 'halt', sentence: `server ${station} stopped itself without need: ${reason}`, event })
  }
}
