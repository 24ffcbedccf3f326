/** The connections between servers for elections: one for each pair, always opened by the larger sid.
 *  Source: QuorumCnxManager.java; election.md section 2. Differences: attempts to connect are independent and block nobody
 *  (ZOOKEEPER-3756, -4220); bytes that make no sense end their connection and nothing else (ZOOKEEPER-3769); anonymous
 *  observers are turned away; there is no receive queue, a message is handled in the step in which it arrives.
 *  Left out: TLS, SASL, several addresses for one server. */
import type { Membership } from '../config/membership.ts'
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Address, Connection, ConnectionHandlers, Host, Listener, MessageNote, Timer } from '../host.ts'
import type { Sid } from '../wire/ids.ts'
import { JuteError, Writer } from '../wire/jute.ts'
import {
  ANONYMOUS_OBSERVER,
  encodeInitialMessage,
  MAX_NOTIFICATION_LENGTH,
  readInitialMessage,
} from '../wire/notification.ts'
import { StreamBuffer } from '../wire/quorum.ts'

/** What goes to a peer: the notification's bytes without their frame, and what the trace says about them. */
interface Outgoing {
  readonly bytes: Uint8Array
  readonly note: MessageNote
}

interface CnxEvents {
  /** May throw a JuteError: the connection is closed for it. */
  onMessage(from: Sid, bytes: Uint8Array): void
  /** A connection has ended, or an attempt. */
  onGone(): void
}

export class QuorumCnxManager {
  readonly #host: Host
  readonly #config: ReplicaConfig
  readonly #membership: Membership
  readonly #events: CnxEvents
  #listener: Listener | undefined
  /** Where it listens. */
  #port: number | undefined
  /** Every connection that is not over, of whatever phase. */
  readonly #lines = new Set<Line>()
  /** The one connection to a peer on which notifications go both ways (senderWorkerMap). */
  readonly #workers = new Map<Sid, Line>()
  /** Connections that this side has asked for and that are not open yet: at most one for each peer. */
  readonly #attempts = new Map<Sid, Line>()
  /** Larger sids that this side has called: they are about to call back. */
  readonly #asked = new Set<Sid>()
  /** Those that there was a worker for, in this life. */
  readonly #met = new Set<Sid>()
  /** Capacity 1, the newest replaces the one that waits; undefined: empty. Once there, a queue stays (queueSendMap). */
  readonly #queues = new Map<Sid, Outgoing | undefined>()
  /** Said again on a new connection, because it may have been lost with the old one. */
  readonly #lastMessageSent = new Map<Sid, Outgoing>()

  constructor(host: Host, config: ReplicaConfig, membership: Membership, events: CnxEvents) {
    this.#host = host
    this.#config = config
    this.#membership = membership
    this.#events = events
  }

