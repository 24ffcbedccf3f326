/** What one replica must know before it starts; zoo.cfg and the page both end here. Source: QuorumPeerConfig.java. */
import type { Sid } from '../wire/ids.ts'
import type { QuorumVerifier } from './quorum-verifier.ts'
import { ConfigError, type ServerSpec } from './server-spec.ts'

export interface ReplicaConfig {
  readonly sid: Sid
  readonly quorum: QuorumVerifier
  readonly clientPort: number
  /** The unit of the two limits below; the leader pings every half tick. */
  readonly tickTimeMs: number
  /** Ticks for a learner to connect to the leader and to be brought up to date. */
  readonly initLimit: number
  /** Ticks of silence after which the other side of a quorum connection is given up. */
  readonly syncLimit: number
  /** A session asks for a timeout and gets the nearest one between these two. */
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  /** About so many txns are logged between two snapshots. */
  readonly snapCount: number
  /** Committed txns kept in memory to bring learners up to date by DIFF. */
  readonly commitLogCount: number
  /** FastLeaderElection waits this long for a notification, then doubles it up to the maximum. */
  readonly minNotificationIntervalMs: number
  readonly maxNotificationIntervalMs: number
  /** Limit of one attempt to connect to a peer's election port. */
  readonly cnxTimeoutMs: number
  /** Requests in the pipeline above which a server reads no more from its clients. */
  readonly globalOutstandingLimit: number
  /** Connections from one client host; 0: no limit. */
  readonly maxClientCnxns: number
}

/** Fills in ZooKeeper's defaults, but a tick of 2000 ms, as in its sample zoo.cfg. @throws ConfigError */
export function replicaConfig(given: Partial<ReplicaConfig> & Pick<ReplicaConfig, 'sid' | 'quorum'>): ReplicaConfig {
  const self = given.quorum.server(given.sid)
  if (self === undefined) throw new ConfigError(`My id ${given.sid} not in the peer list`)
  const tickTimeMs = given.tickTimeMs ?? 2000
  const config: ReplicaConfig = {
    clientPort: self.clientPort ?? 2181,
    initLimit: 10,
    syncLimit: 5,
    minSessionTimeoutMs: 2 * tickTimeMs,
    maxSessionTimeoutMs: 20 * tickTimeMs,
    snapCount: 100_000,
    commitLogCount: 500,
    minNotificationIntervalMs: 200,
    maxNotificationIntervalMs: 60_000,
    cnxTimeoutMs: 5000,
    globalOutstandingLimit: 1000,
    maxClientCnxns: 60,
    ...given,
    tickTimeMs,
  }
  if (config.minSessionTimeoutMs > config.maxSessionTimeoutMs)
    throw new ConfigError('minSessionTimeout must not be larger than maxSessionTimeout')
  return config
}

/** This replica's own line of the configuration. */
export function ownServer({ sid, quorum }: ReplicaConfig): ServerSpec {
  return quorum.server(sid) as ServerSpec
}
