/** Where everything on the stage stands. Arithmetic only: CSS pixels, origin at the stage's top left, y down.
 *
 *  Servers stand on a ring, clockwise from the top. Where there is room each has its label at its outer side ("side");
 *  in a narrow or crowded stage the labels stand above and below ("below"), and the ring becomes a rounded rectangle.
 *  Nothing that is drawn touches anything else: marks with their deadlines, labels, clients; and no way leads over a server or
 *  a client that it does not belong to. Where clients stand does not move servers or ways. */
import type { Sid } from '../../core/wire/ids.ts'
import type { Box, Point } from './geometry.ts'
import { placeClients } from './layout-clients.ts'
import { placeInRows } from './layout-rows.ts'
import { placeAtSide } from './layout-side.ts'

export interface ServerPlace extends Point {
  readonly sid: Sid
  /** Where outside is: -1 left, 1 right. */
  readonly side: -1 | 1
  readonly label: Box
  /** Where the label stands: beside, above or below the mark. */
  readonly labelled: 'side' | 'above' | 'below'
}

export interface ClientPlace extends Point {
  readonly station: number
  /** Its server, or undefined while it has none: then it waits apart. */
  readonly server: Sid | undefined
}

/** Servers in their places, before any client has come. */
export interface Ring {
  readonly mode: 'side' | 'below'
  /** How much of a server's label there is room for. */
  readonly detail: Detail
  /** Of a server's glyph. `x`, `y` of a place is its centre. */
  readonly radius: number
  readonly centre: Point
  /** Where words fit in the middle of the ring, if they do. */
  readonly middle: Point | undefined
  readonly servers: readonly ServerPlace[]
}

export interface StageLayout extends Ring {
  readonly width: number
  readonly height: number
  readonly clients: readonly ClientPlace[]
  /** Of a client's mark, pixels: smaller in a crowd. */
  readonly client: MarkSize
  /** Clients for whose marks there is no room, and where they are counted. */
  readonly crowd: (Point & { readonly stations: readonly number[] }) | undefined
}

/** full: everything. short: no line of words. tiny: no log strip either. word: the role alone. bare: nothing. */
export type Detail = 'full' | 'short' | 'tiny' | 'word' | 'bare'

export interface MarkSize {
  readonly width: number
  readonly height: number
}

export interface RingInput {
  readonly width: number
  readonly height: number
  readonly servers: readonly Sid[]
}

export interface StageInput extends RingInput {
  readonly clients: readonly { readonly station: number; readonly server: Sid | undefined }[]
}

export const layoutRing = (input: RingInput): Ring => placeAtSide(input) ?? placeInRows(input)

/** @param ring as layoutRing made it for the same servers and size. */
export const layoutStage = (input: StageInput, ring: Ring = layoutRing(input)): StageLayout => ({
  ...ring,
  width: input.width,
  height: input.height,
  ...placeClients(ring, input),
})
