import { describe, expect, test } from 'vitest'
import type { SessionOptions } from '../../../src/core/client/cnxn.ts'
import { SET_WATCHES_MAX_LENGTH } from '../../../src/core/client/packets.ts'
import { IllegalArgument, type Reply } from '../../../src/core/client/reply.ts'
import { ClientSession } from '../../../src/core/client/session.ts'
import type { WatchedEvent } from '../../../src/core/client/watches.ts'
import {
  CreateMode,
  ErrorCode,
  EventType,
  eventName,
  KeeperState,
  OpCode,
  opName,
  WatcherType,
} from '../../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE, Stat } from '../../../src/core/wire/data.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { Reader } from '../../../src/core/wire/jute.ts'
import { ConnectRequest, PathRequest, SetWatches, SetWatches2 } from '../../../src/core/wire/proto.ts'
import { toUtf8 } from '../../../src/core/wire/utf8.ts'
import { expired, granted, headerOf, obliging, PASSWORD, reply, SESSION, watchEvent } from './answers.ts'
import { FakeServer, unhex, World } from './rig.ts'

const stat: Stat = {
  czxid: asZxid(1n),
  mzxid: asZxid(1n),
  ctime: 0n,
  mtime: 0n,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 0,
  numChildren: 0,
  pzxid: asZxid(1n),
}

interface Rig {
  readonly world: World
  readonly servers: readonly FakeServer[]
  readonly zk: ClientSession
  /** Session events by state, node events as `type path`. */
  readonly heard: string[]
}
const stateName = (state: number) => Object.entries(KeeperState).find(([, value]) => value === state)![0]

/** `serve`: every host has an obliging server; `begin` sets others up. */
type RigOptions = Omit<SessionOptions, 'watcher'> & {
  readonly serve?: boolean
  readonly begin?: (world: World) => void
}

function rig(connect: string, options: RigOptions = {}): Rig {
  const world = new World()
  const hosts = connect.replace(/\/.*/, '').split(',')
  const servers = options.serve === false ? [] : hosts.map((host) => new FakeServer(world, host))
  for (const server of servers) server.answer = obliging()
  options.begin?.(world)
  const heard: string[] = []
  const watcher = ({ state, type, path }: WatchedEvent) =>
    heard.push(type === EventType.None ? stateName(state) : `${eventName(type)} ${path}`)
  const zk = new ClientSession(world.host('client'), connect, { timeoutMs: 9000, shuffle: false, ...options, watcher })
  return { world, servers, zk, heard }
}

/** What came back, as one word. */
const outcomes = () => {
  const list: string[] = []
  return {
    list,
    note:
      (name: string) =>
      <T>(answer: Reply<T>) =>
        list.push(`${name} ${answer.ok ? 'ok' : answer.err}`),
  }
}
const frameOf = (server: FakeServer, nth: number): Uint8Array => unhex(server.received[nth]!).slice(4)
const opsOf = (server: FakeServer): string[] =>
  server.received.map((_, nth) => (nth === 0 ? 'connect' : opName(headerOf(frameOf(server, nth)).type)))
const connectOf = (server: FakeServer, nth = 0) => ConnectRequest.read(new Reader(frameOf(server, nth)))

describe('a session is asked for', () => {
  test('nothing but the connect request is sent before the server has granted the session', () => {
    const { world, servers, zk } = rig('zk1')
    servers[0]!.answer = () => []
    zk.getData('/a', false, () => undefined)
    world.run(1000)
    expect(opsOf(servers[0]!)).toEqual(['connect'])
    expect(connectOf(servers[0]!)).toEqual({
      protocolVersion: 0,
      lastZxidSeen: 0n,
      timeOut: 9000,
      sessionId: 0n,
      passwd: new Uint8Array(16),
      readOnly: false,
    })
    servers[0]!.send(granted())
    world.run(10)
    expect(opsOf(servers[0]!)).toEqual(['connect', 'getData'])
    expect([zk.state, zk.sessionId, zk.timeoutMs]).toEqual(['CONNECTED', SESSION, 9000])
  })

  test('every change of the session is told once, in the trace and to the default watcher', () => {
    const { world, heard, zk } = rig('zk1')
    world.run(10)
    zk.close(() => heard.push('done'))
    world.run(10)
    expect(heard).toEqual(['SyncConnected', 'Closed', 'done'])
    expect(world.events.filter((event) => event.kind === 'clientState').map(({ to }) => to)).toEqual([
      'CONNECTING',
      'CONNECTED',
      'CLOSED',
    ])
    expect(world.events.find((event) => event.kind === 'clientState' && event.to === 'CONNECTED')).toEqual({
      kind: 'clientState',
      to: 'CONNECTED',
      session: SESSION,
      server: 'zk1',
    })
  })

  test('a read-only server makes a read-only session, which is not taken along', () => {
    const { world, servers, zk, heard } = rig('zk1,zk2')
    servers[0]!.answer = (_, nth) => (nth === 0 ? [granted(9000, true)] : [])
    world.run(10)
    expect([zk.state, ...heard]).toEqual(['CONNECTEDREADONLY', 'ConnectedReadOnly'])
    servers[0]!.connection.close()
    world.run(2000)
    expect(connectOf(servers[1]!).sessionId).toBe(0n)
  })
})

