/** The members of a running ensemble change: who votes, who leads, who only watches. */
import { describe, expect, test } from 'vitest'
import type { QuorumVerifier } from '../../src/core/config/quorum-verifier.ts'
import type { Sid } from '../../src/core/wire/ids.ts'
import { members, spec, withSettings } from './members.ts'
import { Rig } from './rig.ts'

/** Servers 1 … count, of which `running` are started; each knows these members at first. */
function ensemble(count: number, knows: (sid: Sid) => QuorumVerifier, running?: readonly Sid[]): Rig {
  const start = withSettings((sid) => ({ quorum: knows(sid), reconfigEnabled: true, skipACL: true }))
  return new Rig(count, running === undefined ? {} : { autostart: running }, start)
}
const three = () => ensemble(3, () => members('1', '2', '3'))

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
/** What `reconfig` and `config` print of a configuration, without the ports. */
const shown = (text: string): string[] =>
  lines(text)
    .filter((line) => line.startsWith('server.'))
    .map((line) => line.replace(/^server\.(\d+)=zk\d:2888:3888:(participant|observer).*$/, '$1 $2'))

describe('an incremental reconfig', () => {
  test('the first leader gives the configuration the zxid of its NEWLEADER as version, and everybody agrees with it', () => {
    const rig = three()
    rig.settle()
    const activated = rig.told('configActivated')
    expect(activated.map(({ station }) => station).sort()).toEqual([1, 2, 3])
    expect(new Set(activated.map(({ version }) => version))).toEqual(new Set([0x100000000n]))
    expect(lines(rig.client(1).type('config')).at(-1)).toBe('version=100000000')
  })

  test('a voter that leaves goes on as a follower without a vote: writes need the others, not it', () => {
    const rig = three()
    expect(rig.settle()).toBe(3)
    const client = rig.client(1)
    expect(shown(client.type('reconfig -remove 2'))).toEqual(['1 participant', '3 participant'])
    rig.seconds(1)
    expect(rig.told('stateChanged').filter(({ station, to }) => station === 2 && to === 'LOOKING')).toHaveLength(1)
    const zxid = rig.told('committed').at(-1)?.zxid ?? 0n
    expect(client.type('create /a x')).toBe('Created /a')
    const next = rig.told('committed').find((event) => event.zxid > zxid)
    expect(next?.ackers).toEqual([1, 3])
    rig.seconds(1)
    expect(rig.digestAt().get(2)).toEqual(rig.digestAt().get(3))
    // What its own client writes goes by way of it as before.
    rig.client(2).type('set /a y')
    expect(client.type('get /a')).toBe('y')
    // Without its vote two are too few.
    rig.kill(1)
    rig.until('stopServing', { station: 3 })
    rig.seconds(20)
    expect(rig.leading()).toBeUndefined()
  })

  test('it comes back with a vote, and its ACK counts from the reconfig on', () => {
    const rig = three()
    rig.settle()
    const client = rig.client(1)
    client.type('reconfig -remove 2')
    expect(shown(client.type(`reconfig -add server.2=${spec(2)}`))).toEqual([
      '1 participant',
      '2 participant',
      '3 participant',
    ])
    rig.kill(1)
    expect(rig.client(3).type('create /a x')).toContain('Created /a')
    expect(rig.told('committed').at(-1)?.ackers).toEqual([2, 3])
  })

  test('while it is in flight, what follows needs a quorum of the old and of the new members', () => {
    // Servers 4 and 5 follow without a vote, until they get one: then three of five are needed, and two of three.
    const rig = ensemble(5, (sid) => (sid < 4 ? members('1', '2', '3') : members('1', '2', '3', `${sid}o`)))
    rig.settle()
    const client = rig.client(1)
    expect(shown(client.type(`reconfig -add server.4=${spec(4)},server.5=${spec(5)}`))).toHaveLength(5)
    const reconfig = rig.told('configProposed').at(-1)?.version
    const committed = rig.told('committed').find(({ zxid }) => zxid === reconfig)
    expect(committed?.ackers.length).toBeGreaterThanOrEqual(3)
    expect(committed?.ackers.filter((sid) => sid <= 3).length).toBeGreaterThanOrEqual(2)
    // Two of five are too few from now on, though they are two of the old three.
    rig.kill(3, 4, 5)
    rig.seconds(20)
    expect(rig.leading()).toBeUndefined()
    rig.start(3)
    expect(rig.settle()).toBeLessThanOrEqual(3)
    expect(shown(rig.client(1).type('config'))).toHaveLength(5)
  })
})

