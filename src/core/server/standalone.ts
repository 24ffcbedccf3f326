/** A server alone: what Prep accepts is in the log, and then in the tree; nobody is asked. There is no election, no
 *  epoch, no vote: zxids go on where the log ends. Source: ZooKeeperServerMain.java, ZooKeeperServer.java startdata,
 *  startup, setupRequestProcessors (request-pipeline.md section 1). */
import { OpCode } from '../wire/codes.ts'
import { nextZxid, type SessionId, type Zxid } from '../wire/ids.ts'
import { encodeLogged, type LoggedTxn } from '../wire/txn.ts'
import type { RoleContext } from '../zab/context.ts'
import { ClientService } from './client-side.ts'
import { ContainerManager } from './container-manager.ts'
import { LeaderSessionTracker } from './local-sessions.ts'
import { PrepRequestProcessor } from './prep.ts'
import type { Request } from './request.ts'
import type { Role } from './role.ts'

type Surroundings = Pick<RoleContext, 'host' | 'config' | 'database' | 'clientPort' | 'halt'>

interface Written {
  readonly logged: LoggedTxn
  readonly bytes: Uint8Array
}

export class Standalone implements Role {
  readonly kind = 'standalone'
  readonly #context: Surroundings
  #lastZxid: Zxid
  /** In the log, not known to be durable, in zxid order. */
  readonly #written: Written[] = []
  #sessions: LeaderSessionTracker | undefined
  #prep: PrepRequestProcessor | undefined
  #clients: ClientService | undefined
  #containers: ContainerManager | undefined
  #stopped = false

  constructor(context: Surroundings) {
    this.#context = context
    this.#lastZxid = context.database.lastLoggedZxid
  }

  /** Serves as soon as all that was found on the disk is durable: what a client reads must not be lost any more. */
  start(): void {
    const { database } = this.#context
    database.sync((error) => {
      if (this.#stopped) return
      if (error !== undefined) return this.#context.halt(`the disk failed: ${error.message}`)
      database.removeEphemeralsOfTheDead()
      database.takeSnapshot()
      // The disk may have refused it, which ends everything.
      if (!this.#stopped) this.#serve()
    })
  }

  #serve(): void {
    const { clientPort, config, database, host } = this.#context
    const sessions = new LeaderSessionTracker(host, config, database.sessions, (session) => this.#expire(session))
    this.#sessions = sessions
    this.#prep = new PrepRequestProcessor({
      database,
      sessions,
      nextZxid: () => nextZxid(this.#lastZxid),
      wallTime: () => host.clock.wallTime(),
      config,
      trace: host.trace,
    })
    this.#clients = new ClientService({
      host,
      config,
      database,
      clientPort,
      role: this,
      kind: 'standalone',
      sessions,
      prep: this.#prep,
    })
    this.#containers = new ContainerManager({ host, config, database, submit: (request) => this.submit(request) })
    this.#containers.start()
    this.#clients.open()
    host.trace.emit({ kind: 'serving', zxid: database.tree.lastProcessedZxid })
  }

  /** Idempotent. */
  stop(reason: string): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#sessions?.stop()
    this.#containers?.stop()
    this.#clients?.close(reason)
    this.#context.database.writer.stop()
    if (this.#clients !== undefined) this.#context.host.trace.emit({ kind: 'stopServing', reason })
  }

  // --- requests ----------------------------------------------------------------------------------

  submit(request: Request): void {
    if (this.#stopped || this.#prep === undefined) return
    this.#prep.prepare(request)
    const { logged } = request
    if (logged === null) return
    const { zxid } = logged.header
    const bytes = encodeLogged(logged)
    this.#lastZxid = zxid
    this.#written.push({ logged, bytes })
    this.#context.database.writer.write(zxid, bytes, this.#durable)
  }

  /** In the order in which they were written: this one is the oldest. */
  readonly #durable = (zxid: Zxid): void => {
    const { logged, bytes } = this.#written.shift() as Written
    this.#clients?.commit(logged, bytes)
    this.#prep?.applied(zxid)
  }

  // --- sessions ----------------------------------------------------------------------------------

  revalidate(session: SessionId, timeoutMs: number): void {
    const valid = this.#sessions?.touch(session, timeoutMs) === true
    if (valid) this.#sessions?.setOwner(session, this)
    this.#clients?.revalidated(session, valid)
  }

  touch(session: SessionId, timeoutMs: number): void {
    this.#sessions?.touch(session, timeoutMs)
  }

  #expire(session: SessionId): void {
    this.#context.clientPort.metrics.count.stale_sessions_expired++
    this.#context.host.trace.emit({ kind: 'sessionClosing', session, cause: 'expired' })
    this.submit({
      session,
      cxid: 0,
      type: OpCode.closeSession,
      body: new Uint8Array(),
      auth: [],
      owner: null,
      reply: null,
      logged: null,
      error: 0,
    })
  }
}