describe('servers are tried in turn', () => {
  const attempts = (world: World) => world.attempts.map(({ host, atMs }) => `${host} ${atMs}`)

  test('at first without a pause, and after each full round a second later', () => {
    const { world } = rig('zk1,zk2,zk3', { serve: false })
    world.run(2010)
    expect(attempts(world)).toEqual([
      'zk1 0',
      'zk2 1',
      'zk3 2',
      'zk1 1003',
      'zk2 1004',
      'zk3 1005',
      'zk1 2006',
      'zk2 2007',
      'zk3 2008',
    ])
  })

  test('after a loss within a second at random, so that clients do not come all at once', () => {
    const { world, servers } = rig('zk1,zk2')
    world.random = [700]
    world.run(10)
    servers[0]!.connection.close()
    world.run(1000)
    expect(attempts(world)).toEqual(['zk1 0', 'zk2 711'])
    expect(world.timers.find(({ note }) => note.name === 'reconnect')).toEqual({
      note: { name: 'reconnect', about: 'zk2:2181' },
      setAtMs: 11,
      delayMs: 700,
    })
  })

  test('a server that says nothing is given its share of the session timeout', () => {
    const world = new World()
    world.silent.add('zk1')
    new ClientSession(world.host('client'), 'zk1,zk2,zk3', { timeoutMs: 9000, shuffle: false })
    world.run(3100)
    expect(attempts(world)).toEqual(['zk1 0', 'zk2 3000', 'zk3 3001'])
  })

  test('they are shuffled by the random port unless told otherwise', () => {
    const world = new World()
    world.random = [0]
    new ClientSession(world.host('client'), 'zk1,zk2,zk3')
    world.run(10)
    expect(world.attempts.map(({ host }) => host)).toEqual(['zk2', 'zk3', 'zk1'])
  })
})

describe('a lost connection', () => {
  test('loses what was sent, and the session goes on at the next server with what comes after', () => {
    const { world, servers, zk, heard } = rig('zk1,zk2')
    const { list, note } = outcomes()
    servers[0]!.answer = (_, nth) => (nth === 0 ? [granted()] : [])
    world.run(10)
    zk.setData('/a', null, -1, note('sent'))
    world.run(10)
    servers[0]!.connection.close()
    world.run(1)
    expect(zk.state).toBe('CONNECTING')
    zk.delete('/b', -1, note('after the loss'))
    world.run(1000)
    expect(list).toEqual([`sent ${ErrorCode.ConnectionLoss}`, 'after the loss ok'])
    expect(heard).toEqual(['SyncConnected', 'Disconnected', 'SyncConnected'])
    expect(connectOf(servers[1]!)).toMatchObject({ sessionId: SESSION, passwd: PASSWORD, timeOut: 9000 })
    expect(world.events.filter((event) => event.kind === 'requestLost')).toEqual([
      { kind: 'requestLost', xid: 1, op: 'setData' },
    ])
  })

  test('the last zxid that was seen is taken along', () => {
    const { world, servers, zk } = rig('zk1,zk2')
    servers[0]!.answer = obliging(9000, 0x100000007n)
    world.run(10)
    zk.delete('/a', -1, () => undefined)
    world.run(10)
    servers[0]!.connection.close()
    world.run(2000)
    expect(connectOf(servers[1]!).lastZxidSeen).toBe(0x100000007n)
  })

  test('the loss is told once, however many servers refuse after it', () => {
    const { world, servers, heard } = rig('zk1,zk2,zk3')
    world.run(10)
    world.unlisten('zk2', 2181)
    world.unlisten('zk3', 2181)
    world.unlisten('zk1', 2181)
    servers[0]!.connection.close()
    world.run(10_000)
    expect(heard).toEqual(['SyncConnected', 'Disconnected'])
  })

  test('a request that waits for a server is lost when the server refuses', () => {
    const { world, zk } = rig('zk1', { serve: false })
    const { list, note } = outcomes()
    zk.getData('/a', false, note('getData'))
    world.run(10)
    expect(list).toEqual([`getData ${ErrorCode.ConnectionLoss}`])
  })

  test('what a watcher asks for on the loss is not lost with the rest', () => {
    const world = new World()
    const servers = ['zk1', 'zk2'].map((host) => new FakeServer(world, host))
    for (const server of servers) server.answer = obliging()
    const { list, note } = outcomes()
    const zk: ClientSession = new ClientSession(world.host('client'), 'zk1,zk2', {
      shuffle: false,
      watcher: ({ state }) => {
        if (state === KeeperState.Disconnected) zk.delete('/a', -1, note('delete'))
      },
    })
    world.run(10)
    servers[0]!.connection.close()
    world.run(2000)
    expect(list).toEqual(['delete ok'])
  })
})

