/** Where everything on the stage stands. Arithmetic only: CSS pixels, origin at the stage's top left, y down.
 *
 *  Servers stand on a ring, clockwise from the top. Where there is room each has its label at its outer side ("side");
 *  in a narrow or crowded stage the label stands below the glyph ("below"), and the ring becomes a rounded rectangle. */
import type { Sid } from '../../core/wire/ids.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box extends Point {
  readonly width: number
  readonly height: number
}

export interface ServerPlace extends Point {
  readonly sid: Sid
  /** Where outside is: -1 left, 1 right. */
  readonly side: -1 | 1
  readonly label: Box
}

export interface ClientPlace extends Point {
  readonly station: number
  /** Its server, or undefined while it has none: then it waits apart. */
  readonly server: Sid | undefined
}

export interface StageLayout {
  readonly mode: 'side' | 'below'
  /** How much of a server's label there is room for. */
  readonly detail: 'full' | 'short' | 'tiny'
  /** Of a server's glyph. `x`, `y` of a place is its centre. */
  readonly radius: number
  readonly centre: Point
  /** Where words fit in the middle of the ring, if they do. */
  readonly middle: Point | undefined
  readonly servers: readonly ServerPlace[]
  readonly clients: readonly ClientPlace[]
}

export interface StageInput {
  readonly width: number
  readonly height: number
  readonly servers: readonly Sid[]
  readonly clients: readonly { readonly station: number; readonly server: Sid | undefined }[]
}

/** A client's mark. */
export const CLIENT = { width: 34, height: 20 } as const
/** Deadlines run around a glyph this far outside of it. */
export const ARC_ROOM = 10

const EDGE = 8
/** What the words in the middle of the ring need. */
const MIDDLE = { width: 120, height: 64 } as const
const GAP = 14
/** Label beside the glyph: its first line is level with the glyph's centre, and clients stand above it. The one at the top
 *  has its label higher, out of the way of its lines, and its clients at the other side. */
const SIDE = { width: 168, above: 12, below: 62, clientUp: 38, clientOut: 34, clientStep: 39 } as const
/** Label below the glyph. */
const FULL = { detail: 'full', radius: 22, width: 122, label: 62 } as const
const SHORT = { detail: 'short', radius: 16, width: 112, label: 44 } as const
const TINY = { detail: 'tiny', radius: 15, width: 112, label: 34 } as const
type Block = typeof FULL | typeof SHORT | typeof TINY

export function layoutStage(input: StageInput): StageLayout {
  return placeAtSide(input) ?? placeBelow(input)
}

// ---- label at the side

/** Undefined where it does not fit. */
function placeAtSide({ width, height, servers, clients }: StageInput): StageLayout | undefined {
  const rows = Math.ceil(servers.length / 2)
  const above = SIDE.clientUp + CLIENT.height / 2
  const room = height - 2 * EDGE - above - SIDE.below
  const step = rows > 1 ? room / (rows - 1) : 0
  // With a single server at the top the rows below it stand far enough apart sideways; more pairs need rows of their own.
  const minStep = rows <= 3 && servers.length % 2 === 1 ? SIDE.above + SIDE.below + 4 : above + SIDE.below + 2
  if (room < 0 || (rows > 1 && step < minStep)) return undefined
  const radius = clamp(rows > 1 ? step * 0.31 : 34, 26, 36)
  const reach = width / 2 - EDGE - radius - GAP - SIDE.width
  if (reach < 130) return undefined

  // A ring, not a ladder: on a tall stage the rows do not go further apart than the ring is wide.
  const rx = Math.min(reach, Math.max(240, room * 0.9))
  const half = Math.min(room / 2, rx * 0.92)
  const centre = { x: width / 2, y: EDGE + above + room / 2 }
  const rowY = (row: number) => (rows === 1 ? centre.y : centre.y - half + (row * 2 * half) / (rows - 1))
  const spread = (y: number) => {
    if (half === 0) return rx
    const t = (y - centre.y) / (half * 1.25)
    return rx * Math.sqrt(1 - t * t)
  }
  const odd = servers.length % 2
  const pairs = Math.floor(servers.length / 2)
  const right = Array.from({ length: pairs }, (_, i) => ({ y: rowY(i + odd), side: 1 as const }))
  const left = right.map(({ y }) => ({ y, side: -1 as const })).reverse()
  const around: { x: number; y: number; side: -1 | 1 }[] = [...right, ...left].map(({ y, side }) => ({
    x: centre.x + side * (rows === 1 ? Math.min(rx, 170) : spread(y)),
    y,
    side,
  }))
  if (odd === 1) around.unshift({ x: centre.x, y: rowY(0), side: 1 })
  // An even ring begins at the upper left.
  else around.unshift(...around.splice(-1))
  const isTop = (index: number) => index === 0 && odd === 1 && rows > 1
  const places = servers.map((sid, i): ServerPlace => {
    const { x, y, side } = around[i] as (typeof around)[number]
    const inner = x + side * (radius + GAP)
    const label = {
      x: side === 1 ? inner : inner - SIDE.width,
      y: y - (isTop(i) ? above : SIDE.above),
      width: SIDE.width,
      height: SIDE.above + SIDE.below,
    }
    return { sid, x, y, side, label }
  })
  const clientAt = (place: ServerPlace, index: number, count: number): Point => {
    const top = isTop(places.indexOf(place))
    const spare = SIDE.width - CLIENT.width / 2 - SIDE.clientOut
    const away = radius + GAP + SIDE.clientOut + index * Math.min(SIDE.clientStep, spare / Math.max(1, count - 1))
    return { x: place.x + (top ? -away : place.side * away), y: place.y - (top ? SIDE.clientUp * 0.6 : SIDE.clientUp) }
  }
  return {
    mode: 'side',
    detail: 'full',
    radius,
    centre,
    middle:
      servers.length === 1 ? undefined : { x: centre.x, y: centre.y + (rows === 2 && odd === 1 ? half * 0.3 : 0) },
    servers: places,
    // Below the ring, from where no way to a server crosses a label.
    clients: placeClients(clients, places, clientAt, (index, count) => ({
      x: centre.x + (index - (count - 1) / 2) * (CLIENT.width + 8),
      y: Math.min(height - EDGE - CLIENT.height / 2 - 4, rowY(rows - 1) + SIDE.below + 20),
    })),
  }
}

