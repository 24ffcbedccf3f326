import { describe, expect, test } from 'vitest'
import type { ConnectionHandlers } from '../../../src/core/host.ts'
import { ErrorCode, OpCode } from '../../../src/core/wire/codes.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { encode } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { framed, TestServer, text, utf8, World } from './rig.ts'

const connectRequest = (given: Partial<proto.ConnectRequest> = {}): Uint8Array =>
  framed(
    encode(proto.ConnectRequest, {
      protocolVersion: 0,
      lastZxidSeen: asZxid(0n),
      timeOut: 10_000,
      sessionId: 0n as never,
      passwd: new Uint8Array(16),
      readOnly: false,
      ...given,
    }),
  )

describe('the client port', () => {
  test('accepts while nobody serves, and closes who asks for a session as soon as that is clear', () => {
    const server = new TestServer(new World())
    server.clients.close('no leader')
    const client = server.connect()
    client.send(connectRequest().slice(0, 3))
    expect(client.ended).toBeUndefined()
    client.send(connectRequest().slice(3, 4))
    expect(client).toMatchObject({ ended: 'closed', frames: [] })
    const asking = server.connect()
    asking.send(utf8('ruok'))
    expect(Buffer.from(asking.raw).toString()).toBe('imok')
    const other = server.connect()
    other.send(utf8('srvr'))
    expect(Buffer.from(other.raw).toString()).toBe('This ZooKeeper instance is not currently serving requests\n')
    expect(other.ended).toBe('closed')
  })

  test('gives a connection to the role that serves when it comes: whoever was there before is closed with that', () => {
    const server = new TestServer(new World())
    server.clients.close('no leader')
    const early = server.connect()
    server.clients.open()
    early.send(connectRequest())
    expect(early).toMatchObject({ ended: 'closed', frames: [] })
  })

  test('lets nobody keep a connection without saying anything, role or no role', () => {
    const server = new TestServer(new World())
    server.clients.close('no leader')
    const mute = server.connect()
    server.world.run(20_000)
    expect(mute.ended).toBe('closed')
    expect(server.world.timers.filter(({ live }) => live)).toEqual([])
  })

  test('takes so many connections in all, from whomever they are', () => {
    const server = new TestServer(new World(), { settings: { maxCnxns: 2 } })
    const clients = ['h1', 'h2', 'h3'].map((remote) => server.connect(remote))
    expect(clients.map(({ ended }) => ended)).toEqual([undefined, undefined, 'closed'])
    clients[0]?.vanish()
    expect(server.connect('h4').ended).toBeUndefined()
  })

  test('reads frames as long as jute.maxbuffer says, and no longer', () => {
    const server = new TestServer(new World(), { settings: { juteMaxBufferBytes: 1000 } })
    const client = server.session()
    client.create('/a', 'x'.repeat(1000 - 8 - 6 - 4 - 31 - 4))
    expect(client.take()).toMatchObject({ err: 0 })
    client.create('/b', 'x'.repeat(1000))
    expect(client.ended).toMatchObject({ aborted: expect.stringContaining('out of range') })
  })

  test('makes a client wait that sends on while nothing of it is read', () => {
    const server = new TestServer(new World())
    const asked: boolean[] = []
    const heard: Uint8Array[] = []
    const handlers = server.world.onConnection?.({
      id: 'x',
      remote: { host: 'h', port: 1 },
      write: (bytes) => heard.push(bytes),
      close() {},
      abort() {},
      pauseReading: (paused) => asked.push(paused),
    }) as ConnectionHandlers
    server.prompt = false
    handlers.onData(connectRequest())
    handlers.onData(new Uint8Array(60_000))
    expect(asked).toEqual([])
    const ping = framed(encode(proto.RequestHeader, { xid: -2, type: OpCode.ping }))
    handlers.onData(new Uint8Array(Array.from({ length: 1000 }, () => [...ping]).flat()))
    expect(asked).toEqual([true])
    server.commit()
    // The zeros were no frames: the connection is over. Without them it is read to the end.
    const second = server.world.onConnection?.({
      id: 'y',
      remote: { host: 'h', port: 2 },
      write: (bytes) => heard.push(bytes),
      close() {},
      abort() {},
      pauseReading: (paused) => asked.push(paused),
    }) as ConnectionHandlers
    second.onData(connectRequest())
    second.onData(new Uint8Array(Array.from({ length: 6000 }, () => [...ping]).flat()))
    expect(asked).toEqual([true, true])
    heard.length = 0
    server.commit()
    expect(asked).toEqual([true, true, false])
    expect(heard).toHaveLength(6001)
  })
})

