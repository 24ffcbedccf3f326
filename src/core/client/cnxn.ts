/** A client's session with the ensemble: one connection at a time, requests and answers in order, reconnect to the next
 *  server with session id, password and last zxid, watches set again there, expiry, close.
 *  Source: ClientCnxn.java, ClientCnxnSocketNIO.java of 3.8. Left out: SASL.
 *
 *  Differs from Java: a lost connection is CONNECTING at once (Java shows CONNECTED until the back-off is over), and a
 *  request has its xid when it is handed over (Java: when it is sent). Neither changes what servers see. */
import type { Address, Connection, Host, Timer } from '../host.ts'
import { ErrorCode, EventType, eventName, KeeperState, OpCode, opName, Xid } from '../wire/codes.ts'
import { SESSION_0, type SessionId, ZXID_0, type Zxid } from '../wire/ids.ts'
import { JuteError, MAX_BUFFER, Reader } from '../wire/jute.ts'
import { ConnectResponse, ReplyHeader, WatcherEvent } from '../wire/proto.ts'
import { StreamBuffer } from '../wire/quorum.ts'
import { parseConnectString, ServerList } from './connect-string.ts'
import { Heartbeat } from './heartbeat.ts'
import { type Told, toldOf } from './history.ts'
import {
  authPacket,
  connectFrame,
  type Packet,
  packetOf,
  pingFrame,
  type Submission,
  setWatchesPackets,
} from './packets.ts'
import { eventPath, toServerPath } from './paths.ts'
import { ReadWriteSearch } from './read-write-search.ts'
import type { ClientState } from './trace.ts'
import { ClientWatches, type WatchedEvent, type Watcher, type WatchRegistration } from './watches.ts'

export interface SessionOptions {
  /** Asked for; the server answers with what it grants. zkCli's default is 30 s. */
  readonly timeoutMs?: number
  /** Content with a read-only server. */
  readonly readOnly?: boolean
  /** Servers are tried in a random order, as Java's client does it; false keeps the order of the connect string. */
  readonly shuffle?: boolean
  /** Hears of changes of the session, and of the watches that name no other watcher. */
  readonly watcher?: Watcher
  /** zookeeper.request.timeout: a request that is not answered for so long ends in RequestTimeout, and its connection with
   *  it; 0: never. */
  readonly requestTimeoutMs?: number
  /** zookeeper.disableAutoWatchReset: watches are not set again at the next server. */
  readonly leaveWatches?: boolean
  /** jute.maxbuffer: a longer frame ends the connection. */
  readonly maxFrameBytes?: number
  /** The trace tells requests and answers in full, for whoever judges them. */
  readonly history?: boolean
  /** Names this session in the trace of a process that has several. */
  readonly handle?: number
  /** Goes on with a session that was opened elsewhere, as ZooKeeper's constructor with sessionId and sessionPasswd does. */
  readonly resume?: { readonly sessionId: SessionId; readonly password: Uint8Array; readonly lastZxid?: Zxid }
}

/** Wait after all servers were tried in vain; attempts after a loss are spread over as long. */
const FULL_ROUND_DELAY_MS = 1000
const XID_MAX = 0x7fffffff

export class ClientCnxn {
  readonly #host: Host
  readonly #servers: ServerList
  readonly chroot: string | null
  readonly #options: Required<
    Pick<SessionOptions, 'timeoutMs' | 'readOnly' | 'requestTimeoutMs' | 'leaveWatches' | 'maxFrameBytes' | 'history'>
  >
  readonly #handle: { readonly handle?: number }
  readonly watches: ClientWatches

  #state: ClientState = 'NOT_CONNECTED'
  #sessionId: SessionId = SESSION_0
  /** A secret: whoever has it can take the session over. */
  #password: Uint8Array = new Uint8Array(16)
  /** 0 before the first server has answered. */
  #negotiatedMs = 0
  /** Each server's share of the session timeout. */
  #connectTimeoutMs: number
  /** Newest zxid that an answer carried; a server that is behind it refuses this session. */
  #lastZxid: Zxid = ZXID_0
  #xid = 1
  /** Only a session that a read-write server has granted is taken along to the next one. */
  #seenReadWriteServer = false
  readonly #authInfo: { readonly scheme: string; readonly auth: Uint8Array | null }[] = []

