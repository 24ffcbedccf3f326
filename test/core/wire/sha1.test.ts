import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { base64, sha1 } from '../../../src/core/wire/sha1.ts'
import { hex } from './golden.ts'

test.each([0, 1, 2, 3, 55, 56, 57, 63, 64, 65, 119, 120, 1000])('sha1 and base64 of %d bytes are right', (length) => {
  const bytes = Uint8Array.from({ length }, (_, n) => n * 31 + length)
  expect(hex(sha1(bytes)), hex(bytes)).toBe(createHash('sha1').update(bytes).digest('hex'))
  expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
})
