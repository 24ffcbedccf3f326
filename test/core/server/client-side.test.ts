import { describe, expect, test } from 'vitest'
import { ErrorCode, EventType, OpCode } from '../../../src/core/wire/codes.ts'
import { asSession, asZxid, hex64 } from '../../../src/core/wire/ids.ts'
import { int, Writer } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { MultiCreate } from './multi-create.ts'
import { bodyOf, framed, Nothing, type ServerOptions, TestServer, text, utf8, World } from './rig.ts'

/** A server on which nothing is committed before the test says so, with sessions that exist already. */
function slowServer(options: ServerOptions = {}): TestServer {
  return new TestServer(new World(), options)
}
const kinds = ['leader', 'learner'] as const

describe('a session is established', () => {
  test.each(kinds)('by a %s once its createSession is committed, and not before', (kind) => {
    const server = slowServer({ kind })
    server.prompt = false
    const client = server.session(6000)
    expect(client.frames).toEqual([])
    server.commit()
    const response = client.takeConnectResponse()
    expect(response).toMatchObject({ timeOut: 6000, readOnly: false, protocolVersion: 0 })
    expect(server.state.sessions).toEqual(new Map([[response.sessionId, 6000]]))
    expect(server.world.of('sessionAttached')).toMatchObject([{ session: response.sessionId, timeoutMs: 6000 }])
    expect(server.world.of('sessionCreated')).toMatchObject([{ session: response.sessionId, zxid: 1n }])
  })

  test('with a timeout between two and twenty ticks', () => {
    const server = slowServer()
    const granted = [1, -5, 0, 4000, 12_345, 40_000, 1_000_000].map((timeOut) => {
      const client = server.connect()
      client.connect({ timeOut })
      return client.takeConnectResponse().timeOut
    })
    expect(granted).toEqual([4000, 4000, 4000, 4000, 12_345, 40_000, 40_000])
  })

  test('with an id that names the server and the moment, also after a restart', () => {
    const world = new World()
    world.wallStart = 0x18c5f2a1b77
    const first = new TestServer(world).session()
    const second = new TestServer(world).session()
    expect(hex64(first.session)).toBe('0x18c5f2a1b770000')
    expect(second.session).toBe(first.session)
    // The clock goes on while a server restarts.
    world.run(1)
    const later = new TestServer(world)
    expect(later.session().session - first.session).toBe(0x10000n)
    expect(later.session().session - first.session).toBe(0x10001n)
    expect(text(first.password)).not.toBe(text(second.password.slice(1)))
  })

  test('requests sent along with the ConnectRequest wait for it', () => {
    const server = slowServer()
    server.prompt = false
    const client = server.session()
    client.create('/a')
    client.get('/a')
    expect(server.outstanding).toHaveLength(1)
    server.commit()
    client.takeConnectResponse()
    expect(client.take()).toMatchObject({ xid: 1, err: 0 })
    expect(client.take()).toMatchObject({ xid: 2, err: 0 })
  })

  test('not for a client that has seen more than this server: it is left without an answer', () => {
    const server = slowServer()
    const client = server.connect()
    client.connect({ lastZxidSeen: asZxid(1n) })
    expect(client).toMatchObject({ ended: 'closed', frames: [] })
    expect(server.state.sessions.size).toBe(0)
  })
})

