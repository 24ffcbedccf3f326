import { describe, expect, it } from 'vitest'
import type { VoteReason, VoteView } from '../../src/core/election/trace.ts'
import { makeZxid } from '../../src/core/wire/ids.ts'
import { heldVote } from '../../src/page/ballot/held-vote.ts'
import { reasonWords } from '../../src/page/ballot/reason.ts'
import { t } from '../../src/page/i18n/i18n.ts'
import { server, vote } from './fixture.ts'

const say = (reason: VoteReason, mine: VoteView, against?: VoteView) => {
  const { key, ...values } = reasonWords(reason, mine, against)
  return t(($) => $.ballot.reason[key], values)
}

describe('the reason of a vote', () => {
  it('is told with the numbers that decided', () => {
    expect(say({ why: 'higherSid' }, vote(3), vote(2))).toBe('same epoch, same zxid, 3 > 2')
    expect(say({ why: 'higherEpoch' }, vote(1, makeZxid(1, 1), 2), vote(2, makeZxid(1, 9), 1))).toBe('epoch 2 > 1')
    expect(say({ why: 'higherZxid' }, vote(1, makeZxid(1, 9), 1), vote(2, makeZxid(1, 1), 1))).toBe(
      'same epoch, zxid 0x100000009 > 0x100000001',
    )
  })

  it('is told without numbers where the trace has no vote to compare with', () => {
    expect(say({ why: 'lowerSid' }, vote(1))).toBe('same epoch, same zxid, lower server id')
  })

  it('has words for what is no comparison', () => {
    expect(say({ why: 'initial' }, vote(3))).toBe('voted for itself: the round begins')
    expect(say({ why: 'newRound' }, vote(3, makeZxid(1, 1), 1, 7))).toBe('round 7 is newer: joined it')
    expect(say({ why: 'leaderElected' }, vote(4))).toBe('joined a running ensemble: 4 leads')
  })
})

describe('the vote that a server stands by', () => {
  const settledOn = (from: number) =>
    [
      from,
      { vote: vote(4, makeZxid(1, 4), 2, 2), state: 'FOLLOWING', counted: false, reason: { why: 'leaderElected' } },
    ] as const

  it('is its own while it is looking', () => {
    const looking = server(5, { ballot: new Map([settledOn(3)]) })
    expect(heldVote(looking).vote?.leader).toBe(5)
  })

  it('is what the others have settled on once it has joined a running ensemble', () => {
    const joined = server(5, { state: 'FOLLOWING', leader: 4, ballot: new Map([settledOn(3), settledOn(4)]) })
    const { vote: held, voteReason } = heldVote(joined)
    expect(held).toEqual(vote(4, makeZxid(1, 4), 2, 2))
    expect(voteReason?.from).toBe(4)
    expect(say(voteReason!.reason, held!)).toBe('joined a running ensemble: 4 leads')
  })
})
