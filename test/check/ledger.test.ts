import { beforeEach, describe, expect, test } from 'vitest'
import { Ledger } from '../../src/check/ledger.ts'
import { makeZxid } from '../../src/core/wire/ids.ts'

describe('a forest of histories', () => {
  const at = makeZxid
  let ledger: Ledger
  beforeEach(() => {
    ledger = new Ledger()
    for (let counter = 1; counter <= 5; counter++) ledger.add(at(1, counter), counter)
    ledger.begin(2, at(1, 3))
    ledger.add(at(2, 1), 21)
    ledger.begin(4, at(2, 1))
    ledger.add(at(4, 1), 41)
  })

  test('has one txn for a zxid', () => {
    expect(ledger.add(at(1, 2), 2)).toBe('same')
    expect(ledger.add(at(1, 2), 3)).toBe('other')
    expect(ledger.add(at(1, 6), 6)).toBe('new')
  })
  test('knows what is behind what', () => {
    expect(ledger.prev(at(1, 4))).toBe(at(1, 3))
    expect(ledger.prev(at(2, 1))).toBe(at(1, 3))
    expect(ledger.prev(at(4, 1))).toBe(at(2, 1))
    expect(ledger.prev(at(9, 1))).toBeUndefined()
  })
  test.each([
    [at(4, 1), at(4, 1), true],
    [at(4, 1), at(2, 1), true],
    [at(4, 1), at(1, 3), true],
    [at(4, 1), at(1, 4), false],
    [at(1, 5), at(1, 4), true],
    [at(1, 5), at(2, 1), false],
    [at(1, 3), at(1, 4), false],
    [at(4, 1), at(0, 0), true],
  ])('%s contains %s: %s', (head, zxid, is) => expect(ledger.contains(head, zxid)).toBe(is))

  test('takes an epoch without txns for what it is built on', () => {
    ledger.begin(5, at(4, 1))
    expect(ledger.normal(at(5, 0))).toBe(at(4, 1))
    expect(ledger.contains(at(5, 0), at(1, 3))).toBe(true)
    expect(ledger.contains(at(4, 1), at(5, 0))).toBe(true)
  })
  test('is right beyond 2⁵³', () => {
    const epoch = 2 ** 31 - 2
    ledger.begin(epoch, at(4, 1))
    ledger.add(at(epoch, 0xfffffffe), 1)
    expect(ledger.contains(at(epoch, 0xfffffffe), at(epoch, 0xfffffffd))).toBe(true)
    expect(ledger.contains(at(epoch, 0xfffffffd), at(epoch, 0xfffffffe))).toBe(false)
  })
  test('forgets what a server alone has lost', () => {
    ledger.forgetBehind(at(1, 3))
    expect(ledger.add(at(1, 4), 99)).toBe('new')
    expect(ledger.add(at(1, 3), 99)).toBe('other')
  })
})