test('a watcher that ends the session on its loss ends it for good', () => {
  const world = new World()
  const server = new FakeServer(world, 'zk1')
  server.answer = obliging()
  const zk: ClientSession = new ClientSession(world.host('client'), 'zk1', {
    watcher: ({ state }) => {
      if (state === KeeperState.Disconnected) zk.abandon('enough')
    },
  })
  world.run(10)
  server.connection.close()
  world.run(10_000)
  expect([zk.state, world.attempts.length]).toEqual(['CLOSED', 1])
})

describe('silence', () => {
  const pings = (server: FakeServer) => opsOf(server).filter((op) => op === 'ping').length

  test('a session that has nothing to say pings when half of the read timeout is over', () => {
    const { world, servers } = rig('zk1', { timeoutMs: 9000 })
    world.run(3002)
    expect(pings(servers[0]!)).toBe(0)
    world.run(6)
    expect(pings(servers[0]!)).toBe(1)
    world.run(3000)
    expect(pings(servers[0]!)).toBe(2)
    expect(world.notes.filter((note) => note.type === 'ping').every((note) => note.quiet)).toBe(true)
  })

  test('a ping goes out at the latest after ten seconds', () => {
    const { world, servers } = rig('zk1', { timeoutMs: 90_000 })
    servers[0]!.answer = obliging(90_000)
    world.run(40_500)
    // Java looks at its clock when something comes, and else when half of 60 s is over.
    expect(pings(servers[0]!)).toBe(1)
    servers[0]!.send(watchEvent(EventType.NodeCreated, '/a'))
    world.run(2)
    servers[0]!.send(watchEvent(EventType.NodeCreated, '/a'))
    world.run(2)
    expect(pings(servers[0]!)).toBe(2)
  })

  test('a server that is silent for two thirds of the session timeout is left', () => {
    const { world, servers, zk, heard } = rig('zk1,zk2')
    servers[0]!.answer = (_, nth) => (nth === 0 ? [granted(9000)] : [])
    world.run(6000)
    expect(zk.state).toBe('CONNECTED')
    world.run(10)
    expect(heard).toEqual(['SyncConnected', 'Disconnected', 'SyncConnected'])
    expect(servers[0]!.closes).toEqual(['closed'])
    expect(zk.state).toBe('CONNECTED')
    expect(servers[1]!.received.length).toBeGreaterThan(0)
  })

  test('answers keep it alive, and so do many requests without a timer for each', () => {
    const { world, servers, zk } = rig('zk1')
    world.run(10)
    for (let i = 0; i < 2000; i++) {
      zk.delete('/a', -1, () => undefined)
      world.run(10)
    }
    expect(servers[0]!.closes).toEqual([])
    expect(servers[0]!.received.length).toBe(2001)
    const readTimeouts = world.timers.filter(({ note }) => note.name === 'readTimeout')
    expect(readTimeouts.length).toBeLessThan(60)
  })
})

test('a session granted for no time worth the name is left, and nothing spins', () => {
  const { world, servers } = rig('zk1,zk2')
  servers[0]!.answer = () => [granted(1)]
  world.run(5000)
  expect(servers[0]!.closes[0]).toBe('closed')
  expect(world.attempts.length).toBeLessThan(12)
})

