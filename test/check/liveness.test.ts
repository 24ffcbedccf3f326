/** Deadlines: streams made by hand, in which time goes by. */
import { describe, expect, test } from 'vitest'
import { EnsembleChecker } from '../../src/check/checker.ts'
import type { PropertyId } from '../../src/check/properties.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import { PacketType } from '../../src/core/wire/codes.ts'

const SECOND = 1_000_000

/** An ensemble of three, as it tells of itself. */
class Stream {
  readonly events: TraceEvent[] = []
  #seq = 0

  say(at: number, station: number, event: object): this {
    this.events.push({ at: at * SECOND, station, seq: this.#seq++, ...event } as TraceEvent)
    return this
  }

  started(): this {
    const voters = [1, 2, 3]
    for (const sid of voters) {
      this.say(0, sid, { kind: 'started', what: 'server', incarnation: 1 })
      this.say(0, sid, {
        kind: 'configured',
        sid,
        voters,
        observers: [],
        tickTimeMs: 2000,
        initLimit: 10,
        syncLimit: 5,
      })
      this.say(0, sid, { kind: 'stateChanged', from: 'STARTING', to: 'LOOKING', reason: 'started' })
    }
    return this
  }

  leading(at = 1): this {
    this.say(at, 3, { kind: 'stateChanged', from: 'LOOKING', to: 'LEADING', reason: 'elected' })
    for (const sid of [1, 2])
      this.say(at, sid, { kind: 'stateChanged', from: 'LOOKING', to: 'FOLLOWING', reason: 'elected' })
    this.say(at, 3, { kind: 'epochProposed', epoch: 1, from: [1, 2, 3] })
    return this
  }

  serving(at = 2): this {
    this.say(at, 3, { kind: 'established', epoch: 1, zxid: 0n, ackers: [1, 2, 3] })
    for (const sid of [3, 1, 2]) this.say(at, sid, { kind: 'serving', zxid: 0n })
    return this
  }

  /** Nothing else happens until then. */
  until(at: number): this {
    const from = Math.floor((this.events.at(-1)?.at ?? 0) / SECOND)
    for (let second = from + 1; second <= at; second++) this.say(second, 1, { kind: 'traffic', counts: {} })
    return this
  }

  get broken(): Set<PropertyId> {
    const checker = new EnsembleChecker()
    checker.onEvents([...this.events].sort((a, b) => a.at - b.at || a.station - b.station || a.seq - b.seq))
    checker.end()
    return new Set(checker.violations.map(({ property }) => property))
  }
}

const good = (): Stream => new Stream().started().leading().serving()

describe('in an ensemble with which nothing is wrong', () => {
  test('all is well when it serves', () => expect(good().until(400).broken).toEqual(new Set()))

  test('L-1: nobody leads for too long', () => {
    expect(new Stream().started().until(100).broken).toEqual(new Set())
    expect(new Stream().started().until(400).broken).toEqual(new Set(['L-1']))
  })
  test('L-2: who leads never serves', () => expect(new Stream().started().leading().until(400).broken).toContain('L-2'))
  test('L-3: another epoch comes without need', () => {
    const stream = good().until(300).say(301, 3, { kind: 'stopServing', reason: 'whatever' })
    stream.say(302, 2, { kind: 'epochProposed', epoch: 2, from: [1, 2, 3] })
    stream.say(303, 2, { kind: 'established', epoch: 2, zxid: 0n, ackers: [1, 2, 3] }).until(330)
    stream.say(331, 3, { kind: 'epochProposed', epoch: 3, from: [1, 2, 3] })
    stream.say(332, 3, { kind: 'established', epoch: 3, zxid: 0n, ackers: [1, 2, 3] })
    expect(stream.broken).toContain('L-3')
  })
  test('L-4: a request has no outcome', () => {
    const stream = good().say(3, 101, { kind: 'invoked', xid: 1, op: 'create' }).until(400)
    expect(stream.broken).toContain('L-4')
  })
  test('L-6, L-9: a follower never serves', () => {
    const stream = good().say(3, 2, { kind: 'stopServing', reason: 'whatever' }).until(400)
    expect(stream.broken).toEqual(new Set(['L-6', 'L-9']))
  })
  test('L-7: a client finds no server', () => {
    const stream = good().say(3, 101, { kind: 'clientState', to: 'CONNECTING', session: 0n }).until(400)
    expect(stream.broken).toContain('L-7')
  })
  test('nothing is asked of it while something is wrong', () => {
    const broken = { kind: 'link', from: [1], to: [2], state: { way: 'cut' } }
    const stream = new Stream().started().say(1, 0, { kind: 'action', command: 'link', fault: broken })
    expect(stream.until(400).broken).toEqual(new Set())
    stream.say(401, 0, { kind: 'action', command: 'heal', fault: { kind: 'heal' } })
    expect(stream.until(500).broken).toEqual(new Set())
    expect(stream.until(900).broken).toContain('L-1')
  })
})

describe('at any time', () => {
  const frames = (stream: Stream, from: number, to: number): Stream => {
    for (let second = from; second < to; second++)
      for (const [peer, connection] of [
        [1, '1.1.1'],
        [2, '2.1.1'],
      ] as const)
        stream.say(second, 3, {
          kind: 'frameCame',
          connection,
          toOpener: false,
          peer,
          frame: second,
          sizeBytes: 24,
          time: second * SECOND - 1,
        })
    return stream
  }
  const connected = (): Stream => {
    const stream = good()
    for (const sid of [1, 2])
      stream.say(2, sid, {
        kind: 'packetsSent',
        connection: `${sid}.1.1`,
        to: 3,
        packets: [{ type: PacketType.PING, zxid: 0n, extra: 0 }],
      })
    return stream
  }

  test('L-5: a leader that hears of no quorum goes on', () => {
    expect(frames(connected(), 3, 60).broken).not.toContain('L-5')
    expect(frames(connected(), 3, 30).until(60).broken).toContain('L-5')
  })
  test('L-5: not while it is frozen', () => {
    const stream = frames(connected(), 3, 30).say(30, 3, { kind: 'paused' }).until(60)
    expect(stream.broken).not.toContain('L-5')
  })
})
