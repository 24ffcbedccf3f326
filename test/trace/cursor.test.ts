import { describe, expect, it } from 'vitest'
import { Cursor } from '../../src/trace/cursor.ts'

const FRAME_MS = 1000 / 60

/** The edge moves in jumps of `jumpUs`; returns where the cursor was in each frame. */
function play(cursor: Cursor, frames: number, rate: number, jumpUs: number): number[] {
  let passedUs = cursor.edge
  const seen: number[] = []
  for (let n = 0; n < frames; n++) {
    passedUs += FRAME_MS * 1000 * rate
    cursor.edgeIs(Math.floor(passedUs / jumpUs) * jumpUs)
    seen.push(cursor.follow(FRAME_MS, rate, true))
  }
  return seen
}
const steps = (seen: readonly number[]): number[] => seen.slice(1).map((at, index) => at - seen[index]!)

describe('Cursor', () => {
  it('moves at the pace, evenly, although the edge comes in jumps', () => {
    const cursor = new Cursor()
    const moves = steps(play(cursor, 600, 0.1, 20_000)).slice(200)
    const wanted = FRAME_MS * 1000 * 0.1
    expect(Math.min(...moves)).toBeGreaterThan(wanted * 0.7)
    expect(Math.max(...moves)).toBeLessThan(wanted * 1.3)
  })

  it('never passes the edge and never goes back', () => {
    const cursor = new Cursor()
    for (const rate of [0.05, 4, 0.5, 50]) {
      for (const move of steps(play(cursor, 100, rate, 7000))) expect(move).toBeGreaterThanOrEqual(0)
      expect(cursor.at).toBeLessThanOrEqual(cursor.edge)
    }
  })

  it('is at the edge at full speed', () => {
    const cursor = new Cursor()
    cursor.edgeIs(5_000_000)
    expect(cursor.follow(FRAME_MS, 'max', false)).toBe(5_000_000)
  })

  it('jumps when it is hopelessly behind, unless it must show everything', () => {
    const cursor = new Cursor()
    cursor.edgeIs(60_000_000)
    expect(cursor.follow(FRAME_MS, 0.1, false)).toBeLessThan(10_000)
    expect(cursor.isFarBehind(0.1)).toBe(true)
    expect(cursor.follow(FRAME_MS, 0.1, true)).toBeGreaterThan(59_000_000)
  })

  it('stands still when no time passes', () => {
    const cursor = new Cursor()
    cursor.edgeIs(100_000)
    cursor.follow(FRAME_MS, 1, false)
    const { at } = cursor
    expect(cursor.follow(0, 1, false)).toBe(at)
  })
})
