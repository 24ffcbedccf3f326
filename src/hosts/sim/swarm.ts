/** What a seed draws before its run begins: the ensemble, the clients, and which families of faults there will be at all.
 *  Leaving things out reaches states that "everything on" never reaches (fault-model §7). */
import type { Random } from '../../core/host.ts'
import { makeZxid } from '../../core/wire/ids.ts'
import type { Knobs, RunConfig } from '../ensemble.ts'
import { generator } from '../prng.ts'
import type { WorkloadSpec } from '../process.ts'

/** Groups of faults that a run has or has not. */
export const FAMILIES = [
  'kill',
  'silentKill',
  'crashPoint',
  'powerCut',
  'pause',
  'slow',
  'slowDisk',
  'ioError',
  'fullDisk',
  'rot',
  'wipe',
  'partition',
  'partitionReset',
  'oneWay',
  'delay',
  'clog',
  'reset',
  'pieces',
  'clock',
  'clientCrash',
] as const
export type Family = (typeof FAMILIES)[number]

export interface SwarmPlan {
  readonly config: RunConfig
  readonly families: readonly Family[]
  readonly clients: readonly { readonly connect: readonly number[]; readonly workload: WorkloadSpec }[]
  /** Mean virtual time between two faults. */
  readonly faultEveryUs: number
  /** Mean time until a fault that lasts is undone. */
  readonly lastsUs: number
  /** At the end the servers outside the core stay broken. */
  readonly leaveBroken: boolean
}

const DEEDS = [
  ...['create', 'create2', 'ephemeral', 'sequential', 'delete', 'set', 'setVersion', 'get', 'exists', 'children'],
  ...[
    'sync',
    'setAcl',
    'getAcl',
    'multi',
    'multiRead',
    'addWatch',
    'removeWatches',
    'auth',
    'burst',
    'close',
    'vanish',
  ],
  ...['resume', 'twin', 'container', 'ttl', 'big'],
]
/** These make the rest worthwhile. */
const STAPLE = new Set(['create', 'delete', 'set', 'get'])
/** Once in a while. */
const RARE = new Set(['close', 'vanish', 'resume', 'twin', 'auth', 'big', 'addWatch', 'removeWatches', 'setAcl'])

/** What is not drawn but given. */
export interface Given {
  /** So many voters, and no observers. */
  readonly servers?: number | undefined
  readonly families?: readonly Family[] | undefined
}

export function drawPlan(seed: number, given: Given = {}): SwarmPlan {
  const random = generator(seed, 'swarm')
  const config = drawConfig(seed, random, given)
  const drawn = FAMILIES.filter(() => random.float() < 0.4)
  const families = given.families ?? drawn
  const clients = Array.from({ length: pick(random, [1, 2, 2, 3, 4]) }, () => drawClient(random, config))
  const faultEveryUs = logarithmic(random, 300_000, 8_000_000)
  const lastsUs = logarithmic(random, 300_000, 20_000_000)
  return { config, families, clients, faultEveryUs, lastsUs, leaveBroken: random.float() < 0.3 }
}

function drawConfig(seed: number, random: Random, given: Given): RunConfig {
  const drawn = pick(random, [1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 7])
  const voters = given.servers ?? drawn
  const observers = voters < 3 || given.servers !== undefined ? 0 : pick(random, [0, 0, 0, 0, 1, 2])
  const servers = Math.min(9, voters + observers)
  const latencyMin = logarithmic(random, 200, 5000)
  const tickTimeMs = pick(random, [200, 500, 1000, 2000, 2000])
  return {
    servers,
    seed,
    latencyUs: { min: latencyMin, max: latencyMin + logarithmic(random, 1, 20_000) },
    diskSyncUs: drawSpan(random, 100, 20_000),
    tickTimeMs,
    initLimit: random.int(5, 10),
    syncLimit: random.int(3, 6),
    wallStartMs: 1_700_000_000_000,
    snapCount: pick(random, [4, 10, 30, 100, 1000, 100_000]),
    ...(servers === 1 ? {} : drawFirstZxid(random)),
    autostart: Array.from({ length: servers }, (_, index) => index + 1),
    ...(observers > 0 ? { observers: drawObservers(random, servers, observers) } : {}),
    ...drawHierarchy(random, voters, observers),
    knobs: { ...drawKnobs(random, tickTimeMs), hastyElection: generator(seed, 'hasty').float() < 0.3 },
    witness: 'disk',
  }
}

