import { describe, expect, test } from 'vitest'
import { DiskError } from '../../../src/core/host.ts'
import { StorageError } from '../../../src/core/storage/storage-error.ts'
import { DataTree } from '../../../src/core/tree/data-tree.ts'
import type { Zxid } from '../../../src/core/wire/ids.ts'
import { Reader } from '../../../src/core/wire/jute.ts'
import type { MemoryDisk } from '../memory-disk.ts'
import { commit, created, eventsOf, namesOf, open, type Rig, range, started, write } from './rig.ts'

/** Three log files, a snapshot in the midst of the second and one in the midst of the third; all durable. */
function filled(zxids: bigint[][], snapshotsAfter: bigint[]): MemoryDisk {
  let rig = started()
  rig.database.epochs.setAccepted(9, () => {})
  for (const file of zxids) {
    for (const zxid of file) {
      commit(rig, zxid)
      if (snapshotsAfter.includes(zxid)) rig.database.takeSnapshot()
    }
    rig.disk.settle()
    rig = started(rig.disk.killed())
  }
  return rig.disk.killed()
}

const OLD = [range(1n, 3n), range(4n, 6n), range(7n, 9n)]
const old = (): MemoryDisk => filled(OLD, [5n, 8n])
const files = ({ disk }: Rig): string[] =>
  disk.list('version-2').filter((name) => /^(log|snapshot|installing)/.test(name))

/** What recovery finds after a power cut at every point of `act` and with every part of what was not synced lost. */
function everyPowerCut(disk: MemoryDisk, act: (rig: Rig) => void): Map<string, number> {
  const outcomes = new Map<string, number>()
  for (let steps = 0; ; steps++) {
    const rig = started(disk.killed())
    act(rig)
    for (let step = 0; step < steps; step++) rig.disk.step()
    const count = rig.disk.unsynced
    expect(count).toBeLessThan(11)
    for (let mask = 0; mask < 1 << count; mask++) {
      const again = started(rig.disk.afterPowerCut((index) => (mask & (1 << index)) !== 0))
      const outcome = created(again).join(' ')
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      // Whatever was found, the next start finds the same.
      expect(created(started(again.disk.killed())).join(' ')).toBe(outcome)
    }
    if (rig.disk.pending === 0) return outcomes
  }
}

const NEW = 0x900000001n

describe('TRUNC', () => {
  test.each(range(1n, 9n))('to %i takes away exactly what is newer, in memory and on disk', (zxid) => {
    const rig = started(old())
    expect(rig.database.truncate(zxid as Zxid)).toEqual({ ok: true })
    expect(created(rig)).toEqual(namesOf(range(1n, zxid)))
    expect(rig.database.lastLoggedZxid).toBe(zxid)
    expect(rig.database.tree.lastProcessedZxid).toBe(zxid)
    expect(rig.database.committedLog.max ?? zxid).toBe(zxid)
    commit(rig, NEW)
    rig.disk.settle()
    const again = started(rig.disk.afterPowerCut(() => false))
    expect(created(again)).toEqual([...namesOf(range(1n, zxid)), ...namesOf([NEW])])
    expect(eventsOf(again, 'recovered')[0]).toMatchObject({ zxid: NEW, tornTail: false })
    expect(
      files(rig).filter((name) => name.startsWith('snapshot') && Number.parseInt(name.slice(9), 16) > zxid),
    ).toEqual([])
  })

  test('tells the tree and the files that are gone', () => {
    const rig = started(old())
    rig.database.truncate(2n as Zxid)
    rig.disk.settle()
    expect(eventsOf(rig, 'treeLoaded').at(-1)).toMatchObject({ zxid: 2n, logTail: [1n, 2n] })
    expect(eventsOf(rig, 'fileRemoved').map(({ file, why }) => `${file} ${why}`)).toEqual([
      'snapshot.5 truncated',
      'snapshot.8 truncated',
      'log.7 truncated',
      'log.4 truncated',
    ])
  })

  test('writes nothing new before what it cut is gone for good', () => {
    const rig = started(old())
    rig.database.truncate(5n as Zxid)
    const said: string[] = []
    write(rig, [NEW], () => said.push('written'))
    rig.database.sync(() => said.push('synced'))
    expect(files(rig)).not.toContain('log.900000001')
    while (!files(rig).includes('log.900000001')) {
      expect(said).toEqual([])
      expect(rig.disk.step()).toBe(true)
    }
    expect(created(started(rig.disk.afterPowerCut(() => false)))).toEqual(namesOf(range(1n, 5n)))
    rig.disk.settle()
    expect(said).toEqual(['written', 'synced'])
  })

  test.each([0n, 2n, 3n, 5n, 6n, 8n])(
    'to %i leaves the old history or the new one, whenever the power goes',
    (zxid) => {
      const cut = namesOf(range(1n, zxid))
      const outcomes = everyPowerCut(old(), (rig) => {
        expect(rig.database.truncate(zxid as Zxid)).toEqual({ ok: true })
        write(rig, [NEW])
      })
      // In between there may be less of the old history, but never a hole in it.
      const allowed = new Set([
        ...range(zxid, 9n).map((last) => namesOf(range(1n, last)).join(' ')),
        [...cut, ...namesOf([NEW])].join(' '),
      ])
      for (const outcome of outcomes.keys()) expect(allowed).toContain(outcome)
      expect(outcomes.has([...cut, ...namesOf([NEW])].join(' '))).toBe(true)
      expect(outcomes.has(namesOf(range(1n, 9n)).join(' '))).toBe(true)
    },
  )

  test('may come before the first sync of this life is complete', () => {
    const rig = open(old())
    expect(rig.database.load()).toEqual({ ok: true })
    expect(rig.database.truncate(5n as Zxid)).toEqual({ ok: true })
    write(rig, [NEW])
    rig.disk.settle()
    expect(created(started(rig.disk.afterPowerCut(() => false)))).toEqual([
      ...namesOf(range(1n, 5n)),
      ...namesOf([NEW]),
    ])
  })

  test('to a zxid that is not in the log is refused and changes nothing', () => {
    const disk = filled([range(1n, 3n), [0x100000001n]], [])
    const rig = started(disk)
    expect(rig.database.truncate(5n as Zxid)).toEqual({
      ok: false,
      error: new StorageError('0x5 is not in the log, which has 0x3'),
    })
    rig.disk.settle()
    expect(created(rig)).toEqual(namesOf([...range(1n, 3n), 0x100000001n]))
    expect(created(started(rig.disk.killed()))).toEqual(created(rig))
  })

  test('without log files is refused', () => {
    const result = started().database.truncate(0n as Zxid)
    expect(result.ok ? '' : result.error.reason).toMatch(/^No log files found to truncate!/)
  })

  test('on a disk that fails stops the server', () => {
    const rig = started(old())
    rig.disk.fault = (call) => (call.startsWith('truncate') ? new DiskError('io', 'broken') : undefined)
    const said: unknown[] = []
    rig.database.truncate(5n as Zxid)
    rig.database.sync((error) => said.push(error?.code))
    rig.disk.settle()
    expect(rig.fatal.map(({ code }) => code)).toEqual(['io'])
    expect(said).toEqual(['io'])
  })
})

