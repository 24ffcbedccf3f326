/** O-1: whatever a power cut leaves of a disk, recovery makes of it a state of the history. */
import { describe, expect, test } from 'vitest'
import { EnsembleChecker } from '../../src/check/checker.ts'
import { launch } from '../../src/hosts/launch.ts'
import type { PageCache } from '../../src/hosts/page-cache.ts'
import { ShadowRecovery } from '../../src/hosts/sim/shadow-recovery.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { runConfig } from '../run-config.ts'

const SECOND = 1_000_000

/** Some writes, snapshots, a follower that is brought up to date; every change of a disk is followed by power cuts of copies.
 *  `spoil`: what is wrong with the copies. */
function judged(spoil?: (copy: PageCache) => void): EnsembleChecker {
  const config = { ...runConfig(3, { snapCount: 8 }), witness: 'disk' as const }
  const checker = new EnsembleChecker()
  const sim = new Simulation(config, {
    launch,
    record: false,
    onTrace: (events) => {
      checker.onEvents(events)
      shadow.onEvents(events)
    },
  })
  const files = (sid: number): Pick<PageCache, 'pieces' | 'fork'> => {
    const disk = sim.files(sid)
    if (spoil === undefined) return disk
    const fork = (): PageCache => {
      const copy = disk.fork()
      spoil(copy)
      return copy
    }
    return { pieces: disk.pieces, fork }
  }
  const shadow = new ShadowRecovery({ config, files } as unknown as Simulation, checker, { every: 1 })
  sim.runUntil({ kind: 'established' }, 60 * SECOND)
  const client = sim.openClient('zk1:2181,zk2:2181,zk3:2181')
  sim.type(client, 'create /a x')
  sim.kill(1)
  for (let n = 0; n < 10; n++) sim.type(client, `set /a ${n}`)
  sim.start(1)
  sim.run(5 * SECOND)
  return checker
}

describe('recovery of copies of the disks, after every change', () => {
  test('finds a state of the history', () => {
    const checker = judged()
    expect(checker.violations).toEqual([])
    expect(checker.judge('O-1').judged).toBeGreaterThan(200)
  })

  const logs = (copy: PageCache): string[] => copy.paths().filter((path) => path.includes('/log.'))
  test.each([
    [
      'a record that was safe is gone',
      (copy: PageCache) => {
        const log = logs(copy).at(-1)
        if (log !== undefined) copy.store.truncate(log, (copy.size(log) as number) - 1)
      },
    ],
    [
      'bits have flipped',
      (copy: PageCache) => {
        const log = logs(copy).at(-1)
        const bytes = log === undefined ? undefined : copy.read(log, 0, undefined)
        if (log === undefined || !(bytes instanceof Uint8Array)) return
        bytes[60] = (bytes[60] as number) ^ 1
        copy.store.replace(log, bytes)
      },
    ],
    [
      'an epoch is forgotten',
      (copy: PageCache) => void copy.store.replace('version-2/acceptedEpoch', Uint8Array.of(0x30)),
    ],
  ])('is seen to fail where %s', (_, spoil) => {
    const broken = judged(spoil).violations.map(({ property }) => property)
    expect(new Set(broken)).toEqual(new Set(['O-1']))
  })
})
