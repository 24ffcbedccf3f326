import { describe, expect, test } from 'vitest'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import type { ServerState } from '../../../src/core/wire/codes.ts'
import type { Sid } from '../../../src/core/wire/ids.ts'
import { makeZxid } from '../../../src/core/wire/ids.ts'
import { Ensemble, type Member, notificationsIn, Puppet, server, servers } from './members.ts'

const at = (epoch: number, counter: number) => ({ zxid: makeZxid(epoch, counter), peerEpoch: epoch })

describe('a first start', () => {
  test('of five at once with equal zxids elects server 5', () => {
    const five = new Ensemble(5)
    for (const sid of [3, 1, 5, 2, 4]) five.start(sid)
    five.untilElected()
    expect(five.leaders).toEqual([5, 5, 5, 5, 5])
    expect([...five.members.values()].map(({ state }) => state).sort()).toEqual([
      'FOLLOWING',
      'FOLLOWING',
      'FOLLOWING',
      'FOLLOWING',
      'LEADING',
    ])
  })

  test('one by one in five elects server 3, which makes the quorum; 4 and 5 join it', () => {
    const five = new Ensemble(5)
    for (const sid of [1, 2, 3, 4, 5]) {
      five.start(sid)
      five.rig.run(3000)
    }
    expect(five.leaders).toEqual([3, 3, 3, 3, 3])
    expect(five.rig.of('elected').map(({ station, joined }) => [station, joined])).toEqual(
      [
        ['zk3', false],
        ['zk2', false],
        ['zk1', false],
        ['zk4', true],
        ['zk5', true],
      ].sort(byFirstTold(five)),
    )
  })

  test('of fewer than a quorum elects nobody', () => {
    const five = new Ensemble(5)
    for (const sid of [4, 5]) five.start(sid)
    five.rig.run(600_000)
    expect(five.leaders).toEqual([undefined, undefined])
    expect(five.rig.of('quorumForVote')).toEqual([])
  })

  test('of a single voter elects itself, but not before the finalize wait', () => {
    const one = new Ensemble(1)
    one.start(1)
    one.rig.run(199)
    expect(one.leaders).toEqual([undefined])
    one.rig.run(2)
    expect(one.leaders).toEqual([1])
    expect(one.rig.of('elected')).toMatchObject([{ leader: 1, round: 1, voters: [1], joined: false, at: 200 }])
  })
})

describe('the order of votes', () => {
  test.each([
    [
      'the higher epoch wins, whatever the zxid and the id',
      { 1: at(2, 0), 2: at(1, 9), 3: at(1, 9) },
      1,
      'higherEpoch',
    ],
    [
      'the higher zxid wins within an epoch, whatever the id',
      { 1: at(1, 8), 2: at(1, 9), 3: at(1, 8) },
      2,
      'higherZxid',
    ],
    ['the higher id wins when the rest is equal', { 1: at(1, 9), 2: at(1, 9), 3: at(1, 9) }, 3, 'higherSid'],
    [
      'zxids are compared as 64 bits',
      {
        1: at(1, 1),
        2: { zxid: (0x1fffff_ffffffffn << 4n) + 1n, peerEpoch: 1 },
        3: { zxid: 0x1fffff_ffffffffn << 4n, peerEpoch: 1 },
      },
      2,
      'higherZxid',
    ],
  ] as const)('%s', (_, stored, winner, why) => {
    const three = new Ensemble(3)
    for (const sid of [1, 2, 3] as const) three.start(sid, stored[sid])
    three.untilElected()
    expect(three.leaders).toEqual([winner, winner, winner])
    const changes = three.rig
      .of('vote')
      .filter(({ vote, reason }) => vote.leader === winner && reason.why !== 'initial')
    expect(changes.length).toBeGreaterThan(0)
    for (const { reason, from, against } of changes) {
      expect(reason.why).toBe(why)
      expect(from).not.toBe(against?.leader === winner)
    }
  })

  test('a voter without weight never leads', () => {
    const groups = new Map([[1, [1, 2, 3]]])
    const three = new Ensemble(new QuorumVerifier(servers(3), 0n, { groups, weights: new Map([[3, 0]]) }))
    for (const sid of [1, 2, 3]) three.start(sid, at(1, sid))
    three.untilElected()
    expect(three.leaders).toEqual([2, 2, 2])
    expect(three.rig.of('notification').some(({ reason }) => reason.why === 'zeroWeight')).toBe(true)
  })
})

