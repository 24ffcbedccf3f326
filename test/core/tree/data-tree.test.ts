import { describe, expect, test } from 'vitest'
import { DataTree } from '../../../src/core/tree/data-tree.ts'
import { nodeDigest } from '../../../src/core/tree/digest.ts'
import { kindOf, kindOf353, ttlOf, ttlOwner } from '../../../src/core/tree/znode.ts'
import { ErrorCode, OpCode } from '../../../src/core/wire/codes.ts'
import { DataNodeRecord, type StatPersisted } from '../../../src/core/wire/data.ts'
import { asSession, LONG_MIN } from '../../../src/core/wire/ids.ts'
import { JuteError, Reader, Writer } from '../../../src/core/wire/jute.ts'
import { decodeUtf8, toUtf8 } from '../../../src/core/wire/utf8.ts'
import {
  aclOf,
  apply,
  changesOf,
  check,
  closeSession,
  create,
  createContainer,
  createTTL,
  error,
  multi,
  OPEN,
  remove,
  setACL,
  setData,
} from './txns.ts'

describe('a new tree', () => {
  test('has the reserved nodes, the root counted twice, and a root that was never counted as changed', () => {
    const tree = new DataTree()
    expect(tree.nodeCount).toBe(5)
    expect(tree.approximateDataSize).toBe(44)
    expect(tree.children('/')).toEqual(['zookeeper'])
    expect(tree.children('/zookeeper').sort()).toEqual(['config', 'quota'])
    expect(tree.stat('/')).toMatchObject({ czxid: 0n, cversion: -1, numChildren: 1 })
    expect(tree.stat('')).toEqual(tree.stat('/'))
    expect(tree.acl('/')).toEqual(OPEN)
    expect(tree.acl('/zookeeper/config')).toEqual([{ perms: 1, id: { scheme: 'world', id: 'anyone' } }])
    expect(tree.stat('/zookeeper/config')).toMatchObject({ version: 0, aversion: -1 })
  })
})

describe('create', () => {
  test('gives the node its stat and raises the cversion and pzxid of its parent', () => {
    const tree = new DataTree()
    const result = apply(tree, 7, create('/a', { data: 'hello', parentCVersion: 5 }))
    expect(result).toMatchObject({ err: 0, path: '/a', type: OpCode.create2 })
    expect(result.stat).toEqual({
      czxid: 7n,
      mzxid: 7n,
      ctime: 1007n,
      mtime: 1007n,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 5,
      numChildren: 0,
      pzxid: 7n,
    })
    expect(tree.node('/')).toMatchObject({ cversion: 5, pzxid: 7n })
    expect(tree.stat('/')).toMatchObject({ cversion: 8, numChildren: 2, pzxid: 7n })
    expect(changesOf(result)).toEqual(['created /a'])
    expect(tree.lastProcessedZxid).toBe(7n)
  })

  test('of op code 1 answers without a stat', () => {
    expect(apply(new DataTree(), 1, create('/a', { type: OpCode.create })).stat).toBeUndefined()
  })

  test('keeps null apart from empty', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/null', { data: null }))
    apply(tree, 2, create('/empty', { data: '' }))
    expect(tree.data('/null')).toBeNull()
    expect(tree.data('/empty')).toEqual(new Uint8Array())
    expect(tree.data('/missing')).toBeUndefined()
    expect(tree.stat('/null')?.dataLength).toBe(0)
  })

  test('below a node that is missing is NoNode, and its zxid is processed all the same', () => {
    const tree = new DataTree()
    const { digest } = tree
    const result = apply(tree, 3, create('/a/b'))
    expect(result).toMatchObject({ err: ErrorCode.NoNode, path: '/a/b', changes: [] })
    expect(tree.lastProcessedZxid).toBe(3n)
    expect(tree.digest).toBe(digest)
  })

  test('without a parentCVersion, as in old logs, counts by itself, around the end of 32 bits too', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a'))
    apply(tree, 2, create('/b'))
    expect(tree.node('/')?.cversion).toBe(2)
    apply(tree, 3, create('/a/x', { parentCVersion: 0x7fffffff }))
    apply(tree, 4, create('/a/y'))
    // -2147483648 is smaller, so that the parent keeps what it has.
    expect(tree.node('/a')).toMatchObject({ cversion: 0x7fffffff, pzxid: 3n })
  })

  test('decides the kind of the node by the type of the txn', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/e', { ephemeral: true }), 5n)
    apply(tree, 2, createContainer('/c'))
    apply(tree, 3, createTTL('/t', 3_600_000n))
    expect(tree.node('/e')?.ephemeralOwner).toBe(5n)
    expect(tree.node('/c')?.ephemeralOwner).toBe(LONG_MIN)
    expect(BigInt.asUintN(64, tree.node('/t')?.ephemeralOwner ?? 0n)).toBe(0xff0000000036ee80n)
    // Clients see an owner on ephemerals only.
    expect(['/e', '/c', '/t'].map((path) => tree.stat(path)?.ephemeralOwner)).toEqual([5n, 0n, 0n])
    expect([...tree.containers, ...tree.ttls]).toEqual(['/c', '/t'])
    expect(tree.ephemerals(asSession(5n))).toEqual(['/e'])
    expect(tree.ephemeralsCount).toBe(1)
    apply(tree, 4, remove('/c'))
    apply(tree, 5, remove('/t'))
    apply(tree, 6, remove('/e'))
    expect([...tree.containers, ...tree.ttls, ...tree.ephemeralOwners()]).toEqual([])
  })
})

