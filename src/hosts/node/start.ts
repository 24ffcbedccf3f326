/** One running server: a replica between the ports of this machine. */
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { QuorumVerifier } from '../../core/config/quorum-verifier.ts'
import type { ReplicaConfig } from '../../core/config/replica-config.ts'
import type { ServerSettings } from '../../core/config/zoo-cfg.ts'
import type { Host, Random } from '../../core/host.ts'
import { Replica } from '../../core/server/replica.ts'
import { NodeClock } from './clock.ts'
import { NodeDisk } from './disk.ts'
import { ExitCode } from './exit-code.ts'
import { LogLines, log } from './log.ts'
import { TcpNetwork } from './network.ts'

/** The directories cannot be used; the message says why. */
export class DatadirError extends Error {}

/** @throws DatadirError */
export function startServer(settings: ServerSettings): void {
  const clock = new NodeClock()
  const disk = openDisk(clock, settings)
  const replica = aloneIfStandalone(settings.replica)
  const network = openNetwork(clock, settings, replica)
  const trace = new LogLines((reason, file) => {
    die(`${reason}${file === undefined ? '' : ` (${file})`}`, ExitCode.UnexpectedError)
  })
  process.on('uncaughtException', (error) => {
    log('ERROR', `Unexpected exception, exiting abnormally: ${error.stack ?? error.message}`)
    process.exit(ExitCode.UnexpectedError)
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      log('INFO', `${signal}: stopping`)
      network.close()
      disk.sync(() => process.exit(signal === 'SIGTERM' ? ExitCode.Terminated : 130))
    })
  const host: Host = { clock, network, disk, random, trace }
  new Replica(host, replica)
}

function openDisk(clock: NodeClock, settings: ServerSettings): NodeDisk {
  const { dataDir, dataLogDir, forceSync, createDirectories } = settings
  if (!createDirectories)
    for (const folder of [dataLogDir, dataDir])
      if (!existsSync(`${folder}/version-2`))
        throw new DatadirError(
          `Missing data directory ${folder}/version-2, automatic data directory creation is disabled (zookeeper.datadir.autocreate is false). Please create this directory manually.`,
        )
  try {
    return new NodeDisk(clock, { dataDir, dataLogDir, forceSync })
  } catch (error) {
    throw new DatadirError(`Unable to create data directory ${dataDir}/version-2: ${(error as Error).message}`)
  }
}

function openNetwork(clock: NodeClock, settings: ServerSettings, config: ReplicaConfig): TcpNetwork {
  const { clientHost, quorumListenOnAllIPs, clientPortListenBacklog } = settings
  const { clientPort, quorum, sid } = config
  const own = quorum.server(sid)
  return new TcpNetwork(clock, {
    bindTo: (port) => {
      if (port === clientPort) return clientHost
      return quorumListenOnAllIPs ? undefined : own?.host
    },
    backlog: clientPortListenBacklog === -1 ? undefined : clientPortListenBacklog,
    onListenFailed: (port, error) => {
      const what = port === clientPort ? 'client' : port === own?.quorumPort ? 'quorum' : 'election'
      const code = what === 'election' ? ExitCode.UnableToBindQuorumPort : ExitCode.UnexpectedError
      die(`Unable to listen on the ${what} port ${port}: ${error.message}`, code)
    },
    connectTimeoutMs: config.cnxTimeoutMs,
    pausesOn: (port) => port === clientPort,
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
  int: (from, to) => randomInt(from, to + 1),
}

/** A single server as an ensemble of one, on ports that nobody knows. */
function aloneIfStandalone(config: ReplicaConfig): ReplicaConfig {
  if (config.standalone !== true) return config
  const self = { sid: config.sid, host: '127.0.0.1', quorumPort: 0, electionPort: 0, type: 'participant' as const }
  return { ...config, standalone: false, initLimit: 10, syncLimit: 5, quorum: new QuorumVerifier([self]) }
}
