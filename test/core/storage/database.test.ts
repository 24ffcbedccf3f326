import { describe, expect, test } from 'vitest'
import { DiskError } from '../../../src/core/host.ts'
import { listLogs, listSnapshots } from '../../../src/core/storage/file-names.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../src/core/storage/snapshot-file.ts'
import { StorageError } from '../../../src/core/storage/storage-error.ts'
import { LOG_HEADER_BYTES } from '../../../src/core/storage/txn-log.ts'
import { CONFIG_PATH, DataTree } from '../../../src/core/tree/data-tree.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { asSession, type Zxid } from '../../../src/core/wire/ids.ts'
import { encodeLogged } from '../../../src/core/wire/txn.ts'
import { decodeUtf8, toUtf8 } from '../../../src/core/wire/utf8.ts'
import { MemoryDisk } from '../memory-disk.ts'
import { commit, created, eventsOf, namesOf, open, range, started, txnAt, write } from './rig.ts'

const text = (disk: MemoryDisk, path: string): string => decodeUtf8(disk.files.get(path) ?? new Uint8Array())

describe('a new server', () => {
  test('writes an empty snapshot and both epoch files, and begins at zxid 0', () => {
    const rig = started()
    expect(rig.disk.list('version-2')).toEqual(['acceptedEpoch', 'currentEpoch', 'snapshot.0'])
    expect(text(rig.disk, 'version-2/acceptedEpoch')).toBe('0')
    expect(eventsOf(rig, 'recovered')).toEqual([
      { kind: 'recovered', zxid: 0n, snapshotZxid: 0n, records: 0, acceptedEpoch: 0, currentEpoch: 0, tornTail: false },
    ])
    expect(rig.database.lastLoggedZxid).toBe(0n)
    expect(rig.database.committedLog.min).toBeUndefined()
    expect(rig.database.committedLog.entries()).toEqual([])
  })

  test('shows its configuration at /zookeeper/config', () => {
    const { database } = started()
    expect(decodeUtf8(database.tree.data(CONFIG_PATH) as Uint8Array)).toContain('server.1=zk1:2888:3888:participant')
    expect(database.tree.stat(CONFIG_PATH)).toMatchObject({ version: -1, aversion: -1, mzxid: 0n })
  })

  test('has zxid -1 where empty disks are not trusted', () => {
    const rig = started(undefined, {}, { distrustEmptyDisk: true })
    expect(rig.database.tree.lastProcessedZxid).toBe(-1n)
    expect(rig.database.lastLoggedZxid).toBe(-1n)
    expect(rig.disk.list('version-2')).toEqual(['acceptedEpoch', 'currentEpoch'])
  })

  test('is trusted once where a file says that it is new', () => {
    const disk = new MemoryDisk([['initialize', new Uint8Array()]])
    expect(started(disk, {}, { distrustEmptyDisk: true }).database.lastLoggedZxid).toBe(0n)
    expect(disk.list('')).toEqual([])
    expect(disk.list('version-2')).toContain('snapshot.0')
  })

  test('makes the directory its own, and does not open that of another server', () => {
    const rig = open()
    expect(rig.database.claim(1)).toBeUndefined()
    expect(text(rig.disk, 'myid')).toBe('1\n')
    expect(open(rig.disk.killed()).database.claim(1)).toBeUndefined()
    expect(open(rig.disk.killed()).database.claim(2)).toEqual(
      new StorageError('these are the files of server 1, not of 2', 'myid'),
    )
    const odd = open(new MemoryDisk([['myid', toUtf8('one\n')]]))
    expect(odd.database.claim(1)).toEqual(new StorageError('serverid one is not a number', 'myid'))
    // Only the first line counts.
    expect(open(new MemoryDisk([['myid', toUtf8('7\r\nmore')]])).database.claim(7)).toBeUndefined()
  })
})

