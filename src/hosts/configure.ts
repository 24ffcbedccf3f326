/** What each server of the virtual ensemble is told at its start, as if by its zoo.cfg. */
import { QuorumVerifier } from '../core/config/quorum-verifier.ts'
import { type ReplicaConfig, replicaConfig } from '../core/config/replica-config.ts'
import type { RunConfig } from './ensemble.ts'
import { CLIENT_PORT, ELECTION_PORT, hostName, QUORUM_PORT } from './names.ts'

/** @throws ConfigError */
export const configureServer = (sid: number, config: RunConfig): ReplicaConfig => {
  const { servers, tickTimeMs, initLimit, syncLimit, snapCount, globalOutstandingLimit } = config
  const specs = Array.from({ length: servers }, (_, index) => ({
    sid: index + 1,
    host: hostName(index + 1),
    quorumPort: QUORUM_PORT,
    electionPort: ELECTION_PORT,
    type: 'participant' as const,
  }))
  const quorum = new QuorumVerifier(specs)
  const timing = { tickTimeMs, initLimit, syncLimit }
  const limit = globalOutstandingLimit === undefined ? {} : { globalOutstandingLimit }
  return replicaConfig({ sid, quorum, clientPort: CLIENT_PORT, ...timing, snapCount, ...limit })
}