// ---- label below

/** How many stand in the top row, the bottom row, and in each of the two sides between them. */
export interface Arrangement {
  readonly top: number
  readonly sides: number
  readonly bottom: number
}

function placeBelow(input: StageInput): StageLayout {
  for (const block of [FULL, SHORT]) {
    const arrangement = arrange(input, block)
    if (arrangement.fit >= 1) return placeBlocks(input, block, arrangement)
  }
  return placeBlocks(input, TINY, arrange(input, TINY))
}

const blockHeight = (block: Block): number => 2 * block.radius + 4 + block.label

/** Half the distance between the outermost centres, and the vertical range of centres. */
function frame({ width, height }: StageInput, block: Block) {
  const reach = Math.max(0, Math.min(width / 2 - block.width / 2 - EDGE, 430))
  const first = EDGE + ARC_ROOM + block.radius
  const last = Math.max(first, height - EDGE - block.label - 4 - block.radius)
  return { reach, first, last }
}

/** Distance between neighbours of a row of `count`; the rows above and below the sides are a little shorter than the ring is wide. */
function rowStep(count: number, reach: number, sides: number, block: Block): number {
  if (count < 2) return Number.POSITIVE_INFINITY
  const widest = (2 * reach) / (count - 1)
  return sides > 0 ? Math.min(widest, Math.max(block.width + 4, (2 * reach) / count)) : widest
}

/** The arrangement with most air; `fit` below 1 says that blocks touch. */
function arrange(input: StageInput, block: Block): Arrangement & { readonly fit: number } {
  const { reach, first, last } = frame(input, block)
  let best: (Arrangement & { readonly fit: number }) | undefined
  for (let sides = 0; 2 * sides < input.servers.length; sides++) {
    const ends = input.servers.length - 2 * sides
    // The longer row below, unless that would leave the top without a middle place for the first server.
    const top = ends % 2 === 1 && Math.floor(ends / 2) % 2 === 0 ? Math.ceil(ends / 2) : Math.floor(ends / 2)
    const arrangement = { top: Math.max(1, top), sides, bottom: ends - Math.max(1, top) }
    const rows = 1 + sides + (arrangement.bottom > 0 ? 1 : 0)
    const across =
      Math.min(rowStep(arrangement.top, reach, sides, block), rowStep(arrangement.bottom, reach, sides, block)) /
      block.width
    const sideways = sides > 0 ? (2 * reach) / block.width : Number.POSITIVE_INFINITY
    const down = rows > 1 ? (last - first) / (rows - 1) / blockHeight(block) : Number.POSITIVE_INFINITY
    // More air than this does not help; then the rounder ring is better.
    const fit = Math.min(across, sideways, down, 1.12)
    if (best === undefined || fit > best.fit || (fit === best.fit && fit > 1)) best = { ...arrangement, fit }
  }
  return best ?? { top: 0, sides: 0, bottom: 0, fit: 1 }
}

