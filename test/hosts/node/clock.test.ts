import { expect, test } from 'vitest'
import { NodeClock } from '../../../src/hosts/node/clock.ts'

const turn = (): Promise<void> => new Promise((settle) => setTimeout(settle, 5))

test('a delay of 0 comes after everything else that is due, and before what the turn has written leaves', async () => {
  const clock = new NodeClock()
  const order: string[] = []
  clock.atEndOfTurn(() => order.push('files'))
  clock.atEndOfTurn(() => order.push('network'))
  clock.after(0, () => order.push('put off'))
  clock.after(0, () => order.push('never')).cancel()
  setTimeout(() => order.push('timer'), 0)
  // Both timer and end of turn are due when this returns.
  for (const until = performance.now() + 2; performance.now() < until; );
  order.push('the step itself')
  await turn()
  expect(order).toContain('timer')
  expect(order.filter((each) => each !== 'timer')).toEqual(['the step itself', 'put off', 'files', 'network'])
})

test('nothing is called from inside a call', () => {
  const clock = new NodeClock()
  let called = false
  clock.after(0, () => {
    called = true
  })
  expect(called).toBe(false)
})

test('what is put off while things that were put off run waits for another turn', async () => {
  const clock = new NodeClock()
  const order: string[] = []
  clock.atEndOfTurn(() => order.push('end'))
  clock.after(0, () => {
    order.push('first')
    clock.after(0, () => order.push('second'))
  })
  await turn()
  expect(order).toEqual(['first', 'end', 'second', 'end'])
})

test('a timer is never early, and can be cancelled', async () => {
  const clock = new NodeClock()
  const delays = Array.from({ length: 40 }, (_, n) => n * 0.37 + 0.1)
  let cancelled = 0
  const early = await Promise.all(
    delays.map(
      (delayMs) =>
        new Promise<number>((settle) => {
          const due = clock.now() + delayMs
          clock.after(delayMs, () => settle(Math.min(0, clock.now() - due)))
          clock.after(delayMs / 2, () => cancelled++).cancel()
        }),
    ),
  )
  expect(early).toEqual(delays.map(() => 0))
  expect(cancelled).toBe(0)
})

test('a timer may be further away than Node’s own can be', async () => {
  const clock = new NodeClock()
  let fired = false
  const timer = clock.after(2 ** 40, () => {
    fired = true
  })
  await turn()
  expect(fired).toBe(false)
  timer.cancel()
})
