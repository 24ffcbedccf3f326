import { describe, expect, it } from 'vitest'
import { boxDistance, lengthWithin, lineDistance } from '../../src/page/ensemble/geometry.ts'
import { bendBetween, pointOn, stretchOf, wayBetween } from '../../src/page/ensemble/ways.ts'

const a = { x: 0, y: 0, radius: 10 }
const b = { x: 100, y: 0, radius: 20 }
const free = { discs: [], boxes: [], labels: [], width: 1000, height: 1000 }

describe('a way', () => {
  it('leads from rim to rim, and the way back keeps to its own side', () => {
    const way = wayBetween(a, b, 0, 3)
    expect([way.from, way.to]).toEqual([
      { x: 10, y: 3 },
      { x: 80, y: 3 },
    ])
    const back = wayBetween(b, a, 0, 3)
    expect(back.from.y).toBeCloseTo(-3)
    expect(back.to.x).toBeCloseTo(10)
  })

  it('is straight where nothing stands on it', () => {
    expect(bendBetween({ ...a, y: 300 }, { ...b, y: 300 }, { ...free, discs: [{ x: 50, y: 400, radius: 20 }] })).toBe(0)
  })

  it('goes round a server that stands on it, on the side without words', () => {
    const from = { x: 100, y: 300, radius: 10 }
    const to = { x: 500, y: 300, radius: 10 }
    const server = { x: 300, y: 300, radius: 30 }
    for (const [label, sign] of [
      [{ x: 240, y: 200, width: 120, height: 65 }, 1],
      [{ x: 240, y: 335, width: 120, height: 65 }, -1],
    ] as const) {
      const bend = bendBetween(from, to, { ...free, discs: [server], labels: [label] })
      expect(Math.sign(bend)).toBe(sign)
      const way = wayBetween(from, to, bend, 0)
      for (let n = 0; n <= 40; n++) {
        const point = pointOn(way, n / 40)
        expect(Math.hypot(point.x - server.x, point.y - server.y)).toBeGreaterThan(server.radius)
        expect(boxDistance(label, point)).toBeGreaterThan(0)
      }
    }
  })

  it('has parts that lie on it', () => {
    const way = wayBetween(a, b, 40, 0)
    const part = stretchOf(way, 0.25, 0.75)
    expect(part.from).toEqual(pointOn(way, 0.25))
    expect(part.to).toEqual(pointOn(way, 0.75))
    expect(pointOn(part, 0.5).x).toBeCloseTo(pointOn(way, 0.5).x)
    expect(pointOn(part, 0.5).y).toBeCloseTo(pointOn(way, 0.5).y)
  })
})

describe('a straight line', () => {
  it('knows how far a point is off, and how much of it lies in a box', () => {
    expect(lineDistance({ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 5, y: 7 })).toBe(7)
    expect(lineDistance({ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 14, y: 3 })).toBe(5)
    const box = { x: 2, y: -5, width: 4, height: 10 }
    expect(lengthWithin({ x: 0, y: 0 }, { x: 10, y: 0 }, box)).toBeCloseTo(4)
    expect(lengthWithin({ x: 3, y: 0 }, { x: 4, y: 0 }, box)).toBeCloseTo(1)
    expect(lengthWithin({ x: 0, y: 9 }, { x: 10, y: 9 }, box)).toBe(0)
  })
})
