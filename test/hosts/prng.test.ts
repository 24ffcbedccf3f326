import { expect, test } from 'vitest'
import { Link } from '../../src/hosts/link.ts'
import { drawFrom, generator } from '../../src/hosts/prng.ts'

const numbers = (seed: number, name: string): number[] => {
  const random = generator(seed, name)
  return Array.from({ length: 20 }, () => random.int(0, 1_000_000))
}

test('the same name under the same seed gives the same numbers', () => {
  expect(numbers(7, 'link/1>2')).toEqual(numbers(7, 'link/1>2'))
})

test('another name or another seed gives other numbers', () => {
  const lists = [numbers(7, 'link/1>2'), numbers(7, 'link/2>1'), numbers(8, 'link/1>2'), numbers(71, 'ink/1>2')]
  for (const [index, list] of lists.entries()) {
    for (const other of lists.slice(index + 1)) expect(list.filter((each, at) => each === other[at])).toEqual([])
  }
})

test('whole numbers come from the whole range, both ends included, and fractions from [0, 1)', () => {
  const random = generator(1, 'dice')
  const seen = new Set(Array.from({ length: 500 }, () => random.int(1, 6)))
  expect([...seen].sort()).toEqual([1, 2, 3, 4, 5, 6])
  const fractions = Array.from({ length: 1000 }, () => random.float())
  expect(fractions.every((each) => each >= 0 && each < 1)).toBe(true)
  expect(Math.abs(fractions.reduce((sum, each) => sum + each, 0) / 1000 - 0.5)).toBeLessThan(0.05)
})

test('a span of one value takes no number', () => {
  const random = generator(1, 'same')
  const untouched = generator(1, 'same')
  expect(drawFrom(random, { min: 5, max: 5 })).toBe(5)
  expect(random.int(0, 99)).toBe(untouched.int(0, 99))
})

test('a frame never overtakes the one before it on its connection', () => {
  const link = new Link(1, { min: 20_000, max: 30_000 }, 1, 1, 2)
  let previous = 0
  for (let now = 0; now < 100_000; now += 100) {
    const arrival = link.arrival(now, previous)
    expect(arrival).toBeGreaterThanOrEqual(previous)
    expect(arrival).toBeGreaterThanOrEqual(now + 20_000)
    previous = arrival
  }
})
