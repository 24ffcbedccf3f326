/** Runs that are opened by their name, and runs that are recorded. */
import { describe, expect, test } from 'vitest'
import { EnsembleChecker } from '../../src/check/checker.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { Ensemble } from '../../src/hosts/ensemble.ts'
import { launch } from '../../src/hosts/launch.ts'
import { realClock } from '../../src/hosts/real-clock.ts'
import { RecordedEnsemble } from '../../src/hosts/recorded-ensemble.ts'
import { parseRecording, recordingText } from '../../src/hosts/recording-text.ts'
import { SimulatedEnsemble } from '../../src/hosts/sim/ensemble.ts'
import { hunt } from '../../src/hosts/sim/hunt.ts'
import { runSeed } from '../../src/hosts/sim/run-seed.ts'
import { prepare, runExhibit } from '../../src/hosts/sim/scenarios.ts'
import { TraceHash } from '../../src/hosts/sim/trace-hash.ts'
import { runConfig } from '../run-config.ts'

/** Plays to the end, at full speed but for a pause and a few steps in the middle; what was told. */
async function played(ensemble: Ensemble, endUs: number): Promise<TraceEvent[]> {
  const events: TraceEvent[] = []
  ensemble.listen(
    (told) => {
      for (const event of told) events.push(event)
    },
    () => {},
  )
  await ensemble.runUntil({ kind: 'nothing like this' }, Math.floor(endUs / 3))
  for (let n = 0; n < 20; n++) await ensemble.advance()
  // What the steps have passed counts.
  const passed = events.at(-1)?.at ?? 0
  await ensemble.runUntil({ kind: 'nothing like this' }, endUs - passed)
  await ensemble.dispose()
  return events
}

const hashOf = (events: readonly TraceEvent[], endUs: number): string => {
  const hash = new TraceHash()
  hash.onEvents(events.filter(({ at }) => at < endUs))
  return hash.toString()
}

describe('a seed as a scenario', () => {
  test.each([3, 11, 20])('%i: under the page’s time controls it is the runner’s run', async (seed) => {
    const seconds = 8
    const runners = runSeed(seed, { seconds, checkers: () => [new EnsembleChecker()] })
    const run = prepare({ kind: 'seed', seed, seconds })
    expect(run.hash).toBe(runners.hash)
    expect(run.choices.length).toBeGreaterThan(0)
    const events = await played(new SimulatedEnsemble(run.config, launch, realClock, run.choices), run.endUs)
    expect(hashOf(events, run.endUs)).toBe(run.hash)
  })

  test('takes the page’s ensemble where it is told to', () => {
    const like = runConfig(3, { servers: 2, autostart: [1, 2] })
    const { config } = prepare({ kind: 'seed', seed: 5, seconds: 3, like })
    expect(config).toMatchObject({ servers: 2, latencyUs: like.latencyUs, tickTimeMs: like.tickTimeMs, seed: 5 })
  })

  test('is hunted one after the other, and what is rare is told once', () => {
    const seeds = hunt({ from: 40, seconds: 3, like: runConfig(3) })
    const told = [seeds.next().value, seeds.next().value, seeds.next().value]
    expect(told.map((progress) => progress.seeds)).toEqual([1, 2, 3])
    const marks = told.flatMap((progress) => progress.marks.map(({ mark }) => mark))
    expect(marks.length).toBeGreaterThan(0)
    expect(new Set(marks).size).toBe(marks.length)
    expect(told[2]?.virtualUs).toBeGreaterThan(9e6)
  })
})

describe('a recording', () => {
  const events: TraceEvent[] = []
  const { config, virtualUs } = runExhibit('close-leaves-pzxid', { onTrace: (told) => void events.push(...told) })
  const recording = parseRecording(recordingText({ config, events, endUs: virtualUs }))

  test('is the same after it was written and read', () => {
    expect(events.some((event) => event.kind === 'applied' && event.logged.length > 0)).toBe(true)
    expect(recording).toEqual({ config, events, endUs: virtualUs })
  })

  test('plays all that happened, in order', async () => {
    expect(await played(new RecordedEnsemble(recording), virtualUs + 1)).toEqual(events)
  })

  test('knows who runs', async () => {
    const ensemble = new RecordedEnsemble(recording)
    ensemble.listen(
      () => {},
      () => {},
    )
    expect(await ensemble.isRunning(2)).toBe(false)
    await ensemble.runUntil({ kind: 'established' })
    expect(await ensemble.isRunning(2)).toBe(true)
    await ensemble.dispose()
  })

  test('refuses orders with the reason', async () => {
    const ensemble = new RecordedEnsemble(recording)
    for (const order of [ensemble.kill(), ensemble.start(), ensemble.openClient(), ensemble.type()])
      await expect(order).rejects.toThrow('this is a recording')
    await ensemble.dispose()
  })
})
