/** The recorded sessions of test/golden/wire: frames of the real ZooKeeper, each with what a reference decoder says of it. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Frame {
  /** file:line, to find it again. */
  readonly where: string
  readonly kind: 'client' | 'quorum' | 'election'
  /** Unique within all files. */
  readonly connection: string
  /** From the side that opened the connection. */
  readonly up: boolean
  readonly bytes: Uint8Array
  readonly note: Note
}
// biome-ignore lint/suspicious/noExplicitAny: the notes are free JSON
export type Note = { readonly [field: string]: any }

const folder = new URL('../../golden/wire/', import.meta.url)

export const recordings = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))

export function framesOf(recording: string): Frame[] {
  const kinds = new Map<string, Frame['kind']>()
  const cut = new Set<string>()
  const frames: Frame[] = []
  let probe = 0
  for (const [number, line] of readFileSync(new URL(recording, folder), 'utf8').trimEnd().split('\n').entries()) {
    const entry = JSON.parse(line)
    // Probes have no connection number; each ends with a line of its own.
    const connection = `${recording}#${entry.conn ?? `probe ${probe}`}`
    if (entry.end !== undefined) probe++
    if (entry.open) kinds.set(connection, entry.kind)
    if (entry.hex === undefined || cut.has(connection)) continue
    // One frame of a megabyte is told by its first bytes only; what follows it cannot be followed.
    if (entry.bytes > entry.hex.length / 2) {
      cut.add(connection)
      continue
    }
    frames.push({
      where: `${recording}:${number + 1}`,
      kind: kinds.get(connection) ?? 'client',
      connection,
      up: entry.dir === 'c>s',
      bytes: new Uint8Array(Buffer.from(entry.hex, 'hex')),
      note: entry.note,
    })
  }
  return frames
}

/** A decoded value in the form of a note: longs in hex or as numbers, whichever the note has, bytes as text where they are. */
export function asNote(value: unknown, note: unknown): unknown {
  if (typeof value === 'bigint')
    return typeof note === 'string' ? `0x${BigInt.asUintN(64, value).toString(16)}` : Number(value)
  if (value instanceof Uint8Array) return showBytes(value)
  if (Array.isArray(value)) return value.map((item, n) => asNote(item, (note as unknown[] | null)?.[n]))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => [field, asNote(inner, (note as Note)?.[field])]),
    )
  return value
}

function showBytes(bytes: Uint8Array): string {
  const part = Buffer.from(bytes.subarray(0, 200))
  const tail = bytes.length <= 200 ? '' : `...(${bytes.length} bytes)`
  const printable = part.every((byte) => byte === 10 || (byte >= 32 && byte < 127))
  return (printable ? part.toString('latin1') : `hex:${part.toString('hex')}`) + tail
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
