/** One seed after the other, and what is kept of each. */
import type { TraceEvent } from '../../src/core/trace.ts'
import { judges as judgesOfRun } from '../../src/hosts/sim/judges.ts'
import type { RunOptions } from '../../src/hosts/sim/run.ts'
import { runSeed, type SeedResult } from '../../src/hosts/sim/run-seed.ts'
import type { Family } from '../../src/hosts/sim/swarm.ts'
import { sentenceOf } from './report.ts'

/** What holds for all seeds of a hunt. Plain data. */
export interface Terms {
  readonly seconds: number
  readonly families: readonly Family[] | undefined
  readonly servers?: number | undefined
  readonly threads?: number
  readonly bare: boolean
  readonly show: string | undefined
}

/** What is kept of a seed; plain data. */
export interface Summary {
  readonly seed: number
  readonly hash: string
  readonly events: number
  readonly virtualUs: number
  readonly cpuMs: number
  readonly marks: readonly string[]
  /** Kinds of what was done to it. */
  readonly deeds: readonly string[]
  readonly findings: readonly { readonly property: string; readonly sentence: string; readonly atUs: number }[]
  readonly lastEvents: readonly string[]
}

/** Each hundredth seed is run twice. */
const SAMPLE = 100

export const judges = ({ bare }: Terms): NonNullable<RunOptions['checkers']> => (bare ? () => [] : judgesOfRun)

export const drawn = (seed: number, terms: Terms): SeedResult => {
  const { seconds, families, servers, show } = terms
  return runSeed(seed, {
    seconds,
    checkers: judges(terms),
    given: { families, servers },
    ...(show === undefined ? {} : { full: true, onTrace: shower(show) }),
  })
}

export function runOne(seed: number, terms: Terms): Summary {
  // Decoders throw whenever a frame is not whole yet, and nobody looks at those stacks.
  Error.stackTraceLimit = terms.show === undefined ? 0 : 10
  const before = process.cpuUsage()
  const result = drawnSafely(seed, terms)
  const used = process.cpuUsage(before)
  // The process's, which all threads use alike.
  const cpuMs = (used.user + used.system) / 1000 / (terms.threads ?? 1)
  if (typeof result === 'string') {
    const findings = [{ property: 'host', sentence: result, atUs: 0 }]
    return { seed, hash: '', events: 0, virtualUs: 0, cpuMs, marks: [], deeds: [], findings, lastEvents: [] }
  }
  const { hash, events, virtualUs, marks, choices, lastEvents } = result
  const deeds = [...new Set(choices.map(({ action }) => action.kind))]
  const findings = result.findings.map(({ property, sentence, event }) => ({ property, sentence, atUs: event.at }))
  if (seed % SAMPLE === 0) {
    const again = drawn(seed, terms).hash
    if (again !== hash)
      findings.push({ property: 'R-1', sentence: `a second run gave ${again}, the first ${hash}`, atUs: 0 })
  }
  const shown = findings.length === 0 ? [] : lastEvents.map(sentenceOf)
  return { seed, hash, events, virtualUs, cpuMs, marks, deeds, findings, lastEvents: shown }
}

/** What the simulator itself throws is a finding, too. */
function drawnSafely(seed: number, terms: Terms): SeedResult | string {
  try {
    return drawn(seed, terms)
  } catch (error) {
    return `the simulator threw: ${String(error)}`
  }
}

/** Prints what matches. */
export function shower(pattern: string): (events: readonly TraceEvent[]) => void {
  const wanted = new RegExp(pattern)
  return (events) => {
    for (const event of events) {
      const line = sentenceOf(event)
      if (wanted.test(line)) console.log(line)
    }
  }
}
