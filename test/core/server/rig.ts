/** One server's client side with a role that is nothing but a pipeline: what is prepared is committed at once, or when
 *  the test says so. Clients are byte-level: they send frames and keep what they hear. */
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import type { Connection, ConnectionHandlers, Host, MessageNote, TimerNote } from '../../../src/core/host.ts'
import { ClientPort } from '../../../src/core/server/client-port.ts'
import { ClientService } from '../../../src/core/server/client-side.ts'
import type { TxnTarget } from '../../../src/core/server/final.ts'
import { LeaderSessionTracker } from '../../../src/core/server/local-sessions.ts'
import { PrepRequestProcessor } from '../../../src/core/server/prep.ts'
import type { Request } from '../../../src/core/server/request.ts'
import type { Role } from '../../../src/core/server/role.ts'
import { State } from '../../../src/core/storage/state.ts'
import type { CoreEvent } from '../../../src/core/trace.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { asZxid, nextZxid, type SessionId, type Zxid } from '../../../src/core/wire/ids.ts'
import { type Codec, encode, Reader, record, Writer } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { encodeLogged, type LoggedTxn } from '../../../src/core/wire/txn.ts'

export class World {
  /** Virtual ms. */
  now = 0
  wallStart = 1_700_000_000_000
  readonly events: CoreEvent[] = []
  readonly timers: { at: number; order: number; run: () => void; note: TimerNote | undefined; live: boolean }[] = []
  #order = 0
  onConnection: ((connection: Connection) => ConnectionHandlers) | undefined

  readonly host: Host = {
    clock: {
      now: () => this.now,
      wallTime: () => this.wallStart + Math.floor(this.now),
      after: (delayMs, run, note) => {
        const timer = { at: this.now + delayMs, order: this.#order++, run, note, live: true }
        this.timers.push(timer)
        return { cancel: () => (timer.live = false) }
      },
    },
    network: {
      listen: (_port, onConnection) => {
        this.onConnection = onConnection
        return { close: () => (this.onConnection = undefined) }
      },
      connect: () => {
        throw new Error('nobody to connect to')
      },
    },
    disk: undefined as never,
    random: undefined as never,
    trace: { emit: (event) => this.events.push(event) },
  }

  run(forMs: number): void {
    const end = this.now + forMs
    for (;;) {
      const next = this.timers
        .filter((timer) => timer.live && timer.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (next === undefined) break
      next.live = false
      this.now = next.at
      next.run()
    }
    this.now = end
  }

  of<K extends CoreEvent['kind']>(kind: K): Extract<CoreEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<CoreEvent, { kind: K }> => event.kind === kind)
  }
}

export interface ServerOptions {
  readonly kind?: 'leader' | 'learner'
  readonly tickTimeMs?: number
  readonly extendedTypes?: boolean
  /** What the configuration says beside the defaults. */
  readonly settings?: Partial<ReplicaConfig>
  /** The leader is another server than the one with the clients. */
  readonly leaderSid?: number
  readonly lastZxid?: Zxid
  readonly state?: State
  readonly limits?: Partial<Pick<ReplicaConfig, 'globalOutstandingLimit' | 'maxClientCnxns'>>
}

/** Client side, Prep and session tracker around a state, and the role between them. */
export class TestServer implements Role {
  readonly world: World
  readonly state: State
  readonly sessions: LeaderSessionTracker
  readonly prep: PrepRequestProcessor
  readonly clients: ClientService
  readonly kind: 'leader' | 'learner'
  /** Commit as soon as something is submitted. */
  prompt = true
  /** Prepared, not committed. A learner's syncs wait among them for what was in front of them. */
  readonly outstanding: (LoggedTxn | 'sync')[] = []
  readonly committed: LoggedTxn[] = []
  readonly touches: SessionId[] = []
  /** Answers to REVALIDATE wait here while not undefined. */
  revalidations: (() => void)[] | undefined
  lastProposed: Zxid
  #connections = 0

