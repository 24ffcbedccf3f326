/** What one replica must know before it starts; zoo.cfg and the page both end here. Source: QuorumPeerConfig.java. */
import type { Sid } from '../wire/ids.ts'
import { MAX_BUFFER } from '../wire/jute.ts'
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
  /** An election is over as soon as every voter but those that have gone has the same vote; absent: ZooKeeper waits 200 ms all
   *  the same, for better votes. (A Java server takes part in it as in any other.) */
  readonly hastyElection?: boolean
  /** A learner tries again after so long when its leader does not listen yet: 100 ms. (leaderConnectDelayDuringRetryMs) */
  readonly leaderConnectDelayMs?: number
  /** Limit of one attempt to connect to a peer's election port. */
  readonly cnxTimeoutMs: number
  /** Requests in the pipeline above which a server reads no more from its clients. */
  readonly globalOutstandingLimit: number
  /** Connections from one client host; 0: no limit. */
  readonly maxClientCnxns: number

  // What follows is ZooKeeper's default where it is absent; the property's own name stands behind it.

  /** Permissions are neither checked for reads nor for writes. (skipACL=yes) */
  readonly skipACL?: boolean
  /** Learner and leader refuse their clients' writes for want of permission before they enter the pipeline. */
  readonly enableEagerACLCheck?: boolean
  /** A client that has not authenticated by one of these schemes may do nothing else. (enforce.auth.enabled, .schemes) */
  readonly enforceAuthSchemes?: readonly string[]
  /** false: the scheme `digest` is unknown. (DigestAuthenticationProvider.enabled) */
  readonly digestAuthEnabled?: boolean
  /** Who proves to be this `user:base64(sha1)` is above all ACLs. (DigestAuthenticationProvider.superDigest) */
  readonly superDigest?: string
  /** Writes beyond a hard limit are refused. (enforceQuota) */
  readonly enforceQuota?: boolean
  /** Znodes with a time to live. (extendedTypesEnabled) */
  readonly extendedTypesEnabled?: boolean
  /** TTL nodes that 3.5.3 has made are known as such; only with extendedTypesEnabled. (emulate353TTLNodes) */
  readonly emulate353TTLNodes?: boolean
  /** false: neither txns nor snapshots carry the tree's digest. (digest.enabled) */
  readonly digestEnabled?: boolean
  /** false: closeSession txns do not list the ephemerals. (closeSessionTxn.enabled) */
  readonly closeSessionTxnEnabled?: boolean
  /** How often the leader looks for containers and TTL nodes to remove: 60,000 ms. (znode.container.checkIntervalMs) */
  readonly containerCheckIntervalMs?: number
  /** It removes so many a minute: 10,000. (znode.container.maxPerMinute) */
  readonly containerMaxPerMinute?: number
  /** A container that never had a child goes after this time; 0, the default: never.
   *  (znode.container.maxNeverUsedIntervalMs) */
  readonly containerMaxNeverUsedIntervalMs?: number

  /** One server alone: no election, no quorum, no epochs. `quorum` may be empty then. */
  readonly standalone?: boolean
  /** New sessions are known to their server alone. (localSessionsEnabled) */
  readonly localSessionsEnabled?: boolean
  /** A local session becomes a global one when it creates an ephemeral. (localSessionsUpgradingEnabled) */
  readonly localSessionsUpgradingEnabled?: boolean
  /** A server that finds no leader serves clients which are content with reading. (readonlymode.enabled) */
  readonly readOnlyMode?: boolean
  /** false: the leader takes no clients. (leaderServes=no) */
  readonly leaderServes?: boolean
  /** Connections in all; 0, the default: no limit. (maxCnxns) */
  readonly maxCnxns?: number
  /** Longest request, 0xfffff: whoever sends a longer one is cut off. (jute.maxbuffer) */
  readonly juteMaxBufferBytes?: number
  /** A request longer than this counts as large; -1, the default: none does. (largeRequestThreshold) */
  readonly largeRequestThresholdBytes?: number
  /** Large requests that may be in the pipeline at a time, 100 MiB. (largeRequestMaxBytes) */
  readonly largeRequestMaxBytes?: number
  /** Requests in the pipeline above which the others wait in front of it; 0, the default: no limit.
   *  (request_throttle_max_requests) */
  readonly requestThrottleMaxRequests?: number
  /** false: what waits in front of the pipeline goes on though its connection has ended. (request_throttle_drop_stale) */
  readonly requestThrottleDropStale?: boolean
  /** false: a request is not stale because its connection has ended. (request_stale_connection_check) */
  readonly requestStaleConnectionCheck?: boolean
  /** A request that has waited longer than its session's timeout is stale. (request_stale_latency_check) */
  readonly requestStaleLatencyCheck?: boolean
  /** What has waited longer in front of the pipeline is refused; 0, the default: nothing is. (throttled_op_wait_time) */
  readonly throttledOpWaitTimeMs?: number
  /** Sessions that may be asked for at a time; 0, the default: no limit. (connection_throttle_tokens) */
  readonly connectionThrottleTokens?: number
  /** Every so many ms, 1, as many more, 1. (connection_throttle_fill_time, connection_throttle_fill_count) */
  readonly connectionThrottleFillTimeMs?: number
  readonly connectionThrottleFillCount?: number

  /** Four-letter words that are answered beside srvr; `*`: all. (4lw.commands.whitelist) */
  readonly fourLetterWords?: readonly string[]
  /** What it tells of its process and its machine when asked. */
  readonly surroundings?: Surroundings

  /** So many whole snapshots stay when a new one is written: 3; 0: all. */
  readonly snapRetainCount?: number
  /** false: an empty disk is that of a server which has lost its data, unless a file `initialize` says that it is new.
   *  (db.autocreate) */
  readonly dbAutocreate?: boolean
  /** Logs without a snapshot are replayed on an empty tree. (snapshot.trust.empty) */
  readonly snapshotTrustEmpty?: boolean

  /** The membership may change while the ensemble runs. */
  readonly reconfigEnabled?: boolean
  /** false: an ensemble may shrink to one server. */
  readonly standaloneEnabled?: boolean
  /** Proposed before the last stop, and not known to be committed: the content of `zoo.cfg.dynamic.next`. */
  readonly lastSeenQuorum?: QuorumVerifier
  /** Where the membership outlives the process; absent: in files on the disk port. */
  readonly dynamicConfig?: DynamicConfigFiles
}