describe('a late server', () => {
  test('joins the leader of a running ensemble, and nobody else begins a round', () => {
    const five = new Ensemble(5)
    for (const sid of [1, 2, 3, 4]) five.start(sid)
    five.untilElected()
    const roundsBefore = five.rig.of('roundStarted').length
    five.start(5, at(0, 0))
    five.untilElected()
    expect(five.leaders).toEqual([4, 4, 4, 4, 4])
    expect(five.rig.of('roundStarted').slice(roundsBefore)).toMatchObject([{ station: 'zk5', round: 1 }])
    expect(five.rig.of('elected', 'zk5')).toMatchObject([{ leader: 4, joined: true }])
    expect([...five.members.values()].map(({ elected }) => elected.length)).toEqual([1, 1, 1, 1, 1])
  })

  test('takes over the round of the vote that elected the leader, and the epoch established since', () => {
    const three = new Ensemble(3)
    three.start(1)
    const second = three.start(2)
    three.untilElected()
    // Two more elections between the two, as after losses of quorum.
    for (let n = 0; n < 2; n++) {
      for (const member of three.members.values()) member.look()
      three.untilElected()
    }
    for (const member of three.members.values()) member.vote = { ...member.vote, peerEpoch: 3 }
    const third = three.start(3)
    three.untilElected()
    expect(third.elected).toEqual([{ leader: 2, zxid: 0n, electionEpoch: 3, peerEpoch: 3 }])
    expect([second.election.round, third.election.round]).toEqual([3, 3])
  })

  test('follows nobody until the leader itself says that it leads', () => {
    const five = new Ensemble(5)
    for (const sid of [1, 2, 3, 4]) five.start(sid)
    five.untilElected()
    five.kill(4)
    // 1, 2 and 3 have not noticed yet: three of five say FOLLOWING 4.
    const fifth = five.start(5)
    five.rig.run(20_000)
    expect(fifth.leader).toBeUndefined()
    const heard = five.rig.of('notification', 'zk5').filter(({ state }) => state === 'FOLLOWING')
    expect(new Set(heard.map(({ from }) => from))).toEqual(new Set([1, 2, 3]))
  })

  test('follows a leader for whom the others voted in different rounds (ZOOKEEPER-1732)', () => {
    const five = new Ensemble(5)
    for (const sid of [1, 2, 3, 4]) five.start(sid)
    five.untilElected()
    for (const member of five.members.values())
      member.vote = { ...member.vote, electionEpoch: 10 + member.sid, zxid: makeZxid(0, member.sid), peerEpoch: 1 }
    const fifth = five.start(5)
    five.untilElected()
    expect(fifth.leader).toBe(4)
  })

  test('does not take followers of different epochs for a quorum of the settled', () => {
    const five = new Ensemble(5)
    for (const sid of [1, 2, 3, 4]) five.start(sid)
    five.untilElected()
    for (const member of five.members.values())
      member.vote = { ...member.vote, electionEpoch: 10, peerEpoch: member.sid }
    const fifth = five.start(5)
    five.rig.run(20_000)
    expect(fifth.leader).toBeUndefined()
  })
})

