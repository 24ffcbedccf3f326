/** In a thread of its own: runs seeds of a mutant until one of the properties that are expected to notice it is broken. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Knobs, RunConfig } from '../../src/hosts/ensemble.ts'
import { judges } from '../../src/hosts/sim/judges.ts'
import { runSeed, type SeedResult } from '../../src/hosts/sim/run-seed.ts'
import { type Family, range, type SwarmPlan } from '../../src/hosts/sim/swarm.ts'

/** What is not left to the dice. */
export interface Shape {
  readonly families?: readonly Family[]
  /** `servers`: all of them voters, unless `observers` says so. */
  readonly config?: Partial<RunConfig>
  readonly knobs?: Knobs
  /** By name, how often; the others as drawn. */
  readonly deeds?: { readonly [deed: string]: number }
  readonly faultEveryMs?: number
  readonly lastsMs?: number
}

/** Plain data. */
export interface KillTask {
  readonly seeds: readonly number[]
  /** Virtual seconds of trouble. */
  readonly seconds: number
  /** Empty: all of the seeds are run, each to its first finding. */
  readonly expect: readonly string[]
  readonly shape?: Shape
  /** The troubles are followed by the healing. */
  readonly heals: boolean
}

/** Of one seed; plain data. */
export interface KillAttempt {
  readonly seed: number
  /** Distinct, in the order in which they were broken. */
  readonly broken: readonly string[]
  /** Of the expected property, or of the first one. */
  readonly sentence: string | undefined
  readonly atUs: number
  readonly killed: boolean
  /** Of real time. */
  readonly tookMs: number
}

/** A run goes on behind so many other properties. */
const OTHERS = 4

if (parentPort !== null && workerData !== null) {
  // Decoders throw whenever a frame is not whole yet, and nobody looks at those stacks.
  Error.stackTraceLimit = 0
  const task = workerData as KillTask
  for (const seed of task.seeds) {
    const attempt = tryToKill(seed, task)
    parentPort.postMessage(attempt)
    if (attempt.killed) break
  }
}

function tryToKill(seed: number, { seconds, expect, shape, heals }: KillTask): KillAttempt {
  const startMs = performance.now()
  const run = (): SeedResult => {
    const others = new Set<string>()
    return runSeed(seed, {
      seconds,
      heals,
      checkers: (config, sim) =>
        judges(config, sim, { histories: expect.includes('O-3'), cuts: expect.includes('O-1') }),
      goOn: ({ property }) => {
        if (expect.includes(property)) return false
        others.add(property)
        return expect.length > 0 && others.size <= OTHERS && property !== 'crash'
      },
      ...(shape === undefined ? {} : { shape: (plan) => shaped(plan, shape) }),
    })
  }
  const { findings, hash } = run()
  const again = expect.includes('R-1') ? run().hash : hash
  const expected = findings.find(({ property }) => expect.includes(property))
  const told = expected ?? findings[0]
  const broken = [...new Set(findings.map(({ property }) => property))]
  if (again !== hash) broken.push('R-1')
  return {
    seed,
    broken,
    sentence: again === hash ? told?.sentence : `a second run gave ${again}, the first ${hash}`,
    atUs: told?.event.at ?? 0,
    killed: broken.some((property) => expect.includes(property)),
    tookMs: performance.now() - startMs,
  }
}

function shaped(plan: SwarmPlan, { families, config, knobs, deeds, faultEveryMs, lastsMs }: Shape): SwarmPlan {
  const { observers: _, hierarchy: __, ...rest } = plan.config
  const servers = config?.servers
  const members = servers === undefined ? plan.config : { ...rest, autostart: range(1, servers) }
  return {
    ...plan,
    config: { ...members, ...config, knobs: { ...plan.config.knobs, ...knobs } },
    families: families ?? plan.families,
    clients: plan.clients.map(({ connect, workload }) => ({
      connect: servers === undefined ? connect : range(1, servers),
      workload: { ...workload, deeds: { ...workload.deeds, ...deeds } },
    })),
    faultEveryUs: faultEveryMs === undefined ? plan.faultEveryUs : faultEveryMs * 1000,
    lastsUs: lastsMs === undefined ? plan.lastsUs : lastsMs * 1000,
  }
}
