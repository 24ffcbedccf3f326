import { describe, expect, test } from 'vitest'
import { DiskError } from '../../../src/core/host.ts'
import { LogReader } from '../../../src/core/storage/txn-log.ts'
import { commit, created, eventsOf, namesOf, range, started, write } from './rig.ts'

const zxidsIn = (bytes: Uint8Array): bigint[] => {
  const zxids = []
  const reader = new LogReader(bytes)
  for (let record = reader.next(); record.kind === 'record'; record = reader.next()) zxids.push(record.zxid)
  return zxids
}

describe('the writer', () => {
  test('appends at once and says that a txn is durable only after a sync', () => {
    const rig = started()
    const done: bigint[] = []
    write(rig, [1n], (zxid) => done.push(zxid))
    expect(zxidsIn(rig.disk.files.get('version-2/log.1') as Uint8Array)).toEqual([1n])
    expect(eventsOf(rig, 'logged')).toEqual([{ kind: 'logged', zxid: 1n, file: 'log.1', offset: 16, sizeBytes: 91 }])
    expect(done).toEqual([])
    expect(eventsOf(rig, 'durable')).toEqual([])
    rig.disk.step()
    expect(done).toEqual([1n])
    expect(eventsOf(rig, 'durable')).toEqual([{ kind: 'durable', zxid: 1n }])
  })

  test('has one sync under way at a time; the next one covers all that came meanwhile', () => {
    const rig = started()
    const done: bigint[] = []
    write(rig, [1n, 2n, 3n], (zxid) => done.push(zxid))
    expect(rig.disk.pending).toBe(1)
    rig.disk.step()
    expect(done).toEqual([1n])
    expect(rig.disk.pending).toBe(1)
    rig.disk.step()
    expect(done).toEqual([1n, 2n, 3n])
    expect(rig.disk.pending).toBe(0)
    expect(eventsOf(rig, 'durable').map(({ zxid }) => zxid)).toEqual([1n, 3n])
  })

  test('calls onFlush behind the answers of a sync, and one sync covers what they have written', () => {
    const rig = started()
    const said: string[] = []
    rig.database.writer.onFlush = () => said.push('flush')
    write(rig, [1n], () => {
      said.push('1')
      write(rig, [2n, 3n], (zxid) => said.push(String(zxid)))
    })
    rig.disk.step()
    expect(said).toEqual(['1', 'flush'])
    expect(rig.disk.pending).toBe(1)
    rig.disk.step()
    expect(said).toEqual(['1', 'flush', '2', '3', 'flush'])
  })

  test('says nothing to a role that is over, and keeps what it wrote', () => {
    const rig = started()
    const done: bigint[] = []
    rig.database.writer.onFlush = () => done.push(-1n)
    write(rig, [1n, 2n], (zxid) => done.push(zxid))
    rig.database.writer.stop()
    write(rig, [3n], (zxid) => done.push(zxid))
    rig.database.openForWriting()
    write(rig, [3n], (zxid) => done.push(zxid + 100n))
    rig.disk.settle()
    expect(done).toEqual([103n])
    expect(zxidsIn(rig.disk.files.get('version-2/log.1') as Uint8Array)).toEqual([1n, 2n, 3n])
    expect(rig.database.lastLoggedZxid).toBe(3n)
  })

  test('refuses a txn that does not follow the last one', () => {
    const rig = started()
    write(rig, range(1n, 3n))
    expect(() => write(rig, [5n])).toThrow('0x5 does not follow 0x3')
    expect(() => write(rig, [3n])).toThrow('0x3 does not follow 0x3')
    expect(() => write(rig, [0x100000002n])).toThrow('0x100000002 does not follow 0x3')
    write(rig, [0x100000001n])
    expect(rig.database.lastLoggedZxid).toBe(0x100000001n)
  })

  test('answers sync after everything that was written before, also while it is stopped', () => {
    const rig = started()
    const said: string[] = []
    write(rig, [1n, 2n], (zxid) => said.push(String(zxid)))
    rig.database.sync(() => said.push('synced'))
    rig.database.writer.stop()
    rig.database.sync(() => said.push('synced again'))
    rig.disk.settle()
    expect(said).toEqual(['synced', 'synced again'])
  })
})

