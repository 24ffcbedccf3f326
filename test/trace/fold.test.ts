import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { DataTree } from '../../src/core/tree/data-tree.ts'
import { asZxid } from '../../src/core/wire/ids.ts'
import { Fold } from '../../src/trace/fold.ts'
import type { ServerPicture } from '../../src/trace/picture.ts'
import {
  applied,
  createTxn,
  electedEnsemble,
  looking,
  message,
  SESSION,
  snapshotOf,
  started,
  told,
  z,
} from './events.ts'

function folded(events: readonly TraceEvent[], servers = 3): Fold {
  const fold = new Fold(servers)
  for (const event of events) fold.apply(event)
  return fold
}
const server = (fold: Fold, sid: number): ServerPicture => fold.picture.servers.get(sid)!
const killed = (sid: number, at: number): TraceEvent => told(sid, at, { kind: 'killed' })

describe('processes', () => {
  it('all servers are there from the beginning, stopped', () => {
    const { servers } = new Fold(5).picture
    expect([...servers.values()].map(({ sid, state, process }) => [sid, state, process])).toEqual(
      [1, 2, 3, 4, 5].map((sid) => [sid, 'STOPPED', 'stopped']),
    )
  })

  it('a killed server is STOPPED, forgets its memory and keeps what was on disk', () => {
    const fold = folded([
      ...electedEnsemble(3, 3),
      told(1, 10, { kind: 'logged', zxid: z(1), file: 'log.100000001', offset: 0, sizeBytes: 80 }),
      told(1, 10, { kind: 'sessionAttached', session: SESSION, connection: 'c', timeoutMs: 30_000 }),
      told(1, 10, { kind: 'watchSet', session: SESSION, path: '/a', watch: 'data' }),
      told(1, 10, { kind: 'timerSet', timer: 1, note: { name: 'tick' }, dueAt: 1000 }),
      killed(1, 20),
    ])
    const stopped = server(fold, 1)
    expect(stopped).toMatchObject({
      state: 'STOPPED',
      process: 'stopped',
      stopReason: 'killed',
      vote: undefined,
      serving: false,
    })
    expect(stopped.leader).toBeUndefined()
    expect(stopped.attached.size + stopped.watches.length + stopped.timers.size + stopped.ballot.size).toBe(0)
    expect(stopped.lastLogged).toBe(z(1))
    expect(stopped.tree).toBeDefined()
  })

  it('a server that halts tells its reason and the damaged file', () => {
    const fold = folded([started(2), told(2, 5, { kind: 'halted', reason: 'CRC mismatch', file: 'version-2/log.1' })])
    expect(server(fold, 2)).toMatchObject({
      process: 'halted',
      state: 'STOPPED',
      stopReason: 'CRC mismatch',
      damagedFile: 'version-2/log.1',
    })
    fold.apply(started(2, 9))
    expect(server(fold, 2)).toMatchObject({ process: 'running', stopReason: undefined, damagedFile: undefined })
  })
})

describe('messages', () => {
  it('a message is in flight from its sending until its arrival', () => {
    const fold = folded([message(1, 2, 100, 400)])
    expect(fold.picture.messages).toMatchObject([{ from: 1, to: 2, sentAt: 100, arrivesAt: 400 }])
    fold.advance(399)
    expect(fold.picture.messages).toHaveLength(1)
    fold.advance(400)
    expect(fold.picture.messages).toHaveLength(0)
  })

  it('a kill loses what flies to the dead server, not what it sent', () => {
    const fold = folded([
      ...electedEnsemble(3, 3),
      message(1, 2, 100, 400),
      message(2, 1, 100, 400),
      message(1, 3, 100, 400),
      killed(1, 200),
    ])
    expect(fold.picture.messages.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [1, 3],
    ])
  })

  it('messages do not pile up when nobody looks', () => {
    const fold = new Fold(3)
    for (let n = 0; n < 100_000; n++) fold.apply(message(1, 2, n * 10, n * 10 + 50))
    expect(fold.picture.messages.length).toBeLessThanOrEqual(6)
    expect(fold.picture.traffic.get('PROPOSAL')).toBe(100_000)
  })

  it('counted messages are traffic, too', () => {
    const fold = folded([message(1, 2, 1, 2), told(1, 5, { kind: 'traffic', counts: { PROPOSAL: 10, ACK: 3 } })])
    expect(Object.fromEntries(fold.picture.traffic)).toEqual({ PROPOSAL: 11, ACK: 3 })
  })
})

