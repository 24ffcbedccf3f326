/** A server's clients while it has one role: connections, sessions of connections, the way of requests into the
 *  pipeline and of replies out of it. One object for one role; once closed, nothing of it has an effect.
 *  Source: NIOServerCnxnFactory.java, ZooKeeperServer.java processConnectRequest, processPacket, submitRequestNow,
 *  FollowerRequestProcessor.java (client-protocol.md, request-pipeline.md sections 2 and 7). Left out: SASL, request
 *  throttling, local sessions, read-only mode. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host } from '../host.ts'
import { ErrorCode, OpCode, opName } from '../wire/codes.ts'
import { type SessionId, ZXID_0, type Zxid } from '../wire/ids.ts'
import { decode, JuteError, Writer } from '../wire/jute.ts'
import { AuthPacket, type ConnectRequest, type RequestHeader } from '../wire/proto.ts'
import type { LoggedTxn } from '../wire/txn.ts'
import { authenticate } from './authentication.ts'
import type { ClientConnection, ConnectionService } from './client-connection.ts'
import type { ClientPort } from './client-port.ts'
import { CommitProcessor } from './commit-processor.ts'
import { FinalRequestProcessor, type TxnTarget } from './final.ts'
import { isWrite, type PrepRequestProcessor } from './prep.ts'
import type { Request } from './request.ts'
import { pathOf } from './request-body.ts'
import type { ClientSide, Role } from './role.ts'
import { isSessionPassword, SessionIds } from './session-id.ts'
import type { SessionTracker } from './session-tracker.ts'
import { ServerWatches } from './watches.ts'

interface Common {
  readonly host: Host
  readonly config: ReplicaConfig
  readonly database: TxnTarget
  readonly clientPort: ClientPort
  /** Also the owner of the sessions that are attached here. */
  readonly role: Role
}
export type ClientServiceOptions =
  | (Common & { readonly kind: 'leader'; readonly sessions: SessionTracker; readonly prep: PrepRequestProcessor })
  | (Common & { readonly kind: 'learner' })

export class ClientService implements ClientSide, ConnectionService {
  readonly #options: ClientServiceOptions
  readonly #ids: SessionIds
  readonly #commits = new CommitProcessor()
  readonly #watches: ServerWatches
  readonly #final: FinalRequestProcessor
  #closed = false
  /** Who has, or is about to get, which session. */
  readonly #bySession = new Map<SessionId, ClientConnection>()
  /** Requests of clients that are in the pipeline. */
  #inProcess = 0
  readonly #outstandingLimit: number

  constructor(options: ClientServiceOptions) {
    const { host, config, database } = options
    this.#options = options
    this.#ids = new SessionIds(config.sid, host.clock.wallTime())
    this.#watches = new ServerWatches(host, database)
    const sessions = options.kind === 'leader' ? options.sessions : undefined
    this.#final = new FinalRequestProcessor(host, database, this.#watches, sessions)
    const voters = config.quorum.voters.length
    this.#outstandingLimit = config.globalOutstandingLimit / (voters > 2 ? voters - 1 : 1)
  }

  get host(): Host {
    return this.#options.host
  }
  get lastApplied(): Zxid {
    return this.#options.database.tree.lastProcessedZxid
  }
  get overloaded(): boolean {
    return this.#inProcess > this.#outstandingLimit
  }

  // --- for the role ------------------------------------------------------------------------------

  open(): void {
    this.#options.clientPort.serve(this)
  }

  close(_reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#commits.stop()
    this.#options.clientPort.cease(this)
  }

