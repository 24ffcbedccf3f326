/** Frames as bytes, for hosts whose stations do not share memory. All frames of a window for one peer make one message:
 *  groups (sender and target with their lives, a count), each frame with its length in front, so that a broken frame
 *  costs only its own connection.
 *
 *  group: from u16, life u32, to u16, life u32, count u32, then the frames.
 *  frame: length u32 of what follows, opener u16, its life u32, count u32, side u8, kind u8, seq u32, sent f64, arrives
 *  f64, event i32; open: port u16, fromPort u16; data: for each part message i32, length u32, bytes. */
import { type ConnectionKey, connectionKey, connectionParts, type Frame, type Part } from './frame.ts'

/** Frames of one life of a station for one life of another. */
export interface FrameGroup {
  readonly from: number
  readonly incarnation: number
  readonly to: number
  readonly toIncarnation: number
  /** How many were sent, the broken ones included. */
  readonly count: number
  readonly frames: readonly Frame[]
  readonly broken: readonly BrokenFrame[]
}

/** A frame that makes no sense, on a connection that could still be read, if any. */
export interface BrokenFrame {
  readonly connection?: ConnectionKey
  readonly toOpener?: boolean
  readonly reason: string
}

export class MalformedMessage extends Error {}

const KINDS = ['open', 'accept', 'refuse', 'data', 'close', 'reset'] as const
const GROUP_BYTES = 16
const HEAD_BYTES = 40
const MAX_FRAME_BYTES = 2 ** 28

/** The groups of these frames, in the order in which they first appear. `room` bytes are left free in front. */
export const encodeFrames = (frames: readonly Frame[], room = 0): Uint8Array<ArrayBuffer> => {
  const groups = groupFrames(frames)
  let size = room
  for (const group of groups) {
    size += GROUP_BYTES
    for (const frame of group) size += 4 + frameBytes(frame)
  }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = room
  for (const group of groups) {
    const [{ from, fromIncarnation, to, toIncarnation }] = group
    view.setUint16(at, from)
    view.setUint32(at + 2, fromIncarnation)
    view.setUint16(at + 6, to)
    view.setUint32(at + 8, toIncarnation)
    view.setUint32(at + 12, group.length)
    at += GROUP_BYTES
    for (const frame of group) at = writeFrame(bytes, view, at, frame)
  }
  return bytes
}

/** @throws MalformedMessage when not even the groups can be told apart. */
export const decodeFrames = (bytes: Uint8Array): FrameGroup[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const groups: FrameGroup[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + GROUP_BYTES > bytes.length) throw new MalformedMessage('the message ends inside a group')
    const [from, incarnation] = [view.getUint16(at), view.getUint32(at + 2)]
    const [to, toIncarnation] = [view.getUint16(at + 6), view.getUint32(at + 8)]
    const count = view.getUint32(at + 12)
    at += GROUP_BYTES
    const frames: Frame[] = []
    const broken: BrokenFrame[] = []
    const group = { from, incarnation, to, toIncarnation, count, frames, broken }
    for (let i = 0; i < count; i++) {
      const length = at + 4 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY
      if (length > MAX_FRAME_BYTES || at + 4 + length > bytes.length) {
        throw new MalformedMessage('the message ends inside a frame')
      }
      at += 4
      const frame = readFrame(bytes.subarray(at, at + length), group)
      at += length
      if ('reason' in frame) broken.push(frame)
      else frames.push(frame)
    }
    groups.push(group)
  }
  return groups
}

type Group = [Frame, ...Frame[]]

/** By sender, target and lives. A worker mostly has one station, so the search is short. */
const groupFrames = (frames: readonly Frame[]): Group[] => {
  const groups: Group[] = []
  for (const frame of frames) {
    const group = groups.find(
      ([first]) =>
        first.to === frame.to &&
        first.from === frame.from &&
        first.toIncarnation === frame.toIncarnation &&
        first.fromIncarnation === frame.fromIncarnation,
    )
    if (group) group.push(frame)
    else groups.push([frame])
  }
  return groups
}