describe('the owner of a node tells its kind', () => {
  test.each([
    [0n, 'persistent'],
    [1n, 'ephemeral'],
    [-1n, 'ephemeral'],
    [LONG_MIN, 'container'],
    [LONG_MIN + 1n, 'ephemeral'],
    [ttlOwner(1n), 'ttl'],
    [ttlOwner(0xffffffffffn), 'ttl'],
    [BigInt.asIntN(64, 0xff00010000000001n), 'ephemeral'],
    [BigInt.asIntN(64, 0xfe00000000000001n), 'ephemeral'],
  ] as const)('%i: %s', (owner, kind) => {
    expect(kindOf(owner)).toBe(kind)
  })
  test('and in the eyes of a server that emulates 3.5.3, whatever has the highest bit set is a TTL node', () => {
    const owner = LONG_MIN + 7000n
    expect([kindOf(owner), kindOf353(owner), kindOf353(LONG_MIN), kindOf353(5n)]).toEqual([
      'ephemeral',
      'ttl',
      'container',
      'ephemeral',
    ])
    expect(ttlOf(owner)).toBe(7000n)
    const stat = { czxid: 1n, mzxid: 1n, ctime: 0n, mtime: 0n, version: 0, cversion: 0, aversion: 0, pzxid: 1n }
    const out = new Writer()
    out.int(0)
    out.int(0)
    for (const [path, ephemeralOwner] of [
      ['', 0n],
      ['/t', owner],
    ] as const) {
      out.string(path)
      DataNodeRecord.write(out, { data: null, acl: -1n, stat: { ...stat, ephemeralOwner } as StatPersisted })
    }
    out.string('/')
    const { tree } = DataTree.deserialize(new Reader(out.finish()), kindOf353)
    expect([[...tree.ttls], tree.ephemeralsCount, tree.stat('/t')?.ephemeralOwner]).toEqual([['/t'], 0, 0n])
  })
  test('and the time to live of a TTL node', () => {
    expect(ttlOf(ttlOwner(0xfedcba9876n))).toBe(0xfedcba9876n)
  })
})

