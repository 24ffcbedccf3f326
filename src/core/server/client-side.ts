/** A server's clients while it has one role: connections, sessions of connections, the way of requests into the
 *  pipeline and of replies out of it. One object for one role; once closed, nothing of it has an effect.
 *  Source: NIOServerCnxnFactory.java, ZooKeeperServer.java processConnectRequest, processPacket, submitRequestNow,
 *  FollowerRequestProcessor.java (client-protocol.md, request-pipeline.md sections 2 and 7). Left out: SASL. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host } from '../host.ts'
import { CONFIG_PATH } from '../tree/data-tree.ts'
import { ErrorCode, OpCode, opName } from '../wire/codes.ts'
import { type SessionId, ZXID_0, type Zxid } from '../wire/ids.ts'
import { Writer } from '../wire/jute.ts'
import type { ConnectRequest, RequestHeader } from '../wire/proto.ts'
import type { LoggedTxn } from '../wire/txn.ts'
import { Admission } from './admission.ts'
import { answerAuth, answerSasl } from './auth-requests.ts'
import type { ClientConnection, ConnectionService } from './client-connection.ts'
import { fromClients, isRefusedReadOnly } from './client-operations.ts'
import type { ClientPort } from './client-port.ts'
import { CommitProcessor } from './commit-processor.ts'
import { ConnectionThrottle } from './connection-throttle.ts'
import { createsEphemeral } from './creates-ephemeral.ts'
import { eagerRefusal } from './eager-acl-check.ts'
import { FinalRequestProcessor, type TxnTarget } from './final.ts'
import { type ClientSessions, type LeaderSessionTracker, LearnerSessionTracker } from './local-sessions.ts'
import type { Deadlines, Outlook, ServerMode, Serving } from './monitor.ts'
import { lastOperationOf } from './operation.ts'
import { isWrite, type PrepRequestProcessor } from './prep.ts'
import type { Request } from './request.ts'
import { pathOf } from './request-body.ts'
import type { ClientSide, Role } from './role.ts'
import { Security } from './security.ts'
import { ServerStats } from './server-stats.ts'
import { isSessionPassword, SessionIds } from './session-id.ts'
import { ServerWatches, type WatchReport } from './watches.ts'

interface Common {
  readonly host: Host
  readonly config: ReplicaConfig
  readonly database: TxnTarget
  readonly clientPort: ClientPort
  /** Also the owner of the sessions that are attached here. */
  readonly role: Role
}
export type ClientServiceOptions =
  | (Common & {
      readonly kind: 'leader' | 'standalone'
      readonly sessions: LeaderSessionTracker
      readonly prep: PrepRequestProcessor
    })
  | (Common & { readonly kind: 'learner' | 'readOnly' })

export class ClientService implements ClientSide, ConnectionService, Serving {
  readonly stats: ServerStats
  readonly #options: ClientServiceOptions
  readonly #ids: SessionIds
  readonly #sessions: ClientSessions
  readonly #connectionThrottle: ConnectionThrottle
  readonly #admission: Admission
  readonly #commits: CommitProcessor
  readonly #security: Security
  readonly #watches: ServerWatches
  readonly #final: FinalRequestProcessor
  #closed = false
  /** Who has, or is about to get, which session. */
  readonly #bySession = new Map<SessionId, ClientConnection>()

  constructor(options: ClientServiceOptions) {
    const { host, clientPort, config, database, role } = options
    this.#options = options
    this.stats = new ServerStats(clientPort.metrics, host.clock.now())
    this.#ids = new SessionIds(options.kind === 'standalone' ? STANDALONE_ID : config.sid, host.clock.wallTime())
    this.#sessions =
      options.kind === 'leader' || options.kind === 'standalone'
        ? options.sessions
        : new LearnerSessionTracker(host, config, database, role)
    if (this.#sessions.local !== undefined) this.#sessions.local.onExpire = (session) => this.#expireLocal(session)
    this.#commits = new CommitProcessor({ oneQueue: options.kind === 'standalone' })
    this.#connectionThrottle = new ConnectionThrottle(host.clock, config)
    this.#admission = new Admission(config, host.clock, sharers(options), (request) => this.#enter(request))
    this.#security = new Security(config)
    this.#watches = new ServerWatches(host, database, this.#security, clientPort.metrics)
    this.#final = new FinalRequestProcessor(
      host,
      database,
      this.#watches,
      this.#sessions,
      this.#security,
      clientPort.metrics,
    )
  }

