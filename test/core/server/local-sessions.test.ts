import { describe, expect, test } from 'vitest'
import { LeaderSessionTracker } from '../../../src/core/server/local-sessions.ts'
import { CreateMode, ErrorCode, OpCode } from '../../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { asSession } from '../../../src/core/wire/ids.ts'
import { encode } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { MultiCreate } from './multi-create.ts'
import { type ServerOptions, TestServer, World } from './rig.ts'

const SID = 1
const local = { localSessionsEnabled: true }
const upgrading = { localSessionsEnabled: true, localSessionsUpgradingEnabled: true }

function given(kind: 'leader' | 'learner', settings: ServerOptions['settings'] = local): TestServer {
  return new TestServer(new World(), { kind, settings, leaderSid: kind === 'learner' ? 2 : SID })
}
/** Type and cxid of the txns so far. */
const txns = (server: TestServer): [number, number][] =>
  server.committed.map(({ header }) => [header.type, header.cxid] as [number, number])

describe.each(['leader', 'learner'] as const)('a local session at a %s', (kind) => {
  test('is made and closed without a txn', () => {
    const server = given(kind)
    const client = server.session()
    expect(client.session >> 56n).toBe(BigInt(SID))
    client.get('/')
    expect(client.take()).toMatchObject({ err: 0, zxid: 0n })
    client.close()
    expect(client.take()).toMatchObject({ err: 0, zxid: 0n })
    expect(client.ended).toBe('closed')
    expect(server.committed).toEqual([])
    expect(server.state.sessions.size).toBe(0)
    const late = server.connect()
    late.connect({ sessionId: client.session, passwd: client.password })
    expect(late.takeConnectResponse()).toMatchObject({ timeOut: 0 })
  })

  test('writes, but owns no ephemeral: the error says why', () => {
    const server = given(kind)
    const client = server.session()
    client.create('/a', 'x')
    expect(client.take()).toMatchObject({ err: 0, zxid: 1n })
    client.create('/e', '', CreateMode.EPHEMERAL)
    expect(client.take()).toMatchObject({ err: ErrorCode.EphemeralOnLocalSession, zxid: 2n })
    client.create('/s-', '', CreateMode.EPHEMERAL_SEQUENTIAL)
    expect(client.take()).toMatchObject({ err: ErrorCode.EphemeralOnLocalSession, zxid: 3n })
    // As every write that fails it is a txn. The leader cannot tell what kind of session it is that it does not know.
    const code = kind === 'leader' ? ErrorCode.EphemeralOnLocalSession : ErrorCode.SessionExpired
    expect(server.committed[1]?.txn).toMatchObject({ kind: 'error', body: { err: code } })
    expect(txns(server)).toEqual([
      [OpCode.create, 1],
      [OpCode.error, 2],
      [OpCode.error, 3],
    ])
    client.create('/b')
    expect(client.take()).toMatchObject({ err: 0 })
  })

  test('becomes a global one for an ephemeral, where that is allowed, and once', () => {
    const server = given(kind, upgrading)
    const client = server.session()
    client.create('/e', '', CreateMode.EPHEMERAL)
    expect(client.take()).toMatchObject({ err: 0, zxid: 2n })
    expect(txns(server)).toEqual([
      [OpCode.createSession, 0],
      [OpCode.create, 1],
    ])
    expect(server.committed.map(({ header }) => header.clientId)).toEqual([client.session, client.session])
    expect([...server.state.sessions]).toEqual([[client.session, 10_000]])
    expect(server.state.tree.ephemerals(client.session)).toEqual(['/e'])
    client.create('/f', '', CreateMode.EPHEMERAL)
    expect(client.take()).toMatchObject({ err: 0, zxid: 3n })
    client.close()
    expect(client.take()).toMatchObject({ err: 0, zxid: 4n })
    expect(txns(server).slice(2)).toEqual([
      [OpCode.create, 2],
      [OpCode.closeSession, 3],
    ])
    expect(server.state.tree.node('/e')).toBeUndefined()
  })

  test('becomes a global one for an ephemeral inside a multi, and not for one without', () => {
    const server = given(kind, upgrading)
    const client = server.session()
    client.request(OpCode.multi, MultiCreate, ['/a', CreateMode.PERSISTENT])
    expect(client.take()).toMatchObject({ err: 0, zxid: 1n })
    client.request(OpCode.multi, MultiCreate, ['/e', CreateMode.EPHEMERAL])
    expect(client.take()).toMatchObject({ err: 0, zxid: 3n })
    expect(txns(server).map(([type]) => type)).toEqual([OpCode.multi, OpCode.createSession, OpCode.multi])
    expect(server.state.tree.ephemerals(client.session)).toEqual(['/e'])
  })

  test('keeps the order of its requests while it becomes a global one', () => {
    const server = given(kind, upgrading)
    const client = server.session()
    server.prompt = false
    client.create('/e', '', CreateMode.EPHEMERAL)
    client.exists('/e')
    client.create('/f', '', CreateMode.EPHEMERAL)
    expect(client.frames).toEqual([])
    server.commit(1)
    expect(client.frames).toEqual([])
    server.commit()
    expect([client.take(), client.take(), client.take()]).toMatchObject([
      { xid: 1, err: 0 },
      { xid: 2, err: 0 },
      { xid: 3, err: 0 },
    ])
    expect(txns(server).map(([type]) => type)).toEqual([OpCode.createSession, OpCode.create, OpCode.create])
  })

  test('is taken up again where it is known, and the old connection ends', () => {
    const server = given(kind)
    const first = server.session()
    first.create('/a')
    first.take()
    const second = server.connect()
    second.connect({ sessionId: first.session, passwd: first.password })
    expect(first.ended).toBe('closed')
    expect(second.takeConnectResponse()).toMatchObject({ sessionId: first.session, timeOut: 10_000 })
    second.set('/a', 'x')
    expect(second.take()).toMatchObject({ err: 0 })
  })

  test('that is silent ends with its connection, and nobody else hears of it', () => {
    const server = given(kind)
    const client = server.session(4000)
    server.world.run(3000)
    client.ping()
    client.take()
    server.world.run(4000)
    expect(client.ended).toBeUndefined()
    server.world.run(3000)
    expect(client.ended).toBe('closed')
    expect(server.world.of('sessionClosing')).toMatchObject([{ session: client.session, cause: 'expired' }])
    expect(server.committed).toEqual([])
  })
})

