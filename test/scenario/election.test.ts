import { describe, expect, it } from 'vitest'
import { Replica } from '../../src/core/server/replica.ts'
import { counterOf, epochOf } from '../../src/core/wire/ids.ts'
import { configureServer } from '../../src/hosts/configure.ts'
import { launch, type ServerProcess } from '../../src/hosts/launch.ts'
import { Rig } from './rig.ts'

describe('the first start', () => {
  it('of five servers started one by one, the third makes the quorum and wins', () => {
    const rig = new Rig(5, { autostart: [] })
    rig.start(1)
    rig.seconds(3)
    rig.start(2)
    rig.seconds(3)
    expect(rig.leading()).toBeUndefined()
    rig.start(3)
    expect(rig.leader()).toBe(3)
    expect(rig.told('established').map(({ epoch }) => epoch)).toEqual([1])
  })

  it('servers 4 and 5, started late, follow server 3 without a new election', () => {
    const rig = new Rig(5, { autostart: [1, 2, 3] })
    expect(rig.settle()).toBe(3)
    rig.start(4, 5)
    rig.settle()
    expect(rig.leading()).toBe(3)
    expect(rig.told('established')).toHaveLength(1)
    for (const sid of [4, 5]) {
      const elected = rig.told('elected').filter(({ station }) => station === sid)
      expect(elected).toMatchObject([{ leader: 3, joined: true }])
    }
    // The others were not disturbed: nobody left its state.
    expect(rig.told('stateChanged').filter(({ to }) => to === 'LOOKING')).toHaveLength(5)
  })

  it('of five servers started together, the highest sid wins with equal histories', () => {
    const rig = new Rig(5)
    expect(rig.settle()).toBe(5)
  })

  it('an ensemble of one elects itself, unless it runs standalone', () => {
    const rig = new Rig(1, {}, (host, spec) => {
      if (spec.what !== 'server') return launch(host, spec)
      const server: ServerProcess = {
        replica: new Replica(host, { ...configureServer(spec.sid, spec.config), standalone: false }),
      }
      return server
    })
    expect(rig.settle()).toBe(1)
    expect(rig.told('established')).toMatchObject([{ station: 1, epoch: 1 }])
    expect(rig.client(1).type('create /a 1')).toContain('Created /a')
  })
})

describe('after the crash of the leader', () => {
  it('the highest sid of the survivors wins when their histories are equal', () => {
    const rig = new Rig(5)
    rig.kill(rig.settle())
    expect(rig.until('established')).toMatchObject({ station: 4, epoch: 2 })
  })

  it('a survivor that has logged more wins over a higher sid', () => {
    const rig = new Rig(5)
    const leader = rig.settle()
    const client = rig.client(leader)
    client.type('create /before x')
    // Only server 1 is up besides the leader and a bare quorum, so 4 misses what is written now.
    rig.kill(4)
    client.type('create /while-4-is-down x')
    rig.kill(3)
    rig.kill(leader)
    rig.start(4)
    const next = rig.until('established')
    expect(next.station).not.toBe(4)
    expect(next.epoch).toBe(2)
  })

  it('a peer of a newer epoch wins over one with a higher zxid counter', () => {
    const rig = new Rig(3)
    const first = rig.settle()
    const client = rig.client(first)
    for (let n = 0; n < 5; n++) client.type(`create /n${n} x`)
    rig.kill(1)
    rig.kill(first)
    // Nobody leads with one of three; 1 comes back, and 1 and 2 elect 2 in epoch 2.
    rig.start(1)
    expect(rig.until('established')).toMatchObject({ station: 2, epoch: 2 })
    rig.client(2).type('create /epoch2 x')
    rig.kill(1, 2)
    rig.start(first)
    rig.start(1)
    // 3 has a higher sid and (1, …6); 1 has epoch 2: 1 wins.
    expect(rig.until('established')).toMatchObject({ station: 1 })
  })

  it('the first zxid of the new epoch has its epoch in the high half and counts from one', () => {
    const rig = new Rig(3)
    rig.kill(rig.settle())
    const leader = rig.settle()
    rig.client(leader).type('create /a x')
    const proposed = rig.told('proposed').filter(({ zxid }) => epochOf(zxid) === 2)
    expect(proposed.map(({ zxid }) => counterOf(zxid))).toEqual(proposed.map((_, index) => index + 1))
    expect(proposed.length).toBeGreaterThan(0)
  })
})

describe('a server that has accepted a later epoch than the others ever heard of', () => {
  it('is not left outside: its leader makes room for epochs until one is late enough', () => {
    const rig = new Rig(3)
    rig.settle()
    rig.kill(1)
    rig.sim.files(1).replace('version-2/acceptedEpoch', new TextEncoder().encode('4'))
    rig.seconds(1)
    rig.start(1)
    rig.settle()
    expect(rig.serves(1)).toBe(true)
    const epochs = rig.told('established').map(({ epoch }) => epoch)
    expect(epochs.at(-1)).toBeGreaterThanOrEqual(4)
    expect(rig.client(1).type('create /together x')).toContain('Created')
    rig.seconds(20)
    expect(rig.told('established')).toHaveLength(epochs.length)
  })
})
