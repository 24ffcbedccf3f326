/** Hand-made pictures for tests of views: what the fold would make of a trace, written down. */
import type { VoteReason, VoteView } from '../../src/core/election/trace.ts'
import { asSession, asZxid, makeZxid, SESSION_0, type Sid, ZXID_0 } from '../../src/core/wire/ids.ts'
import type {
  ClientPicture,
  ConnectionPicture,
  MessagePicture,
  Picture,
  ServerPicture,
} from '../../src/trace/picture.ts'

export const vote = (leader: Sid, zxid = ZXID_0, peerEpoch = 0, electionEpoch = 1): VoteView => ({
  leader,
  zxid,
  peerEpoch,
  electionEpoch,
})

export function server(sid: Sid, change: Partial<ServerPicture> = {}): ServerPicture {
  return {
    sid,
    process: 'running',
    incarnation: 1,
    stopReason: undefined,
    damagedFile: undefined,
    state: 'LOOKING',
    zabState: 'ELECTION',
    round: 1,
    vote: vote(sid),
    voteReason: { reason: { why: 'initial' }, from: sid, against: undefined },
    ballot: new Map(),
    quorumForVote: undefined,
    leader: undefined,
    acceptedEpoch: 0,
    currentEpoch: 0,
    lastApplied: ZXID_0,
    lastLogged: ZXID_0,
    lastDurable: ZXID_0,
    lastCommitted: ZXID_0,
    log: [],
    logIsCut: false,
    sync: undefined,
    serving: false,
    readOnly: false,
    timers: new Map(),
    attached: new Map(),
    watches: [],
    sessions: new Map(),
    tree: undefined,
    treeRevision: 0,
    digestMismatch: undefined,
    ...change,
  }
}

const DOWN = { process: 'stopped', state: 'STOPPED', vote: undefined, voteReason: undefined } as const
export const stopped = (sid: Sid): ServerPicture => server(sid, { ...DOWN, stopReason: 'killed' })
export const unstarted = (sid: Sid): ServerPicture => server(sid, { ...DOWN, incarnation: 0 })

/** In BROADCAST, with `writes` committed records of `epoch` in its log. */
export function settled(
  sid: Sid,
  leader: Sid,
  epoch: number,
  writes: number,
  change: Partial<ServerPicture> = {},
): ServerPicture {
  const last = writes === 0 ? ZXID_0 : makeZxid(epoch, writes)
  const cast = vote(leader, ZXID_0, epoch - 1, epoch)
  const reason: VoteReason = leader === sid ? { why: 'initial' } : { why: 'higherSid' }
  return server(sid, {
    state: leader === sid ? 'LEADING' : 'FOLLOWING',
    zabState: 'BROADCAST',
    round: epoch,
    vote: cast,
    voteReason: { reason, from: leader, against: leader === sid ? undefined : { ...cast, leader: sid } },
    leader,
    acceptedEpoch: epoch,
    currentEpoch: epoch,
    lastApplied: last,
    lastLogged: last,
    lastDurable: last,
    lastCommitted: last,
    log: Array.from({ length: writes }, (_, i) => ({
      zxid: makeZxid(epoch, i + 1),
      stage: 'committed',
      type: 'create',
      path: `/app-${i + 1}`,
      acks: [],
    })),
    serving: true,
    ...change,
  })
}

export function client(station: number, at: Sid | undefined, change: Partial<ClientPicture> = {}): ClientPicture {
  return {
    station,
    running: true,
    state: at === undefined ? 'CONNECTING' : 'CONNECTED',
    session: at === undefined ? SESSION_0 : asSession(0x100012345670000n + BigInt(station)),
    server: at,
    watches: [],
    pending: [],
    timers: new Map(),
    ...change,
  }
}

export function message(
  from: number,
  to: number,
  note: MessagePicture['note'],
  sentAt: number,
  arrivesAt: number,
  sizeBytes = 100,
): MessagePicture {
  return {
    id: { station: from, seq: sentAt * 10 + to },
    from,
    to,
    connection: `${from}>${to}`,
    note,
    sizeBytes,
    sentAt,
    arrivesAt,
  }
}

export function connection(from: number, to: number, port: ConnectionPicture['port'], open = true): ConnectionPicture {
  return { id: `${from}>${to}:${port}`, from, to, port, open }
}

export function picture(servers: readonly ServerPicture[], change: Partial<Picture> = {}): Picture {
  const leader = servers.find(({ state, serving }) => state === 'LEADING' && serving)
  return {
    at: 0,
    revision: 1,
    servers: new Map(servers.map((one) => [one.sid, one])),
    clients: new Map(),
    messages: [],
    connections: new Map(),
    leader: leader?.sid,
    hasQuorum: leader !== undefined,
    lastCommitted: servers.reduce((last, one) => (one.lastCommitted > last ? one.lastCommitted : last), asZxid(0n)),
    firings: [],
    traffic: new Map(),
    ...change,
  }
}
