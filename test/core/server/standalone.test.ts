import { describe, expect, test } from 'vitest'
import { readSnapshot } from '../../../src/core/storage/recovery.ts'
import { encodeSnapshot } from '../../../src/core/storage/snapshot-file.ts'
import { StorageError } from '../../../src/core/storage/storage-error.ts'
import { ErrorCode } from '../../../src/core/wire/codes.ts'
import { asZxid, hex64 } from '../../../src/core/wire/ids.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { MemoryDisk } from '../memory-disk.ts'
import { DIRECTORIES, diskOf, filesOf } from '../storage/golden.ts'
import { LoneReplica } from './lone-replica.ts'
import { bodyOf, text } from './rig.ts'

const alone = (disk?: MemoryDisk, config = {}) => new LoneReplica({ standalone: true, ...config }, disk)

describe('a server alone', () => {
  test('serves without election, epoch, or id of its own', () => {
    const { world, disk } = alone()
    expect(world.of('stateChanged')).toMatchObject([{ from: 'STARTING', to: 'STANDALONE' }])
    expect(world.events.map(({ kind }) => kind)).not.toContain('roundStarted')
    expect([...disk.files.keys()]).toEqual(['version-2/snapshot.0'])
    // As many bytes as the empty snapshot of the Java server.
    expect(disk.files.get('version-2/snapshot.0')).toHaveLength(457)
  })

  test('numbers txns from 1 on, and gives sessions the id of server 1', () => {
    const server = alone(undefined, { sid: 7 })
    const client = server.session()
    expect(client.session >> 56n).toBe(1n)
    server.doing(() => client.create('/a', 'x'))
    expect(client.take()).toMatchObject({ err: 0, zxid: 2n })
    expect([...server.disk.files.keys()]).toEqual(['version-2/snapshot.0', 'version-2/log.1'])
  })

  test('answers a write when it is on disk, and not before', () => {
    const server = alone()
    const client = server.session()
    client.create('/a')
    server.world.run(0)
    expect(client.frames).toEqual([])
    server.settle()
    expect(client.take()).toMatchObject({ err: 0 })
  })

  test('lets no request overtake another, whoever asks: a read sees every write that came before it', () => {
    const server = alone()
    const [writer, reader] = [server.session(), server.session()]
    writer.create('/a', 'x')
    reader.get('/a')
    server.world.run(0)
    expect(reader.frames).toEqual([])
    server.settle()
    expect(reader.take()).toMatchObject({ err: 0, zxid: 3n })
    // With nothing in front of it, it is answered at once.
    reader.get('/a')
    expect(reader.take()).toMatchObject({ err: 0 })
  })

  test('goes on where its log ends, takes a snapshot at each start, and knows its sessions', () => {
    const before = alone()
    const client = before.session()
    before.doing(() => client.create('/a', 'x'))
    before.doing(() => client.create('/e', '', 1))
    const after = alone(new MemoryDisk(before.disk.files))
    expect(after.disk.files.has('version-2/snapshot.3')).toBe(true)
    const again = after.connect()
    again.connect({ sessionId: client.session, passwd: client.password })
    expect(again.takeConnectResponse()).toMatchObject({ sessionId: client.session, timeOut: 10_000 })
    after.doing(() => again.set('/a', 'y'))
    expect(again.take()).toMatchObject({ err: 0 })
    expect(again.frames).toEqual([])
    after.doing(() => again.create('/b'))
    expect(again.take()).toMatchObject({ err: 0, zxid: 5n })
    expect([...after.disk.files.keys()].some((name) => name.endsWith('Epoch'))).toBe(false)
  })

  test('serves nobody before what it found on its disk is durable', () => {
    const before = alone()
    const client = before.session()
    before.doing(() => client.create('/a'))
    const disk = new MemoryDisk(before.disk.files)
    disk.settle = () => undefined
    const { world } = alone(disk)
    expect(world.of('recovered')).toMatchObject([{ zxid: 2n }])
    expect(world.of('serving')).toEqual([])
  })

  test('expires a session that is silent, with its ephemerals', () => {
    const server = alone()
    const silent = server.session(4000)
    server.doing(() => silent.create('/e', '', 1))
    const other = server.session(40_000)
    server.world.run(5000)
    server.settle()
    server.world.run(2000)
    server.settle()
    expect(server.world.of('sessionClosing')).toMatchObject([{ session: silent.session, cause: 'expired' }])
    expect(silent.ended).toBe('closed')
    other.exists('/e')
    expect(other.take()).toMatchObject({ err: ErrorCode.NoNode, zxid: 4n })
  })

  test('refuses to reconfigure, and has no configuration to show', () => {
    const server = alone()
    const client = server.session()
    client.get('/zookeeper/config')
    const { data, stat } = bodyOf(proto.GetDataResponse, client.take())
    expect(text(data)).toBe('')
    expect(stat).toMatchObject({ version: 0, mtime: 0n, mzxid: 0n })
  })
})

describe('ephemerals of sessions that are gone', () => {
  test('go when a server starts alone, without a txn, and for good', () => {
    const before = alone()
    const client = before.session()
    before.doing(() => client.create('/e', '', 1))
    // A snapshot that has the node and not its session, as some releases wrote them.
    const file = { name: 'snapshot.2', zxid: asZxid(2n) }
    const snapshot = readSnapshot(alone(new MemoryDisk(before.disk.files)).disk, file)
    if (snapshot instanceof StorageError) throw snapshot
    const disk = new MemoryDisk([[`version-2/${file.name}`, encodeSnapshot(snapshot.tree, new Map())]])
    const after = alone(disk)
    // The trace is told of the tree as it is.
    expect(after.world.of('treeLoaded')).toHaveLength(2)
    const reader = after.session()
    reader.exists('/e')
    expect(reader.take()).toMatchObject({ err: ErrorCode.NoNode })
    const rewritten = readSnapshot(after.disk, file)
    expect(rewritten instanceof StorageError || rewritten.tree.node('/e')).toBeUndefined()
  })
})

describe.each(DIRECTORIES.filter((name) => !name.includes('three_servers') && !name.includes('reconfigured')))(
  'the files of %s, which a Java server wrote',
  (directory) => {
    test('are opened, served, and gone on with', () => {
      const files = filesOf(directory)
      const server = alone(diskOf(files))
      const { zxid } = server.world.of('recovered')[0] as { zxid: bigint }
      expect(zxid).toBeGreaterThan(0n)
      expect(server.world.of('serving')).toMatchObject([{ zxid }])
      const client = server.session()
      server.doing(() => client.create('/one-more'))
      expect(client.take()).toMatchObject({ err: 0, zxid: zxid + 2n })
      expect([...server.disk.files.keys()]).toContain(`version-2/log.${(zxid + 1n).toString(16)}`)
      expect(hex64(client.session >> 56n)).toBe('0x1')
    })
  },
)
