import { expect, it } from 'vitest'
import { Rig } from '../scenario/rig.ts'

it('what addauth is given is nowhere in the trace', () => {
  const rig = new Rig(1)
  rig.settle()
  const client = rig.client(1)
  client.type('addauth digest teacher:geheim')
  client.type('create /mine x auth::cdrwa')
  client.type('history')
  const told = JSON.stringify(rig.sim.events, (key, value) =>
    key === 'snapshot' || key === 'logged' ? undefined : typeof value === 'bigint' ? String(value) : value,
  )
  expect(told).toContain('addauth digest ***')
  expect(told).not.toContain('geheim')
})
