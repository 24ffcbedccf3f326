/** Seeds of the full mix, as `npm run simulate` runs thousands, in the same bundle. */
import { Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, it } from 'vitest'
import { allMarks } from '../../src/hosts/sim/marks.ts'
import { runSeed } from '../../src/hosts/sim/run-seed.ts'
import { FAMILIES } from '../../src/hosts/sim/swarm.ts'
import { bundle } from './bundle.mjs'
import { plainText } from './report.ts'
import { drawn, type Summary } from './seeds.ts'

const SEEDS = 300
const TERMS = { seconds: 20, families: undefined, bare: false, show: undefined }
const LIMIT_MS = 900_000

describe('seeds', () => {
  const summaries: Summary[] = []
  beforeAll(async () => {
    const seeds = Array.from({ length: SEEDS }, (_, n) => n + 1)
    const worker = new Worker(new URL(await bundle(undefined)), { workerData: { seeds, terms: TERMS }, execArgv: [] })
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (summary: Summary) => summaries.push(summary))
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  }, LIMIT_MS)

  it(`${SEEDS} break nothing that must hold, and a healed core serves in time`, () => {
    const found = summaries.flatMap(({ seed, findings }) =>
      findings.map(({ property, sentence }) => `seed ${seed}: ${property}: ${sentence}`),
    )
    expect(found).toEqual([])
    expect(summaries.length).toBe(SEEDS)
  })

  it('have been through most of what is dangerous, and have broken everything in every way', () => {
    const marks = new Set(summaries.flatMap((summary) => summary.marks))
    const deeds = new Set(summaries.flatMap((summary) => summary.deeds))
    expect(allMarks.filter((mark) => !marks.has(mark)).length).toBeLessThan(allMarks.length / 10)
    for (const kind of ['kill', 'crashAt', 'powerCut', 'pause', 'resume', 'slow', 'disk', 'link', 'clock', 'reset'])
      expect(deeds).toContain(kind)
  })

  it('twice are the same run, whatever is told of it and whoever looks on', () => {
    const bare = runSeed(7, { seconds: 20 })
    expect(bare.hash).toBe(summaries.find(({ seed }) => seed === 7)?.hash)
    expect(bare.hash).toBe(drawn(7, TERMS).hash)
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
