/** One seed, one history: draws what is to be (swarm.ts), lets the clients work and the hand that breaks things do its worst
 *  (chaos.ts), then heals a core with a quorum and asks it to serve within its bounds. The result is a function of seed and
 *  options: the same hash each time. */
import type { RunConfig } from '../ensemble.ts'
import { generator } from '../prng.ts'
import { Chaos } from './chaos.ts'
import { recover } from './recovery-phase.ts'
import { Run, type RunOptions, type RunResult } from './run.ts'
import { drawPlan, type Given, type SwarmPlan, shuffled } from './swarm.ts'

export interface SeedOptions extends RunOptions {
  /** Virtual seconds of trouble. */
  readonly seconds: number
  /** What the seed does not draw. */
  readonly given?: Given
  /** Changes of what it draws. */
  readonly shape?: (plan: SwarmPlan) => SwarmPlan
  /** false: it ends with the troubles, and nothing is healed. */
  readonly heals?: boolean
}

export interface SeedResult extends RunResult {
  readonly seed: number
  readonly plan: SwarmPlan
  /** How many of the choices were made before the healing. */
  readonly troubles: number
}

export function runSeed(seed: number, options: SeedOptions): SeedResult {
  const drawn = drawPlan(seed, options.given)
  const plan = options.shape?.(drawn) ?? drawn
  const run = new Run(plan.config, options)
  trouble(run, plan, options.seconds * 1e6)
  const troubles = run.hand.choices.length
  if (!run.isOver && options.heals !== false) recover(run, plan.leaveBroken)
  if (!run.isOver) run.end()
  return { ...run.result(), seed, plan, troubles }
}

/** Clients work, things break. */
function trouble(run: Run, plan: SwarmPlan, us: number): void {
  const { sim, hand, lookout, quorum } = run
  const parts = { plan, sim, hand, lookout, voters: quorum.voters, expendable: expendableIn(run.config, run) }
  const chaos = new Chaos(parts)
  for (const { connect, workload } of plan.clients)
    hand.act({ kind: 'openClient', connect: connect.map((sid) => `zk${sid}:2181`).join(','), workload })
  while (sim.edgeUs < us && !run.isOver) {
    const { turns } = lookout
    run.runTo(Math.min(chaos.nextUs, us), () => lookout.turns !== turns)
    if (lookout.turns !== turns) chaos.hasten()
    if (chaos.nextUs <= sim.edgeUs) chaos.step()
  }
}

/** Voters whose disks may all be lost and still leave a quorum. */
function expendableIn(config: RunConfig, { quorum }: Run): number[] {
  const expendable: number[] = []
  for (const sid of shuffled(generator(config.seed, 'budget'), quorum.voters)) {
    const left = quorum.voters.filter((voter) => voter !== sid && !expendable.includes(voter))
    if (quorum.containsQuorum(new Set(left))) expendable.push(sid)
  }
  return expendable
}