describe('setData and setACL', () => {
  test('setData changes data, mtime, mzxid and version of the node, and nothing of its parent', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a', { data: 'x' }))
    const parent = { ...tree.stat('/') }
    const result = apply(tree, 2, setData('/a', 'longer', 1))
    expect(result.stat).toMatchObject({ czxid: 1n, mzxid: 2n, ctime: 1001n, mtime: 1002n, version: 1, dataLength: 6 })
    expect(changesOf(result)).toEqual(['dataChanged /a'])
    expect(tree.stat('/')).toEqual(parent)
    expect(tree.approximateDataSize).toBe(44 + 2 + 6)
  })

  test('setACL changes aversion and list, not mzxid, and no watch fires', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a'))
    const result = apply(tree, 2, setACL('/a', aclOf('bob'), 1))
    expect(result).toMatchObject({ err: 0, changes: [], stat: { mzxid: 1n, aversion: 1, version: 0 } })
    expect(tree.acl('/a')).toEqual(aclOf('bob'))
  })

  test('of a missing node is NoNode', () => {
    const tree = new DataTree()
    expect(apply(tree, 1, setData('/a', 'x', 1))).toMatchObject({ err: ErrorCode.NoNode, changes: [] })
    expect(apply(tree, 2, setACL('/a', OPEN, 1))).toMatchObject({ err: ErrorCode.NoNode, changes: [] })
  })

  test('works on the root', () => {
    const tree = new DataTree()
    expect(apply(tree, 1, setData('/', 'root', 1)).stat).toMatchObject({ version: 1, dataLength: 4 })
    expect(tree.digest).toBe(tree.recomputedDigest())
  })

  test('a reconfig is a setData of /zookeeper/config', () => {
    const tree = new DataTree()
    tree.setConfigNode(toUtf8('version=0'), 0n as never, 5n)
    const txn = { ...setData('/zookeeper/config', 'version=100000002', -1), type: OpCode.reconfig } as never
    const result = apply(tree, 9, txn)
    expect(changesOf(result)).toEqual(['dataChanged /zookeeper/config'])
    expect(tree.stat('/zookeeper/config')).toMatchObject({ version: -1, mzxid: 9n, mtime: 1009n })
  })
})

describe('delete', () => {
  test('raises the pzxid of the parent, and so its cversion for clients', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a'))
    apply(tree, 2, create('/a/b'))
    const result = apply(tree, 3, remove('/a/b'))
    expect(tree.stat('/a')).toMatchObject({ cversion: 2, numChildren: 0, pzxid: 3n })
    expect(tree.node('/a')?.cversion).toBe(1)
    expect(changesOf(result)).toEqual(['deleted /a/b'])
    expect(tree.node('/a/b')).toBeUndefined()
    expect(tree.nodeCount).toBe(6)
  })

  test('tells the ACLs as they were', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a', { acl: aclOf('parent') }))
    apply(tree, 2, create('/a/b', { acl: aclOf('child') }))
    expect(apply(tree, 3, remove('/a/b')).changes).toEqual([
      { type: 'deleted', path: '/a/b', acl: aclOf('child'), parentAcl: aclOf('parent') },
    ])
  })

  test('of a missing node is NoNode, and still brings the parent up to date', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a'))
    expect(apply(tree, 5, remove('/a/b'))).toMatchObject({ err: ErrorCode.NoNode, changes: [] })
    expect(tree.node('/a')?.pzxid).toBe(5n)
    expect(apply(tree, 6, remove('/x/y'))).toMatchObject({ err: ErrorCode.NoNode })
  })
})

describe('a replay over a newer state', () => {
  test('does not turn the parent back', () => {
    const tree = new DataTree()
    apply(tree, 9, create('/a', { parentCVersion: 9 }))
    expect(apply(tree, 3, create('/b', { parentCVersion: 3 }))).toMatchObject({ err: 0 })
    expect(tree.node('/')).toMatchObject({ cversion: 9, pzxid: 9n })
    apply(tree, 4, remove('/b'))
    expect(tree.node('/')).toMatchObject({ cversion: 9, pzxid: 9n })
    expect(tree.lastProcessedZxid).toBe(9n)
  })

  test('finds a node that exists: NodeExists, the node stays, the parent is raised', () => {
    const tree = new DataTree()
    apply(tree, 9, create('/a', { data: 'new', parentCVersion: 1 }))
    expect(apply(tree, 10, create('/a', { data: 'old', parentCVersion: 6 }))).toMatchObject({
      err: ErrorCode.NodeExists,
      changes: [],
    })
    expect(decodeUtf8(tree.data('/a') as Uint8Array)).toBe('new')
    expect(tree.node('/')).toMatchObject({ cversion: 6, pzxid: 10n })
    expect(tree.digest).toBe(tree.recomputedDigest())
  })
})

