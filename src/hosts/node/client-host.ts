/** The ports of a client's process: real time, TCP, chance. It has no files and tells nobody what happens. */
import type { Disk, Host, Random } from '../../core/host.ts'
import { NodeClock } from './clock.ts'
import { TcpNetwork } from './network.ts'

export function clientHost(): Host {
  const clock = new NodeClock()
  const network = new TcpNetwork(clock, {
    onListenFailed: (port, error) => {
      throw new Error(`a client listens on ${port}: ${error.message}`)
    },
    // The session gives up before, after its share of the timeout.
    connectTimeoutMs: 3_600_000,
    pausesOn: () => false,
  })
  return { clock, network, disk: noDisk, random: chance, trace: { emit: () => undefined, off: true } }
}

const chance: Random = {
  float: () => Math.random(),
  int: (from, to) => from + Math.floor(Math.random() * (to - from + 1)),
}

const none = (): never => {
  throw new Error('a client has no files')
}
const noDisk: Disk = {
  list: none,
  size: none,
  read: none,
  append: none,
  truncate: none,
  replace: none,
  remove: none,
  sync: none,
}