describe('answers that make no sense', () => {
  const cases: [string, (xid: number) => Uint8Array, string][] = [
    ['an xid that is not the oldest', (xid) => reply(xid + 1, 5n), 'Xid out of order'],
    ['an answer that is too short', () => new Uint8Array(7), 'unexpected end'],
    ['a body that ends early', (xid) => reply(xid, 5n, 0, (out) => out.int(3)), 'unexpected end'],
    ['an event of a type that is none', () => watchEvent(99, '/a'), 'EventType'],
    ['an event of a state that is none', () => watchEvent(1, '/a', 77), 'KeeperState'],
  ]
  test.each(cases)('%s: the connection is aborted and the next server tried', (_, frame, reason) => {
    const { world, servers, zk } = rig('zk1,zk2')
    const { list, note } = outcomes()
    servers[0]!.answer = (bytes, nth) => (nth === 0 ? [granted()] : [frame(headerOf(bytes).xid)])
    world.run(10)
    zk.getData('/a', false, note('getData'))
    world.run(10)
    expect(world.aborts).toEqual([expect.stringContaining(reason)])
    expect(servers[0]!.closes).toEqual(['reset'])
    expect(list).toEqual([`getData ${ErrorCode.ConnectionLoss}`])
    world.run(2000)
    expect(connectOf(servers[1]!).sessionId).toBe(SESSION)
    expect(zk.state).toBe('CONNECTED')
  })

  test('an answer that nobody waits for', () => {
    const { world, servers } = rig('zk1,zk2')
    world.run(10)
    servers[0]!.send(reply(5, 5n))
    world.run(10)
    expect(world.aborts).toEqual(['Nothing in the queue, but got 5'])
  })

  test.each([
    ['negative', 'ffffffff'],
    ['above jute.maxbuffer', '00100000'],
  ])('a frame whose length is %s', (_, length) => {
    const { world, servers, zk } = rig('zk1,zk2')
    world.run(10)
    servers[0]!.connection.write(unhex(length))
    world.run(2)
    expect(world.aborts).toEqual([expect.stringContaining('out of range')])
    expect(zk.state).toBe('CONNECTING')
  })

  test('chunk boundaries mean nothing', () => {
    const { world, servers, zk } = rig('zk1')
    const { list, note } = outcomes()
    servers[0]!.answer = () => []
    world.run(10)
    for (const byte of [0, 0, 0, 37, ...granted()]) servers[0]!.connection.write(Uint8Array.of(byte))
    world.run(2)
    zk.delete('/a', -1, note('delete'))
    world.run(2)
    servers[0]!.connection.write(unhex('00000010000000010000000000000009'))
    world.run(2)
    expect(list).toEqual([])
    servers[0]!.connection.write(unhex('00000000'))
    world.run(2)
    expect(list).toEqual(['delete ok'])
  })
})

describe('the end of a session', () => {
  test('a server that does not know the session any more ends it: Expired, and nothing after that', () => {
    const { world, servers, zk, heard } = rig('zk1,zk2')
    const { list, note } = outcomes()
    servers[1]!.answer = () => [expired()]
    world.run(10)
    servers[0]!.connection.close()
    world.run(1)
    world.run(1)
    zk.getData('/a', false, note('queued'))
    world.run(20_000)
    zk.getData('/a', false, note('later'))
    expect([zk.state, zk.isAlive]).toEqual(['CLOSED', false])
    expect(list).toEqual([`queued ${ErrorCode.SessionExpired}`, `later ${ErrorCode.SessionExpired}`])
    expect(heard).toEqual(['SyncConnected', 'Disconnected', 'Expired'])
    expect(world.attempts.length).toBe(2)
  })

  test('an identity that is refused ends it: AuthFailed', () => {
    const { world, servers, zk, heard } = rig('zk1')
    const { list, note } = outcomes()
    servers[0]!.answer = (frame, nth) =>
      nth === 0 ? [granted()] : headerOf(frame).type === OpCode.auth ? [reply(-4, 0n, ErrorCode.AuthFailed)] : []
    world.run(10)
    zk.getData('/a', false, note('getData'))
    zk.addAuth('nosuch', toUtf8('x'))
    world.run(10_000)
    expect([zk.state, zk.isAlive]).toEqual(['AUTH_FAILED', false])
    expect(heard).toEqual(['SyncConnected', 'AuthFailed'])
    expect(list).toEqual([`getData ${ErrorCode.AuthFailed}`])
  })

  test('close tells the servers and waits for their answer', () => {
    const { world, servers, zk, heard } = rig('zk1')
    const { list, note } = outcomes()
    world.run(10)
    zk.close(() => list.push('closed'))
    zk.getData('/a', false, note('after close'))
    expect(list).toEqual([`after close ${ErrorCode.ConnectionLoss}`])
    world.run(10)
    expect(opsOf(servers[0]!)).toEqual(['connect', 'closeSession'])
    expect(list[1]).toBe('closed')
    expect(heard).toEqual(['SyncConnected', 'Closed'])
    zk.close(() => list.push('again'))
    expect(list[2]).toBe('again')
  })

  test('a connection that is lost while closing is the end of it', () => {
    const { world, servers, zk, heard } = rig('zk1,zk2')
    servers[0]!.answer = (_, nth) => (nth === 0 ? [granted()] : [])
    world.run(10)
    zk.close(() => heard.push('done'))
    world.run(10)
    servers[0]!.connection.close()
    world.run(5000)
    expect(heard).toEqual(['SyncConnected', 'Disconnected', 'Closed', 'done'])
    expect(world.attempts.length).toBe(1)
  })

  test('close of a session that never found a server', () => {
    const { world, zk, heard } = rig('zk1', { serve: false })
    zk.close(() => heard.push('done'))
    world.run(5000)
    expect([zk.state, ...heard]).toEqual(['CLOSED', 'Closed', 'done'])
    expect(world.attempts.length).toBe(1)
  })

  test('close between two servers still tells the next one', () => {
    const { world, servers, zk } = rig('zk1,zk2')
    world.random = [500]
    world.run(10)
    servers[0]!.connection.close()
    world.run(100)
    zk.close(() => undefined)
    world.run(1000)
    expect(opsOf(servers[1]!)).toEqual(['connect', 'closeSession'])
    expect(zk.state).toBe('CLOSED')
  })

  test('a process that dies says nothing to the servers', () => {
    const { world, servers, zk, heard } = rig('zk1,zk2')
    world.run(10)
    zk.abandon('the shell is gone')
    world.run(10_000)
    expect(opsOf(servers[0]!)).toEqual(['connect'])
    expect(servers[0]!.closes).toEqual(['closed'])
    expect([zk.state, ...heard]).toEqual(['CLOSED', 'SyncConnected'])
    expect(world.attempts.length).toBe(1)
  })
})