const NO_MORE: readonly Uint8Array[] = []

const frameBytes = (frame: Frame): number => {
  if (frame.kind === 'open') return HEAD_BYTES + 4
  if (frame.kind !== 'data') return HEAD_BYTES
  let size = HEAD_BYTES
  for (const { bytes, more = NO_MORE } of frame.parts) {
    size += 8 + bytes.length
    for (const piece of more) size += piece.length
  }
  return size
}

const writeFrame = (bytes: Uint8Array, view: DataView, start: number, frame: Frame): number => {
  const { opener, incarnation, count } = connectionParts(frame.connection)
  let at = start + 4
  view.setUint16(at, opener)
  view.setUint32(at + 2, incarnation)
  view.setUint32(at + 6, count)
  view.setUint8(at + 10, frame.toOpener ? 1 : 0)
  view.setUint8(at + 11, KINDS.indexOf(frame.kind))
  view.setUint32(at + 12, frame.seq)
  view.setFloat64(at + 16, frame.sentAtUs)
  view.setFloat64(at + 24, frame.arrivesAtUs)
  view.setInt32(at + 32, frame.event)
  // 4 bytes to spare, so that what follows is aligned.
  at += HEAD_BYTES
  if (frame.kind === 'open') {
    view.setUint16(at, frame.port)
    view.setUint16(at + 2, frame.fromPort)
    at += 4
  } else if (frame.kind === 'data') for (const part of frame.parts) at = writePart(bytes, view, at, part)
  view.setUint32(start, at - start - 4)
  return at
}

const writePart = (
  into: Uint8Array,
  view: DataView,
  start: number,
  { message, bytes, more = NO_MORE }: Part,
): number => {
  let at = start + 8
  into.set(bytes, at)
  at += bytes.length
  for (const piece of more) {
    into.set(piece, at)
    at += piece.length
  }
  view.setInt32(start, message)
  view.setUint32(start + 4, at - start - 8)
  return at
}

const readFrame = (bytes: Uint8Array, group: Omit<FrameGroup, 'frames' | 'broken'>): Frame | BrokenFrame => {
  if (bytes.length < HEAD_BYTES) return { reason: 'a frame is too short' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const connection = connectionKey(view.getUint16(0), view.getUint32(2), view.getUint32(6))
  const toOpener = view.getUint8(10) === 1
  const bad = (reason: string): BrokenFrame => ({ connection, toOpener, reason })
  const kind = KINDS[view.getUint8(11)]
  if (kind === undefined) return bad(`unknown kind of frame: ${view.getUint8(11)}`)
  const head = {
    connection,
    toOpener,
    from: group.from,
    fromIncarnation: group.incarnation,
    to: group.to,
    toIncarnation: group.toIncarnation,
    seq: view.getUint32(12),
    sentAtUs: view.getFloat64(16),
    arrivesAtUs: view.getFloat64(24),
    event: view.getInt32(32),
  }
  if (!(head.arrivesAtUs >= head.sentAtUs && Number.isSafeInteger(head.arrivesAtUs)))
    return bad('a frame has no sensible time')
  if (kind === 'open') {
    if (bytes.length !== HEAD_BYTES + 4) return bad('an open frame has the wrong length')
    return { ...head, kind, port: view.getUint16(HEAD_BYTES), fromPort: view.getUint16(HEAD_BYTES + 2) }
  }
  if (kind === 'data') {
    const parts = readParts(bytes, view)
    return parts ? { ...head, kind, parts } : bad('a data frame ends inside a message')
  }
  return bytes.length === HEAD_BYTES ? { ...head, kind } : bad('a frame has the wrong length')
}

const readParts = (bytes: Uint8Array, view: DataView): Part[] | undefined => {
  const parts: Part[] = []
  for (let at = HEAD_BYTES; at < bytes.length; ) {
    if (at + 8 > bytes.length) return undefined
    const end = at + 8 + view.getUint32(at + 4)
    if (end > bytes.length) return undefined
    parts.push({ message: view.getInt32(at), bytes: bytes.subarray(at + 8, end) })
    at = end
  }
  return parts
}
