/** The seam between a server's client side (core/server) and its place in the ensemble (core/zab). */
import type { SessionId, Zxid } from '../wire/ids.ts'
import type { LoggedTxn } from '../wire/txn.ts'
import type { Outlook } from './monitor.ts'
import type { Request } from './request.ts'

/** What the client side asks of the role. The leader validates and proposes; learners forward. */
export interface Role {
  /** A local client's request that needs the leader: a write, sync (learners), createSession, closeSession.
   *  The client side has already queued it in its CommitProcessor. */
  submit(request: Request): void
  /** A client wants to take up its session here. Answers by ClientSide.revalidated, maybe at once. */
  revalidate(session: SessionId, timeoutMs: number): void
  /** A client was heard of. */
  touch(session: SessionId, timeoutMs: number): void
  /** A session has ended: nobody needs to hear of it any more. */
  forget?(session: SessionId): void
  /** Absent: there is no ensemble. */
  readonly outlook?: Outlook
}

/** What the role tells the client side. Implemented in core/server/client-side.ts. */
export interface ClientSide {
  /** Opens the client port's doors: connections are accepted and requests processed from now on. */
  open(): void
  /** Closes every client connection and forgets all queued requests; nothing of it has an effect afterwards. */
  close(reason: string): void
  /** A committed txn, in zxid order, its bytes as logged: applies it to the tree, fires watches, answers its client if it is here. */
  commit(logged: LoggedTxn, bytes: Uint8Array): void
  /** The leader's SYNC for the oldest waiting sync request (learners), or the leader's own go-ahead. */
  synced(): void
  revalidated(session: SessionId, valid: boolean): void
  /** An expired or closed session: closes its connection if it is here. */
  readonly lastApplied: Zxid
}