  get host(): Host {
    return this.#options.host
  }
  get lastApplied(): Zxid {
    return this.#options.database.tree.lastProcessedZxid
  }
  get overloaded(): boolean {
    return this.#admission.overloaded
  }
  /** Only clients that are content with a read-only server are served. */
  get isReadOnly(): boolean {
    return this.#options.kind === 'readOnly'
  }

  // --- for who looks at it from outside ----------------------------------------------------------

  get mode(): ServerMode {
    const { kind } = this.#options
    if (kind === 'readOnly') return 'read-only'
    if (kind !== 'learner') return kind
    return this.outlook?.observing === true ? 'observer' : 'follower'
  }
  get outlook(): Outlook | undefined {
    return this.#options.role.outlook
  }
  get outstanding(): number {
    return this.#admission.inProcess
  }
  get watches(): WatchReport {
    return this.#watches
  }
  get deadlines(): { readonly global?: Deadlines | undefined; readonly local?: Deadlines | undefined } {
    const options = this.#options
    const decides = options.kind === 'leader' || options.kind === 'standalone'
    return {
      global: decides ? options.sessions.deadlines() : undefined,
      local: this.#sessions.local?.deadlines(),
    }
  }

  // --- for the role ------------------------------------------------------------------------------

  open(): void {
    this.#options.clientPort.serve(this)
  }

  close(_reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#commits.stop()
    this.#admission.stop()
    this.#sessions.local?.stop()
    this.#options.clientPort.cease(this)
  }

  commit(logged: LoggedTxn, bytes: Uint8Array): void {
    if (this.#closed) return
    const request = this.#commits.match(logged)
    const result = this.#final.apply(logged, bytes, request !== undefined)
    const { clientId, type } = logged.header
    // The leader has given the session up, or its client closes it by way of another server.
    if (type === OpCode.closeSession && request === undefined) this.#bySession.get(clientId)?.close()
    if (request === undefined) return
    request.logged = logged
    request.result = result
    this.#commits.finish(request)
  }

  /** /zookeeper/config was written anew, apart from the txn that brings it: who watches it hears of both, as from the
   *  Java server. */
  configShown(): void {
    const { tree } = this.#options.database
    const acl = tree.acl(CONFIG_PATH)
    if (!this.#closed && acl !== undefined)
      this.#watches.fire([{ type: 'dataChanged', path: CONFIG_PATH, acl }], tree.lastProcessedZxid)
  }

  synced(): void {
    if (!this.#closed) this.#commits.synced()
  }

  revalidated(session: SessionId, valid: boolean): void {
    const client = this.#bySession.get(session)
    if (this.#closed || client === undefined || !client.isAttaching) return
    if (valid) client.attached()
    else client.refused()
  }

  // --- sessions ----------------------------------------------------------------------------------

  onConnectRequest(client: ClientConnection, request: ConnectRequest): void {
    const { config, database } = this.#options
    if (!this.#connectionThrottle.admits()) return client.close()
    if (this.isReadOnly && request.readOnly !== true) return client.close()
    // It has seen what this server has not: another server must serve it.
    if (request.lastZxidSeen > this.lastApplied) return client.close()
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = config
    const timeoutMs = Math.min(Math.max(request.timeOut, minSessionTimeoutMs), maxSessionTimeoutMs)
    const session = request.sessionId
    if (session !== 0n) this.stats.metrics.count.connection_revalidate_count++
    if (session === 0n) return this.#createSession(client, timeoutMs)
    // It could not be kept alive here.
    if (this.isReadOnly && database.sessions.has(session)) return client.close()
    // One connection for a session: whoever comes later takes it over, even before it has proved anything.
    this.#bySession.get(session)?.close()
    if (!isSessionPassword(session, request.passwd)) return client.refused()
    this.#claim(client, session, timeoutMs)
    this.#revalidate(session, timeoutMs)
  }

  #createSession(client: ClientConnection, timeoutMs: number): void {
    const { database } = this.#options
    const { local } = this.#sessions
    const session = this.#ids.next({ has: (id) => database.sessions.has(id) || local?.has(id) === true })
    this.#claim(client, session, timeoutMs)
    local?.add(session, timeoutMs)
    this.#admission.submit({
      ...this.#request(client, 0, OpCode.createSession, timeoutBody(timeoutMs)),
      // Who the client is matters to its requests alone.
      auth: [],
      local: local !== undefined,
    })
  }

  /** Whoever keeps the session alive knows whether it is: this server, if it is the session's only one, or the leader. */
  #revalidate(session: SessionId, timeoutMs: number): void {
    if (!this.isReadOnly && this.#sessions.local?.has(session) !== true)
      return this.#options.role.revalidate(session, timeoutMs)
    this.revalidated(session, this.#sessions.touch(session, timeoutMs))
  }

  /** A local session becomes a global one: for the ephemeral that is asked for next. */
  #upgrade(request: Request): void {
    const { session } = request
    const { local } = this.#sessions
    if (local?.has(session) !== true || !createsEphemeral(request)) return
    if (this.#options.config.localSessionsUpgradingEnabled !== true) {
      request.error = ErrorCode.EphemeralOnLocalSession
      return
    }
    const timeoutMs = local.upgrade(session)
    if (timeoutMs === undefined) return
    const body = timeoutBody(timeoutMs)
    this.#submitWrite(serverRequest(session, OpCode.createSession, body, null))
  }

  /** Nothing was heard of it. What it has asked for before is still done. */
  #expireLocal(session: SessionId): void {
    this.host.trace.emit({ kind: 'sessionClosing', session, cause: 'expired' })
    const request = serverRequest(session, OpCode.closeSession, new Uint8Array(), () => {
      this.#sessions.remove(session)
      this.#bySession.get(session)?.close()
    })
    request.local = true
    this.#commits.read(request)
  }

  #claim(client: ClientConnection, session: SessionId, timeoutMs: number): void {
    client.beginAttach(session, timeoutMs)
    this.#bySession.set(session, client)
  }

