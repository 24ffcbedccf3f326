import { expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { PrepRequestProcessor } from '../../../src/core/server/prep.ts'
import { SessionTracker } from '../../../src/core/server/session-tracker.ts'
import { State } from '../../../src/core/storage/state.ts'
import { CONFIG_PATH } from '../../../src/core/tree/data-tree.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import type { Id } from '../../../src/core/wire/data.ts'
import { asSession, asZxid, type SessionId, type Zxid } from '../../../src/core/wire/ids.ts'
import { decode, encode, int, Reader } from '../../../src/core/wire/jute.ts'
import { ConnectRequest, ConnectResponse, RequestHeader } from '../../../src/core/wire/proto.ts'
import { QuorumPacket } from '../../../src/core/wire/quorum.ts'
import { decodeLogged, encodeLogged } from '../../../src/core/wire/txn.ts'
import { decodeUtf8, encodedUtf8 } from '../../../src/core/wire/utf8.ts'
import { type Frame, framesOf, hex } from '../wire/golden.ts'
import { World } from './rig.ts'

interface Asked {
  readonly session: SessionId
  readonly cxid: number
  readonly type: number
  readonly body: Uint8Array
  readonly auth: readonly Id[]
}

/** Everything that reached the leader of a recording, by session and cxid: by REQUEST, or from its own clients. */
function requestsOf(frames: readonly Frame[]): Map<string, Asked> {
  const asked = new Map<string, Asked>()
  const put = (request: Asked): unknown => asked.set(`${request.session} ${request.cxid}`, request)
  const connecting = new Map<string, ConnectRequest>()
  const sessions = new Map<string, SessionId>()
  for (const { kind, connection, up, bytes, note } of frames) {
    if (kind === 'quorum' && note.type === 'REQUEST') {
      const packet = decode(QuorumPacket, bytes)
      const input = new Reader(packet.data as Uint8Array)
      const head = { session: asSession(input.long()), cxid: input.int(), type: input.int() }
      put({ ...head, body: input.rest(), auth: packet.authinfo ?? [] })
    }
    if (kind !== 'client') continue
    const input = new Reader(bytes, 4)
    if (note.op === 'connect') connecting.set(connection, ConnectRequest.read(input))
    else if (note.reply === 'connect') {
      const { sessionId, timeOut } = ConnectResponse.read(input)
      sessions.set(connection, sessionId)
      const body = encode(int, timeOut)
      if (connecting.get(connection)?.sessionId === 0n && !asked.has(`${sessionId} 0`))
        put({ session: sessionId, cxid: 0, type: OpCode.createSession, body, auth: [] })
    } else if (up && note.op !== undefined && sessions.has(connection)) {
      const { xid, type } = RequestHeader.read(input)
      const session = sessions.get(connection) as SessionId
      if (!asked.has(`${session} ${xid}`)) put({ session, cxid: xid, type, body: input.rest(), auth: LOCAL })
    }
  }
  return asked
}
const LOCAL: readonly Id[] = [{ scheme: 'ip', id: '127.0.0.1' }]

/** The PROPOSALs that the followers got, each zxid once, in order. */
function proposalsOf(frames: readonly Frame[]): { where: string; data: Uint8Array }[] {
  const proposals = new Map<Zxid, { where: string; data: Uint8Array }>()
  for (const { kind, note, where, bytes } of frames) {
    if (kind !== 'quorum' || note.type !== 'PROPOSAL') continue
    const { zxid, data } = decode(QuorumPacket, bytes)
    if (!proposals.has(zxid)) proposals.set(zxid, { where, data: data as Uint8Array })
  }
  return [...proposals.values()]
}

// Scenes that begin with an empty ensemble, so that the tree behind the digests is known.
for (const [recording, kindsInIt] of [
  [
    'first_start.jsonl',
    'closeSession create createContainer createSession createTTL delete error multi setACL setData'.split(' '),
  ],
  ['leader_kill.jsonl', ['closeSession', 'create', 'createSession', 'setData']],
  ['session_move.jsonl', ['closeSession', 'create', 'createSession', 'setData']],
  ['reconfig.jsonl', ['create', 'createSession', 'setData']],
] as const)
  test(`the leader of ${recording} proposes the same bytes, with the digest of the tree as it will be`, () => {
    const frames = framesOf(recording)
    const asked = requestsOf(frames)
    const proposals = proposalsOf(frames)
    expect(proposals.length).toBeGreaterThanOrEqual(5)

    const world = new World()
    const state = new State()
    const first = frames.find(({ note }) => note.type === 'NEWLEADER')?.note.data as string
    state.tree.setConfigNode(encodedUtf8(first), asZxid(0n), 0n)
    const sessions = new SessionTracker(world.host, { tickTimeMs: 2000 } as ReplicaConfig, state.sessions, () => {})
    let header = { zxid: 0n as Zxid, time: 0n }
    const prep = new PrepRequestProcessor({
      database: state,
      sessions,
      nextZxid: () => header.zxid,
      wallTime: () => Number(header.time),
      config: { extendedTypesEnabled: true, reconfigEnabled: true, skipACL: recording === 'reconfig.jsonl' },
      reconfiguring: {
        get committed() {
          return QuorumVerifier.parse(decodeUtf8(state.tree.data(CONFIG_PATH) as Uint8Array))
        },
        get lastSeen() {
          return this.committed
        },
        isQuorumSynced: () => true,
      },
    })
    const owner = {}
    const kinds = new Set<string>()
    for (const { where, data } of proposals) {
      const recorded = decodeLogged(data)
      header = recorded.header
      const request = asked.get(`${recorded.header.clientId} ${recorded.header.cxid}`)
      if (request === undefined) throw new Error(`${where}: nobody asked for this`)
      const ours = { ...request, owner, reply: null, logged: null, error: 0 }
      prep.prepare(ours)
      const logged = ours.logged ?? recorded
      expect(`${where} ${hex(encodeLogged(logged))}`).toBe(`${where} ${hex(data)}`)
      const applied = state.apply(recorded)
      expect(applied.digestMatches, where).toBe(true)
      prep.applied(header.zxid)
      kinds.add(recorded.txn.kind)
    }
    // What this recording says something about.
    expect([...kinds].sort()).toEqual([...kindsInIt].sort())
  })
