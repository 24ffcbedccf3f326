/** Jute: ZooKeeper's record encoding. Big-endian, no tags, no alignment.
 *  Source: jute.md section 1; BinaryInputArchive.java, BinaryOutputArchive.java.
 *
 *  A codec is a pair (write, read). Records are built from named fields and encode them in declared order, so that
 *  a record's definition below reads like zookeeper.jute and there is one definition for both ways. */
import { decodeUtf8, encodeUtf8, utf8Length } from './utf8.ts'

/** jute.maxbuffer + extra size, the default limit of a buffer or string. */
export const MAX_BUFFER = 0xfffff
export const MAX_BUFFER_WITH_EXTRA = MAX_BUFFER * 2

/** Bytes that are not what they should be: too short, a length out of range, an unknown type. */
export class JuteError extends Error {}
/** The bytes end inside a record. Incremental decoders wait for more, others give up. */
export class EndOfInput extends JuteError {}

/** Longs are put together here, in the machine's order: the half with the sign stands second on little-endian ones. */
const longHalves = new Int32Array(2)
const longValue = new BigInt64Array(longHalves.buffer)
longValue[0] = 1n
const LOW = longHalves[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

/** Results share slabs: an array of its own costs more than what is in it, and large slabs cost no more than small ones. */
const SLAB_BYTES = 65_536
const SHARED_MAX_BYTES = 1024

export class Writer {
  #bytes: Uint8Array
  #view: DataView
  /** What has been written stands from here … */
  #start = 0
  /** … to here. */
  #end = 0

  constructor(initialSize = 256) {
    this.#bytes = new Uint8Array(initialSize)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#end - this.#start
  }
  get capacity(): number {
    return this.#bytes.length
  }

  /** A copy of what has been written; the writer can be used again after `reset`. */
  finish(): Uint8Array {
    return this.length > SHARED_MAX_BYTES ? this.#copy() : build((out) => out.raw(this.peek()))
  }

  /** What has been written, which stays where it is: what is written from now on stands behind it. */
  cut(): Uint8Array {
    if (this.length > SHARED_MAX_BYTES) {
      const copy = this.#copy()
      this.#end = this.#start
      return copy
    }
    const bytes = this.peek()
    this.#start = this.#end
    return bytes
  }

  /** A view, valid until the next write. */
  peek(from = 0): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#start + from, this.length - from)
  }
  /** What has been written, up to `length`, with the room behind it; valid until the next write. Not behind a `cut`. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  reset(): void {
    this.#end = this.#start
  }

  #copy(): Uint8Array {
    return this.#bytes.slice(this.#start, this.#end)
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#end++] = value
  }
  boolean(value: boolean): void {
    this.byte(value ? 1 : 0)
  }
  int(value: number): void {
    this.#room(4)
    this.#view.setInt32(this.#end, value)
    this.#end += 4
  }
  long(value: bigint): void {
    this.#room(8)
    this.#view.setBigInt64(this.#end, value)
    this.#end += 8
  }
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }
  buffer(bytes: Uint8Array | null): void {
    if (bytes === null) return this.int(-1)
    this.int(bytes.length)
    this.raw(bytes)
  }
  string(text: string | null): void {
    if (text === null) return this.int(-1)
    const length = utf8Length(text)
    this.int(length)
    this.#room(length)
    encodeUtf8(text, this.#bytes, this.#end)
    this.#end += length
  }
  /** Overwrites an int written earlier, for a length that is known only afterwards. */
  patchInt(at: number, value: number): void {
    this.#view.setInt32(this.#start + at, value)
  }

  #room(extra: number): void {
    if (this.#end + extra > this.#bytes.length) this.#widen(extra)
  }
  /** What has been cut off stays in the old bytes. */
  #widen(extra: number): void {
    const { length } = this
    const needed = length + extra
    const size = this.#start === 0 ? Math.max(needed, this.#bytes.length * 2) : Math.max(needed * 2, SLAB_BYTES)
    const bigger = new Uint8Array(size)
    bigger.set(this.peek())
    this.#bytes = bigger
    this.#view = new DataView(bigger.buffer)
    this.#start = 0
    this.#end = length
  }
}

/** The present slab. What is built inside something else gets a writer of its own. */
let shared = new Writer(SLAB_BYTES)
let building = false
const SLAB_MAX_BYTES = 2 * SLAB_BYTES

/** The bytes that `write` writes. */
export function build(write: (out: Writer) => void): Uint8Array {
  if (building) return buildInside(write)
  building = true
  try {
    write(shared)
    return shared.cut()
  } finally {
    building = false
    shared.reset()
    if (shared.capacity > SLAB_MAX_BYTES) shared = new Writer(SLAB_BYTES)
  }
}

/** A part of something that is being built. */
function buildInside(write: (out: Writer) => void): Uint8Array {
  const out = new Writer()
  write(out)
  return out.peek()
}

