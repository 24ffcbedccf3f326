/** A client's session with the ensemble: one connection at a time, requests and answers in order, reconnect to the next
 *  server with session id, password and last zxid, watches set again there, expiry, close.
 *  Source: ClientCnxn.java, ClientCnxnSocketNIO.java of 3.8. Left out: SASL, the search for a read-write server while
 *  connected to a read-only one, zookeeper.request.timeout.
 *
 *  Differs from Java: a lost connection is CONNECTING at once (Java shows CONNECTED until the back-off is over), and a
 *  request has its xid when it is handed over (Java: when it is sent). Neither changes what servers see. */
import type { Address, Connection, Host, MessageNote, Timer } from '../host.ts'
import { ErrorCode, EventType, eventName, KeeperState, OpCode, opName, Xid } from '../wire/codes.ts'
import { hex64, SESSION_0, type SessionId, ZXID_0, type Zxid } from '../wire/ids.ts'
import { JuteError, MAX_BUFFER, Reader, Writer } from '../wire/jute.ts'
import {
  AuthPacket,
  ConnectRequest,
  ConnectResponse,
  ReplyHeader,
  RequestHeader,
  SetWatches,
  SetWatches2,
  WatcherEvent,
} from '../wire/proto.ts'
import { StreamBuffer } from '../wire/quorum.ts'
import { parseConnectString, ServerList } from './connect-string.ts'
import { Deadline } from './deadline.ts'
import { eventPath, toServerPath } from './paths.ts'
import type { Reply } from './reply.ts'
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
}

/** A request as the typed operations hand it over. */
export interface Submission<T> {
  readonly op: OpCode
  /** The client's path, for the trace and for errors. */
  readonly path?: string
  readonly body?: (out: Writer) => void
  /** Reads the answer's body. @throws JuteError */
  readonly decode: (input: Reader) => T
  readonly register?: WatchRegistration
  /** Runs before `done`, with the server's error; its result replaces that error. */
  readonly settle?: (err: number) => number
  readonly done?: (reply: Reply<T>) => void
}

/** No more than this many characters of paths go into one setWatches. */
export const SET_WATCHES_MAX_LENGTH = 128 * 1024
/** A ping goes out at the latest after so long without sending. */
const MAX_PING_INTERVAL_MS = 10_000
/** Wait after all servers were tried in vain. */
const FULL_ROUND_DELAY_MS = 1000
const XID_MAX = 0x7fffffff

interface Packet {
  readonly xid: number
  readonly op: OpCode
  readonly path: string | undefined
  readonly frame: Uint8Array
  readonly note: MessageNote
  /** Ends it, once: with the answer's body, or with an error and none. @throws JuteError before anything else happened */
  readonly finish: (err: number, zxid: Zxid, body: Reader | null) => () => void
}

export class ClientCnxn {
  readonly #host: Host
  readonly #servers: ServerList
  readonly chroot: string | null
  readonly #options: { readonly timeoutMs: number; readonly readOnly: boolean }
  readonly watches: ClientWatches

  #state: ClientState = 'NOT_CONNECTED'
  #sessionId: SessionId = SESSION_0
  #password: Uint8Array = new Uint8Array(16)
  /** 0 before the first server has answered. */
  #negotiatedMs = 0
  #connectTimeoutMs: number
  #readTimeoutMs: number
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

  /** clock.now() of the last write and of the last whole frame. */
  #lastSend = 0
  #lastHeard = 0
  readonly #ping: Deadline
  readonly #silence: Deadline
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
    this.#options = { timeoutMs: options.timeoutMs ?? 30_000, readOnly: options.readOnly ?? false }
    this.watches = new ClientWatches(options.watcher)
    this.#connectTimeoutMs = Math.trunc(this.#options.timeoutMs / servers.length)
    this.#readTimeoutMs = Math.trunc((this.#options.timeoutMs * 2) / 3)
    this.#ping = new Deadline(host.clock, { name: 'ping' }, () => this.#keepAlive())
    this.#silence = new Deadline(host.clock, { name: 'readTimeout' }, () => this.#onSilence())
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
  /** A secret: whoever has it can take the session over. */
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
  /** The server that it is connected to, or tries to. */
  get server(): Address | undefined {
    return this.#server
  }

  // The user's side