describe('watches', () => {
  const answer =
    (errors: { readonly [path: string]: number }) =>
    (frame: Uint8Array, nth: number): readonly Uint8Array[] => {
      if (nth === 0) return [granted()]
      const { xid, type } = headerOf(frame)
      if (type !== OpCode.exists && type !== OpCode.getData && type !== OpCode.getChildren2) return [reply(xid, 5n)]
      const { path } = PathRequest.read(new Reader(frame, 8))
      const err = errors[path ?? ''] ?? 0
      return [
        reply(xid, 5n, err, (out) => {
          if (err !== 0) return
          if (type === OpCode.getData) out.buffer(null)
          if (type === OpCode.getChildren2) out.int(0)
          Stat.write(out, stat)
        }),
      ]
    }
  const registered = (world: World) =>
    world.events.flatMap((event) => (event.kind === 'watchRegistered' ? [`${event.watch} ${event.path}`] : []))

  test('are registered when the server has set them: on success, for exists also on NoNode', () => {
    const { world, servers, zk } = rig('zk1')
    servers[0]!.answer = answer({ '/none': ErrorCode.NoNode, '/secret': ErrorCode.NoAuth })
    world.run(10)
    for (const path of ['/here', '/none', '/secret']) {
      zk.getData(path, true, () => undefined)
      zk.exists(path, true, () => undefined)
      zk.getChildren2(path, true, () => undefined)
    }
    expect(registered(world)).toEqual([])
    world.run(10)
    expect(registered(world)).toEqual(['data /here', 'data /here', 'child /here', 'exists /none'])
  })

  test('fire once, and are called once even where two of them see the same event', () => {
    const { world, servers, zk, heard } = rig('zk1')
    servers[0]!.answer = answer({})
    world.run(10)
    zk.getData('/a', true, () => undefined)
    zk.getChildren2('/a', true, () => undefined)
    world.run(10)
    servers[0]!.send(watchEvent(EventType.NodeDeleted, '/a'), watchEvent(EventType.NodeDeleted, '/a'))
    world.run(10)
    expect(heard).toEqual(['SyncConnected', 'NodeDeleted /a'])
  })

  test('that are persistent stay, and recursive ones hear of what is below', () => {
    const { world, servers, zk, heard } = rig('zk1')
    servers[0]!.answer = (frame, nth) =>
      nth === 0 ? [granted()] : [reply(headerOf(frame).xid, 5n, 0, (out) => out.int(0))]
    world.run(10)
    zk.addWatch('/p', 'PERSISTENT', () => undefined)
    zk.addWatch('/r', 'PERSISTENT_RECURSIVE', () => undefined)
    world.run(10)
    const changed = EventType.NodeDataChanged
    for (const path of ['/p', '/p', '/p/below', '/r', '/r/a/b', '/rx']) servers[0]!.send(watchEvent(changed, path))
    world.run(10)
    const name = 'NodeDataChanged'
    expect(heard).toEqual(['SyncConnected', `${name} /p`, `${name} /p`, `${name} /r`, `${name} /r/a/b`])
  })

  test('are set again at the next server, in batches, those of addWatch with setWatches2', () => {
    const { world, servers, zk } = rig('zk1,zk2')
    for (const server of servers)
      server.answer = (frame, nth) => {
        if (nth === 0) return [granted()]
        const { xid, type } = headerOf(frame)
        if (type === OpCode.exists) return [reply(xid, 9n, ErrorCode.NoNode)]
        return [reply(xid, 9n, 0, (out) => out.int(0))]
      }
    world.run(10)
    const long = 'x'.repeat(1000)
    const paths = Array.from({ length: 200 }, (_, i) => `/${i}${long}`)
    for (const path of paths) zk.exists(path, true, () => undefined)
    zk.addWatch('/p', 'PERSISTENT', () => undefined)
    world.run(10)
    servers[0]!.connection.close()
    world.run(10)
    zk.delete('/a', -1, () => undefined)
    world.run(1000)
    expect(opsOf(servers[1]!)).toEqual(['connect', 'setWatches2', 'setWatches', 'delete'])
    // As Java's client does it, the last batch goes first.
    const last = SetWatches2.read(new Reader(frameOf(servers[1]!, 1), 8))
    const first = SetWatches.read(new Reader(frameOf(servers[1]!, 2), 8))
    expect([last.relativeZxid, first.relativeZxid]).toEqual([9n, 9n])
    expect([...first.existWatches, ...last.existWatches]).toEqual(paths)
    expect(last.persistentWatches).toEqual(['/p'])
    const length = first.existWatches.reduce((sum, path) => sum + path.length, 0)
    expect(length).toBeGreaterThanOrEqual(SET_WATCHES_MAX_LENGTH)
    expect(length).toBeLessThan(SET_WATCHES_MAX_LENGTH + 1100)
    expect(zk.state).toBe('CONNECTED')
    expect(world.notes.filter(({ type }) => type === 'setWatches2')).toEqual([
      {
        protocol: 'client',
        type: 'setWatches2',
        detail: { xid: headerOf(frameOf(servers[1]!, 1)).xid, watches: 70, relativeZxid: '0x9' },
      },
    ])
  })

  test('that have fired are not set again', () => {
    const { world, servers, zk } = rig('zk1,zk2')
    servers[0]!.answer = answer({})
    world.run(10)
    zk.getData('/a', true, () => undefined)
    zk.getChildren2('/b', true, () => undefined)
    world.run(10)
    servers[0]!.send(watchEvent(EventType.NodeDataChanged, '/a'))
    world.run(10)
    servers[0]!.connection.close()
    world.run(2000)
    const again = SetWatches.read(new Reader(frameOf(servers[1]!, 1), 8))
    expect([again.dataWatches, again.existWatches, again.childWatches]).toEqual([[], [], ['/b']])
  })

  test('can be removed; their watcher hears of it, and where there is none the answer is NoWatcher', () => {
    const { world, servers, zk, heard } = rig('zk1')
    const { list, note } = outcomes()
    servers[0]!.answer = answer({})
    world.run(10)
    zk.getData('/a', true, () => undefined)
    zk.getChildren2('/a', true, () => undefined)
    world.run(10)
    zk.removeAllWatches('/a', WatcherType.Any, false, note('remove'))
    world.run(10)
    zk.removeAllWatches('/a', WatcherType.Any, false, note('again'))
    world.run(10)
    expect(heard).toEqual(['SyncConnected', 'ChildWatchRemoved /a', 'DataWatchRemoved /a'])
    expect(list).toEqual(['remove ok', `again ${ErrorCode.NoWatcher}`])
  })

  test('can be removed without a server only when that is asked for', () => {
    const { world, servers, zk, heard } = rig('zk1')
    const { list, note } = outcomes()
    servers[0]!.answer = answer({})
    world.run(10)
    zk.getData('/a', true, () => undefined)
    world.run(10)
    world.unlisten('zk1', 2181)
    servers[0]!.connection.close()
    world.run(10)
    zk.removeAllWatches('/a', WatcherType.Data, false, note('with'))
    world.run(3000)
    zk.removeAllWatches('/a', WatcherType.Data, true, note('without'))
    world.run(3000)
    expect(list).toEqual([`with ${ErrorCode.ConnectionLoss}`, 'without ok'])
    expect(heard).toEqual(['SyncConnected', 'Disconnected', 'DataWatchRemoved /a'])
  })
})

