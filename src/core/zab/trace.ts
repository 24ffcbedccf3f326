import type { SessionId, Sid, Zxid } from '../wire/ids.ts'

/** Why the leader chose a way of synchronization; `zab.md` section 7. */
export type SyncReason =
  | 'same' // the learner has exactly the leader's last zxid
  | 'inWindow' // its zxid is in the committed log: what follows is sent
  | 'aheadOfLeader' // it has what this leader never committed: cut
  | 'diverged' // its zxid is within the range but not on the chain: cut back to the last common one
  | 'tooFarBehind' // older than the committed log
  | 'otherHistory' // another epoch's tail, which cannot be cut exactly

export type ZabState = 'ELECTION' | 'DISCOVERY' | 'SYNCHRONIZATION' | 'BROADCAST'

export type ZabEvent =
  | { readonly kind: 'zabState'; readonly to: ZabState }
  /** Leader: a quorum of FOLLOWERINFO fixed the new epoch. */
  | { readonly kind: 'epochProposed'; readonly epoch: number; readonly from: readonly Sid[] }
  /** acceptedEpoch is durable. */
  | { readonly kind: 'epochAccepted'; readonly epoch: number }
  /** currentEpoch is durable. */
  | { readonly kind: 'epochCurrent'; readonly epoch: number }
  /** Leader decided how `peer` is brought up to date. `to`: the zxid it will reach by the sync packets. */
  | {
      readonly kind: 'syncStart'
      readonly peer: Sid
      readonly mode: 'DIFF' | 'TRUNC' | 'SNAP'
      readonly peerZxid: Zxid
      readonly to: Zxid
      readonly proposals: number
      readonly reason: SyncReason
    }
  /** Learner took the leader's word for how. */
  | { readonly kind: 'syncReceived'; readonly mode: 'DIFF' | 'TRUNC' | 'SNAP'; readonly zxid: Zxid }
  /** The learner's own files and tree were cut back to `zxid`. */
  | { readonly kind: 'truncated'; readonly zxid: Zxid }
  /** The learner's tree was replaced by the leader's snapshot (the tree follows as treeLoaded). */
  | { readonly kind: 'snapInstalled'; readonly zxid: Zxid }
  | { readonly kind: 'newLeaderAck'; readonly epoch: number; readonly zxid: Zxid }
  /** Leader: a quorum has ACKed NEWLEADER. */
  | { readonly kind: 'established'; readonly epoch: number; readonly zxid: Zxid; readonly ackers: readonly Sid[] }
  /** Opens to clients. */
  | { readonly kind: 'serving'; readonly zxid: Zxid }
  | { readonly kind: 'stopServing'; readonly reason: string }
  /** Leader assigned the zxid and sends PROPOSAL. */
  | {
      readonly kind: 'proposed'
      readonly zxid: Zxid
      readonly type: string
      readonly path?: string
      readonly session: SessionId
      readonly cxid: number
    }
  /** Leader counted an ACK (its own when its disk is done). */
  | { readonly kind: 'ackCounted'; readonly zxid: Zxid; readonly from: Sid; readonly acks: number }
  /** Leader decided: a quorum has it on disk. */
  | { readonly kind: 'committed'; readonly zxid: Zxid; readonly ackers: readonly Sid[] }
  /** Leader lost touch with a learner, or refused it. */
  | { readonly kind: 'learnerLost'; readonly peer: Sid; readonly reason: string }
  /** Leader has this learner in BROADCAST. */
  | { readonly kind: 'learnerSynced'; readonly peer: Sid }