describe('connections', () => {
  const link = { connection: 'c', port: 2888 } as const
  it('a connection is closed, opens, and hangs half open when one side dies', () => {
    const fold = folded([...electedEnsemble(2, 2), told(1, 1, { kind: 'connecting', to: 2, ...link })], 2)
    expect(fold.picture.connections.get('c')).toEqual({ id: 'c', from: 1, to: 2, port: 'quorum', open: false })
    fold.apply(told(2, 2, { kind: 'connected', to: 1, ...link }))
    expect(fold.picture.connections.get('c')).toMatchObject({ from: 1, to: 2, open: true })
    fold.apply(killed(2, 3))
    expect(fold.picture.connections.get('c')).toMatchObject({ open: false })
    fold.apply(told(1, 4, { kind: 'disconnected', connection: 'c', to: 2, cause: 'reset' }))
    expect(fold.picture.connections.size).toBe(0)
  })
})

describe('election', () => {
  const vote = (leader: number) => ({ leader, zxid: z(0, 0), peerEpoch: 0, electionEpoch: 1 })
  it('a round begins with an empty ballot and fills it with what is heard', () => {
    const fold = folded([
      started(1),
      looking(1),
      told(1, 1, { kind: 'roundStarted', round: 1 }),
      told(1, 1, { kind: 'vote', vote: vote(1), from: 1, reason: { why: 'initial' } }),
      told(1, 2, {
        kind: 'notification',
        from: 3,
        state: 'LOOKING',
        vote: vote(3),
        counted: true,
        reason: { why: 'higherSid' },
      }),
      told(1, 2, { kind: 'vote', vote: vote(3), from: 3, reason: { why: 'higherSid' }, against: vote(1) }),
      told(1, 3, { kind: 'quorumForVote', leader: 3, voters: [1, 3] }),
    ])
    expect(server(fold, 1)).toMatchObject({
      round: 1,
      vote: vote(3),
      voteReason: { from: 3, against: vote(1) },
      quorumForVote: [1, 3],
    })
    expect([...server(fold, 1).ballot.keys()]).toEqual([3])
    fold.apply(told(1, 9, { kind: 'roundStarted', round: 2 }))
    expect(server(fold, 1)).toMatchObject({ round: 2, vote: undefined, quorumForVote: undefined })
    expect(server(fold, 1).ballot.size).toBe(0)
  })

  it('the leader is who is established in the newest epoch and still leads', () => {
    const fold = folded(electedEnsemble(3, 3))
    expect(fold.picture).toMatchObject({ leader: 3, hasQuorum: true })
    fold.apply(killed(1, 5))
    expect(fold.picture).toMatchObject({ leader: 3, hasQuorum: true })
    fold.apply(killed(2, 6))
    expect(fold.picture).toMatchObject({ leader: 3, hasQuorum: false })
    fold.apply(told(3, 7, { kind: 'stateChanged', from: 'LEADING', to: 'LOOKING', reason: 'quorum lost' }))
    expect(fold.picture).toMatchObject({ leader: undefined, hasQuorum: false })
  })
})