describe('the leader', () => {
  test('that leaves commits that, and nothing more; the one that it names leads without an election', () => {
    const rig = three()
    expect(rig.settle()).toBe(3)
    const client = rig.client(1, 2)
    const rounds = rig.told('roundStarted').length
    // The answer comes before the role ends.
    expect(shown(client.type('reconfig -remove 3'))).toEqual(['1 participant', '2 participant'])
    rig.until('established')
    rig.seconds(10)
    expect(rig.told('designated').map(({ station, leader }) => [station, leader])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ])
    expect(rig.told('roundStarted')).toHaveLength(rounds)
    expect(rig.settle()).toBe(1)
    expect(client.type('create /a x')).toContain('Created /a')
    rig.seconds(1)
    // The old leader follows, without a vote.
    expect(rig.told('committed').at(-1)?.ackers).toEqual([1, 2])
    expect(rig.digestAt().get(3)).toEqual(rig.digestAt().get(1))
  })

  test('that is not in it any more commits nothing behind the reconfig, though a quorum has it on disk', () => {
    const rig = three()
    expect(rig.settle()).toBe(3)
    const [first, second] = [rig.client(3), rig.client(3)]
    first.begin('reconfig -remove 3')
    const reconfig = rig.until('configProposed', { station: 3 }).version
    const late = second.begin('create /late x')
    const behind = rig.seen('proposed', { station: 3, path: '/late' }).zxid
    expect(behind).toBeGreaterThan(reconfig)
    rig.seen('committed', { zxid: reconfig })
    rig.seen('stateChanged', { station: 3, to: 'FOLLOWING' })
    const acks = rig.sim.events.filter(
      (event) => event.kind === 'message' && event.note.type === 'ACK' && event.note.zxid === behind,
    )
    expect(acks.length).toBeGreaterThan(0)
    expect(rig.told('committed').filter(({ station, zxid }) => station === 3 && zxid > reconfig)).toEqual([])
    rig.settle()
    rig.seconds(1)
    // Its client has not heard of it; the new leader had it in its log, and it is there.
    expect(late.result?.lines.some(({ text }) => text.startsWith('Created')) ?? false).toBe(false)
    expect(rig.client(1).type('ls /')).toContain('late')
  })

  test('that becomes an observer gives way just so', () => {
    const rig = three()
    expect(rig.settle()).toBe(3)
    const client = rig.client(1, 2)
    client.type(`reconfig -add server.3=${spec(3, 'observer')}`)
    rig.seen('stateChanged', { station: 3, to: 'OBSERVING' })
    expect(rig.settle()).toBe(1)
    client.type('create /a x')
    rig.seconds(1)
    expect(rig.digestAt().get(3)).toEqual(rig.digestAt().get(1))
  })

  test('that is named and does not come is replaced by an election among the new members', () => {
    const rig = ensemble(4, (sid) => (sid < 4 ? members('1', '2', '3') : members('1', '2', '3', '4o')))
    expect(rig.settle()).toBe(3)
    const client = rig.client(2)
    client.type(`reconfig -add server.4=${spec(4)}`)
    rig.settle()
    client.begin('reconfig -remove 3')
    rig.until('configActivated', { station: 3 })
    const named = 1
    rig.kill(named)
    const leader = rig.until('established').station
    expect([2, 4]).toContain(leader)
    expect(rig.client(2).type('create /a x')).toContain('Created /a')
  })
})

describe('a role', () => {
  test('changes both ways: a follower observes, and an observer votes', () => {
    const rig = ensemble(4, () => members('1', '2', '3', '4o'))
    expect(rig.settle()).toBe(3)
    const client = rig.client(3)
    client.type(`reconfig -add server.1=${spec(1, 'observer')}`)
    rig.seen('stateChanged', { station: 1, to: 'OBSERVING' })
    rig.settle()
    client.type(`reconfig -add server.4=${spec(4)}`)
    rig.seen('stateChanged', { station: 4, to: 'FOLLOWING' })
    rig.settle()
    expect(shown(client.type('config'))).toEqual(['1 observer', '2 participant', '3 participant', '4 participant'])
    rig.kill(2)
    expect(client.type('create /a x')).toContain('Created /a')
    expect(rig.told('committed').at(-1)?.ackers).toEqual([3, 4])
  })
})

