import { describe, expect, it } from 'vitest'
import { Rig } from './rig.ts'

describe('the quorum', () => {
  it('lost: no write is acknowledged; back: every acknowledged write is there', () => {
    const rig = new Rig(5)
    const leader = rig.settle()
    const client = rig.client(leader)
    const acknowledged: string[] = []
    for (let n = 0; n < 10; n++)
      if (client.type(`create /kept${n} ${n}`).includes('Created')) acknowledged.push(`kept${n}`)
    expect(acknowledged).toHaveLength(10)
    rig.kill(1, 2, 3)
    const committed = rig.told('committed').length
    const waiting = client.begin('create /lost x')
    rig.seconds(30)
    expect(rig.told('committed')).toHaveLength(committed)
    expect(waiting.result?.lines.map((line) => line.text).join() ?? '').not.toContain('Created')
    expect(rig.leading()).toBeUndefined()
    rig.start(1, 2, 3)
    rig.settle()
    const listed = rig.client(1).type('ls /')
    for (const name of acknowledged) expect(listed).toContain(name)
  })

  it('a write is committed only after a quorum has it on disk', () => {
    const rig = new Rig(3)
    rig.client(rig.settle()).type('create /a x')
    for (const committed of rig.told('committed')) {
      const before = rig.sim.events.slice(0, rig.sim.events.indexOf(committed))
      const durable = new Set(
        before.flatMap((event) => (event.kind === 'durable' && event.zxid >= committed.zxid ? [event.station] : [])),
      )
      expect(durable.size).toBeGreaterThanOrEqual(2)
    }
    expect(rig.told('committed').length).toBeGreaterThan(0)
  })
})

describe('a server that comes back', () => {
  it('after a few missed writes gets a DIFF, and says why', () => {
    const rig = new Rig(3)
    const leader = rig.settle()
    const client = rig.client(leader)
    client.type('create /a x')
    rig.kill(1)
    for (let n = 0; n < 5; n++) client.type(`create /missed${n} x`)
    rig.start(1)
    rig.settle()
    expect(rig.told('syncStart').at(-1)).toMatchObject({ peer: 1, mode: 'DIFF', reason: 'inWindow', proposals: 5 })
    expect(rig.client(1).type('ls /')).toContain('missed4')
  })

  it('while others write hears of what is not committed behind NEWLEADER, which learners of ZooKeeper forget it at', () => {
    const rig = new Rig(3)
    const leader = rig.settle()
    rig.kill(1)
    rig.sim.openClient(`zk${leader}:2181`, { outstanding: 20, dataBytes: 10 })
    rig.seconds(2)
    rig.start(1)
    const start = rig.until('syncStart', { peer: 1 })
    rig.until('learnerSynced', { peer: 1 })
    const heard = rig
      .told('message')
      .filter(
        ({ station, to, note, at }) => station === leader && to === 1 && note.protocol === 'quorum' && at >= start.at,
      )
    const at = (type: string, zxid?: bigint): number =>
      heard.findIndex(({ note }) => note.type === type && (zxid === undefined || note.zxid === zxid))
    const waiting = heard.slice(0, at('UPTODATE')).flatMap(({ note }) => {
      const { type, zxid } = note
      return type === 'COMMIT' && zxid !== undefined && at('COMMIT', zxid) > at('NEWLEADER') ? [zxid] : []
    })
    expect(waiting.length).toBeGreaterThan(0)
    for (const zxid of waiting) expect(at('PROPOSAL', zxid)).toBeGreaterThan(at('NEWLEADER'))
  })

  it('after more writes than the leader remembers gets a SNAP, and says why', () => {
    const rig = new Rig(3)
    const leader = rig.settle()
    const client = rig.client(leader)
    rig.kill(1)
    for (let n = 0; n < 510; n++) client.begin(`create /many${n} x`)
    client.type('create /end x')
    rig.start(1)
    rig.settle()
    expect(rig.told('syncStart').at(-1)).toMatchObject({ peer: 1, mode: 'SNAP', reason: 'tooFarBehind' })
    expect(rig.client(1).type('ls /')).toContain('many509')
  })

  it('with a proposal that no one else had is cut back by TRUNC, and says why', () => {
    const rig = new Rig(3)
    const leader = rig.settle()
    rig.client(leader).type('create /a x')
    // The proposal is on its way when both followers die: only the old leader ever has it.
    const client = rig.client(leader)
    rig.seconds(1)
    client.begin('create /orphan x')
    const orphan = rig.until('proposed', { path: '/orphan' })
    rig.kill(1, 2)
    rig.until('durable', { station: leader, zxid: orphan.zxid })
    rig.kill(leader)
    rig.start(1, 2)
    rig.settle()
    rig.start(leader)
    rig.settle()
    expect(rig.told('syncStart').at(-1)).toMatchObject({ peer: leader, mode: 'TRUNC', reason: 'aheadOfLeader' })
    expect(rig.told('truncated').at(-1)).toMatchObject({ station: leader })
    expect(rig.client(leader).type('ls /')).not.toContain('orphan')
  })
})