  onEnd(client: ClientConnection): void {
    if (this.#bySession.get(client.session) === client) this.#bySession.delete(client.session)
    this.#watches.drop(client)
  }

  // --- requests ----------------------------------------------------------------------------------

  onRequest(client: ClientConnection, { xid, type }: RequestHeader, body: Uint8Array): void {
    const { host } = this.#options
    const { session } = client
    if (type !== OpCode.ping && host.trace.off !== true) {
      const path = pathOf(type, body)
      const op = opName(type)
      host.trace.emit({ kind: 'request', session, xid, op, ...(path === undefined ? {} : { path }) })
    }
    switch (type) {
      case OpCode.auth:
        return answerAuth(client, xid, body, this.#security)
      case OpCode.sasl:
        return answerSasl(client, xid, body)
    }
    if (!this.#security.isEnough(client.auth)) {
      client.reply(xid, type, ZXID_0, ErrorCode.SessionClosedRequireSaslAuth, null)
      return client.close()
    }
    const request = this.#request(client, xid, type, body)
    if (!this.#admission.submit(request)) client.abort('too many large requests')
  }

  /** ZooKeeperServer.submitRequestNow and the first processor behind it. */
  #enter(request: Request): void {
    const { kind } = this.#options
    const { cxid, type } = request
    const client = request.connection as ClientConnection
    if (client.isAttaching) return this.#enterSession(request)
    // Of a session that is unknown or closing: nobody answers.
    if (!this.#sessions.touch(request.session, client.timeoutMs)) return this.#admission.left(request)
    if (!fromClients.has(type)) {
      this.#admission.left(request)
      return client.refuseOp(cxid, type)
    }
    // Alone it would become a txn that no log can be read with (ZOOKEEPER-2623); it is legal in a multi.
    if (type === OpCode.check && !this.isReadOnly) request.error = ErrorCode.Unimplemented
    else if (request.throttled === true) request.error = ErrorCode.ThrottledOp
    else if (type === OpCode.closeSession) request.local = this.#sessions.local?.has(request.session) === true
    if (this.isReadOnly && (isRefusedReadOnly(type) || (type === OpCode.closeSession && request.local !== true)))
      request.error = ErrorCode.NotReadOnly
    // A write that the own tree refuses already is answered in its turn, and goes no further.
    else if (this.#security.isEager)
      request.error ||= eagerRefusal(request, this.#options.database.tree, this.#security)
    if (request.error !== ErrorCode.Ok || request.local === true) return this.#commits.read(request)
    this.#upgrade(request)
    if (isWrite(type)) this.#submitWrite(request)
    else if (type === OpCode.sync && kind === 'learner') this.#submitSync(request)
    else this.#submitRead(request)
  }

  #enterSession(request: Request): void {
    if (request.local === true) return this.#commits.read(request)
    if (!this.isReadOnly) return this.#submitWrite(request)
    // ZooKeeper answers a client that has no session yet as if it had: the client cannot read that, and gives up.
    this.#admission.left(request)
    request.connection?.reply(0, OpCode.createSession, this.lastApplied, ErrorCode.NotReadOnly, null)
  }

  #request(client: ClientConnection, cxid: number, type: number, body: Uint8Array): Request {
    return {
      session: client.session,
      cxid,
      type,
      body,
      auth: client.auth,
      owner: this.#options.role,
      reply: this.#reply,
      logged: null,
      error: ErrorCode.Ok,
      connection: client,
      createdAt: client.heardAt,
    }
  }

  // Queued first, submitted then: an answer may come at once.
  #submitWrite(request: Request): void {
    this.#commits.write(request)
    this.#options.role.submit(request)
  }
  #submitSync(request: Request): void {
    this.#commits.sync(request)
    this.#options.role.submit(request)
  }

  /** Who knows the sessions refuses those that have expired or moved; a learner reads for anybody who is connected. */
  #submitRead(request: Request): void {
    const { kind } = this.#options
    if (kind === 'leader' || kind === 'standalone') this.#options.prep.prepare(request)
    else if (kind === 'readOnly') request.error = this.#sessions.check(request.session, request.owner)
    this.#commits.read(request)
  }

