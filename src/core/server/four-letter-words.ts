/** The words that take the place of a first frame's length, and their answers, to the letter. Source: FourLetterCommands.java,
 *  the classes in server/command, ZooKeeperServer.java dumpConf, ExpiryQueue.java dump, WatchManager.java (admin.md section 4). */
import { dateText } from '../cli/java.ts'
import { ownServer } from '../config/replica-config.ts'
import { VERSION } from '../config/version.ts'
import { bareHex64 } from '../wire/ids.ts'
import { Reader } from '../wire/jute.ts'
import { encodedUtf8 } from '../wire/utf8.ts'
import type { ClientConnection } from './client-connection.ts'
import { javaTableOrder } from './java-set-order.ts'
import type { Monitor, Serving } from './monitor.ts'
import { double, type Value } from './value.ts'

const NAMES = [
  ...['conf', 'cons', 'crst', 'dirs', 'dump', 'envi', 'gtmk', 'hash', 'isro', 'mntr'],
  ...['ruok', 'srst', 'srvr', 'stat', 'stmk', 'wchc', 'wchp', 'wchs'],
]
/** What telnet sends when it closes; known so that a log would not complain. */
const TELNET_CLOSE = 'telnet close'

/** By the int that they are when taken for a length. */
const words: ReadonlyMap<number, string> = new Map([
  ...NAMES.map((name): [number, string] => [new Reader(encodedUtf8(name)).int(), name]),
  [0xfff4fffd | 0, TELNET_CLOSE],
])

/** undefined: it is a length. */
export const wordOf = (length: number): string | undefined => words.get(length)

/** Bytes that belong to a word. */
export const argumentSizeOf = (word: string): number => (word === 'stmk' ? 8 : 0)

/** 4lw.commands.whitelist: `*` stands for all; srvr always answers, and isro where clients look for a read-write server. */
export function isAllowedWord(word: string, { config }: Monitor): boolean {
  if (word === 'srvr' || (word === 'isro' && config.readOnlyMode === true)) return true
  const allowed = config.fourLetterWords ?? []
  return allowed.includes('*') || allowed.includes(word)
}

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests'

/** The answer, the end of its last line included where it has one. undefined: none, the connection just ends.
 *  `argument`: `argumentSizeOf(word)` bytes. */
export function answerWord(word: string, monitor: Monitor, argument: Uint8Array): string | undefined {
  if (!isAllowedWord(word, monitor)) return `${word} is not executed because it is not in the whitelist.\n`
  const { serving } = monitor
  switch (word) {
    case 'ruok':
      return 'imok'
    case 'isro':
      return serving === undefined ? 'null' : serving.mode === 'read-only' ? 'ro' : 'rw'
    case 'envi':
      return lines(['Environment:', ...monitor.environment.map(([key, value]) => `${key}=${value}`)])
    case 'gtmk':
      return String(monitor.traceMask)
    case 'stmk':
      monitor.traceMask = new Reader(argument).long()
      return String(monitor.traceMask)
    case TELNET_CLOSE:
      return undefined
  }
  if (serving === undefined) return word === 'hash' ? NOT_SERVING : `${NOT_SERVING}\n`
  return answers[word]?.(monitor, serving)
}

const answers: { readonly [word: string]: (monitor: Monitor, serving: Serving) => string } = {
  conf: configuration,
  cons: (monitor) => lines([...[...monitor.connections].map((client) => connectionLine(client, false)), '']),
  crst(monitor) {
    monitor.resetConnectionStats()
    return 'Connection stats reset.\n'
  },
  dirs(monitor) {
    const [data, log] = monitor.directorySizes
    return lines([`datadir_size: ${data}`, `logdir_size: ${log}`])
  },
  dump,
  hash: ({ database }) =>
    lines(database.tree.digestLog.map(({ zxid, digest }) => `${bareHex64(zxid)}: ${BigInt.asIntN(64, digest)}`)),
  mntr(monitor, serving) {
    const out: string[] = []
    monitor.values(serving, (key, value) => out.push(`zk_${key}\t${shown(value)}`))
    return lines(out)
  },
  srst(_, { stats }) {
    // The AdminServer's command of that name forgets less.
    stats.proposal.reset()
    stats.reset()
    return 'Server stats reset.\n'
  },
  srvr: (monitor, serving) => status(monitor, serving, []),
  stat: (monitor, serving) =>
    status(monitor, serving, [
      'Clients:',
      ...[...monitor.connections].map((client) => connectionLine(client, true)),
      '',
    ]),
  wchc: (_, { watches }) =>
    lines([...watches.bySession().flatMap(([id, paths]) => [hex(id), ...paths.map(tabbed)]), '']),
  wchp: (_, { watches }) =>
    lines([...watches.byPath().flatMap(([path, ids]) => [path, ...ids.map(hex).map(tabbed)]), '']),
  wchs(_, { watches }) {
    const { connections, paths, total } = watches.summary()
    return lines([`${connections} connections watching ${paths} paths`, `Total watches:${total}`])
  },
}

// --- srvr, stat, cons --------------------------------------------------------------------------

function status({ connections, database }: Monitor, { mode, stats, outstanding }: Serving, clients: string[]): string {
  const { latency, proposal } = stats
  const { tree } = database
  return lines([
    `Zookeeper version: ${VERSION}`,
    ...(mode === 'read-only' ? ['READ-ONLY mode; serving only read-only clients'] : []),
    ...clients,
    `Latency min/avg/max: ${latency.min}/${double(latency.average)}/${latency.max}`,
    `Received: ${stats.packetsReceived}`,
    `Sent: ${stats.packetsSent}`,
    `Connections: ${connections.size}`,
    `Outstanding: ${outstanding}`,
    `Zxid: ${hex(tree.lastProcessedZxid)}`,
    `Mode: ${mode}`,
    `Node count: ${tree.nodeCount}`,
    ...(mode === 'leader' ? [`Proposal sizes last/min/max: ${proposal.last}/${proposal.min}/${proposal.max}`] : []),
  ])
}

