/** What one server is started with: a zoo.cfg, unchanged, and the system properties that people give the JVM.
 *  Source: QuorumPeerConfig.java, ServerConfig.java, QuorumPeerMain.java (admin.md sections 1 and 2).
 *  Left out: TLS, SASL, several addresses for one server, the oracle, metrics providers. */
import type { Sid } from '../wire/ids.ts'
import { readJavaProperties } from './java-properties.ts'
import { FLAGS, isMembership, isOwnKey, NUMBERS } from './known-keys.ts'
import { Properties } from './properties.ts'
import { QuorumVerifier } from './quorum-verifier.ts'
import { type ReplicaConfig, replicaConfig } from './replica-config.ts'
import { ConfigError } from './server-spec.ts'

export interface ServerSettings {
  readonly replica: ReplicaConfig
  /** Snapshots, epochs, myid. */
  readonly dataDir: string
  /** Txn logs. */
  readonly dataLogDir: string
  /** The local address of the client port; undefined: all. */
  readonly clientHost: string | undefined
  /** Connections that wait to be accepted; -1: what the system likes. */
  readonly clientPortListenBacklog: number
  /** Quorum and election port on all addresses, not only on the one that the servers' list names. */
  readonly quorumListenOnAllIPs: boolean
  /** zookeeper.forceSync. */
  readonly forceSync: boolean
  /** zookeeper.preAllocSize, in bytes: by so much a log grows in advance. */
  readonly preAllocBytes: number
  /** zookeeper.datadir.autocreate: directories that are missing are made. */
  readonly createDirectories: boolean
  readonly purge: {
    /** So many snapshots stay. */
    readonly keep: number
    /** 0: never. */
    readonly everyMs: number
  }
  readonly admin: {
    readonly enabled: boolean
    readonly port: number
    readonly host: string
    readonly commandUrl: string
    readonly idleTimeoutMs: number
  }
  /** The members stand in a file of their own (dynamicConfigFile). */
  readonly hasDynamicFile: boolean
  /** All properties that are set, for AdminServer's `system_properties`. */
  readonly properties: ReadonlyMap<string, string>
  /** zoo.cfg as it was read, for AdminServer's `initial_configuration`; empty without one. */
  readonly initialConfig: string
  /** What a person should be told: settings without a meaning here, by name, and what ZooKeeper warns of. */
  readonly warnings: readonly string[]
}

/** What else a configuration speaks of. */
export interface CfgFiles {
  /** Where zoo.cfg lies, as it was given. */
  readonly path: string
  /** The text of a file, a character for each byte; undefined when there is none. */
  readonly readFile: (path: string) => string | undefined
  /** `-Dname=value`. */
  readonly properties: ReadonlyMap<string, string>
}

const MIN_SNAP_RETAIN_COUNT = 3
const MIN_COMMIT_LOG_COUNT = 500
const HOUR_MS = 3_600_000
/** ZooKeeper's is 65536, which all have to read that are killed. */
const PRE_ALLOC_KB = 4096
/** What ZooKeeper takes for the id of a standalone server in its session ids. */
const STANDALONE_SID = 1

/** `text`: each character a byte of ISO 8859-1. @throws ConfigError with ZooKeeper's sentence */
export function readZooCfg(text: string, files: CfgFiles): ServerSettings {
  const cfg = readJavaProperties(text)
  return new Draft(cfg, files).settings(text)
}

/** `port datadir [ticktime] [maxcnxns]`: a standalone server without a zoo.cfg. @throws ConfigError */
export function readArguments(args: readonly string[], properties: ReadonlyMap<string, string>): ServerSettings {
  if (args.length < 2 || args.length > 4) throw new ConfigError(`Invalid number of arguments:[${args.join(', ')}]`)
  const [clientPort = '', dataDir = '', tickTime, maxClientCnxns] = args
  const cfg = new Map([
    ['clientPort', clientPort],
    ['dataDir', dataDir],
  ])
  if (tickTime !== undefined) cfg.set('tickTime', tickTime)
  if (maxClientCnxns !== undefined) cfg.set('maxClientCnxns', maxClientCnxns)
  return new Draft(cfg, { path: '', readFile: () => undefined, properties }).settings('')
}

class Draft {
  readonly #cfg: Properties
  readonly #system: Properties
  readonly #files: CfgFiles
  readonly #warnings: string[] = []

