/** What a server that finds no leader does for clients that are content with reading: it answers from the tree that its
 *  files give, which may be old, and refuses every write with NotReadOnly. It ends when a leader is found.
 *  Source: ReadOnlyZooKeeperServer.java, ReadOnlyRequestProcessor.java (zab.md section 13). */
import type { RoleContext } from '../zab/context.ts'
import { ClientService } from './client-side.ts'
import type { Role } from './role.ts'

export class ReadOnlyServer {
  readonly #context: Pick<RoleContext, 'host' | 'config' | 'database' | 'clientPort'>
  readonly #clients: ClientService

  constructor(context: Pick<RoleContext, 'host' | 'config' | 'database' | 'clientPort'>) {
    this.#context = context
    const { clientPort, config, database, host } = context
    this.#clients = new ClientService({ host, config, database, clientPort, role: nobody, kind: 'readOnly' })
    this.#clients.open()
    host.trace.emit({ kind: 'readOnlyMode', on: true, zxid: database.tree.lastProcessedZxid })
  }

  stop(reason: string): void {
    const { database, host } = this.#context
    this.#clients.close(reason)
    host.trace.emit({ kind: 'readOnlyMode', on: false, zxid: database.tree.lastProcessedZxid })
  }
}

/** There is no leader to ask. */
const nobody: Role = { submit() {}, revalidate() {}, touch() {} }
