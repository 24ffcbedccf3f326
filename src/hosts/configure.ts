/** What each server of the virtual ensemble is told at its start, as if by its zoo.cfg. */
import { QuorumVerifier } from '../core/config/quorum-verifier.ts'
import { type ReplicaConfig, replicaConfig } from '../core/config/replica-config.ts'
import type { RunConfig } from './ensemble.ts'
import { CLIENT_PORT, ELECTION_PORT, hostName, QUORUM_PORT } from './names.ts'
import { dataDir, zooCfg } from './server-files.ts'

/** @throws ConfigError */
export const configureServer = (sid: number, config: RunConfig): ReplicaConfig => {
  const { servers, tickTimeMs, initLimit, syncLimit, snapCount, globalOutstandingLimit } = config
  const { observers = [], hierarchy, knobs } = config
  const specs = Array.from({ length: servers }, (_, index) => ({
    sid: index + 1,
    host: hostName(index + 1),
    quorumPort: QUORUM_PORT,
    electionPort: ELECTION_PORT,
    type: observers.includes(index + 1) ? ('observer' as const) : ('participant' as const),
    // An ensemble whose members may change names the client ports with them.
    ...(knobs?.reconfigEnabled === true ? { clientPort: CLIENT_PORT } : {}),
  }))
  const groups = hierarchy && {
    groups: new Map(hierarchy.groups.map((members, index) => [index + 1, members])),
    weights: new Map(Object.entries(hierarchy.weights).map(([voter, weight]) => [Number(voter), weight])),
  }
  const quorum = new QuorumVerifier(specs, 0n, groups)
  const timing = { tickTimeMs, initLimit, syncLimit }
  const limit = globalOutstandingLimit === undefined ? {} : { globalOutstandingLimit }
  // As zkServer.sh takes a zoo.cfg that names one server or none.
  const standalone = servers === 1
  // Four-letter words are there to be tried: 4lw.commands.whitelist=*
  const open = { fourLetterWords: ['*'] }
  const surroundings = { dataDir: dataDir(sid), initialConfig: zooCfg(sid, config) }
  return replicaConfig({
    sid,
    quorum,
    clientPort: CLIENT_PORT,
    ...timing,
    snapCount,
    ...limit,
    standalone,
    ...open,
    surroundings,
    ...knobs,
  })
}