export class Reader {
  readonly bytes: Uint8Array
  readonly #maxLength: number
  offset: number

  constructor(bytes: Uint8Array, offset = 0, maxLength = MAX_BUFFER_WITH_EXTRA) {
    this.bytes = bytes
    this.#maxLength = maxLength
    this.offset = offset
  }

  get remaining(): number {
    return this.bytes.length - this.offset
  }

  byte(): number {
    return this.bytes[this.#take(1)] as number
  }
  boolean(): boolean {
    return this.byte() !== 0
  }
  int(): number {
    const at = this.#take(4)
    const bytes = this.bytes
    return (
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)
    )
  }
  long(): bigint {
    longHalves[HIGH] = this.int()
    longHalves[LOW] = this.int()
    return longValue[0] as bigint
  }
  /** A view: who keeps it for long keeps all the bytes it came in, and copies it instead. */
  raw(length: number): Uint8Array {
    const at = this.#take(length)
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, length)
  }
  rest(): Uint8Array {
    return this.raw(this.remaining)
  }
  buffer(): Uint8Array | null {
    const length = this.#length()
    return length === -1 ? null : this.raw(length)
  }
  string(): string | null {
    const length = this.#length()
    if (length === -1) return null
    const at = this.#take(length)
    return decodeUtf8(this.bytes, at, at + length)
  }

  #length(): number {
    const length = this.int()
    if (length < -1 || length > this.#maxLength) throw new JuteError(`Unreasonable length = ${length}`)
    return length
  }
  #take(count: number): number {
    const at = this.offset
    if (count < 0) throw new JuteError(`Unreasonable length = ${count}`)
    if (at + count > this.bytes.length) throw new EndOfInput('unexpected end of input')
    this.offset = at + count
    return at
  }
}

/** For bytes that are all there: their own length is the only limit. */
export const wholeReader = (bytes: Uint8Array): Reader => new Reader(bytes, 0, bytes.length)

export interface Codec<T> {
  write(out: Writer, value: T): void
  read(input: Reader): T
}
export type Of<C> = C extends Codec<infer T> ? T : never

export const boolean: Codec<boolean> = { write: (o, v) => o.boolean(v), read: (i) => i.boolean() }
export const int: Codec<number> = { write: (o, v) => o.int(v), read: (i) => i.int() }
export const long: Codec<bigint> = { write: (o, v) => o.long(v), read: (i) => i.long() }
export const buffer: Codec<Uint8Array | null> = { write: (o, v) => o.buffer(v), read: (i) => i.buffer() }
/** A string that may be null on the wire. */
export const nullableString: Codec<string | null> = { write: (o, v) => o.string(v), read: (i) => i.string() }
/** A string. Null is refused; records in which it has a meaning, as in a request of an odd client, say nullableString. */
export const ustring: Codec<string> = {
  write: (o, v) => o.string(v),
  read(i) {
    const text = i.string()
    if (text === null) throw new JuteError('null in place of a string')
    return text
  },
}

/** A long that is branded (Zxid, SessionId). */
export const longAs = <T extends bigint>(): Codec<T> => long as Codec<bigint> as unknown as Codec<T>

/** Null vectors (-1) are read as null; counts below -1 as empty, as 3.8.0 does. */
export const nullableVector = <T>(of: Codec<T>): Codec<readonly T[] | null> => ({
  write(out, values) {
    if (values === null) return out.int(-1)
    out.int(values.length)
    for (const value of values) of.write(out, value)
  },
  read(input) {
    const count = input.int()
    if (count === -1) return null
    const values: T[] = []
    for (let n = 0; n < count; n++) values.push(of.read(input))
    return values
  },
})
/** As nullableVector, but null is read as empty, which no request and no record tells apart. */
export const vector = <T>(of: Codec<T>): Codec<readonly T[]> => {
  const nullable = nullableVector(of)
  return { write: nullable.write, read: (input) => nullable.read(input) ?? [] }
}

// biome-ignore lint/suspicious/noExplicitAny: a codec's type is invariant, so no other type holds them all
type Fields = { readonly [name: string]: Codec<any> }
type RecordOf<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> }

/** Fields in declared order, no header. */
export function record<F extends Fields>(fields: F): Codec<RecordOf<F>> {
  const names = Object.keys(fields)
  const codecs = Object.values(fields) as Codec<unknown>[]
  return {
    write(out, value) {
      for (let n = 0; n < names.length; n++)
        (codecs[n] as Codec<unknown>).write(out, (value as Record<string, unknown>)[names[n] as string])
    },
    read(input) {
      const value: Record<string, unknown> = {}
      for (let n = 0; n < names.length; n++) value[names[n] as string] = (codecs[n] as Codec<unknown>).read(input)
      return value as RecordOf<F>
    },
  }
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  return build((out) => codec.write(out, value))
}

/** Reads one record from the front of `bytes`. @throws JuteError */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return codec.read(new Reader(bytes))
}
