/** Clients that say who they are, byte by byte. */
import { describe, expect, test } from 'vitest'
import { digestId } from '../../../src/core/server/authentication.ts'
import { AddWatchMode, ErrorCode, OpCode } from '../../../src/core/wire/codes.ts'
import { buffer, record } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { bodyOf, framed, Nothing, type TestClient, TestServer, utf8, World } from './rig.ts'

const AUTH = -4
const auth = (client: TestClient, scheme: string | null, data: string | null): void =>
  client.request(OpCode.auth, proto.AuthPacket, { type: 0, scheme, auth: data === null ? null : utf8(data) }, AUTH)
const whoAmI = (client: TestClient): unknown => {
  client.request(OpCode.whoAmI, Nothing, {})
  return bodyOf(proto.WhoAmIResponse, client.take()).clientInfo.map(({ authScheme, user }) => `${authScheme}:${user}`)
}

describe('an auth packet', () => {
  test('that proves something is answered with zxid 0, and later requests carry the identity', () => {
    const client = new TestServer(new World()).session()
    auth(client, 'digest', 'bob:secret')
    expect(client.take()).toMatchObject({ xid: AUTH, zxid: 0n, err: ErrorCode.Ok })
    auth(client, 'digest', 'alice:other')
    auth(client, 'digest', 'bob:secret')
    client.take()
    client.take()
    expect((whoAmI(client) as string[]).toSorted()).toEqual(['digest:alice', 'digest:bob', 'ip:127.0.0.1'])
  })

  test.each([
    ['of an unknown scheme', 'nosuch', 'x'],
    ['of world, which proves nothing', 'world', 'anyone'],
    ['without a scheme', null, 'x'],
    ['of digest without data', 'digest', null],
  ])('%s is AuthFailed, and the connection ends', (_, scheme, data) => {
    const client = new TestServer(new World()).session()
    auth(client, scheme, data)
    expect(client.take()).toMatchObject({ xid: AUTH, zxid: 0n, err: ErrorCode.AuthFailed })
    expect(client.ended).toBe('closed')
  })

  test('that cannot be read ends the connection without an answer', () => {
    const client = new TestServer(new World()).session()
    client.send(framed(Uint8Array.of(0xff, 0xff, 0xff, 0xfc, 0, 0, 0, 100, 0, 0)))
    expect(client.frames).toEqual([])
    expect(client.ended).toMatchObject({ aborted: expect.any(String) })
  })

  test('of the super user opens every list', () => {
    const world = new World()
    const server = new TestServer(world, { settings: { superDigest: digestId('super:secret') } })
    const client = server.session()
    client.create('/closed', 'x', 0, [{ perms: 1, id: { scheme: 'ip', id: '1.2.3.4' } }])
    client.take()
    client.get('/closed')
    expect(client.take().err).toBe(ErrorCode.NoAuth)
    auth(client, 'digest', 'super:secret')
    client.take()
    client.get('/closed')
    expect(client.take().err).toBe(ErrorCode.Ok)
    expect((whoAmI(client) as string[]).toSorted()).toEqual(['digest:super', 'ip:127.0.0.1', 'super:'])
    expect(JSON.stringify(world.events, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toContain(
      'secret',
    )
  })
})

const Token = record({ token: buffer })

describe('a SASL token', () => {
  test('is answered with none where SASL is not configured, and the connection goes on', () => {
    const client = new TestServer(new World()).session()
    client.request(OpCode.sasl, Token, { token: new Uint8Array(0) })
    const reply = client.take()
    expect(reply).toMatchObject({ zxid: 0n, err: ErrorCode.Ok })
    expect(bodyOf(Token, reply).token).toBeNull()
    client.exists('/')
    expect(client.take().err).toBe(ErrorCode.Ok)
  })

  test('that is missing ends the connection', () => {
    const client = new TestServer(new World()).session()
    client.request(OpCode.sasl, Token, { token: null })
    expect(client.frames).toEqual([])
    expect(client.ended).toMatchObject({ aborted: expect.any(String) })
  })
})

describe('where authentication is enforced', () => {
  test('every other request of who has not proved anything is refused, and the connection ends', () => {
    const server = new TestServer(new World(), { settings: { enforceAuthSchemes: ['digest'] } })
    for (const ask of [
      (client: TestClient) => client.exists('/'),
      (client: TestClient) => client.ping(),
      (client: TestClient) => client.create('/a'),
      (client: TestClient) =>
        client.request(OpCode.addWatch, proto.AddWatchRequest, { path: '/', mode: AddWatchMode.PERSISTENT }),
    ]) {
      const client = server.session()
      ask(client)
      expect(client.take()).toMatchObject({ zxid: 0n, err: ErrorCode.SessionClosedRequireSaslAuth })
      expect(client.ended).toBe('closed')
    }
    const client = server.session()
    auth(client, 'digest', 'bob:secret')
    client.take()
    client.create('/a')
    expect(client.take().err).toBe(ErrorCode.Ok)
  })
})