describe('a session is taken up again', () => {
  test.each(kinds)('at a %s with its password, and the old connection ends', (kind) => {
    const server = slowServer({ kind })
    const old = server.session(6000)
    old.create('/e', 'mine', 1)
    old.take()
    const { session, password } = old
    const client = server.connect()
    client.connect({ sessionId: session, passwd: password, lastZxidSeen: asZxid(2n) })
    expect(old.ended).toBe('closed')
    // The timeout is negotiated anew.
    expect(client.takeConnectResponse()).toMatchObject({ sessionId: session, passwd: password, timeOut: 10_000 })
    client.get('/e')
    expect(text(bodyOf(proto.GetDataResponse, client.take()).data)).toBe('mine')
    expect(server.world.of('sessionDetached')).toMatchObject([{ session, connection: 'c1' }])
  })

  test('not with a wrong password: timeout 0 and the end, for the old connection too', () => {
    const server = slowServer()
    const old = server.session()
    const client = server.connect()
    client.connect({ sessionId: old.session, passwd: new Uint8Array(16).fill(120) })
    expect(client.takeConnectResponse()).toMatchObject({ sessionId: 0n, timeOut: 0, passwd: new Uint8Array(16) })
    expect([client.ended, old.ended]).toEqual(['closed', 'closed'])
    expect(server.state.sessions.has(old.session)).toBe(true)
  })

  test('not when it has expired or never was', () => {
    const server = slowServer()
    const old = server.session(4000)
    const { session, password } = old
    old.vanish()
    server.world.run(6000)
    const client = server.connect()
    client.connect({ sessionId: session, passwd: password })
    expect(client.takeConnectResponse()).toMatchObject({ sessionId: 0n, timeOut: 0 })
    expect(client.ended).toBe('closed')
  })

  test('by whoever asked last, when the answers of the leader come late', () => {
    const server = slowServer({ kind: 'learner' })
    const { session, password } = server.session()
    server.revalidations = []
    const [second, third] = [server.connect(), server.connect()]
    second.connect({ sessionId: session, passwd: password })
    third.connect({ sessionId: session, passwd: password })
    expect([second.ended, third.frames]).toEqual(['closed', []])
    server.revalidations[0]?.()
    expect(third.takeConnectResponse()).toMatchObject({ sessionId: session })
    // The session ends before the other question is answered: that is not the way in which this client hears of it.
    server.sessions.startClosing(session)
    server.revalidations[1]?.()
    expect(third.ended).toBeUndefined()
    expect(third.frames).toEqual([])
    expect(second.frames).toEqual([])
  })
})

describe('order', () => {
  test.each(kinds)('a session sees its own writes at a %s: a read waits for the write in front of it', (kind) => {
    const server = slowServer({ kind })
    const client = server.session()
    const other = server.session()
    server.prompt = false
    client.create('/a', 'x')
    client.get('/a')
    client.set('/a', 'y')
    client.get('/a')
    client.ping()
    other.exists('/a')
    // Another session reads what is there now.
    expect(other.take()).toMatchObject({ err: ErrorCode.NoNode })
    expect(client.frames).toEqual([])
    server.commit(1)
    expect(client.take()).toMatchObject({ xid: 1, zxid: 3n })
    expect(text(bodyOf(proto.GetDataResponse, client.take()).data)).toBe('x')
    expect(client.frames).toEqual([])
    server.commit(1)
    expect(client.take()).toMatchObject({ xid: 3, zxid: 4n })
    expect(text(bodyOf(proto.GetDataResponse, client.take()).data)).toBe('y')
    expect(client.take()).toMatchObject({ xid: -2, zxid: 4n, err: 0 })
  })

  test('writes of several sessions are answered each in its own session, in committed order', () => {
    const server = slowServer()
    const [a, b] = [server.session(), server.session()]
    server.prompt = false
    a.create('/n-', '', 2)
    b.create('/n-', '', 2)
    a.create('/n-', '', 2)
    b.delete('/nothing')
    server.commit()
    const paths = [a, b, a].map((client) => bodyOf(proto.PathResponse, client.take()).path)
    expect(paths).toEqual(['/n-0000000000', '/n-0000000001', '/n-0000000002'])
    expect(b.take()).toMatchObject({ err: ErrorCode.NoNode, zxid: 6n })
  })

  test("on the leader sync is a read; on a learner it waits for the leader's SYNC", () => {
    const leader = slowServer()
    const client = leader.session()
    leader.prompt = false
    client.sync('/x')
    expect(bodyOf(proto.PathResponse, client.take()).path).toBe('/x')

    const learner = slowServer({ kind: 'learner' })
    const asking = learner.session()
    const other = learner.session()
    learner.prompt = false
    other.create('/b')
    asking.sync('/x')
    asking.exists('/b')
    learner.commit(1)
    expect(asking.frames).toEqual([])
    learner.commit(1)
    expect(bodyOf(proto.PathResponse, asking.take()).path).toBe('/x')
    expect(asking.take()).toMatchObject({ err: 0, zxid: 3n })
  })

  test('reads never leave a learner', () => {
    const server = slowServer({ kind: 'learner' })
    const client = server.session()
    server.submit = () => {
      throw new Error('submitted')
    }
    client.get('/')
    client.children('/', true)
    client.ping()
    expect(client.frames).toHaveLength(3)
    expect(() => client.sync('/')).toThrow('submitted')
  })

  test("a txn of this session that came by way of another server is not taken for this connection's request", () => {
    const server = slowServer({ kind: 'learner' })
    const client = server.session()
    server.prompt = false
    // Prepared and committed before our own, with the same cxid.
    const elsewhere = new Writer()
    proto.CreateRequest.write(elsewhere, { path: '/old', data: null, acl: [openAcl], flags: 0 })
    const foreign = server.foreign(client.session, 1, OpCode.create, elsewhere.finish(), server)
    server.submit(foreign)
    client.set('/old', 'new')
    server.commit(1)
    expect(client.frames).toEqual([])
    server.commit(1)
    expect(bodyOf(proto.StatResponse, client.take()).stat.version).toBe(1)
  })
})

