/** Votes: which is better, which are equal. Source: Vote.java, FastLeaderElection.java totalOrderPredicate;
 *  election.md sections 5.3 and 5.4. */
import type { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { ServerState } from '../wire/codes.ts'
import type { Sid, Zxid } from '../wire/ids.ts'

export interface Vote {
  /** The proposed leader; NO_CANDIDATE from an observer. */
  readonly leader: Sid
  /** The proposed leader's last logged zxid. */
  readonly zxid: Zxid
  /** The round in which the vote was cast. */
  readonly electionEpoch: number
  /** The proposed leader's currentEpoch. */
  readonly peerEpoch: number
}

/** A vote as it lies in a tally, with what equality asks for. */
export interface CastVote extends Vote {
  /** The state of the server that cast it. */
  readonly state: ServerState
  /** Of the notification it came in; 0 in the tally of the own round, whatever came. */
  readonly version: number
}

type Comparison =
  | 'higherEpoch'
  | 'lowerEpoch'
  | 'higherZxid'
  | 'lowerZxid'
  | 'higherSid'
  | 'lowerSid'
  | 'same'
  | 'zeroWeight'

/** `vote` seen from `other`: the first of peerEpoch, zxid, leader in which they differ. A leader without weight never wins. */
export function compareVotes(vote: Vote, other: Vote, quorum: QuorumVerifier): Comparison {
  if (quorum.weight(vote.leader) === 0) return 'zeroWeight'
  if (vote.peerEpoch !== other.peerEpoch) return vote.peerEpoch > other.peerEpoch ? 'higherEpoch' : 'lowerEpoch'
  if (vote.zxid !== other.zxid) return vote.zxid > other.zxid ? 'higherZxid' : 'lowerZxid'
  if (vote.leader !== other.leader) return vote.leader > other.leader ? 'higherSid' : 'lowerSid'
  return 'same'
}

export const beats = (comparison: Comparison): boolean => comparison.startsWith('higher')

/** Strict among the LOOKING. Those who have elected may have done so in different rounds and from different zxids, and still
 *  follow one leader (ZOOKEEPER-1732, -1805): there the leader and the epoch count, and against a vote of unknown
 *  version only the leader. */
export function sameVote(a: CastVote, b: CastVote): boolean {
  if (a.leader !== b.leader) return false
  if (a.state === 'LOOKING' || b.state === 'LOOKING')
    return a.zxid === b.zxid && a.electionEpoch === b.electionEpoch && a.peerEpoch === b.peerEpoch
  return a.version > 0 !== b.version > 0 || a.peerEpoch === b.peerEpoch
}

/** Those of `voters` whose vote equals `vote`, in their order. */
export function supporters(tally: ReadonlyMap<Sid, CastVote>, vote: CastVote, voters: readonly Sid[]): Sid[] {
  return voters.filter((sid) => {
    const cast = tally.get(sid)
    return cast !== undefined && sameVote(vote, cast)
  })
}
