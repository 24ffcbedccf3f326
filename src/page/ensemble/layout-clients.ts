/** Where clients stand: each as near to its server as it can without touching anything, off the ways between servers. */
import {
  type Box,
  boxAround,
  boxDistance,
  boxesTouch,
  type Disc,
  discTouchesBox,
  type Point,
  Raster,
} from './geometry.ts'
import type { ClientPlace, MarkSize, Ring, ServerPlace, StageInput, StageLayout } from './layout.ts'
import { ARC_ROOM, CLIENT, CLIENT_ARC, MIDDLE, SMALL_CLIENT } from './measures.ts'
import { bendBetween, CLEAR, endOf, LANE_OFFSET, NARROW, samples, wayBetween } from './ways.ts'

/** Directions that are tried around a server, and how far away. */
const DIRECTIONS = 24
const STEP = 7
const FURTHEST = 230
/** Between the edge of the stage and a mark with its deadline. */
const MARGIN = 2

interface Ground {
  readonly width: number
  readonly height: number
  readonly discs: readonly Disc[]
  readonly labels: readonly Box[]
  /** Clients that have their places. */
  readonly marks: Box[]
  /** Ways between servers, and those of the clients that have their places. */
  readonly ways: Raster
}

type Placed = Pick<StageLayout, 'clients' | 'client' | 'crowd'>

/** In the order of their stations, so that who comes later moves nobody. */
export function placeClients(ring: Ring, input: StageInput): Placed {
  const result = place(ring, input, groundOf(ring, input), CLIENT)
  return result.crowd === undefined ? result : place(ring, input, groundOf(ring, input), SMALL_CLIENT)
}

function groundOf(ring: Ring, { width, height }: StageInput): Ground {
  const discs = ring.servers.map(({ x, y }) => ({ x, y, radius: ring.radius + ARC_ROOM }))
  const labels = ring.servers.map(({ label }) => label).filter((label) => label.width > 0)
  const ways = new Raster(width, height)
  const glyphs = ring.servers.map(({ x, y }) => ({ x, y, radius: ring.radius }))
  for (const [i, a] of glyphs.entries())
    for (const [j, b] of glyphs.entries()) {
      if (j <= i) continue
      const others = discs.filter((_, n) => n !== i && n !== j)
      const bend = bendBetween(a, b, { discs: others, boxes: [], labels, width, height })
      for (const point of samples(wayBetween(a, b, bend, 0), Raster.CELL)) ways.mark(point)
    }
  const words = ring.middle === undefined ? labels : [...labels, boxAround(ring.middle, MIDDLE.width, MIDDLE.height)]
  return { width, height, discs, labels: words, marks: [], ways }
}

function place(ring: Ring, { clients }: StageInput, ground: Ground, size: MarkSize): Placed {
  const found: ClientPlace[] = []
  const left: number[] = []
  /** Servers around which there is no room left. */
  const full = new Set<ServerPlace | undefined>()
  const serverOf = new Map(ring.servers.map((server) => [server.sid, server]))
  for (const { station, server: sid } of [...clients].sort((a, b) => a.station - b.station)) {
    const server = sid === undefined ? undefined : serverOf.get(sid)
    const spots = server === undefined ? apart(ring, ground) : around(server, ring, size)
    const at = full.has(server) ? undefined : bestOf(spots, server, ring, ground, size)
    if (at === undefined) {
      full.add(server)
      left.push(station)
    }
    if (at !== undefined) found.push({ station, server: server?.sid, x: at.x, y: at.y })
  }
  if (left.length === 0) return { clients: found, client: size, crowd: undefined }
  const free = bestOf(apart(ring, ground), undefined, ring, ground, size)
  if (free !== undefined) return { clients: found, client: size, crowd: { ...free, stations: left } }
  // The last one gives its place to those who have none.
  const last = found.pop()
  const stations = last === undefined ? left : [last.station, ...left]
  return { clients: found, client: size, crowd: { x: last?.x ?? 0, y: last?.y ?? 0, stations } }
}

/** A mark with the deadline around it. */
const outline = (at: Point, { width, height }: MarkSize): Box =>
  boxAround(at, width + 2 * CLIENT_ARC, height + 2 * CLIENT_ARC)

interface Spot extends Point {
  /** Before ways and neighbours are looked at. */
  readonly cost: number
}

