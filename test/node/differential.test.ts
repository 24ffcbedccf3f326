/** Random sequences of operations on our server and on Apache's: every client gets the same frames from both, in the same
 *  order. 3000 operations here; more with VIVARIUM_DIFFERENTIAL=100000, other sequences with VIVARIUM_DIFFERENTIAL_SEED=7. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENTS, sequence } from './differential/draw.ts'
import { play, type Step, type Target } from './differential/player.ts'
import { builtPrograms, missing, skippedFor } from './machine.ts'
import { alone, ensembleOf, type Server } from './servers.ts'

const OPERATIONS = Number(process.env.VIVARIUM_DIFFERENTIAL ?? 3000)
const SEED = Number(process.env.VIVARIUM_DIFFERENTIAL_SEED ?? 1)
const FIRST_PORT = 23500
/** Sequences between two looks at how many operations there were. */
const ROUND = 10

const skip = missing.apache.length > 0

let program: string
let folder: string
const running: Server[] = []
beforeAll(() => {
  if (skip) return
  program = builtPrograms('differential').server
  folder = mkdtempSync(join(tmpdir(), 'vivarium-differential-'))
}, 60_000)
afterAll(async () => {
  await Promise.all(running.map((server) => server.kill()))
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** Nothing happens by itself while a sequence is played: containers and TTL nodes stay. */
const PROPERTIES = ['znode.container.checkIntervalMs=100000000']
const EXTENDED = ['forceSync=no', 'extendedTypesEnabled=true']

/** Our server and theirs; in an ensemble clients are served by the first one, which follows the last one. */
async function pair(at: number, servers: number, lines: readonly string[]): Promise<readonly Target[]> {
  const targets = (['ours', 'apache'] as const).map(async (kind, side): Promise<Target> => {
    const firstPort = FIRST_PORT + at + 40 * side
    const plan = { folder: join(folder, `${at}-${kind}`), program, firstPort, lines, properties: PROPERTIES }
    const started =
      servers === 1
        ? [alone({ ...plan, kind })]
        : ensembleOf({ ...plan, kinds: Array.from({ length: servers }, () => kind) })
    running.push(...started)
    for (const server of started.toReversed()) {
      server.start()
      if (server.id === servers && servers > 1) await server.listening(firstPort + 20 + servers - 1)
    }
    const modes = await Promise.all(started.map((server) => server.serving()))
    expect(modes[0]).toBe(servers === 1 ? 'standalone' : 'follower')
    const names = [...Array(40).keys()].map((n): [string, string] => [`:${firstPort + n}`, `:port ${n}`])
    // Usage that a quota is compared with is that of the moment.
    const pipelined = !lines.includes('enforceQuota=true')
    return { port: firstPort, names, pipelined }
  })
  return Promise.all(targets)
}

describe.each([
  ['alone, quotas enforced', 0, 1, 0.5, [...EXTENDED, 'enforceQuota=true']],
  ['alone, without TTL nodes', 1, 1, 0.25, ['forceSync=no']],
  ['followers of three servers', 2, 3, 0.25, EXTENDED],
] as const)('our server and Apache’s, %s,', (_title, at, servers, share, lines) => {
  test.skipIf(skip)(
    `answer whatever clients ask with the same frames and events (seed ${SEED})${skippedFor(missing.apache)}`,
    { timeout: 120_000 + OPERATIONS * 10 },
    async () => {
      const targets = await pair(at, servers, lines)
      let operations = 0
      let answers = 0
      let roots = 0
      const property = fc.asyncProperty(sequence, async (steps) => {
        const root = `/d${String(++roots).padStart(6, '0')}`
        const heard = await Promise.all(targets.map((target) => play(target, root, CLIENTS, steps)))
        const [ours, theirs] = heard as [string[][], string[][]]
        operations += steps.length
        answers += theirs.flat().length
        if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error(told(root, steps, ours, theirs))
      })
      for (let seed = SEED; operations < OPERATIONS * share; seed += 1_000_003)
        await fc.assert(property, { numRuns: ROUND, seed, endOnFailure: process.env.VIVARIUM_NO_SHRINK !== undefined })
      expect(operations).toBeGreaterThanOrEqual(OPERATIONS * share)
      expect(answers).toBeGreaterThan(operations / 2)
      if (OPERATIONS > 3000) console.log(`${operations} operations, ${answers} frames, ${roots} sequences`)
    },
  )
})

/** The sequence and both answers. */
function told(
  root: string,
  steps: readonly Step[],
  ours: readonly (readonly string[])[],
  theirs: readonly (readonly string[])[],
): string {
  const lines = [`in ${root}:`, ...steps.map((step) => short(JSON.stringify(step)))]
  for (const [client, expected] of theirs.entries()) {
    lines.push(`client ${client} got:`)
    const got = ours[client] ?? []
    for (let n = 0; n < Math.max(got.length, expected.length); n++)
      if (got[n] === expected[n]) lines.push(`    ${short(got[n] ?? '')}`)
      else lines.push(`  < ours   ${short(got[n] ?? 'nothing')}`, `  > Apache ${short(expected[n] ?? 'nothing')}`)
  }
  return lines.join('\n')
}
const short = (line: string): string => (line.length > 300 ? `${line.slice(0, 300)}…` : line)
