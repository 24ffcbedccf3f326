/** Reads what servers write to their log and epoch files: a second reader, which shares no code with the writer.
 *  Source: FileTxnLog.java (storage.md section 2). */
import { asZxid, type Zxid } from '../core/wire/ids.ts'

export interface RecordSeen {
  readonly zxid: Zxid
  readonly fingerprint: number
  /** Header, txn, digest. */
  readonly body: Uint8Array
  /** Of the first byte behind it, in the file. */
  readonly end: number
}

export interface Records {
  readonly records: readonly RecordSeen[]
  /** How the bytes end: behind a whole record, inside one, or in what is none. */
  readonly tail: 'whole' | 'torn' | 'damaged'
  /** Of the first byte behind the last whole record. */
  readonly end: number
}

export const HEADER_BYTES = 16
const MAGIC = 0x5a4b4c47
const FRONT_BYTES = 12
const END = 0x42
const MAX_BYTES = 4 * 1024 * 1024

/** 'absent': fewer bytes than a header has, or zeros. */
export function readHeader(bytes: Uint8Array): 'good' | 'absent' | 'bad' {
  if (bytes.length < HEADER_BYTES || isZero(bytes, 0, HEADER_BYTES)) return 'absent'
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return view.getInt32(0) === MAGIC && view.getInt32(4) === 2 ? 'good' : 'bad'
}

/** `from`: where records begin in `bytes`; `offset`: of bytes[0] in the file. */
export function readRecords(bytes: Uint8Array, from: number, offset: number): Records {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const records: RecordSeen[] = []
  let at = from
  const ended = (tail: Records['tail']): Records => ({ records, tail, end: offset + at })
  while (at < bytes.length) {
    const left = bytes.length - at
    if (left < FRONT_BYTES) return ended(isZero(bytes, at, bytes.length) ? 'whole' : 'torn')
    const length = view.getInt32(at + 8)
    if (length === 0) return ended(isZero(bytes, at, bytes.length) ? 'whole' : 'damaged')
    if (length < 0 || length > MAX_BYTES) return ended('damaged')
    if (left < FRONT_BYTES + length + 1) return ended('torn')
    const body = bytes.subarray(at + FRONT_BYTES, at + FRONT_BYTES + length)
    if (bytes[at + FRONT_BYTES + length] !== END) return ended('torn')
    const sum = adler32(body)
    if (view.getInt32(at) !== 0 || view.getUint32(at + 4) !== sum || length < 32) return ended('damaged')
    const zxid = asZxid(view.getBigInt64(at + FRONT_BYTES + 12))
    at += FRONT_BYTES + length + 1
    records.push({ zxid, fingerprint: length * 2 ** 32 + sum, body, end: offset + at })
  }
  return ended('whole')
}

/** The number in an epoch file; undefined where there is none. */
export function readEpoch(bytes: Uint8Array): number | undefined {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  const line = text.split('\n')[0] ?? ''
  return /^\d+\s*$/.test(line) ? Number(line) : undefined
}

/** Written anew here: what both sides get wrong in the same way would not be seen. */
export function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(at + 3000, bytes.length)
    for (; at < end; at++) {
      a += bytes[at] as number
      b += a
    }
    a %= 65521
    b %= 65521
  }
  return b * 65536 + a
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false
  return true
}