  /** Its turn has come: nothing that the session asked for before is unanswered. */
  readonly #reply = (request: Request): void => {
    this.#admission.left(request)
    const client = request.connection as ClientConnection
    if (this.#closed) return
    if (!client.hasEnded) this.#answer(client, request)
    else if (request.local === true) this.#sessions.remove(request.session)
    // Only now: what waits must not be answered first.
    this.#admission.wake()
  }

  #answer(client: ClientConnection, request: Request): void {
    const { cxid, type } = request
    this.#count(client, request)
    if (type === OpCode.createSession) return client.attached()
    const isLocalEnd = request.local === true && request.error === ErrorCode.Ok
    if (isLocalEnd) this.#sessions.remove(request.session)
    const { err, body } = isLocalEnd ? DONE : this.#final.answer(request, client)
    const moved =
      err === ErrorCode.SessionMoved || request.result?.parts?.some((part) => part.err === ErrorCode.SessionMoved)
    // Whoever has the session now is somewhere else: this connection has no say, and hears nothing.
    if (moved) return client.close()
    const refusedAhead = request.logged === null && (err === ErrorCode.NoAuth || err === ErrorCode.InvalidACL)
    const zxid = refusedAhead && isWrite(type) ? ZXID_0 : this.lastApplied
    const sizeBytes = client.reply(type === OpCode.ping ? PING_XID : cxid, type, zxid, err, body)
    if (type !== OpCode.ping) this.stats.metrics.count.response_bytes += sizeBytes
    if (type === OpCode.closeSession && err === ErrorCode.Ok) return client.close()
    client.finished(cxid)
  }

  /** FinalRequestProcessor.updateStats */
  #count(client: ClientConnection, { cxid, type, createdAt = 0, logged }: Request): void {
    const now = this.#options.host.clock.now()
    const latencyMs = Math.floor(now) - Math.floor(createdAt)
    this.stats.answered(latencyMs, logged !== null)
    client.answered(cxid, this.lastApplied, lastOperationOf(type), latencyMs, now)
  }
}

const PING_XID = -2
/** createSessionTrackerServerId of a server that has no id. */
const STANDALONE_ID = 1
const DONE = { err: ErrorCode.Ok, body: null } as const

/** Servers between which globalOutstandingLimit is divided: the voters but one, in Java's words
 *  `quorumSize > 2 ? quorumSize - 1 : 1`; who does not vote has it all. */
function sharers({ kind, config: { sid, quorum } }: ClientServiceOptions): number {
  const voters = quorum.voters.length
  const shares = kind === 'leader' || (kind === 'learner' && quorum.isVoter(sid))
  return shares && voters > 2 ? voters - 1 : 1
}

function timeoutBody(timeoutMs: number): Uint8Array {
  const body = new Writer(4)
  body.int(timeoutMs)
  return body.finish()
}

/** A request of nobody's client. */
const serverRequest = (
  session: SessionId,
  type: number,
  body: Uint8Array,
  reply: ((request: Request) => void) | null,
): Request => ({ session, cxid: 0, type, body, auth: [], owner: null, reply, logged: null, error: ErrorCode.Ok })
