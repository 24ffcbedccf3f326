/** The AdminServer's commands: a name and its parameters to a page, without HTTP. Source: admin/Commands.java,
 *  JettyAdminServer.java, CommandResponse.java (admin.md section 5). Left out: the 404 of paths outside of commandURL, which
 *  is the host's. */

import { VERSION } from '../config/version.ts'
import { asZxid, counterOf, epochOf } from '../wire/ids.ts'
import type { ClientConnection } from './client-connection.ts'
import { inVersion2 } from './four-letter-words.ts'
import { javaTableOrder } from './java-set-order.ts'
import { type LearnerView, type Monitor, type Serving, syncedObservers } from './monitor.ts'
import type { BufferStats } from './server-stats.ts'
import { double, toJson, type Value } from './value.ts'

/** What goes out over HTTP; `contentType` undefined: none was set. */
export interface AdminAnswer {
  readonly status: number
  readonly contentType: string | undefined
  readonly body: string
}

/** Answers `GET <commandURL>/<name>?<params>`; for `GET <commandURL>` and `GET <commandURL>/` the name is empty and the
 *  answer a list of links. Nothing is asked of who asks: bind it to an address that only friends reach, as ZooKeeper
 *  should be. Never throws, whatever the name and the parameters are.
 *
 *  `replica`: anything with a monitor. `params`: the first value of each parameter. `commandUrl`: admin.commandURL. */
export function adminCommand(
  replica: { readonly monitor: Monitor },
  name: string,
  params: { readonly [name: string]: string } = {},
  commandUrl = '/commands',
): AdminAnswer {
  if (name === '') {
    const links = PRIMARY_NAMES.map((primary) => `<a href="${commandUrl}/${primary}">${primary}</a>\n<br/>\n`)
    return { status: 200, contentType: undefined, body: links.join('') }
  }
  const { monitor } = replica
  // Java dies of a null pointer here, and Jetty shows where.
  if (monitor.serving === undefined && primaryNameOf(name) === 'monitor')
    return { status: 500, contentType: 'text/html;charset=iso-8859-1', body: '<h2>HTTP ERROR 500</h2>\n' }
  return { status: 200, contentType: 'application/json', body: toJson(runCommand(monitor, name, params)) }
}

type Fields = { readonly [key: string]: Value }
type Params = { readonly [name: string]: string }

/** What a command says, `command` and `error` included. */
export function runCommand(monitor: Monitor, name: string, params: Params): Fields {
  const primary = primaryNameOf(name)
  if (primary === undefined) return { command: name, error: `Unknown command: ${name}` }
  const fields = answer(monitor, primary, params)
  if (fields === undefined) return { command: name, error: 'This ZooKeeper instance is not currently serving requests' }
  // An error of the command's own stands where the command has put it.
  return 'error' in fields ? { ...fields, command: primary } : { ...fields, command: primary, error: null }
}

/** undefined: it needs a server that serves, and there is none. */
function answer(monitor: Monitor, primary: string, params: Params): Fields | undefined {
  const { serving } = monitor
  const alone = withoutServing[primary]
  if (alone !== undefined) return alone(monitor, serving, params)
  return serving && whileServing[primary]?.(monitor, serving)
}

const primaryNameOf = (name: string): string | undefined => {
  const primary = ALIASES.get(name) ?? name
  return Object.hasOwn(withoutServing, primary) || Object.hasOwn(whileServing, primary) ? primary : undefined
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['crst', 'connection_stat_reset'],
  ['conf', 'configuration'],
  ['config', 'configuration'],
  ['cons', 'connections'],
  ['env', 'environment'],
  ['envi', 'environment'],
  ['gtmk', 'get_trace_mask'],
  ['icfg', 'initial_configuration'],
  ['isro', 'is_read_only'],
  ['lsnp', 'last_snapshot'],
  ['lead', 'leader'],
  ['mntr', 'monitor'],
  ['orst', 'observer_connection_stat_reset'],
  ['stmk', 'set_trace_mask'],
  ['srvr', 'server_stats'],
  ['stat', 'stats'],
  ['srst', 'stat_reset'],
  ['obsr', 'observers'],
  ['sysp', 'system_properties'],
  ['wchc', 'watches'],
  ['wchp', 'watches_by_path'],
  ['wchs', 'watch_summary'],
])

type Anytime = (monitor: Monitor, serving: Serving | undefined, params: Params) => Fields

/** Answered also while there is no quorum. */
const withoutServing: { readonly [primary: string]: Anytime } = {
  environment: ({ environment }) => Object.fromEntries(environment),
  get_trace_mask: ({ traceMask }) => ({ tracemask: traceMask }),
  set_trace_mask: setTraceMask,
  system_properties({ config }) {
    const properties = config.surroundings?.systemProperties?.() ?? {}
    return Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)))
  },
  monitor(monitor, serving) {
    const fields: { [key: string]: Value } = {}
    if (serving !== undefined)
      monitor.values(serving, (key, value) => {
        fields[key] = value
      })
    return fields
  },
  zabstate: zabState,
}

