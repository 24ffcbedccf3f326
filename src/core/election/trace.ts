import type { ServerState } from '../wire/codes.ts'
import type { Sid, Zxid } from '../wire/ids.ts'

/** A vote as the ballot shows it. */
export interface VoteView {
  readonly leader: Sid
  readonly zxid: Zxid
  readonly peerEpoch: number
  readonly electionEpoch: number
}

/** Why one vote beats another or does not; the page words it ("same epoch, same zxid, 3 > 2"). `mine` is the vote held before. */
export type VoteReason =
  | { readonly why: 'initial' } // a round begins with a vote for oneself
  | { readonly why: 'higherEpoch' | 'lowerEpoch' | 'higherZxid' | 'lowerZxid' | 'higherSid' | 'lowerSid' | 'same' }
  | { readonly why: 'newRound' } // the other is in a later round: join it
  | { readonly why: 'oldRound' } // the other is behind: it is told, not counted
  | { readonly why: 'notAVoter' | 'untrusted' | 'zeroWeight' }
  | { readonly why: 'leaderElected' } // from a FOLLOWING or LEADING peer: the ensemble already has a leader
  | { readonly why: 'observer' }

export type ElectionEvent =
  /** lookForLeader begins: logicalclock went up by one. */
  | { readonly kind: 'roundStarted'; readonly round: number }
  /** Joined a later round that another server told of. */
  | { readonly kind: 'roundJoined'; readonly round: number; readonly from: Sid }
  /** Own vote set or changed. `from`: whose notification led to it (own sid for the first). */
  | {
      readonly kind: 'vote'
      readonly vote: VoteView
      readonly from: Sid
      readonly reason: VoteReason
      readonly against?: VoteView
    }
  /** A notification was handled. `counted`: it is in the tally of this round now. */
  | {
      readonly kind: 'notification'
      readonly from: Sid
      readonly state: ServerState
      readonly vote: VoteView
      readonly counted: boolean
      readonly reason: VoteReason
    }
  /** The own vote has a quorum in the tally; 200 ms of silence decide it. */
  | { readonly kind: 'quorumForVote'; readonly leader: Sid; readonly voters: readonly Sid[] }
  /** A better vote came during the finalize wait. */
  | { readonly kind: 'finalizeInterrupted'; readonly by: Sid }
  /** This replica leaves LOOKING. joined: a running ensemble told who leads; else decided by the tally. */
  | {
      readonly kind: 'elected'
      readonly leader: Sid
      readonly round: number
      readonly voters: readonly Sid[]
      readonly joined: boolean
    }
