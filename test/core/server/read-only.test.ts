import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { encodeSnapshot } from '../../../src/core/storage/snapshot-file.ts'
import { State } from '../../../src/core/storage/state.ts'
import { ErrorCode, OpCode } from '../../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { asSession, asZxid } from '../../../src/core/wire/ids.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { MemoryDisk } from '../memory-disk.ts'
import { hex } from '../wire/golden.ts'
import { ensembleOf, LoneReplica } from './lone-replica.ts'
import { Nothing, utf8 } from './rig.ts'

const OLD_SESSION = asSession(0x200000000000001n)

/** A server of three that finds nobody, with the node /plain in its files. */
function cutOff(config: Partial<ReplicaConfig> = {}, last = 0x100000032n): LoneReplica {
  const state = new State()
  state.sessions.set(OLD_SESSION, 10_000)
  const body = { path: '/plain', data: utf8('hello'), acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion: 1 }
  const header = { clientId: OLD_SESSION, cxid: 1, zxid: asZxid(0x100000001n), time: 1795198989823n, type: 1 }
  state.apply({ header, txn: { kind: 'create', type: OpCode.create, body }, digest: null })
  const setAcl = { path: '/plain', acl: OPEN_ACL_UNSAFE, version: 1 }
  const later = { ...header, zxid: asZxid(0x100000002n), type: OpCode.setACL }
  state.apply({ header: later, txn: { kind: 'setACL', type: OpCode.setACL, body: setAcl }, digest: null })
  state.tree.lastProcessedZxid = asZxid(last)
  const snapshot = `version-2/snapshot.${last.toString(16)}`
  const disk = new MemoryDisk([[snapshot, encodeSnapshot(state.tree, state.sessions)]])
  return new LoneReplica({ quorum: ensembleOf(3), readOnlyMode: true, ...config }, disk)
}
function readOnly(config: Partial<ReplicaConfig> = {}): LoneReplica {
  const server = cutOff(config)
  server.world.run(2000)
  return server
}
const local = { localSessionsEnabled: true }

describe('a server that finds no leader', () => {
  test('serves those who only read after two seconds, or a tick, and not before', () => {
    const quick = cutOff({ tickTimeMs: 500, ...local })
    quick.world.run(1999)
    const early = quick.connect()
    early.connect({ readOnly: true })
    expect(early.ended).toBe('closed')
    quick.world.run(1)
    expect(quick.world.of('readOnlyMode')).toMatchObject([{ on: true, zxid: 0x100000032n }])

    const slow = cutOff({ tickTimeMs: 3000, ...local })
    slow.world.run(2999)
    expect(slow.world.of('readOnlyMode')).toEqual([])
    slow.world.run(1)
    expect(slow.world.of('readOnlyMode')).toHaveLength(1)
  })

  test('never does it where that is not wanted', () => {
    const server = cutOff({ readOnlyMode: false })
    server.world.run(60_000)
    expect(server.world.of('readOnlyMode')).toEqual([])
  })
})

describe('a read-only server', () => {
  test('closes the connection of whoever wants more, and of a client that never heard of it', () => {
    const server = readOnly(local)
    const [wants, old] = [server.connect(), server.connect()]
    wants.connect({ readOnly: false })
    old.connect({ readOnly: undefined } as never)
    expect([wants.ended, old.ended]).toEqual(['closed', 'closed'])
    expect([...wants.frames, ...old.frames]).toEqual([])
  })

  test('does not take over a global session, but one of its own', () => {
    const server = readOnly(local)
    const stranger = server.connect()
    stranger.connect({ sessionId: OLD_SESSION, readOnly: true })
    expect(stranger.ended).toBe('closed')
    const client = server.connect()
    client.connect({ readOnly: true })
    client.takeConnectResponse()
    const again = server.connect()
    again.connect({ sessionId: client.session, passwd: client.password, readOnly: true })
    expect(client.ended).toBe('closed')
    expect(again.takeConnectResponse()).toMatchObject({ sessionId: client.session, readOnly: true })
    // Nobody knows this one.
    const unknown = server.connect()
    unknown.connect({ sessionId: asSession(0x123n), readOnly: true })
    expect(unknown.takeConnectResponse()).toMatchObject({ sessionId: 0n, timeOut: 0 })
  })

  test('refuses whatever would change something, and sync, with the zxid that it has', () => {
    const server = readOnly(local)
    const client = server.connect()
    client.connect({ readOnly: true })
    client.takeConnectResponse()
    client.create('/a')
    client.delete('/plain')
    client.set('/plain', 'x')
    client.sync('/')
    client.request(OpCode.multi, Nothing, {})
    client.request(OpCode.check, proto.DeleteRequest, { path: '/plain', version: 0 })
    client.request(OpCode.reconfig, Nothing, {})
    for (let i = 0; i < 7; i++)
      expect(client.take()).toMatchObject({ err: ErrorCode.NotReadOnly, zxid: 0x100000032n, body: new Uint8Array() })
    client.get('/plain', true)
    client.children('/')
    client.ping()
    expect([client.take(), client.take(), client.take()]).toMatchObject([{ err: 0 }, { err: 0 }, { err: 0, xid: -2 }])
    client.request(OpCode.whoAmI, Nothing, {})
    expect(client.take()).toMatchObject({ err: 0 })
    expect([...server.disk.files.keys()].filter((name) => name.includes('log'))).toEqual([])
  })

  test('forgets a session that is silent', () => {
    const server = readOnly(local)
    const client = server.connect()
    client.connect({ readOnly: true, timeOut: 4000 })
    client.takeConnectResponse()
    server.world.run(8000)
    expect(client.ended).toBe('closed')
    expect(server.world.of('sessionClosing')).toMatchObject([{ session: client.session, cause: 'expired' }])
  })
})

describe.each([
  ['read_only', 0x100000034n, {}],
  ['read_only_local_sessions', 0x100000032n, local],
] as const)('%s.jsonl', (recording, last, config) => {
  test('its clients hear what they heard then, byte for byte', () => {
    const lines = readFileSync(new URL(`../../golden/wire/${recording}.jsonl`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const server = cutOff({ tickTimeMs: 500, ...config }, last)
    // The ids of its sessions begin at this moment.
    const first = lines.find(({ note }) => note?.reply === 'connect')
    if (first !== undefined)
      server.world.wallStart = Number((BigInt(first.note.sessionId) >> 16n) & 0xffffffffffn) - 2000
    server.world.run(2000)
    const clients = new Map<number, ReturnType<LoneReplica['connect']>>()
    let heard = 0
    for (const line of lines) {
      if (line.kind === 'client') clients.set(line.conn, server.connect())
      const client = clients.get(line.conn)
      if (client === undefined) continue
      if (line.dir === 'c>s') client.send(new Uint8Array(Buffer.from(line.hex, 'hex')))
      else if (line.dir === 's>c') {
        const frame = client.frames.shift() as Uint8Array
        expect(line.hex.slice(8)).toBe(hex(frame))
        heard++
      } else if (line.close === 's') expect(client.ended).toBeDefined()
      else if (line.close === 'c') client.vanish()
    }
    expect(heard).toBeGreaterThan(0)
    expect([...clients.values()].flatMap(({ frames }) => frames)).toEqual([])
  })
})
