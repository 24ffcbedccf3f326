import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8, encodedUtf8, toUtf8, utf8Length } from '../../../src/core/wire/utf8.ts'

const bytes = (hexText: string) => new Uint8Array(Buffer.from(hexText, 'hex'))
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

test('well-formed text is read as TextDecoder reads it, and written as TextEncoder writes it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(decodeUtf8(encoder.encode(text))).toBe(text)
      expect(toUtf8(text)).toEqual(encoder.encode(text))
    }),
  )
})

test('part of a longer array is read', () => {
  const line = encoder.encode('abcdefghij-äöü-0123456789')
  expect(decodeUtf8(line, 9, 20)).toBe(decoder.decode(line.subarray(9, 20)))
  expect(decodeUtf8(line, 4, 4)).toBe('')
})

test('malformed bytes are read as TextDecoder reads them, surrogates apart', () => {
  // Bytes at the edges of the rules, so that near misses are frequent.
  const edges = [
    0x41, 0x80, 0x8f, 0x90, 0x9f, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xee, 0xf0, 0xf1, 0xf4, 0xf5, 0xff,
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...edges), { maxLength: 12 }), (list) => {
      expect(decodeUtf8(Uint8Array.from(list))).toBe(decoder.decode(Uint8Array.from(list)))
    }),
    { numRuns: 2000 },
  )
})

/** What `new String(bytes, UTF_8)` of OpenJDK 17 gives. */
test.each([
  ['eda080', '\ufffd'],
  ['eda08041', '\ufffdA'],
  ['eda041', '\ufffdA'],
  ['eda0', '\ufffd'],
  ['ed', '\ufffd'],
  ['edbfbf80', '\ufffd\ufffd'],
  ['eda080edb080', '\ufffd\ufffd'],
  ['edeeef', '\ufffd\ufffd\ufffd'],
  ['edb0c3a9', '\ufffdé'],
  ['41eda0c380', 'A\ufffdÀ'],
  ['e08080', '\ufffd\ufffd\ufffd'],
  ['e0a041', '\ufffdA'],
  ['f09041', '\ufffdA'],
  ['f09f98', '\ufffd'],
  ['f4908080', '\ufffd\ufffd\ufffd\ufffd'],
  ['f8808080', '\ufffd\ufffd\ufffd\ufffd'],
  ['c080', '\ufffd\ufffd'],
  ['f09f9880', '\u{1f600}'],
])('the bytes %s are read as Java reads them', (input, text) => {
  expect(decodeUtf8(bytes(input))).toBe(text)
})

test('a supplementary character is written as two surrogates, which are not read back', () => {
  expect(Buffer.from(encodedUtf8('\u{1f600}')).toString('hex')).toBe('eda0bdedb880')
  expect(decodeUtf8(encodedUtf8('\u{1f600}'))).toBe('\ufffd\ufffd')
})

test('a lone surrogate that was typed becomes a question mark', () => {
  expect(toUtf8('a\ud800b')).toEqual(encoder.encode('a?b'))
})

test('the length is known before writing', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) }), (text) => {
      expect(encodedUtf8(text).length).toBe(utf8Length(text))
    }),
  )
})

test('text without surrogates comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.integer({ min: 0, max: 0xd7ff }).map((c) => String.fromCharCode(c)) }), (text) => {
      expect(decodeUtf8(encodedUtf8(text))).toBe(text)
    }),
  )
})