const openAcl = { perms: 31, id: { scheme: 'world', id: 'anyone' } }

describe('watches', () => {
  test('an event comes before the reply of the write that caused it, and before any read that shows it', () => {
    const server = slowServer()
    const [writer, watcher] = [server.session(), server.session()]
    writer.create('/w')
    writer.take()
    watcher.get('/w', true)
    watcher.take()
    writer.get('/w', true)
    writer.take()
    server.prompt = false
    writer.set('/w', '1')
    writer.get('/w')
    server.commit()
    expect(writer.takeEvent()).toEqual({ type: EventType.NodeDataChanged, path: '/w' })
    expect(writer.take()).toMatchObject({ xid: 3, err: 0 })
    expect(writer.take()).toMatchObject({ xid: 4 })
    watcher.get('/w')
    expect(watcher.takeEvent()).toMatchObject({ path: '/w' })
    expect(watcher.take()).toMatchObject({ xid: 2 })
  })

  test('a failed multi fires none', () => {
    const server = slowServer()
    const client = server.session()
    client.exists('/m', true)
    client.take()
    const out = new Writer()
    proto.MultiHeader.write(out, { type: OpCode.create, done: false, err: -1 })
    proto.CreateRequest.write(out, { path: '/m', data: null, acl: [openAcl], flags: 0 })
    proto.MultiHeader.write(out, { type: OpCode.delete, done: false, err: -1 })
    proto.DeleteRequest.write(out, { path: '/nothing', version: -1 })
    proto.MultiHeader.write(out, { type: -1, done: true, err: -1 })
    const ops = out.finish()
    client.request(OpCode.multi, { write: (to) => to.raw(ops), read: () => {} }, undefined)
    expect(client.take()).toMatchObject({ xid: 2, err: 0 })
    expect(client.frames).toEqual([])
    client.create('/m')
    expect(client.takeEvent()).toEqual({ type: EventType.NodeCreated, path: '/m' })
  })

  test('end with their connection, and the trace says so', () => {
    const server = slowServer()
    const [watcher, writer] = [server.session(), server.session()]
    watcher.exists('/x', true)
    watcher.children('/', true)
    const { session } = watcher
    watcher.vanish()
    writer.create('/x')
    expect(watcher.frames).toHaveLength(2)
    expect(server.world.of('watchRemoved')).toEqual([
      { kind: 'watchRemoved', session, path: '/x', watch: 'exists', reason: 'disconnected' },
      { kind: 'watchRemoved', session, path: '/', watch: 'child', reason: 'disconnected' },
    ])
    expect(server.world.of('watchFired')).toEqual([])
  })
})