describe('identities', () => {
  test('are given to every server again, before watches and requests', () => {
    const { world, servers, zk } = rig('zk1,zk2')
    world.run(10)
    zk.addAuth('digest', toUtf8('a:b'))
    zk.addAuth('digest', toUtf8('c:d'))
    world.run(10)
    servers[0]!.connection.close()
    world.run(10)
    zk.delete('/x', -1, () => undefined)
    world.run(1000)
    expect(opsOf(servers[1]!)).toEqual(['connect', 'auth', 'auth', 'delete'])
  })
})

describe('a chroot', () => {
  const pathOf = (server: FakeServer, nth: number) => PathRequest.read(new Reader(frameOf(server, nth), 8)).path

  test('is put before paths and cut from answers and events', () => {
    const { world, servers, zk, heard } = rig('zk1/app')
    const created: string[] = []
    servers[0]!.answer = (frame, nth) => {
      if (nth === 0) return [granted()]
      const { xid, type } = headerOf(frame)
      if (type === OpCode.create) return [reply(xid, 5n, 0, (out) => out.string('/app/a0000000001'))]
      return [reply(xid, 5n, 0, (out) => Stat.write(out, stat))]
    }
    world.run(10)
    zk.create('/a', null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL, (answer) => {
      if (answer.ok) created.push(answer.value)
    })
    zk.exists('/', true, () => undefined)
    zk.exists('/b', true, () => undefined)
    world.run(10)
    servers[0]!.send(watchEvent(EventType.NodeDataChanged, '/app'), watchEvent(EventType.NodeDeleted, '/app/b'))
    world.run(10)
    expect([1, 2, 3].map((nth) => pathOf(servers[0]!, nth))).toEqual(['/app/a', '/app', '/app/b'])
    expect(created).toEqual(['/a0000000001'])
    expect(heard).toEqual(['SyncConnected', 'NodeDataChanged /', 'NodeDeleted /b'])
  })

  test('does not make the root deletable', () => {
    const { world, servers, zk } = rig('zk1/app')
    world.run(10)
    zk.delete('/', -1, () => undefined)
    world.run(10)
    expect(pathOf(servers[0]!, 1)).toBe('/')
  })
})

