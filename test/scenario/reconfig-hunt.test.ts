/** Members change while servers die and come back: what was acknowledged stays, and in the end everybody serves. */
import { describe, expect, test } from 'vitest'
import type { CliResult } from '../../src/core/cli/result.ts'
import type { Sid } from '../../src/core/wire/ids.ts'
import { generator } from '../../src/hosts/prng.ts'
import type { Pending } from '../../src/hosts/sim/sim.ts'
import { members, spec, withSettings } from './members.ts'
import { type ClientOfRig, Rig } from './rig.ts'

const SEEDS = 20
const SERVERS = 5
const SECONDS = 60

function hunt(seed: number): void {
  const random = generator(seed, 'reconfig')
  const everybody = Array.from({ length: SERVERS }, (_, index) => index + 1)
  const start = withSettings((sid) => ({
    quorum: sid <= 3 ? members('1', '2', '3') : members('1', '2', '3', `${sid}${random.int(0, 1) === 0 ? 'o' : ''}`),
    reconfigEnabled: true,
    standaloneEnabled: true,
    skipACL: true,
    snapCount: 20,
  }))
  const rig = new Rig(SERVERS, { seed }, start)
  const up = new Set<Sid>(everybody)
  const clients = Array.from({ length: 3 }, () => rig.client(...everybody))
  const anyClient = (): ClientOfRig => clients[random.int(0, clients.length - 1)] as ClientOfRig
  const writes: { readonly path: string; readonly answer: Pending<CliResult> }[] = []
  for (let step = 0; rig.sim.edgeUs < SECONDS * 1e6; step++) {
    const sid = random.int(1, SERVERS)
    const what = random.int(1, 12)
    if (what === 1 && up.size > 3 && up.delete(sid)) rig.kill(sid)
    else if (what <= 4 && !up.has(sid)) {
      up.add(sid)
      rig.start(sid)
    } else if (what <= 6) {
      const role = random.int(1, 4)
      const order =
        role === 1 ? `-remove ${sid}` : `-add server.${sid}=${spec(sid, role === 2 ? 'observer' : 'participant')}`
      anyClient().begin(`reconfig ${order}`)
      if (random.int(1, 3) === 1 && up.size > 3) {
        // The death of whoever leads while it is on its way.
        rig.sim.run(random.int(1000, 12_000))
        const leader = rig.leading()
        if (leader !== undefined && up.delete(leader)) rig.kill(leader)
      }
    } else {
      const path = `/w${seed}-${step}`
      writes.push({ path, answer: anyClient().begin(`create ${path} ${step}`) })
    }
    rig.sim.run(random.int(1, 1_500_000))
  }
  for (const sid of everybody) if (!up.has(sid)) rig.start(sid)
  rig.settle()
  rig.seconds(10)

  const said = `seed ${seed}`
  expect(rig.told('crashed'), said).toEqual([])
  expect(rig.told('halted'), said).toEqual([])
  const leaders = new Map<number, Sid>()
  for (const { epoch, station } of rig.told('established')) {
    expect(leaders.get(epoch) ?? station, `${said}: two leaders of epoch ${epoch}`).toBe(station)
    leaders.set(epoch, station)
  }
  const digests = new Map<bigint, bigint>()
  for (const { zxid, digest, station } of rig.told('applied')) {
    expect(digest, `${said}: server ${station} differs at 0x${zxid.toString(16)}`).toBe(digests.get(zxid) ?? digest)
    digests.set(zxid, digest)
  }
  const acknowledged = writes.filter(({ answer }) =>
    answer.result?.lines.some(({ text }) => text.startsWith('Created')),
  )
  expect(acknowledged.length, `${said}: nothing was ever acknowledged`).toBeGreaterThan(0)
  const configs = new Set<string>()
  for (const sid of everybody) {
    const reader = rig.client(sid)
    reader.type('sync /')
    configs.add(reader.type('config'))
    const children = new Set(
      reader
        .type('ls /')
        .replace(/^.*\[|\]$/gs, '')
        .split(', '),
    )
    for (const { path } of acknowledged)
      expect(children.has(path.slice(1)), `${said}: ${path} was acknowledged and is not on server ${sid}`).toBe(true)
    reader.close()
  }
  // All live under one configuration, which is the newest that was ever in force.
  expect([...configs], said).toHaveLength(1)
}

describe('reconfigs, random kills, restarts and writes', () => {
  for (let first = 1; first <= SEEDS; first += 10)
    test(`lose nothing that was acknowledged, with seeds ${first} to ${first + 9}`, () => {
      for (let seed = first; seed < first + 10; seed++) hunt(seed)
    }, 600_000)
})
