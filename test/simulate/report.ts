/** Events and results as text. */
import type { TraceEvent } from '../../src/core/trace.ts'

/** One event on a line: time, station, kind, fields. */
export function sentenceOf({ at, station, seq, because: _, ...event }: TraceEvent): string {
  const { kind, ...fields } = event
  return `${(at / 1e6).toFixed(6)} ${station}.${seq} ${kind} ${plainText(fields, 0)}`
}

/** JSON with zxids as hexadecimal texts; of bytes only how many. */
export const plainText = (value: unknown, indent = 2): string =>
  JSON.stringify(
    value,
    (_, part) => (typeof part === 'bigint' ? hex(part) : part instanceof Uint8Array ? `${part.length} bytes` : part),
    indent,
  )

const hex = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`
