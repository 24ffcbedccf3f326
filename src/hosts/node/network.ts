/** TCP behind the network port. What the steps of one turn write to a connection leaves in one system call. */
import { createServer, connect as openSocket, type Server, type Socket } from 'node:net'
import type { Address, CloseCause, Connection, ConnectionHandlers, Listener, Network } from '../../core/host.ts'
import type { NodeClock } from './clock.ts'

export interface TcpOptions {
  /** The local address to listen on (a negative port is not listened on at all); undefined: on all. */
  readonly bindTo?: (port: number) => string | undefined
  /** Connections that wait for being accepted; undefined: as many as the system likes. */
  readonly backlog?: number | undefined
  /** No one is to be listened to there. */
  readonly onListenFailed: (port: number, error: NodeJS.ErrnoException) => void
  /** After so long without an answer a host is unreachable. */
  readonly connectTimeoutMs: number
  /** Ports where a peer that does not read what it is sent is not read either, until it does. Never between servers: each
   *  side could wait for the other. */
  readonly pausesOn: (port: number) => boolean
}

/** Written and not yet taken by the system: above this a connection is backed up. */
const BACKED_UP_BYTES = 1 << 20
/** Chunks that are no longer together than this are copied into one. */
const JOIN_BYTES = 1 << 18
/** How long the other side may take to read what was written before the own close. */
const LINGER_MS = 5000

export class TcpNetwork implements Network {
  readonly options: TcpOptions
  readonly #clock: NodeClock
  readonly #servers = new Set<Server>()
  readonly #open = new Set<TcpConnection>()
  #written: TcpConnection[] = []
  #ids = 0

  constructor(clock: NodeClock, options: TcpOptions) {
    this.#clock = clock
    this.options = options
    clock.atEndOfTurn(() => this.#flush())
  }

  listen(port: number, onConnection: (connection: Connection) => ConnectionHandlers): Listener {
    const { bindTo, backlog, onListenFailed, pausesOn } = this.options
    if (port < 0) return { close: () => undefined }
    const pauses = pausesOn(port)
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const remote = { host: plainHost(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
      const connection = new TcpConnection(this, String(++this.#ids), socket, remote, pauses)
      this.#open.add(connection)
      connection.handlers = onConnection(connection)
    })
    let closed = false
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (!closed) onListenFailed(port, error)
    })
    // Its address may have had to be looked up.
    server.on('listening', () => {
      if (closed) server.close()
    })
    const host = bindTo?.(port)
    server.listen({ port, ...(host === undefined ? {} : { host }), ...(backlog === undefined ? {} : { backlog }) })
    this.#servers.add(server)
    const close = (): void => {
      closed = true
      this.#servers.delete(server)
      server.close()
    }
    return { close }
  }

  connect(to: Address, handlers: ConnectionHandlers): Connection {
    const socket = openSocket({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true })
    const connection = new TcpConnection(this, String(++this.#ids), socket, to, false)
    connection.handlers = handlers
    this.#open.add(connection)
    connection.opening(this.options.connectTimeoutMs)
    return connection
  }

  /** Takes leave of everybody. */
  close(): void {
    for (const server of this.#servers) server.close()
    this.#servers.clear()
    for (const connection of [...this.#open]) connection.close()
    this.#flush()
  }

  hasWritten(connection: TcpConnection): void {
    this.#written.push(connection)
    this.#clock.needEnd()
  }

  remove(connection: TcpConnection): void {
    this.#open.delete(connection)
  }

  #flush(): void {
    const written = this.#written
    if (written.length === 0) return
    this.#written = []
    for (const connection of written) connection.flush()
  }
}

class TcpConnection implements Connection {
  readonly id: string
  readonly remote: Address
  handlers: ConnectionHandlers | undefined
  readonly #network: TcpNetwork
  readonly #socket: Socket
  readonly #pauses: boolean
  /** Written in this turn. */
  #chunks: Uint8Array[] = []
  #bytes = 0
  /** Nothing is heard from it any more, and nothing more can be written. */
  #closed = false
  #connecting = false
  #held = false
  #cause: CloseCause = 'reset'
  #timeout: NodeJS.Timeout | undefined

  constructor(network: TcpNetwork, id: string, socket: Socket, remote: Address, pauses: boolean) {
    this.#network = network
    this.id = id
    this.remote = remote
    this.#socket = socket
    this.#pauses = pauses
    socket.on('data', (chunk: Buffer) => {
      // The core must not see a Buffer: its `slice` does not copy.
      if (!this.#closed) this.handlers?.onData(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
    })
    socket.on('end', () => {
      this.#ended('closed')
      socket.end()
    })
    socket.on('error', (error) => {
      this.#cause = causeOf(error, this.#connecting)
    })
    socket.on('close', () => {
      clearTimeout(this.#timeout)
      this.#ended(this.#cause)
    })
    if (pauses) socket.on('drain', () => this.#read())
  }

  /** This side asked for the connection. */
  opening(timeoutMs: number): void {
    this.#connecting = true
    this.#cause = 'unreachable'
    this.#timeout = setTimeout(() => this.#socket.destroy(), timeoutMs)
    this.#socket.once('connect', () => {
      clearTimeout(this.#timeout)
      this.#connecting = false
      this.#cause = 'reset'
      if (!this.#closed) this.handlers?.onOpen?.()
    })
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return
    if (this.#chunks.length === 0) this.#network.hasWritten(this)
    this.#chunks.push(bytes)
    this.#bytes += bytes.length
  }

  close(): void {
    if (this.#closed) return
    this.flush()
    this.#leave()
    const socket = this.#socket
    if (this.#connecting && socket.writableLength === 0) {
      socket.destroy()
      return
    }
    // What comes meanwhile is read and dropped: to close at once would make the other side lose what it has not read yet.
    socket.end()
    socket.resume()
    clearTimeout(this.#timeout)
    this.#timeout = setTimeout(() => socket.destroy(), LINGER_MS)
  }

  abort(_reason: string): void {
    this.close()
  }

  flush(): void {
    const chunks = this.#chunks
    if (chunks.length === 0) return
    const socket = this.#socket
    const bytes = this.#bytes
    this.#chunks = []
    this.#bytes = 0
    const [first] = chunks
    if (chunks.length === 1 && first !== undefined) socket.write(first)
    else if (bytes <= JOIN_BYTES) socket.write(Buffer.concat(chunks, bytes))
    else {
      socket.cork()
      for (const chunk of chunks) socket.write(chunk)
      socket.uncork()
    }
    if (this.#pauses && socket.writableLength > BACKED_UP_BYTES) socket.pause()
  }

  pauseReading(held: boolean): void {
    this.#held = held
    if (held) this.#socket.pause()
    else if (!this.#pauses || this.#socket.writableLength <= BACKED_UP_BYTES) this.#read()
  }

  #read(): void {
    if (!this.#held) this.#socket.resume()
  }

  /** The other side ended it, or is gone. */
  #ended(cause: CloseCause): void {
    if (this.#closed) return
    this.#leave()
    this.handlers?.onClose(cause)
  }

  #leave(): void {
    this.#closed = true
    this.#chunks = []
    this.#network.remove(this)
  }
}

/** IPv4 in IPv6's clothes. */
const plainHost = (host: string): string => host.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

function causeOf(error: NodeJS.ErrnoException, connecting: boolean): CloseCause {
  if (error.code === 'ECONNREFUSED') return 'refused'
  return connecting ? 'unreachable' : 'reset'
}