describe('the leader and local sessions of others', () => {
  const handler = {}
  const THEIRS = asSession(0x300000000000001n)

  test('lets them write, but own no ephemeral', () => {
    const server = given('leader')
    const create = (path: string, flags: number) => {
      const request = server.foreign(THEIRS, 1, OpCode.create, createBody(path, flags), handler)
      server.submit(request)
      return request.error
    }
    expect(create('/a', CreateMode.PERSISTENT)).toBe(ErrorCode.Ok)
    expect(create('/e', CreateMode.EPHEMERAL)).toBe(ErrorCode.SessionExpired)
  })

  test('takes a session of its own that it does not know for one that has expired', () => {
    const tracker = new LeaderSessionTracker(
      new World().host,
      { sid: 1, tickTimeMs: 2000, ...local } as never,
      new Map(),
      () => undefined,
    )
    expect(tracker.check(asSession(0x100000000000001n), handler)).toBe(ErrorCode.SessionExpired)
    expect(tracker.check(THEIRS, handler)).toBe(ErrorCode.Ok)
    expect(tracker.checkGlobal(THEIRS, handler)).toBe(ErrorCode.SessionExpired)
    // A server whose id has the highest bit: the id's byte has a sign.
    expect(tracker.check(asSession(-1n << 56n), handler)).toBe(ErrorCode.Ok)
  })

  test('does not tell a session of its own clients from an unknown one, when it is asked by a learner', () => {
    const server = given('leader')
    const client = server.session()
    expect(server.sessions.local?.has(client.session)).toBe(true)
    expect(server.sessions.has(client.session)).toBe(false)
  })
})

test('what a session asks for when it has expired is dropped; what it asked for before is done', () => {
  const server = given('learner')
  const client = server.session(4000)
  server.prompt = false
  client.create('/before')
  server.world.run(6000)
  expect(server.world.of('sessionClosing')).toHaveLength(1)
  expect(client.ended).toBeUndefined()
  client.create('/after')
  client.get('/')
  server.commit()
  expect(client.take()).toMatchObject({ xid: 1, err: 0 })
  expect(client.frames).toEqual([])
  expect(client.ended).toBe('closed')
  expect(txns(server)).toEqual([[OpCode.create, 1]])
})

function createBody(path: string, flags: number): Uint8Array {
  return encode(proto.CreateRequest, { path, data: null, acl: OPEN_ACL_UNSAFE, flags })
}