  constructor(cfg: ReadonlyMap<string, string>, files: CfgFiles) {
    this.#files = files
    this.#cfg = new Properties()
    this.#system = new Properties(files.properties)
    for (const [rawKey, rawValue] of cfg) {
      const key = rawKey.trim()
      const value = rawValue.trim()
      if (isMembership(key) && key !== 'version' && cfg.has('dynamicConfigFile'))
        throw new ConfigError(`parameter: ${key} must be in a separate dynamic config file`)
      if (isOwnKey(key) || isMembership(key)) this.#cfg.set(key, value)
      else this.#system.set(`zookeeper.${key}`, value)
    }
  }

  settings(initialConfig: string): ServerSettings {
    const cfg = this.#cfg
    const system = this.#system
    const dataDir = cfg.text('dataDir')
    if (cfg.int('electionAlg', 3) !== 3) throw new ConfigError('Invalid electionAlg value. Only 3 is supported.')
    const peerType = this.#peerType()
    const keep = this.#snapRetainCount()
    if (dataDir === undefined) throw new ConfigError('dataDir is not set')
    const client = this.#staticClient()
    const timing = this.#timing()
    const quorum = this.#quorum()
    const sid = this.#sid(dataDir)
    const standaloneEnabled = cfg.boolean('standaloneEnabled', true)
    const distributed = quorum.voters.length > (standaloneEnabled ? 1 : 0)
    if (distributed) {
      if (timing.initLimit === 0) throw new ConfigError('initLimit is not set')
      if (timing.syncLimit === 0) throw new ConfigError('syncLimit is not set')
      if (sid === undefined) throw new ConfigError('myid file is missing')
    }
    const address = this.#clientAddress(client, sid, quorum)
    if (sid !== undefined) this.#comparePeerType(peerType, quorum, sid)
    const common = {
      ...timing,
      ...this.#replicaOptions(),
      clientPort: address.port,
      standaloneEnabled,
      snapRetainCount: 0,
    }
    const settings = {
      replica: distributed
        ? replicaConfig({ ...common, ...this.#reconfiguration(), sid: sid as Sid, quorum })
        : replicaConfig({ ...common, sid: STANDALONE_SID, quorum: new QuorumVerifier([]), standalone: true }),
      dataDir,
      dataLogDir: cfg.text('dataLogDir') ?? dataDir,
      clientHost: address.host,
      clientPortListenBacklog: cfg.int('clientPortListenBacklog', -1),
      quorumListenOnAllIPs: cfg.boolean('quorumListenOnAllIPs', false),
      forceSync: system.text('zookeeper.forceSync') !== 'no',
      preAllocBytes: system.number('zookeeper.preAllocSize', PRE_ALLOC_KB) * 1024,
      createDirectories: system.flag('zookeeper.datadir.autocreate', true),
      purge: { keep, everyMs: cfg.int('autopurge.purgeInterval', 0) * HOUR_MS },
      admin: {
        enabled: system.text('zookeeper.admin.enableServer') !== 'false',
        port: system.number('zookeeper.admin.serverPort', 8080),
        host: system.text('zookeeper.admin.serverAddress') ?? '0.0.0.0',
        commandUrl: system.text('zookeeper.admin.commandURL') ?? '/commands',
        idleTimeoutMs: system.number('zookeeper.admin.idleTimeout', 30_000),
      },
      initialConfig,
      hasDynamicFile: cfg.text('dynamicConfigFile') !== undefined,
    }
    const unused = [...cfg.unused(), ...system.unused().map((name) => name.replace(/^zookeeper\./, ''))]
    for (const name of unused) this.#warnings.push(`${name} has no meaning here and is ignored`)
    return { ...settings, properties: system.all, warnings: this.#warnings }
  }

  // --- who takes part ----------------------------------------------------------------------------

  #quorum(): QuorumVerifier {
    const { readFile } = this.#files
    const file = this.#cfg.text('dynamicConfigFile')
    let quorum: QuorumVerifier
    if (file === undefined) quorum = verifierOf(this.#cfg.take(isMembership))
    else {
      const text = readFile(file)
      if (text === undefined) throw new ConfigError(`Error processing ${file}`)
      const dynamic = readJavaProperties(text)
      if (dynamic.has('version')) throw new ConfigError("dynamic file shouldn't have version inside")
      const stranger = [...dynamic.keys()].find((key) => !isMembership(key))
      if (stranger !== undefined) throw new ConfigError(`Unrecognised parameter: ${stranger}`)
      const version = versionOf(file)
      quorum = verifierOf(version === undefined ? dynamic : new Map([...dynamic, ['version', version]]))
    }
    this.#judge(quorum)
    return quorum
  }

  #judge({ voters, observers }: QuorumVerifier): void {
    const standaloneEnabled = this.#cfg.boolean('standaloneEnabled', true)
    if (voters.length === 0) {
      if (!standaloneEnabled)
        throw new ConfigError('standaloneEnabled = false then number of participants should be >0')
    } else if (voters.length === 1 && standaloneEnabled) {
      this.#warnings.push('Invalid configuration, only one server specified (ignoring)')
      if (observers.length > 0) throw new ConfigError('Observers w/o quorum is an invalid configuration')
    } else if (voters.length <= 2)
      this.#warnings.push('No server failure will be tolerated. You need at least 3 servers.')
    else if (voters.length % 2 === 0)
      this.#warnings.push('Non-optimal configuration, consider an odd number of servers.')
  }

  /** undefined: there is no file myid. */
  #sid(dataDir: string): Sid | undefined {
    const text = this.#files.readFile(`${dataDir}/myid`)
    if (text === undefined) return undefined
    const line = text.split(/\r\n|\r|\n/)[0] ?? ''
    if (!/^[+-]?\d+$/.test(line) || !Number.isSafeInteger(Number(line)))
      throw new ConfigError(`serverid ${text === '' ? 'null' : line} is not a number`)
    return Number(line)
  }

  #peerType(): 'OBSERVER' | 'PARTICIPANT' {
    const text = this.#cfg.text('peerType') ?? 'participant'
    const type = text.toLowerCase()
    if (type === 'observer') return 'OBSERVER'
    if (type === 'participant') return 'PARTICIPANT'
    throw new ConfigError(`Unrecognised peertype: ${text}`)
  }