describe('the end of a session', () => {
  test('closeSession takes its ephemerals away, then is answered, then the connection ends', () => {
    const server = slowServer()
    const [client, other] = [server.session(), server.session()]
    client.create('/e', '', 1)
    client.take()
    other.exists('/e', true)
    other.take()
    server.prompt = false
    client.close()
    client.exists('/e')
    expect(client.ended).toBeUndefined()
    server.commit()
    expect(client.take()).toMatchObject({ xid: 2, zxid: 4n, err: 0 })
    // What came after it is not answered.
    expect(client).toMatchObject({ ended: 'closed', frames: [] })
    expect(other.takeEvent()).toEqual({ type: EventType.NodeDeleted, path: '/e' })
    expect(server.state.sessions.has(client.session)).toBe(false)
    expect(server.world.of('sessionClosing')).toMatchObject([{ session: client.session, cause: 'closed' }])
    expect(server.world.of('sessionClosed')).toMatchObject([{ session: client.session, zxid: 4n }])
  })

  test('a silent session expires, its ephemerals vanish, its connection ends', () => {
    const server = slowServer()
    const [silent, alive] = [server.session(4000), server.session(4000)]
    silent.create('/e', '', 1)
    silent.take()
    for (let n = 0; n < 4; n++) {
      server.world.run(1500)
      alive.ping()
    }
    expect(silent.ended).toBe('closed')
    expect(server.state.tree.node('/e')).toBeUndefined()
    expect([...server.state.sessions.keys()]).toEqual([alive.session])
    expect(alive.ended).toBeUndefined()
  })

  test('closing a session that expires at the same time ends it once', () => {
    const server = slowServer()
    const client = server.session(4000)
    server.prompt = false
    client.close()
    server.expire(client.session)
    server.commit()
    expect(client.take()).toMatchObject({ err: 0 })
    expect(server.world.of('sessionClosed')).toHaveLength(1)
  })

  test('a session that has moved: its old connection is closed without a word', () => {
    const server = slowServer()
    const client = server.session()
    server.sessions.setOwner(client.session, {})
    client.create('/a')
    expect(client).toMatchObject({ ended: 'closed', frames: [] })
    expect(server.state.tree.node('/a')).toBeUndefined()
    // Also for a read, where the leader knows it.
    const reader = server.session()
    server.sessions.setOwner(reader.session, {})
    reader.get('/')
    expect(reader).toMatchObject({ ended: 'closed', frames: [] })
  })

  test.each(kinds)('a multi of a session that has moved away from a %s is not answered either', (kind) => {
    const server = slowServer({ kind })
    const client = server.session()
    server.sessions.setOwner(client.session, {})
    client.request(OpCode.multi, MultiCreate, ['/a', 0])
    expect(server.committed.at(-1)?.txn).toMatchObject({
      kind: 'multi',
      body: [{ kind: 'error', body: { err: ErrorCode.SessionMoved } }],
    })
    expect(client.frames).toEqual([])
    expect(client.ended).toBe('closed')
  })

  test('once the role is over, nothing that was queued has any effect', () => {
    const world = new World()
    const server = new TestServer(world)
    const [client, connecting] = [server.session(), server.connect()]
    client.exists('/a', true)
    client.take()
    server.prompt = false
    connecting.connect()
    client.create('/a')
    client.get('/a')
    const told = world.events.length
    server.clients.close('the leader is gone')
    server.sessions.stop()
    expect([client.ended, connecting.ended]).toEqual(['closed', 'closed'])
    const ends = world.events.slice(told).map(({ kind }) => kind)
    expect(ends).toEqual(['watchRemoved', 'sessionDetached'])
    const { tree } = server.state
    const { lastProcessedZxid } = tree
    server.commit()
    server.clients.synced()
    server.clients.revalidated(client.session, true)
    world.run(100_000)
    expect([client.frames, connecting.frames]).toEqual([[], []])
    expect(tree.lastProcessedZxid).toBe(lastProcessedZxid)
    expect(world.events.slice(told)).toHaveLength(2)
    // The door stays open, but a client that asks for a session is sent away without an answer.
    const late = server.connect()
    late.connect()
    expect(late).toMatchObject({ ended: 'closed', frames: [] })
    expect(world.timers.filter(({ live }) => live)).toEqual([])
  })
})

