import { describe, expect, test } from 'vitest'
import type { Host } from '../../src/core/host.ts'
import { Conductor, type Plan } from '../../src/hosts/conductor.ts'
import { MemoryStore } from '../../src/hosts/file-store.ts'
import { connectionKey, type Frame } from '../../src/hosts/frame.ts'
import { Inbox } from '../../src/hosts/inbox.ts'
import { PageCache } from '../../src/hosts/page-cache.ts'
import { reportOf } from '../../src/hosts/report.ts'
import { type Birth, Station, type WindowInput } from '../../src/hosts/station.ts'
import { bytesOf, runConfig, say, textOf } from './toy.ts'

const birth = (incarnation = 1): Birth => ({
  station: 2,
  incarnation,
  spec: { what: 'server', sid: 2, config: runConfig() },
  atUs: 0,
  firstSeq: 0,
  peers: [{ station: 1, incarnation: 1, atUs: 0 }],
})
const window = (fromUs: number, toUs: number): WindowInput => ({ fromUs, toUs, status: [], orders: [] })
const files = (): PageCache => new PageCache(new MemoryStore())
const connection = connectionKey(1, 1, 1)
const frame = (seq: number, arrivesAtUs: number, body: object, toIncarnation = 1): Frame =>
  ({
    connection,
    toOpener: false,
    from: 1,
    fromIncarnation: 1,
    to: 2,
    toIncarnation,
    seq,
    sentAtUs: 0,
    arrivesAtUs,
    event: -1,
    ...body,
  }) as Frame
const open = (arrivesAtUs: number, toIncarnation = 1): Frame =>
  frame(0, arrivesAtUs, { kind: 'open', port: 7, fromPort: 40_000 }, toIncarnation)
const data = (seq: number, arrivesAtUs: number, text: string): Frame =>
  frame(seq, arrivesAtUs, { kind: 'data', parts: [{ message: -1, bytes: bytesOf(text) }] })
const listener = (host: Host): object => {
  host.network.listen(7, () => ({
    onData: (bytes) => say(host, textOf(bytes)),
    onClose: (cause) => say(host, cause),
  }))
  return {}
}

describe('a station', () => {
  test('takes frames in any order and handles them in theirs', () => {
    const station = new Station(birth(), files(), listener)
    station.receive([data(2, 20_001, 'c'), data(1, 20_001, 'b')])
    station.receive([open(20_000)])
    const { events } = station.runWindow(window(0, 20_002))
    expect(events.flatMap((event) => (event.kind === 'printed' ? [event.text] : []))).toEqual(['b', 'c'])
  })

  test('never sees frames for an earlier life of its own', () => {
    const station = new Station(birth(2), files(), listener)
    station.receive([open(20_000, 1)])
    expect(station.runWindow(window(0, 30_000)).frames).toEqual([])
  })

  test('refuses a frame from the past: somebody broke the lockstep', () => {
    const station = new Station(birth(), files(), listener)
    station.runWindow(window(0, 20_000))
    expect(() => station.receive([open(19_999)])).toThrow('lockstep broken')
  })

  test('closes the connection on which nonsense came, tells it, and keeps the others', () => {
    const station = new Station(birth(), files(), listener)
    const other = { ...open(20_000), connection: connectionKey(1, 1, 2), seq: 1 } as Frame
    station.receive([open(20_000), other])
    station.runWindow(window(0, 20_001))
    station.malformed(1, 'a data frame ends inside a message', { connection, toOpener: false })
    station.malformed(1, 'not bytes')
    const { events, frames } = station.runWindow(window(20_001, 30_000))
    expect(events).toMatchObject([
      { at: 20_001, kind: 'malformed', connection: '1.1.1', from: 1, reason: 'a data frame ends inside a message' },
      { kind: 'disconnected', connection: '1.1.1', cause: 'own' },
      { kind: 'printed', text: 'reset' },
      { kind: 'malformed', connection: '', from: 1, reason: 'not bytes' },
    ])
    expect(frames.map(({ kind }) => kind)).toEqual(['reset'])
    station.receive([{ ...data(2, 40_000, 'still here'), connection: connectionKey(1, 1, 2) } as Frame])
    expect(station.runWindow(window(30_000, 50_000)).events).toMatchObject([{ kind: 'printed', text: 'still here' }])
  })
})

