/** One TCP connection of a client: frames in, frames out, and what belongs to the connection alone: its session, its
 *  identities, its idle deadline. Source: NIOServerCnxn.java, NIOServerCnxnFactory.java (client-protocol.md).
 *  Left out: four-letter words but ruok and isro, TLS, large-request limits. */
import type { Connection, ConnectionHandlers, Host, MessageNote, Timer } from '../host.ts'
import { ErrorCode, eventName, KeeperState, OpCode, opName, Xid } from '../wire/codes.ts'
import type { Id } from '../wire/data.ts'
import { asZxid, hex64, SESSION_0, type SessionId, type Zxid } from '../wire/ids.ts'
import { build, encode, JuteError, MAX_BUFFER, Reader } from '../wire/jute.ts'
import { ConnectRequest, ConnectResponse, ReplyHeader, RequestHeader, WatcherEvent } from '../wire/proto.ts'
import { FrameLengthError, StreamBuffer } from '../wire/quorum.ts'
import { encodedUtf8 } from '../wire/utf8.ts'
import { sessionPassword } from './session-id.ts'

/** The door it came in by. */
export interface ConnectionHome {
  readonly host: Host
  /** The connection has ended, by either side. Told once. */
  onEnd(connection: ClientConnection): void
}

/** What a connection asks of the role that serves it. */
export interface ConnectionService {
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
  | 'handshake' // until the ConnectRequest
  | 'attaching' // its answer is on the way; what the client sends meanwhile waits unread
  | 'attached'
  | 'ended'

/** Idle limit of a connection without a session; also the width of the idle buckets, in ms. */
const SESSIONLESS_MS = 10_000
const NO_ZXID = asZxid(-1n)

export class ClientConnection {
  readonly #home: ConnectionHome
  /** undefined: nobody served when it came, and nobody ever will. */
  readonly #service: ConnectionService | undefined
  readonly #connection: Connection
  readonly #input = new StreamBuffer()
  #phase: Phase = 'handshake'
  #session: SessionId = SESSION_0
  /** As the trace has it. */
  #sessionText = hex64(SESSION_0)
  #timeoutMs = SESSIONLESS_MS
  /** The client sent the readOnly byte and gets one back. */
  #knowsReadOnly = false
  /** Who the client is, in the order of its auth packets, its address last. Travels with forwarded requests. */
  #auth: readonly Id[]
  /** Its requests in the pipeline, without those of xid 0 and below. */
  #outstanding = 0
  /** Stopped reading because the server is overloaded. */
  #paused = false
  #idle: Timer | undefined
  #idleDeadline = 0

  constructor(home: ConnectionHome, service: ConnectionService | undefined, connection: Connection) {
    this.#home = home
    this.#service = service
    this.#connection = connection
    this.#auth = [{ scheme: 'ip', id: connection.remote.host }]
    this.#watchIdle()
  }

  readonly handlers: ConnectionHandlers = {
    onData: (bytes) => {
      this.#input.push(bytes)
      this.#touchIdle()
      this.resume()
    },
    onClose: () => this.#end(),
  }

  get id(): string {
    return this.#connection.id
  }
  get remote(): string {
    return this.#connection.remote.host
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
    const at = this.#auth.findIndex(({ scheme }) => scheme === 'ip')
    this.#auth = at === -1 ? [...this.#auth, identity] : this.#auth.toSpliced(at, 0, identity)
  }

  // --- in ----------------------------------------------------------------------------------------

  /** Takes up reading where it stopped: after more bytes, after the handshake, after an overload. */
  resume(): void {
    try {
      while (this.#mayRead()) {
        const frame = this.#input.takeFrame(0, MAX_BUFFER)
        if (frame === undefined) return
        if (this.#service === undefined) return this.close()
        if (this.#phase === 'handshake') this.#onConnectFrame(frame, this.#service)
        else this.#onRequestFrame(frame, this.#service)
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      // Before the handshake the first four bytes may be a word in place of a length.
      const answer =
        error instanceof FrameLengthError && this.#phase === 'handshake' ? words.get(error.length) : undefined
      if (answer === undefined) return this.abort(error.message)
      this.#connection.write(encodedUtf8(answer), { protocol: 'client', type: answer })
      this.close()
    }
  }

  #mayRead(): boolean {
    if (this.#phase === 'handshake') return true
    this.#paused = this.#outstanding > 0 && this.#service?.overloaded === true
    return this.#phase === 'attached' && !this.#paused
  }

  /** @throws JuteError */
  #onConnectFrame(frame: Uint8Array, service: ConnectionService): void {
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
    this.#touchIdle()
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

  /** Answers a request. `zxid`: last applied here. `body` is left away where the reply has none. */
  reply(xid: number, op: number, zxid: Zxid, err: number, body: Uint8Array | null): void {
    if (this.hasEnded) return
    const frame = build((out) => {
      out.int(16 + (body?.length ?? 0))
      ReplyHeader.write(out, { xid, zxid, err })
      if (body !== null) out.raw(body)
    })
    const { trace } = this.#home.host
    if (trace.off === true) return this.#write(frame)
    const detail = { session: this.#sessionText, xid, op: opName(op), err }
    const quiet = op === OpCode.ping
    this.#write(frame, { protocol: 'client', type: 'reply', zxid, detail, ...(quiet ? { quiet } : {}) })
    if (!quiet) trace.emit({ kind: 'reply', session: this.#session, xid, op: opName(op), zxid, err })
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
    const detail = { session: this.#sessionText, event: eventName(type), path }
    this.#write(frame, { protocol: 'client', type: 'watchEvent', detail })
  }

  /** A request of this xid has left the pipeline. */
  finished(xid: number): void {
    if (xid > 0) this.#outstanding--
    if (this.#paused) this.resume()
  }

  #write(frame: Uint8Array, note?: MessageNote): void {
    this.#connection.write(frame, note)
    this.#touchIdle()
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
    this.#idle?.cancel()
    this.#home.onEnd(this)
    this.#service?.onEnd(this)
    if (wasAttached)
      this.#home.host.trace.emit({ kind: 'sessionDetached', session: this.#session, connection: this.id })
  }

  #touchIdle(): void {
    const limitMs = this.isAttached ? this.#timeoutMs : SESSIONLESS_MS
    const width = SESSIONLESS_MS
    this.#idleDeadline = (Math.floor((this.#home.host.clock.now() + limitMs) / width) + 1) * width
  }

  /** One timer for each connection: when it fires and the connection was busy meanwhile, it is set for what is left. */
  #watchIdle(): void {
    const now = this.#home.host.clock.now()
    if (this.#idleDeadline === 0) this.#touchIdle()
    else if (now >= this.#idleDeadline) return this.close()
    this.#idle = this.#home.host.clock.after(this.#idleDeadline - now, () => this.#watchIdle())
  }
}

/** Four-letter words as the int that they are when taken for a length. */
const asLength = (word: string): number => new Reader(encodedUtf8(word)).int()
const words = new Map([
  [asLength('ruok'), 'imok'],
  [asLength('isro'), 'rw'],
])
