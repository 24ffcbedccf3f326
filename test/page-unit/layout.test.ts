import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Box, boxAround, boxDistance } from '../../src/page/ensemble/geometry.ts'
import { layoutRing, layoutStage, type StageInput, type StageLayout } from '../../src/page/ensemble/layout.ts'
import { ARC_ROOM, CLIENT_ARC } from '../../src/page/ensemble/measures.ts'
import { LANE_OFFSET, pointOn, Ways } from '../../src/page/ensemble/ways.ts'

/** Milliseconds, for a machine that does other things as well. */
const LONG = 60_000

const sids = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

/** Everything that is drawn, as what it covers: marks with the deadlines around them, and labels. */
interface Thing {
  readonly name: string
  /** Of a disc; a box is a box. */
  readonly disc?: { readonly x: number; readonly y: number; readonly radius: number }
  readonly box: Box
}

function thingsOn({ servers, clients, radius, client, crowd }: StageLayout): Thing[] {
  const reach = radius + ARC_ROOM - 1
  const mark = (name: string, at: { x: number; y: number }): Thing => ({
    name,
    box: boxAround(at, client.width + 2 * CLIENT_ARC, client.height + 2 * CLIENT_ARC),
  })
  return [
    ...servers.map(({ sid, x, y }) => ({
      name: `server ${sid}`,
      disc: { x, y, radius: reach },
      box: boxAround({ x, y }, 2 * reach, 2 * reach),
    })),
    ...servers.filter(({ label }) => label.width > 0).map(({ sid, label }) => ({ name: `label ${sid}`, box: label })),
    ...clients.map((place) => mark(`client ${place.station}`, place)),
    ...(crowd === undefined ? [] : [mark('crowd', crowd)]),
  ]
}

function touch(a: Thing, b: Thing): boolean {
  if (a.disc !== undefined && b.disc !== undefined)
    return Math.hypot(a.disc.x - b.disc.x, a.disc.y - b.disc.y) < a.disc.radius + b.disc.radius
  if (a.disc !== undefined) return boxDistance(b.box, a.disc) < a.disc.radius
  if (b.disc !== undefined) return touch(b, a)
  return (
    Math.min(a.box.x + a.box.width, b.box.x + b.box.width) - Math.max(a.box.x, b.box.x) > 0 &&
    Math.min(a.box.y + a.box.height, b.box.y + b.box.height) - Math.max(a.box.y, b.box.y) > 0
  )
}

/** Sentences about what touches what, or sticks out. */
function faults(layout: StageLayout): string[] {
  const things = thingsOn(layout)
  const wrong: string[] = []
  for (const { name, box } of things)
    if (box.x < 0 || box.y < 0 || box.x + box.width > layout.width || box.y + box.height > layout.height)
      wrong.push(`${name} sticks out`)
  for (const [i, a] of things.entries())
    for (const b of things.slice(i + 1)) if (touch(a, b)) wrong.push(`${a.name} touches ${b.name}`)
  return wrong
}

/** Sentences about messages that pass over a server or a client that they have nothing to do with. Both lanes of each way. */
function passings(layout: StageLayout): string[] {
  const ways = new Ways(layout)
  const marks = thingsOn(layout).filter(({ name }) => !name.startsWith('label'))
  const pairs = [
    ...layout.servers.flatMap((a) => layout.servers.filter((b) => a !== b).map((b) => [a.sid, b.sid] as const)),
    ...layout.clients.flatMap(({ station, server }) =>
      server === undefined ? [] : ([[station, server] as const, [server, station] as const] as const),
    ),
  ]
  const wrong: string[] = []
  for (const [from, to] of pairs) {
    const way = ways.between(from, to, LANE_OFFSET)
    if (way === undefined) throw new Error(`no way from ${from} to ${to}`)
    const own = new Set([from, to].map((station) => `${station > 100 ? 'client' : 'server'} ${station}`))
    for (const { name, disc, box } of marks) {
      if (own.has(name)) continue
      let nearest = Number.POSITIVE_INFINITY
      for (let n = 0; n <= 60; n++) {
        const point = pointOn(way, n / 60)
        const off =
          disc === undefined ? boxDistance(box, point) : Math.hypot(disc.x - point.x, disc.y - point.y) - disc.radius
        nearest = Math.min(nearest, off)
      }
      if (nearest <= 0) wrong.push(`${from} → ${to} passes over ${name}`)
    }
  }
  return wrong
}