describe('an inbox', () => {
  const group = (count: number, toIncarnation = 1, from = 1) => ({
    from,
    incarnation: 1,
    to: 2,
    toIncarnation,
    count,
    frames: Array.from({ length: count }, (_, index) => data(index, 20_000, 'x')),
    broken: [],
  })
  const expects = (frames: number, from = 1) => [{ from, incarnation: 1, frames }]

  test('has what a grant expects once so many frames have come in all, from each sender', () => {
    const inbox = new Inbox()
    expect(inbox.has(2, 1, [])).toBe(true)
    inbox.accept(group(2))
    expect(inbox.has(2, 1, expects(3))).toBe(false)
    expect(inbox.take(2, 1, expects(2)).frames).toHaveLength(2)
    inbox.accept(group(1))
    expect(inbox.has(2, 1, expects(3))).toBe(true)
    expect(inbox.has(2, 1, [...expects(3), ...expects(1, 3)])).toBe(false)
    expect(inbox.take(2, 1, expects(3)).frames).toHaveLength(1)
  })

  test('gives out nothing that no grant has told of', () => {
    const inbox = new Inbox()
    inbox.accept(group(2))
    inbox.accept(group(1, 1, 3))
    inbox.accept(group(4))
    expect(inbox.take(2, 1, []).frames).toHaveLength(0)
    expect(inbox.take(2, 1, expects(2)).frames).toHaveLength(2)
    expect(inbox.take(2, 1, [...expects(1, 3), ...expects(6)]).frames).toHaveLength(5)
  })

  test('keeps frames for a life that has not begun here, and none for one that is over', () => {
    const inbox = new Inbox()
    inbox.accept(group(1, 2))
    inbox.accept(group(5, 1))
    expect(inbox.take(2, 1, expects(5)).frames).toHaveLength(0)
    expect(inbox.has(2, 2, expects(1))).toBe(true)
    expect(inbox.take(2, 2, expects(1)).frames).toHaveLength(1)
  })
})

describe('a conductor', () => {
  const begin = () => {
    const conductor = new Conductor(runConfig({ servers: 2, autostart: [1, 2] }))
    const stations = new Map<number, Station>()
    const reportsOf = (plan: Plan) => {
      for (const each of plan.births) stations.set(each.station, new Station(each, files(), chatty))
      return plan.grants.map((grant) => reportOf(grant.station, stations.get(grant.station)!.runWindow(grant)))
    }
    return { conductor, reportsOf }
  }
  const chatty = (host: Host): object => {
    for (const peer of ['zk1', 'zk2']) {
      host.network.connect({ host: peer, port: 7 }, { onData: () => {}, onClose: () => {} })
    }
    return {}
  }

  test('tells a station how many frames it must have before it may begin', () => {
    const { conductor, reportsOf } = begin()
    conductor.close(reportsOf(conductor.plan(Number.POSITIVE_INFINITY)!))
    const plan = conductor.plan(Number.POSITIVE_INFINITY)!
    expect(plan.toUs - plan.fromUs).toBe(20_000)
    const told = plan.grants.flatMap(({ station, expects }) => expects.map((each) => [station, each.from, each.frames]))
    expect(told.length).toBeGreaterThan(0)
    for (const [station, from, frames] of told) expect([from, frames]).toEqual([station === 1 ? 2 : 1, 1])
  })

  test('goes on without a station that its host has lost, as after a crash, and can start it again', () => {
    const { conductor, reportsOf } = begin()
    const plan = conductor.plan(Number.POSITIVE_INFINITY)!
    const [first] = reportsOf(plan)
    const events = conductor.close([first!, conductor.lost(2, 'the worker did not load')])
    expect(events.at(-1)).toMatchObject({ at: 0, station: 2, kind: 'crashed', reason: 'the worker did not load' })
    expect(conductor.running).toEqual([1])
    conductor.enter({ kind: 'start', sid: 2 }, { done: () => {}, failed: () => {} })
    const restart = conductor.plan(Number.POSITIVE_INFINITY)!
    expect(restart.ends).toEqual([{ station: 2, incarnation: 1 }])
    expect(restart.births).toMatchObject([{ station: 2, incarnation: 2, firstSeq: 1 }])
  })

  test('executes one window at a time', () => {
    const { conductor } = begin()
    conductor.plan(Number.POSITIVE_INFINITY)
    expect(() => conductor.plan(Number.POSITIVE_INFINITY)).toThrow('the last window is not closed')
  })
})
