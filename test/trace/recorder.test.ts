import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { message, told, z } from './events.ts'

const many = (count: number, from = 0): TraceEvent[] =>
  Array.from({ length: count }, (_, index) => message(1, 2, (from + index) * 10, (from + index) * 10 + 5))

describe('Recorder', () => {
  it('shows events once, in order, when the cursor passes them', () => {
    const shown: number[] = []
    const recorder = new Recorder((event) => shown.push(event.at))
    recorder.append(many(3))
    expect([recorder.waiting, recorder.nextAt, shown]).toEqual([3, 0, []])
    recorder.showNext()
    recorder.showNext()
    expect([recorder.waiting, recorder.nextAt, recorder.shownUpTo, shown]).toEqual([1, 20, 10, [0, 10]])
    recorder.append(many(1, 9))
    while (recorder.showNext() !== undefined);
    expect(shown).toEqual([0, 10, 20, 90])
    expect(recorder.past.map(({ at }) => at)).toEqual(shown)
  })

  it('finds the first waiting event that is wanted', () => {
    const recorder = new Recorder(() => {})
    recorder.append(many(5))
    recorder.showNext()
    expect(recorder.find((event) => event.at >= 30)).toMatchObject({ event: { at: 30 }, after: 2 })
    expect(recorder.find((event) => event.at < 10)).toBeUndefined()
  })

  it('forgets the oldest of the past when it grows over its bound', () => {
    const recorder = new Recorder(() => {}, { past: 100, ahead: 1000, payloadBytes: 1e9 })
    for (let round = 0; round < 10; round++) {
      recorder.append(many(100, round * 100))
      while (recorder.showNext() !== undefined);
    }
    expect(recorder.past.length).toBeLessThanOrEqual(110)
    expect(recorder.shown).toBe(1000)
    expect(recorder.past[0]!.at).toBe(recorder.dropped * 10)
    expect(recorder.past.at(-1)!.at).toBe(9990)
  })

  it('shows the oldest at once when too many wait, so that a page without frames stays bounded', () => {
    let shown = 0
    const recorder = new Recorder(() => shown++, { past: 100, ahead: 50, payloadBytes: 1e9 })
    recorder.append(many(500))
    expect([recorder.waiting, shown]).toEqual([50, 450])
  })

  it('bounds the payload of what it holds, and keeps no whole trees', () => {
    const recorder = new Recorder(() => {}, { past: 1000, ahead: 1000, payloadBytes: 10_000 })
    const big = (counter: number): TraceEvent =>
      told(1, counter, {
        kind: 'applied',
        zxid: z(counter),
        phase: 'serving',
        logged: new Uint8Array(1000),
        digest: 0n,
      })
    recorder.append(Array.from({ length: 100 }, (_, index) => big(index)))
    expect(recorder.waiting).toBeLessThanOrEqual(10)
    while (recorder.showNext() !== undefined);
    expect(recorder.past.length).toBeLessThanOrEqual(10)
    expect(recorder.past.at(-1)).toMatchObject({ at: 99 })
    const tree: TraceEvent = told(1, 200, {
      kind: 'treeLoaded',
      zxid: z(1),
      snapshot: new Uint8Array(90_000),
      logTail: [],
    })
    recorder.append([tree])
    recorder.showNext()
    expect(recorder.past.at(-1)).toMatchObject({ kind: 'treeLoaded', snapshot: new Uint8Array() })
  })
})