function connectionLine(client: ClientConnection, brief: boolean): string {
  const { stats, session } = client
  const fields = [`queued=${client.outstanding}`, `recved=${stats.packetsReceived}`, `sent=${stats.packetsSent}`]
  if (!brief && session !== 0n) {
    fields.push(`sid=${hex(session)}`, `lop=${stats.lastOperation}`, `est=${stats.establishedAt}`)
    fields.push(`to=${client.timeoutMs}`)
    if (stats.lastCxid >= 0) fields.push(`lcxid=0x${stats.lastCxid.toString(16)}`)
    fields.push(`lzxid=${hex(stats.lastZxid)}`, `lresp=${stats.lastResponseAt}`, `llat=${stats.lastLatencyMs}`)
    fields.push(`minlat=${stats.minLatencyMs}`, `avglat=${stats.averageLatencyMs}`, `maxlat=${stats.maxLatencyMs}`)
  }
  return ` /${client.address}[${client.interest.toString(16)}](${fields.join(',')})`
}

// --- conf --------------------------------------------------------------------------------------

function configuration(monitor: Monitor, { mode }: Serving): string {
  const { config, quorum } = monitor
  const { dataDir = '', dataLogDir = dataDir, clientPortListenBacklog = -1 } = config.surroundings ?? {}
  const [dataSize, logSize] = monitor.directorySizes
  const all = [
    `clientPort=${config.clientPort}`,
    'secureClientPort=-1',
    `dataDir=${inVersion2(dataDir)}`,
    `dataDirSize=${dataSize}`,
    `dataLogDir=${inVersion2(dataLogDir)}`,
    `dataLogSize=${logSize}`,
    `tickTime=${config.tickTimeMs}`,
    `maxClientCnxns=${config.maxClientCnxns}`,
    `minSessionTimeout=${config.minSessionTimeoutMs}`,
    `maxSessionTimeout=${config.maxSessionTimeoutMs}`,
    `clientPortListenBacklog=${clientPortListenBacklog}`,
    `serverId=${mode === 'standalone' ? 0 : config.sid}`,
  ]
  if (mode === 'standalone') return lines(all)
  const own = quorum.server(config.sid) ?? ownServer(config)
  all.push(`initLimit=${config.initLimit}`, `syncLimit=${config.syncLimit}`, 'electionAlg=3')
  all.push(`electionPort=${own.electionPort}`, `quorumPort=${own.quorumPort}`)
  all.push(`peerType=${own.type === 'observer' ? 1 : 0}`)
  return mode === 'read-only' ? lines(all) : `${lines(all)}membership: \n${quorum.toString()}`
}

/** `/var/lib/zookeeper` → `/var/lib/zookeeper/version-2` */
export const inVersion2 = (directory: string): string => (directory === '' ? 'version-2' : `${directory}/version-2`)

// --- dump --------------------------------------------------------------------------------------

function dump(monitor: Monitor, { deadlines }: Serving): string {
  const { host, database } = monitor
  const dates = datesOf(host.clock.wallTime(), host.clock.now())
  const out = ['SessionTracker dump:']
  if (deadlines.local !== undefined) out.push(...sets('Local Session Sets', deadlines.local, dates, hex))
  if (deadlines.global !== undefined) {
    const name = deadlines.local === undefined ? 'Session Sets' : 'Global Session Sets'
    out.push(...sets(name, deadlines.global, dates, hex))
  } else {
    out.push(`Global Sessions(${database.sessions.size}):`)
    const sorted = [...database.sessions].sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [session, timeoutMs] of sorted) out.push(`${hex(session)}\t${timeoutMs}ms`)
  }
  const owners = database.tree.ephemeralOwners()
  out.push('ephemeral nodes dump:', `Sessions with Ephemerals (${owners.length}):`)
  for (const [session, paths] of owners) out.push(`${hex(session)}:`, ...javaTableOrder(paths).map(tabbed))
  out.push('Connections dump:')
  const shownConnection = (client: ClientConnection): string =>
    `ip: /${client.address} sessionId: ${hex(client.session)}`
  out.push(...sets('Connections Sets', monitor.connectionDeadlines, dates, shownConnection))
  return lines(out)
}

function sets<T>(
  name: string,
  buckets: readonly (readonly [number, readonly T[]])[],
  dates: (at: number) => string,
  text: (element: T) => string,
): string[] {
  const count = buckets.reduce((sum, [, elements]) => sum + elements.length, 0)
  return [
    `${name} (${buckets.length})/(${count}):`,
    ...buckets.flatMap(([at, elements]) => [
      `${elements.length} expire at ${dates(at)}:`,
      ...elements.map(text).map(tabbed),
    ]),
  ]
}

/** Times of the monotonic clock as dates. */
const datesOf = (wallTimeMs: number, nowMs: number) => (at: number) =>
  dateText(BigInt(wallTimeMs + at - Math.floor(nowMs)))

// --- helpers -----------------------------------------------------------------------------------

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')
const tabbed = (text: string): string => `\t${text}`
/** As Long.toHexString. */
const hex = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`
const shown = (value: Value): string => (value === null ? 'null' : value.toString())
