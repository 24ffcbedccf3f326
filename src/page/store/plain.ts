/** A value of the picture or of an event as plain data that JSON can hold: bigints as 0x…, maps as objects, bytes as hex,
 *  undefined as null. */
import { hex64 } from '../../core/wire/ids.ts'

export type PlainOf<T> = T extends bigint | Uint8Array
  ? string
  : T extends string | number | boolean
    ? T
    : T extends null | undefined
      ? null
      : T extends ReadonlyMap<unknown, infer V>
        ? { readonly [key: string]: PlainOf<V> }
        : T extends readonly (infer I)[]
          ? readonly PlainOf<I>[]
          : { readonly [K in keyof T]: PlainOf<T[K]> }

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

/** Longer bytes are cut. */
const MOST_BYTES = 256

export function plain(value: unknown): Plain {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return hex64(value)
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value instanceof Uint8Array) return hexOf(value)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [keyOf(key), plain(item)]))
  if (value instanceof Set) return [...value].map(plain)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object') return null
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}

const keyOf = (key: unknown): string => (typeof key === 'bigint' ? hex64(key) : String(key))

function hexOf(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, MOST_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return bytes.length > MOST_BYTES ? `${shown}… (${bytes.length} bytes)` : shown
}