  #comparePeerType(peerType: string, quorum: QuorumVerifier, sid: Sid): void {
    const listed = quorum.observers.includes(sid) ? 'OBSERVER' : 'PARTICIPANT'
    if (listed !== peerType)
      this.#warnings.push(
        `Peer type from servers list (${listed}) doesn't match peerType (${peerType}). Defaulting to servers list.`,
      )
  }

  #reconfiguration(): Pick<ReplicaConfig, 'reconfigEnabled' | 'lastSeenQuorum'> {
    const reconfigEnabled = this.#cfg.boolean('reconfigEnabled', false)
    if (this.#cfg.text('dynamicConfigFile') === undefined) return { reconfigEnabled }
    const next = this.#files.readFile(`${this.#files.path}.dynamic.next`)
    if (next === undefined) return { reconfigEnabled }
    return { reconfigEnabled, lastSeenQuorum: verifierOf(readJavaProperties(next)) }
  }

  // --- the client port ---------------------------------------------------------------------------

  #staticClient(): ClientAddress | undefined {
    const port = this.#cfg.int('clientPort', 0)
    const host = this.#cfg.text('clientPortAddress')
    if (port !== 0) return { port: checkedPort(port), host }
    if (host !== undefined) throw new ConfigError('clientPortAddress is set but clientPort is not set')
    return undefined
  }

  /** The servers' list wins, but must not say another thing than the line clientPort. */
  #clientAddress(given: ClientAddress | undefined, sid: Sid | undefined, quorum: QuorumVerifier): ClientAddress {
    const own = sid === undefined ? undefined : quorum.server(sid)
    if (own?.clientPort === undefined) return given ?? { port: NO_PORT, host: undefined }
    const listed = { port: own.clientPort, host: own.clientHost }
    if (given !== undefined) {
      const same = given.port === listed.port && (isAny(given.host) || given.host === listed.host)
      if (!same)
        throw new ConfigError(
          `client address for this server (id = ${sid}) in static config file is ${printAddress(given)} is different ` +
            `from client address found in dynamic file: ${printAddress(listed)}`,
        )
    }
    return listed
  }

  // --- figures -----------------------------------------------------------------------------------

  #timing() {
    const cfg = this.#cfg
    const tickTimeMs = cfg.int('tickTime', 3000)
    if (tickTimeMs === 0) throw new ConfigError('tickTime is not set')
    const min = cfg.int('minSessionTimeout', -1)
    const max = cfg.int('maxSessionTimeout', -1)
    return {
      tickTimeMs,
      initLimit: cfg.int('initLimit', 0),
      syncLimit: cfg.int('syncLimit', 0),
      minSessionTimeoutMs: min === -1 ? tickTimeMs * 2 : min,
      maxSessionTimeoutMs: max === -1 ? tickTimeMs * 20 : max,
      maxClientCnxns: cfg.int('maxClientCnxns', 60),
      localSessionsEnabled: cfg.boolean('localSessionsEnabled', false),
      localSessionsUpgradingEnabled: cfg.boolean('localSessionsUpgradingEnabled', false),
    }
  }

  #snapRetainCount(): number {
    const keep = this.#cfg.int('autopurge.snapRetainCount', MIN_SNAP_RETAIN_COUNT)
    if (keep >= MIN_SNAP_RETAIN_COUNT) return keep
    this.#warnings.push(`Invalid autopurge.snapRetainCount: ${keep}. Defaulting to ${MIN_SNAP_RETAIN_COUNT}`)
    return MIN_SNAP_RETAIN_COUNT
  }

  /** The pass-through properties that a replica knows; absent where they are not set. */
  #replicaOptions(): Partial<ReplicaConfig> {
    const system = this.#system
    const given: { -readonly [key in keyof ReplicaConfig]?: ReplicaConfig[key] } = {}
    for (const [field, name, otherwise] of NUMBERS)
      if (system.text(name) !== undefined) given[field] = system.number(name, otherwise)
    for (const [field, name, otherwise] of FLAGS)
      if (system.text(name) !== undefined) given[field] = system.flag(name, otherwise)
    if (given.snapCount !== undefined && given.snapCount < 2) {
      this.#warnings.push('SnapCount should be 2 or more. Now, snapCount is reset to 2')
      given.snapCount = 2
    }
    const words = system.text('zookeeper.4lw.commands.whitelist')
    if (words !== undefined) given.fourLetterWords = words.split(',').map((word) => word.trim())
    if (given.commitLogCount !== undefined && given.commitLogCount < MIN_COMMIT_LOG_COUNT) {
      this.#warnings.push(
        `The configured commitLogCount ${given.commitLogCount} is less than the recommended ${MIN_COMMIT_LOG_COUNT}, going to use the recommended one`,
      )
      given.commitLogCount = MIN_COMMIT_LOG_COUNT
    }
    if (system.text('zookeeper.skipACL') === 'yes') given.skipACL = true
    if ((system.text('zookeeper.leaderServes') ?? 'yes') !== 'yes') given.leaderServes = false
    const superDigest = system.text('zookeeper.DigestAuthenticationProvider.superDigest')
    if (superDigest !== undefined) given.superDigest = superDigest
    const schemes = system.text('zookeeper.enforce.auth.schemes')
    if (system.flag('zookeeper.enforce.auth.enabled', false) && schemes !== undefined)
      given.enforceAuthSchemes = schemes.split(',').map((scheme) => scheme.trim())
    return given
  }
}

interface ClientAddress {
  readonly port: number
  readonly host: string | undefined
}

/** No client can reach such a server, as with ZooKeeper. */
const NO_PORT = -1

const isAny = (host: string | undefined): boolean => host === undefined || host === '0.0.0.0' || host === '::'
const printAddress = ({ host, port }: ClientAddress): string =>
  isAny(host) ? `0.0.0.0/0.0.0.0:${port}` : `/${host}:${port}`

function checkedPort(port: number): number {
  if (port < 0 || port > 0xffff) throw new ConfigError(`port out of range:${port}`)
  return port
}

function verifierOf(properties: ReadonlyMap<string, string>): QuorumVerifier {
  return QuorumVerifier.parse([...properties].map(([key, value]) => `${key}=${value}`).join('\n'))
}

/** The hexadecimal number at the end of a dynamic file's name. */
const versionOf = (file: string): string | undefined => /\.([0-9a-fA-F]{1,16})$/.exec(file)?.[1]
