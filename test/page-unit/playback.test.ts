import { beforeEach, describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { Playback } from '../../src/page/store/playback.ts'
import { FASTEST } from '../../src/page/store/state.ts'
import { conditionOf } from '../../src/trace/condition.ts'
import { electedEnsemble, message, told, z } from '../trace/events.ts'
import { FakeEnsemble } from './fake-ensemble.ts'

const FRAME_MS = 16

describe('Playback', () => {
  let ensemble: FakeEnsemble
  let playback: Playback
  let shown: TraceEvent[]
  let nowMs: number
  beforeEach(() => {
    ensemble = new FakeEnsemble()
    shown = []
    nowMs = 0
    playback = new Playback(ensemble, { onShown: (events) => shown.push(...events) }, () => nowMs)
    playback.frame(0)
  })
  const frames = (count: number): void => {
    for (let n = 0; n < count; n++) {
      nowMs += FRAME_MS
      playback.frame(nowMs)
    }
  }
  const timer = (at: number): TraceEvent => told(1, at, { kind: 'timerEnded', timer: 1, fired: true })

  it('shows an event when the cursor reaches it, not before', () => {
    playback.setSpeed(1)
    ensemble.tell([timer(10_000), timer(400_000)], 500_000)
    frames(10)
    expect(shown.map(({ at }) => at)).toEqual([10_000])
    expect(playback.picture.at).toBeGreaterThan(10_000)
    frames(40)
    expect(shown).toHaveLength(2)
    expect(playback.picture.at).toBeLessThanOrEqual(500_000)
  })

  it('auto goes slowly while a message flies, and holds the ensemble back meanwhile', () => {
    ensemble.tell([message(1, 2, 50_000, 75_000)], 600_000)
    frames(12)
    expect(playback.pace).toBe(0.08)
    expect(ensemble.rate).toBe('paused')
    const before = playback.picture.at
    frames(4)
    expect(playback.picture.at - before).toBeLessThan(4 * FRAME_MS * 1000 * 0.08 * 1.3)
    expect(playback.picture.messages).toHaveLength(1)
    frames(60)
    expect(playback.picture.messages).toHaveLength(0)
    expect(playback.pace).toBe(1)
  })

  it('at full speed the picture is at the edge in each frame', () => {
    playback.setSpeed('max')
    ensemble.tell(electedEnsemble(3, 3, 1000), 9_000_000)
    frames(1)
    expect(playback.picture).toMatchObject({ at: 9_000_000, leader: 3 })
    expect(ensemble.rate).toBe('max')
  })

  it('pause freezes the picture at once', () => {
    ensemble.tell([timer(10_000)], 500_000)
    frames(3)
    playback.pause()
    const { at } = playback.picture
    frames(20)
    expect(playback.picture.at).toBe(at)
    expect(playback.pace).toBe('paused')
    expect(ensemble.rate).toBe('paused')
    playback.resume()
    frames(2)
    expect(playback.picture.at).toBeGreaterThan(at)
    expect(ensemble.rate).toBe(1)
  })

  it('an order given while paused is shown at once', () => {
    ensemble.tell([timer(10_000)], 500_000)
    playback.pause()
    ensemble.tell(
      [told(0, 500_000, { kind: 'action', command: 'kill 2' }), told(2, 500_000, { kind: 'killed' })],
      500_001,
    )
    ensemble.tell([timer(500_300)], 500_400)
    frames(1)
    expect(shown.map(({ kind }) => kind)).toEqual(['timerEnded', 'action', 'killed'])
    expect(playback.paused).toBe(true)
  })

  it('step shows one event that is not quiet, with the quiet ones before it', async () => {
    playback.pause()
    ensemble.tell([timer(1000), message(1, 2, 2000, 30_000), timer(2500), message(2, 3, 3000, 31_000)], 5000)
    await playback.step()
    expect(shown.map(({ at }) => at)).toEqual([1000, 2000])
    expect(playback.picture.at).toBe(2000)
    await playback.step()
    expect(shown.map(({ at }) => at)).toEqual([1000, 2000, 2500, 3000])
  })

  it('what a station does at one instant is one step', async () => {
    playback.pause()
    ensemble.tell([message(1, 2, 2000, 30_000), message(1, 3, 2000, 31_000), message(2, 3, 2000, 31_000)], 5000)
    await playback.step()
    expect(shown.map(({ station }) => station)).toEqual([1, 1])
    await playback.step()
    expect(shown.map(({ station }) => station)).toEqual([1, 1, 2])
  })

  it('step asks the ensemble for more when all events are shown', async () => {
    playback.pause()
    const windows = [[timer(20_000)], [message(1, 2, 40_000, 60_000)]]
    ensemble.onAdvance = () => {
      const events = windows.shift() ?? []
      ensemble.tell(events, ensemble.edgeUs + 20_000)
      return ensemble.edgeUs
    }
    await playback.step()
    expect(shown.map(({ kind }) => kind)).toEqual(['timerEnded', 'message'])
    expect(playback.paused).toBe(true)
  })

  it('pressed twice is two steps', async () => {
    playback.pause()
    ensemble.tell([message(1, 2, 2000, 30_000), message(1, 3, 3000, 31_000), message(2, 3, 4000, 31_000)], 5000)
    await Promise.all([playback.step(), playback.step()])
    expect(playback.picture.at).toBe(3000)
  })

  it('in an ensemble that only beats its heart, step shows the next heartbeat', async () => {
    playback.pause()
    ensemble.onAdvance = () => {
      const at = ensemble.edgeUs + 5000
      ensemble.tell([timer(at), message(1, 2, at + 1, at + 20_000, 'PING')], at + 10)
      return ensemble.edgeUs
    }
    await playback.step()
    expect(shown.map(({ kind }) => kind)).toEqual(['timerEnded', 'message'])
    const { at } = playback.picture
    await playback.step()
    expect(playback.picture.at).toBeGreaterThan(at)
  })

  it('until stops exactly at the event', async () => {
    const met = playback.until(conditionOf('server 3 leads')!)
    ensemble.tell([...electedEnsemble(3, 3, 50_000), timer(50_001)], 200_000)
    frames(30)
    expect(await met).toBe(true)
    expect(playback.paused).toBe(true)
    expect(shown.at(-1)).toMatchObject({ kind: 'established', station: 3 })
    expect(playback.picture.leader).toBe(3)
  })

  it('until at full speed lets the ensemble watch, and shows what came up to the event', async () => {
    ensemble.onRunUntil = () => {
      const events = [...electedEnsemble(3, 3, 50_000), timer(60_000)]
      ensemble.tell(events, 70_000)
      return events.find(({ kind }) => kind === 'established')
    }
    expect(await playback.until(conditionOf('leader')!, 'max')).toBe(true)
    expect(ensemble.orders).toContain('runUntil max')
    expect(shown.at(-1)).toMatchObject({ kind: 'established' })
    expect(playback.paused).toBe(true)
  })

  it('until ends at once when it is true already', async () => {
    playback.setSpeed('max')
    ensemble.tell(electedEnsemble(3, 3, 10), 1000)
    frames(1)
    expect(await playback.until(conditionOf('leader')!)).toBe(true)
    expect(playback.paused).toBe(true)
  })

  it('a pause ends the wait unmet', async () => {
    const met = playback.until(conditionOf('0x100000001 committed')!)
    playback.pause()
    expect(await met).toBe(false)
  })

  it('catches up when frames had stopped', () => {
    ensemble.tell([message(1, 2, 10_000, 30_000)], 60_000_000)
    nowMs += 60_000
    playback.frame(nowMs)
    frames(1)
    expect(playback.picture.at).toBeGreaterThan(59_000_000)
  })

  it('tells rendered views at most ten times a second, drawn ones in every frame', () => {
    let published = 0
    let drawn = 0
    playback.onPublish(() => published++)
    playback.onFrame(() => drawn++)
    ensemble.tell([], 60_000_000)
    frames(60)
    expect(drawn).toBe(60)
    expect(published).toBeLessThanOrEqual(10)
    expect(published).toBeGreaterThanOrEqual(8)
  })

  it('under a flood of events the messages are counted, and told again after it', () => {
    playback.setSpeed(FASTEST)
    for (let second = 0; second < 2; second++) {
      nowMs += 1001
      ensemble.tell(
        Array.from({ length: 30_000 }, (_, n) => message(1, 2, second * 1e6 + n, second * 1e6 + n + 5)),
        (second + 1) * 1e6,
      )
    }
    expect(ensemble.orders).toEqual(['trace state'])
    expect(playback.counting).toBe(true)
    nowMs += 1001
    ensemble.tell([told(3, 8e6, { kind: 'traffic', counts: { PROPOSAL: 20_000, ACK: 10_000 } })], 8e6)
    expect(ensemble.orders).toEqual(['trace state'])
    nowMs += 1001
    ensemble.tell([told(3, 9e6, { kind: 'durable', zxid: z(1) })], 9e6)
    expect(ensemble.orders).toEqual(['trace state', 'trace full'])
  })
})
