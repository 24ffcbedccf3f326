/** What keeps a server from taking on more than it can do: requests that wait in front of the pipeline, connections that
 *  are not read, requests that are too long. */
import { describe, expect, test } from 'vitest'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { ErrorCode } from '../../../src/core/wire/codes.ts'
import { type ServerOptions, type TestClient, TestServer, World } from './rig.ts'

function given(settings: Partial<ReplicaConfig>, kind: ServerOptions['kind'] = 'leader'): TestServer {
  return new TestServer(new World(), { settings, kind })
}
const answers = (client: TestClient): number[] =>
  client.frames.splice(0).map((frame) => new DataView(frame.buffer).getInt32(0))

describe('request_throttle_max_requests', () => {
  /** Two sessions, of which the first one has as much in the pipeline as may be there. */
  function full(settings: Partial<ReplicaConfig> = {}) {
    const server = given({ requestThrottleMaxRequests: 2, ...settings })
    const [first, second] = [server.session(), server.session()]
    server.prompt = false
    first.create('/a')
    first.create('/b')
    return { server, first, second }
  }

  test('lets so many into the pipeline; the others wait their turn, whoever sent them', () => {
    const { server, first, second } = full()
    first.get('/a')
    second.get('/')
    second.create('/c')
    expect(server.outstanding).toHaveLength(2)
    expect([...first.frames, ...second.frames]).toEqual([])
    server.commit(1)
    // A place is free for the read that waited first; it stands behind the write of its session.
    expect(answers(first)).toEqual([1])
    expect(answers(second)).toEqual([])
    server.commit(1)
    expect(answers(first)).toEqual([2, 3])
    expect(answers(second)).toEqual([1])
    expect(server.outstanding).toHaveLength(1)
    server.commit()
    expect(answers(second)).toEqual([2])
  })

  test("keeps a session's answers in order when one makes place for the next", () => {
    const server = given({ requestThrottleMaxRequests: 1 })
    const client = server.session()
    server.prompt = false
    client.create('/a')
    client.get('/a')
    client.exists('/a')
    server.commit()
    expect(answers(client)).toEqual([1, 2, 3])
  })

  test('drops what comes from a connection that has ended', () => {
    const { server, second } = full()
    second.create('/lost')
    second.vanish()
    server.commit()
    expect(server.state.tree.node('/lost')).toBeUndefined()
    const kept = full({ requestThrottleDropStale: false })
    kept.second.create('/kept')
    kept.second.vanish()
    kept.server.commit()
    expect(kept.server.state.tree.node('/kept')).toBeDefined()
  })

  test('does not drop the end of a session whose connection has ended', () => {
    const { server, second } = full()
    second.close()
    second.vanish()
    server.commit()
    expect(server.state.sessions.has(second.session)).toBe(false)
  })

  test('drops what has waited longer than its session would, where that is wanted, and closes the connection', () => {
    const { server, second } = full({ requestStaleLatencyCheck: true })
    second.get('/')
    server.world.run(10_001)
    server.commit()
    expect(second.frames).toEqual([])
    expect(second.ended).toBe('closed')
  })

  test('is off by default', () => {
    const server = given({})
    const client = server.session()
    server.prompt = false
    for (let i = 0; i < 50; i++) client.create(`/n${i}`)
    expect(server.outstanding).toHaveLength(50)
  })
})

describe('throttled_op_wait_time', () => {
  test.each(['leader', 'learner'] as const)(
    'at a %s: what has waited longer is refused, reads and writes alike',
    (kind) => {
      const settings = { requestThrottleMaxRequests: 1, throttledOpWaitTimeMs: 100 }
      const server = given(settings, kind)
      const [first, second] = [server.session(), server.session()]
      server.prompt = false
      first.create('/a')
      second.set('/', 'x')
      second.get('/')
      second.ping()
      server.world.run(101)
      second.get('/')
      server.commit()
      expect(second.take()).toMatchObject({ xid: 1, err: ErrorCode.ThrottledOp, zxid: 3n })
      expect(second.take()).toMatchObject({ xid: 2, err: ErrorCode.ThrottledOp })
      // Whoever pings must be heard of.
      expect(second.take()).toMatchObject({ xid: -2, err: 0 })
      expect(second.take()).toMatchObject({ xid: 3, err: 0 })
      expect(server.committed.map(({ header }) => header.type)).toEqual([-10, -10, 1])
    },
  )
})

describe('globalOutstandingLimit', () => {
  test('counts what waits in front of the pipeline as well', () => {
    const server = given({ globalOutstandingLimit: 3, requestThrottleMaxRequests: 1 })
    const client = server.session()
    server.prompt = false
    for (let i = 0; i < 10; i++) client.create(`/n${i}`)
    // One is in the pipeline, four wait, the rest has not been read.
    expect(server.world.of('request').filter(({ op }) => op === 'create')).toHaveLength(5)
    while (server.outstanding.length > 0) server.commit(1)
    expect(answers(client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})

describe('connection_throttle_tokens', () => {
  test('lets so many ask for a session, and more as time goes on', () => {
    const settings = { connectionThrottleTokens: 2, connectionThrottleFillTimeMs: 100, connectionThrottleFillCount: 1 }
    const server = given(settings)
    const asks = (): boolean => {
      const client = server.connect()
      client.connect()
      return client.ended === undefined
    }
    expect([asks(), asks(), asks()]).toEqual([true, true, false])
    server.world.run(100)
    expect(asks()).toBe(false)
    server.world.run(50)
    expect([asks(), asks()]).toEqual([true, false])
    server.world.run(10_000)
    expect([asks(), asks(), asks()]).toEqual([true, true, false])
  })
})

describe('requests that are too long', () => {
  test('large ones may be in the pipeline up to a sum of bytes: beyond it the connection ends', () => {
    const server = given({ largeRequestThresholdBytes: 100, largeRequestMaxBytes: 1000 })
    const client = server.session()
    server.prompt = false
    client.create('/a', 'x'.repeat(400))
    client.create('/b', 'x'.repeat(400))
    client.create('/small')
    expect(client.ended).toBeUndefined()
    server.commit()
    expect(answers(client)).toEqual([1, 2, 3])
    // Their bytes count no more.
    client.create('/c', 'x'.repeat(400))
    client.create('/d', 'x'.repeat(400))
    expect(client.ended).toBeUndefined()
    client.create('/e', 'x'.repeat(400))
    expect(client.ended).toMatchObject({ aborted: expect.any(String) })
    // Another session is as free as it was before.
    server.commit()
    const other = server.session()
    expect(other.ended).toBeUndefined()
  })
})
