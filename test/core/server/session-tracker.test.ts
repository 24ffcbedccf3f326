import { describe, expect, test } from 'vitest'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { isSessionPassword, SessionIds, sessionPassword } from '../../../src/core/server/session-id.ts'
import { SessionTracker } from '../../../src/core/server/session-tracker.ts'
import { ErrorCode } from '../../../src/core/wire/codes.ts'
import { asSession, hex64, LONG_MIN } from '../../../src/core/wire/ids.ts'
import { hex } from '../wire/golden.ts'
import { World } from './rig.ts'

const [A, B] = [asSession(0xan), asSession(0xbn)]
const config = { tickTimeMs: 2000 } as ReplicaConfig

function tracker(world: World, sessions: readonly (readonly [typeof A, number])[] = []) {
  const expired: { session: string; at: number }[] = []
  const made = new SessionTracker(world.host, config, new Map(sessions), (session) =>
    expired.push({ session: hex64(session), at: world.now }),
  )
  return { made, expired }
}

describe('a session expires', () => {
  test('between timeout and timeout + tick after its last touch, at the end of a tick', () => {
    const world = new World()
    const { made, expired } = tracker(world)
    world.run(500)
    made.add(A, 4000)
    world.run(3500)
    expect(made.touch(A, 4000)).toBe(true)
    made.add(B, 10_000)
    world.run(5999)
    expect(expired).toEqual([])
    world.run(1)
    expect(expired).toEqual([{ session: '0xa', at: 10_000 }])
    // It is closing: nothing brings it back.
    expect(made.touch(A, 4000)).toBe(false)
    expect(made.isValid(A)).toBe(false)
    world.run(100_000)
    expect(expired).toEqual([
      { session: '0xa', at: 10_000 },
      { session: '0xb', at: 16_000 },
    ])
  })

  test('by a full timeout after a new leader begins, whatever the last leader had heard', () => {
    const world = new World()
    world.run(1_000_000)
    const { expired } = tracker(world, [
      [A, 4000],
      [B, 40_000],
    ])
    world.run(4000)
    expect(expired).toEqual([])
    world.run(40_000)
    expect(expired.map(({ at }) => at)).toEqual([1_006_000, 1_042_000])
  })

  test('not when it was closed or the leader has stopped', () => {
    const world = new World()
    const { made, expired } = tracker(world, [
      [A, 4000],
      [B, 4000],
    ])
    made.startClosing(A)
    made.remove(A)
    world.run(3000)
    made.stop()
    world.run(100_000)
    expect(expired).toEqual([])
    expect(made.touch(B, 4000)).toBe(false)
    expect(world.of('sessionClosing')).toEqual([{ kind: 'sessionClosing', session: A, cause: 'closed' }])
  })

  test('and its deadline is told once a tick at most, however busy it is', () => {
    const world = new World()
    const { made } = tracker(world, [[A, 4000]])
    for (let n = 0; n < 1000; n++) {
      world.run(10)
      made.touch(A, 4000)
    }
    const told = world.timers.filter(({ note }) => note?.name === 'session' && note.about === '0xa')
    expect(told.length).toBeLessThanOrEqual(6)
    expect(world.timers.filter(({ live }) => live)).toHaveLength(1)
    // Of very many sessions only some are shown.
    for (let n = 100n; n < 300n; n++) made.add(asSession(n), 4000)
    expect(world.timers.filter(({ live }) => live)).toHaveLength(201)
    expect(world.timers.filter(({ live, note }) => live && note !== undefined)).toHaveLength(64)
  })
})

describe('a session has one owner', () => {
  test('the first who acts for it, until another one takes it up', () => {
    const world = new World()
    const { made } = tracker(world, [[A, 4000]])
    const [here, there] = [{}, {}]
    expect(made.check(A, here)).toBe(ErrorCode.Ok)
    expect(made.check(A, there)).toBe(ErrorCode.SessionMoved)
    made.setOwner(A, there)
    expect(made.check(A, here)).toBe(ErrorCode.SessionMoved)
    expect(made.check(A, there)).toBe(ErrorCode.Ok)
    made.startClosing(A)
    made.setOwner(A, here)
    expect(made.check(A, here)).toBe(ErrorCode.SessionExpired)
    expect(made.check(B, here)).toBe(ErrorCode.SessionExpired)
  })
})

describe('ids and passwords', () => {
  test('a password is what the Java server makes of the id', () => {
    const id = asSession(0x1000012ed510000n)
    expect(hex(sessionPassword(id))).toBe('955dacdefee768f3fbc641ae7783cdf9')
    expect(isSessionPassword(id, sessionPassword(id))).toBe(true)
    expect(isSessionPassword(asSession(id + 1n), sessionPassword(id))).toBe(false)
    expect(isSessionPassword(id, null)).toBe(false)
    expect(isSessionPassword(id, sessionPassword(id).slice(1))).toBe(false)
    expect(isSessionPassword(asSession(0n), sessionPassword(asSession(0n)))).toBe(false)
    // A server id above 127 makes them negative.
    expect(sessionPassword(asSession(BigInt.asIntN(64, 0xff00000000000001n)))).toHaveLength(16)
  })

  test('ids count up from the time, with the server in front, and skip what is taken or means something else', () => {
    const none = new Set<never>()
    const ids = new SessionIds(3, 0x18d_0000_0001)
    expect([ids.next(none), ids.next(none)].map(hex64)).toEqual(['0x38d000000010000', '0x38d000000010001'])
    expect(hex64(new SessionIds(255, 1).next(none))).toBe('0xff00000000010000')
    expect(ids.next(new Set([asSession(0x38d000000010002n)]))).toBe(0x38d000000010003n)
    expect(new SessionIds(128, 0).next(none)).toBe(LONG_MIN + 1n)
    expect(new SessionIds(0, 0).next(none)).toBe(1n)
  })
})
