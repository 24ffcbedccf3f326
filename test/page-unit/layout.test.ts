import { describe, expect, it } from 'vitest'
import { type Box, CLIENT, lane, layoutStage, type StageLayout } from '../../src/page/ensemble/layout.ts'

const sids = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

function glyphs({ servers, radius }: StageLayout): Box[] {
  return servers.map(({ x, y }) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius }))
}

function clientBoxes({ clients }: StageLayout): Box[] {
  return clients.map(({ x, y }) => ({ x: x - CLIENT.width / 2, y: y - CLIENT.height / 2, ...CLIENT }))
}

const overlap = (a: Box, b: Box) =>
  Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 0.5 &&
  Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 0.5

const stages = [
  [920, 284],
  [920, 320],
  [860, 340],
  [1100, 460],
  [1500, 700],
  [700, 290],
  [700, 330],
  [560, 420],
  [390, 330],
  [390, 400],
  [390, 460],
] as const

describe('the stage', () => {
  for (const [width, height] of stages) {
    for (let count = 1; count <= 9; count++) {
      it(`has room for ${count} servers and a client at each in ${width}×${height}`, () => {
        const clients = sids(count).map((sid) => ({ station: 100 + sid, server: sid }))
        const layout = layoutStage({ width, height, servers: sids(count), clients })
        const boxes = [...glyphs(layout), ...layout.servers.map(({ label }) => label), ...clientBoxes(layout)]
        for (const box of boxes) {
          expect(box.x).toBeGreaterThanOrEqual(-0.5)
          expect(box.y).toBeGreaterThanOrEqual(-0.5)
          expect(box.x + box.width).toBeLessThanOrEqual(width + 0.5)
          expect(box.y + box.height).toBeLessThanOrEqual(height + 0.5)
        }
        for (const [i, a] of boxes.entries()) {
          for (const b of boxes.slice(i + 1))
            expect(overlap(a, b), `${JSON.stringify(a)} ${JSON.stringify(b)}`).toBe(false)
        }
      })
    }
  }

  it('puts five labels beside their servers on a laptop and below them on a phone', () => {
    expect(layoutStage({ width: 920, height: 320, servers: sids(5), clients: [] }).mode).toBe('side')
    expect(layoutStage({ width: 390, height: 400, servers: sids(5), clients: [] }).mode).toBe('below')
  })

  it('numbers the servers clockwise, the first one at the top', () => {
    for (const [width, height] of stages) {
      const { servers, centre } = layoutStage({ width, height, servers: sids(5), clients: [] })
      expect(servers[0]!.x).toBeCloseTo(centre.x)
      expect(Math.min(...servers.map(({ y }) => y))).toBe(servers[0]!.y)
      expect(servers[1]!.x).toBeGreaterThan(centre.x)
      expect(servers[4]!.x).toBeLessThan(centre.x)
    }
  })

  it('keeps a client that has no server apart from all servers', () => {
    const { clients, servers } = layoutStage({
      width: 920,
      height: 320,
      servers: sids(5),
      clients: [
        { station: 101, server: undefined },
        { station: 102, server: 3 },
      ],
    })
    expect(clients.find(({ station }) => station === 102)!.server).toBe(3)
    const alone = clients.find(({ station }) => station === 101)!
    expect(alone.server).toBeUndefined()
    for (const { x, y } of servers) expect(Math.hypot(alone.x - x, alone.y - y)).toBeGreaterThan(80)
  })
})

describe('a lane', () => {
  it('leads from rim to rim, and the way back keeps to its own side', () => {
    const a = { x: 0, y: 0 }
    const b = { x: 100, y: 0 }
    expect(lane(a, 10, b, 20, 3)).toEqual({ from: { x: 10, y: 3 }, to: { x: 80, y: 3 } })
    const back = lane(b, 20, a, 10, 3)
    expect(back.from.y).toBeCloseTo(-3)
    expect(back.to.x).toBeCloseTo(10)
  })
})
