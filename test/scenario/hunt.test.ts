/** Random kills, restarts and writes: what was acknowledged stays, equal zxids mean equal trees, an epoch has one leader. */
import { describe, expect, it } from 'vitest'
import { EnsembleChecker } from '../../src/check/checker.ts'
import type { CliResult } from '../../src/core/cli/result.ts'
import type { Sid } from '../../src/core/wire/ids.ts'
import { generator } from '../../src/hosts/prng.ts'
import type { Pending } from '../../src/hosts/sim/sim.ts'
import { brokenPromises } from './promises.ts'
import { type ClientOfRig, Rig } from './rig.ts'

const SEEDS = 100
const SECONDS = 60

/** One history, and what was promised in it. */
function hunt(seed: number): void {
  const random = generator(seed, 'hunt')
  const rig = new Rig(random.int(0, 1) === 0 ? 3 : 5, { seed, snapCount: 20, witness: 'all' })
  const servers = rig.sim.config.servers
  const up = new Set<Sid>(rig.sim.config.autostart)
  const clients: ClientOfRig[] = []
  const writes: { path: string; answer: Pending<CliResult> }[] = []
  const all = [...up]
  for (let n = 0; n < 3; n++) clients.push(rig.client(...all))
  for (let step = 0; rig.sim.edgeUs < SECONDS * 1e6; step++) {
    const sid = random.int(1, servers)
    const what = random.int(1, 10)
    if (what <= 2 && up.delete(sid)) rig.kill(sid)
    else if (what <= 5 && !up.has(sid)) {
      up.add(sid)
      rig.start(sid)
    } else if (what === 6) {
      // A write, and the death of whoever leads a few messages later: proposals that only some have.
      const path = `/w${seed}-${step}`
      writes.push({ path, answer: (clients[0] as ClientOfRig).begin(`create ${path} ${step}`) })
      rig.sim.run(random.int(1000, 12_000))
      const leader = rig.leading()
      if (leader !== undefined && up.delete(leader)) rig.kill(leader)
    } else {
      const path = `/w${seed}-${step}`
      const client = clients[random.int(0, clients.length - 1)] as ClientOfRig
      writes.push({ path, answer: client.begin(`create ${path} ${step}`) })
    }
    rig.sim.run(random.int(1, 1_500_000))
  }
  for (const sid of all) if (!up.has(sid)) rig.start(sid)
  rig.settle()
  rig.seconds(10)

  const acknowledged = writes.filter(({ answer }) =>
    answer.result?.lines.some((line) => line.text.startsWith('Created')),
  )
  const leaders = new Map<number, Sid>()
  for (const { epoch, station } of rig.told('established')) {
    expect(leaders.get(epoch) ?? station, `seed ${seed}: two leaders of epoch ${epoch}`).toBe(station)
    leaders.set(epoch, station)
  }
  const digests = new Map<bigint, bigint>()
  for (const { zxid, digest, station } of rig.told('applied')) {
    expect(digest, `seed ${seed}: server ${station} differs at 0x${zxid.toString(16)}`).toBe(
      digests.get(zxid) ?? digest,
    )
    digests.set(zxid, digest)
  }
  expect(brokenPromises(rig.sim.events, servers), `seed ${seed}`).toEqual([])
  const checker = new EnsembleChecker()
  checker.onEvents(rig.sim.events)
  checker.end()
  expect(checker.violations, `seed ${seed}`).toEqual([])
  expect(rig.told('crashed'), `seed ${seed}`).toEqual([])
  expect(rig.told('halted'), `seed ${seed}`).toEqual([])
  for (const sid of all) {
    const reader = rig.client(sid)
    reader.type('sync /')
    const children = new Set(
      reader
        .type('ls /')
        .replace(/^.*\[|\]$/gs, '')
        .split(', '),
    )
    for (const { path } of acknowledged)
      expect(children.has(path.slice(1)), `seed ${seed}: ${path} was acknowledged and is not on server ${sid}`).toBe(
        true,
      )
    reader.close()
  }
  expect(acknowledged.length, `seed ${seed}: nothing was ever acknowledged`).toBeGreaterThan(0)
}

describe('random kills, restarts and writes', () => {
  for (let first = 1; first <= SEEDS; first += 10)
    it(`lose nothing that was acknowledged, with seeds ${first} to ${first + 9}`, () => {
      for (let seed = first; seed < first + 10; seed++) hunt(seed)
    }, 600_000)
})