describe('the log', () => {
  const stages = (fold: Fold, sid: number) => server(fold, sid).log.map(({ zxid, stage, path }) => [zxid, stage, path])
  it('a record goes from proposed over logged and durable to committed', () => {
    const fold = folded(electedEnsemble(3, 3))
    const log = (event: Parameters<typeof told>[2], sid = 3) => fold.apply(told(sid, 10, event))
    log({ kind: 'proposed', zxid: z(1), type: 'create', path: '/a', session: SESSION, cxid: 1 })
    expect(stages(fold, 3)).toEqual([[z(1), 'proposed', '/a']])
    log({ kind: 'logged', zxid: z(1), file: 'log', offset: 0, sizeBytes: 1 })
    log({ kind: 'logged', zxid: z(1), file: 'log', offset: 0, sizeBytes: 1 }, 1)
    expect(stages(fold, 3)).toEqual([[z(1), 'logged', '/a']])
    expect(stages(fold, 1)).toEqual([[z(1), 'logged', '/a']])
    log({ kind: 'durable', zxid: z(1) })
    log({ kind: 'ackCounted', zxid: z(1), from: 3, acks: 1 })
    log({ kind: 'ackCounted', zxid: z(1), from: 1, acks: 2 })
    expect(stages(fold, 3)).toEqual([[z(1), 'durable', '/a']])
    expect(server(fold, 3).log[0]!.acks).toEqual([3, 1])
    log({ kind: 'committed', zxid: z(1), ackers: [3, 1] })
    expect(stages(fold, 3)).toEqual([[z(1), 'committed', '/a']])
    expect(stages(fold, 1)).toEqual([[z(1), 'logged', '/a']])
    expect(fold.picture.lastCommitted).toBe(z(1))
  })

  it('a proposal that was only in memory is gone after a kill; a logged record stays', () => {
    const fold = folded(electedEnsemble(3, 3))
    fold.apply(told(3, 10, { kind: 'proposed', zxid: z(1), type: 'create', path: '/a', session: SESSION, cxid: 1 }))
    fold.apply(told(3, 10, { kind: 'logged', zxid: z(1), file: 'log', offset: 0, sizeBytes: 1 }))
    fold.apply(told(3, 10, { kind: 'proposed', zxid: z(2), type: 'create', path: '/b', session: SESSION, cxid: 2 }))
    fold.apply(killed(3, 11))
    expect(stages(fold, 3)).toEqual([[z(1), 'logged', '/a']])
  })

  it('TRUNC cuts the log back', () => {
    const fold = folded(electedEnsemble(3, 3))
    for (const counter of [1, 2, 3])
      fold.apply(told(1, 10, { kind: 'logged', zxid: z(counter), file: 'log', offset: 0, sizeBytes: 1 }))
    fold.apply(told(1, 11, { kind: 'truncated', zxid: z(1) }))
    expect(stages(fold, 1)).toEqual([[z(1), 'logged', undefined]])
    expect(server(fold, 1).lastLogged).toBe(z(1))
  })

  it('holds the newest records and says that older ones are cut', () => {
    const fold = folded(electedEnsemble(3, 3))
    expect(server(fold, 1).logIsCut).toBe(false)
    for (let counter = 1; counter <= 200; counter++)
      fold.apply(told(1, 10, { kind: 'logged', zxid: z(counter), file: 'log', offset: 0, sizeBytes: 1 }))
    expect(server(fold, 1).log).toHaveLength(64)
    expect(server(fold, 1).log.at(-1)!.zxid).toBe(z(200))
    expect(server(fold, 1).logIsCut).toBe(true)
  })
})

describe('the tree', () => {
  it('is loaded from a snapshot and follows the txns of its server', () => {
    const own = new DataTree()
    const fold = folded(electedEnsemble(3, 3))
    fold.apply(told(1, 1, { kind: 'treeLoaded', zxid: asZxid(0n), snapshot: snapshotOf(own), logTail: [] }))
    const before = server(fold, 1).treeRevision
    fold.apply(applied(1, 2, own, z(1), createTxn('/app', 'hello')))
    expect(server(fold, 1).tree!.stat('/app')).toEqual(own.stat('/app'))
    expect(server(fold, 1).tree!.digest).toBe(own.digest)
    expect(server(fold, 1).treeRevision).toBe(before + 1)
    expect(server(fold, 1)).toMatchObject({ lastApplied: z(1), lastCommitted: z(1), digestMismatch: undefined })
    expect(server(fold, 1).sessions.get(SESSION)).toBe(30_000)
    expect(server(fold, 2).tree!.stat('/app')).toBeUndefined()
  })

  it('a digest that differs from the replica is shown and stays shown until a new tree is told', () => {
    const own = new DataTree()
    const fold = folded(electedEnsemble(3, 3))
    const good = applied(1, 2, own, z(1), createTxn('/app'))
    fold.apply({ ...good, digest: 12345n } as TraceEvent)
    expect(server(fold, 1).digestMismatch).toBe(z(1))
    fold.apply(applied(1, 3, own, z(2), createTxn('/app/x')))
    expect(server(fold, 1).digestMismatch).toBe(z(1))
    fold.apply(told(1, 4, { kind: 'treeLoaded', zxid: z(2), snapshot: snapshotOf(own), logTail: [z(1), z(2)] }))
    expect(server(fold, 1).digestMismatch).toBeUndefined()
    expect(server(fold, 1).log.map((entry) => entry.zxid)).toEqual([z(1), z(2)])
  })

  it('a snapshot that is none leaves no tree and is shown', () => {
    const fold = folded([
      started(1),
      told(1, 1, { kind: 'treeLoaded', zxid: z(4), snapshot: new Uint8Array(20), logTail: [] }),
    ])
    expect(server(fold, 1)).toMatchObject({ tree: undefined, digestMismatch: z(4) })
  })
})

