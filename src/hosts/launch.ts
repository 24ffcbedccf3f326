/** The processes of the product: a replica in a server's station; in a client's a zkCli, another program, a load or a
 *  workload. */
import { parseInvocation, splitWords } from '../core/cli/words.ts'
import { ZkCli } from '../core/cli/zk-cli.ts'
import type { Host } from '../core/host.ts'
import { Replica } from '../core/server/replica.ts'
import { cleanUp } from './cleanup.ts'
import { configureServer } from './configure.ts'
import { Load } from './load.ts'
import { NetCat } from './netcat.ts'
import type { Launch, Process } from './process.ts'
import { Workload } from './workload.ts'

/** What runs in a server's station; tests look into the replica. */
export interface ServerProcess extends Process {
  readonly replica: Replica
}

export const launch: Launch = (host, spec) => {
  if (spec.what === 'client' && spec.load) return new Load(host, spec.connect, spec.load)
  if (spec.what === 'client' && spec.workload)
    return new Workload(host, spec.station, spec.config.seed, spec.connect, spec.workload)
  if (spec.what === 'client') return clientProgram(host, spec.connect, spec.config.witness !== undefined)
  const replica = new Replica(host, configureServer(spec.sid, spec.config))
  const server: ServerProcess = {
    replica,
    // What is run on a server's machine and needs its disk.
    type: (line, done) => {
      const [program, ...words] = splitWords(line)
      if (program !== 'zkCleanup.sh') return done({ lines: [], exitCode: 127 })
      done(cleanUp(host, spec.sid, words, (keep) => replica.purge(keep)))
    },
  }
  return server
}

/** `nc HOST PORT`, `zkCli.sh [options] [command]`, or a connect string for zkCli. */
function clientProgram(host: Host, started: string, history: boolean): Process {
  const [program, ...words] = splitWords(started)
  if (program === 'nc') return new NetCat(host, { host: words[0] ?? '', port: Number(words[1]) })
  if (program !== 'zkCli.sh') return new ZkCli(host, started, { jline: true, history })
  const { server, timeout, readOnly, waitForConnection, configuration, command, complaints } = parseInvocation(words)
  return new ZkCli(host, server, {
    timeoutMs: timeout,
    readOnly,
    waitForConnection,
    complaints,
    jline: true,
    history,
    ...(configuration === undefined ? {} : { configuration }),
    ...(command === undefined ? {} : { command }),
  })
}