const atEach = (count: number) => sids(count).map((sid) => ({ station: 100 + sid, server: sid }))

/** Stages of phones, tablets, laptops, and of panes pushed together. */
const stages = [
  [920, 284],
  [920, 320],
  [860, 340],
  [1100, 460],
  [1500, 700],
  [700, 290],
  [560, 420],
  [390, 338],
  [390, 400],
  [390, 460],
  [412, 380],
  [360, 320],
] as const

describe('the stage', () => {
  for (const [width, height] of stages) {
    it(`has room for 1 to 9 servers with a client at each in ${width}×${height}`, { timeout: LONG }, () => {
      for (let count = 1; count <= 9; count++) {
        const layout = layoutStage({ width, height, servers: sids(count), clients: atEach(count) })
        expect(faults(layout), `${count} servers`).toEqual([])
        expect(passings(layout), `${count} servers`).toEqual([])
        // Nine servers and nine clients on a phone: one may have to be counted.
        if (count < 9) expect(layout.crowd).toBeUndefined()
      }
    })
  }

  const anyStage = fc
    .record({
      width: fc.integer({ min: 340, max: 1700 }),
      height: fc.integer({ min: 280, max: 900 }),
      servers: fc.integer({ min: 1, max: 9 }).map(sids),
    })
    .chain(({ width, height, servers }) =>
      fc
        .array(fc.option(fc.integer({ min: 1, max: servers.length }), { nil: undefined, freq: 8 }), { maxLength: 12 })
        .map(
          (at): StageInput => ({
            width,
            height,
            servers,
            clients: at.map((server, index) => ({ station: 101 + index, server })),
          }),
        ),
    )

  it('lets nothing touch, whatever its size and whoever is there', { timeout: LONG }, () => {
    fc.assert(
      fc.property(anyStage, (input) => {
        expect(faults(layoutStage(input))).toEqual([])
      }),
      { numRuns: 80 },
    )
  })

  it('leads no message over a server or a client that it passes', { timeout: LONG }, () => {
    fc.assert(
      fc.property(anyStage, (input) => {
        expect(passings(layoutStage(input))).toEqual([])
      }),
      { numRuns: 80 },
    )
  })

  it('is never without a place for a server, however small it is', { timeout: LONG }, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 500 }),
        fc.integer({ min: 110, max: 280 }),
        fc.integer({ min: 1, max: 9 }),
        (width, height, count) => {
          expect(faults(layoutStage({ width, height, servers: sids(count), clients: [] }))).toEqual([])
        },
      ),
      { numRuns: 60 },
    )
  })

  it('moves neither servers nor earlier clients when another client comes', () => {
    for (const [width, height] of stages) {
      const clients = atEach(5)
      const before = layoutStage({ width, height, servers: sids(5), clients })
      const after = layoutStage({ width, height, servers: sids(5), clients: [...clients, { station: 106, server: 2 }] })
      expect(after.servers).toEqual(before.servers)
      expect(after.clients.slice(0, 5)).toEqual(before.clients)
    }
  })

  it('counts the clients that it has no room for', () => {
    const clients = Array.from({ length: 400 }, (_, i) => ({ station: 101 + i, server: (i % 3) + 1 }))
    const layout = layoutStage({ width: 390, height: 338, servers: sids(3), clients })
    expect(faults(layout)).toEqual([])
    expect(layout.clients.length + (layout.crowd?.stations.length ?? 0)).toBe(400)
    expect(layout.clients.length).toBeGreaterThan(10)
  })

  it('puts five labels beside their servers on a laptop; on a phone above and below, and no three in a line', () => {
    expect(layoutRing({ width: 920, height: 320, servers: sids(5) }).mode).toBe('side')
    const phone = layoutStage({ width: 390, height: 338, servers: sids(5), clients: [] })
    expect(phone.mode).toBe('below')
    const ways = new Ways(phone)
    for (const a of sids(5))
      for (const b of sids(5)) {
        const way = ways.between(a, b, 0)
        if (way === undefined) continue
        expect(way.control.x).toBeCloseTo((way.from.x + way.to.x) / 2)
        expect(way.control.y).toBeCloseTo((way.from.y + way.to.y) / 2)
      }
  })

  it('numbers the servers clockwise, the first one at the top', () => {
    for (const [width, height] of stages) {
      const { servers, centre } = layoutRing({ width, height, servers: sids(5) })
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