describe('sessions and watches', () => {
  const client = (at: number, event: Parameters<typeof told>[2]) => told(101, at, event)
  const connected = client(1, { kind: 'clientState', to: 'CONNECTED', session: SESSION, server: 'zk2:2181' })

  it('a client stands at the server that it is connected to', () => {
    const fold = folded([client(0, { kind: 'started', what: 'client', incarnation: 1 }), connected])
    expect(fold.picture.clients.get(101)).toMatchObject({
      running: true,
      state: 'CONNECTED',
      server: 2,
      session: SESSION,
    })
    fold.apply(client(2, { kind: 'clientState', to: 'CONNECTING', session: SESSION, reason: 'reset' }))
    expect(fold.picture.clients.get(101)).toMatchObject({ state: 'CONNECTING', server: undefined })
  })

  it('requests are pending until they are answered or lost', () => {
    const fold = folded([
      connected,
      client(2, { kind: 'invoked', xid: 1, op: 'create', path: '/a' }),
      client(2, { kind: 'invoked', xid: 2, op: 'sync' }),
    ])
    expect(fold.picture.clients.get(101)!.pending.map(({ xid }) => xid)).toEqual([1, 2])
    fold.apply(client(3, { kind: 'answered', xid: 1, op: 'create', zxid: z(1), err: 0 }))
    fold.apply(client(3, { kind: 'requestLost', xid: 2, op: 'sync' }))
    expect(fold.picture.clients.get(101)!.pending).toEqual([])
  })

  it('a one-shot watch is used up by its firing, a persistent one stays', () => {
    const fold = folded(electedEnsemble(3, 3))
    const watch = { session: SESSION, path: '/a' } as const
    fold.apply(told(2, 1, { kind: 'watchSet', watch: 'data', ...watch }))
    fold.apply(told(2, 1, { kind: 'watchSet', watch: 'persistent', ...watch }))
    const fired = { kind: 'watchFired', event: 'NodeDataChanged', eventPath: '/a', zxid: z(1), ...watch } as const
    fold.apply(told(2, 2, { ...fired, watch: 'data', stays: false }))
    fold.apply(told(2, 2, { ...fired, watch: 'persistent', stays: true }))
    expect(server(fold, 2).watches.map(({ watch: kind }) => kind)).toEqual(['persistent'])
    expect(fold.picture.firings.map(({ watch: kind, deliveredAt }) => [kind, deliveredAt])).toEqual([
      ['data', undefined],
      ['persistent', undefined],
    ])
  })

  it('a firing is delivered when its client has had the event', () => {
    const fold = folded([...electedEnsemble(3, 3), connected])
    fold.apply(client(2, { kind: 'watchRegistered', path: '/a', watch: 'child' }))
    expect(fold.picture.clients.get(101)!.watches).toEqual([{ path: '/a', watch: 'child' }])
    fold.apply(
      told(2, 3, {
        kind: 'watchFired',
        session: SESSION,
        path: '/a',
        watch: 'child',
        event: 'NodeChildrenChanged',
        eventPath: '/a',
        zxid: z(1),
        stays: false,
      }),
    )
    fold.apply(client(5, { kind: 'watchDelivered', event: 'NodeChildrenChanged', path: '/a' }))
    expect(fold.picture.firings[0]!.deliveredAt).toBe(5)
    expect(fold.picture.clients.get(101)!.watches).toEqual([])
  })
})

describe('values', () => {
  it('what did not change is the same object in the next picture', () => {
    const fold = folded(electedEnsemble(3, 3))
    const before = fold.picture
    fold.apply(told(1, 50, { kind: 'durable', zxid: z(0) }))
    const after = fold.picture
    expect(after).not.toBe(before)
    expect(after.servers.get(1)).not.toBe(before.servers.get(1))
    expect(after.servers.get(2)).toBe(before.servers.get(2))
    expect(after.clients).toBe(before.clients)
    expect(after.firings).toBe(before.firings)
    fold.advance(60)
    expect(fold.picture.servers).toBe(after.servers)
    expect(fold.picture.at).toBe(60)
  })

  it('a picture stays as it was while the fold goes on', () => {
    const fold = folded([...electedEnsemble(3, 3), message(1, 2, 10, 500)])
    const { messages, servers } = fold.picture
    fold.apply(killed(2, 20))
    expect(messages).toHaveLength(1)
    expect(servers.get(2)!.state).toBe('FOLLOWING')
  })
})
