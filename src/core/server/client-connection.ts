/** One TCP connection of a client: frames in, frames out, and what belongs to the connection alone: its session, its
 *  identities, what is counted of it. Instead of a first frame there may be a four-letter word.
 *  Source: NIOServerCnxn.java, ServerCnxn.java (client-protocol.md). Left out: TLS. */
import type { Connection, ConnectionHandlers, Host, MessageNote } from '../host.ts'
import { ErrorCode, eventName, KeeperState, OpCode, opName, Xid } from '../wire/codes.ts'
import type { Id } from '../wire/data.ts'
import { asZxid, hex64, SESSION_0, type SessionId, type Zxid } from '../wire/ids.ts'
import { build, encode, JuteError, Reader } from '../wire/jute.ts'
import { ConnectRequest, ConnectResponse, ReplyHeader, RequestHeader, WatcherEvent } from '../wire/proto.ts'
import { StreamBuffer } from '../wire/quorum.ts'
import { encodedUtf8 } from '../wire/utf8.ts'
import { argumentSizeOf, wordOf } from './four-letter-words.ts'
import { javaIdOrder } from './java-set-order.ts'
import type { ServerMetrics } from './server-metrics.ts'
import { ConnectionStats, type ServerStats } from './server-stats.ts'
import { sessionPassword } from './session-id.ts'

/** The door it came in by. */
export interface ConnectionHome {
  readonly host: Host
  readonly metrics: ServerMetrics
  /** Longest frame that is read. */
  readonly maxFrameBytes: number
  /** Bytes were read or written: it may be silent for `timeoutMs` from `now` on.
   *  @returns until when the same need not be said again */
  touch(connection: ClientConnection, timeoutMs: number, now: number): number
  /** The answer to a four-letter word; undefined: there is none. */
  answerWord(word: string, argument: Uint8Array): string | undefined
  /** The connection has ended, by either side. Told once. */
  onEnd(connection: ClientConnection): void
}

/** What a connection asks of the role that serves it. */
export interface ConnectionService {
  readonly stats: ServerStats
  /** Decides on a session: calls `beginAttach` and later `attached` or `refused`, or closes the connection. */
  onConnectRequest(connection: ClientConnection, request: ConnectRequest): void
  onRequest(connection: ClientConnection, header: RequestHeader, body: Uint8Array): void
  /** Told to every client that asks. */
  readonly isReadOnly: boolean
  /** More requests are in the pipeline than a server takes on: connections that have some in it must wait. */
  readonly overloaded: boolean
  /** The connection has ended, by either side. Told once. */
  onEnd(connection: ClientConnection): void
}

type Phase =
  | 'first' // until it is clear whether it is a word
  | 'word' // whose argument has not come yet
  | 'handshake' // until the ConnectRequest
  | 'attaching' // its answer is on the way; what the client sends meanwhile waits unread
  | 'attached'
  | 'ended'

/** zookeeper.nio.sessionlessCnxnTimeout: how long a connection without a session may be silent. */
export const SESSIONLESS_MS = 10_000
/** What may come before the client is made to wait while nothing is read. */
const UNREAD_BYTES = 1 << 16
/** Characters of an answer that Java writes at a time: each such piece counts as a packet. */
const PIECE = 8192
const NO_ZXID = asZxid(-1n)

export class ClientConnection {
  readonly #home: ConnectionHome
  /** undefined: nobody served when it came, and nobody ever will. */
  readonly #service: ConnectionService | undefined
  readonly #connection: Connection
  readonly #input = new StreamBuffer()
  readonly stats: ConnectionStats
  #phase: Phase = 'first'
  #word: string | undefined
  #session: SessionId = SESSION_0
  /** As the trace has it. */
  #sessionText = hex64(SESSION_0)
  #timeoutMs = SESSIONLESS_MS
  /** The client sent the readOnly byte and gets one back. */
  #knowsReadOnly = false
  /** Who the client is, in the order of a Java set. Travels with forwarded requests. */
  #auth: readonly Id[]
  /** Its requests in the pipeline, without those of xid 0 and below. */
  #outstanding = 0
  /** Stopped reading because the server is overloaded. */
  #paused = false
  #heardAt = 0
  /** Until then it is of no interest that it is busy. */
  #freshUntil = 0
  /** The other side is made to wait. */
  #held = false

  constructor(home: ConnectionHome, service: ConnectionService | undefined, connection: Connection) {
    this.#home = home
    this.#service = service
    this.#connection = connection
    this.#auth = [{ scheme: 'ip', id: connection.remote.host }]
    this.stats = new ConnectionStats(home.host.clock.wallTime())
    this.#touch(home.host.clock.now())
  }

