/** C, and what clients see of X: requests and answers as they are on the clients' own connections. */
import type { TraceEvent } from '../core/trace.ts'
import { ErrorCode, OpCode, opName, Xid } from '../core/wire/codes.ts'
import { asZxid, type Zxid } from '../core/wire/ids.ts'
import { JuteError, Reader } from '../core/wire/jute.ts'
import { ConnectRequest, ConnectResponse } from '../core/wire/proto.ts'
import type { ClientConnection, Request } from './connections.ts'
import { ReadAnswers } from './read-answers.ts'
import type { Term } from './replica.ts'
import { Routes } from './routes.ts'
import type { TreeChecks } from './tree.ts'
import type { WatchChecks } from './watches.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'
import { WriteAnswers } from './write-answers.ts'

/** What a session has seen, over all its connections. */
interface Session {
  readonly id: bigint
  lastZxid: Zxid
  lastSeenBy: TraceEvent | undefined
  proof: number | undefined
  /** Greatest xid that was used on a connection. */
  lastXid: number
  /** zxid of the last write that was answered. */
  lastWrite: Zxid
  /** Several processes have it, or have had it: what one has seen the other has not. */
  isShared: boolean
}

const writes = new Set<number>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.multi,
])

export class ClientChecks {
  readonly #world: World
  readonly #tree: TreeChecks
  readonly #watches: WatchChecks
  readonly #writes: WriteAnswers
  readonly #reads: ReadAnswers
  readonly #connections = new Map<string, ClientConnection>()
  readonly #sessions = new Map<bigint, Session>()
  readonly routes = new Routes()
  /** The greatest zxid of a write that any client has been answered. */
  #floor: { zxid: Zxid; event: TraceEvent | undefined } = { zxid: asZxid(0n), event: undefined }
  /** By station, handle, and xid: invoked, and neither answered nor lost. */
  readonly #open = new Map<string, EventOf<'invoked'>>()

  constructor(world: World, tree: TreeChecks, watches: WatchChecks) {
    this.#world = world
    this.#tree = tree
    this.#watches = watches
    this.#writes = new WriteAnswers(world, tree)
    this.#reads = new ReadAnswers(world, tree)
  }

  get connections(): ReadonlyMap<string, ClientConnection> {
    return this.#connections
  }
  /** Requests without an outcome. */
  get open(): ReadonlyMap<string, EventOf<'invoked'>> {
    return this.#open
  }

  readonly handlers: Handlers = {
    requestsSent: (event) => this.#sent(event),
    repliesCame: (event) => this.#came(event),
    disconnected: (event) => {
      if (this.#connections.get(event.connection)?.client === event.station) this.#end(event.connection)
    },
    started: ({ station }) => this.#forget(station),
    killed: ({ station }) => this.#forget(station),
    invoked: (event) => {
      this.#open.set(keyOf(event), event)
    },
    answered: (event) => this.#outcome(event),
    requestLost: (event) => this.#outcome(event),
    sessionAttached: (event) => this.#attached(event),
  }

  #forget(station: number): void {
    for (const [id, { client }] of this.#connections) if (client === station) this.#end(id)
    for (const [key, event] of this.#open) if (event.station === station) this.#open.delete(key)
  }

  #end(id: string): void {
    const connection = this.#connections.get(id)
    if (connection !== undefined) this.#watches.ended(connection)
    this.#connections.delete(id)
  }

  // --- C-9 ---------------------------------------------------------------------------------------

  #outcome(event: EventOf<'answered' | 'requestLost'>): void {
    const key = keyOf(event)
    const judge = this.#world.judges['C-9']
    const known = this.#open.delete(key)
    // What a session sends for itself (setWatches) nobody has invoked.
    if (!judge.holds(known || event.op.startsWith('setWatches')))
      judge.report(event, `client ${event.station} gets a second outcome of its request ${event.xid}`)
  }

  // --- what clients send -------------------------------------------------------------------------