describe('closeSession', () => {
  const tree = () => {
    const made = new DataTree()
    apply(made, 1, create('/p'))
    for (const [zxid, name] of [
      [2, 'c'],
      [3, 'a'],
      [4, 'b'],
    ] as const)
      apply(made, zxid, create(`/p/${name}`, { ephemeral: true }), 7n)
    return made
  }
  test('deletes in the order of the list in the txn, then what is left', () => {
    const made = tree()
    const result = apply(made, 5, closeSession('/p/b', '/p/c'), 7n)
    expect(changesOf(result)).toEqual(['deleted /p/b', 'deleted /p/c', 'deleted /p/a'])
    expect(made.stat('/p')).toMatchObject({ numChildren: 0, pzxid: 5n, cversion: 6 })
    expect(made.ephemeralOwners()).toEqual([])
    expect(made.digest).toBe(made.recomputedDigest())
  })
  test('without a list deletes all that the session owns', () => {
    const made = tree()
    const result = apply(made, 5, { kind: 'closeSession', type: OpCode.closeSession, body: null }, 7n)
    expect(changesOf(result)).toEqual(['deleted /p/c', 'deleted /p/a', 'deleted /p/b'])
  })
  test('replayed: raises the pzxid of the parent of a node that is gone', () => {
    const made = tree()
    apply(made, 5, remove('/p/a'))
    expect(changesOf(apply(made, 6, closeSession('/p/a'), 7n))).toEqual(['deleted /p/c', 'deleted /p/b'])
    expect(made.node('/p')?.pzxid).toBe(6n)
  })
  test('of a session without ephemerals changes nothing', () => {
    const made = tree()
    const { digest } = made
    expect(apply(made, 5, closeSession(), 8n)).toMatchObject({ err: 0, changes: [] })
    expect(made.digest).toBe(digest)
  })
})

describe('multi', () => {
  test('is one txn: one zxid, changes in order, a result for each part', () => {
    const tree = new DataTree()
    const result = apply(
      tree,
      4,
      multi(create('/a'), create('/a/b'), check('/a'), setData('/a', 'x', 1), remove('/a/b')),
    )
    expect(changesOf(result)).toEqual(['created /a', 'created /a/b', 'dataChanged /a', 'deleted /a/b'])
    expect(result.err).toBe(0)
    expect(result.parts?.map(({ type, err, path }) => [type, err, path])).toEqual([
      [15, 0, '/a'],
      [15, 0, '/a/b'],
      [13, 0, '/a'],
      [5, 0, '/a'],
      [2, 0, '/a/b'],
    ])
    // Each stat is that of its moment.
    expect(result.parts?.[0]?.stat).toMatchObject({ numChildren: 0, version: 0 })
    expect(result.parts?.[3]?.stat).toMatchObject({ numChildren: 1, version: 1 })
    expect(tree.stat('/a')).toMatchObject({ czxid: 4n, pzxid: 4n, mzxid: 4n, version: 1 })
  })

  test('that failed changes nothing: 0 before the failure, its own error, RuntimeInconsistency behind it', () => {
    const tree = new DataTree()
    const { digest } = tree
    const result = apply(tree, 4, multi(create('/a'), create('/b'), error(-103), error(-2), create('/c')))
    expect(result.parts?.map(({ type, err }) => [type, err])).toEqual([
      [-1, 0],
      [-1, 0],
      [-1, -103],
      [-1, -2],
      [-1, -2],
    ])
    expect(result).toMatchObject({ err: -103, changes: [] })
    expect([tree.digest, tree.nodeCount, tree.lastProcessedZxid]).toEqual([digest, 5, 4n])
  })

  test('may be empty', () => {
    expect(apply(new DataTree(), 1, multi())).toMatchObject({ err: 0, parts: [], changes: [] })
  })
})

