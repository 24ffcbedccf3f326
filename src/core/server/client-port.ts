/** The door of a server's clients: it accepts from the start of the process to its end, whatever the role, because
 *  also who is LOOKING answers four-letter words. A connection belongs to the role that served when it came; one that
 *  came while nobody did is closed as soon as it asks for a session, and the client tries another server.
 *  Source: NIOServerCnxnFactory.java (client-protocol.md sections 1, 10). Left out: several ports, TLS. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host, Listener } from '../host.ts'
import { ClientConnection, type ConnectionHome, type ConnectionService } from './client-connection.ts'

export class ClientPort implements ConnectionHome {
  readonly host: Host
  readonly #config: ReplicaConfig
  /** In the order in which they came. */
  readonly #connections = new Set<ClientConnection>()
  #listener: Listener | undefined
  /** The client side of the current role; undefined while it has none, or does not serve. */
  #service: ConnectionService | undefined

  constructor(host: Host, config: ReplicaConfig) {
    this.host = host
    this.#config = config
  }

  /** Accepts connections from now on. */
  open(): void {
    this.#listener ??= this.host.network.listen(this.#config.clientPort, (connection) => {
      const client = new ClientConnection(this, this.#service, connection)
      const sameHost = this.#countFrom(client.remote)
      const { maxClientCnxns } = this.#config
      this.#connections.add(client)
      if (maxClientCnxns > 0 && sameHost >= maxClientCnxns) client.close()
      return client.handlers
    })
  }

  /** A role serves clients: connections that come from now on are its. */
  serve(service: ConnectionService): void {
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

  onEnd(client: ClientConnection): void {
    this.#connections.delete(client)
  }

  #countFrom(remote: string): number {
    let count = 0
    for (const client of this.#connections) if (client.remote === remote) count++
    return count
  }
}
