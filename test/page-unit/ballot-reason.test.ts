import { describe, expect, it } from 'vitest'
import type { VoteReason, VoteView } from '../../src/core/election/trace.ts'
import { makeZxid } from '../../src/core/wire/ids.ts'
import { reasonWords } from '../../src/page/ballot/reason.ts'
import { t } from '../../src/page/i18n/i18n.ts'
import { vote } from './fixture.ts'

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