describe('when the leader is gone', () => {
  test('the best of the survivors wins in the next round', () => {
    const five = new Ensemble(5)
    const stored = { 1: at(1, 7), 2: at(1, 9), 3: at(1, 9), 4: at(1, 8), 5: at(1, 9) }
    for (const sid of [1, 2, 3, 4, 5] as const) five.start(sid, stored[sid])
    five.untilElected()
    expect(five.leaders).toEqual([5, 5, 5, 5, 5])
    five.kill(5)
    for (const member of five.members.values()) member.look()
    five.untilElected()
    expect(five.leaders).toEqual([3, 3, 3, 3])
    expect([...five.members.values()].map(({ election }) => election.round)).toEqual([2, 2, 2, 2])
  })

  test('survivors who are in different rounds meet in the latest', () => {
    const three = new Ensemble(3)
    three.start(1)
    const second = three.start(2)
    three.untilElected()
    for (let n = 0; n < 4; n++) second.look()
    three.rig.run(100)
    const first = three.members.get(1) as Member
    first.look()
    three.untilElected()
    expect(three.leaders).toEqual([2, 2])
    expect([first.election.round, second.election.round]).toEqual([5, 5])
    expect(three.rig.of('roundJoined', 'zk1')).toMatchObject([{ round: 5, from: 2 }])
  })
})

describe('a round', () => {
  test('does not count a notification from an older one, but answers it', () => {
    const three = new Ensemble(3)
    const second = three.start(2)
    for (let n = 0; n < 4; n++) second.look()
    three.rig.run(5000)
    const first = three.start(1, at(1, 9))
    three.rig.until(() => three.rig.of('notification', 'zk2').some(({ from }) => from === 1))
    expect(three.rig.of('notification', 'zk2').filter(({ from }) => from === 1)).toMatchObject([
      { vote: { leader: 1, electionEpoch: 1 }, counted: false, reason: { why: 'oldRound' } },
    ])
    expect(second.election.round).toBe(5)
    const answer = three.rig.sent.filter(({ at: when, from }) => from === 'zk2' && when === three.rig.now)
    expect(notificationsIn(answer)).toMatchObject([{ state: 'LOOKING', leader: 2, electionEpoch: 5 }])
    three.untilElected()
    // Server 1's better vote is counted as soon as it has come into the round.
    expect(three.leaders).toEqual([1, 1])
    expect(first.election.round).toBe(5)
  })

  test('begins with an empty tally: votes of the round before have no weight', () => {
    const three = new Ensemble(3)
    const first = three.start(1)
    three.start(2)
    three.rig.until(() => three.rig.of('quorumForVote', 'zk1').length > 0)
    three.kill(2)
    first.look()
    three.rig.run(60_000)
    expect(first.leader).toBeUndefined()
    expect(three.rig.of('quorumForVote', 'zk1').filter(({ at: when }) => when > 1000)).toEqual([])
  })

  test('forgets who followed whom in the round before', () => {
    const five = new Ensemble(5)
    const first = five.start(1)
    const say = (sid: Sid, state: ServerState, leader: Sid, round: number) => {
      const vote = { leader, zxid: 0n, electionEpoch: round, peerEpoch: round }
      new Puppet(five, sid).say(1, { ...vote, state })
      five.rig.run(200)
    }
    say(3, 'FOLLOWING', 5, 1)
    say(5, 'LEADING', 5, 1)
    say(2, 'LOOKING', 2, 2)
    say(4, 'FOLLOWING', 5, 2)
    const counted = five.rig.of('notification', 'zk1').filter((heard) => heard.counted)
    expect(new Set(counted.map(({ from }) => from))).toEqual(new Set([1, 2, 3, 4, 5]))
    expect(first.leader).toBeUndefined()
  })

  test('is repeated in growing intervals as long as nobody hears it', () => {
    const three = new Ensemble(3, 1, { maxNotificationIntervalMs: 3000 })
    three.rig.latency = () => 1
    three.start(1)
    three.rig.run(11_000)
    const tries = three.rig.dialled.length / 2
    // 0, 200, 600, 1400, 3000, then every 3000.
    expect(tries).toBe(7)
  })
})