const whileServing: { readonly [primary: string]: (monitor: Monitor, serving: Serving) => Fields } = {
  configuration,
  connection_stat_reset(monitor) {
    monitor.resetConnectionStats()
    return {}
  },
  connections: ({ connections }) => ({
    connections: [...connections].map((client) => connectionInfo(client, false)),
    secure_connections: [],
  }),
  dirs({ directorySizes: [data, log] }) {
    return { datadir_size: data, logdir_size: log }
  },
  dump: ({ database }, { deadlines }) => ({
    // Only who decides about sessions knows when they expire.
    expiry_time_to_session_ids: Object.fromEntries(
      deadlines.global === undefined ? [] : [...(deadlines.local ?? []), ...deadlines.global],
    ),
    session_id_to_ephemeral_paths: Object.fromEntries(
      database.tree.ephemeralOwners().map(([session, paths]) => [String(session), javaTableOrder(paths)]),
    ),
  }),
  hash: ({ database }) => ({
    digests: database.tree.digestLog.map(({ zxid, digest }) => ({ zxid, digest, digest_version: DIGEST_VERSION })),
  }),
  initial_configuration: ({ config }, { mode }) => ({
    // Java keeps the text only where one server is all there is.
    initial_configuration: mode === 'standalone' ? (config.surroundings?.initialConfig ?? null) : null,
  }),
  is_read_only: (_, { mode }) => ({ read_only: mode === 'read-only' }),
  last_snapshot({ lastSnapshot: [zxid, timestamp] }) {
    return { zxid: BigInt.asUintN(64, zxid).toString(16), timestamp }
  },
  leader({ quorum }, { mode, outlook }) {
    if (outlook === undefined || mode === 'read-only') return { error: 'server is not initialized' }
    const leader = quorum.server(outlook.leader)
    return { is_leader: mode === 'leader', leader_id: outlook.leader, leader_ip: leader?.host ?? '' }
  },
  observer_connection_stat_reset(_, { outlook }) {
    for (const learner of outlook?.leading?.learners ?? []) if (learner.isObserver) learner.resetStats()
    return {}
  },
  observers(_, { outlook }) {
    const observers = outlook?.leading === undefined ? [] : syncedObservers(outlook.leading)
    return { synced_observers: observers.length, observers: observers.map(learnerInfo) }
  },
  ruok: () => ({}),
  server_stats: serverStats,
  stat_reset(_, { stats }) {
    stats.reset()
    return {}
  },
  stats: (monitor, serving) => ({
    ...serverStats(monitor, serving),
    connections: [...monitor.connections].map((client) => connectionInfo(client, true)),
    secure_connections: [],
  }),
  voting_view: votingView,
  watch_summary(_, { watches }) {
    const { connections, paths, total } = watches.summary()
    return { num_connections: connections, num_paths: paths, num_total_watches: total }
  },
  watches: (_, { watches }) => ({
    session_id_to_watched_paths: Object.fromEntries(watches.bySession().map(([id, paths]) => [String(id), paths])),
  }),
  watches_by_path: (_, { watches }) => ({ path_to_session_ids: Object.fromEntries(watches.byPath()) }),
}

const PRIMARY_NAMES = [...Object.keys(withoutServing), ...Object.keys(whileServing)].sort()
const DIGEST_VERSION = 2

// --- commands ----------------------------------------------------------------------------------

function configuration({ config }: Monitor, { mode }: Serving): Fields {
  const { dataDir = '', dataLogDir = dataDir, clientPortListenBacklog = -1 } = config.surroundings ?? {}
  return {
    client_port: config.clientPort,
    data_dir: inVersion2(dataDir),
    data_log_dir: inVersion2(dataLogDir),
    tick_time: config.tickTimeMs,
    max_client_cnxns: config.maxClientCnxns,
    min_session_timeout: config.minSessionTimeoutMs,
    max_session_timeout: config.maxSessionTimeoutMs,
    server_id: mode === 'standalone' ? 0 : config.sid,
    client_port_listen_backlog: clientPortListenBacklog,
  }
}

function connectionInfo(client: ClientConnection, brief: boolean): Fields {
  const { stats } = client
  const info = {
    remote_socket_address: client.address,
    interest_ops: client.interest,
    outstanding_requests: client.outstanding,
    packets_received: stats.packetsReceived,
    packets_sent: stats.packetsSent,
  }
  if (brief) return info
  return {
    ...info,
    session_id: client.session,
    last_operation: stats.lastOperation,
    established: stats.establishedAt,
    session_timeout: client.timeoutMs,
    last_cxid: stats.lastCxid,
    last_zxid: stats.lastZxid,
    last_response_time: stats.lastResponseAt,
    last_latency: stats.lastLatencyMs,
    min_latency: stats.minLatencyMs,
    avg_latency: stats.averageLatencyMs,
    max_latency: stats.maxLatencyMs,
  }
}

