/** The ways that messages take: straight between two stations where nothing stands in between, else an arc around it. */
import { type Box, boxAround, boxDistance, type Disc, lineDistance, type Point } from './geometry.ts'
import type { StageLayout } from './layout.ts'
import { ARC_ROOM, CLIENT_ARC } from './measures.ts'

/** Messages keep to the right of their way by so much: what comes back does not meet what goes out. */
export const LANE_OFFSET = 4
/** Half the height of a message's form. */
const FORM = 7
/** How far the middle of a way keeps from a server's deadlines and from a client's mark. */
export const CLEAR = LANE_OFFSET + FORM
/** At least so much where there is no more room. */
export const NARROW = LANE_OFFSET + 2
/** Pixels between the points at which a way is looked at. */
const SAMPLE = 6

/** A quadratic Bézier curve; a straight way has its control point in its middle. */
export interface Way {
  readonly from: Point
  readonly control: Point
  readonly to: Point
}

/** What a way must not lead over. The radius of a disc includes all that is drawn around the mark. */
export interface Obstacles {
  readonly discs: readonly Disc[]
  readonly boxes: readonly Box[]
  /** Words: rather not. */
  readonly labels: readonly Box[]
  /** The stage. */
  readonly width: number
  readonly height: number
}

/** Where a message is that has `share` of its way behind it. */
export function pointOn({ from, control, to }: Way, share: number): Point {
  const a = (1 - share) * (1 - share)
  const b = 2 * (1 - share) * share
  const c = share * share
  return { x: a * from.x + b * control.x + c * to.x, y: a * from.y + b * control.y + c * to.y }
}

/** The part of a way between two shares. */
export function stretchOf(way: Way, start: number, end: number): Way {
  const from = pointOn(way, start)
  const to = pointOn(way, end)
  // The control point of a part is the blossom of its ends.
  const mix = (a: number, b: number, c: number) =>
    (1 - start) * (1 - end) * a + (start * (1 - end) + end * (1 - start)) * b + start * end * c
  return {
    from,
    control: { x: mix(way.from.x, way.control.x, way.to.x), y: mix(way.from.y, way.control.y, way.to.y) },
    to,
  }
}

/** A way from the rim of one disc to the rim of the other. `bend`: how far its middle stands off the straight line, to the
 *  right of its direction. `offset`: how far all of it is moved to that side. */
export function wayBetween(a: Disc, b: Disc, bend: number, offset: number): Way {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const length = Math.hypot(dx, dy)
  if (length === 0) return { from: a, control: a, to: b }
  const nx = -dy / length
  const ny = dx / length
  const control = { x: (a.x + b.x) / 2 + nx * 2 * bend, y: (a.y + b.y) / 2 + ny * 2 * bend }
  const rim = (disc: Disc): Point => {
    const reach = Math.hypot(control.x - disc.x, control.y - disc.y)
    const radius = Math.min(disc.radius, length / 2)
    return {
      x: disc.x + ((control.x - disc.x) / reach) * radius + nx * offset,
      y: disc.y + ((control.y - disc.y) / reach) * radius + ny * offset,
    }
  }
  return { from: rim(a), control: { x: control.x + nx * offset, y: control.y + ny * offset }, to: rim(b) }
}

/** A bend that keeps clear of everything, the smallest one; rather a larger one than one over words. Where none is clear,
 *  the one that keeps furthest off. */
export function bendBetween(a: Disc, b: Disc, obstacles: Obstacles): number {
  const straight = straightClearance(a, b, obstacles)
  if (straight >= CLEAR) return 0
  const most = Math.max(60, Math.hypot(b.x - a.x, b.y - a.y) * 0.8)
  let furthest = { bend: 0, clearance: straight }
  let clear: { readonly bend: number; readonly cost: number } | undefined
  for (const enough of [CLEAR, NARROW]) {
    for (let size = 6; size <= most && (clear === undefined || size < clear.cost); size += 6) {
      for (const bend of [size, -size]) {
        const way = wayBetween(a, b, bend, 0)
        const clearance = clearanceOf(way, obstacles)
        if (clearance > furthest.clearance) furthest = { bend, clearance }
        if (clearance < enough) continue
        const cost = size + wordsUnder(way, obstacles.labels)
        if (clear === undefined || cost < clear.cost) clear = { bend, cost }
      }
    }
    if (clear !== undefined) return clear.bend
    if (furthest.clearance < NARROW) break
  }
  return furthest.bend
}