describe('a disk that fails', () => {
  test.each(['append version-2/log.1', 'sync'])('at %s is told once, and nothing is promised any more', (call) => {
    const rig = started()
    const done: bigint[] = []
    const synced: unknown[] = []
    rig.disk.fault = (now) => (now === call ? new DiskError('io', 'broken') : undefined)
    write(rig, [1n, 2n], (zxid) => done.push(zxid))
    rig.database.sync((error) => synced.push(error?.code))
    rig.disk.step()
    rig.disk.fault = () => undefined
    rig.disk.settle()
    write(rig, [3n], (zxid) => done.push(zxid))
    rig.database.sync((error) => synced.push(error?.code))
    rig.disk.settle()
    expect(done).toEqual([])
    expect(rig.fatal.map(({ code }) => code)).toEqual(['io'])
    expect(synced).toEqual(['io', 'io'])
    expect(eventsOf(rig, 'durable')).toEqual([])
  })

  test('while it is full stops the server before it promises anything', () => {
    const rig = started()
    commit(rig, 1n)
    rig.disk.settle()
    rig.disk.fault = (call) => (call.startsWith('append') ? new DiskError('full', 'no space') : undefined)
    write(rig, [2n])
    expect(rig.fatal.map(({ message }) => message)).toEqual(['append 0x2 to log.1: no space'])
  })
})

describe('a new log file', () => {
  test('is begun about every snapCount txns, when what is in the old one is durable', () => {
    const rig = started(undefined, { snapCount: 10 })
    for (const zxid of range(1n, 60n)) {
      commit(rig, zxid)
      if (zxid % 7n === 0n) rig.disk.step()
    }
    rig.disk.settle()
    const logs = rig.disk.list('version-2').filter((name) => name.startsWith('log.'))
    expect(logs.length).toBeGreaterThan(2)
    const again = started(rig.disk.killed(), { snapCount: 10 })
    expect(created(again)).toEqual(namesOf(range(1n, 60n)))
  })

  test('never survives a power cut that the end of the old one does not survive', () => {
    let cuts = 0
    for (let steps = 0; steps < 12; steps++) {
      const rig = started(undefined, { snapCount: 10 })
      let durable = 0n
      write(rig, range(1n, 7n), (zxid) => (durable = zxid))
      for (let step = 0; step < steps; step++) {
        rig.disk.step()
        if (step < 3) write(rig, range(8n + 2n * BigInt(step), 9n + 2n * BigInt(step)), (zxid) => (durable = zxid))
      }
      const count = rig.disk.unsynced
      expect(count).toBeLessThan(11)
      for (let mask = 0; mask < 1 << count; mask++, cuts++) {
        const again = started(rig.disk.afterPowerCut((index) => (mask & (1 << index)) !== 0))
        const last = again.database.lastLoggedZxid
        expect(last).toBeGreaterThanOrEqual(durable)
        expect(created(again)).toEqual(namesOf(range(1n, last)))
      }
    }
    expect(cuts).toBeGreaterThan(100)
  })

  test('comes with a snapshot of what is committed; the three newest stay, and the logs that they need', () => {
    const rig = started(undefined, { snapCount: 10 })
    for (const zxid of range(1n, 120n)) {
      commit(rig, zxid)
      rig.disk.settle()
    }
    const files = rig.disk.list('version-2')
    const snapshots = files.filter((name) => name.startsWith('snapshot.'))
    expect(snapshots).toHaveLength(3)
    expect(eventsOf(rig, 'fileRemoved').length).toBeGreaterThan(5)
    expect(eventsOf(rig, 'fileRemoved').every(({ why }) => why === 'purged')).toBe(true)
    const oldest = snapshots.map((name) => BigInt(`0x${name.slice(9)}`)).sort((a, b) => Number(a - b))[0] as bigint
    const needed = zxidsAfter(rig.disk, oldest)
    expect(needed).toEqual(range(oldest + 1n, 120n))
    // From each of them the server comes back whole.
    for (const name of snapshots) {
      const disk = rig.disk.killed()
      for (const other of snapshots) if (other > name) disk.files.set(`version-2/${other}`, new Uint8Array(20))
      expect(created(started(disk))).toEqual(namesOf(range(1n, 120n)))
    }
  })

  test('is not followed by a purge before its snapshot is durable', () => {
    const rig = started(undefined, { snapCount: 10 })
    for (const zxid of range(1n, 60n)) {
      commit(rig, zxid)
      rig.disk.settle()
    }
    const { calls } = rig.disk
    const removals = calls.flatMap((call, at) => (call.startsWith('remove ') ? [at] : []))
    expect(removals.length).toBeGreaterThan(0)
    for (const at of removals) {
      const written = calls.findLastIndex(
        (call, before) => before < at && call.startsWith('replace version-2/snapshot.'),
      )
      expect(calls.slice(written, at)).toContain('sync')
    }
  })
})

function zxidsAfter(disk: { files: Map<string, Uint8Array> }, zxid: bigint): bigint[] {
  return [...disk.files]
    .filter(([path]) => path.startsWith('version-2/log.'))
    .flatMap(([, bytes]) => zxidsIn(bytes))
    .filter((each) => each > zxid)
    .sort((a, b) => Number(a - b))
}