  /** Queues a request; it is sent when the session is attached. A session that has ended, or is about to, answers at once. */
  submit<T>(submission: Submission<T>): void {
    const xid = this.#nextXid()
    const packet = this.#packet(xid, submission)
    if (!this.isAlive || this.#closing) {
      packet.finish(this.#lossCode(), ZXID_0, null)()
      return
    }
    const { op, path } = submission
    this.#host.trace.emit({ kind: 'invoked', xid, op: opName(op), ...(path ? { path } : {}) })
    if (op === OpCode.closeSession) this.#closing = true
    this.#outgoing.push(packet)
    this.#flush()
  }

  /** Adds an identity, here and at every later server. No answer: a refusal ends the session as AUTH_FAILED. */
  addAuth(scheme: string, auth: Uint8Array | null): void {
    if (!this.isAlive) return
    this.#authInfo.push({ scheme, auth })
    this.#outgoing.push(this.#authPacket(scheme, auth))
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

  // The connection's life

  #nextServer(): void {
    const { address, fullRound } = this.#servers.next()
    const delayMs =
      (fullRound ? FULL_ROUND_DELAY_MS : 0) +
      (this.#openedBefore ? this.#host.random.int(0, FULL_ROUND_DELAY_MS - 1) : 0)
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
    this.#silence.set(this.#connectTimeoutMs)
    this.#lastHeard = this.#host.clock.now()
  }

  /** The connection is open: asks for a session, or for the one it had. Nothing else is sent before the answer. */
  #prime(connection: Connection): void {
    this.#openedBefore = true
    this.#lastHeard = this.#host.clock.now()
    this.#silence.set(this.#connectTimeoutMs)
    // Java puts each packet before the others at the head of its queue, so the last of a kind goes first.
    this.#prelude = [
      ...this.#authInfo.map(({ scheme, auth }) => this.#authPacket(scheme, auth)).reverse(),
      ...this.#watchPackets().reverse(),
    ]
    const sessionId = this.#seenReadWriteServer ? this.#sessionId : SESSION_0
    const { timeoutMs, readOnly } = this.#options
    const frame = toFrame((out) =>
      ConnectRequest.write(out, {
        protocolVersion: 0,
        lastZxidSeen: this.#lastZxid,
        timeOut: timeoutMs,
        sessionId,
        passwd: this.#password,
        readOnly,
      }),
    )
    this.#lastSend = this.#host.clock.now()
    connection.write(frame, {
      protocol: 'client',
      type: 'connect',
      detail: { session: hex64(sessionId), timeoutMs, lastZxidSeen: hex64(this.#lastZxid) },
    })
  }

  #receive(connection: Connection, bytes: Uint8Array): void {
    this.#input.push(bytes)
    try {
      while (connection === this.#connection) {
        const frame = this.#input.takeFrame(0, MAX_BUFFER)
        if (frame === undefined) break
        this.#lastHeard = this.#host.clock.now()
        const input = new Reader(frame)
        if (!this.#attached) this.#onConnectResponse(connection, ConnectResponse.read(input))
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
    if (connection === this.#connection && this.#attached) this.#keepAlive()
  }

  #onConnectResponse(connection: Connection, response: ConnectResponse): void {
    if (response.timeOut <= 0) {
      this.#end('CLOSED', 'session expired', KeeperState.Expired)
      return
    }
    this.#negotiatedMs = response.timeOut
    this.#readTimeoutMs = Math.trunc((response.timeOut * 2) / 3)
    this.#connectTimeoutMs = Math.trunc(response.timeOut / this.#servers.size)
    this.#servers.connected()
    this.#sessionId = response.sessionId
    this.#password = response.passwd ?? new Uint8Array(16)
    const readOnly = response.readOnly ?? false
    if (!readOnly) this.#seenReadWriteServer = true
    this.#attached = true
    this.#become(readOnly ? 'CONNECTEDREADONLY' : 'CONNECTED')
    this.#flush()
    this.#tellSession(readOnly ? KeeperState.ConnectedReadOnly : KeeperState.SyncConnected)
    if (connection === this.#connection) this.#keepAlive()
  }

  #onReply(input: Reader): void {
    const header = ReplyHeader.read(input)
    if (header.xid === Xid.ping) return
    if (header.xid === Xid.auth) {
      if (header.err === ErrorCode.AuthFailed) this.#end('AUTH_FAILED', 'authentication failed', KeeperState.AuthFailed)
      return
    }
    if (header.xid === Xid.watchEvent) return this.#onWatchEvent(WatcherEvent.read(input))
    const packet = this.#pending[0]
    if (packet === undefined) throw new JuteError(`Nothing in the queue, but got ${header.xid}`)
    if (packet.xid !== header.xid)
      throw new JuteError(`Xid out of order. Got Xid ${header.xid} with err ${header.err} expected Xid ${packet.xid}`)
    const settle = packet.finish(header.err, header.zxid, header.err === ErrorCode.Ok ? input : null)
    this.#pending.shift()
    if (header.zxid > 0n) this.#lastZxid = header.zxid
    const { xid, zxid, err } = header
    this.#host.trace.emit({ kind: 'answered', xid, op: opName(packet.op), zxid, err })
    settle()
  }

  #onWatchEvent({ state, type, path }: WatcherEvent): void {
    if (!isKeeperState(state)) throw new JuteError(`Invalid integer value ${state} for conversion to KeeperState`)
    if (!isEventType(type)) throw new JuteError(`Invalid integer value ${type} for conversion to EventType`)
    this.tell({ state, type, path: eventPath(path, this.chroot) })
  }

  /** The connection is gone, or given up: what was under way is lost, and the next server is tried. */
  #lost(reason: string): void {
    const wasClosing = this.#closing
    this.#dropConnection()
    const lost = [...this.#pending, ...this.#outgoing]
    this.#pending = []
    this.#outgoing = []
    if (!wasClosing && this.#state !== 'CONNECTING') this.#become('CONNECTING', reason)
    this.#fail(lost)
    if (!this.isAlive) return
    this.#tellSession(KeeperState.Disconnected)
    // A watcher or callback may have ended the session.
    if (this.isAlive && this.#connection === undefined && this.#reconnect === undefined) this.#nextServer()
  }

  #onSilence(): void {
    const silentMs = Math.round(this.#host.clock.now() - this.#lastHeard)
    this.#connection?.close()
    this.#lost(`have not heard from server in ${silentMs}ms`)
  }

  /** closeSession was answered or lost: the session is over for this client. */
  #finishClose(): void {
    if (!this.isAlive) return
    if (this.#connection === undefined && this.#toldState !== KeeperState.Disconnected)
      this.#tellSession(KeeperState.Disconnected)
    this.#end('CLOSED', 'closed', KeeperState.Closed)
  }

  #end(state: 'CLOSED' | 'AUTH_FAILED', reason: string, told: KeeperState | undefined): void {
    this.#connection?.close()
    this.#dropConnection()
    this.#reconnect?.cancel()
    this.#reconnect = undefined
    const lost = [...this.#pending, ...this.#outgoing]
    this.#pending = []
    this.#outgoing = []
    this.#become(state, reason)
    if (told !== undefined) this.#tellSession(told)
    this.#silent = true
    this.#fail(lost)
    const done = this.#closeDone
    this.#closeDone = []
    for (const each of done) each()
  }

  #dropConnection(): void {
    this.#connection = undefined
    this.#attached = false
    this.#prelude = []
    this.#ping.stop()
    this.#silence.stop()
  }

  #become(to: ClientState, reason?: string): void {
    this.#state = to
    this.#host.trace.emit({
      kind: 'clientState',
      to,
      session: this.#sessionId,
      ...(to === 'CONNECTED' || to === 'CONNECTEDREADONLY' ? { server: this.#server?.host ?? '' } : {}),
      ...(reason === undefined ? {} : { reason }),
    })
  }

  // Sending

  #flush(): void {
    if (!this.#attached || this.#connection === undefined) return
    const packets = [...this.#prelude, ...this.#outgoing]
    if (packets.length === 0) return
    this.#prelude = []
    this.#outgoing = []
    for (const packet of packets) {
      if (packet.op !== OpCode.auth) this.#pending.push(packet)
      this.#connection.write(packet.frame, packet.note)
    }
    this.#lastSend = this.#host.clock.now()
    this.#keepAlive()
  }

  /** Java's loop, which looks at its clock whenever something happened: pings when the last sending is long enough ago,
   *  and sets the next moment to look. */
  #keepAlive(): void {
    const now = this.#host.clock.now()
    const idleMs = now - this.#lastSend
    const half = Math.trunc(this.#readTimeoutMs / 2)
    const toNextPing = half - idleMs - (idleMs > 1000 ? 1000 : 0)
    if (toNextPing <= 0 || idleMs > MAX_PING_INTERVAL_MS) {
      const frame = toFrame((out) => RequestHeader.write(out, { xid: Xid.ping, type: OpCode.ping }))
      this.#lastSend = now
      this.#connection?.write(frame, { protocol: 'client', type: 'ping', quiet: true })
      // A server may grant next to nothing: then the silence ends it, and no ping follows the other at once.
      this.#ping.set(Math.max(half, 1))
    } else this.#ping.set(toNextPing)
    this.#silence.set(this.#readTimeoutMs - (now - this.#lastHeard))
  }

  #nextXid(): number {
    const xid = this.#xid
    this.#xid = xid === XID_MAX - 1 ? 1 : xid + 1
    return xid
  }

  #packet<T>(xid: number, submission: Submission<T>): Packet {
    const { op, path, body, decode, register, settle, done } = submission
    const frame = toFrame((out) => {
      RequestHeader.write(out, { xid, type: op })
      body?.(out)
    })
    const detail = { xid, ...(path ? { path } : {}) }
    const finish = (err: number, zxid: Zxid, input: Reader | null): (() => void) => {
      const value = input === null ? undefined : { decoded: decode(input) }
      return () => {
        if (register !== undefined) this.#register(register, err)
        const settled = settle === undefined ? err : settle(err)
        if (settled === ErrorCode.Ok && value !== undefined) done?.({ ok: true, value: value.decoded, zxid })
        // A removal of watches can succeed here although the server was not reached.
        else if (settled === ErrorCode.Ok) done?.({ ok: true, value: undefined as T, zxid })
        else done?.({ ok: false, err: settled, path: path ?? null })
      }
    }
    return { xid, op, path, frame, note: { protocol: 'client', type: opName(op), detail }, finish }
  }

  /** What it authenticates with stays out of the trace. */
  #authPacket(scheme: string, auth: Uint8Array | null): Packet {
    const frame = toFrame((out) => {
      RequestHeader.write(out, { xid: Xid.auth, type: OpCode.auth })
      AuthPacket.write(out, { type: 0, scheme, auth })
    })
    const note: MessageNote = { protocol: 'client', type: 'auth', detail: { xid: Xid.auth, scheme } }
    return { xid: Xid.auth, op: OpCode.auth, path: undefined, frame, note, finish: () => () => undefined }
  }

  /** The watches, to be set again at a new server, in batches that stay below its limit for a frame. */
  #watchPackets(): Packet[] {
    const all = (table: 'data' | 'exists' | 'child' | 'persistent' | 'persistentRecursive') =>
      this.watches.paths(table).map((path) => ({ table, path: toServerPath(path, this.chroot) }))
    const watches = [
      ...all('data'),
      ...all('exists'),
      ...all('child'),
      ...all('persistent'),
      ...all('persistentRecursive'),
    ]
    const packets: Packet[] = []
    for (let at = 0; at < watches.length; ) {
      const batch: typeof watches = []
      for (let length = 0; length < SET_WATCHES_MAX_LENGTH && at < watches.length; at++) {
        const watch = watches[at] as (typeof watches)[number]
        batch.push(watch)
        length += watch.path.length
      }
      packets.push(this.#setWatches(batch))
    }
    return packets
  }

  #setWatches(batch: readonly { readonly table: string; readonly path: string }[]): Packet {
    const of = (table: string) => batch.filter((watch) => watch.table === table).map((watch) => watch.path)
    const body = {
      relativeZxid: this.#lastZxid,
      dataWatches: of('data'),
      existWatches: of('exists'),
      childWatches: of('child'),
      persistentWatches: of('persistent'),
      persistentRecursiveWatches: of('persistentRecursive'),
    }
    const persistent = body.persistentWatches.length + body.persistentRecursiveWatches.length > 0
    const packet = this.#packet(this.#nextXid(), {
      op: persistent ? OpCode.setWatches2 : OpCode.setWatches,
      body: (out) => (persistent ? SetWatches2.write(out, body) : SetWatches.write(out, body)),
      decode: () => undefined,
    })
    const detail = { xid: packet.xid, watches: batch.length, relativeZxid: hex64(this.#lastZxid) }
    return { ...packet, note: { ...packet.note, detail } }
  }

  // Telling

  #lossCode(): number {
    if (this.#state === 'AUTH_FAILED') return ErrorCode.AuthFailed
    return this.#state === 'CLOSED' ? ErrorCode.SessionExpired : ErrorCode.ConnectionLoss
  }

  #fail(packets: readonly Packet[]): void {
    const err = this.#lossCode()
    for (const packet of packets) {
      if (packet.op !== OpCode.auth)
        this.#host.trace.emit({ kind: 'requestLost', xid: packet.xid, op: opName(packet.op) })
      packet.finish(err, ZXID_0, null)()
    }
  }

  #register(registration: WatchRegistration, err: number): void {
    const table = this.watches.register(registration, err)
    if (table !== undefined) this.#host.trace.emit({ kind: 'watchRegistered', path: registration.path, watch: table })
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
      this.#host.trace.emit({ kind: 'watchDelivered', event: eventName(event.type), path: event.path })
    for (const watcher of watchers) watcher(event)
  }
}

const isKeeperState = (state: number): state is KeeperState => (Object.values(KeeperState) as number[]).includes(state)
const isEventType = (type: number): type is EventType => (Object.values(EventType) as number[]).includes(type)

function toFrame(write: (out: Writer) => void): Uint8Array {
  const out = new Writer()
  out.int(0)
  write(out)
  out.patchInt(0, out.length - 4)
  return out.finish()
}