/** Spots around a server, the best first: near, and outside. */
function around(server: ServerPlace, ring: Ring, { width, height }: MarkSize): Spot[] {
  const outwards = preferred(server, ring)
  const spots: Spot[] = []
  for (let n = 0; n < DIRECTIONS; n++) {
    const angle = (n * 2 * Math.PI) / DIRECTIONS
    const ux = Math.cos(angle)
    const uy = Math.sin(angle)
    const nearest =
      ring.radius + ARC_ROOM + 2 + Math.abs(ux) * (width / 2 + CLIENT_ARC) + Math.abs(uy) * (height / 2 + CLIENT_ARC)
    const turned = 1 - (ux * outwards.x + uy * outwards.y)
    for (let more = 0; nearest + more <= FURTHEST; more += STEP) {
      const away = nearest + more
      spots.push({ x: server.x + ux * away, y: server.y + uy * away, cost: more + 14 * turned })
    }
  }
  return spots.sort((a, b) => a.cost - b.cost)
}

/** Where a server's clients stand when all is free: above its label, or beside it. */
function preferred({ side, labelled, x, label }: ServerPlace, { centre }: Ring): Point {
  if (labelled !== 'side') return { x: side, y: 0 }
  // The label of the one at the top stands to its right.
  if (Math.abs(x - centre.x) < 1 && label.x > x) return { x: -1, y: 0 }
  return { x: side * 0.77, y: -0.64 }
}

/** Spots for those who have no server: all over the stage, around the middle below. */
function apart({ servers, centre }: Ring, { width, height }: Ground): Spot[] {
  const spots: Spot[] = []
  const low = { x: centre.x, y: Math.min(height - 20, centre.y + 90) }
  for (let y = 20; y < height - 12; y += 10)
    for (let x = 26; x < width - 20; x += 12) {
      const nearest = Math.min(...servers.map((server) => Math.hypot(server.x - x, server.y - y)))
      spots.push({ x, y, cost: Math.hypot(x - low.x, y - low.y) + 4 * Math.max(0, 100 - nearest) })
    }
  return spots.sort((a, b) => a.cost - b.cost)
}

/** The cheapest spot where nothing is touched, neither by the mark nor by the way to its server; where all is full, one as near
 *  to ways as can be. What is there takes its room on the ground. */
function bestOf(
  spots: readonly Spot[],
  server: ServerPlace | undefined,
  ring: Ring,
  ground: Ground,
  size: MarkSize,
): Point | undefined {
  for (const margin of [CLEAR + 1, NARROW]) {
    let best: (Point & { readonly cost: number; readonly mark: Box; readonly way: readonly Point[] }) | undefined
    for (const { x, y, cost } of spots) {
      if (best !== undefined && cost >= best.cost) break
      const mark = outline({ x, y }, size)
      if (!isFree(mark, margin, ground)) continue
      const way = server === undefined ? { cost: 0, points: [] } : wayTo(server, { x, y }, ring, ground, size)
      if (way === undefined) continue
      if (best === undefined || cost + way.cost < best.cost)
        best = { x, y, cost: cost + way.cost, mark, way: way.points }
    }
    if (best === undefined) continue
    ground.marks.push(best.mark)
    for (const point of best.way) ground.ways.mark(point)
    return { x: best.x, y: best.y }
  }
  return undefined
}

/** @param margin how far ways must keep from it. */
const isFree = (mark: Box, margin: number, { width, height, labels, discs, marks, ways }: Ground): boolean =>
  mark.x >= MARGIN &&
  mark.y >= MARGIN &&
  mark.x + mark.width <= width - MARGIN &&
  mark.y + mark.height <= height - MARGIN &&
  !labels.some((label) => boxesTouch(mark, label, 2)) &&
  !discs.some((disc) => discTouchesBox(disc, mark, 1)) &&
  !marks.some((other) => boxesTouch(mark, other, 3)) &&
  ways.isFree({
    x: mark.x - margin,
    y: mark.y - margin,
    width: mark.width + 2 * margin,
    height: mark.height + 2 * margin,
  })

/** Undefined when the way leads over someone. It had better be straight, and not lead over words. */
function wayTo(server: ServerPlace, spot: Point, ring: Ring, ground: Ground, size: MarkSize) {
  const { width, height, labels, marks } = ground
  const discs = ground.discs.filter((_, n) => ring.servers[n] !== server)
  const ends = [
    { x: spot.x, y: spot.y, radius: endOf(size) },
    { x: server.x, y: server.y, radius: ring.radius },
  ] as const
  const bend = bendBetween(...ends, { discs, boxes: marks, labels, width, height })
  const points = samples(wayBetween(...ends, bend, 0), Raster.CELL)
  const leadsOver = points.some(
    (point) =>
      discs.some((disc) => Math.hypot(disc.x - point.x, disc.y - point.y) < disc.radius + LANE_OFFSET + 1) ||
      marks.some((mark) => boxDistance(mark, point) < LANE_OFFSET + 1),
  )
  if (leadsOver) return undefined
  const words = points.filter((point) => labels.some((label) => boxDistance(label, point) === 0)).length * Raster.CELL
  return { cost: words + (bend === 0 ? 0 : 40), points }
}
