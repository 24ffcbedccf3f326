import { describe, expect, it } from 'vitest'
import type { VoteReason } from '../../src/core/election/trace.ts'
import { sentenceOf } from '../../src/page/events/sentence.ts'
import { trace } from '../../src/page/i18n/en/trace.ts'
import { i18n } from '../../src/page/i18n/i18n.ts'
import { reasonWords } from '../../src/trace/words.ts'
import { SESSION, told, z } from './events.ts'

const vote = (leader: number, zxid = z(0)) => ({ leader, zxid, peerEpoch: 1, electionEpoch: 1 })
const said = (...event: Parameters<typeof told>): string => sentenceOf(i18n.t, told(...event))

describe('words', () => {
  it('an event is a sentence', () => {
    expect(said(3, 0, { kind: 'established', epoch: 1, zxid: z(0), ackers: [3, 2] })).toBe(
      'Server 3 leads epoch 1: acknowledged by 3, 2',
    )
    expect(said(2, 0, { kind: 'proposed', zxid: z(1), type: 'create', path: '/a', session: SESSION, cxid: 1 })).toBe(
      'Server 2 proposes 0x100000001: create /a',
    )
    expect(said(101, 0, { kind: 'watchDelivered', event: 'NodeDataChanged', path: '/a' })).toBe(
      'Client 101 is told: NodeDataChanged /a',
    )
    expect(
      said(1, 0, {
        kind: 'message',
        connection: 'c',
        to: 101,
        note: { protocol: 'client', type: 'reply' },
        sizeBytes: 20,
        arrivesAt: 9,
      }),
    ).toBe('Server 1 sends reply to client 101')
  })

  it('a vote tells its reason in numbers', () => {
    const voted = (reason: VoteReason, mine = vote(1), theirs = vote(3)): string =>
      said(1, 0, { kind: 'vote', vote: theirs, from: 3, reason, against: mine })
    expect(voted({ why: 'higherSid' })).toBe('Server 1 votes for 3: same epoch, same zxid, 3 > 1')
    expect(voted({ why: 'higherZxid' }, vote(5), vote(2, z(9)))).toBe(
      'Server 1 votes for 2: same epoch, zxid 0x100000009 > 0x100000000',
    )
  })

  it('what a path holds is text, never markup or a template', () => {
    expect(said(2, 0, { kind: 'request', session: SESSION, xid: 1, op: 'create', path: '/{{who}}<b>' })).toBe(
      'Server 2 gets create /{{who}}<b>',
    )
  })

  it('every reason has its words', () => {
    const whys: VoteReason['why'][] = [
      'initial',
      'higherEpoch',
      'lowerEpoch',
      'higherZxid',
      'lowerZxid',
      'higherSid',
      'lowerSid',
      'same',
      'newRound',
      'oldRound',
      'notAVoter',
      'untrusted',
      'zeroWeight',
      'leaderElected',
      'observer',
    ]
    for (const why of whys)
      for (const against of [undefined, vote(1)])
        expect(trace).toHaveProperty(reasonWords({ why } as VoteReason, vote(2), against).key)
  })
})
