import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { sequenceSuffix } from '../../../src/core/server/create-mode.ts'
import { type PrepConfig, PrepRequestProcessor } from '../../../src/core/server/prep.ts'
import type { Reconfiguring } from '../../../src/core/server/reconfig.ts'
import type { Request } from '../../../src/core/server/request.ts'
import { SessionTracker } from '../../../src/core/server/session-tracker.ts'
import { State } from '../../../src/core/storage/state.ts'
import { CONFIG_PATH } from '../../../src/core/tree/data-tree.ts'
import { CreateMode, ErrorCode, OpCode } from '../../../src/core/wire/codes.ts'
import { type ACL, type Id, OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { asSession, asZxid, nextZxid, type SessionId } from '../../../src/core/wire/ids.ts'
import { type Codec, encode, int, Writer } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import type { LoggedTxn, Txn } from '../../../src/core/wire/txn.ts'
import { text, utf8, World } from './rig.ts'

/** A Prep, the tree that it looks at, and txns that are applied when the test says so. */
class Bench {
  readonly state = new State()
  readonly world = new World()
  readonly sessions: SessionTracker
  readonly prep: PrepRequestProcessor
  readonly outstanding: LoggedTxn[] = []
  zxid = asZxid(0x100000000n)
  owner: object | null = {}
  auth: readonly Id[] = []
  session = this.#session(1n)
  #cxid = 0

  constructor(prepConfig: PrepConfig = {}, reconfiguring?: Reconfiguring) {
    const config = { tickTimeMs: 2000 } as ReplicaConfig
    this.sessions = new SessionTracker(this.world.host, config, this.state.sessions, () => {})
    this.prep = new PrepRequestProcessor({
      database: this.state,
      sessions: this.sessions,
      nextZxid: () => nextZxid(this.zxid),
      wallTime: () => 1_700_000_000_000 + this.#cxid,
      config: prepConfig,
      trace: this.world.host.trace,
      ...(reconfiguring === undefined ? {} : { reconfiguring }),
    })
    this.open(1n)
    this.applyAll()
  }
  #session(id: bigint): SessionId {
    return asSession(id)
  }

  /** Prepares; what becomes of it is outstanding. */
  ask<T>(type: number, codec: Codec<T>, value: T): Txn | number {
    return this.askRaw(type, encode(codec, value))
  }
  askRaw(type: number, body: Uint8Array): Txn | number {
    const request: Request = {
      session: this.session,
      cxid: ++this.#cxid,
      type,
      body,
      auth: this.auth,
      owner: this.owner,
      reply: null,
      logged: null,
      error: 0,
    }
    this.prep.prepare(request)
    if (request.logged === null) return request.error
    const { txn, header } = request.logged
    // Every write takes the next zxid, also one that fails.
    expect(header).toMatchObject({ zxid: nextZxid(this.zxid), clientId: this.session, cxid: this.#cxid })
    expect(header.type).toBe(txn.kind === 'error' ? OpCode.error : type)
    expect(request.error).toBe(txn.kind === 'error' ? txn.body.err : 0)
    this.zxid = header.zxid
    this.outstanding.push(request.logged)
    return txn.kind === 'error' ? txn.body.err : txn
  }
  applyOne(): void {
    const logged = this.outstanding.shift() as LoggedTxn
    const { err, digestMatches, parts } = this.state.apply(logged)
    expect(digestMatches).toBe(true)
    // What was found valid is executed without an error; what was not changes nothing.
    const failed = logged.txn.kind === 'multi' && logged.txn.body.some((part) => part.kind === 'error')
    if (logged.txn.kind !== 'error' && !failed)
      expect([err, parts?.map((part) => part.err)]).toEqual([0, parts?.map(() => 0)])
    this.prep.applied(logged.header.zxid)
  }
  applyAll(): void {
    while (this.outstanding.length > 0) this.applyOne()
    expect(this.prep.outstandingChanges).toBe(0)
  }

  open(id: bigint, owner = this.owner): void {
    const before = [this.session, this.owner] as const
    this.session = asSession(id)
    this.owner = owner
    this.ask(OpCode.createSession, int, 10_000)
    ;[this.session, this.owner] = before
  }
  create(path: string, flags = 0, acl: readonly ACL[] = OPEN_ACL_UNSAFE): Txn | number {
    return this.ask(OpCode.create, proto.CreateRequest, { path, data: utf8(path), acl, flags })
  }
  delete(path: string, version = -1): Txn | number {
    return this.ask(OpCode.delete, proto.DeleteRequest, { path, version })
  }
  set(path: string, version = -1): Txn | number {
    return this.ask(OpCode.setData, proto.SetDataRequest, { path, data: utf8('new'), version })
  }
  close(): Txn | number {
    return this.askRaw(OpCode.closeSession, new Uint8Array())
  }
  multi(...ops: readonly (readonly [number, (out: Writer) => void])[]): Txn | number {
    const out = new Writer()
    for (const [type, write] of ops) {
      proto.MultiHeader.write(out, { type, done: false, err: -1 })
      write(out)
    }
    proto.MultiHeader.write(out, { type: -1, done: true, err: -1 })
    return this.askRaw(OpCode.multi, out.finish())
  }
}

const create = (path: string, flags = 0): readonly [number, (out: Writer) => void] => [
  OpCode.create,
  (out) => proto.CreateRequest.write(out, { path, data: utf8(path), acl: OPEN_ACL_UNSAFE, flags }),
]
const remove = (path: string): readonly [number, (out: Writer) => void] => [
  OpCode.delete,
  (out) => proto.DeleteRequest.write(out, { path, version: -1 }),
]
const check = (path: string, version: number): readonly [number, (out: Writer) => void] => [
  OpCode.check,
  (out) => proto.DeleteRequest.write(out, { path, version }),
]

describe('a request is validated against what is outstanding', () => {
  test('a create sees the parent that is on its way', () => {
    const bench = new Bench()
    bench.create('/a')
    expect(bench.create('/a/b')).toMatchObject({ kind: 'create' })
    expect(bench.create('/a')).toBe(ErrorCode.NodeExists)
    bench.applyAll()
  })

  test('a delete counts the children that are on their way, and those that are leaving', () => {
    const bench = new Bench()
    bench.create('/a')
    bench.create('/a/b')
    expect(bench.delete('/a')).toBe(ErrorCode.NotEmpty)
    bench.delete('/a/b')
    expect(bench.delete('/a')).toMatchObject({ kind: 'delete' })
    expect(bench.create('/a/b')).toBe(ErrorCode.NoNode)
    expect(bench.delete('/a')).toBe(ErrorCode.NoNode)
    bench.applyAll()
  })

  test('a version is the one that the node will have', () => {
    const bench = new Bench()
    bench.create('/a')
    expect(bench.set('/a', 0)).toMatchObject({ body: { version: 1 } })
    expect(bench.set('/a', 0)).toBe(ErrorCode.BadVersion)
    expect(bench.set('/a', 1)).toMatchObject({ body: { version: 2 } })
    expect(bench.delete('/a', 1)).toBe(ErrorCode.BadVersion)
    bench.applyOne()
    expect(bench.delete('/a', 2)).toMatchObject({ kind: 'delete' })
    bench.applyAll()
  })

  test('sequence numbers go on while creates are outstanding, and deletes do not give them back', () => {
    const bench = new Bench()
    bench.create('/q')
    const name = () => bench.create('/q/n-', 2)
    expect(name()).toMatchObject({ body: { path: '/q/n-0000000000', parentCVersion: 1 } })
    expect(name()).toMatchObject({ body: { path: '/q/n-0000000001', parentCVersion: 2 } })
    bench.delete('/q/n-0000000001')
    expect(name()).toMatchObject({ body: { path: '/q/n-0000000002' } })
    bench.applyAll()
    expect(name()).toMatchObject({ body: { path: '/q/n-0000000003' } })
    bench.applyAll()
    expect(bench.state.tree.stat('/q')).toMatchObject({ cversion: 5, numChildren: 3 })
  })

  test('an ephemeral that is on its way can have no children', () => {
    const bench = new Bench()
    bench.create('/e', 1)
    expect(bench.create('/e/child')).toBe(ErrorCode.NoChildrenForEphemerals)
    bench.applyAll()
    expect(bench.create('/e/child')).toBe(ErrorCode.NoChildrenForEphemerals)
  })

  test('an ACL that is on its way holds already', () => {
    const bench = new Bench()
    bench.create('/a')
    const readOnly = [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }]
    bench.ask(OpCode.setACL, proto.SetACLRequest, { path: '/a', acl: readOnly, version: 0 })
    expect(bench.set('/a')).toBe(ErrorCode.NoAuth)
    expect(bench.create('/a/b')).toBe(ErrorCode.NoAuth)
    bench.applyAll()
    expect(bench.state.tree.stat('/a')).toMatchObject({ aversion: 1, version: 0 })
  })

  test('the root is one node under both its names', () => {
    const bench = new Bench()
    bench.set('/')
    bench.create('/a')
    bench.set('/', 1)
    bench.applyAll()
    expect(bench.state.tree.stat('/')).toMatchObject({ version: 2, numChildren: 2 })
  })
})

describe('a write that fails', () => {
  test('is an error txn with a zxid of its own and no digest', () => {
    const bench = new Bench()
    const before = bench.zxid
    expect(bench.delete('/nothing')).toBe(ErrorCode.NoNode)
    expect(bench.outstanding).toMatchObject([{ header: { zxid: before + 1n, type: -1 }, digest: null }])
    const digest = bench.state.tree.digest
    bench.applyAll()
    expect(bench.state.tree).toMatchObject({ digest, lastProcessedZxid: before + 1n })
  })

  test('that cannot be read is a MarshallingError', () => {
    const bench = new Bench()
    for (const type of [OpCode.create, OpCode.delete, OpCode.setData, OpCode.setACL, OpCode.multi, OpCode.createTTL])
      expect(bench.askRaw(type, Uint8Array.of(0, 0, 0, 9, 1))).toBe(ErrorCode.MarshallingError)
  })

  test('a check stands only inside a multi', () => {
    const bench = new Bench()
    expect(bench.ask(OpCode.check, proto.DeleteRequest, { path: '/', version: -1 })).toBe(ErrorCode.Unimplemented)
  })

  test('names ids that are missing: who looks at one stumbles', () => {
    const bench = new Bench()
    const by = (scheme: string | null): unknown => {
      const acl = [{ perms: 31, id: { scheme, id: null } }]
      return bench.ask(OpCode.create, proto.CreateRequest, { path: '/a', data: null, acl, flags: 0 })
    }
    for (const scheme of ['world', 'ip', 'digest']) expect(by(scheme)).toBe(ErrorCode.MarshallingError)
    for (const scheme of ['auth', 'nosuch', null]) expect(by(scheme)).toBe(ErrorCode.InvalidACL)
  })

  test('reserved nodes stay', () => {
    const bench = new Bench()
    for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'])
      expect(bench.delete(path)).toBe(ErrorCode.BadArguments)
    expect(bench.set('/zookeeper/config')).toBe(ErrorCode.NoAuth)
  })

  test('a znode with a time to live needs extended types', () => {
    const ttl = (bench: Bench, flags: number, ms: bigint) =>
      bench.ask(OpCode.createTTL, proto.CreateTTLRequest, {
        path: '/t',
        data: null,
        acl: OPEN_ACL_UNSAFE,
        flags,
        ttl: ms,
      })
    expect(ttl(new Bench(), 5, 1000n)).toBe(ErrorCode.Unimplemented)
    const bench = new Bench({ extendedTypesEnabled: true })
    expect(ttl(bench, 5, 0n)).toBe(ErrorCode.BadArguments)
    expect(ttl(bench, 5, 1n << 40n)).toBe(ErrorCode.BadArguments)
    // It would be a TTL txn without a time to live, on which a Java server stumbles.
    expect(ttl(bench, 0, -5n)).toBe(ErrorCode.BadArguments)
    expect(ttl(bench, 5, (1n << 40n) - 1n)).toMatchObject({ kind: 'createTTL' })
    bench.applyAll()
  })
})

describe('multi', () => {
  test('ops see what the ones before them did, under one zxid', () => {
    const bench = new Bench()
    const zxid = bench.zxid + 1n
    expect(bench.multi(create('/m'), create('/m/s-', 2), check('/m', 0), remove('/m/s-0000000000'))).toMatchObject({
      kind: 'multi',
      body: [{ kind: 'create' }, { body: { path: '/m/s-0000000000' } }, { kind: 'check' }, { kind: 'delete' }],
    })
    bench.applyAll()
    expect(bench.state.tree.stat('/m')).toMatchObject({ czxid: zxid, pzxid: zxid, cversion: 2, numChildren: 0 })
  })

  test('the first failure takes back what came before it, and leaves what was outstanding before', () => {
    const bench = new Bench()
    bench.create('/a')
    bench.set('/a')
    expect(bench.multi(create('/a/x'), create('/y'), check('/a', 7), create('/z'))).toMatchObject({
      body: [
        { kind: 'create' },
        { kind: 'create' },
        { kind: 'error', body: { err: ErrorCode.BadVersion } },
        { kind: 'error', body: { err: ErrorCode.RuntimeInconsistency } },
      ],
    })
    // Nothing of it is there, and what was there before still is.
    expect(bench.create('/a/x/y')).toBe(ErrorCode.NoNode)
    expect(bench.set('/a', 1)).toMatchObject({ body: { version: 2 } })
    expect(bench.create('/y')).toMatchObject({ kind: 'create' })
    bench.applyAll()
    expect(bench.state.tree.stat('/a')).toMatchObject({ numChildren: 0, version: 2 })
  })

  test('what cannot be understood inside fails the whole of it and leaves nothing behind', () => {
    const bench = new Bench()
    const noPath = [
      OpCode.delete,
      (out: Writer) => {
        out.string(null)
        out.int(-1)
      },
    ] as const
    expect(bench.multi(create('/a'), noPath)).toBe(ErrorCode.MarshallingError)
    expect(bench.create('/a/b')).toBe(ErrorCode.NoNode)
    const read = [
      OpCode.getData,
      (out: Writer) => proto.WatchableRequest.write(out, { path: '/', watch: false }),
    ] as const
    expect(bench.multi(read)).toBe(ErrorCode.MarshallingError)
    expect(bench.multi(create('/a'), read)).toBe(ErrorCode.MarshallingError)
    // A time to live where there is no room for one; without one it is no matter which request it is.
    expect(bench.multi(create('/a'), create('/b', 5))).toBe(ErrorCode.MarshallingError)
    const roomy = [
      OpCode.createTTL,
      (out: Writer) =>
        proto.CreateTTLRequest.write(out, { path: '/b', data: null, acl: OPEN_ACL_UNSAFE, flags: 4, ttl: 9n }),
    ] as const
    expect(bench.multi(create('/a'), roomy)).toMatchObject({ body: [{ kind: 'create' }, { kind: 'createContainer' }] })
    bench.applyAll()
  })

  test('an empty one is legal', () => {
    const bench = new Bench()
    expect(bench.multi()).toMatchObject({ kind: 'multi', body: [] })
    bench.applyAll()
  })
})

describe('sessions', () => {
  test('closeSession lists the ephemerals in the tree and on their way, without those that are leaving', () => {
    const bench = new Bench()
    bench.create('/p')
    bench.create('/p/old', 1)
    bench.create('/p/gone', 1)
    bench.applyAll()
    bench.create('/p/new', 1)
    bench.delete('/p/gone')
    const closing = bench.close()
    expect(closing).toMatchObject({ kind: 'closeSession' })
    const { paths2Delete } = (closing as Extract<Txn, { kind: 'closeSession' }>).body as { paths2Delete: string[] }
    expect([...paths2Delete].sort()).toEqual(['/p/new', '/p/old'])
    bench.applyAll()
    expect(bench.state.tree.stat('/p')).toMatchObject({ numChildren: 0, cversion: 6 })
    expect(bench.state.tree.ephemerals(bench.session)).toEqual([])
  })

  test('the parent of a closing ephemeral can be deleted at once', () => {
    const bench = new Bench()
    bench.create('/p')
    bench.create('/p/e', 1)
    bench.applyAll()
    bench.open(2n)
    bench.close()
    bench.session = asSession(2n)
    expect(bench.delete('/p')).toMatchObject({ kind: 'delete' })
    bench.applyAll()
  })

  test('a closing or unknown session can do nothing more', () => {
    const bench = new Bench()
    bench.create('/a')
    bench.close()
    expect(bench.create('/b')).toBe(ErrorCode.SessionExpired)
    expect(bench.set('/a')).toBe(ErrorCode.SessionExpired)
    expect(bench.multi(create('/b'))).toMatchObject({ body: [{ body: { err: ErrorCode.SessionExpired } }] })
    expect(bench.ask(OpCode.getData, proto.WatchableRequest, { path: '/a', watch: false })).toBe(
      ErrorCode.SessionExpired,
    )
    bench.session = asSession(77n)
    expect(bench.delete('/a')).toBe(ErrorCode.SessionExpired)
    // Closing needs no session: an expiry may come twice.
    expect(bench.close()).toMatchObject({ kind: 'closeSession', body: { paths2Delete: [] } })
    bench.applyAll()
  })

  test('requests that come by way of another owner than the newest have moved', () => {
    const bench = new Bench()
    bench.create('/a')
    const old = bench.owner
    const taker = {}
    bench.sessions.setOwner(bench.session, taker)
    expect(bench.set('/a')).toBe(ErrorCode.SessionMoved)
    bench.owner = taker
    expect(bench.set('/a')).toMatchObject({ kind: 'setData' })
    bench.owner = old
    expect(bench.multi(create('/b'))).toMatchObject({ body: [{ body: { err: ErrorCode.SessionMoved } }] })
    bench.applyAll()
    expect(bench.state.tree.stat('/a')).toMatchObject({ version: 1 })
  })

  test('reads get the session check alone: no txn, no zxid', () => {
    const bench = new Bench()
    const before = bench.zxid
    expect(bench.ask(OpCode.exists, proto.WatchableRequest, { path: '/', watch: false })).toBe(ErrorCode.Ok)
    expect(bench.zxid).toBe(before)
    expect(bench.outstanding).toEqual([])
  })
})

test('a sequence number is what Java prints for %010d', () => {
  expect([0, 7, 2147483647, -1, -2147483648].map(sequenceSuffix)).toEqual([
    '0000000000',
    '0000000007',
    '2147483647',
    '-000000001',
    '-2147483648',
  ])
})

/** Small names, so that requests get in each other's way. */
const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join('/')}`)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('create' as const), path, fc.constantFrom(0, 0, 1, 2, 3, 4)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('delete' as const), path, fc.constantFrom(-1, -1, 0, 1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('set' as const), path, fc.constantFrom(-1, 0, 1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('multi' as const), fc.array(path, { maxLength: 4 }), fc.nat(15)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('apply' as const), fc.constantFrom(1, 1, 2, 9)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('session' as const), fc.constantFrom(1n, 2n, 3n)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('close' as const)) },
)

test('whatever is asked and however much of it is outstanding, what was found valid can be applied and gives the announced digest', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bench = new Bench()
      for (const [what, ...rest] of steps) {
        if (what === 'create') bench.create(rest[0] as string, rest[1] as number)
        else if (what === 'delete') bench.delete(rest[0] as string, rest[1] as number)
        else if (what === 'set') bench.set(rest[0] as string, rest[1] as number)
        else if (what === 'multi')
          bench.multi(
            ...(rest[0] as string[]).map((at, n) => (((rest[1] as number) >> n) & 1 ? remove(at) : create(at, n))),
          )
        else if (what === 'apply')
          for (let n = rest[0] as number; n > 0 && bench.outstanding.length > 0; n--) bench.applyOne()
        else if (what === 'close') bench.close()
        else {
          bench.session = asSession(rest[0] as bigint)
          if (!bench.sessions.isValid(bench.session) && !bench.state.sessions.has(bench.session))
            bench.open(bench.session)
        }
      }
      bench.applyAll()
      expect(bench.state.tree.recomputedDigest()).toBe(bench.state.tree.digest)
    }),
    { numRuns: 300 },
  )
})

describe('a reconfig', () => {
  const ask = (bench: Bench): Txn | number =>
    bench.ask(OpCode.reconfig, proto.ReconfigRequest, {
      joiningServers: null,
      leavingServers: '3',
      newMembers: null,
      curConfigId: -1n,
    })

  test('is refused where the members are fixed, where there is no quorum, and to who may not write the configuration', () => {
    const fixed = new Bench()
    expect(ask(fixed)).toBe(ErrorCode.ReconfigDisabled)
    expect(fixed.askRaw(OpCode.reconfig, new Uint8Array())).toBe(ErrorCode.MarshallingError)
    expect(ask(new Bench({ reconfigEnabled: true }))).toBe(ErrorCode.Unimplemented)
    const anybody = new Bench({ reconfigEnabled: true }, reconfiguring)
    expect(ask(anybody)).toBe(ErrorCode.NoAuth)
    // The session is asked for first, its permission last.
    anybody.session = asSession(99n)
    expect(ask(anybody)).toBe(ErrorCode.SessionExpired)
  })

  test('becomes the data of /zookeeper/config, and leaves the digest as it is', () => {
    const bench = new Bench({ reconfigEnabled: true }, reconfiguring)
    bench.auth = [{ scheme: 'super', id: '' }]
    const { digest } = bench.state.tree
    const txn = ask(bench) as Extract<Txn, { kind: 'setData' }>
    expect(txn).toMatchObject({ kind: 'setData', type: OpCode.reconfig, body: { path: CONFIG_PATH, version: -1 } })
    expect(text(txn.body.data)).toBe(
      `server.1=zk1:1:2:participant\nserver.2=zk2:1:2:participant\nversion=${bench.zxid.toString(16)}`,
    )
    bench.applyAll()
    expect(bench.state.tree.digest).toBe(digest)
    expect(bench.state.tree.stat(CONFIG_PATH)).toMatchObject({ version: -1, mzxid: bench.zxid, czxid: 0n })
  })
})

describe('a quota', () => {
  const quota = (bench: Bench, limits: string): void => {
    bench.create('/q')
    bench.create('/zookeeper/quota/q')
    const data = utf8(limits)
    const acl = OPEN_ACL_UNSAFE
    for (const [path, content] of [
      ['/zookeeper/quota/q/zookeeper_limits', data],
      ['/zookeeper/quota/q/zookeeper_stats', utf8('')],
    ] as const)
      bench.ask(OpCode.create, proto.CreateRequest, { path, data: content, acl, flags: 0 })
    bench.applyAll()
  }
  const exceeded = (bench: Bench) =>
    bench.world.of('quotaExceeded').map(({ what, value, limit, hard }) => [what, value, limit, hard])

  test('with a hard limit refuses what would go beyond it, and what is below it stays possible', () => {
    const bench = new Bench({ enforceQuota: true })
    // /q itself counts, with its two bytes.
    quota(bench, 'count=-1,bytes=-1=;byteHardLimit=8;countHardLimit=3')
    expect(bench.create('/q/1')).toMatchObject({ kind: 'create' })
    bench.applyAll()
    expect(bench.set('/q/1')).toMatchObject({ kind: 'setData' })
    bench.applyAll()
    expect(bench.create('/q/23')).toBe(ErrorCode.QuotaExceeded)
    expect(exceeded(bench)).toEqual([['bytes', 10, 8, true]])
    expect(
      bench.ask(OpCode.create, proto.CreateRequest, { path: '/q/2', data: null, acl: OPEN_ACL_UNSAFE, flags: 0 }),
    ).toMatchObject({ kind: 'create' })
    bench.applyAll()
    expect(bench.create('/q/3')).toBe(ErrorCode.QuotaExceeded)
    expect(exceeded(bench).slice(1)).toEqual([['count', 4, 3, true]])
    // Fewer bytes are always possible, and what does not change their number is not looked at.
    expect(bench.ask(OpCode.setData, proto.SetDataRequest, { path: '/q/1', data: null, version: -1 })).toMatchObject({
      kind: 'setData',
    })
  })

  test.each([
    ['', true],
    [',;', true],
    ['count=1', true],
    ['count==1;bytes=+9', true],
    ['something', false],
    ['count=', false],
    ['count=x', false],
    [',count=1', false],
  ])('that reads "%s" can be kept: %s', (limits, readable) => {
    const bench = new Bench({ enforceQuota: true })
    quota(bench, limits)
    if (readable) expect(bench.create('/q/1')).toMatchObject({ kind: 'create' })
    else expect(bench.create('/q/1')).toBe(ErrorCode.MarshallingError)
    if (readable) expect(bench.set('/q')).toMatchObject({ kind: 'setData' })
    else expect(bench.set('/q')).toBe(ErrorCode.MarshallingError)
    bench.applyAll()
  })

  test('with a soft limit only warns', () => {
    const bench = new Bench({ enforceQuota: true })
    quota(bench, 'count=1,bytes=-1')
    expect(bench.create('/q/1')).toMatchObject({ kind: 'create' })
    expect(exceeded(bench)).toEqual([['count', 2, 1, false]])
  })

  test('is asked for after permission and before the version, in the order of the Java server', () => {
    const bench = new Bench({ enforceQuota: true })
    quota(bench, 'count=-1,bytes=-1=;byteHardLimit=2')
    expect(bench.set('/q', 7)).toBe(ErrorCode.QuotaExceeded)
    expect(bench.ask(OpCode.setData, proto.SetDataRequest, { path: '/q', data: null, version: 7 })).toBe(
      ErrorCode.BadVersion,
    )
  })

  test('counts for nothing where it is not enforced', () => {
    const bench = new Bench()
    quota(bench, 'count=-1,bytes=-1=;countHardLimit=0')
    expect(bench.create('/q/1')).toMatchObject({ kind: 'create' })
    expect(exceeded(bench)).toEqual([])
  })

  test('of the deepest path that has one is the one that counts', () => {
    const bench = new Bench({ enforceQuota: true })
    quota(bench, 'count=-1,bytes=-1=;countHardLimit=1')
    bench.create('/zookeeper/quota/q/in')
    bench.applyAll()
    expect(bench.create('/q/in')).toBe(ErrorCode.QuotaExceeded)
    expect(bench.create('/other')).toMatchObject({ kind: 'create' })
  })
})

describe('a server that is told to', () => {
  test('leaves digests away, or lists no ephemerals when a session closes', () => {
    const bench = new Bench({ digestEnabled: false, closeSessionTxnEnabled: false })
    bench.create('/e', CreateMode.EPHEMERAL)
    expect(bench.outstanding.at(-1)?.digest).toBeNull()
    expect(bench.close()).toEqual({ kind: 'closeSession', type: OpCode.closeSession, body: null })
    bench.applyAll()
    expect(bench.state.tree.node('/e')).toBeUndefined()
  })

  test('asks nobody for permission (skipACL)', () => {
    const bench = new Bench({ skipACL: true })
    bench.create('/a', 0, [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }])
    expect(bench.create('/a/b')).toMatchObject({ kind: 'create' })
    expect(bench.set('/a')).toMatchObject({ kind: 'setData' })
    expect(bench.set('/zookeeper/config')).toMatchObject({ kind: 'setData' })
  })
})

const members = QuorumVerifier.parse('server.1=zk1:1:2\nserver.2=zk2:1:2\nserver.3=zk3:1:2\nversion=100000000')
const reconfiguring: Reconfiguring = { committed: members, lastSeen: members, isQuorumSynced: () => true }