describe('a joiner', () => {
  test('learns the configuration by the notifications of the members, and follows without a vote until it is added', () => {
    const rig = ensemble(4, (sid) => (sid < 4 ? members('1', '2', '3') : members('1', '2', '3', '4')), [1, 2, 3])
    expect(rig.settle()).toBe(3)
    const client = rig.client(1)
    rig.start(4)
    const adopted = rig.until('configActivated', { station: 4 })
    expect(adopted).toMatchObject({ version: 0x100000000n, voters: [1, 2, 3] })
    // The search has begun anew under it: whoever is elected is elected by these.
    expect(rig.told('elected').filter(({ station }) => station === 4)).toEqual([])
    expect(rig.told('roundStarted').filter(({ station }) => station === 4)).toHaveLength(2)
    rig.until('serving', { station: 4 })
    expect(rig.told('stateChanged').findLast(({ station }) => station === 4)?.to).toBe('FOLLOWING')
    expect(shown(client.type(`reconfig -add server.4=${spec(4)}`))).toHaveLength(4)
    rig.seconds(1)
    rig.kill(1)
    expect(rig.client(2).type('create /a x')).toContain('Created /a')
    expect(rig.told('committed').at(-1)?.ackers).toEqual([2, 3, 4])
  })

  test('a server that slept through a reconfig finds the new members by those that it knows', () => {
    const rig = ensemble(4, (sid) => (sid < 4 ? members('1', '2', '3') : members('1', '2', '3', '4o')))
    expect(rig.settle()).toBe(3)
    const client = rig.client(2)
    rig.kill(1)
    client.type(`reconfig -add server.4=${spec(4)}`)
    rig.settle()
    rig.start(1)
    rig.until('serving', { station: 1 })
    client.type('create /a x')
    rig.seconds(1)
    expect(rig.told('configActivated').findLast(({ station }) => station === 1)?.voters).toEqual([1, 2, 3, 4])
    expect(rig.digestAt().get(1)).toEqual(rig.digestAt().get(3))
  })
})

describe('on the disk', () => {
  test('the membership outlives all servers: after a restart of everybody it is the changed one', () => {
    const rig = three()
    rig.settle()
    rig.client(1).type('reconfig -remove 2')
    rig.seconds(1)
    rig.kill(1, 2, 3)
    rig.start(1, 3)
    rig.settle()
    expect(
      rig
        .told('configured')
        .slice(-2)
        .map(({ voters }) => voters),
    ).toEqual([
      [1, 3],
      [1, 3],
    ])
    expect(shown(rig.client(1).type('config'))).toEqual(['1 participant', '3 participant'])
  })

  test('a reconfig that only the leader has logged needs a quorum of both memberships after a restart as well', () => {
    const rig = ensemble(5, (sid) => (sid < 4 ? members('1', '2', '3') : members('1', '2', '3', `${sid}o`)))
    expect(rig.settle()).toBe(3)
    rig.client(3).begin(`reconfig -remove 1,2 -add server.4=${spec(4)},server.5=${spec(5)}`)
    rig.until('configProposed', { station: 3 })
    rig.kill(1, 2, 4, 5)
    rig.until('durable', { station: 3 })
    rig.kill(3)
    rig.start(1, 2, 3)
    const before = { established: rig.told('established').length, elected: rig.told('elected').length }
    rig.seconds(60)
    // Server 3 has the newest history, and is the only one who knows the new members: the old ones do not elect it.
    expect(rig.told('established')).toHaveLength(before.established)
    expect(
      rig
        .told('elected')
        .slice(before.elected)
        .filter(({ station }) => station === 3),
    ).toEqual([])
    rig.start(4)
    expect(rig.until('established')).toMatchObject({ station: 3 })
    expect(rig.told('configActivated').at(-1)?.voters).toEqual([3, 4, 5])
  })

  test('a reconfig that one server alone has logged is completed by it when it leads, or forgotten', () => {
    const rig = three()
    expect(rig.settle()).toBe(3)
    // The leader has proposed it, and nobody else has heard.
    rig.client(3).begin('reconfig -remove 1')
    rig.until('configProposed', { station: 3 })
    rig.kill(1, 2)
    rig.until('durable', { station: 3 })
    rig.kill(3)
    rig.start(1, 2, 3)
    const leader = rig.settle()
    expect(leader).toBe(3)
    rig.seconds(5)
    expect(shown(rig.client(3).type('config'))).toEqual(['2 participant', '3 participant'])
    expect(shown(rig.client(2).type('config'))).toEqual(['2 participant', '3 participant'])
  })
})

test('a persistent watch on /zookeeper/config hears of each reconfig twice: of the file, and of the txn', () => {
  const rig = three()
  rig.settle()
  const client = rig.client(1)
  client.type('addWatch -m PERSISTENT /zookeeper/config')
  const before = rig.told('watchDelivered').length
  client.type('reconfig -remove 9')
  rig.seconds(1)
  expect(
    rig
      .told('watchDelivered')
      .slice(before)
      .map(({ event, path }) => `${event} ${path}`),
  ).toEqual(['NodeDataChanged /zookeeper/config', 'NodeDataChanged /zookeeper/config'])
})
