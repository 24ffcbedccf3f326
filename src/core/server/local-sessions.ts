/** Sessions that only one server knows: no txn makes or ends them, they may not own ephemerals, and they expire where
 *  they are. Such a session may become a global one. And the two registers of a server that may have some.
 *  Source: UpgradeableSessionTracker.java, LocalSessionTracker.java, LeaderSessionTracker.java, LearnerSessionTracker.java
 *  (request-pipeline.md section 8). */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host } from '../host.ts'
import { ErrorCode } from '../wire/codes.ts'
import type { SessionId, Sid } from '../wire/ids.ts'
import type { Role } from './role.ts'
import { SessionTracker } from './session-tracker.ts'

/** What a server's client side asks about the sessions that are attached to it. */
export interface ClientSessions {
  /** undefined: new sessions are global. */
  readonly local: LocalSessions | undefined
  /** Heard of. @returns false: unknown or closing, and what it asks for is dropped */
  touch(session: SessionId, timeoutMs: number): boolean
  /** @returns Ok, SessionExpired, SessionMoved */
  check(session: SessionId, owner: object | null): ErrorCode
  /** Its createSession is committed: whatever it was before, it is global now. */
  committed(session: SessionId, timeoutMs: number): void
  /** Its end is committed, or done here alone. */
  remove(session: SessionId): void
}

export class LocalSessions {
  /** Says which one has been silent for too long. */
  onExpire: (session: SessionId) => void = () => {}
  readonly #tracker: SessionTracker
  readonly #timeouts = new Map<SessionId, number>()
  /** Their createSession is on its way. */
  readonly #upgrading = new Set<SessionId>()

  constructor(host: Host, config: ReplicaConfig) {
    this.#tracker = new SessionTracker(host, config, new Map(), (session) => this.onExpire(session))
  }

  get count(): number {
    return this.#timeouts.size
  }
  has(session: SessionId): boolean {
    return this.#tracker.has(session)
  }
  deadlines(): [number, SessionId[]][] {
    return this.#tracker.deadlines()
  }
  isUpgrading(session: SessionId): boolean {
    return this.#upgrading.has(session)
  }
  add(session: SessionId, timeoutMs: number): void {
    this.#timeouts.set(session, timeoutMs)
    this.#tracker.add(session, timeoutMs)
  }
  touch(session: SessionId, timeoutMs: number): boolean {
    return this.#tracker.touch(session, timeoutMs)
  }
  check(session: SessionId, owner: object | null): ErrorCode {
    return this.#tracker.check(session, owner)
  }
  setOwner(session: SessionId, owner: object): void {
    this.#tracker.setOwner(session, owner)
  }
  startClosing(session: SessionId): void {
    this.#tracker.startClosing(session)
  }

  /** Not local from now on: the caller asks for its createSession. @returns its timeout in ms; undefined: it is not local */
  upgrade(session: SessionId): number | undefined {
    const timeoutMs = this.#timeouts.get(session)
    if (timeoutMs === undefined) return undefined
    this.remove(session)
    this.#upgrading.add(session)
    return timeoutMs
  }

  /** It is a global session, here as everywhere. */
  upgraded(session: SessionId): void {
    this.remove(session)
    this.#upgrading.delete(session)
  }

  remove(session: SessionId): void {
    this.#timeouts.delete(session)
    this.#tracker.remove(session)
  }
  stop(): void {
    this.#tracker.stop()
  }
}

/** All global sessions, and the local ones of the leader's own clients. */
export class LeaderSessionTracker extends SessionTracker implements ClientSessions {
  readonly local: LocalSessions | undefined
  readonly #sid: Sid

  constructor(
    host: Host,
    config: ReplicaConfig,
    sessions: ReadonlyMap<SessionId, number>,
    onExpire: (session: SessionId) => void,
  ) {
    super(host, config, sessions, onExpire)
    this.#sid = config.sid
    if (config.localSessionsEnabled === true && config.standalone !== true) this.local = new LocalSessions(host, config)
  }

  override touch(session: SessionId, timeoutMs: number): boolean {
    return this.local?.touch(session, timeoutMs) === true || super.touch(session, timeoutMs)
  }

  /** A session that nobody here knows may be a local one of another server. */
  override check(session: SessionId, owner: object | null): ErrorCode {
    if (this.local?.has(session) === true) {
      const checked = this.local.check(session, owner)
      if (checked !== ErrorCode.Ok || !this.has(session)) return checked
    }
    if (this.local === undefined || this.has(session)) return super.check(session, owner)
    return Number(session >> 56n) === this.#sid ? ErrorCode.SessionExpired : ErrorCode.Ok
  }

  override checkGlobal(session: SessionId, owner: object | null): ErrorCode {
    return super.check(session, owner)
  }

  override setOwner(session: SessionId, owner: object | null): void {
    if (owner !== null && this.local?.has(session) === true) this.local.setOwner(session, owner)
    else super.setOwner(session, owner)
  }

  override startClosing(session: SessionId): void {
    this.local?.startClosing(session)
    super.startClosing(session)
  }

  committed(session: SessionId, timeoutMs: number): void {
    this.add(session, timeoutMs)
    this.local?.upgraded(session)
  }

  override remove(session: SessionId): void {
    this.local?.remove(session)
    super.remove(session)
  }

  override stop(): void {
    this.local?.stop()
    super.stop()
  }
}

/** A learner knows which global sessions there are; whether they are alive, the leader decides by what is told to it. */
export class LearnerSessionTracker implements ClientSessions {
  readonly local: LocalSessions | undefined
  readonly #database: { readonly sessions: ReadonlyMap<SessionId, number> }
  readonly #role: Role

  constructor(
    host: Host,
    config: ReplicaConfig,
    database: { readonly sessions: ReadonlyMap<SessionId, number> },
    role: Role,
  ) {
    this.#database = database
    this.#role = role
    if (config.localSessionsEnabled === true) this.local = new LocalSessions(host, config)
  }

  isGlobal(session: SessionId): boolean {
    return this.#database.sessions.has(session)
  }

  touch(session: SessionId, timeoutMs: number): boolean {
    const { local } = this
    if (local !== undefined) {
      if (local.touch(session, timeoutMs)) return true
      if (!this.isGlobal(session) && !local.isUpgrading(session)) return false
    }
    this.#role.touch(session, timeoutMs)
    return true
  }

  /** Global sessions are checked at the leader. */
  check(session: SessionId, owner: object | null): ErrorCode {
    if (this.local === undefined) return ErrorCode.Ok
    if (this.local.has(session)) return this.local.check(session, owner)
    return this.isGlobal(session) ? ErrorCode.Ok : ErrorCode.SessionExpired
  }

  committed(session: SessionId, timeoutMs: number): void {
    this.local?.upgraded(session)
    this.#role.touch(session, timeoutMs)
  }

  remove(session: SessionId): void {
    this.local?.remove(session)
    this.#role.forget?.(session)
  }
}