describe('a server that comes back', () => {
  test('has what it had logged, committed or not', () => {
    const rig = started()
    commit(rig, ...range(1n, 5n))
    write(rig, [6n, 7n])
    const again = started(rig.disk.killed())
    expect(created(again)).toEqual(namesOf(range(1n, 7n)))
    expect(again.database.lastLoggedZxid).toBe(7n)
    expect(eventsOf(again, 'recovered')[0]).toMatchObject({ zxid: 7n, snapshotZxid: 0n, records: 7, tornTail: false })
    expect(again.database.committedLog.entries().map(({ zxid }) => zxid)).toEqual(range(1n, 7n))
  })

  test('and one that only leaves its role becomes the same without reading a file', () => {
    const rig = started()
    commit(rig, ...range(1n, 5n))
    write(rig, [6n, 7n])
    rig.disk.settle()
    const again = started(rig.disk.killed())
    expect(rig.database.catchUp()).toBe(true)
    const [tree, found] = [rig.database.tree, again.database.tree]
    expect([tree.digest, tree.lastProcessedZxid, created(rig)]).toEqual([found.digest, 7n, namesOf(range(1n, 7n))])
    expect(rig.database.committedLog.entries()).toEqual(again.database.committedLog.entries())
    expect(eventsOf(rig, 'recovered').at(-1)).toMatchObject({ zxid: 7n, snapshotZxid: 5n, records: 2 })
    expect(eventsOf(rig, 'treeLoaded').at(-1)).toEqual(eventsOf(again, 'treeLoaded').at(-1))
  })

  test('goes on in a new log file', () => {
    const rig = started()
    commit(rig, ...range(1n, 5n))
    const again = started(rig.disk.killed())
    commit(again, 6n, 7n)
    expect(again.disk.list('version-2').filter((name) => name.startsWith('log'))).toEqual(['log.1', 'log.6'])
    expect(created(started(again.disk.killed()))).toEqual(namesOf(range(1n, 7n)))
  })

  test('goes on in the same file when only its role has changed', () => {
    const rig = started()
    commit(rig, 1n)
    rig.database.writer.stop()
    rig.disk.settle()
    expect(rig.database.load()).toEqual({ ok: true })
    rig.database.openForWriting()
    commit(rig, 2n)
    expect(rig.disk.list('version-2').filter((name) => name.startsWith('log'))).toEqual(['log.1'])
  })

  test('never goes on without a record of which a bit has flipped, as long as a whole one stands behind it', () => {
    const rig = started()
    commit(rig, ...range(1n, 5n))
    const last = rig.disk.size('version-2/log.1') as number
    commit(rig, 6n)
    const later = started(rig.disk.killed())
    // A later epoch: nothing says that there is none between.
    commit(later, 0x100000001n)
    const { files } = later.disk.killed()
    const log = files.get('version-2/log.1') as Uint8Array
    for (let bit = LOG_HEADER_BYTES * 8; bit < last * 8; bit++) {
      const rotten = log.slice()
      rotten[bit >> 3] = (rotten[bit >> 3] as number) ^ (1 << (bit & 7))
      const { database } = open(new MemoryDisk([...files, ['version-2/log.1', rotten]]))
      expect(database.load().ok, `with bit ${bit} of ${last * 8} flipped`).toBe(false)
    }
  })

  test('never appends behind a torn record', () => {
    const rig = started()
    commit(rig, ...range(1n, 5n))
    const disk = rig.disk.killed()
    const log = disk.files.get('version-2/log.1') as Uint8Array
    disk.files.set('version-2/log.1', log.slice(0, -4))
    const again = started(disk)
    expect(created(again)).toEqual(namesOf(range(1n, 4n)))
    expect(eventsOf(again, 'recovered')[0]).toMatchObject({ zxid: 4n, tornTail: true })
    commit(again, 5n)
    expect(again.disk.files.get('version-2/log.1')).toEqual(log.slice(0, -4))
    expect(again.disk.list('version-2')).toContain('log.5')
    expect(created(started(again.disk.killed()))).toEqual(namesOf(range(1n, 5n)))
  })

  test.each([0, 7, 16, 20, 60])(
    'overwrites a file of which %i bytes had been written before the first record was whole',
    (length) => {
      const rig = started()
      commit(rig, ...range(1n, 4n))
      const middle = started(rig.disk.killed())
      commit(middle, 5n)
      const disk = middle.disk.killed()
      disk.files.set('version-2/log.5', (disk.files.get('version-2/log.5') as Uint8Array).slice(0, length))
      const again = started(disk)
      expect(created(again)).toEqual(namesOf(range(1n, 4n)))
      commit(again, 5n, 6n)
      expect(created(started(again.disk.killed()))).toEqual(namesOf(range(1n, 6n)))
    },
  )

  test('writes nothing behind what may not be durable yet', () => {
    const rig = started()
    write(rig, [1n])
    const again = open(rig.disk.killed())
    expect(again.database.load()).toEqual({ ok: true })
    write(again, [2n])
    expect(again.disk.list('version-2')).not.toContain('log.2')
    again.disk.step()
    expect(again.disk.list('version-2')).toContain('log.2')
  })

  test('tells the tree to the trace when the trace has not seen it, and only then', () => {
    const rig = started()
    expect(eventsOf(rig, 'treeLoaded')).toHaveLength(1)
    commit(rig, 1n, 2n)
    rig.disk.settle()
    rig.database.load()
    expect(eventsOf(rig, 'treeLoaded')).toHaveLength(1)
    write(rig, [3n])
    rig.disk.settle()
    rig.database.load()
    const told = eventsOf(rig, 'treeLoaded')
    expect(told).toHaveLength(2)
    expect(told[1]).toMatchObject({ zxid: 3n, logTail: [1n, 2n, 3n] })
    const snapshot = decodeSnapshot(told[1]?.snapshot as Uint8Array, 'snapshot.3', 3n as Zxid)
    expect(snapshot).not.toBeInstanceOf(StorageError)
    expect((snapshot as { tree: DataTree }).tree.digest).toBe(rig.database.tree.digest)
  })

  test('keeps sessions: opened, closed, and those in the snapshot', () => {
    const rig = started(undefined, { snapCount: 4 })
    const session = (zxid: bigint, id: bigint, kind: 'createSession' | 'closeSession') => {
      const txn =
        kind === 'createSession'
          ? ({ kind, type: OpCode.createSession, body: { timeOut: Number(id) * 1000 } } as const)
          : ({ kind, type: OpCode.closeSession, body: { paths2Delete: [] } } as const)
      const logged = txnAt(zxid, txn)
      const mine = { ...logged, header: { ...logged.header, clientId: asSession(id) } }
      rig.database.writer.write(zxid as Zxid, encodeLogged(mine), () => {})
      rig.database.apply(mine, encodeLogged(mine))
      rig.disk.settle()
    }
    for (const zxid of range(1n, 6n)) session(zxid, zxid, 'createSession')
    session(7n, 2n, 'closeSession')
    session(8n, 8n, 'createSession')
    expect(rig.disk.list('version-2').filter((name) => name.startsWith('snapshot')).length).toBeGreaterThan(1)
    const expected = [1n, 3n, 4n, 5n, 6n, 8n].map((id) => [id, Number(id) * 1000])
    expect([...rig.database.sessions].sort()).toEqual(expected)
    expect([...started(rig.disk.killed()).database.sessions].sort()).toEqual(expected)
  })
})

