/** The wide stage: labels beside the servers, at their outer side. */
import { boxesTouch, clamp, discsTouch, discTouchesBox } from './geometry.ts'
import type { Ring, RingInput, ServerPlace } from './layout.ts'
import { ARC_ROOM, CLIENT, EDGE } from './measures.ts'

const GAP = 14
/** The label's first line is level with the glyph's centre; clients stand above it. The one at the top has its label
 *  higher, out of the way of its lines, and its clients at the other side. */
const SIDE = { width: 168, above: 12, below: 62, clientUp: 38 } as const

/** Undefined where it does not fit. */
export function placeAtSide({ width, height, servers }: RingInput): Ring | undefined {
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
    return { sid, x, y, side, label, labelled: 'side' }
  })
  if (touches(places, radius)) return undefined
  return {
    mode: 'side',
    detail: 'full',
    radius,
    centre,
    middle:
      servers.length === 1 ? undefined : { x: centre.x, y: centre.y + (rows === 2 && odd === 1 ? half * 0.3 : 0) },
    servers: places,
  }
}

/** Whether marks or labels of servers do. */
export function touches(places: readonly ServerPlace[], radius: number): boolean {
  const disc = (place: ServerPlace) => ({ x: place.x, y: place.y, radius: radius + ARC_ROOM })
  return places.some((a, i) =>
    places
      .slice(i + 1)
      .some(
        (b) =>
          discsTouch(disc(a), disc(b), 2) ||
          (a.label.width > 0 &&
            (boxesTouch(a.label, b.label, 2) ||
              discTouchesBox(disc(a), b.label, 0) ||
              discTouchesBox(disc(b), a.label, 0))),
      ),
  )
}