describe('an uncommitted proposal of a dead leader', () => {
  it('is committed by the next epoch when a member of its quorum has logged it', () => {
    const rig = new Rig(3)
    const leader = rig.settle()
    const client = rig.client(leader)
    rig.seconds(1)
    client.begin('create /saved x')
    const proposal = rig.until('proposed', { path: '/saved' })
    rig.until('durable', { station: 1, zxid: proposal.zxid })
    // Server 1 has it; the leader dies before anybody hears of a commit.
    rig.kill(leader)
    expect(rig.told('applied').filter(({ zxid, station }) => zxid === proposal.zxid && station !== leader)).toEqual([])
    rig.settle()
    expect(rig.client(1).type('ls /')).toContain('saved')
    expect(rig.client(2).type('ls /')).toContain('saved')
  })
})

describe('sessions', () => {
  it('ephemerals vanish with their session on all servers', () => {
    const rig = new Rig(5)
    rig.settle()
    const owner = rig.client(1)
    const other = rig.client(3)
    expect(owner.type('create -e /ephemeral x')).toContain('Created')
    expect(other.type('ls /')).toContain('ephemeral')
    owner.close()
    // Nobody says farewell: the leader's tracker lets the session expire.
    rig.until('sessionClosing', { cause: 'expired' })
    rig.seconds(1)
    for (let sid = 1; sid <= 5; sid++) expect(rig.client(sid).type('ls /')).not.toContain('ephemeral')
    expect(
      rig.told('sessionClosed').filter(({ session }) => session === rig.told('sessionClosing')[0]?.session),
    ).toHaveLength(5)
  })

  it('a session survives the crash of its server, with its ephemerals and watches', () => {
    const rig = new Rig(3)
    const leader = rig.settle()
    const follower = [1, 2, 3].find((sid) => sid !== leader) as number
    const other = [1, 2, 3].find((sid) => sid !== leader && sid !== follower) as number
    const client = rig.client(1, 2, 3)
    client.type('create -e /mine x')
    client.type('get -w /mine')
    const home = rig.told('sessionAttached').at(-1)
    rig.kill(home?.station as number)
    const moved = rig.until('sessionAttached', { session: home?.session as bigint })
    expect(moved.station).not.toBe(home?.station)
    const writer = rig.client(...[leader, follower, other].filter((sid) => sid !== home?.station))
    writer.type('set /mine y')
    const delivered = rig.told('watchDelivered').filter(({ station }) => station === client.station)
    expect(delivered.length === 0 ? rig.until('watchDelivered') : delivered[0]).toMatchObject({
      event: 'NodeDataChanged',
      path: '/mine',
    })
    expect(client.type('ls /')).toContain('mine')
  })
})
