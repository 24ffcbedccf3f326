import { expect, test } from 'vitest'
import { connectString } from '../../src/hosts/names.ts'
import { Rig } from '../scenario/rig.ts'

const written = (rig: Rig, client: number): number[] =>
  (rig.sim.type(client, 'count').lines[0]?.text ?? '').split(' ').map(Number)

test('a load keeps exactly so many writes under way and counts the acknowledged ones', () => {
  const rig = new Rig(3)
  rig.settle()
  const client = rig.sim.openClient('zk1:2181', { outstanding: 5, dataBytes: 100 })
  rig.seconds(1)
  const [acknowledged, failed] = written(rig, client)
  const answered = rig.told('answered').filter(({ op, err }) => op === 'setData' && err === 0)
  expect(acknowledged).toBeGreaterThan(100)
  expect([acknowledged, failed]).toEqual([answered.length, 0])
  expect(rig.told('invoked').filter(({ op }) => op === 'setData')).toHaveLength(answered.length + 5)
})

test('a load loses what was under way when its server dies, and goes on at the next one', () => {
  const rig = new Rig(3)
  rig.settle()
  const client = rig.sim.openClient(connectString(rig.sim.config), { outstanding: 5, dataBytes: 100 })
  rig.seconds(1)
  rig.kill(1)
  rig.until('answered', { op: 'setData', err: 0 })
  expect(written(rig, client)[1]).toBe(5)
})
