import { describe, expect, it } from 'vitest'
import { properties } from '../../src/check/properties.ts'
import { BUDGET, hunt, huntSound } from './hunt.mjs'
import { mutants } from './mutants.mjs'

/** A mutant takes seconds; a machine that is busy, longer. */
const LIMIT_MS = 240_000

/** What no mutant can break in the simulator, and why. */
const OUT_OF_REACH: { readonly [id: string]: string } = {
  'C-10': 'no client of the swarm is content with a read-only server',
  'O-4': 'not judged',
  'R-4': 'the page judges it',
  'T-9': 'there is one engine',
  'T-10': 'no client of the swarm sets a quota',
  'W-7': 'a watch that outlived its connection would be told to nobody',
}

describe('A deliberate bug', () => {
  for (const mutant of mutants)
    it.concurrent(
      `breaks ${mutant.expect[0]}: ${mutant.says}`,
      async () => {
        const { attempts, killedBy, error } = await hunt(mutant)
        expect(error).toBeUndefined()
        expect(killedBy?.sentence, `not noticed in ${attempts.length} of ${mutant.seeds ?? BUDGET} seeds`).toBeDefined()
      },
      LIMIT_MS,
    )
})

describe('Without a bug', () => {
  it.concurrent(
    'nothing is found by the seeds that find the bugs',
    async () => {
      const found = await Promise.all(mutants.map(async (mutant) => ({ mutant, ...(await huntSound(mutant)) })))
      const alarms = found.flatMap(({ mutant, attempts, error }) =>
        attempts
          .filter(({ broken }) => broken.length > 0)
          .map(({ seed, broken, sentence }) => `${mutant.name}, seed ${seed}: ${broken} ${sentence}`)
          .concat(error ?? []),
      )
      expect(alarms).toEqual([])
    },
    2 * LIMIT_MS,
  )
})

describe('The table of mutants', () => {
  it('has one for each property that the simulator can break', () => {
    const expected = new Set<string>(mutants.flatMap((mutant) => mutant.expect))
    const missing = properties.map(({ id }) => id).filter((id) => !expected.has(id) && !(id in OUT_OF_REACH))
    expect(missing).toEqual([])
  })

  it('has bugs that real servers have had', () => {
    expect(new Set(mutants.flatMap(({ bug }) => bug ?? [])).size).toBeGreaterThanOrEqual(12)
  })
})