test('an error txn changes nothing but the zxid', () => {
  const tree = new DataTree()
  const { digest } = tree
  expect(apply(tree, 5, error(-101))).toMatchObject({ err: -101, changes: [] })
  expect([tree.digest, tree.lastProcessedZxid]).toEqual([digest, 5n])
})

describe('the digest', () => {
  test('leaves out everything below /zookeeper, and the ACLs', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/zookeeper/x'))
    const { digest } = tree
    apply(tree, 2, setData('/zookeeper/x', 'data', 1))
    apply(tree, 3, create('/zookeeper/x/y'))
    expect(tree.digest).toBe(digest)
    expect(nodeDigest('/zookeeper/x', null, tree.node('/') as never)).toBe(0)
    expect(nodeDigest('/zookeeper', null, tree.node('/') as never)).not.toBe(0)
  })
  test('is back at its old value when the same node with the same stat is gone', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a'))
    apply(tree, 1, create('/a/b'))
    apply(tree, 1, remove('/a/b'))
    expect(tree.digest).toBe(tree.recomputedDigest())
    expect(nodeDigest('/', null, tree.node('/') as never)).toBe(nodeDigest('', null, tree.node('/') as never))
  })
})

describe('the ACL cache', () => {
  const body = (tree: DataTree): Uint8Array => {
    const out = new Writer()
    tree.serialize(out, new Map())
    return out.finish()
  }
  test('gives equal lists one number, and forgets a list that nobody uses', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a', { acl: aclOf('bob') }))
    apply(tree, 2, create('/b', { acl: aclOf('bob') }))
    expect(tree.node('/a')?.acl).toBe(tree.node('/b')?.acl)
    const size = body(tree).length
    apply(tree, 3, setACL('/a', aclOf('eve'), 1))
    expect(body(tree).length).toBeGreaterThan(size)
    apply(tree, 4, remove('/a'))
    apply(tree, 5, remove('/b'))
    expect(tree.aclOf({ ...(tree.node('/') as object), acl: 2 } as never)).toEqual([
      { perms: 0, id: { scheme: 'world', id: 'anyone' } },
    ])
  })
  test('read from a snapshot never gives a number away twice', () => {
    const tree = new DataTree()
    for (const [index, user] of ['a', 'b', 'c'].entries())
      apply(tree, index + 1, create(`/${user}`, { acl: aclOf(user) }))
    apply(tree, 4, remove('/b'))
    const again = DataTree.deserialize(new Reader(body(tree))).tree
    apply(again, 5, create('/d', { acl: aclOf('d') }))
    expect(again.acl('/c')).toEqual(aclOf('c'))
    expect(again.node('/d')?.acl).not.toBe(again.node('/c')?.acl)
    expect(again.acl('/d')).toEqual(aclOf('d'))
  })
  test('opens nothing to anyone by a number that it does not know, until a replayed txn says what it means', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a', { acl: aclOf('a') }))
    const whole = body(tree)
    // The ACL cache of a fuzzy snapshot is written before the nodes: here it lacks the list of /a, number 2.
    const empty = body(new DataTree())
    const cacheEnd = (bytes: Uint8Array): number => {
      const input = new Reader(bytes)
      input.int()
      for (let count = input.int(); count > 0; count--) {
        input.long()
        for (let entries = input.int(); entries > 0; entries--) {
          input.int()
          input.string()
          input.string()
        }
      }
      return input.offset
    }
    const fuzzy = Buffer.concat([empty.subarray(0, cacheEnd(empty)), whole.subarray(cacheEnd(whole))])
    const again = DataTree.deserialize(new Reader(new Uint8Array(fuzzy))).tree
    expect(again.acl('/a')).toEqual([{ perms: 0, id: { scheme: 'world', id: 'anyone' } }])
    apply(again, 2, create('/b', { acl: aclOf('b') }))
    expect(again.node('/b')?.acl).toBe(3)
    apply(again, 1, create('/a', { acl: aclOf('a') }))
    expect(again.acl('/a')).toEqual(aclOf('a'))
  })
})

