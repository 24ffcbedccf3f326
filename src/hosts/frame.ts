/** What stations exchange: connection frames, TCP in miniature. A connection is FIFO; a frame carries the virtual time at
 *  which it arrives, and the receiving station holds it until then. */

/** A connection as a number: who opened it, in which life, and its count there. Unique in a run. */
export type ConnectionKey = number & { readonly __connection: never }

const COUNT_BITS = 2 ** 25 // with a bit to spare for the side, below 2 ** 53
const LIVES = 2 ** 16

export const connectionKey = (opener: number, incarnation: number, count: number): ConnectionKey =>
  ((opener * LIVES + incarnation) * COUNT_BITS + count) as ConnectionKey

export const connectionParts = (key: ConnectionKey): { opener: number; incarnation: number; count: number } => {
  const life = Math.floor(key / COUNT_BITS)
  return { opener: Math.floor(life / LIVES), incarnation: life % LIVES, count: key % COUNT_BITS }
}

/** As the trace names it: opener.incarnation.count. */
export const connectionName = (key: ConnectionKey): string => {
  const { opener, incarnation, count } = connectionParts(key)
  return `${opener}.${incarnation}.${count}`
}

interface FrameHead {
  readonly connection: ConnectionKey
  /** For the end that opened the connection; else for the one that accepted it. */
  readonly toOpener: boolean
  readonly from: number
  readonly fromIncarnation: number
  readonly to: number
  /** Lost when the target lives another life by then. */
  readonly toIncarnation: number
  /** Counts the frames of this (from, incarnation) to this station, from 0. */
  readonly seq: number
  readonly sentAtUs: number
  readonly arrivesAtUs: number
  /** The seq of the sender's trace event that tells of it, -1 for none; the parts of data have their own. */
  readonly event: number
}

/** One write: `message` is the seq of the sender's `message` trace event, -1 for a write without a note. */
export interface Part {
  readonly message: number
  readonly bytes: Uint8Array
  /** What was written behind it in the same moment, also without notes: it arrives in one piece. */
  readonly more?: readonly Uint8Array[]
}

/** A part as it arrives. */
export function joined({ bytes, more }: Part): Uint8Array {
  if (more === undefined || more.length === 0) return bytes
  let size = bytes.length
  for (const piece of more) size += piece.length
  const whole = new Uint8Array(size)
  whole.set(bytes)
  let at = bytes.length
  for (const piece of more) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

export type Frame = FrameHead &
  (
    | { readonly kind: 'open'; readonly port: number; readonly fromPort: number }
    | { readonly kind: 'accept' }
    | { readonly kind: 'refuse' }
    /** Everything that one step wrote to the connection. */
    | { readonly kind: 'data'; readonly parts: readonly Part[] }
    | { readonly kind: 'close' }
    | { readonly kind: 'reset' }
  )

export type FrameBody = Frame extends infer F ? (F extends FrameHead ? Omit<F, keyof FrameHead> : never) : never
