/** Points, boxes and discs of the stage, and whether they touch. CSS pixels, y down. */

export interface Point {
  readonly x: number
  readonly y: number
}

/** `x`, `y`: its upper left corner. */
export interface Box extends Point {
  readonly width: number
  readonly height: number
}

export interface Disc extends Point {
  readonly radius: number
}

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** A box by its middle. */
export const boxAround = ({ x, y }: Point, width: number, height: number): Box => ({
  x: x - width / 2,
  y: y - height / 2,
  width,
  height,
})

/** How far a point is from a box; 0 inside. */
export const boxDistance = (box: Box, { x, y }: Point): number =>
  Math.hypot(Math.max(box.x - x, 0, x - box.x - box.width), Math.max(box.y - y, 0, y - box.y - box.height))

export const boxesTouch = (a: Box, b: Box, gap = 0): boolean =>
  Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > -gap &&
  Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > -gap

export const discTouchesBox = (disc: Disc, box: Box, gap = 0): boolean => boxDistance(box, disc) < disc.radius + gap

export const discsTouch = (a: Disc, b: Disc, gap = 0): boolean =>
  Math.hypot(a.x - b.x, a.y - b.y) < a.radius + b.radius + gap

/** How far a point is from the straight line between two others. */
export function lineDistance(from: Point, to: Point, { x, y }: Point): number {
  const dx = to.x - from.x
  const dy = to.y - from.y
  const square = dx * dx + dy * dy
  const share = square === 0 ? 0 : clamp(((x - from.x) * dx + (y - from.y) * dy) / square, 0, 1)
  return Math.hypot(from.x + share * dx - x, from.y + share * dy - y)
}

/** How much of a straight line lies in a box, pixels. Source: Liang and Barsky's clipping. */
export function lengthWithin(from: Point, to: Point, box: Box): number {
  let enters = 0
  let leaves = 1
  const clip = (start: number, way: number, low: number, high: number): boolean => {
    if (way === 0) return start > low && start < high
    const a = (low - start) / way
    const b = (high - start) / way
    enters = Math.max(enters, Math.min(a, b))
    leaves = Math.min(leaves, Math.max(a, b))
    return true
  }
  const dx = to.x - from.x
  const dy = to.y - from.y
  if (!clip(from.x, dx, box.x, box.x + box.width) || !clip(from.y, dy, box.y, box.y + box.height)) return 0
  return Math.max(0, leaves - enters) * Math.hypot(dx, dy)
}

/** Which cells of the stage are taken, so that "is anything in this box" costs the same whatever is there. */
export class Raster {
  static readonly CELL = 4
  readonly #columns: number
  readonly #rows: number
  readonly #taken: Uint8Array
  /** Taken cells above and to the left of a corner; made when first asked. */
  #sums: Uint32Array | undefined

  constructor(width: number, height: number) {
    this.#columns = Math.ceil(width / Raster.CELL)
    this.#rows = Math.ceil(height / Raster.CELL)
    this.#taken = new Uint8Array(this.#columns * this.#rows)
  }

  mark({ x, y }: Point): void {
    const column = Math.floor(x / Raster.CELL)
    const row = Math.floor(y / Raster.CELL)
    if (column < 0 || row < 0 || column >= this.#columns || row >= this.#rows) return
    this.#taken[row * this.#columns + column] = 1
    this.#sums = undefined
  }

  isFree(box: Box): boolean {
    this.#sums ??= this.#sum()
    const left = clamp(Math.floor(box.x / Raster.CELL), 0, this.#columns)
    const top = clamp(Math.floor(box.y / Raster.CELL), 0, this.#rows)
    const right = clamp(Math.ceil((box.x + box.width) / Raster.CELL), 0, this.#columns)
    const bottom = clamp(Math.ceil((box.y + box.height) / Raster.CELL), 0, this.#rows)
    const at = (column: number, row: number): number => this.#sums?.[row * (this.#columns + 1) + column] ?? 0
    return at(right, bottom) - at(left, bottom) - at(right, top) + at(left, top) === 0
  }

  #sum(): Uint32Array {
    const columns = this.#columns
    const sums = new Uint32Array((columns + 1) * (this.#rows + 1))
    for (let row = 0; row < this.#rows; row++) {
      let line = 0
      for (let column = 0; column < columns; column++) {
        line += this.#taken[row * columns + column] ?? 0
        sums[(row + 1) * (columns + 1) + column + 1] = (sums[row * (columns + 1) + column + 1] ?? 0) + line
      }
    }
    return sums
  }
}