/** What only a host knows, for `conf`, `envi`, `mntr` and the AdminServer. Functions are called whenever somebody asks.
 *  What is absent is left open in the answers, as Java does it (<NA>, -1). */
export interface Surroundings {
  /** Absolute paths, without version-2; the log's when it is another one. */
  readonly dataDir?: string
  readonly dataLogDir?: string
  readonly clientPortAddress?: string
  readonly clientPortListenBacklog?: number
  /** The text of zoo.cfg. */
  readonly initialConfig?: string
  /** `envi`'s values by name: host.name, java.version, os.name, user.dir, os.memory.free … */
  environment?(): { readonly [name: string]: string }
  systemProperties?(): { readonly [name: string]: string }
  /** File descriptors: open ones, and how many there may be. */
  openFiles?(): number
  maxFiles?(): number
}

/** The files beside zoo.cfg. A host that has a zoo.cfg gives this, and reads them at the next start. Each call is done
 *  when it returns; a crash in it leaves the old file or the new one whole. What cannot be written is the host's to tell. */
export interface DynamicConfigFiles {
  /** `zoo.cfg.dynamic.next`: what has been proposed, with its version; undefined: the file goes. */
  next(text: string | undefined): void
  /** `zoo.cfg.dynamic.<version>`, without a version line, and a zoo.cfg that points there (`rewrittenStaticConfig`).
   *  `eraseClientPort`: the configuration names this server's client address, zoo.cfg need not any more. */
  committed(version: string, text: string, eraseClientPort: boolean): void
}

/** zookeeper.extendedTypesEnabled: ids up to here, because a session's id begins with its server's. */
const MAX_EXTENDED_SERVER_ID = 254

/** Fills in ZooKeeper's defaults, but a tick of 2000 ms, as in its sample zoo.cfg. @throws ConfigError */
export function replicaConfig(given: Partial<ReplicaConfig> & Pick<ReplicaConfig, 'sid' | 'quorum'>): ReplicaConfig {
  const self = given.quorum.server(given.sid)
  if (self === undefined && given.standalone !== true) throw new ConfigError(`My id ${given.sid} not in the peer list`)
  const tickTimeMs = given.tickTimeMs ?? 2000
  const config: ReplicaConfig = {
    clientPort: self?.clientPort ?? 2181,
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
  if (config.extendedTypesEnabled === true && config.sid > MAX_EXTENDED_SERVER_ID)
    throw new ConfigError(
      `extendedTypesEnabled is true but Server ID is too large. Cannot be larger than ${MAX_EXTENDED_SERVER_ID}`,
    )
  for (const scheme of config.enforceAuthSchemes ?? [])
    if (scheme !== 'ip' && (scheme !== 'digest' || config.digestAuthEnabled === false))
      throw new ConfigError(`Authentication scheme ${scheme} is not available.`)
  return config
}

/** Longest buffer in a packet between servers, and longest txn in a log: jute.maxbuffer and as much again
 *  (zookeeper.jute.maxbuffer.extrasize). */
export const maxRecordBytes = ({
  juteMaxBufferBytes = MAX_BUFFER,
}: Pick<ReplicaConfig, 'juteMaxBufferBytes'>): number => 2 * juteMaxBufferBytes

/** This replica's own line of the configuration. */
export function ownServer({ sid, quorum }: ReplicaConfig): ServerSpec {
  return quorum.server(sid) as ServerSpec
}
