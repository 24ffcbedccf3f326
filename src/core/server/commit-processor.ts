/** Keeps the order of each session's requests: an answer never overtakes an earlier one, a read sees the session's own
 *  writes, and txns are applied in committed order with no read in between that could see half of one.
 *  Source: CommitProcessor.java (request-pipeline.md section 5). In one thread all its rules come down to this: what
 *  needs a commit waits at the head of its session's queue, and whatever the session sends meanwhile waits behind it. */
import { OpCode } from '../wire/codes.ts'
import { SESSION_0, type SessionId } from '../wire/ids.ts'
import type { LoggedTxn } from '../wire/txn.ts'
import type { Request } from './request.ts'

export class CommitProcessor {
  /** Sessions that wait for a commit; the first entry of each queue is what they wait for. */
  readonly #queues = new Map<SessionId, Request[]>()
  /** Local writes in the order in which they were submitted: the order in which their txns come back. */
  readonly #writes: Request[] = []
  /** Local syncs on their way to the leader and back. */
  readonly #syncs: Request[] = []
  /** One queue for all, whoever asks: a standalone server has no CommitProcessor, and every request stands behind all
   *  that came before it (SyncRequestProcessor.java). */
  readonly #common: boolean

  constructor(options: { readonly oneQueue: boolean } = { oneQueue: false }) {
    this.#common = options.oneQueue
  }

  /** A request that needs no commit: answered at once unless its session waits for something. */
  read(request: Request): void {
    const queue = this.#queues.get(this.#queueOf(request))
    if (queue === undefined) return request.reply?.(request)
    request.ready = true
    queue.push(request)
  }

  /** A request that changes something: answered when its txn is committed. */
  write(request: Request): void {
    this.#wait(request)
    this.#writes.push(request)
  }

  /** A learner's sync: answered when the leader's SYNC comes. */
  sync(request: Request): void {
    this.#wait(request)
    this.#syncs.push(request)
  }

  /** The local request that led to this txn, if one did. It is answered by `finish`, after the txn was applied. */
  match({ header }: LoggedTxn): Request | undefined {
    const oldest = this.#writes[0]
    if (oldest === undefined || oldest.session !== header.clientId || oldest.cxid !== header.cxid) return undefined
    // A session that moved here may use the cxid of a txn that it had sent by way of another server.
    if (header.type !== oldest.type && header.type !== OpCode.error) return undefined
    return oldest
  }

  /** The request that `match` gave has been done. */
  finish(request: Request): void {
    if (this.#writes[0] !== request) throw new Error('only the oldest write can be finished')
    this.#writes.shift()
    request.ready = true
    const session = this.#queueOf(request)
    const queue = this.#queues.get(session)
    if (queue === undefined) return
    // A sync in front of it has got what it waited for: all that was committed before it.
    for (const waiting of queue) {
      if (waiting === request) break
      waiting.ready = true
    }
    this.#drain(session, queue)
  }

  /** The leader's SYNC for the oldest sync. */
  synced(): void {
    const oldest = this.#syncs.shift()
    if (oldest === undefined) return
    oldest.ready = true
    const session = this.#queueOf(oldest)
    const queue = this.#queues.get(session)
    if (queue !== undefined) this.#drain(session, queue)
  }

  /** Forgets everything; nothing that was queued has an effect. */
  stop(): void {
    for (const queue of this.#queues.values()) queue.length = 0
    this.#queues.clear()
    this.#writes.length = 0
    this.#syncs.length = 0
  }

  #queueOf({ session }: Request): SessionId {
    return this.#common ? SESSION_0 : session
  }

  #wait(request: Request): void {
    request.ready = false
    const session = this.#queueOf(request)
    const queue = this.#queues.get(session)
    if (queue === undefined) this.#queues.set(session, [request])
    else queue.push(request)
  }

  /** Answers from the front of the session's queue up to the next one that has to wait. */
  #drain(session: SessionId, queue: Request[]): void {
    // `stop` empties it, and what was left in it has no effect.
    while (queue[0]?.ready) {
      const request = queue.shift() as Request
      if (queue.length === 0) this.#queues.delete(session)
      request.reply?.(request)
    }
  }
}