describe('files that cannot be trusted stop the server with the reason:', () => {
  const filled = (snapCount = 100_000): MemoryDisk => {
    const rig = started(undefined, { snapCount })
    for (const zxid of range(1n, 30n)) {
      commit(rig, zxid)
      rig.disk.settle()
    }
    return rig.disk.killed()
  }
  const failure = (disk: MemoryDisk) => {
    const result = open(disk).database.load()
    return result.ok ? undefined : { file: result.error.file, reason: result.error.reason }
  }

  test('a log without any snapshot', () => {
    const disk = filled()
    disk.files.delete('version-2/snapshot.0')
    expect(failure(disk)).toEqual({
      file: 'log.1',
      reason: 'No snapshot found, but there are log entries. Something is broken!',
    })
    expect(created(started(disk, {}, { trustEmpty: true }))).toEqual(namesOf(range(1n, 30n)))
  })

  test('a checksum that does not hold, in the very last record, too', () => {
    const disk = filled()
    const log = disk.files.get('version-2/log.1') as Uint8Array
    log[log.length - 10] = 0x77
    expect(failure(disk)).toEqual({ file: 'log.1', reason: 'CRC check failed' })
  })

  test('not the last record where a page of it is missing: it was being written when the power went', () => {
    const disk = filled()
    const rig = started(disk)
    const data = new Uint8Array(20_000).fill(7)
    const create = { path: '/large', data, acl: [], ephemeral: false, parentCVersion: 31 }
    const large = txnAt(31n, { kind: 'create', type: OpCode.create, body: create })
    rig.database.writer.write(31n as Zxid, encodeLogged(large), () => {})
    const cut = rig.disk.killed()
    const log = cut.files.get('version-2/log.1f') as Uint8Array
    log.fill(0, 8192, 12_288)
    expect(eventsOf(started(cut), 'recovered')).toMatchObject([{ zxid: 30n, tornTail: true }])
    log.fill(9, 8192, 8193)
    expect(failure(cut)).toEqual({ file: 'log.1f', reason: 'CRC check failed' })
  })

  test('a record of a type that does not exist', () => {
    const disk = filled()
    const rig = started(disk)
    const check = txnAt(31n, { kind: 'check', type: OpCode.check, body: { path: '/', version: 1 } })
    rig.database.writer.write(31n as Zxid, encodeLogged(check), () => {})
    expect(failure(rig.disk.killed())).toEqual({ file: 'log.1f', reason: 'Unsupported Txn with type=%d13' })
  })

  test('a log file that is missing between two others', () => {
    const rig = started()
    commit(rig, 1n, 2n)
    const second = started(rig.disk.killed())
    commit(second, 3n, 4n)
    const third = started(second.disk.killed())
    commit(third, 5n)
    const disk = third.disk.killed()
    disk.files.delete('version-2/log.3')
    expect(failure(disk)).toEqual({
      file: 'log.5',
      reason: '0x5 stands behind 0x2: records between them are missing',
    })
  })

  test('an empty log file that is not the last one', () => {
    const rig = started()
    commit(rig, 1n)
    const second = started(rig.disk.killed())
    commit(second, 2n)
    const disk = second.disk.killed()
    disk.files.set('version-2/log.1', new Uint8Array())
    expect(failure(disk)).toEqual({ file: 'log.1', reason: 'the file ends inside its header' })
  })

  test('a damaged snapshot that the log does not reach', () => {
    const disk = filled(10)
    const [before, newest] = listSnapshots(disk)
      .map(({ name }) => name)
      .slice(-2) as [string, string]
    const bytes = disk.files.get(`version-2/${newest}`) as Uint8Array
    bytes[40] = (bytes[40] as number) ^ 1
    // The log reaches it: nothing is lost.
    expect(created(started(disk.killed()))).toEqual(namesOf(range(1n, 30n)))
    for (const { name, zxid } of listLogs(disk))
      if (zxid > BigInt(`0x${before.slice(9)}`)) disk.files.delete(`version-2/${name}`)
    expect(failure(disk)?.file).toBe(newest)
    expect(failure(disk)?.reason).toMatch(/and the log ends before it$/)
  })

  test('no snapshot that is whole', () => {
    const disk = filled()
    disk.files.set('version-2/snapshot.0', new Uint8Array(30))
    expect(failure(disk)).toEqual({
      file: 'snapshot.0',
      reason: 'Not able to find valid snapshots: mismatching magic headers 0 !=  1514885966',
    })
  })

  test('a disk that cannot be read', () => {
    const disk = filled()
    disk.fault = (call) => (call === 'read version-2/log.1' ? new DiskError('io', 'unreadable') : undefined)
    expect(failure(disk)).toEqual({ file: 'log.1', reason: 'unreadable' })
  })

  test('other names are left alone', () => {
    const disk = filled()
    for (const name of ['snapshot.ff.tmp', 'log.', 'log.zz', 'snapshot.12345678901234567', 'notes', 'currentEpoch.bak'])
      disk.files.set(`version-2/${name}`, new Uint8Array(3))
    expect(created(started(disk))).toEqual(namesOf(range(1n, 30n)))
  })
})