  /** Listens on the own election port, until `stop`. */
  start(): void {
    const { electionPort } = this.#membership.self
    if (this.#port === electionPort && this.#listener !== undefined) return
    this.#listener?.close()
    this.#port = electionPort
    this.#listener = this.#host.network.listen(electionPort, (connection) => this.#accept(connection))
  }

  /** As if new: no connection, nothing to be sent, nothing said. The own election port may be another one now. */
  restart(): void {
    const wasListening = this.#listener !== undefined
    for (const line of [...this.#lines]) this.#finish(line)
    this.#queues.clear()
    this.#lastMessageSent.clear()
    if (wasListening) this.start()
  }

  /** For whom the proposed configuration has and the one in force has not. */
  connectNewPeers(): void {
    const { committed, lastSeen, sid } = this.#membership
    for (const server of lastSeen.servers)
      if (server.sid !== sid && committed.server(server.sid) === undefined) this.connectOne(server.sid)
  }

  stop(): void {
    this.#listener?.close()
    this.#listener = undefined
    for (const line of [...this.#lines]) this.#finish(line)
  }

  /** Sends when there is a connection, else keeps the message and connects. To itself it arrives at once. */
  toSend(sid: Sid, message: Outgoing): void {
    if (sid === this.#config.sid) return this.#events.onMessage(sid, message.bytes)
    this.#queues.set(sid, message)
    const worker = this.#workers.get(sid)
    if (worker) this.#flush(sid, worker)
    else this.connectOne(sid)
  }

  /** Unless there is a connection or an attempt already. `given`: other than the configured address. Where the
   *  configuration in force and the proposed one differ, the second address is for when the first one does not answer. */
  connectOne(sid: Sid, given?: Address): void {
    const [address, ...others] = given === undefined ? this.#addressesOf(sid) : [given]
    if (address === undefined || this.#workers.has(sid) || this.#attempts.has(sid)) return
    this.#call(sid, address, others)
  }

  #call(sid: Sid, address: Address, others: readonly Address[]): void {
    const line = new Line('calling', sid)
    line.alternatives = others
    line.connection = this.#host.network.connect(address, this.#handlers(line))
    line.deadline = this.#host.clock.after(this.#config.cnxTimeoutMs, () => {
      this.#finish(line)
      this.#callNext(sid, others)
    })
    this.#lines.add(line)
    this.#attempts.set(sid, line)
  }

  #callNext(sid: Sid, [address, ...others]: readonly Address[]): void {
    if (address !== undefined) this.#call(sid, address, others)
  }

  /** For every peer that something was ever to be sent to. */
  connectAll(): void {
    for (const sid of this.#queues.keys()) this.connectOne(sid)
  }

  /** There is a connection to it, or one is being tried, or it was asked to call; or it was never there, and may be about to
   *  start as this server is. */
  mayHearFrom(sid: Sid): boolean {
    return this.#workers.has(sid) || this.#attempts.has(sid) || this.#asked.has(sid) || !this.#met.has(sid)
  }

  /** True as soon as any one queue is empty: somebody has heard us (the name promises more). */
  haveDelivered(): boolean {
    return [...this.#queues.values()].some((waiting) => waiting === undefined)
  }

  // --- the life of a connection ------------------------------------------------------------------

  #accept(connection: Connection): ConnectionHandlers {
    const line = new Line('greeting')
    line.connection = connection
    // Whoever connects and says nothing is not waited for.
    const patienceMs = this.#config.tickTimeMs * this.#config.syncLimit
    line.deadline = this.#host.clock.after(patienceMs, () => this.#finish(line))
    this.#lines.add(line)
    return this.#handlers(line)
  }

  #handlers(line: Line): ConnectionHandlers {
    return {
      onOpen: () => this.#onOpen(line),
      onData: (bytes) => this.#onData(line, bytes),
      onClose: () => {
        const others = line.phase === 'calling' ? line.alternatives : []
        // Nobody is there.
        if (line.phase === 'calling') this.#asked.delete(line.sid as Sid)
        this.#forget(line)
        this.#callNext(line.sid as Sid, others)
      },
    }
  }

  /** This side called: say who it is, and hang up if the other one is to call back. */
  #onOpen(line: Line): void {
    if (line.phase !== 'calling') return
    const sid = line.sid as Sid
    const { host, electionPort: port } = this.#membership.self
    line.deadline?.cancel()
    this.#attempts.delete(sid)
    line.connection.write(encodeInitialMessage({ version: 1, sid: this.#config.sid, addresses: [{ host, port }] }), {
      protocol: 'election',
      type: 'HELLO',
      detail: { sid: this.#config.sid },
    })
    if (sid > this.#config.sid) {
      this.#asked.add(sid)
      this.#finish(line)
    } else this.#work(sid, line)
  }

  #onData(line: Line, bytes: Uint8Array): void {
    if (line.phase === 'over' || line.phase === 'ignored') return
    line.input.push(bytes)
    try {
      if (line.phase === 'greeting') this.#onGreeting(line)
      this.#onFrames(line)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#forget(line)
      line.connection.abort(error.message)
    }
  }

  /** Somebody called: a larger sid is kept, a smaller one called back. */
  #onGreeting(line: Line): void {
    const greeting = line.input.take(readInitialMessage)
    if (greeting === undefined) return
    const { sid, addresses } = greeting
    line.deadline?.cancel()
    // They cannot be called back: ZooKeeper would try, in vain.
    if (sid === ANONYMOUS_OBSERVER) return this.#finish(line)
    // A server that claims to be this one: ZooKeeper leaves the connection open and unused, and so it is here.
    if (sid === this.#config.sid) line.phase = 'ignored'
    else if (sid > this.#config.sid) this.#work(sid, line)
    else {
      this.#finish(this.#workers.get(sid))
      this.#finish(line)
      this.connectOne(sid, addresses[0])
    }
  }

  /** The connection is the one to this peer from now on. What waits is newer than what was last said. */
  #work(sid: Sid, line: Line): void {
    this.#finish(this.#workers.get(sid))
    line.phase = 'working'
    line.sid = sid
    this.#asked.delete(sid)
    this.#met.add(sid)
    this.#workers.set(sid, line)
    const waiting = this.#queues.get(sid)
    const last = this.#lastMessageSent.get(sid)
    this.#queues.set(sid, waiting ?? last)
    this.#flush(sid, line)
  }

  #flush(sid: Sid, line: Line): void {
    const message = this.#queues.get(sid)
    if (message === undefined) return
    this.#queues.set(sid, undefined)
    this.#lastMessageSent.set(sid, message)
    const frame = new Writer(4 + message.bytes.length)
    frame.buffer(message.bytes)
    line.connection.write(frame.finish(), message.note)
  }

  /** A message may end this connection or the whole election, so look each time. */
  #onFrames(line: Line): void {
    while (line.phase === 'working') {
      const bytes = line.input.takeFrame(1, MAX_NOTIFICATION_LENGTH)
      if (bytes === undefined) return
      this.#events.onMessage(line.sid as Sid, bytes)
    }
  }

  #finish(line: Line | undefined): void {
    if (line === undefined || line.phase === 'over') return
    this.#forget(line)
    line.connection.close()
  }

  /** Nothing reconnects by itself: the next message to this peer does. */
  #forget(line: Line): void {
    const sid = line.sid as Sid
    line.phase = 'over'
    line.deadline?.cancel()
    this.#lines.delete(line)
    if (this.#workers.get(sid) === line) this.#workers.delete(sid)
    if (this.#attempts.get(sid) === line) this.#attempts.delete(sid)
    this.#events.onGone()
  }

  #addressesOf(sid: Sid): Address[] {
    const { committed, lastSeen } = this.#membership
    const addresses: Address[] = []
    for (const server of [committed.server(sid), lastSeen.server(sid)]) {
      if (server === undefined) continue
      const { host, electionPort: port } = server
      if (addresses[0]?.host !== host || addresses[0].port !== port) addresses.push({ host, port })
    }
    return addresses
  }
}

/** One connection from its first to its last moment.
 *  calling: asked for by this side. greeting: accepted, the initial message is not there yet. working: the one to its peer.
 *  ignored: from somebody with our own id. */
class Line {
  phase: 'calling' | 'greeting' | 'working' | 'ignored' | 'over'
  /** Unknown while greeting. */
  sid: Sid | undefined
  connection!: Connection
  readonly input = new StreamBuffer()
  /** Calling: what to try when this address does not answer. */
  alternatives: readonly Address[] = []
  /** When to stop waiting for the connection or the initial message. */
  deadline: Timer | undefined

  constructor(phase: 'calling' | 'greeting', sid?: Sid) {
    this.phase = phase
    this.sid = sid
  }
}
