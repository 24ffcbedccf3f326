/** How a leader brings a learner up to date: DIFF, TRUNC or SNAP.
 *  Source: LearnerHandler.java syncFollower and queueCommittedProposals (zab.md section 7). Left out: reading
 *  proposals from log files on disk (rule 5), which real ensembles of this size do not reach either and which has
 *  sent holes (ZOOKEEPER-2846); such a learner gets a SNAP. */
import { counterOf, epochOf, type Zxid } from '../wire/ids.ts'
import type { SyncReason } from './trace.ts'

export interface CommittedProposal {
  readonly zxid: Zxid
  /** Header, txn, digest as in the log. */
  readonly bytes: Uint8Array
}

export type SyncDecision =
  | {
      readonly mode: 'DIFF' | 'TRUNC'
      /** DIFF: what the learner will have reached; TRUNC: where it cuts its log. */
      readonly zxid: Zxid
      /** Sent as PROPOSAL and COMMIT pairs, in order. */
      readonly proposals: readonly CommittedProposal[]
      readonly reason: SyncReason
    }
  | { readonly mode: 'SNAP'; readonly reason: SyncReason }

/** @param peer the learner's last logged zxid, from ACKEPOCH
 *  @param head the leader's newest applied zxid
 *  @param window the leader's newest committed proposals, ascending, without a hole, ending at `head`; may be empty */
export function decideSync(peer: Zxid, head: Zxid, window: readonly CommittedProposal[]): SyncDecision {
  // (e,0) is no record: it stands for "joined epoch e, nothing written in it yet".
  const newEpochPeer = counterOf(peer) === 0
  if (peer === head) return { mode: 'DIFF', zxid: head, proposals: [], reason: 'same' }
  const min = window[0]?.zxid ?? head
  const max = window.at(-1)?.zxid ?? head
  // A tail of a later epoch need not begin where our history ends: its leader may have had less of the epoch before. Java's
  // leader sends TRUNC there too, and a learner that lacks the record it names is left with a hole.
  const sameEpoch = epochOf(peer) === epochOf(max)
  if (peer > max && !newEpochPeer && sameEpoch)
    return { mode: 'TRUNC', zxid: max, proposals: [], reason: 'aheadOfLeader' }
  if (peer < min) return { mode: 'SNAP', reason: 'tooFarBehind' }
  if (peer > max) return { mode: 'SNAP', reason: 'otherHistory' }

  // min <= peer <= max: the numeric range alone proves nothing (ZOOKEEPER-1154); its record must be on our chain.
  const following = window.findIndex((proposal) => proposal.zxid > peer)
  const proposals = following === -1 ? [] : window.slice(following)
  const before = window[(following === -1 ? window.length : following) - 1]
  if (before?.zxid === peer || newEpochPeer) return { mode: 'DIFF', zxid: max, proposals, reason: 'inWindow' }
  const first = proposals[0]
  if (before === undefined || first === undefined) return { mode: 'SNAP', reason: 'otherHistory' }
  // A learner cannot be asked to cut across an epoch: it need not have the record we would name.
  if (epochOf(first.zxid) !== epochOf(peer)) return { mode: 'SNAP', reason: 'diverged' }
  return { mode: 'TRUNC', zxid: before.zxid, proposals, reason: 'diverged' }
}
