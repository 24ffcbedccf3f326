import { expect, it } from 'vitest'
import { Rig } from '../scenario/rig.ts'

it('nor is it there when zkCli.sh is started with it', () => {
  const rig = new Rig(1)
  rig.settle()
  const shell = rig.sim.openClient('zkCli.sh -server zk1:2181 addauth digest teacher:geheim')
  rig.sim.type(shell, '')
  const told = JSON.stringify(rig.sim.events, (key, value) =>
    key === 'snapshot' || key === 'logged' ? undefined : typeof value === 'bigint' ? String(value) : value,
  )
  expect(told).toContain('addauth digest ***')
  expect(told).not.toContain('geheim')
})

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
