import { describe, expect, it } from 'vitest'
import { Fold } from '../../src/trace/fold.ts'
import { AutoPace, QUICK, QUICKEST, SLOW } from '../../src/trace/pace.ts'
import { message } from './events.ts'

const FRAME_MS = 16

describe('AutoPace', () => {
  const calm = new Fold(3)
  const busy = new Fold(3)
  busy.apply(message(1, 2, 0, 1000))
  const pinging = new Fold(3)
  pinging.apply(message(1, 2, 0, 1000, 'PING'))

  it('is slow while a message is in flight, quick otherwise; heartbeats do not count', () => {
    const pace = new AutoPace()
    expect(pace.next(FRAME_MS, busy.picture, undefined)).toBe(SLOW)
    expect(pace.next(FRAME_MS, calm.picture, undefined)).toBe(QUICK)
    expect(pace.next(FRAME_MS, pinging.picture, undefined)).toBe(QUICK)
  })

  it('gets quicker while nothing happens, to a limit, and starts anew after something did', () => {
    const pace = new AutoPace()
    const seen = Array.from({ length: 1000 }, () => pace.next(FRAME_MS, calm.picture, undefined))
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(QUICKEST)
    pace.next(FRAME_MS, busy.picture, undefined)
    expect(pace.next(FRAME_MS, calm.picture, undefined)).toBe(QUICK)
    pace.wake()
    expect(pace.next(FRAME_MS, calm.picture, undefined)).toBe(QUICK)
  })

  it('does not run over the start of a message that is known already', () => {
    const pace = new AutoPace()
    const nextInUs = 4000
    expect(pace.next(FRAME_MS, calm.picture, nextInUs) * FRAME_MS * 1000).toBeLessThanOrEqual(nextInUs)
    expect(pace.next(FRAME_MS, calm.picture, 1)).toBe(SLOW)
  })
})