describe('arguments that the client refuses', () => {
  test.each<[string, (zk: ClientSession) => void, string]>([
    ['a path that is none', (zk) => zk.getData('a', false, () => undefined), 'Path must start with / character'],
    ['a trailing slash', (zk) => zk.delete('/a/', -1, () => undefined), 'Path must not end with / character'],
    [
      'a TTL out of range',
      (zk) => zk.create2('/a', null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, () => undefined, 0n),
      'ttl must be positive and cannot be larger than: 1099511627775',
    ],
  ])('%s', (_, call, message) => {
    const { world, servers, zk } = rig('zk1')
    world.run(10)
    expect(() => call(zk)).toThrow(new IllegalArgument(message))
    world.run(10)
    expect(opsOf(servers[0]!)).toEqual(['connect'])
  })

  test('a sequential node may be called by a number alone', () => {
    const { world, servers, zk } = rig('zk1')
    world.run(10)
    zk.create('/a/', null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL, () => undefined)
    world.run(10)
    expect(opsOf(servers[0]!)).toEqual(['connect', 'create'])
  })
})

test('each request is told with its xid when it is handed over, and with its zxid when it is answered', () => {
  const { world, servers, zk } = rig('zk1')
  servers[0]!.answer = obliging(9000, 0x200000001n)
  world.run(10)
  zk.delete('/a', -1, () => undefined)
  world.run(10)
  expect(world.events.slice(2)).toEqual([
    { kind: 'invoked', xid: 1, op: 'delete', path: '/a' },
    { kind: 'answered', xid: 1, op: 'delete', zxid: 0x200000001n, err: 0 },
  ])
  expect(world.notes.at(-1)).toEqual({ protocol: 'client', type: 'delete', detail: { xid: 1, path: '/a' } })
})