describe('bytes that are no tree', () => {
  const stream = (write: (out: Writer) => void): Reader => {
    const out = new Writer()
    write(out)
    return new Reader(out.finish())
  }
  const node = (out: Writer, path: string): void => {
    out.string(path)
    out.buffer(null)
    out.long(-1n)
    out.raw(new Uint8Array(60))
  }
  test.each([
    ['a node without its parent', ['', '/a/b'], 'Invalid Datatree, unable to find parent /a of path /a/b'],
    ['no root', [], 'Invalid Datatree, it has no root'],
    ['a node twice', ['', '/a', '/a'], 'Invalid Datatree, path /a twice'],
    ['a node that is nowhere', ['', 'a'], 'Invalid Datatree, path a'],
  ])('%s', (_, paths, message) => {
    const input = stream((out) => {
      out.int(0)
      out.int(0)
      for (const path of paths) node(out, path)
      out.string('/')
    })
    expect(() => DataTree.deserialize(input)).toThrow(new JuteError(message))
  })
})

describe('quotas', () => {
  const usage = (tree: DataTree, path = '/q'): string =>
    decodeUtf8(tree.data(`/zookeeper/quota${path}/zookeeper_stats`) ?? new Uint8Array())
  const withQuota = (): DataTree => {
    const tree = new DataTree()
    apply(tree, 1, create('/q', { data: '123' }))
    apply(tree, 2, create('/q/a', { data: '45' }))
    apply(tree, 3, create('/zookeeper/quota/q'))
    apply(tree, 4, create('/zookeeper/quota/q/zookeeper_limits', { data: 'count=5,bytes=100' }))
    apply(tree, 5, create('/zookeeper/quota/q/zookeeper_stats', { data: 'count=0,bytes=0' }))
    return tree
  }
  test('are counted when the usage node is made, and follow each change below', () => {
    const tree = withQuota()
    expect(usage(tree)).toBe('count=2,bytes=5')
    apply(tree, 6, create('/q/b', { data: '6789' }))
    expect(usage(tree)).toBe('count=3,bytes=9')
    apply(tree, 7, setData('/q/a', '', 1))
    expect(usage(tree)).toBe('count=3,bytes=7')
    apply(tree, 8, remove('/q/b'))
    expect(usage(tree)).toBe('count=2,bytes=3')
    apply(tree, 9, create('/other', { data: 'x' }))
    expect(usage(tree)).toBe('count=2,bytes=3')
  })
  test('count for the deepest quota alone, leave stats alone, and end with their limits', () => {
    const tree = withQuota()
    apply(tree, 6, create('/zookeeper/quota/q/a'))
    apply(tree, 7, create('/zookeeper/quota/q/a/zookeeper_limits'))
    apply(tree, 8, create('/zookeeper/quota/q/a/zookeeper_stats'))
    const before = { ...tree.stat('/zookeeper/quota/q/a/zookeeper_stats') }
    apply(tree, 9, create('/q/a/x', { data: 'abc' }))
    expect([usage(tree), usage(tree, '/q/a')]).toEqual(['count=2,bytes=5', 'count=2,bytes=5'])
    expect(tree.stat('/zookeeper/quota/q/a/zookeeper_stats')).toEqual({ ...before, dataLength: 15 })
    apply(tree, 10, remove('/zookeeper/quota/q/a/zookeeper_limits'))
    apply(tree, 11, remove('/q/a/x'))
    expect([usage(tree), usage(tree, '/q/a')]).toEqual(['count=1,bytes=2', 'count=2,bytes=5'])
    expect(tree.approximateDataSize).toBe(
      [...tree.walk()].reduce((sum, [path, { data }]) => sum + path.length + (data?.length ?? 0), 1),
    )
  })
  test('are counted anew when a snapshot is read', () => {
    const tree = withQuota()
    const out = new Writer()
    apply(tree, 6, setData('/zookeeper/quota/q/zookeeper_stats', 'count=99,bytes=99', 1))
    tree.serialize(out, new Map())
    const again = DataTree.deserialize(new Reader(out.finish())).tree
    expect(usage(again)).toBe('count=2,bytes=5')
    apply(again, 7, create('/q/b', { data: '1' }))
    expect(usage(again)).toBe('count=3,bytes=6')
  })
})