describe('bytes that make no sense', () => {
  test.each([
    ['a ConnectRequest that is too short', framed(new Uint8Array(12))],
    ['an empty frame', framed(new Uint8Array())],
    ['a negative length', Uint8Array.of(255, 255, 255, 255)],
    ['a length above jute.maxbuffer', Uint8Array.of(0, 16, 0, 0)],
    ['words that nobody knows', utf8('GET / HTTP/1.1')],
  ])('%s ends a new connection', (_, bytes) => {
    const client = slowServer().connect()
    client.send(bytes)
    expect(client.ended).toMatchObject({ aborted: expect.any(String) })
    expect(client.frames).toEqual([])
  })

  test.each([
    ['half a request header', framed(new Uint8Array(6))],
    ['an empty frame', framed(new Uint8Array())],
    ['a negative length', Uint8Array.of(255, 255, 255, 254)],
  ])('%s ends an attached connection; its session lives on', (_, bytes) => {
    const server = slowServer()
    const client = server.session()
    client.send(bytes)
    expect(client.ended).toMatchObject({ aborted: expect.any(String) })
    expect(server.state.sessions.has(client.session)).toBe(true)
    expect(server.world.of('sessionDetached')).toHaveLength(1)
  })

  test('a body that cannot be read is a MarshallingError; only a write takes a zxid for it', () => {
    const server = slowServer()
    const client = server.session()
    client.request(OpCode.getData, int, 5)
    expect(client.take()).toMatchObject({ err: ErrorCode.MarshallingError, zxid: 1n })
    client.request(OpCode.setData, int, 5)
    expect(client.take()).toMatchObject({ err: ErrorCode.MarshallingError, zxid: 2n })
    client.get('/')
    expect(client.take()).toMatchObject({ err: 0 })
  })

  test.each([0, 10, 23, 99, 108, OpCode.createSession, OpCode.error])(
    'op %d is refused, and the connection ends',
    (op) => {
      const server = slowServer()
      const client = server.session()
      client.request(op, Nothing, {})
      expect(client.take()).toMatchObject({ err: ErrorCode.Unimplemented, zxid: -1n })
      expect(client.ended).toBe('closed')
      expect(server.outstanding).toEqual([])
    },
  )

  test.each(kinds)('a check that stands alone is refused by a %s and becomes no txn', (kind) => {
    const server = slowServer({ kind })
    const client = server.session()
    client.request(OpCode.check, proto.DeleteRequest, { path: '/', version: -1 })
    expect(client.take()).toMatchObject({ err: ErrorCode.Unimplemented, zxid: 1n })
    expect(client.ended).toBeUndefined()
    expect(server.committed).toHaveLength(1)
  })
})

