import { describe, expect, it } from 'vitest'
import { POSITIONS, paceWords, positionOf, rateAt, stretchOf } from '../../src/page/pace/scale.ts'
import { FASTEST, SLOWEST } from '../../src/page/store/state.ts'

describe('the Speed slider', () => {
  it('is logarithmic, with real time in the middle', () => {
    expect(positionOf(SLOWEST)).toBe(0)
    expect(positionOf(1)).toBe(POSITIONS / 2)
    expect(positionOf(FASTEST)).toBe(POSITIONS)
    expect(rateAt(POSITIONS / 4)).toBeCloseTo(0.1, 5)
  })

  it('finds real time without a steady hand', () => {
    expect(rateAt(POSITIONS / 2 + 10)).toBe(1)
    expect(rateAt(POSITIONS / 2 - 10)).toBe(1)
    expect(rateAt(POSITIONS / 2 + 30)).toBeGreaterThan(1)
  })

  it('comes back to the place it was put, within a step', () => {
    for (let position = 0; position <= POSITIONS; position += 25)
      expect(Math.abs(positionOf(rateAt(position)) - position)).toBeLessThanOrEqual(5)
  })

  it('does not leave its ends', () => {
    expect(positionOf(FASTEST * 10)).toBe(POSITIONS)
    expect(rateAt(-50)).toBe(SLOWEST)
  })
})

describe('the words for a pace', () => {
  it('say how much slower or faster than real time', () => {
    expect(paceWords(0.08)).toEqual({ kind: 'slower', times: '13' })
    expect(paceWords(0.5)).toEqual({ kind: 'slower', times: '2' })
    expect(paceWords(1)).toEqual({ kind: 'realTime' })
    expect(paceWords(4)).toEqual({ kind: 'faster', times: '4' })
    expect(paceWords('max')).toEqual({ kind: 'max' })
    expect(paceWords('paused')).toEqual({ kind: 'paused' })
  })
})

describe('the stretch of the network', () => {
  it('compares the mean latency with a data centre', () => {
    expect(stretchOf({ min: 20_000, max: 30_000 })).toBe(100)
    expect(stretchOf({ min: 250, max: 250 })).toBe(1)
  })
})
