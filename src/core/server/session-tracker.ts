/** A register of sessions: who is alive, who owns it, when it expires. The leader keeps one of all global sessions, a
 *  standalone server of all, and who has local sessions one of these.
 *  Source: SessionTrackerImpl.java, ExpiryQueue.java. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host, Timer } from '../host.ts'
import { ErrorCode } from '../wire/codes.ts'
import { hex64, type SessionId } from '../wire/ids.ts'

interface Tracked {
  readonly session: SessionId
  /** End of its expiry bucket, in ms of the monotonic clock. */
  expiresAt: number
  /** The local client side or the learner's handler by which its requests come; null until the first one. */
  owner: object | null
  /** Its closeSession is on its way: it can do nothing more. */
  closing: boolean
  timer: Timer | undefined
}

/** So many deadlines are told to the trace; the sessions beyond them expire just the same. */
const SHOWN_DEADLINES = 64

export class SessionTracker {
  readonly #host: Host
  readonly #tickTimeMs: number
  readonly #onExpire: (session: SessionId) => void
  readonly #tracked = new Map<SessionId, Tracked>()
  #stopped = false

  /** `sessions`: those of the database; all of them get a full timeout from now, whatever the last leader knew. */
  constructor(
    host: Host,
    config: ReplicaConfig,
    sessions: ReadonlyMap<SessionId, number>,
    onExpire: (session: SessionId) => void,
  ) {
    this.#host = host
    this.#tickTimeMs = config.tickTimeMs
    this.#onExpire = onExpire
    for (const [session, timeoutMs] of sessions) this.add(session, timeoutMs)
  }

  /** A new session: tracked from the moment its createSession is proposed. Nothing happens when it is known already. */
  add(session: SessionId, timeoutMs: number): void {
    if (this.#stopped || this.#tracked.has(session)) return
    const tracked: Tracked = { session, expiresAt: 0, owner: null, closing: false, timer: undefined }
    this.#tracked.set(session, tracked)
    this.#postpone(tracked, timeoutMs)
  }

  /** Heard of. @returns false when it is unknown or closing. */
  touch(session: SessionId, timeoutMs: number): boolean {
    const tracked = this.#tracked.get(session)
    if (tracked === undefined || tracked.closing || this.#stopped) return false
    this.#postpone(tracked, timeoutMs)
    return true
  }

  get size(): number {
    return this.#tracked.size
  }
  /** Known, also when it is closing. */
  has(session: SessionId): boolean {
    return this.#tracked.has(session)
  }
  /** Sessions by the end of their bucket, in ms of the monotonic clock, earliest first. */
  deadlines(): [number, SessionId[]][] {
    const buckets = new Map<number, SessionId[]>()
    for (const { session, expiresAt } of this.#tracked.values()) {
      const bucket = buckets.get(expiresAt)
      if (bucket === undefined) buckets.set(expiresAt, [session])
      else bucket.push(session)
    }
    return [...buckets].sort(([a], [b]) => a - b)
  }
  /** Known and not closing. */
  isValid(session: SessionId): boolean {
    return this.#tracked.get(session)?.closing === false
  }

  /** May `owner` act for this session? The first one to ask becomes its owner. @returns Ok, SessionExpired, SessionMoved */
  check(session: SessionId, owner: object | null): ErrorCode {
    const tracked = this.#tracked.get(session)
    if (tracked === undefined || tracked.closing) return ErrorCode.SessionExpired
    if (tracked.owner === null) tracked.owner = owner
    return tracked.owner === owner ? ErrorCode.Ok : ErrorCode.SessionMoved
  }

  /** As `check`, where a session of another server's clients would not do: for ephemerals. */
  checkGlobal(session: SessionId, owner: object | null): ErrorCode {
    return this.check(session, owner)
  }

  /** A new owner: requests that still come by way of the old one are refused with SessionMoved. */
  setOwner(session: SessionId, owner: object | null): void {
    const tracked = this.#tracked.get(session)
    if (tracked !== undefined && !tracked.closing) tracked.owner = owner
  }

  /** Its closeSession is proposed. */
  startClosing(session: SessionId): void {
    const tracked = this.#tracked.get(session)
    if (tracked === undefined || tracked.closing) return
    this.#close(tracked)
    this.#host.trace.emit({ kind: 'sessionClosing', session, cause: 'closed' })
  }

  /** Its closeSession is committed. */
  remove(session: SessionId): void {
    this.#tracked.get(session)?.timer?.cancel()
    this.#tracked.delete(session)
  }

  /** Nothing expires any more. */
  stop(): void {
    this.#stopped = true
    for (const tracked of this.#tracked.values()) tracked.timer?.cancel()
    this.#tracked.clear()
  }

  /** Buckets are one tick wide, so a silent session ends between timeout and timeout + tick after its last touch, and
   *  a busy one moves its timer at most once a tick, however often it is heard of. */
  #postpone(tracked: Tracked, timeoutMs: number): void {
    const now = this.#host.clock.now()
    const expiresAt = (Math.floor((now + timeoutMs) / this.#tickTimeMs) + 1) * this.#tickTimeMs
    if (expiresAt === tracked.expiresAt) return
    tracked.expiresAt = expiresAt
    tracked.timer?.cancel()
    const shown = this.#tracked.size <= SHOWN_DEADLINES
    tracked.timer = this.#host.clock.after(
      expiresAt - now,
      () => this.#expire(tracked),
      shown ? { name: 'session', about: hex64(tracked.session) } : undefined,
    )
  }

  #expire(tracked: Tracked): void {
    if (this.#stopped || tracked.closing) return
    this.#close(tracked)
    this.#onExpire(tracked.session)
  }

  #close(tracked: Tracked): void {
    tracked.closing = true
    tracked.timer?.cancel()
    tracked.timer = undefined
  }
}
