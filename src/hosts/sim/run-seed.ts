/** One seed, one history: draws what is to be (swarm.ts), lets the clients work and the hand that breaks things do its worst
 *  (chaos.ts), then heals a core with a quorum and asks it to serve within its bounds. The result is a function of seed and
 *  options: the same hash each time. */
import type { QuorumVerifier } from '../../core/config/quorum-verifier.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { configureServer } from '../configure.ts'
import type { RunConfig } from '../ensemble.ts'
import { launch } from '../launch.ts'
import { generator } from '../prng.ts'
import type { Launch } from '../process.ts'
import { Chaos, type Choice } from './chaos.ts'
import { Lookout } from './lookout.ts'
import { Marks } from './marks.ts'
import { recover } from './recovery-phase.ts'
import { Simulation } from './sim.ts'
import { drawPlan, range, type SwarmPlan, shuffled } from './swarm.ts'
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

export interface SeedOptions {
  /** Virtual seconds of trouble. */
  readonly seconds: number
  /** Made anew for each run. */
  readonly checkers?: (config: RunConfig) => readonly Judging[]
  /** Changes of what the seed draws. */
  readonly shape?: (plan: SwarmPlan) => SwarmPlan
  readonly launch?: Launch
  /** Called with each window's events. */
  readonly onTrace?: (events: readonly TraceEvent[]) => void
  /** A finding ends the run at the end of its window. */
  readonly stopAtFirst?: boolean
}

export interface SeedResult {
  readonly seed: number
  readonly plan: SwarmPlan
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

/** So many windows of events are kept for a report. */
const KEPT_WINDOWS = 200
const KEPT_EVENTS = 200

export function runSeed(seed: number, options: SeedOptions): SeedResult {
  const drawn = drawPlan(seed)
  const plan = options.shape?.(drawn) ?? drawn
  const run = new SeedRun(plan, options)
  run.troubles(options.seconds * 1e6)
  if (!run.isOver) run.recovery()
  return run.result()
}

/** The voters, and some whose disks may all be lost and still leave a quorum. */
export function budgetOf(config: RunConfig): { quorum: QuorumVerifier; expendable: number[] } {
  const { quorum } = configureServer(1, config)
  const expendable: number[] = []
  for (const sid of shuffled(generator(config.seed, 'budget'), quorum.voters)) {
    const left = quorum.voters.filter((voter) => voter !== sid && !expendable.includes(voter))
    if (quorum.containsQuorum(new Set(left))) expendable.push(sid)
  }
  return { quorum, expendable }
}

export class SeedRun {
  readonly plan: SwarmPlan
  readonly sim: Simulation
  readonly chaos: Chaos
  readonly lookout = new Lookout()
  readonly findings: Finding[] = []
  readonly quorum: QuorumVerifier
  isOver = false
  readonly #options: SeedOptions
  readonly #checkers: readonly Judging[]
  readonly #marks = new Marks()
  readonly #hash = new TraceHash()
  #seen = 0
  #events = 0
  #recent: (readonly TraceEvent[])[] = []
  #lastEvents: readonly TraceEvent[] | undefined

  constructor(plan: SwarmPlan, options: SeedOptions) {
    const { config } = plan
    this.plan = plan
    this.#options = options
    this.#checkers = options.checkers?.(config) ?? []
    this.sim = new Simulation(config, {
      launch: options.launch ?? launch,
      record: false,
      onTrace: (events) => this.#onTrace(events),
    })
    const { quorum, expendable } = budgetOf(config)
    this.quorum = quorum
    const { sim, lookout } = this
    this.chaos = new Chaos({ plan, sim, lookout, expendable, voters: quorum.voters })
  }

  /** Clients work, things break. */
  troubles(us: number): void {
    const { sim, chaos, plan } = this
    for (const { connect, workload } of plan.clients)
      chaos.act({ kind: 'openClient', connect: connect.map((sid) => `zk${sid}:2181`).join(','), workload })
    while (sim.edgeUs < us && !this.isOver) {
      sim.runTo(Math.min(chaos.nextUs, us))
      if (chaos.nextUs <= sim.edgeUs) chaos.step()
    }
  }

  recovery(): void {
    recover(this)
    for (const checker of this.#checkers) checker.end?.()
    this.#collect()
  }

  found(finding: Finding): void {
    this.findings.push(finding)
    this.#lastEvents ??= this.#recent.flat().slice(-KEPT_EVENTS)
    if (this.#options.stopAtFirst !== false) this.isOver = true
  }

  result(): SeedResult {
    return {
      seed: this.plan.config.seed,
      plan: this.plan,
      findings: this.findings,
      hash: this.#hash.toString(),
      events: this.#events,
      windows: this.sim.windows,
      virtualUs: this.sim.edgeUs,
      marks: this.#marks.reached,
      choices: this.chaos.choices,
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
    for (const event of events) this.#look(event)
    for (const checker of this.#checkers) checker.onEvents(events)
    this.#collect()
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

  /** A server that stops itself, or that throws, has a fault to show for it. */
  #look(event: TraceEvent): void {
    if (event.kind === 'crashed')
      this.found({ property: 'crash', sentence: `server ${event.station} threw: ${event.reason}`, event })
    if (event.kind !== 'halted' || event.station > 100) return
    const sid = event.station
    if (!this.chaos.unwell.has(sid) && !this.chaos.rotten.has(sid))
      this.found({ property: 'halt', sentence: `server ${sid} stopped itself without need: ${event.reason}`, event })
  }
}

/** Sids from 1 on. */
export const serversOf = (config: RunConfig): number[] => range(1, config.servers)
