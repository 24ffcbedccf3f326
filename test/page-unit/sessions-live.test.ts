/** What the sessions pane and the threads show of a real run. */
import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { RunConfig } from '../../src/hosts/ensemble.ts'
import { launch } from '../../src/hosts/launch.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { threadsOf } from '../../src/page/ensemble/threads.ts'
import { sessionsOf } from '../../src/page/sessions/sessions-of.ts'
import { Fold } from '../../src/trace/fold.ts'
import { CONFIG } from './fake-ensemble.ts'

function start(knobs: RunConfig['knobs']) {
  const fold = new Fold(3)
  const told: TraceEvent[] = []
  const sim = new Simulation(
    { ...CONFIG, servers: 3, seed: 4, autostart: [1, 2, 3], knobs },
    {
      launch,
      record: false,
      onTrace: (events) => {
        told.push(...events)
        for (const event of events) fold.apply(event)
      },
    },
  )
  const seconds = (count: number): void => {
    sim.run(count * 1_000_000)
    fold.advance(sim.edgeUs)
  }
  seconds(5)
  return { fold, told, sim, seconds, sessions: () => sessionsOf(fold.picture) }
}

describe('the sessions of a run', () => {
  it('are global, count down until their client is heard of, and end when it is not', () => {
    const { fold, sim, seconds, sessions } = start({})
    const station = sim.openClient('zk1:2181')
    seconds(1)
    sim.type(station, 'create -e /mine x')
    seconds(3)
    expect(sessions()).toMatchObject([
      {
        session: fold.picture.clients.get(station)?.session,
        local: false,
        server: 1,
        client: station,
        timeoutMs: 30_000,
      },
    ])
    expect(sessions()[0]?.ephemerals).toEqual(['/mine'])
    const deadline = sessions()[0]?.deadline
    expect((deadline?.dueAt ?? 0) - fold.at).toBeGreaterThan(15_000_000)
    seconds(20)
    expect(sessions()[0]?.deadline?.dueAt).toBeGreaterThan(deadline?.dueAt ?? 0)
    sim.kill(station)
    seconds(5)
    expect(sessions()).toMatchObject([{ server: undefined, client: undefined, ephemerals: ['/mine'] }])
    seconds(40)
    expect(sessions()).toEqual([])
  })

  it('are local where servers keep them to themselves, until an ephemeral makes them global', () => {
    const { sim, seconds, sessions } = start({ localSessionsEnabled: true, localSessionsUpgradingEnabled: true })
    const station = sim.openClient('zk1:2181')
    seconds(2)
    expect(sessions()).toMatchObject([{ local: true, server: 1, client: station, timeoutMs: 30_000 }])
    expect(sessions()[0]?.deadline).toBeDefined()
    sim.type(station, 'create -e /mine x')
    seconds(2)
    expect(sessions()).toMatchObject([{ local: false, server: 1, client: station, ephemerals: ['/mine'] }])
  })
})

describe('the threads of a run', () => {
  it('are tied by a watch, and burn or stay when it fires', () => {
    const { fold, told, sim, seconds } = start({})
    const station = sim.openClient('zk2:2181')
    seconds(1)
    for (const line of ['create /app x', 'create /q x', 'addWatch /q', 'get -w /app']) sim.type(station, line)
    seconds(2)
    const standing = () => threadsOf(fold.picture).map(({ path, watch }) => [path, watch])
    expect(standing()).toEqual([
      ['/q', 'persistentRecursive'],
      ['/app', 'data'],
    ])
    const beganAt = fold.at
    sim.type(station, 'set /app y')
    sim.type(station, 'set /q y')
    // The same again, a tenth of a millisecond at a time.
    const slow = new Fold(3)
    const rest = [...told]
    const burning: number[] = []
    const staying: number[] = []
    for (let at = beganAt; at < fold.at; at += 100) {
      while (rest[0] !== undefined && rest[0].at <= at) slow.apply(rest.shift() as TraceEvent)
      slow.advance(at)
      for (const { news, burns } of threadsOf(slow.picture))
        if (news !== undefined) (burns ? burning : staying).push(news)
    }
    for (const news of [burning, staying]) {
      expect(news.length).toBeGreaterThan(5)
      expect(news).toEqual(news.toSorted((a, b) => a - b))
    }
    seconds(2)
    expect(standing()).toEqual([['/q', 'persistentRecursive']])
  })
})
