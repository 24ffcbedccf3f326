/** The keys of zoo.cfg, and the system properties that a replica knows (admin.md section 1). */
import type { ReplicaConfig } from './replica-config.ts'

type FieldOf<T> = {
  [key in keyof ReplicaConfig]-?: ReplicaConfig[key] extends T | undefined ? key : never
}[keyof ReplicaConfig]

/** Field, property, ZooKeeper's default (which also stands in for what is no number). */
export const NUMBERS: readonly (readonly [FieldOf<number>, string, number])[] = [
  ['snapCount', 'zookeeper.snapCount', 100_000],
  ['commitLogCount', 'zookeeper.commitLogCount', 500],
  ['leaderConnectDelayMs', 'zookeeper.leaderConnectDelayDuringRetryMs', 100],
  ['minNotificationIntervalMs', 'zookeeper.fastleader.minNotificationInterval', 200],
  ['maxNotificationIntervalMs', 'zookeeper.fastleader.maxNotificationInterval', 60_000],
  ['cnxTimeoutMs', 'zookeeper.cnxTimeout', 5000],
  ['globalOutstandingLimit', 'zookeeper.globalOutstandingLimit', 1000],
  ['maxCnxns', 'zookeeper.maxCnxns', 0],
  ['juteMaxBufferBytes', 'jute.maxbuffer', 0xfffff],
  ['largeRequestThresholdBytes', 'zookeeper.largeRequestThreshold', -1],
  ['largeRequestMaxBytes', 'zookeeper.largeRequestMaxBytes', 100 * 1024 * 1024],
  ['requestThrottleMaxRequests', 'zookeeper.request_throttle_max_requests', 0],
  ['throttledOpWaitTimeMs', 'zookeeper.throttled_op_wait_time', 0],
  ['connectionThrottleTokens', 'zookeeper.connection_throttle_tokens', 0],
  ['connectionThrottleFillTimeMs', 'zookeeper.connection_throttle_fill_time', 1],
  ['connectionThrottleFillCount', 'zookeeper.connection_throttle_fill_count', 1],
  ['containerCheckIntervalMs', 'znode.container.checkIntervalMs', 60_000],
  ['containerMaxPerMinute', 'znode.container.maxPerMinute', 10_000],
  ['containerMaxNeverUsedIntervalMs', 'znode.container.maxNeverUsedIntervalMs', 0],
]
export const FLAGS: readonly (readonly [FieldOf<boolean>, string, boolean])[] = [
  ['enableEagerACLCheck', 'zookeeper.enableEagerACLCheck', false],
  ['digestAuthEnabled', 'zookeeper.DigestAuthenticationProvider.enabled', true],
  ['enforceQuota', 'zookeeper.enforceQuota', false],
  ['extendedTypesEnabled', 'zookeeper.extendedTypesEnabled', false],
  ['emulate353TTLNodes', 'zookeeper.emulate353TTLNodes', false],
  ['digestEnabled', 'zookeeper.digest.enabled', true],
  ['closeSessionTxnEnabled', 'zookeeper.closeSessionTxn.enabled', true],
  ['readOnlyMode', 'readonlymode.enabled', false],
  ['dbAutocreate', 'zookeeper.db.autocreate', true],
  ['snapshotTrustEmpty', 'zookeeper.snapshot.trust.empty', false],
  ['requestThrottleDropStale', 'zookeeper.request_throttle_drop_stale', true],
  ['requestStaleConnectionCheck', 'zookeeper.request_stale_connection_check', true],
  ['requestStaleLatencyCheck', 'zookeeper.request_stale_latency_check', false],
]

/** Lines of zoo.cfg that do not become system properties. */
const OWN_KEYS = new Set([
  ...['dataDir', 'dataLogDir', 'clientPort', 'clientPortAddress', 'clientPortListenBacklog', 'tickTime', 'initLimit'],
  ...['syncLimit', 'maxClientCnxns', 'minSessionTimeout', 'maxSessionTimeout', 'electionAlg', 'quorumListenOnAllIPs'],
  ...['peerType', 'localSessionsEnabled', 'localSessionsUpgradingEnabled', 'dynamicConfigFile', 'standaloneEnabled'],
  ...['reconfigEnabled', 'autopurge.snapRetainCount', 'autopurge.purgeInterval'],
  // Without a meaning here:
  ...[
    'secureClientPort',
    'secureClientPortAddress',
    'observerMasterPort',
    'connectToLearnerMasterLimit',
    'syncEnabled',
  ],
  ...['sslQuorum', 'portUnification', 'sslQuorumReloadCertFiles', 'quorum.cnxn.threads.size', 'oraclePath'],
  ...['jvm.pause.monitor', 'jvm.pause.sleep.time.ms', 'jvm.pause.warn-threshold.ms', 'jvm.pause.info-threshold.ms'],
  ...['quorum.auth.enableSasl', 'quorum.auth.serverRequireSasl', 'quorum.auth.learnerRequireSasl'],
  ...['quorum.auth.learner.saslLoginContext', 'quorum.auth.server.saslLoginContext'],
  ...['quorum.auth.kerberos.servicePrincipal', 'multiAddress.enabled', 'multiAddress.reachabilityCheckTimeoutMs'],
  'multiAddress.reachabilityCheckEnabled',
])
export const isOwnKey = (key: string): boolean => OWN_KEYS.has(key) || key.startsWith('metricsProvider.')
/** Who takes part; may stand in a file of its own. */
export const isMembership = (key: string): boolean => /^(server|group|weight)\.|^version$/.test(key)
