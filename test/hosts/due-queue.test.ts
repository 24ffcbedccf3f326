import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Due, DueQueue } from '../../src/hosts/due-queue.ts'

const inOrder = (a: Due, b: Due): number => a.dueUs - b.dueUs || a.from - b.from || a.order - b.order
const item = fc.record({ dueUs: fc.nat(5), from: fc.nat(3), order: fc.nat() })
const drain = (queue: DueQueue<Due>, limit = Number.POSITIVE_INFINITY): Due[] => {
  const items: Due[] = []
  for (let next = queue.popBefore(limit); next; next = queue.popBefore(limit)) items.push(next)
  return items.map(({ dueUs, from, order }) => ({ dueUs, from, order }))
}

test('what is due comes by time, then by the station it is from, then by its order there, however it came in', () => {
  fc.assert(
    fc.property(fc.uniqueArray(item, { comparator: (a, b) => inOrder(a, b) === 0 }), (items) => {
      const queue = new DueQueue<Due>()
      for (const each of items) queue.push({ ...each })
      expect(drain(queue)).toEqual([...items].sort(inOrder))
    }),
  )
})

test('nothing comes before its time', () => {
  const queue = new DueQueue<Due>()
  queue.push({ dueUs: 10, from: 1, order: 0 })
  queue.push({ dueUs: 9, from: 2, order: 0 })
  expect(drain(queue, 10)).toEqual([{ dueUs: 9, from: 2, order: 0 }])
  expect(queue.peek()?.dueUs).toBe(10)
})

test('a cancelled item never comes, whether a few are cancelled or most', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 400 }), (plan) => {
      const queue = new DueQueue<Due>()
      const items = plan.map(([dueUs, stays], order) => ({ due: { dueUs, from: 1, order } as Due, stays }))
      for (const { due } of items) queue.push(due)
      for (const { due, stays } of items) if (!stays) queue.cancel(due)
      expect([...queue.items()].length).toBe(items.filter(({ stays }) => stays).length)
      const left = items.filter(({ stays }) => stays).map(({ due: { dueUs, from, order } }) => ({ dueUs, from, order }))
      expect(drain(queue)).toEqual(left.sort(inOrder))
    }),
  )
})

test('cancelling what has already come changes nothing', () => {
  const queue = new DueQueue<Due>()
  const taken: Due = { dueUs: 1, from: 1, order: 0 }
  queue.push(taken)
  queue.popBefore(2)
  for (let i = 0; i < 200; i++) queue.cancel(taken)
  queue.push({ dueUs: 3, from: 1, order: 1 })
  expect(drain(queue)).toHaveLength(1)
})
