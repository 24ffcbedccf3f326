/** The narrow or crowded stage: labels above and below the servers, so that the ways run free between them. Arrangements
 *  are tried and weighed; the best one is taken. */
import { boxAround, boxesTouch, clamp, discTouchesBox, lengthWithin, lineDistance, type Point } from './geometry.ts'
import type { Detail, Ring, RingInput, ServerPlace } from './layout.ts'
import { touches } from './layout-side.ts'
import { ARC_ROOM, EDGE, MIDDLE } from './measures.ts'

interface Block {
  readonly detail: Detail
  readonly radius: number
  readonly width: number
  /** Height of the label. */
  readonly label: number
  /** What it costs to say less. */
  readonly cost: number
}

const blocks: readonly Block[] = [
  { detail: 'full', radius: 22, width: 122, label: 62, cost: 0 },
  { detail: 'short', radius: 18, width: 112, label: 46, cost: 3 },
  { detail: 'tiny', radius: 15, width: 112, label: 34, cost: 12 },
  { detail: 'word', radius: 15, width: 108, label: 20, cost: 30 },
  { detail: 'bare', radius: 15, width: 0, label: 0, cost: 100 },
]

/** Between glyph and label: its deadlines, and a little air. */
const AIR = ARC_ROOM + 1
/** A ring is not wider than this, however wide the stage. */
const WIDEST = 860
/** What it costs that three stand in a line, and that a server's clients have no room near it. */
const BENT = 4
const LONELY = 9
/** How far the middle of a row of three must stand out, beyond the glyph, so that the others see each other past it. */
const PAST = ARC_ROOM + 11

/** How many stand in the top row, the bottom row, and in each of the two sides between them. */
interface Arrangement {
  readonly top: number
  readonly sides: number
  readonly bottom: number
  /** How far the middle of the row stands out. */
  readonly topRise: number
  readonly bottomRise: number
  /** Half the way between the ends of a row, as a share of what there is. */
  readonly topReach: number
  readonly bottomReach: number
  readonly sideLabels: 'above' | 'below'
}

export function placeInRows(input: RingInput): Ring {
  let best: { readonly cost: number; readonly ring: Ring } | undefined
  for (const block of blocks) {
    if (best !== undefined && best.cost <= block.cost) break
    for (const arrangement of arrangements(input.servers.length, block)) {
      const ring = placed(input, block, arrangement)
      if (ring === undefined) continue
      const cost = block.cost + costOf(ring, input, (best?.cost ?? Number.POSITIVE_INFINITY) - block.cost)
      if (best === undefined || cost < best.cost) best = { cost, ring }
    }
  }
  return best?.ring ?? packed(input)
}

function* arrangements(count: number, block: Block): Iterable<Arrangement> {
  for (let sides = 0; 2 * sides < count; sides++) {
    const ends = count - 2 * sides
    for (const top of new Set([Math.floor(ends / 2), Math.ceil(ends / 2)])) {
      const bottom = ends - top
      // One of an odd number stands in the middle of the top row.
      if (count > 1 && count % 2 === 1 && top % 2 === 0) continue
      if (top === 0 || (bottom === 0 && sides > 0)) continue
      for (const topRise of rises(top, block))
        for (const bottomRise of rises(bottom, block))
          for (const topReach of reaches(top, sides))
            for (const bottomReach of reaches(bottom, sides))
              for (const sideLabels of sides > 0 ? (['above', 'below'] as const) : (['below'] as const))
                yield { top, sides, bottom, topRise, bottomRise, topReach, bottomReach, sideLabels }
    }
  }
}

const rises = (count: number, { radius }: Block): readonly number[] => (count > 2 ? [0, radius + PAST] : [0])
const reaches = (count: number, sides: number): readonly number[] =>
  count < 2 ? [0] : sides > 0 ? [0.9, 0.75, 0.6] : [1, 0.8, 0.62]

/** Undefined where something would touch. */
function placed({ width, height, servers }: RingInput, block: Block, how: Arrangement): Ring | undefined {
  const { radius } = block
  const half = Math.max(block.width / 2, radius + ARC_ROOM)
  const reach = Math.min(width / 2 - half - EDGE, WIDEST / 2)
  if (reach < 0) return undefined
  const labelled = block.label > 0 ? block.label + AIR + radius : radius + ARC_ROOM
  const single = how.bottom === 0
  const first = EDGE + (single ? radius + ARC_ROOM : labelled)
  const lowest = height - EDGE - labelled
  const down = lowest - first - how.topRise - how.bottomRise
  if (down < (single ? -0.5 : 0)) return undefined
  // Not a ladder: rows do not go much further apart than the ring is wide.
  const between = single ? 0 : Math.min(down, Math.max(1.1 * reach, (1 + how.sides) * (2 * radius + block.label + 60)))
  const top = first + how.topRise + (down - between) / 2
  const bottom = top + between
  const middle = width / 2
  const row = (count: number, share: number, y: number, rise: number): Point[] =>
    Array.from({ length: count }, (_, i) => {
      const at = count === 1 ? 0 : (2 * i) / (count - 1) - 1
      return { x: middle + at * reach * share, y: y - rise * (1 - at * at) }
    })
  const side = Array.from({ length: how.sides }, (_, i) => top + ((i + 1) * between) / (how.sides + 1))
  const clockwise: (Point & { labelled: ServerPlace['labelled'] })[] = [
    ...row(how.top, how.topReach, top, how.topRise).map((at) => ({
      ...at,
      labelled: single ? ('below' as const) : ('above' as const),
    })),
    ...side.map((y) => ({ x: middle + reach, y, labelled: how.sideLabels })),
    ...row(how.bottom, how.bottomReach, bottom, -how.bottomRise)
      .reverse()
      .map((at) => ({ ...at, labelled: 'below' as const })),
    ...side.map((y) => ({ x: middle - reach, y, labelled: how.sideLabels })).reverse(),
  ]
  // The first server in the middle of the top row; an even row begins at its upper left.
  const start = Math.floor((how.top - 1) / 2)
  const places = servers.map((sid, i): ServerPlace => {
    const { x, y, labelled: where } = clockwise[(i + start) % clockwise.length] as (typeof clockwise)[number]
    const label = {
      x: x - block.width / 2,
      y: where === 'above' ? y - radius - AIR - block.label : y + radius + AIR,
      width: block.width,
      height: block.label,
    }
    return { sid, x, y, side: x < middle - 1 ? -1 : 1, label, labelled: where }
  })
  if (touches(places, radius)) return undefined
  const centre = { x: middle, y: (top + bottom) / 2 }
  const ring = { mode: 'below', detail: block.detail, radius, centre, servers: places } as const
  return { ...ring, middle: middleOf(ring) }
}

