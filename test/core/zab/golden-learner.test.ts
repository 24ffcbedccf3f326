/** A learner of ours among recorded servers and clients: it hears what a Java learner heard, from its leader and from its
 *  clients, and says what that one said to both, byte for byte: handshake, ACKs, pings with the sessions that were heard
 *  of, forwarded requests, revalidations, replies, watch events. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import type { Connection, ConnectionHandlers } from '../../../src/core/host.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { encodeInitialMessage, encodeNotification, NOTIFICATION_VERSION } from '../../../src/core/wire/notification.ts'
import { MemoryDisk } from '../memory-disk.ts'
import { LoneReplica } from '../server/lone-replica.ts'
import { framed, type TestClient } from '../server/rig.ts'
import { hex } from '../wire/golden.ts'

interface Line {
  readonly conn: number
  readonly kind?: 'election' | 'quorum' | 'client'
  readonly port?: number
  readonly dir?: 'c>s' | 's>c'
  readonly hex?: string
  readonly close?: 'c' | 's'
  // biome-ignore lint/suspicious/noExplicitAny: the notes are free JSON
  readonly note?: any
}

const spec = (sid: number, type: 'participant' | 'observer') => ({
  sid,
  host: '127.0.0.1',
  quorumPort: 28880 + sid,
  electionPort: 38880 + sid,
  type,
})

/** The other end of a connection of the server's: keeps what it says. */
class Peer {
  handlers: ConnectionHandlers | undefined
  /** ACKs apart: another thread of the Java server sends them, whenever its disk is done. */
  readonly said = { ACK: '', else: '' }
  readonly connection: Connection
  constructor(port: number) {
    this.connection = {
      id: `peer ${port}`,
      remote: { host: '127.0.0.1', port },
      write: (bytes) => {
        this.said[hex(bytes.subarray(0, 4)) === '00000003' ? 'ACK' : 'else'] += hex(bytes)
      },
      close: () => undefined,
      abort: (reason) => {
        throw new Error(`the server gives up: ${reason}`)
      },
    }
  }
  hears(bytes: Uint8Array): void {
    this.handlers?.onData(bytes)
  }
}

/** A server that has just found out that `leader` leads; what it then says to it. */
function learner(sid: number, leader: number, servers: number, observer: boolean, wallStart: number) {
  const members = [1, 2, 3].map((id) => spec(id, 'participant'))
  const quorum = new QuorumVerifier(observer ? [...members, spec(servers, 'observer')] : members)
  const toLeader = new Peer(28880 + leader)
  const vote = { leader, zxid: asZxid(0n), electionEpoch: 1, peerEpoch: 0 }
  const tell = (from: number, peer: Peer): void => {
    const state = from === leader ? 'LEADING' : 'FOLLOWING'
    const notification = { ...vote, state, version: NOTIFICATION_VERSION, config: quorum.toString() } as const
    peer.hears(framed(encodeNotification(notification)))
  }
  const server = new LoneReplica(
    { sid, quorum, clientPort: 21810 + sid, tickTimeMs: 500, initLimit: 10, syncLimit: 5 },
    new MemoryDisk(),
    (to, handlers, { world, listening }) => {
      if (to.port === 28880 + leader) {
        toLeader.handlers = handlers
        world.host.clock.after(0, () => handlers.onOpen?.())
        return toLeader.connection
      }
      const from = to.port - 38880
      const peer = new Peer(to.port)
      world.host.clock.after(0, () => {
        if (from < sid) {
          peer.handlers = handlers
          handlers.onOpen?.()
        } else {
          // The larger sid opens the connection.
          handlers.onClose('closed')
          peer.handlers = listening.get(38880 + sid)?.(peer.connection)
          peer.hears(encodeInitialMessage({ version: 1, sid: from, addresses: [{ host: '127.0.0.1', port: to.port }] }))
        }
        tell(from, peer)
      })
      return new Peer(to.port).connection
    },
  )
  server.world.wallStart = wallStart
  for (let ms = 0; ms < 400 && toLeader.handlers === undefined; ms += 10) {
    server.world.run(10)
    server.settle()
  }
  return { server, toLeader }
}

test.each([
  ['session_move', 54],
  ['session_move', 56],
  ['first_start', 118],
  ['first_start', 121],
  ['first_start', 126],
  ['leader_kill', 52],
  ['leader_kill', 53],
] as const)('%s, connection %i', (recording, conn) => {
  const text = readFileSync(new URL(`../../golden/wire/${recording}.jsonl`, import.meta.url), 'utf8')
  const lines: Line[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const start = lines.findIndex((line) => line.conn === conn)
  const leader = (lines[start]?.port as number) - 28880
  const info = lines.find((line) => line.conn === conn && line.dir === 'c>s')?.note
  const sid = info.data.serverid as number
  const ours = lines.slice(start + 1)
  const clientPorts = new Map(lines.flatMap((line) => (line.kind === 'client' ? [[line.conn, line.port]] : [])))
  const isMine = (line: Line) => clientPorts.get(line.conn) === 21810 + sid
  const first = ours.find((line) => isMine(line) && line.note?.reply === 'connect')?.note.sessionId ?? '0x0'
  const wallStart = Number((BigInt(first) >> 16n) & 0xffffffffffn)
  const { server, toLeader } = learner(sid, leader, 4, info.type === 'OBSERVERINFO', wallStart)
  // The ids of its sessions begin when it begins to serve.
  const clients = new Map<number, TestClient>()
  let compared = 0
  for (const [at, line] of ours.entries()) {
    const where = `${recording}.jsonl:${start + at + 2}`
    if (line.conn === conn) {
      if (line.close !== undefined) break
      const bytes = line.hex as string
      if (line.dir === 's>c') {
        if (line.note.type === 'UPTODATE') server.world.wallStart = wallStart - server.world.now
        toLeader.hears(new Uint8Array(Buffer.from(bytes, 'hex')))
        if (!/PROPOSAL|PING|COMMIT/.test(line.note.type)) server.settle()
      } else {
        const kind = line.note.type === 'ACK' ? 'ACK' : 'else'
        // Its disk is as quick as that one's was.
        if (kind === 'ACK' && toLeader.said.ACK === '') server.settle()
        expect({ where, said: toLeader.said[kind].slice(0, bytes.length) }).toEqual({ where, said: bytes })
        toLeader.said[kind] = toLeader.said[kind].slice(bytes.length)
        compared++
      }
    } else if (isMine(line) && line.kind === 'client') clients.set(line.conn, server.connect())
    const client = clients.get(line.conn)
    if (client === undefined || line.note?.four !== undefined || line.note?.answer !== undefined) continue
    if (line.dir === 'c>s') client.send(new Uint8Array(Buffer.from(line.hex as string, 'hex')))
    else if (line.dir === 's>c') {
      const frame = client.frames.shift()
      expect({ where, heard: frame && hex(frame) }).toEqual({ where, heard: line.hex?.slice(8) })
      compared++
    } else if (line.close === 'c') client.vanish()
  }
  expect(compared).toBeGreaterThan(5)
  expect(toLeader.said).toEqual({ ACK: '', else: '' })
})