/** How much of a way leads over words, pixels. */
function wordsUnder(way: Way, labels: readonly Box[]): number {
  let count = 0
  for (const point of samples(way)) if (labels.some((label) => boxDistance(label, point) === 0)) count++
  return count * SAMPLE
}

function straightClearance(a: Point, b: Point, { discs, boxes }: Obstacles): number {
  let least = CLEAR
  for (const disc of discs) least = Math.min(least, lineDistance(a, b, disc) - disc.radius)
  if (least < CLEAR || boxes.length === 0) return least
  for (const point of samples({ from: a, control: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, to: b }))
    for (const box of boxes) least = Math.min(least, boxDistance(box, point))
  return least
}

/** How far a way keeps from all that stands beside it; negative when it leads over something, or out of the stage. */
function clearanceOf(way: Way, { discs, boxes, width, height }: Obstacles): number {
  let least = CLEAR
  for (const point of samples(way)) {
    for (const disc of discs) least = Math.min(least, Math.hypot(disc.x - point.x, disc.y - point.y) - disc.radius)
    for (const box of boxes) least = Math.min(least, boxDistance(box, point))
    const edge = Math.min(point.x, point.y, width - point.x, height - point.y)
    if (edge < CLEAR) least = Math.min(least, edge)
  }
  return least
}

/** A client's mark is wider than high; ways begin at the radius of its ends. */
export const endOf = ({ height }: { readonly height: number }): number => height / 2 + 3

/** Points of a way, not further apart than a few pixels. */
export function samples(way: Way, step = SAMPLE): Point[] {
  const count = Math.max(2, Math.ceil(Math.hypot(way.to.x - way.from.x, way.to.y - way.from.y) / step))
  return Array.from({ length: count + 1 }, (_, n) => pointOn(way, n / count))
}

/** All ways of a stage, each computed when it is first asked for. */
export class Ways {
  readonly #layout: StageLayout
  readonly #ends = new Map<number, Disc>()
  readonly #discs: ReadonlyMap<number, Disc>
  readonly #boxes: ReadonlyMap<number, Box>
  readonly #labels: readonly Box[]
  readonly #bends = new Map<string, number>()

  constructor(layout: StageLayout) {
    const { servers, clients, radius, client } = layout
    this.#layout = layout
    for (const { sid, x, y } of servers) this.#ends.set(sid, { x, y, radius })
    for (const { station, x, y } of clients) this.#ends.set(station, { x, y, radius: endOf(client) })
    this.#discs = new Map(servers.map(({ sid, x, y }) => [sid, { x, y, radius: radius + ARC_ROOM }]))
    this.#labels = servers.map(({ label }) => label)
    this.#boxes = new Map(
      clients.map((place) => [
        place.station,
        boxAround(place, client.width + 2 * CLIENT_ARC, client.height + 2 * CLIENT_ARC),
      ]),
    )
  }

  /** Where a station stands, and how far its mark reaches. */
  end(station: number): Disc | undefined {
    return this.#ends.get(station)
  }

  /** Undefined when one of them is not on the stage. `offset`: see wayBetween. */
  between(from: number, to: number, offset: number): Way | undefined {
    const a = this.#ends.get(from)
    const b = this.#ends.get(to)
    if (a === undefined || b === undefined || from === to) return undefined
    const bend = from < to ? this.#bend(from, to, a, b) : -this.#bend(to, from, b, a)
    return wayBetween(a, b, bend, offset)
  }

  /** From a station to a point at the edge of the stage. */
  towards(station: number, point: Disc): Way | undefined {
    const a = this.#ends.get(station)
    if (a === undefined) return undefined
    // A row that moves a little leaves the way as it is.
    const about = { ...point, x: Math.round(point.x / 16) * 16, y: Math.round(point.y / 16) * 16 }
    const bend = this.#bend(station, -1, a, about, `${station} to ${about.x} ${about.y}`)
    return wayBetween(a, point, bend, 0)
  }

  #bend(from: number, to: number, a: Disc, b: Disc, key = `${from} ${to}`): number {
    const known = this.#bends.get(key)
    if (known !== undefined) return known
    const others = <T>(all: ReadonlyMap<number, T>): T[] =>
      [...all].filter(([station]) => station !== from && station !== to).map(([, shape]) => shape)
    const { width, height } = this.#layout
    const bend = bendBetween(a, b, {
      discs: others(this.#discs),
      boxes: others(this.#boxes),
      labels: this.#labels,
      width,
      height,
    })
    this.#bends.set(key, bend)
    return bend
  }
}