describe('limits', () => {
  test('a connection that says nothing is closed: without a session in ten seconds or so, with one after its timeout', () => {
    const server = slowServer()
    const mute = server.connect()
    server.world.run(1)
    const late = server.session(20_000)
    server.world.run(19_998)
    expect(mute.ended).toBeUndefined()
    server.world.run(1)
    expect(mute.ended).toBe('closed')
    late.ping()
    server.world.run(9000)
    expect(late.ended).toBeUndefined()
    // Its session expires first, which closes the connection too.
    server.world.run(20_000)
    expect(late.ended).toBe('closed')
  })

  test('more connections from one host than allowed are closed at once', () => {
    const server = slowServer({ limits: { maxClientCnxns: 2 } })
    const clients = ['h1', 'h1', 'h1', 'h2'].map((remote) => server.connect(remote))
    expect(clients.map(({ ended }) => ended)).toEqual([undefined, undefined, 'closed', undefined])
    clients[0]?.vanish()
    expect(server.connect('h1').ended).toBeUndefined()
  })

  test('an overloaded server reads no more from clients that have something in its pipeline', () => {
    const server = slowServer({ limits: { globalOutstandingLimit: 2 } })
    const [busy, idle] = [server.session(), server.session()]
    server.prompt = false
    for (let n = 0; n < 6; n++) busy.create('/n-', '', 2)
    expect(server.outstanding).toHaveLength(3)
    // Who has nothing in it may still ask.
    idle.get('/')
    expect(idle.frames).toHaveLength(1)
    server.commit(1)
    expect(server.outstanding).toHaveLength(3)
    server.commit()
    expect(busy.frames).toHaveLength(6)
    expect(server.state.tree.children('/').length).toBe(7)
  })

  test('reads of a paused connection do not pile up one inside the other', () => {
    const server = slowServer({ limits: { globalOutstandingLimit: 0 } })
    const client = server.session()
    server.prompt = false
    client.create('/a')
    for (let n = 0; n < 5000; n++) client.exists('/a')
    expect(client.frames).toEqual([])
    server.commit()
    expect(client.frames).toHaveLength(5001)
  })
})

describe('the trace', () => {
  test('tells requests, what they did, and their replies; of pings nothing', () => {
    const server = slowServer()
    const client = server.session()
    const { session } = client
    const told = server.world.events.length
    client.ping()
    client.create('/a')
    client.get('/a', true)
    client.delete('/a')
    expect(server.world.events.slice(told)).toMatchObject([
      { kind: 'request', session, xid: 1, op: 'create', path: '/a' },
      { kind: 'applied', zxid: 2n, phase: 'serving' },
      { kind: 'reply', session, xid: 1, op: 'create', zxid: 2n, err: 0 },
      { kind: 'request', session, xid: 2, op: 'getData', path: '/a' },
      { kind: 'watchSet', session, path: '/a', watch: 'data' },
      { kind: 'reply', session, xid: 2, op: 'getData', zxid: 2n, err: 0 },
      { kind: 'request', session, xid: 3, op: 'delete', path: '/a' },
      { kind: 'applied', zxid: 3n },
      {
        kind: 'watchFired',
        session,
        path: '/a',
        watch: 'data',
        event: 'NodeDeleted',
        eventPath: '/a',
        zxid: 3n,
        stays: false,
      },
      { kind: 'reply', session, xid: 3, op: 'delete', zxid: 3n, err: 0 },
    ])
    const about = { session: hex64(session) }
    expect(client.notes).toEqual([
      { protocol: 'client', type: 'connectResponse', detail: { ...about, timeoutMs: 10_000 } },
      { protocol: 'client', type: 'reply', zxid: 1n, quiet: true, detail: { ...about, xid: -2, op: 'ping', err: 0 } },
      { protocol: 'client', type: 'reply', zxid: 2n, detail: { ...about, xid: 1, op: 'create', err: 0 } },
      { protocol: 'client', type: 'reply', zxid: 2n, detail: { ...about, xid: 2, op: 'getData', err: 0 } },
      { protocol: 'client', type: 'watchEvent', detail: { ...about, event: 'NodeDeleted', path: '/a' } },
      { protocol: 'client', type: 'reply', zxid: 3n, detail: { ...about, xid: 3, op: 'delete', err: 0 } },
    ])
  })

  test('the leader is told of every client that is heard of, pings included', () => {
    const server = slowServer({ kind: 'learner' })
    const client = server.session()
    client.ping()
    client.get('/')
    // Once for its createSession, as every learner does.
    expect(server.touches).toEqual([client.session, client.session, client.session])
    expect(server.touches[0]).not.toBe(asSession(0n))
  })
})