describe('a replay over a snapshot that is ahead of the log', () => {
  test('deletes a node with the children that it will have only later, and makes them again', () => {
    const tree = new DataTree()
    apply(tree, 1, create('/a'))
    apply(tree, 5, create('/a/later'))
    apply(tree, 6, create('/a/later/still'))
    apply(tree, 2, { kind: 'delete', type: OpCode.delete, body: { path: '/a' } })
    expect([tree.node('/a/later/still'), tree.children('/'), tree.nodeCount]).toEqual([undefined, ['zookeeper'], 5])
    for (const [zxid, path] of [
      [4, '/a'],
      [5, '/a/later'],
      [6, '/a/later/still'],
    ] as const)
      apply(tree, zxid, create(path))
    expect(tree.children('/a')).toEqual(['later'])
    expect(tree.digest).toBe(tree.recomputedDigest())
  })
})

describe('a walk', () => {
  test('goes on behind a node that is deleted while it rests there, and sees what is still to come', () => {
    const tree = new DataTree()
    for (const [index, path] of ['/a', '/a/x', '/b', '/c'].entries()) apply(tree, index + 1, create(path))
    const walk = tree.walk()
    const seen: string[] = []
    for (let at = walk.next(); at.done !== true; at = walk.next()) {
      seen.push(at.value[0])
      if (at.value[0] !== '/a/x') continue
      apply(tree, 5, { kind: 'delete', type: OpCode.delete, body: { path: '/a/x' } })
      apply(tree, 6, { kind: 'delete', type: OpCode.delete, body: { path: '/a' } })
      apply(tree, 7, { kind: 'delete', type: OpCode.delete, body: { path: '/b' } })
      apply(tree, 8, create('/d'))
    }
    expect(seen.slice(-4)).toEqual(['/a', '/a/x', '/c', '/d'])
  })
})

describe('looking at the tree', () => {
  test('walk shows parents before children, and children in order of creation', () => {
    const tree = new DataTree()
    for (const [index, path] of ['/b', '/a', '/b/y', '/b/x', '/a/z'].entries()) apply(tree, index + 1, create(path))
    const paths = [...tree.walk()].map(([path]) => path)
    expect(paths).toEqual([
      '',
      '/zookeeper',
      '/zookeeper/config',
      '/zookeeper/quota',
      '/b',
      '/b/y',
      '/b/x',
      '/a',
      '/a/z',
    ])
  })
  test('counts descendants as getAllChildrenNumber does', () => {
    const tree = new DataTree()
    for (const [index, path] of ['/a', '/a/b', '/a/b/c', '/ab'].entries()) apply(tree, index + 1, create(path))
    expect(['/', '/a', '/a/b', '/ab', '/none'].map((path) => tree.allChildrenNumber(path))).toEqual([7, 2, 1, 0, 0])
  })
  test('knows no limit of depth', () => {
    const tree = new DataTree()
    for (let zxid = 1; zxid <= 3000; zxid++) apply(tree, zxid, create('/a'.repeat(zxid)))
    const out = new Writer()
    tree.serialize(out, new Map())
    expect(DataTree.deserialize(new Reader(out.finish())).tree.nodeCount).toBe(tree.nodeCount)
  })
})
