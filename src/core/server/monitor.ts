/** A server as it can be looked at from outside, by four-letter words and the AdminServer: reading only, but for the
 *  resets of counters and the trace mask. Source: ServerStats.java, ZooKeeperServer.java registerMetrics,
 *  LeaderZooKeeperServer.java, QuorumMetricsUtils.java, Environment.java, ZooTrace.java. */

import type { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { ReplicaConfig } from '../config/replica-config.ts'
import { VERSION } from '../config/version.ts'
import type { Host } from '../host.ts'
import type { Database } from '../storage/database.ts'
import { DIRECTORY, listSnapshots, pathTo } from '../storage/file-names.ts'
import { LIMIT_NODE, QUOTA_ROOT, STATS_NODE } from '../tree/quota.ts'
import type { SessionId, Sid, Zxid } from '../wire/ids.ts'
import { decodeUtf8 } from '../wire/utf8.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientPort } from './client-port.ts'
import type { ServerStats } from './server-stats.ts'
import { double, type Value } from './value.ts'
import type { WatchReport } from './watches.ts'

export type ServerMode = 'leader' | 'follower' | 'observer' | 'standalone' | 'read-only'

/** A role that serves clients. */
export interface Serving {
  readonly mode: ServerMode
  readonly stats: ServerStats
  /** Requests of clients in the pipeline. */
  readonly outstanding: number
  readonly watches: WatchReport
  /** Who is in charge of when sessions expire: the leader, a standalone server, and of local sessions everybody. */
  readonly deadlines: { readonly global?: Deadlines | undefined; readonly local?: Deadlines | undefined }
  readonly outlook: Outlook | undefined
}
/** Sessions by the end of their bucket, in ms of the monotonic clock, earliest first. */
export type Deadlines = readonly (readonly [number, readonly SessionId[]])[]

/** The place in an ensemble; who is alone has none. */
export interface Outlook {
  readonly observing: boolean
  readonly leader: Sid
  readonly leading?: Leading
}
/** What a leader knows of its learners. */
export interface Leading {
  readonly learners: readonly LearnerView[]
  readonly pendingSyncs: number
  /** Of the monotonic clock, in ms. */
  readonly since: number
}
export interface LearnerView {
  readonly sid: Sid
  readonly remote: string
  /** ms since 1970 */
  readonly establishedAt: number
  readonly isObserver: boolean
  readonly isVoter: boolean
  /** Gets every new proposal or commit. */
  readonly isForwarding: boolean
  readonly packetsReceived: number
  readonly packetsSent: number
  readonly requests: number
  /** In the newest packet to it that carried one; -1: none. */
  readonly lastZxid: Zxid
  resetStats(): void
}

/** ZooTrace: which kinds of messages a log would tell. There is no such log here; the mask is kept for who asks. */
const DEFAULT_TRACE_MASK = 306n

export type MonitoredDatabase = Pick<Database, 'tree' | 'sessions'> & { readonly digestMismatches?: number }

export class Monitor {
  readonly host: Host
  readonly config: ReplicaConfig
  readonly database: MonitoredDatabase
  readonly #membership: { readonly committed: QuorumVerifier } | undefined
  readonly #port: ClientPort
  traceMask = DEFAULT_TRACE_MASK

  constructor(
    host: Host,
    config: ReplicaConfig,
    database: MonitoredDatabase,
    port: ClientPort,
    membership: { readonly committed: QuorumVerifier } | undefined,
  ) {
    this.host = host
    this.config = config
    this.database = database
    this.#port = port
    this.#membership = membership
  }

  /** undefined: LOOKING, or not yet ready to serve. */
  get serving(): Serving | undefined {
    return this.#port.serving
  }
  get connections(): ReadonlySet<ClientConnection> {
    return this.#port.connections
  }
  /** Connections by when they end if they stay silent, as `Deadlines`. */
  get connectionDeadlines(): [number, readonly ClientConnection[]][] {
    return this.#port.deadlines
  }
  /** The members now. */
  get quorum(): QuorumVerifier {
    return this.#membership?.committed ?? this.config.quorum
  }
  resetConnectionStats(): void {
    for (const connection of this.connections) connection.stats.reset()
  }

  /** Bytes in version-2: [dataDir, dataLogDir]. 3.8.0 gives each the size of the other (ZOOKEEPER-4704), which shows only
   *  where they are two directories. */
  get directorySizes(): [number, number] {
    const { disk } = this.host
    const { dataDir, dataLogDir = dataDir } = this.config.surroundings ?? {}
    let logs = 0
    let rest = 0
    for (const name of disk.list(DIRECTORY)) {
      const size = disk.size(pathTo(name)) ?? 0
      if (name.startsWith('log.')) logs += size
      else rest += size
    }
    return dataLogDir === dataDir ? [logs + rest, logs + rest] : [logs, rest]
  }

  /** As `envi` lists them. What the host does not know of is <NA>, as in Java. */
  get environment(): [string, string][] {
    const known = this.config.surroundings?.environment?.() ?? {}
    return ENVIRONMENT.map((name) => [name, name === 'zookeeper.version' ? VERSION : (known[name] ?? '<NA>')])
  }

  /** `srvr`'s Mode, the leader's view, and all that `mntr` lists, by name without zk_. */
  values(serving: Serving, put: (key: string, value: Value) => void): void {
    const { outlook, stats } = serving
    put('version', VERSION)
    put('server_state', serving.mode)
    if (outlook !== undefined) {
      const state = serving.mode === 'leader' ? 'leading' : outlook.observing ? 'observing' : 'following'
      put('peer_state', `${state} - broadcast`)
      if (outlook.observing) put('observer_master_id', outlook.leader)
    }
    for (const [key, value] of this.#gauges(serving)) put(key, value)
    this.#quotas(put)
    const { metrics } = stats
    metrics.count.digest_mismatches_count = this.database.digestMismatches ?? 0
    metrics.dump(put)
  }

  /** In the order in which Java's table has them. */
  #gauges({ mode, stats, outstanding, watches, deadlines, outlook }: Serving): [string, Value][] {
    const { tree, sessions } = this.database
    const { openFiles, maxFiles } = this.config.surroundings ?? {}
    const { clientResponse, latency, proposal } = stats
    const leading = outlook?.leading
    const now = this.host.clock.now()
    const since = (start: number): number => Math.floor(now) - Math.floor(start)
    let localSessions = 0
    for (const [, ids] of deadlines.local ?? []) localSessions += ids.length
    const leader = <T extends Value>(key: string, value: T | undefined): [string, Value][] =>
      value === undefined ? [] : [[key, value]]
    const forwarding = leading?.learners.filter(({ isForwarding, isObserver }) => isForwarding && !isObserver)
    return [
      ['ephemerals_count', tree.ephemeralsCount],
      ['num_alive_connections', this.connections.size],
      ['avg_latency', double(latency.average)],
      ...leader('min_proposal_size', leading && proposal.min),
      ['outstanding_requests', outstanding],
      ['znode_count', tree.nodeCount],
      ['global_sessions', sessions.size],
      ['non_mtls_remote_conn_count', 0],
      ['last_client_response_size', clientResponse.last],
      ['packets_sent', stats.packetsSent],
      ['packets_received', stats.packetsReceived],
      ...leader('max_proposal_size', leading && proposal.max),
      ['max_client_response_size', clientResponse.max],
      ...leader('synced_followers', forwarding?.length),
      ['connection_drop_probability', double(0)],
      ['watch_count', watches.all],
      ...leader('synced_non_voting_followers', forwarding?.filter(({ isVoter }) => !isVoter).length),
      ...leader('synced_observers', leading && syncedObservers(leading).length),
      ['auth_failed_count', 0],
      ['min_latency', latency.min],
      ['max_file_descriptor_count', maxFiles?.() ?? -1],
      ['approximate_data_size', tree.approximateDataSize],
      ['open_file_descriptor_count', openFiles?.() ?? -1],
      ...leader('last_proposal_size', leading && proposal.last),
      ...leader('pending_syncs', leading?.pendingSyncs),
      ...leader('leader_uptime', leading && since(leading.since)),
      ['local_sessions', localSessions],
      ['uptime', since(stats.startedAt)],
      ['max_latency', latency.max],
      ['outstanding_tls_handshake', 0],
      ...leader('learners', leading?.learners.length),
      ['min_client_response_size', clientResponse.min],
      ['non_mtls_local_conn_count', 0],
      ...(outlook === undefined || mode === 'read-only' ? [] : leader('quorum_size', this.quorum.voters.length)),
    ]
  }

  /** What quotas allow and what is used of them, added up by the first name of the path (QuotaMetricsUtils.java). */
  #quotas(put: (key: string, value: Value) => void): void {
    const { tree } = this.database
    const sums = new Map<string, number>()
    const add = (key: string, value: number): void => {
      sums.set(key, (sums.get(key) ?? 0) + value)
    }
    const visit = (path: string): void => {
      const names = tree.children(path)
      for (const name of names) visit(`${path}/${name}`)
      const data = tree.data(path)
      const namespace = path.slice(QUOTA_ROOT.length + 1).split('/')[0]
      if (names.length > 0 || data === undefined || data === null) return
      const text = decodeUtf8(data)
      const of = (key: string): number => Number(new RegExp(`(?:^|[,;=])${key}=(-?\\d+)`).exec(text)?.[1] ?? -1)
      if (path.endsWith(`/${LIMIT_NODE}`)) {
        add(`${namespace}_quota_bytes_limit`, of('byteHardLimit') > -1 ? of('byteHardLimit') : of('bytes'))
        add(`${namespace}_quota_count_limit`, of('countHardLimit') > -1 ? of('countHardLimit') : of('count'))
      } else if (path.endsWith(`/${STATS_NODE}`)) {
        add(`${namespace}_quota_count_usage`, of('count'))
        add(`${namespace}_quota_bytes_usage`, of('bytes'))
      }
    }
    visit(QUOTA_ROOT)
    for (const kind of ['bytes_limit', 'count_usage', 'count_limit', 'bytes_usage'])
      for (const [key, value] of sums) if (key.endsWith(`_quota_${kind}`)) put(`${key}_per_namespace`, value)
  }

  /** [zxid, seconds since 1970] of the newest snapshot. The disk port knows no times: 0, as 3.8.0 says of a snapshot that
   *  has come from the leader. */
  get lastSnapshot(): [bigint, number] {
    return [listSnapshots(this.host.disk).at(-1)?.zxid ?? -1n, 0]
  }
}

export const syncedObservers = ({ learners }: Leading): LearnerView[] =>
  learners.filter(({ isForwarding, isObserver }) => isForwarding && isObserver)

const ENVIRONMENT = [
  'zookeeper.version',
  'host.name',
  'java.version',
  'java.vendor',
  'java.home',
  'java.class.path',
  'java.library.path',
  'java.io.tmpdir',
  'java.compiler',
  'os.name',
  'os.arch',
  'os.version',
  'user.name',
  'user.home',
  'user.dir',
  'os.memory.free',
  'os.memory.max',
  'os.memory.total',
] as const