const learnerInfo = (learner: LearnerView): Fields => ({
  remote_socket_address: `/${learner.remote}`,
  sid: learner.sid,
  established: learner.establishedAt,
  // Nothing waits for a learner here.
  queued_packets: 0,
  queued_packets_size: 0,
  packets_received: learner.packetsReceived,
  packets_sent: learner.packetsSent,
  requests: learner.requests,
  last_zxid: learner.lastZxid,
})

function serverStats(monitor: Monitor, { mode, stats, outstanding }: Serving): Fields {
  const { tree } = monitor.database
  const [data, log] = monitor.directorySizes
  const { latency } = stats
  return {
    version: VERSION,
    read_only: mode === 'read-only',
    // A Java bean's properties, in whatever order the machine has found them.
    server_stats: {
      packets_sent: stats.packetsSent,
      packets_received: stats.packetsReceived,
      fsync_threshold_exceed_count: 0,
      client_response_stats: bufferStats(stats.clientResponse),
      provider_null: false,
      server_state: mode,
      outstanding_requests: outstanding,
      min_latency: latency.min,
      avg_latency: double(latency.average),
      max_latency: latency.max,
      data_dir_size: data,
      log_dir_size: log,
      last_processed_zxid: tree.lastProcessedZxid,
      num_alive_client_connections: monitor.connections.size,
      uptime: Math.floor(monitor.host.clock.now()) - Math.floor(stats.startedAt),
      auth_failed_count: 0,
      non_mtlsremote_conn_count: 0,
      non_mtlslocal_conn_count: 0,
    },
    client_response: bufferStats(stats.clientResponse),
    ...(mode === 'leader' ? { proposal_stats: bufferStats(stats.proposal) } : {}),
    node_count: tree.nodeCount,
  }
}

const bufferStats = ({ last, min, max }: BufferStats): Fields => ({
  last_buffer_size: last,
  min_buffer_size: min,
  max_buffer_size: max,
})

function setTraceMask(monitor: Monitor, _: Serving | undefined, { traceMask }: Params): Fields {
  if (traceMask === undefined) return { error: 'setTraceMask requires long traceMask argument' }
  const value = /^[+-]?\d+$/.test(traceMask) ? BigInt(traceMask.replace('+', '')) : undefined
  if (value === undefined || value !== BigInt.asIntN(64, value))
    return { error: `setTraceMask requires long traceMask argument, got ${traceMask}` }
  monitor.traceMask = value
  return { tracemask: value }
}

function votingView({ config, quorum }: Monitor, { mode, outlook }: Serving): Fields {
  if (outlook === undefined || mode === 'read-only') return { current_config: {} }
  const voters = quorum.servers.filter(({ type }) => type === 'participant')
  const view = voters.map((server): [string, Value] => {
    const { sid, host, quorumPort, electionPort, clientPort } = server
    // Of the others only what their lines say is known.
    const client =
      clientPort !== undefined
        ? `${server.clientHost ?? '0.0.0.0'}:${clientPort}`
        : sid === config.sid
          ? ownClientAddress(config)
          : ''
    return [
      String(sid),
      {
        server_addresses: [`${delimited(host)}:${quorumPort}`],
        election_addresses: [`${delimited(host)}:${electionPort}`],
        client_address: client,
        learner_type: 'participant',
      },
    ]
  })
  return { current_config: Object.fromEntries(view) }
}

function zabState({ config, database, quorum }: Monitor, serving: Serving | undefined): Fields {
  const own = quorum.server(config.sid)
  if (serving?.outlook === undefined || serving.mode === 'read-only' || own === undefined)
    return { voting: false, zabstate: '' }
  const { lastProcessedZxid } = database.tree
  return {
    myid: config.sid,
    is_leader: serving.mode === 'leader',
    quorum_address: addresses(own.host, own.quorumPort),
    election_address: addresses(own.host, own.electionPort),
    client_address:
      own.clientPort === undefined ? ownClientAddress(config) : `${own.clientHost ?? '0.0.0.0'}:${own.clientPort}`,
    voting: own.type === 'participant',
    last_zxid: `0x${BigInt.asUintN(64, lastProcessedZxid).toString(16)}`,
    zab_epoch: epochOf(asZxid(lastProcessedZxid)),
    zab_counter: counterOf(lastProcessedZxid),
    zabstate: 'broadcast',
  }
}

const ownClientAddress = ({ clientPort, surroundings }: Monitor['config']): string =>
  `${delimited(surroundings?.clientPortAddress ?? '0.0.0.0')}:${clientPort}`

/** MultipleAddresses, as a bean; what can be reached is taken to be all there is. */
function addresses(host: string, port: number): Fields {
  const one = `${delimited(host)}:${port}`
  return {
    empty: false,
    all_addresses: [one],
    all_reachable_addresses: [one],
    one,
    reachable_address: one,
    wildcard_addresses: [`0.0.0.0:${port}`],
    all_ports: [port],
    all_host_strings: [host],
    all_reachable_addresses_or_all: [one],
    reachable_or_one: one,
  }
}

const delimited = (host: string): string => (host.includes(':') ? `[${host}]` : host)
