/** A few seeds of the full mix, as `npm run simulate` runs thousands. */
import { describe, expect, it } from 'vitest'
import { allMarks } from '../../src/hosts/sim/marks.ts'
import { runSeed } from '../../src/hosts/sim/run-seed.ts'
import { FAMILIES } from '../../src/hosts/sim/swarm.ts'
import { plainText } from './report.ts'
import { drawn } from './seeds.ts'

const SEEDS = 40
const SECONDS = 40
const GROUP = 8
const TERMS = { seconds: SECONDS, families: undefined, bare: false, show: undefined }

const marks = new Set<string>()
const broken = new Set<string>()

describe('seeds', () => {
  for (let first = 1; first <= SEEDS; first += GROUP)
    it(`${first} to ${first + GROUP - 1} break nothing that must hold, and a healed core serves in time`, () => {
      for (let seed = first; seed < first + GROUP; seed++) {
        const { findings, choices, marks: reached } = drawn(seed, TERMS)
        expect(findings.map(({ property, sentence }) => `seed ${seed}: ${property}: ${sentence}`)).toEqual([])
        for (const mark of reached) marks.add(mark)
        for (const { action } of choices) broken.add(action.kind)
      }
    }, 300_000)

  it('have been through most of what is dangerous, and have broken everything in every way', () => {
    expect(allMarks.filter((mark) => !marks.has(mark)).length).toBeLessThan(allMarks.length / 4)
    for (const kind of ['kill', 'crashAt', 'powerCut', 'pause', 'resume', 'slow', 'disk', 'link', 'clock', 'reset'])
      expect(broken).toContain(kind)
  })

  it('twice are the same run, whatever is told of it and whoever looks on', () => {
    const bare = runSeed(7, { seconds: 20 })
    expect(bare.hash).toBe(drawn(7, { ...TERMS, seconds: 20 }).hash)
    expect(bare.hash).toBe(runSeed(7, { seconds: 20, full: true }).hash)
    expect(bare.hash).not.toBe(runSeed(8, { seconds: 20 }).hash)
  })

  it('with one family of faults alone have no others', () => {
    for (const family of FAMILIES) {
      const { plan } = runSeed(3, { seconds: 2, given: { families: [family], servers: 3 } })
      expect(plan.families).toEqual([family])
      expect(plan.config.servers).toBe(3)
    }
  })

  it('without any fault halt nobody, elect once, and lose no message of a session', () => {
    const kinds = new Map<string, number>()
    const { findings } = runSeed(11, {
      seconds: 30,
      given: { families: [], servers: 3 },
      onTrace: (events) => {
        for (const { kind } of events) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      },
    })
    expect(plainText(findings)).toBe('[]')
    expect(kinds.get('established')).toBe(1)
    expect(kinds.get('halted')).toBeUndefined()
    expect(kinds.get('answered')).toBeGreaterThan(50)
  })
})
