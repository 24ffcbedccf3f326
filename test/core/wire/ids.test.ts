import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ErrorCode, errorMessage, OpCode, opName, packetName } from '../../../src/core/wire/codes.ts'
import {
  asZxid,
  bareHex64,
  counterOf,
  epochOf,
  hex64,
  LONG_MAX,
  LONG_MIN,
  makeZxid,
  nextZxid,
} from '../../../src/core/wire/ids.ts'

test('a zxid is an epoch and a counter', () => {
  expect(makeZxid(1, 2)).toBe(0x100000002n)
  expect(epochOf(asZxid(0x300000002n))).toBe(3)
  expect(counterOf(asZxid(0x3fffffffen))).toBe(0xfffffffe)
  expect(nextZxid(makeZxid(7, 9))).toBe(makeZxid(7, 10))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.nat(2 ** 32 - 1), (epoch, counter) => {
      const zxid = makeZxid(epoch, counter)
      expect([epochOf(zxid), counterOf(zxid)]).toEqual([epoch, counter])
      expect(zxid <= LONG_MAX).toBe(true)
    }),
  )
})

test('the epoch of a negative zxid keeps its sign, as the shift of Java does', () => {
  expect(epochOf(asZxid(-1n))).toBe(-1)
  expect(counterOf(asZxid(-1n))).toBe(0xffffffff)
})

test('ids are printed as ZooKeeper prints them: unsigned, without padding', () => {
  expect(hex64(0n)).toBe('0x0')
  expect(hex64(0x100000002n)).toBe('0x100000002')
  expect(hex64(-1n)).toBe('0xffffffffffffffff')
  expect(hex64(LONG_MIN)).toBe('0x8000000000000000')
  expect(bareHex64(0x100000002n)).toBe('100000002')
})

test('every operation, packet and error has its name', () => {
  expect([opName(OpCode.create), opName(-11), opName(99)]).toEqual(['create', 'closeSession', 'op 99'])
  expect([packetName(2), packetName(77)]).toEqual(['PROPOSAL', 'packet 77'])
  expect(errorMessage(ErrorCode.NotEmpty)).toBe('Directory not empty')
  expect(errorMessage(-999)).toBe('Unknown error -999')
  for (const [name, code] of Object.entries(ErrorCode))
    expect(errorMessage(code), name).not.toBe(`Unknown error ${code}`)
})