describe('the finalize wait', () => {
  /** 1 and 2 have a quorum for 2 and wait; 3 with a better vote comes `lateMs` after the quorum. */
  function threeWithLateBest(lateMs: number): Ensemble {
    const three = new Ensemble(3)
    three.rig.latency = () => 10
    three.start(1)
    three.start(2)
    three.rig.until(
      () => three.rig.of('quorumForVote', 'zk1').length > 0 && three.rig.of('quorumForVote', 'zk2').length > 0,
    )
    three.rig.run(lateMs)
    three.start(3)
    three.untilElected()
    return three
  }

  test('is ended by a better vote, which is handled like any other', () => {
    const three = threeWithLateBest(50)
    expect(three.leaders).toEqual([3, 3, 3])
    expect(three.rig.of('finalizeInterrupted').map(({ station, by }) => [station, by])).toContainEqual(['zk2', 3])
    const interrupted = three.rig.told.findIndex(
      ({ kind, station }) => kind === 'finalizeInterrupted' && station === 'zk2',
    )
    expect(three.rig.told.slice(interrupted + 1, interrupted + 3)).toMatchObject([
      { kind: 'notification', from: 3, counted: true, reason: { why: 'higherSid' } },
      { kind: 'vote', vote: { leader: 3 }, from: 3 },
    ])
  })

  test('that nobody interrupts decides: who comes later joins', () => {
    const three = threeWithLateBest(190)
    expect(three.leaders).toEqual([2, 2, 2])
    expect(three.rig.of('elected', 'zk3')).toMatchObject([{ leader: 2, joined: true }])
  })

  test('of a hasty server is for those who can be heard and have another vote, and for nobody else', () => {
    const hasty = new Ensemble(3, 1, { hastyElection: true })
    hasty.rig.latency = () => 10
    const [one, two] = [hasty.start(1), hasty.start(2)]
    hasty.start(3)
    hasty.untilElected()
    expect(hasty.leaders).toEqual([3, 3, 3])
    hasty.kill(3)
    hasty.rig.run(50)
    for (const member of [one, two]) member.look()
    hasty.untilElected()
    expect(hasty.leaders).toEqual([2, 2])
    for (const station of ['zk1', 'zk2']) {
      const quorum = hasty.rig.of('quorumForVote', station).at(-1)
      const elected = hasty.rig.of('elected', station).at(-1)
      expect((elected?.at as number) - (quorum?.at as number)).toBeLessThanOrEqual(30)
    }
    // A better vote that is on its way is waited for.
    const third = new Ensemble(3, 1, { hastyElection: true })
    third.rig.latency = (from, to) => (from === 'zk3' || to === 'zk3' ? 40 : 10)
    for (const sid of [1, 2, 3]) third.start(sid)
    third.untilElected()
    expect(third.leaders).toEqual([3, 3, 3])
  })

  test('lasts 200 ms of silence: what does not beat the vote prolongs it and is dropped', () => {
    const three = new Ensemble(3)
    three.rig.latency = () => 10
    const [first] = [three.start(3), three.start(2)]
    three.rig.until(() => three.rig.of('quorumForVote', 'zk3').length > 0)
    three.rig.run(100)
    three.start(1)
    three.untilElected()
    expect(first.leader).toBe(3)
    const dropped = three.rig.of('notification', 'zk3').filter(({ from }) => from === 1)
    expect(dropped[0]).toMatchObject({ vote: { leader: 3 }, counted: false, reason: { why: 'same' } })
    const lastHeard = three.rig
      .of('notification', 'zk3')
      .filter(({ at: when }) => when < decidedAt(three, 3))
      .at(-1)
    expect(decidedAt(three, 3)).toBe((lastHeard?.at as number) + 200)
    expect(three.rig.of('elected', 'zk3')).toMatchObject([{ voters: [2, 3] }])
  })
})

