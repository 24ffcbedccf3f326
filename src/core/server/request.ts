/** One client request on its way through the pipeline. Source: Request.java. */
import type { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { ApplyResult } from '../tree/data-tree.ts'
import type { Id } from '../wire/data.ts'
import type { SessionId } from '../wire/ids.ts'
import type { LoggedTxn } from '../wire/txn.ts'
import type { ClientConnection } from './client-connection.ts'

export interface Request {
  readonly session: SessionId
  /** The client's xid; 0 for requests that the server makes itself (expiry). */
  readonly cxid: number
  readonly type: number
  /** Body after the RequestHeader. For createSession: int timeout. */
  readonly body: Uint8Array
  readonly auth: readonly Id[]
  /** Who owns the session's connection: 'me' for local clients, the learner's handler for forwarded ones; null for none. */
  owner: object | null
  /** Set when the client is connected to this server; replies go there. */
  readonly reply: ((request: Request) => void) | null
  /** Filled by PrepRequestProcessor (writes), or from the committed txn on learners. */
  logged: LoggedTxn | null
  /** Of a reconfig that Prep has accepted: the members from then on. */
  quorum?: QuorumVerifier
  /** What the tree said to the committed txn. */
  result?: ApplyResult
  /** Error found in front of Prep or by it; 0 when none. For an error txn the code is in the txn too. */
  error: number
  /** The client's connection to this server. */
  readonly connection?: ClientConnection
  /** When it came, in ms of the monotonic clock; with a connection only. */
  readonly createdAt?: number
  /** Of a session that only this server knows: it needs no txn. */
  local?: boolean
  /** It has waited too long in front of the pipeline, and is refused. */
  throttled?: boolean
  /** It is done, and waits for those before it to be answered: CommitProcessor. */
  ready?: boolean
}
