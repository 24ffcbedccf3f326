import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decode,
  EndOfInput,
  encode,
  int,
  JuteError,
  long,
  MAX_BUFFER_WITH_EXTRA,
  nullableVector,
  Reader,
  ustring,
  vector,
  Writer,
} from '../../../src/core/wire/jute.ts'
import { hex } from './golden.ts'
import { records } from './records.ts'

describe.each(Object.entries(records))('%s', (_, { codec, value }) => {
  test('comes back as it was written, and takes no byte more or less', () => {
    fc.assert(
      fc.property(value, fc.uint8Array({ maxLength: 3 }), (sent, after) => {
        const bytes = encode(codec, sent)
        expect(decode(codec, bytes)).toEqual(sent)
        expect(encode(codec, codec.read(new Reader(bytes)))).toEqual(bytes)
        // Records that end with an optional byte are always the last in their frame.
        if ('readOnly' in (codec.read(new Reader(Uint8Array.of(...bytes, 1))) as object)) return
        const input = new Reader(Uint8Array.of(...bytes, ...after))
        codec.read(input)
        expect(input.remaining).toBe(after.length)
      }),
    )
  })

  test('is refused with EndOfInput when cut anywhere', () => {
    fc.assert(
      fc.property(value, fc.nat(), (sent, at) => {
        const bytes = encode(codec, sent)
        const optional = typeof sent === 'object' && sent !== null && 'readOnly' in sent ? 1 : 0
        const cut = at % (bytes.length - optional)
        expect(() => decode(codec, bytes.subarray(0, cut))).toThrow(EndOfInput)
      }),
    )
  })

  test('of random bytes is a value or a JuteError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => valueOrJuteError(() => decode(codec, bytes))))
  })
})

function valueOrJuteError(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof JuteError)) throw error
  }
}

describe('primitives', () => {
  test('are big-endian', () => {
    const out = new Writer(1)
    out.byte(0xfe)
    out.boolean(true)
    out.int(-2)
    out.long(0x100000002n)
    out.long(-1n)
    out.buffer(Uint8Array.of(1, 2))
    out.buffer(null)
    out.string('ä')
    out.string(null)
    expect(hex(out.finish())).toBe(
      'fe01fffffffe0000000100000002ffffffffffffffff000000020102ffffffff00000002c3a4ffffffff',
    )
  })

  test('any byte but 0 is true', () => {
    expect([0, 1, 2, 255].map((byte) => new Reader(Uint8Array.of(byte)).boolean())).toEqual([false, true, true, true])
  })

  test('a length below -1 or above jute.maxbuffer and its extra is refused', () => {
    for (const length of [-2, MAX_BUFFER_WITH_EXTRA + 1, -(2 ** 31), 2 ** 31 - 1]) {
      const bytes = encode(int, length)
      expect(() => new Reader(bytes).buffer()).toThrow(`Unreasonable length = ${length}`)
      expect(() => new Reader(bytes).string()).toThrow(`Unreasonable length = ${length}`)
    }
    expect(() => new Reader(encode(int, MAX_BUFFER_WITH_EXTRA)).buffer()).toThrow(EndOfInput)
  })

  test('a null string is refused where a string must be', () => {
    expect(() => decode(ustring, encode(int, -1))).toThrow(JuteError)
  })

  test('a vector may be null, and a count below -1 is an empty one', () => {
    expect(decode(nullableVector(int), encode(int, -1))).toBe(null)
    expect(decode(vector(int), encode(int, -1))).toEqual([])
    expect(decode(nullableVector(int), encode(int, -7))).toEqual([])
    expect(encode(nullableVector(long), null)).toEqual(encode(int, -1))
  })

  test('a vector that promises more than there is does not allocate it', () => {
    expect(() => decode(vector(int), Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1))).toThrow(EndOfInput)
  })

  test('a buffer is read as a view, and a string as a copy', () => {
    const bytes = Uint8Array.of(0, 0, 0, 1, 65, 0, 0, 0, 1, 66)
    const input = new Reader(bytes)
    const view = input.buffer()
    const text = input.string()
    bytes.fill(67)
    expect(view).toEqual(Uint8Array.of(67))
    expect(text).toBe('B')
  })

  test('small results that share a slab do not run into each other', () => {
    const made = Array.from({ length: 2000 }, (_, n) => encode(int, n))
    for (const [n, bytes] of made.entries()) expect(new Reader(bytes).int()).toBe(n)
  })

  test('a writer can be used again, and a length be written afterwards', () => {
    const out = new Writer(2)
    out.int(0)
    out.string('hello')
    out.patchInt(0, out.length - 4)
    expect(hex(out.finish())).toBe('00000009000000056865' + '6c6c6f')
    expect(hex(out.peek(4))).toBe('0000000568656c6c6f')
    out.reset()
    expect(out.length).toBe(0)
    out.byte(7)
    expect(out.finish()).toEqual(Uint8Array.of(7))
  })
})
