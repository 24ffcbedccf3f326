/** One running server: a replica between the ports of this machine. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerSpec } from '../../core/config/server-spec.ts'
import type { ServerSettings } from '../../core/config/zoo-cfg.ts'
import type { Host, Random } from '../../core/host.ts'
import { Replica } from '../../core/server/replica.ts'
import { NodeClock } from './clock.ts'
import { NodeDisk } from './disk.ts'
import { DynamicConfigBesideZooCfg } from './dynamic-config.ts'
import { ExitCode } from './exit-code.ts'
import { LogLines, log } from './log.ts'
import { TcpNetwork } from './network.ts'
import { surroundingsOf } from './surroundings.ts'

/** The directories cannot be used; the message says why. */
export class DatadirError extends Error {}

/** `zooCfg`: the path of zoo.cfg, where there is one. @throws DatadirError */
export function startServer(settings: ServerSettings, zooCfg: string | undefined): void {
  const clock = new NodeClock()
  const disk = openDisk(clock, settings)
  const dynamicConfig = membershipFiles(settings, zooCfg)
  const network = openNetwork(clock, settings, dynamicConfig)
  const trace = new LogLines((reason, file) => {
    die(`${reason}${file === undefined ? '' : ` (${file})`}`, ExitCode.UnexpectedError)
  })
  process.on('uncaughtException', (error) => {
    die(`Unexpected exception, exiting abnormally: ${error.stack ?? error.message}`, ExitCode.UnexpectedError)
  })
  for (const [signal, code] of SIGNALS)
    process.once(signal, () => {
      log('INFO', `${signal}: stopping`)
      network.close()
      disk.sync(() => {
        disk.close()
        process.exit(code)
      })
    })
  const host: Host = { clock, network, disk, random, trace }
  const replica = new Replica(host, {
    hastyElection: true,
    leaderConnectDelayMs: LEADER_CONNECT_DELAY_MS,
    ...settings.replica,
    surroundings: surroundingsOf(settings),
    ...(dynamicConfig === undefined ? {} : { dynamicConfig }),
  })
  // HTTP is not waited for, nor loaded where nobody wants it.
  if (settings.admin.enabled)
    void import('./admin-server.ts').then(({ startAdminServer }) => startAdminServer(replica, settings.admin))
  const { keep, everyMs } = settings.purge
  if (everyMs > 0) {
    replica.purge(keep)
    setInterval(() => replica.purge(keep), everyMs)
  }
}

/** 100 in ZooKeeper, which would be most of what a failover takes. */
const LEADER_CONNECT_DELAY_MS = 10

/** As the JVM ends: 128 and the signal's number. */
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const

function openDisk(clock: NodeClock, settings: ServerSettings): NodeDisk {
  const { dataDir, dataLogDir, forceSync, preAllocBytes, createDirectories } = settings
  if (!createDirectories)
    for (const folder of [dataLogDir, dataDir].map((each) => join(each, 'version-2')))
      if (!existsSync(folder))
        throw new DatadirError(
          `Missing data directory ${folder}, automatic data directory creation is disabled (zookeeper.datadir.autocreate is false). Please create this directory manually.`,
        )
  let disk: NodeDisk
  try {
    disk = new NodeDisk(clock, { dataDir, dataLogDir, forceSync, reserveBytes: preAllocBytes })
  } catch (error) {
    throw new DatadirError(`Unable to create data directory ${join(dataDir, 'version-2')}: ${(error as Error).message}`)
  }
  if (disk.misplaced('log'))
    throw new DatadirError(
      'Snapshot directory has log files. Check if dataLogDir and dataDir configuration is correct.',
    )
  if (disk.misplaced('snapshot'))
    throw new DatadirError(
      'Log directory has snapshot files. Check if dataLogDir and dataDir configuration is correct.',
    )
  return disk
}

/** Only a member of an ensemble keeps its membership in files. */
function membershipFiles(settings: ServerSettings, zooCfg: string | undefined): DynamicConfigBesideZooCfg | undefined {
  const { standalone, reconfigEnabled } = settings.replica
  if (zooCfg === undefined || standalone === true || reconfigEnabled !== true) return undefined
  const files = new DynamicConfigBesideZooCfg(zooCfg)
  if (!settings.hasDynamicFile) files.backUp()
  return files
}

function openNetwork(
  clock: NodeClock,
  settings: ServerSettings,
  membership: DynamicConfigBesideZooCfg | undefined,
): TcpNetwork {
  const { clientHost, quorumListenOnAllIPs, clientPortListenBacklog } = settings
  const { clientPort, cnxTimeoutMs, quorum, sid } = settings.replica
  // A reconfig may give it other addresses.
  const own = (): ServerSpec | undefined => (membership?.quorum ?? quorum).server(sid)
  const isClientPort = (port: number): boolean => port === (own()?.clientPort ?? clientPort)
  return new TcpNetwork(clock, {
    bindTo: (port) => {
      if (isClientPort(port)) return membership?.quorum === undefined ? clientHost : own()?.clientHost
      return quorumListenOnAllIPs ? undefined : own()?.host
    },
    backlog: clientPortListenBacklog === -1 ? undefined : clientPortListenBacklog,
    onListenFailed: (port, error) => {
      const what = isClientPort(port) ? 'client' : port === own()?.quorumPort ? 'quorum' : 'election'
      const code = what === 'election' ? ExitCode.UnableToBindQuorumPort : ExitCode.UnexpectedError
      die(`Unable to listen on the ${what} port ${port}: ${error.message}`, code)
    },
    connectTimeoutMs: cnxTimeoutMs,
    pausesOn: isClientPort,
  })
}

/** The server cannot go on. */
function die(reason: string, code: number): never {
  log('ERROR', reason)
  process.stderr.write(`${reason}\n`)
  process.exit(code)
}

const random: Random = {
  float: () => Math.random(),
  int: (from, to) => from + Math.floor(Math.random() * (to - from + 1)),
}
