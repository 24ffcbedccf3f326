/** The processes of the product: a replica in a server's station, a zkCli, a load or a workload in a client's. */
import { ZkCli } from '../core/cli/zk-cli.ts'
import { Replica } from '../core/server/replica.ts'
import { configureServer } from './configure.ts'
import { Load } from './load.ts'
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
  if (spec.what === 'client') return new ZkCli(host, spec.connect, { jline: true })
  const server: ServerProcess = { replica: new Replica(host, configureServer(spec.sid, spec.config)) }
  return server
}
