import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { keptSchedule, scheduleText } from '../../src/hosts/sim/keep.ts'
import { runSchedule } from '../../src/hosts/sim/replay.ts'
import type { Finding, Judging } from '../../src/hosts/sim/run.ts'
import { runSeed } from '../../src/hosts/sim/run-seed.ts'
import { parseSchedule, type Schedule } from '../../src/hosts/sim/schedule.ts'
import { shrink } from '../../src/hosts/sim/shrink.ts'

/** Takes offence at a server that has lost what it had not synced and comes back. */
class Touchy implements Judging {
  readonly violations: Finding[] = []
  readonly #hurt = new Set<number>()

  onEvents(events: readonly TraceEvent[]): void {
    for (const event of events) {
      if (event.kind === 'diskDamaged' && event.cause === 'powerCut') this.#hurt.add(event.station)
      if (event.kind !== 'serving' || !this.#hurt.has(event.station)) continue
      this.violations.push({ property: 'touchy', sentence: 'it is back', event })
    }
  }
}

const options = { checkers: () => [new Touchy()] }
const trial = (schedule: Schedule): string | undefined => runSchedule(schedule, options).findings[0]?.property

describe('a failing run', () => {
  it('is made small: what is left still fails in the same way, and nothing in it can be left out', () => {
    const given = {
      families: ['kill', 'crashPoint', 'powerCut', 'slowDisk', 'partition', 'pause'] as const,
      servers: 3,
    }
    let seed = 1
    let failing = runSeed(seed, { seconds: 30, given, ...options })
    while (failing.findings[0]?.property !== 'touchy') failing = runSeed(++seed, { seconds: 30, given, ...options })
    const whole = keptSchedule(failing, 30)
    let trials = 0
    const small = shrink(whole, {
      trial: (schedule) => {
        trials++
        return trial(schedule)
      },
      hasTime: () => trials < 400,
    })
    expect(whole.script.length).toBeGreaterThan(8)
    expect(small.script.length).toBeLessThanOrEqual(7)
    expect(small.breaks).toBe('touchy')
    const again = parseSchedule(JSON.parse(scheduleText(small)))
    expect(trial(again)).toBe('touchy')
    for (let gone = 0; gone < small.script.length; gone++) {
      const script = small.script.filter((step, index) => index !== gone || ['stop', 'mode'].includes(step.do.kind))
      if (script.length < small.script.length) expect(trial({ ...small, script })).toBeUndefined()
    }
  }, 120_000)

  it('that does not fail stays as it is', () => {
    const sound = keptSchedule(runSeed(3, { seconds: 5, given: { families: [], servers: 1 } }), 5)
    expect(shrink(sound, { trial, hasTime: () => true })).toBe(sound)
  })
})