describe('the epoch files', () => {
  const EPOCH_3 = 0x300000001n
  /** A disk whose newest txn is 0x300000001. */
  const disk = (files: { [name: string]: string }): MemoryDisk => {
    const tree = new DataTree()
    tree.lastProcessedZxid = EPOCH_3 as Zxid
    const snapshot = encodeSnapshot(tree, new Map())
    const rest = Object.entries(files).map(([name, content]) => [`version-2/${name}`, toUtf8(content)] as const)
    return new MemoryDisk([['version-2/snapshot.300000001', snapshot], ...rest])
  }
  const failure = (files: { [name: string]: string }) => {
    const result = open(disk(files)).database.load()
    return result.ok ? undefined : result.error.reason
  }

  test('are durable before their writer goes on, and believed only then', () => {
    const rig = started()
    let said: unknown
    rig.database.epochs.setAccepted(1, () => (said = `done: ${rig.database.epochs.accepted}`))
    expect([said, rig.database.epochs.accepted]).toEqual([undefined, 0])
    rig.disk.step()
    expect([said, rig.database.epochs.accepted, rig.database.epochs.current]).toEqual(['done: 1', 1, 0])
    rig.database.epochs.setCurrent(1, () => {})
    rig.disk.step()
    expect(started(rig.disk.afterPowerCut(() => false)).database.epochs.current).toBe(1)
    expect(text(rig.disk, 'version-2/currentEpoch')).toBe('1')
  })

  test.each(['replace version-2/acceptedEpoch', 'sync'])('are not believed when %s fails', (call) => {
    const rig = started()
    rig.disk.fault = (now) => (now === call ? new DiskError('full', 'no space') : undefined)
    const errors: unknown[] = []
    rig.database.epochs.setAccepted(1, (error) => errors.push(error?.code))
    expect(errors).toEqual([])
    rig.disk.settle()
    expect(errors).toEqual(['full'])
    expect(rig.database.epochs.accepted).toBe(0)
  })

  test('that are missing get the epoch of the data', () => {
    const rig = started(disk({}))
    expect([rig.database.epochs.accepted, rig.database.epochs.current]).toEqual([3, 3])
    expect(text(rig.disk, 'version-2/currentEpoch')).toBe('3')
  })

  test('may not be behind the data without a promise for it', () => {
    expect(failure({ acceptedEpoch: '2', currentEpoch: '2' })).toBe(
      'The current epoch, 2, is older than the last zxid, 12884901889',
    )
    expect(failure({ acceptedEpoch: '3', currentEpoch: '3' })).toBeUndefined()
  })

  test('of a server that died while it was synchronized are in order: history first, currentEpoch after it', () => {
    const rig = started(disk({ acceptedEpoch: '3', currentEpoch: '2' }))
    expect([rig.database.epochs.accepted, rig.database.epochs.current]).toEqual([3, 2])
  })

  test('of a Java server that died while it wrote are completed', () => {
    const rig = started(disk({ acceptedEpoch: '3', currentEpoch: '2', 'currentEpoch.tmp': '3' }))
    expect(rig.database.epochs.current).toBe(3)
    expect(text(rig.disk, 'version-2/currentEpoch')).toBe('3')
  })

  test('may not have a current epoch that was never accepted', () => {
    expect(failure({ acceptedEpoch: '3', currentEpoch: '4' })).toBe(
      'The accepted epoch, 3 is less than the current epoch, 4',
    )
  })

  test('hold a number in their first line', () => {
    expect(failure({ acceptedEpoch: 'three', currentEpoch: '3' })).toBe('Found three in file')
    expect(failure({ acceptedEpoch: '3', currentEpoch: '' })).toBe('Found  in file')
    expect(failure({ acceptedEpoch: '3\n', currentEpoch: '3\nfoo' })).toBeUndefined()
  })
})

