import { expect, test } from 'vitest'
import { Deadline } from '../../../src/core/client/deadline.ts'
import { World } from './rig.ts'

const rig = () => {
  const world = new World()
  const due: number[] = []
  const deadline = new Deadline(world.host('client').clock, { name: 'ping' }, () => due.push(world.nowMs))
  return { world, due, deadline }
}

test('a deadline that moved a little is met to the millisecond, with one timer more', () => {
  const { world, due, deadline } = rig()
  deadline.set(1000)
  world.run(100)
  deadline.set(1000)
  expect(world.timers.length).toBe(1)
  world.run(10_000)
  expect(due).toEqual([1100])
  expect(world.timers.map(({ setAtMs, delayMs }) => setAtMs + delayMs)).toEqual([1000, 1100])
})

test('a deadline that moved far takes its timer along, so that the picture does not show a wrong one', () => {
  const { world, due, deadline } = rig()
  deadline.set(1000)
  world.run(500)
  deadline.set(1000)
  expect(world.timers.at(-1)).toMatchObject({ setAtMs: 500, delayMs: 1000 })
  world.run(10_000)
  expect(due).toEqual([1500])
})

test('a deadline may come nearer', () => {
  const { world, due, deadline } = rig()
  deadline.set(1000)
  deadline.set(10)
  world.run(10_000)
  expect(due).toEqual([10])
})

test('what is stopped is not due', () => {
  const { world, due, deadline } = rig()
  deadline.set(1000)
  deadline.stop()
  world.run(10_000)
  expect(due).toEqual([])
})