  commit(logged: LoggedTxn, bytes: Uint8Array): void {
    if (this.#closed) return
    const request = this.#commits.match(logged)
    const result = this.#final.apply(logged, bytes)
    const { clientId, type } = logged.header
    // The leader has given the session up, or its client closes it by way of another server.
    if (type === OpCode.closeSession && request === undefined) this.#bySession.get(clientId)?.close()
    if (request === undefined) return
    request.logged = logged
    request.result = result
    this.#commits.finish(request)
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
    const { config, database, role } = this.#options
    // It has seen what this server has not: another server must serve it.
    if (request.lastZxidSeen > this.lastApplied) return client.close()
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = config
    const timeoutMs = Math.min(Math.max(request.timeOut, minSessionTimeoutMs), maxSessionTimeoutMs)
    const session = request.sessionId
    if (session === 0n) {
      const fresh = this.#ids.next(database.sessions)
      this.#claim(client, fresh, timeoutMs)
      const body = new Writer(4)
      body.int(timeoutMs)
      return this.#submitWrite(this.#request(client, 0, OpCode.createSession, body.finish()))
    }
    // One connection for a session: whoever comes later takes it over, even before it has proved anything.
    this.#bySession.get(session)?.close()
    if (!isSessionPassword(session, request.passwd)) return client.refused()
    this.#claim(client, session, timeoutMs)
    role.revalidate(session, timeoutMs)
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
    const { host, role, kind } = this.#options
    const { session } = client
    if (type !== OpCode.ping && host.trace.off !== true) {
      const path = pathOf(type, body)
      const op = opName(type)
      host.trace.emit({ kind: 'request', session, xid, op, ...(path === undefined ? {} : { path }) })
    }
    switch (type) {
      case OpCode.auth:
        return this.#authenticate(client, xid, body)
      case OpCode.sasl:
        return this.#answerSasl(client, xid)
    }
    if (!fromClients.has(type)) return client.refuseOp(xid, type)
    role.touch(session, client.timeoutMs)
    // Alone it would become a txn that no log can be read with (ZOOKEEPER-2623); it is legal in a multi.
    if (type === OpCode.check) {
      client.reply(xid, type, this.lastApplied, ErrorCode.Unimplemented, null)
      return client.finished(xid)
    }
    const request = this.#request(client, xid, type, body)
    if (isWrite(type)) this.#submitWrite(request)
    else if (type === OpCode.sync && kind === 'learner') this.#submitSync(request)
    else this.#submitRead(request)
  }

  #request(client: ClientConnection, cxid: number, type: number, body: Uint8Array): Request {
    this.#inProcess++
    return {
      session: client.session,
      cxid,
      type,
      body,
      auth: client.auth,
      owner: this.#options.role,
      reply: (request) => this.#answer(client, request),
      logged: null,
      error: ErrorCode.Ok,
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

  /** The leader knows the sessions and refuses those that have expired or moved; a learner reads for anybody who is
   *  connected. */
  #submitRead(request: Request): void {
    if (this.#options.kind === 'leader') this.#options.prep.prepare(request)
    this.#commits.read(request)
  }

  /** Its turn has come: nothing that the session asked for before is unanswered. */
  #answer(client: ClientConnection, request: Request): void {
    this.#inProcess--
    if (this.#closed || client.hasEnded) return
    const { cxid, type } = request
    if (type === OpCode.createSession) return client.attached()
    const { err, body } = this.#final.answer(request, client)
    const moved =
      err === ErrorCode.SessionMoved || request.result?.parts?.some((part) => part.err === ErrorCode.SessionMoved)
    // Whoever has the session now is somewhere else: this connection has no say, and hears nothing.
    if (moved) return client.close()
    client.reply(type === OpCode.ping ? PING_XID : cxid, type, this.lastApplied, err, body)
    if (type === OpCode.closeSession) return client.close()
    client.finished(cxid)
  }

  // --- authentication ----------------------------------------------------------------------------

  /** Answered at once, ahead of requests that still wait; those that come later carry the new identity. */
  #authenticate(client: ClientConnection, xid: number, body: Uint8Array): void {
    const identity = this.#identityOf(body, client)
    if (identity === undefined) {
      client.reply(xid, OpCode.auth, ZXID_0, ErrorCode.AuthFailed, null)
      return client.close()
    }
    client.addIdentity(identity)
    client.reply(xid, OpCode.auth, ZXID_0, ErrorCode.Ok, null)
    client.finished(xid)
  }

  #identityOf(body: Uint8Array, client: ClientConnection): ReturnType<typeof authenticate> {
    try {
      const { scheme, auth } = decode(AuthPacket, body)
      return authenticate(scheme, auth, client.remote)
    } catch (error) {
      if (error instanceof JuteError) return undefined
      throw error
    }
  }

  /** No SASL server is configured: an answer without a token. */
  #answerSasl(client: ClientConnection, xid: number): void {
    const noToken = new Writer(4)
    noToken.buffer(null)
    client.reply(xid, OpCode.sasl, ZXID_0, ErrorCode.Ok, noToken.finish())
    client.finished(xid)
  }
}

const PING_XID = -2

/** What a client may ask for. createSession is no request of clients here, though the Java server takes it for one. */
const fromClients = new Set<number>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.deleteContainer,
  OpCode.exists,
  OpCode.getData,
  OpCode.setData,
  OpCode.getACL,
  OpCode.setACL,
  OpCode.getChildren,
  OpCode.getChildren2,
  OpCode.getEphemerals,
  OpCode.getAllChildrenNumber,
  OpCode.sync,
  OpCode.ping,
  OpCode.check,
  OpCode.multi,
  OpCode.multiRead,
  OpCode.reconfig,
  OpCode.checkWatches,
  OpCode.removeWatches,
  OpCode.setWatches,
  OpCode.setWatches2,
  OpCode.addWatch,
  OpCode.whoAmI,
  OpCode.closeSession,
])
