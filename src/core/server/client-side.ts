import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host } from '../host.ts'
import type { Database } from '../storage/database.ts'
import type { SessionId, Zxid } from '../wire/ids.ts'
import type { LoggedTxn } from '../wire/txn.ts'
import type { PrepRequestProcessor } from './prep.ts'
import type { ClientSide, Role } from './role.ts'
import type { SessionTracker } from './session-tracker.ts'

interface Common {
  readonly host: Host
  readonly config: ReplicaConfig
  readonly database: Database
  /** Also the owner of local sessions. */
  readonly role: Role
}
export type ClientServiceOptions =
  | (Common & { readonly kind: 'leader'; readonly sessions: SessionTracker; readonly prep: PrepRequestProcessor })
  | (Common & { readonly kind: 'learner' })

export class ClientService implements ClientSide {
  readonly #options: ClientServiceOptions
  constructor(options: ClientServiceOptions) {
    this.#options = options
  }
  open(): void {}
  close(_reason: string): void {}
  commit(_logged: LoggedTxn, _bytes: Uint8Array): void {}
  synced(): void {}
  revalidated(_session: SessionId, _valid: boolean): void {}
  get lastApplied(): Zxid {
    return this.#options.database.tree.lastProcessedZxid
  }
}
