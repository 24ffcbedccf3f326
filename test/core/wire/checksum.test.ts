import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Adler32, adler32, Crc32, crc32 } from '../../../src/core/wire/checksum.ts'

const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

test('CRC-32 is the one of zlib', () => {
  expect(crc32(ascii('123456789'))).toBe(0xcbf43926)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === zlibCrc32(bytes)))
})

test('Adler-32 is the sum and the sum of sums modulo 65521', () => {
  expect(adler32(new Uint8Array())).toBe(1)
  expect(adler32(ascii('Wikipedia'))).toBe(0x11e60398)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000, size: 'max' }), (bytes) => adler32(bytes) === slowAdler(bytes)),
  )
})

test('Adler-32 does not overflow on a long run of the largest byte', () => {
  const bytes = new Uint8Array(1_000_003).fill(255)
  expect(adler32(bytes)).toBe(slowAdler(bytes))
})

test('a checksum does not depend on the pieces in which the bytes come', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200)), (bytes, cuts) => {
      const adler = new Adler32()
      const crc = new Crc32()
      const edges = [0, ...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length]
      for (let n = 1; n < edges.length; n++) {
        adler.update(bytes, edges[n - 1]!, edges[n]!)
        crc.update(bytes.subarray(edges[n - 1], edges[n]))
      }
      expect(adler.value).toBe(adler32(bytes))
      expect(crc.value).toBe(crc32(bytes))
    }),
  )
})

function slowAdler(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 65536 + a
}