function placeBlocks(input: StageInput, block: Block, { top, sides, bottom }: Arrangement): StageLayout {
  const { reach, first, last: lowest } = frame(input, block)
  const rows = 1 + sides + (bottom > 0 ? 1 : 0)
  const last = rows === 1 ? first : Math.min(lowest, first + (rows - 1) * blockHeight(block) * 1.9)
  const shift = (lowest - last) / 2
  const centre = { x: input.width / 2, y: (first + last) / 2 + shift }
  const rowY = (row: number) => first + shift + (rows === 1 ? 0 : (row * (last - first)) / (rows - 1))
  const row = (count: number, y: number) => {
    const step = rowStep(count, reach, sides, block)
    return Array.from({ length: count }, (_, i) => ({
      x: centre.x + (count === 1 ? 0 : (i - (count - 1) / 2) * step),
      y,
    }))
  }
  const side = Array.from({ length: sides }, (_, i) => rowY(1 + i))
  const clockwise = [
    ...row(top, rowY(0)),
    ...side.map((y) => ({ x: centre.x + reach, y })),
    ...row(bottom, rowY(rows - 1)).reverse(),
    ...side.map((y) => ({ x: centre.x - reach, y })).reverse(),
  ]
  // The first server in the middle of the top row.
  const start = top % 2 === 1 ? (top - 1) / 2 : 0
  const places = input.servers.map((sid, i): ServerPlace => {
    const { x, y } = clockwise[(i + start) % clockwise.length] as Point
    const label = { x: x - block.width / 2, y: y + block.radius + 4, width: block.width, height: block.label }
    return { sid, x, y, side: x < centre.x - 1 ? -1 : 1, label }
  })
  const clientAt = (place: ServerPlace, index: number): Point => {
    const out = index % 2 === 0 ? place.side : -place.side
    const away = block.radius + ARC_ROOM / 2 + CLIENT.width / 2
    return { x: place.x + out * away, y: place.y - block.radius * 0.4 + Math.floor(index / 2) * (CLIENT.height + 3) }
  }
  // Between the label of whoever stands in the middle above, and the glyph of whoever stands in the middle below.
  const ceiling = rowY(0) + (top % 2 === 1 ? block.radius + 4 + block.label : -block.radius)
  const floor = rowY(rows - 1) + (bottom % 2 === 1 ? -block.radius - ARC_ROOM : block.radius)
  const across =
    sides > 0
      ? 2 * reach - block.width
      : bottom > 1 && bottom % 2 === 0
        ? rowStep(bottom, reach, 0, block) - 60
        : Infinity
  const middle =
    rows > 1 && floor - ceiling >= MIDDLE.height && across >= MIDDLE.width
      ? { x: centre.x, y: (ceiling + floor) / 2 }
      : undefined
  return {
    mode: 'below',
    detail: block.detail,
    radius: block.radius,
    centre,
    middle,
    servers: places,
    clients: placeClients(input.clients, places, clientAt, (index, count) => ({
      x:
        sides === 0 && rows > 1
          ? EDGE + CLIENT.width / 2 + index * (CLIENT.width + 8)
          : centre.x + (index - (count - 1) / 2) * (CLIENT.width + 8),
      y: (ceiling + floor) / 2 + (sides === 0 ? 0 : 50),
    })),
  }
}

// ---- shared

/** @param alone where those stand that have no server. */
function placeClients(
  clients: StageInput['clients'],
  servers: readonly ServerPlace[],
  at: (place: ServerPlace, index: number, count: number) => Point,
  alone: (index: number, count: number) => Point,
): ClientPlace[] {
  const placeOf = new Map(servers.map((place) => [place.sid, place]))
  const groups = new Map<ServerPlace | undefined, number[]>()
  for (const { station, server } of clients) {
    const place = server === undefined ? undefined : placeOf.get(server)
    groups.set(place, [...(groups.get(place) ?? []), station])
  }
  return [...groups].flatMap(([place, stations]) =>
    stations.map((station, index) => ({
      station,
      server: place?.sid,
      ...(place === undefined ? alone(index, stations.length) : at(place, index, stations.length)),
    })),
  )
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** The straight way between two circles, without what lies inside of them, moved a little to the right of its
 *  direction: what comes back does not meet what goes out. */
export function lane(
  from: Point,
  fromRadius: number,
  to: Point,
  toRadius: number,
  offset: number,
): { readonly from: Point; readonly to: Point } {
  const dx = to.x - from.x
  const dy = to.y - from.y
  const length = Math.hypot(dx, dy)
  if (length === 0) return { from, to }
  const ux = dx / length
  const uy = dy / length
  const a = Math.min(fromRadius, length / 2)
  const b = Math.min(toRadius, length / 2)
  return {
    from: { x: from.x + ux * a - uy * offset, y: from.y + uy * a + ux * offset },
    to: { x: to.x - ux * b - uy * offset, y: to.y - uy * b + ux * offset },
  }
}