describe('an observer', () => {
  const withObserver = new QuorumVerifier([...servers(3), server(4, 'observer')])

  test('follows the leader that a quorum of voters and the leader itself name', () => {
    const three = new Ensemble(withObserver)
    for (const sid of [1, 2, 3, 4]) three.start(sid)
    three.untilElected()
    expect(three.leaders).toEqual([3, 3, 3, 3])
    expect(three.members.get(4)?.state).toBe('OBSERVING')
  })

  test('is answered, but neither counted nor elected, even if its history is longer', () => {
    const three = new Ensemble(withObserver)
    three.start(1)
    three.start(4, at(7, 7))
    three.rig.run(60_000)
    expect(three.leaders).toEqual([undefined, undefined])
    const heard = three.rig.of('notification', 'zk1').filter(({ from }) => from === 4)
    expect(heard.length).toBeGreaterThan(0)
    for (const { counted, reason } of heard) expect([counted, reason.why]).toEqual([false, 'observer'])
    expect(notificationsIn(three.rig.sent, 'zk4')[0]).toMatchObject({ leader: -(2 ** 63), zxid: -(2n ** 63n) })
  })

  test('and voters of an older round do not answer each other without end', () => {
    const three = new Ensemble(withObserver)
    three.start(1)
    const observer = three.start(4)
    for (let n = 0; n < 5; n++) observer.look()
    three.rig.run(60_000)
    expect(three.rig.sent.length).toBeLessThan(60)
  })
})

describe('an empty database that is not trusted (zxid -1)', () => {
  const untrusted = { zxid: -1n, peerEpoch: 0 }

  test('neither counts votes nor is counted', () => {
    const three = new Ensemble(3)
    three.start(1, untrusted)
    three.start(2)
    three.rig.run(60_000)
    expect(three.leaders).toEqual([undefined, undefined])
    expect(three.rig.of('notification', 'zk2').find(({ from }) => from === 1)?.reason.why).toBe('untrusted')
  })

  test('still joins the leader whom the others elect', () => {
    const three = new Ensemble(3)
    three.start(3, untrusted)
    three.start(2)
    three.start(1)
    three.untilElected()
    expect(three.leaders).toEqual([2, 2, 2])
  })
})

test('a server that is stopped while it looks for a leader hears and says nothing more', () => {
  const three = new Ensemble(3)
  const first = three.start(1)
  three.start(2)
  three.rig.run(100)
  first.election.stop()
  const said = three.rig.told.filter(({ station }) => station === 'zk1').length
  const sent = three.rig.sent.filter(({ from }) => from === 'zk1').length
  three.rig.run(60_000)
  expect(three.rig.told.filter(({ station }) => station === 'zk1').length).toBe(said)
  expect(three.rig.sent.filter(({ from }) => from === 'zk1').length).toBe(sent)
})

test('what came before the search began is handled in it, and elects in a later step', () => {
  const three = new Ensemble(3)
  const first = three.create(1)
  const settled = { leader: 3, zxid: 0n, electionEpoch: 4, peerEpoch: 1 }
  new Puppet(three, 3).say(1, { ...settled, state: 'LEADING' })
  new Puppet(three, 2).say(1, { ...settled, state: 'FOLLOWING' })
  three.rig.run(200)
  first.look()
  expect(first.state).toBe('LOOKING')
  three.rig.run(1)
  expect(first.leader).toBe(3)
  expect(three.rig.of('elected')).toMatchObject([{ leader: 3, round: 4, voters: [2, 3], joined: true }])
  expect(first.election.round).toBe(4)
})

test.each([
  [1, 'LEADING'],
  [5, 'LOOKING'],
] as const)('a server that others follow since round %i is %s in its first round', (electionEpoch, state) => {
  const three = new Ensemble(3)
  const third = three.start(3)
  for (const sid of [1, 2]) {
    const vote = { leader: 3, zxid: 0n, electionEpoch, peerEpoch: 0 }
    new Puppet(three, sid).say(3, { ...vote, state: 'FOLLOWING' })
  }
  three.rig.run(5000)
  expect(third.state).toBe(state)
})

function decidedAt(ensemble: Ensemble, sid: Sid): number {
  return ensemble.rig.of('elected', `zk${sid}`)[0]?.at as number
}

function byFirstTold(ensemble: Ensemble) {
  const order = ensemble.rig.of('elected').map(({ station }) => station)
  return (a: readonly unknown[], b: readonly unknown[]) => order.indexOf(String(a[0])) - order.indexOf(String(b[0]))
}