  /** Set from connect to the end of this connection. `attached`: the server has granted the session. */
  #connection: Connection | undefined
  #server: Address | undefined
  #attached = false
  /** One connection was open before: from then on attempts are spread over a second. */
  #openedBefore = false
  #input = new StreamBuffer()
  /** Auth packets and setWatches: sent before the user's requests on a new connection. */
  #prelude: Packet[] = []
  /** Not sent yet, in order. */
  #outgoing: Packet[] = []
  /** Sent and not answered, in order; the server answers in this order. */
  #pending: Packet[] = []
  readonly #heartbeat: Heartbeat
  readonly #search: ReadWriteSearch
  #reconnect: Timer | undefined

  /** closeSession was asked for: nothing is accepted any more, a lost connection is the end. */
  #closing = false
  #closeDone: (() => void)[] = []
  /** What the watchers heard last about the session; it is not told twice. */
  #toldState: KeeperState = KeeperState.Disconnected
  /** Nothing is told to watchers after AuthFailed and Expired. */
  #silent = false

  /** Starts to connect. @throws IllegalArgument NumberFormat for what is no connect string */
  constructor(host: Host, connect: string, options: SessionOptions = {}) {
    this.#host = host
    const { servers, chroot } = parseConnectString(connect)
    this.#servers = new ServerList(servers, options.shuffle === false ? undefined : host.random)
    this.chroot = chroot
    const { timeoutMs = 30_000, readOnly = false, history = false, handle, resume } = options
    const { requestTimeoutMs = 0, leaveWatches = false, maxFrameBytes = MAX_BUFFER } = options
    this.#options = { timeoutMs, readOnly, requestTimeoutMs, leaveWatches, maxFrameBytes, history }
    this.#handle = handle === undefined ? {} : { handle }
    if (resume !== undefined) {
      this.#sessionId = resume.sessionId
      this.#password = resume.password
      this.#lastZxid = resume.lastZxid ?? ZXID_0
      this.#seenReadWriteServer = true
    }
    this.watches = new ClientWatches(options.watcher)
    this.#connectTimeoutMs = Math.trunc(this.#options.timeoutMs / servers.length)
    this.#heartbeat = new Heartbeat(
      host.clock,
      () => this.#connection?.write(pingFrame(), { protocol: 'client', type: 'ping', quiet: true }),
      (silentMs) => this.#onSilence(silentMs),
    )
    this.#search = new ReadWriteSearch(
      host,
      () => this.#servers.next().address,
      (server) => this.#moveTo(server),
    )
    this.#become('CONNECTING')
    this.#nextServer()
  }

  get state(): ClientState {
    return this.#state
  }
  get isAlive(): boolean {
    return this.#state !== 'CLOSED' && this.#state !== 'AUTH_FAILED'
  }
  get sessionId(): SessionId {
    return this.#sessionId
  }
  get password(): Uint8Array {
    return this.#password
  }
  /** As granted; 0 before the first connection. */
  get timeoutMs(): number {
    return this.#negotiatedMs
  }
  get lastZxid(): Zxid {
    return this.#lastZxid
  }

  // --- the user's side -------------------------------------------------------------------------

  /** Queues a request; it is sent when the session is attached. A session that has ended, or is about to, answers at once. */
  submit<T>(submission: Submission<T>): void {
    const { op, path } = submission
    const packet = packetOf(this.#nextXid(), submission, (registration, err) => this.#register(registration, err))
    if (!this.isAlive || this.#closing) {
      packet.finish(this.#lossCode(), ZXID_0, undefined)
      return
    }
    const { trace } = this.#host
    if (trace.off !== true) {
      const { history } = this.#options
      const asked = history ? { session: this.#sessionId, asked: { op: opName(op), ...submission.asked?.() } } : {}
      const { xid } = packet
      trace.emit({ kind: 'invoked', xid, op: opName(op), ...(path ? { path } : {}), ...asked, ...this.#handle })
    }
    if (op === OpCode.closeSession) this.#closing = true
    this.#outgoing.push(packet)
    const { requestTimeoutMs } = this.#options
    if (requestTimeoutMs > 0) this.#host.clock.after(requestTimeoutMs, () => this.#onRequestTimeout(packet))
    this.#flush()
  }

  /** Adds an identity, here and at every later server. No answer: a refusal ends the session as AUTH_FAILED. */
  addAuth(scheme: string, auth: Uint8Array | null): void {
    if (!this.isAlive) return
    this.#authInfo.push({ scheme, auth })
    this.#outgoing.push(authPacket(scheme, auth))
    this.#flush()
  }

  /** Ends the session at the servers, so that its ephemerals go; `done` when that is known, or no longer to be known. */
  close(done: () => void): void {
    if (!this.isAlive) return done()
    this.#closeDone.push(done)
    if (this.#closing) return
    this.submit({ op: OpCode.closeSession, decode: () => undefined, done: () => this.#finishClose() })
  }

  /** Leaves without a word, as a process that dies: the servers keep the session until it expires. */
  abandon(reason: string): void {
    if (!this.isAlive) return
    this.#silent = true
    this.#end('CLOSED', reason, undefined)
  }

  // --- the connection's life -------------------------------------------------------------------

  /** `found`: it is known to take writes. */
  #nextServer(found?: Address): void {
    const { address, fullRound } = found === undefined ? this.#servers.next() : { address: found, fullRound: false }
    const spreadMs = this.#openedBefore ? this.#host.random.int(0, FULL_ROUND_DELAY_MS - 1) : 0
    const delayMs = (fullRound ? FULL_ROUND_DELAY_MS : 0) + spreadMs
    if (delayMs === 0) return this.#connect(address)
    const about = `${address.host}:${address.port}`
    this.#reconnect = this.#host.clock.after(delayMs, () => this.#connect(address), { name: 'reconnect', about })
  }

  #connect(address: Address): void {
    this.#reconnect = undefined
    this.#server = address
    this.#input = new StreamBuffer()
    const connection = this.#host.network.connect(address, {
      onOpen: () => {
        if (connection === this.#connection) this.#prime(connection)
      },
      onData: (bytes) => {
        if (connection === this.#connection) this.#receive(connection, bytes)
      },
      onClose: (cause) => {
        if (connection === this.#connection) this.#lost(cause)
      },
    })
    this.#connection = connection
    this.#heartbeat.expect(this.#connectTimeoutMs)
  }

  /** The connection is open: asks for a session, or for the one it had. Nothing else is sent before the answer. */
  #prime(connection: Connection): void {
    this.#openedBefore = true
    this.#heartbeat.expect(this.#connectTimeoutMs)
    // Java puts each packet before the others at the head of its queue, so the last of a kind goes first.
    this.#prelude = [
      ...this.#authInfo.map(({ scheme, auth }) => authPacket(scheme, auth)).reverse(),
      ...(this.#options.leaveWatches
        ? []
        : setWatchesPackets(this.watches, this.chroot, this.#lastZxid, () => this.#nextXid()).reverse()),
    ]
    const { frame, note } = connectFrame({
      protocolVersion: 0,
      lastZxidSeen: this.#lastZxid,
      timeOut: this.#options.timeoutMs,
      sessionId: this.#seenReadWriteServer ? this.#sessionId : SESSION_0,
      passwd: this.#password,
      readOnly: this.#options.readOnly,
    })
    connection.write(frame, note)
  }

  #receive(connection: Connection, bytes: Uint8Array): void {
    this.#input.push(bytes)
    try {
      while (connection === this.#connection) {
        const frame = this.#input.takeFrame(0, this.#options.maxFrameBytes)
        if (frame === undefined) break
        this.#heartbeat.heard()
        const input = new Reader(frame)
        if (!this.#attached) this.#onConnectResponse(ConnectResponse.read(input))
        else this.#onReply(input)
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      // What threw was read only, nothing came of it; and nothing on this connection can be trusted any more.
      if (connection !== this.#connection) return
      connection.abort(error.message)
      this.#lost(error.message)
      return
    }
    if (connection === this.#connection && this.#attached) this.#heartbeat.look()
  }

  #onConnectResponse(response: ConnectResponse): void {
    if (response.timeOut <= 0) return this.#end('CLOSED', 'session expired', KeeperState.Expired)
    this.#negotiatedMs = response.timeOut
    this.#connectTimeoutMs = Math.trunc(response.timeOut / this.#servers.size)
    this.#heartbeat.begin(Math.trunc((response.timeOut * 2) / 3))
    this.#servers.connected()
    this.#sessionId = response.sessionId
    this.#password = response.passwd ?? new Uint8Array(16)
    const readOnly = response.readOnly ?? false
    if (!readOnly) this.#seenReadWriteServer = true
    else this.#search.start()
    this.#attached = true
    this.#become(readOnly ? 'CONNECTEDREADONLY' : 'CONNECTED')
    this.#flush()
    this.#tellSession(readOnly ? KeeperState.ConnectedReadOnly : KeeperState.SyncConnected)
  }

  #onReply(input: Reader): void {
    const header = ReplyHeader.read(input)
    const { xid, zxid, err } = header
    if (xid === Xid.ping) return
    if (xid === Xid.auth) {
      if (err === ErrorCode.AuthFailed) this.#end('AUTH_FAILED', 'authentication failed', KeeperState.AuthFailed)
      return
    }
    if (xid === Xid.watchEvent) return this.#onWatchEvent(WatcherEvent.read(input))
    const packet = this.#pending[0]
    if (packet === undefined) throw new JuteError(`Nothing in the queue, but got ${xid}`)
    if (packet.xid !== xid)
      throw new JuteError(`Xid out of order. Got Xid ${xid} with err ${err} expected Xid ${packet.xid}`)
    const value = err === ErrorCode.Ok ? packet.read(input) : undefined
    this.#pending.shift()
    if (zxid > 0n) this.#lastZxid = zxid
    const { trace } = this.#host
    if (trace.off !== true)
      trace.emit({ kind: 'answered', xid, op: opName(packet.op), zxid, err, ...this.#told(packet, err, value) })
    packet.finish(err, zxid, value)
  }

  /** What the trace tells of an answer beyond its header. */
  #told({ op }: Packet, err: number, value: unknown): { handle?: number; session?: SessionId; told?: Told } {
    if (!this.#options.history) return this.#handle
    const told = err === ErrorCode.Ok ? { told: toldOf(op, value, (path) => toServerPath(path, this.chroot)) } : {}
    return { session: this.#sessionId, ...told, ...this.#handle }
  }

  #onWatchEvent({ state, type, path }: WatcherEvent): void {
    if (!isKeeperState(state)) throw new JuteError(`Invalid integer value ${state} for conversion to KeeperState`)
    if (!isEventType(type)) throw new JuteError(`Invalid integer value ${type} for conversion to EventType`)
    this.tell({ state, type, path: eventPath(path, this.chroot) })
  }

  /** The connection is gone, or given up: what was under way is lost, and the next server is tried. `found`: that one. */
  #lost(reason: string, found?: Address): void {
    const lost = this.#dropConnection()
    if (!this.#closing && this.#state !== 'CONNECTING') this.#become('CONNECTING', reason)
    this.#fail(lost)
    if (!this.isAlive) return
    this.#tellSession(KeeperState.Disconnected)
    // A watcher or callback may have ended the session.
    if (this.isAlive && this.#connection === undefined && this.#reconnect === undefined) this.#nextServer(found)
  }

  #moveTo(server: Address): void {
    this.#connection?.close()
    this.#lost(`${server.host}:${server.port} takes writes`, server)
  }

  /** Was not answered in time: the connection is given up, and what is under way on it. */
  #onRequestTimeout(packet: Packet): void {
    const queue = [this.#pending, this.#outgoing].find((each) => each.includes(packet))
    if (queue === undefined) return
    queue.splice(queue.indexOf(packet), 1)
    packet.finish(ErrorCode.RequestTimeout, ZXID_0, undefined)
    if (!this.isAlive) return
    this.#connection?.close()
    this.#lost('request timeout')
  }

  #onSilence(silentMs: number): void {
    this.#connection?.close()
    this.#lost(`have not heard from server in ${Math.round(silentMs)}ms`)
  }

  /** closeSession was answered or lost: the session is over for this client. */
  #finishClose(): void {
    if (!this.isAlive) return
    if (this.#connection === undefined) this.#tellSession(KeeperState.Disconnected)
    this.#end('CLOSED', 'closed', KeeperState.Closed)
  }

  #end(state: 'CLOSED' | 'AUTH_FAILED', reason: string, told: KeeperState | undefined): void {
    this.#connection?.close()
    const lost = this.#dropConnection()
    this.#reconnect?.cancel()
    this.#reconnect = undefined
    this.#become(state, reason)
    if (told !== undefined) this.#tellSession(told)
    this.#silent = true
    this.#fail(lost)
    const done = this.#closeDone
    this.#closeDone = []
    for (const each of done) each()
  }

  /** Returns what was sent or queued, to be told of its loss. */
  #dropConnection(): Packet[] {
    const lost = [...this.#pending, ...this.#outgoing]
    this.#connection = undefined
    this.#attached = false
    this.#prelude = []
    this.#pending = []
    this.#outgoing = []
    this.#heartbeat.stop()
    this.#search.stop()
    return lost
  }

  #become(to: ClientState, reason?: string): void {
    this.#state = to
    const server = to === 'CONNECTED' || to === 'CONNECTEDREADONLY' ? this.#server?.host : undefined
    this.#host.trace.emit({
      kind: 'clientState',
      to,
      session: this.#sessionId,
      ...(server === undefined ? {} : { server }),
      ...(reason === undefined ? {} : { reason }),
      ...this.#handle,
    })
  }

  // --- sending ---------------------------------------------------------------------------------

  #flush(): void {
    const connection = this.#connection
    if (!this.#attached || connection === undefined) return
    if (this.#prelude.length === 0 && this.#outgoing.length === 0) return
    const told = this.#host.trace.off !== true
    for (const queue of [this.#prelude, this.#outgoing])
      for (const packet of queue.splice(0)) {
        if (packet.op !== OpCode.auth) this.#pending.push(packet)
        connection.write(packet.frame, told ? packet.note() : undefined)
      }
    this.#heartbeat.sent()
    this.#heartbeat.look()
  }

  #nextXid(): number {
    const xid = this.#xid
    this.#xid = xid === XID_MAX - 1 ? 1 : xid + 1
    return xid
  }

  // --- telling ---------------------------------------------------------------------------------

  #lossCode(): number {
    if (this.#state === 'AUTH_FAILED') return ErrorCode.AuthFailed
    return this.#state === 'CLOSED' ? ErrorCode.SessionExpired : ErrorCode.ConnectionLoss
  }

  #fail(packets: readonly Packet[]): void {
    const err = this.#lossCode()
    const lost = { ...(this.#options.history ? { session: this.#sessionId } : {}), ...this.#handle }
    for (const packet of packets) {
      const { xid, op } = packet
      if (op !== OpCode.auth) this.#host.trace.emit({ kind: 'requestLost', xid, op: opName(op), ...lost })
      packet.finish(err, ZXID_0, undefined)
    }
  }

  #register(registration: WatchRegistration, err: number): void {
    const table = this.watches.register(registration, err)
    if (table !== undefined)
      this.#host.trace.emit({ kind: 'watchRegistered', path: registration.path, watch: table, ...this.#handle })
  }

  #tellSession(state: KeeperState): void {
    if (state === this.#toldState) return
    this.tell({ state, type: EventType.None, path: null })
  }

  /** Gives an event to those who watch for it; `to` names them where the watches are gone already. */
  tell(event: WatchedEvent, to?: ReadonlySet<Watcher>): void {
    if (this.#silent) return
    this.#toldState = event.state
    const watchers = to ?? this.watches.fire(event)
    if (watchers.size === 0) return
    if (event.type !== EventType.None)
      this.#host.trace.emit({ kind: 'watchDelivered', event: eventName(event.type), path: event.path, ...this.#handle })
    for (const watcher of watchers) watcher(event)
  }
}

const isKeeperState = (state: number): state is KeeperState => (Object.values(KeeperState) as number[]).includes(state)
const isEventType = (type: number): type is EventType => (Object.values(EventType) as number[]).includes(type)
