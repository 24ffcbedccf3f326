/** Back to the moment before an event. */
import { expect, test } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { launch } from '../../src/hosts/launch.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { Playback } from '../../src/page/store/playback.ts'
import { runConfig } from '../run-config.ts'
import { FakeEnsemble } from './fake-ensemble.ts'

const simulation = new Simulation(runConfig(3), { launch })
simulation.run(4_000_000)
const { events } = simulation
const established = events.find(({ kind }) => kind === 'established') as TraceEvent

function played(): { readonly ensemble: FakeEnsemble; readonly playback: Playback; readonly shown: TraceEvent[] } {
  const ensemble = new FakeEnsemble()
  const shown: TraceEvent[] = []
  const playback = new Playback(ensemble, { onShown: (told) => void shown.push(...told) }, () => 0)
  playback.setSpeed('max')
  ensemble.tell(events, 4_000_000)
  playback.frame(0)
  playback.frame(16)
  return { ensemble, playback, shown }
}

test('the picture before an event is the one that was there before it', () => {
  const { playback } = played()
  expect(playback.picture.leader).toBe(3)
  expect(playback.goBefore(established)).toBe(true)
  expect(playback.paused).toBe(true)
  expect(playback.picture.leader).toBeUndefined()
  expect(playback.picture.at).toBeLessThanOrEqual(established.at)
  expect(playback.publishedEvents.events.at(-1)?.seq).not.toBe(established.seq)
  expect(playback.publishedEvents.events).not.toContain(established)
  expect(playback.find(established)).toBe(established)
})

test('it goes on from there, shows everything again, and tells nothing twice', () => {
  const { ensemble, playback, shown } = played()
  const before = shown.length
  expect(before).toBe(events.length)
  playback.goBefore(established)
  playback.setSpeed(1)
  playback.resume()
  for (let ms = 32; ms < 300; ms += 16) playback.frame(ms)
  // At its pace, although the ensemble is far ahead, which waits.
  expect(playback.picture.at).toBeGreaterThan(established.at)
  expect(playback.picture.at).toBeLessThan(established.at + 1_000_000)
  expect(playback.picture.leader).toBe(3)
  expect(ensemble.rate).toBe('paused')
  playback.setSpeed('max')
  playback.frame(400)
  expect(playback.picture.at).toBe(4_000_000)
  expect(shown.length).toBe(before)
})

test('an event that is still ahead is gone to as well, and one that nobody knows is not', () => {
  const ensemble = new FakeEnsemble()
  const playback = new Playback(ensemble, {}, () => 0)
  ensemble.tell(events, 4_000_000)
  expect(playback.goBefore({ station: 1, seq: 1e9 })).toBe(false)
  expect(playback.goBefore(established)).toBe(true)
  expect(playback.publishedEvents.events).not.toContain(established)
  expect(playback.publishedEvents.events.length).toBe(events.indexOf(established))
})
