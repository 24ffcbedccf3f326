/** Seeds, one after the other, and what each found. */
import type { Hunt, HuntProgress } from '../scenario.ts'
import { allMarks } from './marks.ts'
import { runSeed } from './run-seed.ts'
import { seedOptions } from './scenarios.ts'

/** Goes on as long as it is asked. */
export function* hunt({ from, seconds, like }: Hunt): Generator<HuntProgress, never> {
  const reached = new Set<string>()
  let virtualUs = 0
  for (let seeds = 1; ; seeds++) {
    const seed = from + seeds - 1
    const result = runSeed(seed, seedOptions({ seconds, like }))
    virtualUs += result.virtualUs
    const marks = result.marks.filter((mark) => !reached.has(mark)).map((mark) => ({ mark, seed }))
    for (const { mark } of marks) reached.add(mark)
    const findings = result.findings.map(({ property, sentence, event }) => ({ seed, property, sentence, event }))
    yield { seeds, virtualUs, findings, marks, allMarks: allMarks.length }
  }
}