describe('who may not, learns nothing', () => {
  test('wrong credentials are refused with NoAuth, for what is there and for its children and its ACL', () => {
    const server = new TestServer(new World())
    const owner = server.session()
    owner.request(OpCode.auth, proto.AuthPacket, { type: 0, scheme: 'digest', auth: utf8('bob:secret') }, -4)
    const acl = [{ perms: 31, id: { scheme: 'auth', id: '' } }]
    owner.create('/hidden', 'top secret', 0, acl)
    owner.create('/hidden/child', 'top secret', 0, acl)
    const stranger = server.session()
    stranger.request(OpCode.auth, proto.AuthPacket, { type: 0, scheme: 'digest', auth: utf8('bob:guess') }, -4)
    expect(stranger.take()).toMatchObject({ xid: -4, err: 0 })
    const read = { path: '/hidden', watch: true }
    stranger.request(OpCode.getData, proto.WatchableRequest, read)
    stranger.request(OpCode.getChildren, proto.WatchableRequest, read)
    stranger.request(OpCode.getChildren2, proto.WatchableRequest, read)
    stranger.request(OpCode.getACL, proto.PathRequest, { path: '/hidden' })
    stranger.request(OpCode.getAllChildrenNumber, proto.PathRequest, { path: '/hidden' })
    stranger.set('/hidden', 'mine')
    stranger.create('/hidden/x')
    stranger.delete('/hidden/child')
    stranger.request(OpCode.setACL, proto.SetACLRequest, { path: '/hidden', acl: [], version: -1 })
    const answers = Array.from({ length: 9 }, () => stranger.take())
    const refused = Array.from({ length: 8 }, (): number => ErrorCode.NoAuth)
    expect(answers.map(({ err }) => err)).toEqual([...refused, ErrorCode.InvalidACL])
    for (const { body } of answers) expect(body).toHaveLength(0)
    // And no watch of the stranger's tells what happens there.
    owner.set('/hidden', 'changed')
    owner.delete('/hidden/child')
    expect(stranger.frames).toEqual([])
  })

  test('no password reaches the trace: neither of a user nor of a session', () => {
    const server = new TestServer(new World())
    const told: unknown[] = server.world.events
    const client = server.session()
    const secret = 'correct horse battery staple'
    for (const scheme of ['digest', 'nosuch'])
      client.request(OpCode.auth, proto.AuthPacket, { type: 0, scheme, auth: utf8(`bob:${secret}`) }, -4)
    expect(client.ended).toBe('closed')
    const { session, password } = client
    const again = server.connect()
    again.connect({ sessionId: session, passwd: password })
    again.takeConnectResponse()
    again.request(OpCode.auth, proto.AuthPacket, { type: 0, scheme: 'digest', auth: utf8(`bob:${secret}`) }, -4)
    again.create('/a', 'x', 0, [{ perms: 31, id: { scheme: 'auth', id: '' } }])
    again.request(OpCode.whoAmI, proto.PathRequest, { path: '' })
    const thief = server.connect()
    thief.connect({ sessionId: session, passwd: utf8('a wrong password') })
    const everything = JSON.stringify([told, client.notes, again.notes, thief.notes], (_, value) =>
      typeof value === 'bigint'
        ? `0x${value.toString(16)}`
        : value instanceof Uint8Array
          ? [Buffer.from(value).toString('latin1'), Buffer.from(value).toString('hex')]
          : value,
    )
    expect(told.length).toBeGreaterThan(10)
    for (const word of [secret, 'a wrong password']) {
      expect(everything).not.toContain(word)
      expect(everything).not.toContain(Buffer.from(word).toString('hex'))
      expect(everything).not.toContain(Buffer.from(word).toString('base64'))
    }
    expect(everything).not.toContain(Buffer.from(password).toString('hex'))
    // As a list of numbers a byte string would have been printed otherwise.
    expect(everything).not.toContain([...password].join(','))
    expect(text(utf8(secret))).toBe(secret)
  })
})