  readonly handlers: ConnectionHandlers = {
    onData: (bytes) => {
      this.#input.push(bytes)
      this.#heardAt = this.#home.host.clock.now()
      this.#touch(this.#heardAt)
      this.resume()
      if (this.#input.length > UNREAD_BYTES && this.interest === 0 && !this.hasEnded) this.#hold(true)
    },
    onClose: () => {
      this.#home.metrics.count.connection_drop_count++
      this.#end()
    },
  }

  get id(): string {
    return this.#connection.id
  }
  get remote(): string {
    return this.#connection.remote.host
  }
  get address(): string {
    const { host, port } = this.#connection.remote
    return `${host}:${port}`
  }
  /** When its newest bytes came, in ms of the monotonic clock. */
  get heardAt(): number {
    return this.#heardAt
  }
  /** Requests that are not answered yet. */
  get outstanding(): number {
    return this.#outstanding
  }
  /** A selector's interest: 1 to read, 0 while it is not. What is written leaves at once, so there is never a 4. */
  get interest(): number {
    return this.#phase === 'first' || this.#phase === 'handshake' || (this.#phase === 'attached' && !this.#paused)
      ? 1
      : 0
  }
  /** 0 until a ConnectRequest has named or been given one. */
  get session(): SessionId {
    return this.#session
  }
  get timeoutMs(): number {
    return this.#timeoutMs
  }
  get auth(): readonly Id[] {
    return this.#auth
  }
  get isAttaching(): boolean {
    return this.#phase === 'attaching'
  }
  get isAttached(): boolean {
    return this.#phase === 'attached'
  }
  get hasEnded(): boolean {
    return this.#phase === 'ended'
  }

  /** An auth packet proved an identity. */
  addIdentity(identity: Id): void {
    if (this.#auth.some(({ scheme, id }) => scheme === identity.scheme && id === identity.id)) return
    this.#auth = javaIdOrder([...this.#auth, identity])
  }

  // --- in ----------------------------------------------------------------------------------------

  /** Takes up reading where it stopped: after more bytes, after the handshake, after an overload. */
  resume(): void {
    try {
      if (this.#phase === 'first') this.#lookForWord()
      if (this.#phase === 'word') return this.#onWord()
      while (this.#mayRead()) {
        const frame = this.#input.takeFrame(0, this.#home.maxFrameBytes)
        if (frame === undefined) return this.#hold(false)
        if (this.#service === undefined) return this.close()
        this.#received(4 + frame.length)
        if (this.#phase === 'handshake') this.#onConnectFrame(frame, this.#service)
        else this.#onRequestFrame(frame, this.#service)
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.abort(error.message)
    }
  }

  #mayRead(): boolean {
    if (this.#phase === 'handshake') return true
    this.#paused = this.#outstanding > 0 && this.#service?.overloaded === true
    return this.#phase === 'attached' && !this.#paused
  }

  #hold(held: boolean): void {
    if (this.#held === held) return
    this.#held = held
    this.#connection.pauseReading?.(held)
  }

  #received(sizeBytes: number): void {
    this.stats.packetsReceived++
    this.#home.metrics.count.bytes_received_count += sizeBytes
    if (this.#service !== undefined) this.#service.stats.packetsReceived++
  }

  /** The first four bytes are a word or the length of the first frame. */
  #lookForWord(): void {
    const first = this.#input.peekInt()
    if (first === undefined) return
    this.#word = wordOf(first)
    this.#phase = this.#word === undefined ? 'handshake' : 'word'
    if (this.#word !== undefined) this.#received(4)
    // Nobody serves: there is no need to wait for the frame.
    else if (this.#service === undefined) this.close()
  }

  /** Answers, and that was it. What comes behind the word, a line's end for example, is of no interest. */
  #onWord(): void {
    const word = this.#word as string
    const size = argumentSizeOf(word)
    const argument = this.#input.take((input) => input.raw(4 + size).subarray(4))
    if (argument === undefined) return
    const answer = this.#home.answerWord(word, argument)
    if (answer !== undefined && answer !== '') {
      const pieces = Math.ceil(answer.length / PIECE)
      this.stats.packetsSent += pieces
      if (this.#service !== undefined) this.#service.stats.packetsSent += pieces
      this.#connection.write(encodedUtf8(answer), { protocol: 'client', type: word })
    }
    this.close()
  }

  /** @throws JuteError */
  #onConnectFrame(frame: Uint8Array, service: ConnectionService): void {
    this.#home.metrics.count.connection_request_count++
    this.#home.metrics.time.connection_token_deficit.add(0)
    const request = ConnectRequest.read(new Reader(frame))
    this.#knowsReadOnly = request.readOnly !== undefined
    service.onConnectRequest(this, request)
  }

  /** @throws JuteError for a frame without a whole header */
  #onRequestFrame(frame: Uint8Array, service: ConnectionService): void {
    const input = new Reader(frame)
    const header = RequestHeader.read(input)
    // Auth packets are answered on the spot and never count.
    if (header.xid > 0) this.#outstanding++
    service.onRequest(this, header, input.rest())
  }

  // --- out ---------------------------------------------------------------------------------------

  /** The session that is to be attached, and the timeout that it was granted. */
  beginAttach(session: SessionId, timeoutMs: number): void {
    this.#phase = 'attaching'
    this.#session = session
    this.#sessionText = hex64(session)
    this.#timeoutMs = timeoutMs
  }

  /** The session is the client's: it may send requests. */
  attached(): void {
    if (this.#phase !== 'attaching') return
    this.#phase = 'attached'
    this.#sendConnectResponse(this.#session, this.#timeoutMs, sessionPassword(this.#session))
    this.#home.host.trace.emit({
      kind: 'sessionAttached',
      session: this.#session,
      connection: this.id,
      timeoutMs: this.#timeoutMs,
    })
    this.#freshUntil = 0
    this.#touch(this.#home.host.clock.now())
    this.resume()
  }

  /** The session is unknown, has expired, or the password is wrong: timeout 0, and the end. */
  refused(): void {
    if (this.hasEnded) return
    this.#sendConnectResponse(SESSION_0, 0, new Uint8Array(16))
    this.close()
  }

  #sendConnectResponse(sessionId: SessionId, timeOut: number, passwd: Uint8Array): void {
    const readOnly = this.#service?.isReadOnly === true
    const response: ConnectResponse = { protocolVersion: 0, timeOut, sessionId, passwd }
    const body = encode(ConnectResponse, this.#knowsReadOnly ? { ...response, readOnly } : response)
    const frame = build((out) => out.buffer(body))
    const detail = { session: hex64(sessionId), timeoutMs: timeOut }
    this.#write(frame, { protocol: 'client', type: 'connectResponse', detail })
  }

  /** Answers a request. `zxid`: last applied here. `body` is left away where the reply has none.
   *  @returns the reply's size in bytes, without that of its length */
  reply(xid: number, op: number, zxid: Zxid, err: number, body: Uint8Array | null): number {
    if (this.hasEnded) return 0
    const frame = build((out) => {
      out.int(16 + (body?.length ?? 0))
      ReplyHeader.write(out, { xid, zxid, err })
      if (body !== null) out.raw(body)
    })
    const sizeBytes = frame.length - 4
    this.#service?.stats.clientResponse.add(sizeBytes)
    const { trace } = this.#home.host
    if (trace.off === true) {
      this.#write(frame)
      return sizeBytes
    }
    const detail = { session: this.#sessionText, xid, op: opName(op), err }
    const quiet = op === OpCode.ping
    this.#write(frame, { protocol: 'client', type: 'reply', zxid, detail, ...(quiet ? { quiet } : {}) })
    if (!quiet) trace.emit({ kind: 'reply', session: this.#session, xid, op: opName(op), zxid, err })
    return sizeBytes
  }

  /** An op code that is none: the client is told, and the connection ends. */
  refuseOp(xid: number, op: number): void {
    this.reply(xid, op, NO_ZXID, ErrorCode.Unimplemented, null)
    this.close()
  }

  /** A watch has fired. */
  notify(type: number, path: string): void {
    if (this.hasEnded) return
    const frame = build((out) => {
      out.int(0)
      ReplyHeader.write(out, { xid: Xid.watchEvent, zxid: NO_ZXID, err: ErrorCode.Ok })
      WatcherEvent.write(out, { type, state: KeeperState.SyncConnected, path })
      out.patchInt(0, out.length - 4)
    })
    this.#service?.stats.clientResponse.add(frame.length - 4)
    this.#home.metrics.count.watch_bytes += frame.length - 4
    const { clock, trace } = this.#home.host
    this.#touch(clock.now())
    if (trace.off === true) return this.#write(frame)
    const detail = { session: this.#sessionText, event: eventName(type), path }
    this.#write(frame, { protocol: 'client', type: 'watchEvent', detail })
  }

  /** A request of this xid has left the pipeline. */
  finished(xid: number): void {
    if (xid > 0) this.#outstanding--
    if (this.#paused) this.resume()
  }

  /** A request of its is done. */
  answered(cxid: number, zxid: Zxid, operation: string, latencyMs: number, now: number): void {
    this.stats.answered(cxid, zxid, operation, latencyMs, Math.floor(now))
    this.#touch(now)
  }

  #write(frame: Uint8Array, note?: MessageNote): void {
    this.#connection.write(frame, note)
    this.stats.packetsSent++
    if (this.#service !== undefined) this.#service.stats.packetsSent++
  }

  // --- its end -----------------------------------------------------------------------------------

  close(): void {
    if (this.hasEnded) return
    this.#connection.close()
    this.#end()
  }

  /** For bytes that make no sense. */
  abort(reason: string): void {
    if (this.hasEnded) return
    this.#connection.abort(reason)
    this.#end()
  }

  #end(): void {
    if (this.hasEnded) return
    const wasAttached = this.isAttached
    this.#phase = 'ended'
    this.#home.onEnd(this)
    this.#service?.onEnd(this)
    if (wasAttached)
      this.#home.host.trace.emit({ kind: 'sessionDetached', session: this.#session, connection: this.id })
  }

  #touch(now: number): void {
    if (now < this.#freshUntil || this.hasEnded) return
    this.#freshUntil = this.#home.touch(this, this.isAttached ? this.#timeoutMs : SESSIONLESS_MS, now)
  }
}