/** The tree of a leader that has made these. */
function leaderWith(zxids: bigint[]): { stream: Uint8Array; names: string[]; digest: bigint } {
  const leader = started()
  commit(leader, ...zxids)
  return { stream: leader.database.snapshotStream(), names: namesOf(zxids), digest: leader.database.tree.digest }
}

describe('SNAP', () => {
  const cases: { why: string; disk: () => MemoryDisk; leader: bigint[] }[] = [
    { why: 'is newer than all that is here', disk: old, leader: [1n, 2n, 0x200000001n, 0x200000002n] },
    {
      why: 'is older than a tail that was never committed (ZOOKEEPER-2832)',
      disk: () => filled([range(1n, 3n), range(0x200000001n, 0x200000002n)], [3n]),
      leader: [1n, 2n, 3n, 4n, 5n],
    },
    {
      why: 'is older than a snapshot here',
      disk: () => filled([range(1n, 3n), range(0x200000001n, 0x200000002n)], [0x200000001n]),
      leader: [1n, 2n, 3n, 4n, 5n],
    },
    {
      why: 'has the name of a snapshot here',
      disk: () => filled([[...range(1n, 3n), 0x200000001n]], [0x200000001n]),
      leader: [1n, 2n, 0x200000001n],
    },
    { why: 'comes to a new server', disk: () => filled([], []), leader: range(1n, 4n) },
  ]
  for (const { why, disk, leader } of cases) {
    const { stream, names, digest } = leaderWith(leader)
    const zxid = leader.at(-1) as Zxid
    const install = (rig: Rig): void => {
      rig.database.installSnapshot(DataTree.deserialize(new Reader(stream)), zxid)
    }

    describe(`that ${why}`, () => {
      test('takes the place of everything', () => {
        const rig = started(disk())
        install(rig)
        expect(created(rig)).toEqual(names)
        expect(rig.database.tree.digest).toBe(digest)
        expect([rig.database.lastLoggedZxid, rig.database.tree.lastProcessedZxid]).toEqual([zxid, zxid])
        expect(rig.database.committedLog.entries()).toEqual([])
        commit(rig, NEW)
        rig.disk.settle()
        expect(files(rig)).toEqual(['log.900000001', `snapshot.${zxid.toString(16)}`])
        expect(created(started(rig.disk.afterPowerCut(() => false)))).toEqual([...names, ...namesOf([NEW])])
        expect(eventsOf(rig, 'treeLoaded').at(-1)).toMatchObject({ zxid, logTail: [] })
      })

      test('leaves the old history or the new one, whenever the power goes', () => {
        const before = created(started(disk())).join(' ')
        const after = names.join(' ')
        const outcomes = everyPowerCut(disk(), (rig) => {
          install(rig)
          write(rig, [NEW])
        })
        expect(new Set(outcomes.keys())).toEqual(new Set([before, after, `${after} ${namesOf([NEW])[0]}`]))
      })

      test('is durable when sync says so', () => {
        const rig = started(disk())
        install(rig)
        let synced = false
        rig.database.sync(() => {
          synced = true
          expect(created(started(rig.disk.afterPowerCut(() => false)))).toEqual(names)
        })
        expect(synced).toBe(false)
        rig.disk.settle()
        expect(synced).toBe(true)
      })
    })
  }

  test('is all that is left afterwards: when it is damaged the server does not fall back to its old history', () => {
    const rig = started(old())
    const { stream } = leaderWith([0x200000001n])
    rig.database.installSnapshot(DataTree.deserialize(new Reader(stream)), 0x200000001n as Zxid)
    rig.disk.settle()
    const disk = rig.disk.killed()
    disk.files.set('version-2/snapshot.200000001', new Uint8Array(50))
    const result = open(disk).database.load()
    expect(result.ok ? undefined : result.error.file).toBe('snapshot.200000001')
  })
})
