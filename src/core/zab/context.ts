/** What a role (leader or learner) gets from the replica it belongs to, and how it gives it back. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host } from '../host.ts'
import type { ClientPort } from '../server/client-port.ts'
import type { Database } from '../storage/database.ts'

export interface RoleContext {
  readonly host: Host
  readonly config: ReplicaConfig
  readonly database: Database
  /** Where clients come in while the role serves them. */
  readonly clientPort: ClientPort
  /** The epoch is established: the advertised vote carries it from now on (QuorumPeer.updateElectionVote). */
  establishedEpoch(epoch: number): void
  /** The role is over: it has stopped everything it had started. The replica goes back to LOOKING. */
  ended(reason: string): void
  /** The replica can keep no promise any more (its disk failed): it stops for good. */
  halt(reason: string): void
}