function middleOf({ centre, servers, radius }: Pick<Ring, 'centre' | 'servers' | 'radius'>): Point | undefined {
  if (servers.length < 3) return undefined
  for (const up of [0, 14, -14, 28, -28]) {
    const box = { x: centre.x - MIDDLE.width / 2, y: centre.y + up - MIDDLE.height / 2, ...MIDDLE }
    const free = servers.every(
      (place) => !discTouchesBox({ ...place, radius: radius + ARC_ROOM }, box, 2) && !boxesTouch(place.label, box, 2),
    )
    if (free) return { x: centre.x, y: centre.y + up }
  }
  return undefined
}

/** The fewer ways must bend, the fewer lead over labels, the more room and evenness, the better. Beyond `limit` nobody
 *  wants to know exactly. */
function costOf({ servers, radius, middle }: Ring, { width, height }: RingInput, limit: number): number {
  let cost = middle === undefined && servers.length > 2 ? 1.5 : 0
  for (const [i, a] of servers.entries()) {
    if (cost > limit) return cost
    for (const b of servers.slice(i + 1)) {
      for (const other of servers) {
        if (other === a || other === b) continue
        const off = lineDistance(a, b, other) - radius - PAST
        if (off < 0) cost += BENT
      }
      for (const { label } of servers) cost += lengthWithin(a, b, label) / 30
    }
  }
  const steps = servers.map((place, i) => {
    const next = servers[(i + 1) % servers.length] ?? place
    return Math.hypot(next.x - place.x, next.y - place.y)
  })
  const shortest = Math.min(...steps)
  if (servers.length > 2) cost += 3 * (1 - shortest / Math.max(...steps))
  // Room for messages and for clients.
  if (servers.length > 1) cost += 4 * clamp(1 - shortest / Math.min(160, 0.4 * width, 0.5 * height), 0, 1)
  for (const place of servers) {
    if (cost > limit) return cost
    if (!hasRoomBeside(place, servers, radius, width, height)) cost += LONELY
  }
  return cost
}

const directions = Array.from({ length: 16 }, (_, n) => ({
  x: Math.cos((n * Math.PI) / 8),
  y: Math.sin((n * Math.PI) / 8),
}))
/** Half a client's mark with its deadline, and what ways keep from it. */
const HALF = { width: 24, height: 17 }
const OFF_WAYS = 27

/** Whether a client's mark fits somewhere near it, off all ways. */
function hasRoomBeside(
  place: ServerPlace,
  servers: readonly ServerPlace[],
  radius: number,
  width: number,
  height: number,
) {
  return directions.some(({ x, y }) => {
    const away = radius + ARC_ROOM + Math.abs(x) * HALF.width + Math.abs(y) * HALF.height
    return [away, away + 20].some((far) => {
      const at = { x: place.x + x * far, y: place.y + y * far }
      if (at.x < HALF.width || at.x > width - HALF.width || at.y < HALF.height || at.y > height - HALF.height)
        return false
      const mark = boxAround(at, 2 * HALF.width - 4, 2 * HALF.height - 4)
      return servers.every(
        (a, i) =>
          (a === place || !discTouchesBox({ ...a, radius: radius + ARC_ROOM }, mark)) &&
          !boxesTouch(a.label, mark) &&
          servers.every((b, j) => j <= i || lineDistance(a, b, at) > OFF_WAYS),
      )
    })
  })
}

/** What is left when nothing fits: glyphs in two rows as far apart as there is room. */
function packed({ width, height, servers }: RingInput): Ring {
  const radius = 12
  const top = Math.ceil(servers.length / 2)
  const places = servers.map((sid, i): ServerPlace => {
    const upper = i < top
    const count = upper ? top : servers.length - top
    const index = upper ? i : servers.length - 1 - i
    const x = ((index + 0.5) * width) / count
    const y = servers.length === 1 ? height / 2 : upper ? height / 4 : (height * 3) / 4
    return { sid, x, y, side: x < width / 2 ? -1 : 1, label: { x, y, width: 0, height: 0 }, labelled: 'below' }
  })
  return {
    mode: 'below',
    detail: 'bare',
    radius,
    centre: { x: width / 2, y: height / 2 },
    middle: undefined,
    servers: places,
  }
}
