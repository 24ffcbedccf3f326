/** The processes of the product: a replica in a server's station, a zkCli in a client's. */
import { Replica } from '../core/server/replica.ts'
import { configureServer } from './configure.ts'
import type { Launch, Process } from './process.ts'

/** What runs in a server's station; tests look into the replica. */
export interface ServerProcess extends Process {
  readonly replica: Replica
}

export const launch: Launch = (host, spec) => {
  if (spec.what === 'client') throw new Error('no zkCli yet')
  const server: ServerProcess = { replica: new Replica(host, configureServer(spec.sid, spec.config)) }
  return server
}