  constructor(world: World, options: ServerOptions = {}) {
    this.world = world
    this.kind = options.kind ?? 'leader'
    this.state = options.state ?? new State()
    this.lastProposed = options.lastZxid ?? this.state.tree.lastProcessedZxid
    const tickTimeMs = options.tickTimeMs ?? 2000
    const config = {
      sid: 1,
      quorum: new QuorumVerifier([{ sid: 1, host: 'zk1', quorumPort: 2888, electionPort: 3888, type: 'participant' }]),
      clientPort: 2181,
      tickTimeMs,
      minSessionTimeoutMs: 2 * tickTimeMs,
      maxSessionTimeoutMs: 20 * tickTimeMs,
      globalOutstandingLimit: 1000,
      maxClientCnxns: 60,
      fourLetterWords: ['*'],
      ...options.limits,
      ...options.settings,
    } as ReplicaConfig
    const { host } = world
    const { state } = this
    const database: TxnTarget = {
      tree: state.tree,
      sessions: state.sessions,
      apply: (logged, _bytes, replies) => state.apply(logged, replies),
    }
    const atLeader = { ...config, sid: options.leaderSid ?? config.sid }
    this.sessions = new LeaderSessionTracker(host, atLeader, database.sessions, (session) => this.expire(session))
    this.prep = new PrepRequestProcessor({
      database,
      sessions: this.sessions,
      nextZxid: () => nextZxid(this.lastProposed),
      wallTime: () => host.clock.wallTime(),
      config: { extendedTypesEnabled: options.extendedTypes ?? false, ...options.settings },
    })
    const clientPort = new ClientPort(host, config, database)
    clientPort.open()
    const common = { host, config, database, clientPort, role: this }
    this.clients = new ClientService(
      this.kind === 'leader'
        ? { ...common, kind: 'leader', sessions: this.sessions, prep: this.prep }
        : { ...common, kind: 'learner' },
    )
    this.clients.open()
  }

  // --- Role ----------------------------------------------------------------------------------------

  submit(request: Request): void {
    if (request.type === OpCode.sync) this.outstanding.push('sync')
    else {
      const { session, cxid, type, body, auth } = request
      // What a learner forwards is another request at the leader, and comes back by the txn alone.
      const prepared = this.kind === 'learner' ? { ...this.foreign(session, cxid, type, body, this), auth } : request
      this.prep.prepare(prepared)
      const { logged } = prepared
      if (logged === null) throw new Error('a write without a txn')
      this.lastProposed = logged.header.zxid
      this.outstanding.push(logged)
    }
    if (this.prompt) this.commit()
  }
  revalidate(session: SessionId, timeoutMs: number): void {
    const answer = (): void => {
      const valid = this.sessions.touch(session, timeoutMs)
      if (valid) this.sessions.setOwner(session, this)
      this.clients.revalidated(session, valid)
    }
    if (this.revalidations === undefined) answer()
    else this.revalidations.push(answer)
  }
  touch(session: SessionId, timeoutMs: number): void {
    this.touches.push(session)
    this.sessions.touch(session, timeoutMs)
  }
  expire(session: SessionId): void {
    this.submit(this.foreign(session, 0, OpCode.closeSession, new Uint8Array(), null))
  }

  /** Commits the oldest of what is outstanding, or all of it. */
  commit(count = Number.POSITIVE_INFINITY): void {
    for (; count > 0 && this.outstanding.length > 0; count--) {
      const next = this.outstanding.shift() as LoggedTxn | 'sync'
      if (next === 'sync') {
        this.clients.synced()
        continue
      }
      this.committed.push(next)
      this.clients.commit(next, encodeLogged(next))
      this.prep.applied(next.header.zxid)
    }
  }

  /** A request as a learner would forward it. */
  foreign(session: SessionId, cxid: number, type: number, body: Uint8Array, owner: object | null): Request {
    return { session, cxid, type, body, auth: [], owner, reply: null, logged: null, error: 0 }
  }

  connect(remote = '127.0.0.1'): TestClient {
    if (this.world.onConnection === undefined) throw new Error('refused')
    return new TestClient(this.world.onConnection, `c${++this.#connections}`, remote)
  }

  /** A client with a session. */
  session(timeOut = 10_000): TestClient {
    const client = this.connect()
    client.connect({ timeOut })
    if (this.prompt) client.takeConnectResponse()
    return client
  }
}

/** xid, zxid and err of a reply, the bytes of its body, or a watch event. */
export interface Reply {
  readonly xid: number
  readonly zxid: Zxid
  readonly err: number
  readonly body: Uint8Array
}

export class TestClient {
  readonly #handlers: ConnectionHandlers
  /** Frames not looked at yet, without their length. */
  readonly frames: Uint8Array[] = []
  readonly notes: (MessageNote | undefined)[] = []
  /** Bytes that are no whole frame. */
  raw = new Uint8Array(0)
  /** The server closed the connection, orderly or with a reason. */
  ended: 'closed' | { readonly aborted: string } | undefined
  session = 0n as SessionId
  password = new Uint8Array(16)
  #xid = 0