/** Now and then the run begins where counters or epochs are about to be too large for something. */
function drawFirstZxid(random: Random): Pick<RunConfig, 'firstZxid'> {
  if (random.float() > 0.12) return {}
  const epoch = pick(random, [1, 2 ** 21 - 2, 2 ** 30])
  const counter = pick(random, [0, 1, 0xffffffff - random.int(2, 60)])
  return { firstZxid: makeZxid(epoch, counter) }
}

function drawObservers(random: Random, servers: number, count: number): number[] {
  return shuffled(random, range(1, servers))
    .slice(0, count)
    .sort((a, b) => a - b)
}

/** Rarely, and only where the sids are all voters: groups, or weights with a voter that has none. */
function drawHierarchy(random: Random, voters: number, observers: number): Pick<RunConfig, 'hierarchy'> {
  if (voters < 3 || observers > 0 || random.float() > 0.12) return {}
  const sids = range(1, voters)
  const groupCount = voters >= 6 ? 3 : 1
  const groups = Array.from({ length: groupCount }, (_, group) => sids.filter((sid) => sid % groupCount === group))
  const weights = Object.fromEntries(sids.map((sid) => [String(sid), random.int(0, 9) === 0 ? 0 : random.int(1, 3)]))
  // A group without weight does not count; without any there is no quorum at all.
  for (const group of groups) weights[String(group[0])] = Math.max(1, weights[String(group[0])] ?? 1)
  return { hierarchy: { groups, weights } }
}

function drawKnobs(random: Random, tickTimeMs: number): Knobs {
  return {
    commitLogCount: pick(random, [1, 2, 5, 20, 500, 500]),
    maxNotificationIntervalMs: pick(random, [1000, 5000, 60_000]),
    minNotificationIntervalMs: pick(random, [50, 200, 200]),
    cnxTimeoutMs: pick(random, [500, 2000, 5000]),
    extendedTypesEnabled: random.float() < 0.5,
    ...(random.float() < 0.1
      ? { localSessionsEnabled: true, localSessionsUpgradingEnabled: random.float() < 0.7 }
      : {}),
    minSessionTimeoutMs: 2 * tickTimeMs,
    maxSessionTimeoutMs: 20 * tickTimeMs,
  }
}

function drawClient(random: Random, config: RunConfig): SwarmPlan['clients'][number] {
  const all = range(1, config.servers)
  const connect = random.int(0, 2) === 0 ? shuffled(random, all).slice(0, random.int(1, all.length)) : all
  const deeds: { [deed: string]: number } = {}
  for (const deed of DEEDS) {
    const on = STAPLE.has(deed) ? random.float() < 0.85 : random.float() < 0.5
    if (on) deeds[deed] = (RARE.has(deed) ? 0.1 : 1) * (0.2 + random.float())
  }
  if (deeds.big !== undefined) deeds.big *= 0.1
  const workload: WorkloadSpec = {
    sessions: pick(random, [1, 1, 2, 3]),
    pauseMs: logarithmic(random, 150, 4000),
    outstanding: pick(random, [1, 4, 20]),
    keys: pick(random, [2, 4, 10]),
    timeoutMs: pick(random, [2, 4, 10, 20]) * config.tickTimeMs,
    deeds,
  }
  return { connect, workload }
}

function drawSpan(random: Random, from: number, to: number): { min: number; max: number } {
  const min = logarithmic(random, from, to)
  return { min, max: min + random.int(0, min * 3) }
}

/** Not from nothing. */
export const pick = <T>(random: Random, from: readonly T[]): T => from[random.int(0, from.length - 1)] as T
/** undefined from nothing. */
export const pickAny = <T>(random: Random, from: readonly T[]): T | undefined =>
  from.length === 0 ? undefined : pick(random, from)

/** Whole; each order of magnitude as likely as any other. */
export const logarithmic = (random: Random, from: number, to: number): number =>
  Math.round(from * (to / from) ** random.float())

export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items]
  for (let at = left.length - 1; at > 0; at--) {
    const other = random.int(0, at)
    const item = left[at] as T
    left[at] = left[other] as T
    left[other] = item
  }
  return left
}
