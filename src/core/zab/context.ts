/** What a role (leader or learner) gets from the replica it belongs to, and how it gives it back. */
import type { Membership } from '../config/membership.ts'
import type { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host } from '../host.ts'
import type { ClientPort } from '../server/client-port.ts'
import type { Database } from '../storage/database.ts'
import type { Sid, Zxid } from '../wire/ids.ts'

export interface RoleContext {
  readonly host: Host
  readonly config: ReplicaConfig
  /** Who takes part, now and perhaps soon. */
  readonly membership: Membership
  readonly database: Database
  /** Where clients come in while the role serves them. */
  readonly clientPort: ClientPort
  /** A membership was proposed: what comes after it needs its quorum too (QuorumPeer.setLastSeenQuorumVerifier). */
  propose(quorum: QuorumVerifier): void
  /** A membership is in force (QuorumPeer.processReconfig). `designated`: who leads from now on, and from which zxid.
   *  True: this server has another role or another leader now, and the present role must end. */
  reconfigure(quorum: QuorumVerifier, designated?: { readonly leader: Sid; readonly zxid: Zxid }): boolean
  /** The epoch is established: the advertised vote carries it from now on (QuorumPeer.updateElectionVote). */
  establishedEpoch(epoch: number): void
  /** The role is over: it has stopped everything it had started. The replica goes back to LOOKING. */
  ended(reason: string): void
  /** The replica can keep no promise any more (its disk failed): it stops for good. */
  halt(reason: string): void
}