  constructor(onConnection: (connection: Connection) => ConnectionHandlers, id: string, remote: string) {
    this.#handlers = onConnection({
      id,
      remote: { host: remote, port: 4711 },
      write: (bytes, note) => {
        if (this.ended === undefined) this.#hear(bytes, note)
      },
      close: () => {
        this.ended ??= 'closed'
      },
      abort: (reason) => {
        this.ended ??= { aborted: reason }
      },
    })
  }

  #hear(bytes: Uint8Array, note: MessageNote | undefined): void {
    this.notes.push(note)
    const all = new Uint8Array([...this.raw, ...bytes])
    let at = 0
    while (all.length - at >= 4) {
      const length = new DataView(all.buffer).getInt32(at)
      if (length > all.length - at - 4) break
      this.frames.push(all.slice(at + 4, at + 4 + length))
      at += 4 + length
    }
    this.raw = all.slice(at)
  }

  send(bytes: Uint8Array): void {
    if (this.ended === undefined) this.#handlers.onData(bytes)
  }
  /** The client's side of the connection is gone. */
  vanish(): void {
    if (this.ended === undefined) this.#handlers.onClose('reset')
    this.ended ??= 'closed'
  }

  connect(request: Partial<proto.ConnectRequest> = {}): void {
    const body = encode(proto.ConnectRequest, {
      protocolVersion: 0,
      lastZxidSeen: asZxid(0n),
      timeOut: 10_000,
      sessionId: this.session,
      passwd: this.password,
      readOnly: false,
      ...request,
    })
    this.send(framed(body))
  }
  takeConnectResponse(): proto.ConnectResponse {
    const response = proto.ConnectResponse.read(new Reader(this.#frame()))
    this.session = response.sessionId
    this.password = response.passwd as Uint8Array<ArrayBuffer>
    return response
  }

  request<T>(type: number, codec: Codec<T>, value: T, xid = ++this.#xid): void {
    const out = new Writer()
    proto.RequestHeader.write(out, { xid, type })
    codec.write(out, value)
    this.send(framed(out.finish()))
  }
  /** The oldest answer that has not been looked at. */
  take(): Reply {
    const input = new Reader(this.#frame())
    const header = proto.ReplyHeader.read(input)
    return { ...header, body: input.rest() }
  }
  takeEvent(): { type: number; path: string } {
    const reply = this.take()
    if (reply.xid !== -1) throw new Error(`an answer to ${reply.xid} instead of an event`)
    const { type, path } = proto.WatcherEvent.read(new Reader(reply.body))
    return { type, path }
  }
  #frame(): Uint8Array {
    const frame = this.frames.shift()
    if (frame === undefined) throw new Error('nothing was answered')
    return frame
  }

  // --- requests in a word ----------------------------------------------------------------------------

  create(path: string, data = '', flags = 0, acl = OPEN_ACL_UNSAFE): void {
    this.request(OpCode.create, proto.CreateRequest, { path, data: utf8(data), acl, flags })
  }
  delete(path: string, version = -1): void {
    this.request(OpCode.delete, proto.DeleteRequest, { path, version })
  }
  set(path: string, data: string, version = -1): void {
    this.request(OpCode.setData, proto.SetDataRequest, { path, data: utf8(data), version })
  }
  get(path: string, watch = false): void {
    this.request(OpCode.getData, proto.WatchableRequest, { path, watch })
  }
  exists(path: string, watch = false): void {
    this.request(OpCode.exists, proto.WatchableRequest, { path, watch })
  }
  children(path: string, watch = false): void {
    this.request(OpCode.getChildren, proto.WatchableRequest, { path, watch })
  }
  sync(path: string): void {
    this.request(OpCode.sync, proto.PathRequest, { path })
  }
  ping(): void {
    this.request(OpCode.ping, Nothing, {}, -2)
  }
  close(): void {
    this.request(OpCode.closeSession, Nothing, {})
  }
}

export const Nothing = record({})
export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))
export const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('utf8')
export const framed = (body: Uint8Array): Uint8Array => {
  const out = new Writer()
  out.buffer(body)
  return out.finish()
}
export const bodyOf = <T>(codec: Codec<T>, reply: Reply): T => codec.read(new Reader(reply.body))