  #sent(event: EventOf<'requestsSent'>): void {
    let connection = this.#connections.get(event.connection)
    if (connection === undefined) {
      connection = {
        id: event.connection,
        client: event.station,
        server: event.server,
        session: 0n,
        requests: [],
        isAttached: false,
        asked: undefined,
        hasAuthenticated: false,
        readOnly: false,
        lastZxid: asZxid(0n),
      }
      this.#connections.set(event.connection, connection)
    }
    for (const frame of event.frames) {
      const input = new Reader(frame)
      try {
        if (connection.asked === undefined) this.#connects(connection, event, ConnectRequest.read(input))
        else this.#asks(connection, event, input)
      } catch (error) {
        // What makes no sense to a server makes none here: the server will say so.
        if (!(error instanceof JuteError)) throw error
      }
    }
  }

  #connects(connection: ClientConnection, event: EventOf<'requestsSent'>, request: ConnectRequest): void {
    connection.asked = {
      session: request.sessionId,
      timeoutMs: request.timeOut,
      lastZxid: request.lastZxidSeen,
      proof: event.proof,
    }
  }

  #asks(connection: ClientConnection, event: EventOf<'requestsSent'>, input: Reader): void {
    const xid = input.int()
    const type = input.int()
    if (type === OpCode.auth) connection.hasAuthenticated = true
    const { station: leader, term } = this.#leaderOf(connection.server)
    const request: Request = {
      xid,
      type,
      body: input.rest(),
      event,
      floor: this.#floor.zxid,
      floorBy: this.#floor.event,
      leaderCommitted: term?.lastCommitted,
      leader,
      leaderEpoch: term?.epoch,
    }
    connection.requests.push(request)
    const session = this.#sessions.get(connection.session)
    if (session === undefined || xid <= 0) return
    this.routes.sent(connection.session, connection.server, xid)
    if (xid <= session.lastXid) this.#world.renumbered.add(connection.session)
    session.lastXid = Math.max(session.lastXid, xid)
  }

  #leaderOf(server: number): { readonly station: number; readonly term: Term | undefined } {
    const replica = this.#world.replica(server)
    const leader = replica.state === 'LEADING' ? replica : this.#world.replica(replica.link?.leader ?? server)
    const { term } = leader
    return { station: leader.sid, term: term !== undefined && !term.over ? term : undefined }
  }

  // --- what clients get --------------------------------------------------------------------------

  #came(event: EventOf<'repliesCame'>): void {
    const connection = this.#connections.get(event.connection)
    if (connection === undefined) return
    for (const frame of event.frames) {
      const input = new Reader(frame)
      try {
        if (!connection.isAttached) this.#granted(connection, event, ConnectResponse.read(input))
        else this.#told(connection, event, input)
      } catch (error) {
        if (!(error instanceof JuteError)) throw error
        this.#world.judges['C-6'].report(
          event,
          `${who(connection.server)} sends client ${connection.client} what cannot be read: ${error.message}`,
        )
      }
    }
  }

  #granted(connection: ClientConnection, event: EventOf<'repliesCame'>, response: ConnectResponse): void {
    const { judges } = this.#world
    const { sessionId, timeOut } = response
    const { asked } = connection
    connection.isAttached = true
    connection.session = sessionId
    connection.readOnly = response.readOnly ?? false
    if (asked === undefined || timeOut <= 0) return
    const replica = this.#world.replica(connection.server)
    const [min, max] = [2 * replica.tickMs, 20 * replica.tickMs]
    const granted = Math.min(Math.max(asked.timeoutMs, min), max)
    if (!judges['X-8'].holds(timeOut === granted || this.#world.hasOwnTimeouts))
      judges['X-8'].report(
        event,
        `session ${hex(sessionId)} asked for ${asked.timeoutMs} ms and got ${timeOut} ms, not ${granted}`,
      )
    let session = this.#sessions.get(sessionId)
    if (session === undefined) {
      session = {
        id: sessionId,
        lastZxid: asZxid(0n),
        lastSeenBy: undefined,
        proof: event.proof,
        lastXid: 0,
        lastWrite: asZxid(0n),
        isShared: false,
      }
      this.#sessions.set(sessionId, session)
    } else if (
      asked.session !== 0n &&
      !judges['X-6'].holds(session.proof === asked.proof || session.proof === undefined)
    )
      judges['X-6'].report(
        event,
        `${who(connection.server)} lets client ${connection.client} take up session ${hex(sessionId)} with another password`,
      )
    if (asked.session === 0n && session.lastXid > 0)
      judges['X-7'].report(
        event,
        `${who(connection.server)} gives client ${connection.client} session ${hex(sessionId)}, which was given before`,
      )
    session.proof ??= event.proof
    if (asked.session === 0n) return
    for (const other of this.#connections.values())
      if (other !== connection && other.session === sessionId) session.isShared = true
    if (asked.lastZxid < session.lastZxid) session.isShared = true
    if (session.isShared) this.#world.renumbered.add(sessionId)
  }

  /** A server lets a client in: it must have seen what the client has seen. */
  #attached(event: EventOf<'sessionAttached'>): void {
    const connection = this.#connections.get(event.connection)
    const replica = this.#world.replica(event.station)
    if (connection?.asked === undefined || replica.applied === undefined) return
    const { judges, ledger } = this.#world
    if (!judges['X-6'].holds(ledger.normal(connection.asked.lastZxid) <= ledger.normal(replica.applied)))
      judges['X-6'].report(
        event,
        `${who(event.station)} with ${hex(replica.applied)} takes up session ${hex(event.session)}, whose client has seen ${hex(connection.asked.lastZxid)}`,
        [connection.requests[0]?.event],
      )
  }

  #told(connection: ClientConnection, event: EventOf<'repliesCame'>, input: Reader): void {
    const xid = input.int()
    const zxid = asZxid(input.long())
    const err = input.int()
    if (xid === Xid.watchEvent) return this.#watches.event(connection, event, input)
    const { judges } = this.#world
    const at = connection.requests.findIndex((request) => request.xid === xid)
    const request = connection.requests[at]
    const ordered = xid > 0 || xid === Xid.setWatches
    if (ordered) {
      // Pings and auth packets are answered out of turn.
      const earlier = connection.requests.slice(0, Math.max(0, at)).some((each) => each.xid > 0)
      if (!judges['C-4'].holds(request !== undefined && !earlier))
        judges['C-4'].report(
          event,
          `${who(connection.server)} answers request ${xid} of client ${connection.client} ${request === undefined ? 'which it was not asked' : 'before an earlier one'}`,
          [request?.event],
        )
    }
    if (request === undefined) return
    connection.requests.splice(at, 1)
    if (zxid < 0n || request.type === OpCode.auth || request.type === OpCode.sasl) return
    this.#seen(connection, event, zxid, request)
    this.#watches.reply(connection, event, request, zxid, err)
    if (writes.has(request.type)) this.#written(connection, event, request, zxid, err, input)
    else if (err === ErrorCode.Ok || err === ErrorCode.NoNode)
      this.#reads.compare(connection, event, request, zxid, err, input)
    if (request.type === OpCode.sync && err === ErrorCode.Ok) this.#synced(connection, event, request, zxid)
  }

  #seen(connection: ClientConnection, event: EventOf<'repliesCame'>, zxid: Zxid, request: Request): void {
    const { judges, ledger } = this.#world
    const session = this.#sessions.get(connection.session)
    if (session === undefined) return
    const { isShared } = session
    const seen = isShared || connection.lastZxid > session.lastZxid ? connection.lastZxid : session.lastZxid
    if (!judges['C-5'].holds(ledger.normal(zxid) >= ledger.normal(seen)))
      judges['C-5'].report(
        event,
        `session ${hex(session.id)} sees ${hex(zxid)} at ${who(connection.server)} after it has seen ${hex(seen)}`,
        [session.lastSeenBy, request.event],
      )
    if (!writes.has(request.type) && !isShared)
      if (!judges['C-7'].holds(zxid >= session.lastWrite))
        judges['C-7'].report(
          event,
          `session ${hex(session.id)} reads at ${hex(zxid)} after it has written ${hex(session.lastWrite)}`,
          [request.event],
        )
    // A client does not remember what the answers to its pings say.
    if (zxid > session.lastZxid && request.type !== OpCode.ping) {
      session.lastZxid = zxid
      session.lastSeenBy = event
    }
    connection.lastZxid = zxid
  }

  // --- writes ------------------------------------------------------------------------------------

  #written(
    connection: ClientConnection,
    event: EventOf<'repliesCame'>,
    request: Request,
    zxid: Zxid,
    err: number,
    input: Reader,
  ): void {
    const { judges, ledger, committed } = this.#world
    const name = `${opName(request.type)} (request ${request.xid} of client ${connection.client})`
    if (connection.readOnly && !judges['C-10'].holds(err !== ErrorCode.Ok))
      judges['C-10'].report(event, `${who(connection.server)} is read-only and answers ${name} with ok`)
    // Refused before it became a txn.
    const executed = this.#tree.executed.get(connection.session)?.get(request.xid)
    if (executed === undefined) {
      const mayLack = !this.#tree.isKnown || err !== ErrorCode.Ok || this.#world.renumbered.has(connection.session)
      if (!judges['C-3'].holds(mayLack))
        judges['C-3'].report(event, `${who(connection.server)} answers ${name} with ok, and no committed txn is that`, [
          request.event,
        ])
      return
    }
    if (this.#world.renumbered.has(connection.session)) return
    const own = executed.header.zxid
    const session = this.#sessions.get(connection.session)
    if (!judges['C-3'].holds(committed !== undefined && ledger.contains(committed, own) && own <= zxid))
      judges['C-3'].report(
        event,
        `${who(connection.server)} answers ${name} at ${hex(zxid)}, and its txn is ${hex(own)}`,
        [request.event],
      )
    if (err === ErrorCode.Ok || executed.outcome.type === OpCode.error) {
      if (!judges['C-1'].holds(own > request.floor))
        judges['C-1'].report(
          event,
          `${name} becomes ${hex(own)}, and ${hex(request.floor)} was answered before it was sent`,
          [request.floorBy, request.event],
        )
    }
    if (session !== undefined && own > session.lastWrite) session.lastWrite = own
    if (own > this.#floor.zxid) this.#floor = { zxid: own, event }
    this.#tree.executed.get(connection.session)?.delete(request.xid)
    this.#writes.compare(connection, event, request, executed, err, input, name)
  }

  #synced(connection: ClientConnection, event: EventOf<'repliesCame'>, request: Request, zxid: Zxid): void {
    const { leaderCommitted, leader, leaderEpoch } = request
    const now = this.#leaderOf(connection.server)
    if (leaderCommitted === undefined || now.station !== leader || now.term?.epoch !== leaderEpoch) return
    const { judges, ledger } = this.#world
    if (!judges['C-8'].holds(ledger.normal(zxid) >= ledger.normal(leaderCommitted)))
      judges['C-8'].report(
        event,
        `sync at ${who(connection.server)} ends at ${hex(zxid)}, and its leader had committed ${hex(leaderCommitted)} when it was sent`,
        [request.event],
      )
  }
}

const keyOf = (event: EventOf<'invoked' | 'answered' | 'requestLost'>): string =>
  `${event.station}/${event.handle ?? 0}/${event.xid}`
