/** C, and what clients see of X: requests and answers as they are on the clients' own connections. */
import type { TraceEvent } from '../core/trace.ts'
import { CreateMode, ErrorCode, OpCode, opName, Xid } from '../core/wire/codes.ts'
import { Stat } from '../core/wire/data.ts'
import { asZxid, type Zxid } from '../core/wire/ids.ts'
import { JuteError, Reader } from '../core/wire/jute.ts'
import {
  ConnectRequest,
  ConnectResponse,
  CreateRequest,
  DeleteRequest,
  GetACLResponse,
  GetChildrenResponse,
  GetDataResponse,
  MultiHeader,
  SetACLRequest,
  SetDataRequest,
  StatResponse,
} from '../core/wire/proto.ts'
import { sameAcl, sameBytes } from './compare-trees.ts'
import type { PropertyId } from './properties.ts'
import { type Executed, type Outcome, statOf, type Version } from './reference-tree.ts'
import type { TreeChecks } from './tree.ts'
import type { ClientConnection, Request, WatchChecks } from './watches.ts'
import { type EventOf, type Handlers, hex, type Term, type World, who } from './world.ts'

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
  readonly #connections = new Map<string, ClientConnection>()
  readonly #sessions = new Map<bigint, Session>()
  /** The greatest zxid of a write that any client has been answered. */
  #floor: { zxid: Zxid; event: TraceEvent | undefined } = { zxid: asZxid(0n), event: undefined }
  /** By station, handle, and xid: invoked, and neither answered nor lost. */
  readonly #open = new Map<string, EventOf<'invoked'>>()

  constructor(world: World, tree: TreeChecks, watches: WatchChecks) {
    this.#world = world
    this.#tree = tree
    this.#watches = watches
  }

  /** The connection on which a request was sent last, as far as its client still waits for it. */
  sentBy(session: bigint, xid: number): string | undefined {
    let found: string | undefined
    for (const connection of this.#connections.values())
      if (connection.session === session && connection.requests.some((request) => request.xid === xid))
        found = connection.id
    return found
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
    else if (err === ErrorCode.Ok || err === ErrorCode.NoNode) this.#read(connection, event, request, zxid, err, input)
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
    this.#compareAnswer(connection, event, request, executed, err, input, name)
  }

  /** The answer must be that of the txn in its place. */
  #compareAnswer(
    connection: ClientConnection,
    event: EventOf<'repliesCame'>,
    request: Request,
    { outcome, header: { zxid: own } }: Executed,
    err: number,
    input: Reader,
    name: string,
  ): void {
    const { judges } = this.#world
    // A session that has moved hears nothing: the connection ends instead.
    const expected = outcome.type === OpCode.error ? outcome.err : ErrorCode.Ok
    if (request.type === OpCode.multi) return this.#compareMulti(event, request, outcome, input, name)
    if (!judges['C-1'].holds(err === expected))
      return judges['C-1'].report(event, `${name} is answered with ${err}, and its txn came to ${expected}`, [
        request.event,
      ])
    this.#conditional(event, request, outcome, own, name)
    if (err !== ErrorCode.Ok) return
    const where = `${who(connection.server)} answers ${name}`
    switch (request.type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL: {
        // `create` and `createContainer` of old clients are answered with the path alone.
        const path = input.string() ?? ''
        this.#created(event, request, outcome, path, where)
        if (request.type !== OpCode.create) this.#compareStat(event, Stat.read(input), outcome.stat, where)
        return
      }
      case OpCode.setData:
      case OpCode.setACL:
        return this.#compareStat(event, StatResponse.read(input).stat, outcome.stat, where)
    }
  }

  /** What names a version is done on that version, and refused on every other one. */
  #conditional(event: EventOf<'repliesCame'>, request: Request, { type, err }: Outcome, own: Zxid, name: string): void {
    const asked = versionIn(request)
    const refused = type === OpCode.error
    if (asked === undefined || asked.version === -1 || (refused && err !== ErrorCode.BadVersion)) return
    const node = this.#tree.tree.at(asked.path, asZxid(own - 1n))
    if (node === 'unknown' || node === undefined) return
    const version = request.type === OpCode.setACL ? node.aversion : node.version
    if (!this.#world.judges['C-1'].holds((version === asked.version) !== refused))
      this.#world.judges['C-1'].report(
        event,
        `${name} asks for version ${asked.version} of ${asked.path}, which has ${version}, and is ${refused ? 'refused' : 'done'}`,
        [request.event],
      )
  }

  /** One result for each operation, all of them errors if one is. */
  #compareMulti(event: EventOf<'repliesCame'>, request: Request, outcome: Outcome, input: Reader, name: string): void {
    const { judges } = this.#world
    const got: string[] = []
    for (let header = MultiHeader.read(input); !header.done; header = MultiHeader.read(input)) {
      if (header.type === OpCode.error) got.push(`error ${input.int()}`)
      else {
        got.push(opName(header.type))
        if (header.type === OpCode.create || header.type === OpCode.create2) input.string()
        if (header.type === OpCode.create2 || header.type === OpCode.setData) Stat.read(input)
      }
    }
    const parts = outcome.type === OpCode.error ? [] : (outcome.parts ?? [])
    const wanted = parts.map(({ type, err }) => (type === OpCode.error ? `error ${err}` : nameInMulti(type)))
    if (!judges['T-7'].holds(got.join() === wanted.join()))
      judges['T-7'].report(
        event,
        `${name} is answered with ${got.join(', ')}, and its txn came to ${wanted.join(', ')}`,
        [request.event],
      )
  }

  #created(event: EventOf<'repliesCame'>, request: Request, outcome: Outcome, path: string, where: string): void {
    const { judges } = this.#world
    if (!judges['C-1'].holds(path === outcome.path))
      judges['C-1'].report(event, `${where} with ${path}, and its txn made ${outcome.path}`, [request.event])
    const asked = CreateRequest.read(new Reader(request.body))
    const mode = asked.flags
    const isSequential =
      mode === CreateMode.PERSISTENT_SEQUENTIAL ||
      mode === CreateMode.EPHEMERAL_SEQUENTIAL ||
      mode === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
    if (!isSequential || outcome.sequence === undefined) return
    const suffix = String(outcome.sequence).padStart(10, '0')
    const wanted = `${asked.path}${outcome.sequence < 0 ? `-${String(-outcome.sequence).padStart(9, '0')}` : suffix}`
    if (!judges['T-5'].holds(path === wanted))
      judges['T-5'].report(event, `${where} with ${path}, and ${wanted} was next`, [request.event])
  }

  // --- reads -------------------------------------------------------------------------------------

  #read(
    connection: ClientConnection,
    event: EventOf<'repliesCame'>,
    request: Request,
    zxid: Zxid,
    err: number,
    input: Reader,
  ): void {
    const path = pathIn(request)
    if (path === undefined || path.startsWith('/zookeeper') || !this.#tree.isKnown || connection.readOnly) return
    const at = this.#world.ledger.normal(zxid)
    if (at > this.#tree.tree.head) return
    const node = this.#tree.tree.at(path, at)
    if (node === 'unknown') return
    const { judges } = this.#world
    const where = `${who(connection.server)} at ${hex(zxid)} says of ${path}`
    if (err === ErrorCode.NoNode || node === undefined) {
      if (!judges['C-6'].holds((err === ErrorCode.NoNode) === (node === undefined)))
        judges['C-6'].report(
          event,
          `${where} that it ${err === ErrorCode.NoNode ? 'does not exist, and it does' : 'exists, and it does not'}`,
          [request.event],
        )
      return
    }
    this.#compareRead(event, request, node, input, where, at, path)
  }

  #compareRead(
    event: EventOf<'repliesCame'>,
    request: Request,
    node: Version,
    input: Reader,
    where: string,
    at: Zxid,
    path: string,
  ): void {
    const { judges } = this.#world
    const wrong = (what: string): void => judges['C-6'].report(event, `${where} ${what}`, [request.event])
    const stat = statOf(node)
    switch (request.type) {
      case OpCode.exists:
        judges['C-6'].holds(true)
        return this.#compareStat(event, StatResponse.read(input).stat, stat, where)
      case OpCode.getData: {
        const answer = GetDataResponse.read(input)
        if (!judges['C-6'].holds(sameBytes(answer.data, node.data))) wrong('other data than it has')
        return this.#compareStat(event, answer.stat, stat, where)
      }
      case OpCode.getACL: {
        const answer = GetACLResponse.read(input)
        // Hashes of passwords are shown to administrators only.
        const shown = answer.acl.some(({ id }) => id.id.endsWith(':x'))
        if (!judges['T-11'].holds(shown || sameAcl(answer.acl, node.acl)))
          judges['T-11'].report(event, `${where} another ACL than was last set`)
        return this.#compareStat(event, answer.stat, stat, where)
      }
      case OpCode.getChildren:
      case OpCode.getChildren2: {
        const names = GetChildrenResponse.read(input).children
        const wanted = this.#tree.tree.childrenAt(path, at)
        if (wanted !== 'unknown') {
          const got = new Set(names)
          const good =
            got.size === wanted.size && got.size === names.length && [...got].every((name) => wanted.has(name))
          if (!judges['C-6'].holds(good)) wrong('other children than it has')
        }
        if (request.type === OpCode.getChildren2) {
          const answer = { stat: Stat.read(input) }
          if (!judges['T-2'].holds(answer.stat.numChildren === names.length))
            judges['T-2'].report(
              event,
              `${where} that it has ${answer.stat.numChildren} children, and names ${names.length}`,
            )
          this.#compareStat(event, answer.stat, stat, where)
        }
      }
    }
  }

  /** Each field belongs to the property that says what it must be. */
  #compareStat(event: EventOf<'repliesCame'>, got: Stat, wanted: Stat | undefined, where: string): void {
    if (wanted === undefined) return
    const { judges } = this.#world
    let good = true
    for (const [field, property] of statFields) {
      if (got[field] === wanted[field]) continue
      good = false
      judges[property].report(
        event,
        `${where} that its ${field} is ${show(got[field])}, and it is ${show(wanted[field])}`,
      )
    }
    judges['T-3'].holds(good)
    judges['T-4'].holds(good)
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

const statFields: readonly (readonly [keyof Stat, PropertyId])[] = [
  ['version', 'T-3'],
  ['cversion', 'T-3'],
  ['aversion', 'T-3'],
  ['czxid', 'T-4'],
  ['mzxid', 'T-4'],
  ['pzxid', 'T-4'],
  ['ctime', 'T-4'],
  ['mtime', 'T-4'],
  ['numChildren', 'T-2'],
  ['dataLength', 'C-6'],
  ['ephemeralOwner', 'T-6'],
]

/** Containers and TTL nodes are answered as create2. */
const nameInMulti = (type: number): string =>
  opName(type === OpCode.createContainer || type === OpCode.createTTL ? OpCode.create2 : type)

const keyOf = (event: EventOf<'invoked' | 'answered' | 'requestLost'>): string =>
  `${event.station}/${event.handle ?? 0}/${event.xid}`

/** Of writes that may name a version. */
function versionIn({ type, body }: Request): { readonly path: string; readonly version: number } | undefined {
  const input = new Reader(body)
  switch (type) {
    case OpCode.delete: {
      const { path, version } = DeleteRequest.read(input)
      return { path: path ?? '', version }
    }
    case OpCode.setData: {
      const { path, version } = SetDataRequest.read(input)
      return { path: path ?? '', version }
    }
    case OpCode.setACL: {
      const { path, version } = SetACLRequest.read(input)
      return { path: path ?? '', version }
    }
    default:
      return undefined
  }
}

/** Of reads that name one. */
export function pathIn({ type, body }: Request): string | undefined {
  switch (type) {
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getACL:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      return new Reader(body).string() ?? undefined
    default:
      return undefined
  }
}

const show = (value: number | bigint): string => (typeof value === 'bigint' ? hex(value) : String(value))
