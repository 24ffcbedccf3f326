/** Makes a failing schedule small: leaves things out, one after the other, as long as the same property is broken
 *  (fault-model §9). Whatever is left out, what remains is a valid run. */
import type { Schedule, Step } from './schedule.ts'

/** The property that a run of this schedule breaks first; undefined for none. */
export type Trial = (schedule: Schedule) => string | undefined

export interface ShrinkOptions {
  readonly trial: Trial
  /** Asked before each trial. */
  readonly hasTime: () => boolean
  readonly onSmaller?: (schedule: Schedule, what: string) => void
}

export function shrink(failing: Schedule, options: ShrinkOptions): Schedule {
  const property = failing.breaks ?? options.trial(failing)
  if (property === undefined) return failing
  const shrinking = new Shrinking({ ...failing, breaks: property }, options)
  for (const pass of passes) pass(shrinking)
  // What was needed before may be in the way now.
  leaveOutSteps(shrinking)
  return shrinking.best
}

class Shrinking {
  best: Schedule
  readonly #options: ShrinkOptions

  constructor(failing: Schedule, options: ShrinkOptions) {
    this.best = failing
    this.#options = options
  }

  /** Keeps the candidate if it breaks the same property. */
  accepts(candidate: Schedule, what: string): boolean {
    if (!this.#options.hasTime()) return false
    if (this.#options.trial(candidate) !== this.best.breaks) return false
    this.best = candidate
    this.#options.onSmaller?.(candidate, what)
    return true
  }

  withScript(script: readonly Step[], what: string): boolean {
    return this.accepts({ ...this.best, script: [...script] }, what)
  }
}

type Pass = (shrinking: Shrinking) => void

const isClient = ({ do: deed }: Step): boolean => deed.kind === 'openClient' || deed.kind === 'client'

/** What happens after the failure is of no use; where it is the healing that fails, it has to stay. */
const endEarly: Pass = (shrinking) => {
  const { script } = shrinking.best
  shrinking.withScript(
    script.filter(({ do: deed }) => deed.kind !== 'mode'),
    'without the healing',
  )
  halve(shrinking, (kept) => shrinking.best.script.slice(0, kept))
}

/** Tries ever shorter beginnings. */
function halve(shrinking: Shrinking, beginning: (kept: number) => Step[]): void {
  const last = shrinking.best.script.at(-1)
  const tail = last?.do.kind === 'mode' ? [last] : []
  let low = 0
  let high = shrinking.best.script.length - tail.length
  while (low < high) {
    const middle = (low + high) >> 1
    const until = shrinking.best.script[middle]?.at
    const stop: Step[] = tail.length > 0 || until === undefined ? [] : [{ at: until + 5, do: { kind: 'stop' } }]
    if (shrinking.withScript([...beginning(middle), ...stop, ...tail], `the first ${middle} steps`)) high = middle
    else low = middle + 1
  }
}

/** Clients go one by one; first they only do nothing, so that the others keep their numbers. */
const leaveOutClients: Pass = (shrinking) => {
  for (const step of shrinking.best.script.filter(isClient)) {
    const quiet = (each: Step): Step =>
      each.do === step.do && each.do.kind === 'openClient' && each.do.workload
        ? { ...each, do: { ...each.do, workload: { ...each.do.workload, untilUs: 1 } } }
        : each
    if (!shrinking.withScript(shrinking.best.script.map(quiet), 'a client less')) continue
    const gone = (each: Step): boolean =>
      each.do.kind === 'openClient' && each.at === step.at && each.do.workload?.untilUs === 1
    shrinking.withScript(
      shrinking.best.script.filter((each) => !gone(each)),
      'a client less',
    )
  }
}

/** All faults of a kind at once. */
const leaveOutKinds: Pass = (shrinking) => {
  const kinds = new Set(shrinking.best.script.map(({ do: deed }) => deed.kind))
  for (const kind of kinds) {
    if (kind === 'openClient' || kind === 'client' || kind === 'mode') continue
    shrinking.withScript(
      shrinking.best.script.filter(({ do: deed }) => deed.kind !== kind),
      `without ${kind}`,
    )
  }
}

/** The last servers, as long as three are left. */
const leaveOutServers: Pass = (shrinking) => {
  for (;;) {
    const { cluster, script } = shrinking.best
    if (cluster.servers <= 1) return
    const gone = cluster.servers
    const { hierarchy: _, ...rest } = cluster
    const smaller: Schedule = {
      ...shrinking.best,
      cluster: {
        ...rest,
        servers: gone - 1,
        autostart: cluster.autostart.filter((sid) => sid !== gone),
        ...(cluster.observers ? { observers: cluster.observers.filter((sid) => sid !== gone) } : {}),
      },
      script: script.filter(({ do: deed }) => !concerns(deed, gone)),
    }
    if (!shrinking.accepts(smaller, `${gone - 1} servers`)) return
  }
}

function concerns(deed: Step['do'], sid: number): boolean {
  if (deed.kind === 'start') return deed.sid === sid
  if (deed.kind === 'reset') return deed.a === sid || deed.b === sid
  return 'station' in deed && deed.station === sid
}

/** Delta debugging: ever smaller parts of the script, as long as some can go. */
const leaveOutSteps: Pass = (shrinking) => {
  let size = Math.ceil(shrinking.best.script.length / 2)
  while (size >= 1) {
    let from = 0
    while (from < shrinking.best.script.length) {
      const { script } = shrinking.best
      const kept = script.filter((step, at) => at < from || at >= from + size || step.do.kind === 'mode')
      if (kept.length === script.length || !shrinking.withScript(kept, `${kept.length} steps`)) from += size
    }
    size = size === 1 ? 0 : Math.ceil(size / 2)
  }
}

/** Clients stop early. */
const leaveOutDeeds: Pass = (shrinking) => {
  for (const [index, step] of shrinking.best.script.entries()) {
    const lastAt = shrinking.best.script.at(-1)?.at ?? 100
    let low = step.at ?? 0
    let high = lastAt
    for (let n = 0; n < 8 && high - low > 0.5; n++) {
      const middle = (low + high) / 2
      const until = Math.round(middle * 1e6)
      const shortened = shrinking.best.script.map((each, at) =>
        at === index && each.do.kind === 'openClient' && each.do.workload
          ? { ...each, do: { ...each.do, workload: { ...each.do.workload, untilUs: Math.max(1, until) } } }
          : each,
      )
      if (step.do.kind === 'openClient' && shrinking.withScript(shortened, 'a client stops earlier')) high = middle
      else low = middle
    }
  }
}

/** Delays of one length, and settings as they are by default. */
const simplify: Pass = (shrinking) => {
  const { cluster } = shrinking.best
  const { latencyUs, diskSyncUs } = cluster
  const changes: readonly Partial<Schedule['cluster']>[] = [
    { latencyUs: { min: latencyUs.min, max: latencyUs.min } },
    { diskSyncUs: { min: diskSyncUs.min, max: diskSyncUs.min } },
    { snapCount: 100_000 },
    { knobs: undefined },
    { hierarchy: undefined },
  ]
  for (const change of changes) {
    const changed = Object.entries({ ...shrinking.best.cluster, ...change }).filter(([, value]) => value !== undefined)
    const simpler = Object.fromEntries(changed) as unknown as Schedule['cluster']
    shrinking.accepts({ ...shrinking.best, cluster: simpler }, Object.keys(change).join())
  }
}

const passes: readonly Pass[] = [
  endEarly,
  leaveOutClients,
  leaveOutKinds,
  leaveOutServers,
  leaveOutSteps,
  leaveOutDeeds,
  simplify,
]