describe('a txn', () => {
  test('is executed only behind its predecessor and only when it is in the log', () => {
    const rig = started()
    const apply = (zxid: bigint) => rig.database.apply(txnAt(zxid), encodeLogged(txnAt(zxid)))
    expect(() => apply(1n)).toThrow('0x1 is to be applied, the log ends at 0x0')
    write(rig, range(1n, 3n))
    expect(() => apply(2n)).toThrow('0x2 does not follow 0x0')
    apply(1n)
    expect(() => apply(1n)).toThrow('0x1 does not follow 0x1')
    expect(created(rig)).toEqual(['n1'])
  })

  test('that announces another digest than the tree has is executed, and the difference is told', () => {
    const rig = started()
    const apply = (zxid: bigint, treeDigest: bigint, version = 2) => {
      const logged = { ...txnAt(zxid), digest: { version, treeDigest } }
      write(rig, [zxid])
      return rig.database.apply(logged, encodeLogged(logged)).digestMatches
    }
    expect(apply(1n, 5n)).toBe(false)
    expect(apply(2n, 5n, 1)).toBe(true)
    expect(rig.database.digestMismatches).toBe(1)
    expect(created(rig)).toEqual(['n1', 'n2'])
  })
})

describe('the window of committed txns', () => {
  test('holds the newest commitLogCount, filled by commits and by recovery alike', () => {
    const rig = started(undefined, { commitLogCount: 5 })
    for (const zxid of range(1n, 23n)) {
      commit(rig, zxid)
      expect(rig.database.committedLog.length).toBe(Math.min(Number(zxid), 5))
    }
    const check = (log: typeof rig.database.committedLog) => {
      expect([log.length, log.min, log.max]).toEqual([5, 19n, 23n])
      expect(log.entries().map(({ zxid }) => zxid)).toEqual(range(19n, 23n))
      expect(log.entries().map(({ bytes }) => bytes)).toEqual(range(19n, 23n).map((zxid) => encodeLogged(txnAt(zxid))))
      expect([18n, 19n, 21n, 99n].map((zxid) => log.floor(zxid as Zxid)?.zxid)).toEqual([undefined, 19n, 21n, 23n])
    }
    check(rig.database.committedLog)
    check(started(rig.disk.killed(), { commitLogCount: 5 }).database.committedLog)
  })

  test('finds the largest zxid that is not larger, across epochs', () => {
    const rig = started()
    commit(rig, 1n, 2n, 0x100000001n, 0x100000002n, 0x300000001n)
    const { committedLog } = rig.database
    expect([3n, 0x100000009n, 0x200000000n].map((zxid) => committedLog.floor(zxid as Zxid)?.zxid)).toEqual([
      2n,
      0x100000002n,
      0x100000002n,
    ])
  })
})
