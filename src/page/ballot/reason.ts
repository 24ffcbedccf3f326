/** The reason of a vote, in words: a key of the catalogue's `ballot.reason` and what goes into it. */
import type { VoteReason, VoteView } from '../../core/election/trace.ts'
import { hex64 } from '../../core/wire/ids.ts'
import type { ballot } from '../i18n/en/ballot.ts'

export interface ReasonWords {
  readonly key: keyof typeof ballot.reason
  readonly theirs: string | number
  readonly mine: string | number
  readonly round: number
  readonly leader: number
}

/** `vote` is the one judged, `against` the one held before it, where the trace tells it. */
export function reasonWords(reason: VoteReason, vote: VoteView, against: VoteView | undefined): ReasonWords {
  const common = { theirs: '', mine: '', round: vote.electionEpoch, leader: vote.leader }
  switch (reason.why) {
    case 'higherEpoch':
    case 'lowerEpoch':
      if (against === undefined) return { ...common, key: `${reason.why}Bare` }
      return { ...common, key: reason.why, theirs: vote.peerEpoch, mine: against.peerEpoch }
    case 'higherZxid':
    case 'lowerZxid':
      if (against === undefined) return { ...common, key: `${reason.why}Bare` }
      return { ...common, key: reason.why, theirs: hex64(vote.zxid), mine: hex64(against.zxid) }
    case 'higherSid':
    case 'lowerSid':
      if (against === undefined) return { ...common, key: `${reason.why}Bare` }
      return { ...common, key: reason.why, theirs: vote.leader, mine: against.leader }
    default:
      return { ...common, key: reason.why }
  }
}
