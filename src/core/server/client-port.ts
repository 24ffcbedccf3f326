/** The door of a server's clients: it accepts from the start of the process to its end, whatever the role, because
 *  also who is LOOKING answers four-letter words. A connection belongs to the role that served when it came; one that
 *  came while nobody did is closed as soon as it asks for a session, and the client tries another server.
 *  Source: NIOServerCnxnFactory.java (client-protocol.md sections 1, 10). Left out: several ports, TLS. */
import type { Membership } from '../config/membership.ts'
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host, Listener } from '../host.ts'
import { MAX_BUFFER } from '../wire/jute.ts'
import { ClientConnection, type ConnectionHome, type ConnectionService, SESSIONLESS_MS } from './client-connection.ts'
import { ExpiryQueue } from './expiry-queue.ts'
import { answerWord } from './four-letter-words.ts'
import { Monitor, type MonitoredDatabase, type Serving } from './monitor.ts'
import { ServerMetrics } from './server-metrics.ts'

export class ClientPort implements ConnectionHome {
  readonly host: Host
  /** What the process has counted so far. */
  readonly metrics = new ServerMetrics()
  /** The server, for who looks at it from outside. */
  readonly monitor: Monitor
  readonly maxFrameBytes: number
  readonly #config: ReplicaConfig
  /** In the order in which they came. */
  readonly #connections = new Set<ClientConnection>()
  readonly #silent: ExpiryQueue<ClientConnection>
  #listener: Listener | undefined
  #port: number
  /** The client side of the current role; undefined while it has none, or does not serve. */
  #service: (ConnectionService & Serving) | undefined

  /** `membership`: absent where it never changes. */
  constructor(host: Host, config: ReplicaConfig, database: MonitoredDatabase, membership?: Membership) {
    this.host = host
    this.#config = config
    this.#port = config.clientPort
    this.maxFrameBytes = config.juteMaxBufferBytes ?? MAX_BUFFER
    this.monitor = new Monitor(host, config, database, this, membership)
    this.#silent = new ExpiryQueue(host.clock, SESSIONLESS_MS, (client) => {
      this.metrics.count.sessionless_connections_expired++
      client.close()
    })
  }

  get connections(): ReadonlySet<ClientConnection> {
    return this.#connections
  }
  /** Connections by when they end if they stay silent, in ms of the monotonic clock. */
  get deadlines(): [number, readonly ClientConnection[]][] {
    return this.#silent.buckets()
  }
  get serving(): Serving | undefined {
    return this.#service
  }

  /** Accepts connections from now on. */
  open(): void {
    this.#listener ??= this.host.network.listen(this.#port, (connection) => {
      const isFull = this.#isFullFor(connection.remote.host)
      const client = new ClientConnection(this, this.#service, connection)
      this.#connections.add(client)
      if (isFull) {
        this.metrics.count.connection_rejected++
        client.close()
      }
      return client.handlers
    })
  }

  /** The own client address is another one now. Connections that are there stay. */
  move(port: number): void {
    if (port === this.#port) return
    this.#port = port
    if (this.#listener === undefined) return
    this.#listener.close()
    this.#listener = undefined
    this.open()
  }

  /** A role serves clients: connections that come from now on are its. */
  serve(service: ConnectionService & Serving): void {
    this.#service = service
  }

  /** The role serves no more. All connections end, as on the Java server also those that came before it. */
  cease(service: ConnectionService): void {
    if (this.#service !== service) return
    this.#service = undefined
    for (const client of [...this.#connections]) client.close()
  }

  /** The end of the process. */
  close(): void {
    this.#listener?.close()
    this.#listener = undefined
    for (const client of [...this.#connections]) client.close()
  }

  touch(client: ClientConnection, timeoutMs: number, now: number): number {
    return this.#silent.touch(client, timeoutMs, now)
  }

  answerWord(word: string, argument: Uint8Array): string | undefined {
    return answerWord(word, this.monitor, argument)
  }

  onEnd(client: ClientConnection): void {
    this.#connections.delete(client)
    this.#silent.remove(client)
  }

  #isFullFor(remote: string): boolean {
    const { maxClientCnxns, maxCnxns = 0 } = this.#config
    if (maxCnxns > 0 && this.#connections.size >= maxCnxns) return true
    if (maxClientCnxns <= 0) return false
    let count = 0
    for (const client of this.#connections) if (client.remote === remote) count++
    return count >= maxClientCnxns
  }
}