describe('at a read-only server', () => {
  /** Two servers: the first is read-only, the second answers `isro` as it is told to. `asked`: when either was asked, ms. */
  function readOnlyRig(said: () => string | undefined) {
    const asked: { readonly host: string; readonly atMs: number }[] = []
    const servers: FakeServer[] = []
    const begin = (world: World) => {
      for (const host of ['zk1', 'zk2']) {
        const server = new FakeServer(world, host)
        servers.push(server)
        server.isro = () => {
          asked.push({ host, atMs: world.nowMs })
          return host === 'zk1' ? 'ro' : said()
        }
      }
      servers[0]!.answer = (frame, nth) => (nth === 0 ? [granted(30_000, true)] : obliging(30_000)(frame, nth))
      servers[1]!.answer = obliging(30_000)
    }
    const all = rig('zk1,zk2', { serve: false, readOnly: true, timeoutMs: 30_000, begin })
    all.world.run(10)
    expect(all.zk.state).toBe('CONNECTEDREADONLY')
    return { ...all, servers, asked }
  }

  test('the client asks the servers in turn for one that takes writes, less and less often', () => {
    const { world, asked, zk } = readOnlyRig(() => 'ro')
    world.run(20_000)
    expect(asked.map(({ host }) => host)).toEqual(['zk2', 'zk1', 'zk2', 'zk1', 'zk2', 'zk1', 'zk2'])
    const gaps = asked.slice(1).map(({ atMs }, index) => atMs - asked[index]!.atMs)
    for (const [index, gap] of gaps.slice(1).entries()) expect(gap).toBeGreaterThan(1.9 * gaps[index]!)
    expect(zk.state).toBe('CONNECTEDREADONLY')
  })

  test('a server that is silent is not waited for longer than a second', () => {
    const { world, asked } = readOnlyRig(() => undefined)
    world.run(20_000)
    expect(asked.filter(({ host }) => host === 'zk2').length).toBeGreaterThan(2)
  })

  test('the session moves to the server that says rw, and what is under way is lost', () => {
    const { world, zk, heard, servers } = readOnlyRig(() => 'rw')
    servers[0]!.answer = () => []
    const { list, note } = outcomes()
    world.after(91, () => zk.getData('/a', false, note('read')))
    world.run(200)
    expect(list).toEqual([`read ${ErrorCode.ConnectionLoss}`])
    expect(heard).toEqual(['ConnectedReadOnly', 'Disconnected', 'SyncConnected'])
    expect(world.attempts.at(-1)!.host).toBe('zk2')
  })

  test('nothing is asked any more once the session is at a server that takes writes', () => {
    const { world, zk, asked } = readOnlyRig(() => 'rw')
    world.run(60_000)
    expect([zk.state, asked.length]).toEqual(['CONNECTED', 1])
  })
})

describe('settings of the client', () => {
  test('a request that is not answered within its timeout ends in RequestTimeout, those behind it are lost', () => {
    const { world, servers, zk, heard } = rig('zk1', { requestTimeoutMs: 500 })
    servers[0]!.answer = (frame, nth) => (nth === 0 ? obliging()(frame, nth) : [])
    world.run(10)
    const { list, note } = outcomes()
    zk.getData('/a', false, note('first'))
    world.run(400)
    zk.getData('/b', false, note('second'))
    world.run(95)
    expect(list).toEqual([])
    world.run(10)
    expect(list).toEqual([`first ${ErrorCode.RequestTimeout}`, `second ${ErrorCode.ConnectionLoss}`])
    expect(heard).toEqual(['SyncConnected', 'Disconnected'])
    world.run(3000)
    expect(zk.state).toBe('CONNECTED')
  })

  test('an answered request has no timeout', () => {
    const { world, zk, heard } = rig('zk1', { requestTimeoutMs: 500 })
    world.run(10)
    const { list, note } = outcomes()
    zk.delete('/a', -1, note('delete'))
    world.run(2000)
    expect(list).toEqual(['delete ok'])
    expect(heard).toEqual(['SyncConnected'])
  })

  test('watches are left behind where the user wants to set them again', () => {
    for (const leaveWatches of [true, false]) {
      const { world, servers, zk } = rig('zk1,zk2', { leaveWatches })
      servers[0]!.answer = (frame, nth) =>
        nth === 0 ? [granted()] : [reply(headerOf(frame).xid, 5n, 0, (out) => Stat.write(out, stat))]
      world.run(10)
      zk.exists('/a', true, () => undefined)
      world.run(10)
      servers[0]!.connection.close()
      world.run(2000)
      expect(opsOf(servers[1]!)).toEqual(leaveWatches ? ['connect'] : ['connect', 'setWatches'])
    }
  })

  test('a frame that is longer than jute.maxbuffer ends the connection', () => {
    const { world, servers, zk, heard } = rig('zk1', { maxFrameBytes: 100 })
    world.run(10)
    expect(zk.state).toBe('CONNECTED')
    servers[0]!.send(new Uint8Array(101))
    world.run(10)
    expect(heard).toEqual(['SyncConnected', 'Disconnected'])
    expect(world.aborts).toHaveLength(1)
  })
})
