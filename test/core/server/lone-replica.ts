/** A whole server with a disk and byte-level clients, and nobody else in the world: whoever it connects to is not there,
 *  unless the test says so. */
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { type ReplicaConfig, replicaConfig } from '../../../src/core/config/replica-config.ts'
import type { Address, Connection, ConnectionHandlers, Host } from '../../../src/core/host.ts'
import { Replica } from '../../../src/core/server/replica.ts'
import { MemoryDisk } from '../memory-disk.ts'
import { TestClient, World } from './rig.ts'

/** Who is there after all. undefined: nobody. */
type Dial = (to: Address, handlers: ConnectionHandlers, server: LoneReplica) => Connection | undefined

export class LoneReplica {
  readonly world = new World()
  readonly disk: MemoryDisk
  /** Its ports but the one for clients, while they are open. */
  readonly listening = new Map<number, (connection: Connection) => ConnectionHandlers>()
  #connections = 0

  constructor(config: Partial<ReplicaConfig>, disk = new MemoryDisk(), dial?: Dial) {
    this.disk = disk
    const whole = replicaConfig({ sid: 1, quorum: new QuorumVerifier([]), ...config })
    const { host } = this.world
    const ports: Host = {
      ...host,
      disk,
      random: { float: () => 0.5, int: (from, to) => Math.floor((from + to) / 2) },
      network: {
        listen: (port, onConnection) => {
          if (port === whole.clientPort) return host.network.listen(port, onConnection)
          this.listening.set(port, onConnection)
          return { close: () => this.listening.delete(port) }
        },
        connect: (to, handlers) => {
          const connection = dial?.(to, handlers, this)
          if (connection !== undefined) return connection
          host.clock.after(1, () => handlers.onClose('refused'))
          return { id: 'nobody', remote: to, write() {}, close() {}, abort() {} }
        },
      },
    }
    new Replica(ports, whole)
    this.settle()
  }

  /** Everything that is due now, the disk included. */
  settle(): void {
    for (let round = 0; round < 20; round++) {
      this.world.run(0)
      this.disk.settle()
    }
  }

  connect(): TestClient {
    if (this.world.onConnection === undefined) throw new Error('refused')
    return new TestClient(this.world.onConnection, `c${++this.#connections}`, '127.0.0.1')
  }

  /** A client with a session. */
  session(timeOut = 10_000): TestClient {
    const client = this.connect()
    client.connect({ timeOut })
    this.settle()
    client.takeConnectResponse()
    return client
  }

  /** Does something, and everything that follows from it at once. */
  doing(act: () => void): void {
    act()
    this.settle()
  }
}

export const ensembleOf = (servers: number): QuorumVerifier =>
  new QuorumVerifier(
    Array.from({ length: servers }, (_, index) => ({
      sid: index + 1,
      host: `zk${index + 1}`,
      quorumPort: 2888,
      electionPort: 3888,
      type: 'participant' as const,
    })),
  )
