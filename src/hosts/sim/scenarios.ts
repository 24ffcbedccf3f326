/** From the name of a run to what is to be done in it. The run is made once, as fast as it goes, to learn what its dice or
 *  its script do, and when; with that it can be made again at any pace. */
import type { RunConfig } from '../ensemble.ts'
import type { PreparedRun, Scenario } from '../scenario.ts'
import { exhibits } from './exhibits.ts'
import { judges as checkers } from './judges.ts'
import { runSchedule } from './replay.ts'
import type { RunOptions, RunResult } from './run.ts'
import { runSeed, type SeedOptions } from './run-seed.ts'
import { parseSchedule } from './schedule.ts'
import { range, type SwarmPlan } from './swarm.ts'

/** @throws Error with a sentence where there is no such run. */
export function prepare(scenario: Scenario): PreparedRun {
  return preparedOf(
    scenario.kind === 'seed' ? runSeed(scenario.seed, seedOptions(scenario)) : runExhibit(scenario.name),
  )
}

/** Exactly as the runner does it where there is no `like`. */
export function seedOptions({
  seconds,
  like,
}: Pick<Extract<Scenario, { kind: 'seed' }>, 'seconds' | 'like'>): SeedOptions {
  return { seconds, checkers, ...(like === undefined ? {} : { shape: (plan: SwarmPlan) => withEnsemble(plan, like) }) }
}

/** Findings do not end it: what they lead to is what is to be seen. */
export function runExhibit(name: string, options: RunOptions = {}): RunResult {
  const exhibit = exhibits.find((each) => each.name === name)
  if (exhibit === undefined) throw new Error(`the museum has no "${name}"`)
  return runSchedule(parseSchedule(exhibit.schedule), { checkers, goOn: true, ...options })
}

const preparedOf = ({ config, choices, virtualUs, hash }: RunResult): PreparedRun => ({
  config,
  choices,
  endUs: virtualUs,
  hash,
})

/** The seed's troubles and clients for an ensemble that is given. What makes rare things less rare stays drawn. */
function withEnsemble(plan: SwarmPlan, like: RunConfig): SwarmPlan {
  const { seed, snapCount, wallStartMs, knobs } = plan.config
  const config: RunConfig = {
    ...like,
    seed,
    snapCount,
    wallStartMs,
    knobs: { ...like.knobs, ...(knobs?.commitLogCount === undefined ? {} : { commitLogCount: knobs.commitLogCount }) },
    autostart: range(1, like.servers),
    witness: 'disk',
  }
  const clients = plan.clients.map((client) => {
    const connect = client.connect.filter((sid) => sid <= like.servers)
    return { ...client, connect: connect.length === 0 ? config.autostart : connect }
  })
  return { ...plan, config, clients }
}
