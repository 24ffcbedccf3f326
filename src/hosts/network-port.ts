/** The network port of one process: listeners and connection ends, on frames.
 *
 *  What the steps of one moment write to a connection leaves as one frame, with one drawn latency; each write
 *  stays a message of its own in the trace and at the receiver. A connection never outlives either process: frames to a
 *  dead one are lost, what a dead one sent still arrives, and behind it a reset. What the conditions say of a link holds for
 *  all connections of its class of ports; see fault.ts. */
import type {
  Address,
  CloseCause,
  Connection,
  ConnectionHandlers,
  Listener,
  MessageNote,
  Network,
  Random,
} from '../core/host.ts'
import type { EventId, HostEvent } from '../core/trace.ts'
import type { RunConfig } from './ensemble.ts'
import { type Conditions, type Effect, type LinkState, linkName, type PortClass } from './fault.ts'
import {
  type ConnectionKey,
  connectionKey,
  connectionName,
  type Frame,
  type FrameBody,
  joined,
  type Part,
} from './frame.ts'
import { Link } from './link.ts'
import { hostName, portClass, stationNamed } from './names.ts'
import { type NetworkWitness, type WitnessedEnd, witnessOf } from './network-witness.ts'
import { drawFrom, generator } from './prng.ts'

/** A process came up, in this life, or went down (incarnation 0), at this time. */
export interface StatusChange {
  readonly station: number
  readonly incarnation: number
  readonly atUs: number
}

/** What the network needs of the station it is in. */
export interface NetworkHome {
  readonly station: number
  readonly incarnation: number
  readonly config: RunConfig
  readonly nowUs: number
  cause: EventId | undefined
  /** Answers with the event's seq, told or not. */
  emit(event: HostEvent): number
  /** Tells, or counts, a message; answers with its event's seq. */
  sent(
    on: { readonly id: string; readonly peer: number },
    note: MessageNote,
    sizeBytes: number,
    arrivesAt: number,
  ): number
  /** Runs `run` as a step at `dueUs`; among what is due then it comes as if sent by `from` after all its frames. */
  later(dueUs: number, run: () => void, from?: number): void
  send(frame: Frame): void
  /** Frames of this station that wait for their time. */
  waiting(from: number): readonly Frame[]
  /** The process is about to do this; it may be the last moment of its life. */
  about(effect: Effect): void
}

type Accept = (connection: Connection) => ConnectionHandlers

/** Into so many pieces, or up to twice as many, a long message is cut. */
const MAX_PIECES = 1000
/** How long a system goes on asking where nobody answers: Linux, six retries. */
const SYN_PATIENCE_US = 127_000_000
/** First port given to an outgoing connection. */
const EPHEMERAL_PORT = 40_000

export class NetworkPort implements Network {
  readonly home: NetworkHome
  readonly #listeners = new Map<number, Accept>()
  /** In the order in which they began. */
  readonly #ends = new Map<number, End>()
  readonly #incarnations = new Map<number, number>()
  /** By station: the last of its lives that is known to be over. */
  readonly #over = new Map<number, number>()
  readonly #links = new Map<number, Link>()
  readonly #sent = new Map<number, number>()
  readonly #witness: boolean
  #opened = 0
  /** Ends with bytes written in this step. */
  #written: End[] = []
  /** Links that are not as they should be; undefined: all are. */
  #rules: Conditions['links']
  /** Ends with frames that a link holds back, oldest first. */
  readonly #holding = new Set<End>()
  readonly #faults = new Map<number, Random>()
  /** When a slow link is done with what it has. */
  readonly #busyUs = new Map<string, number>()

  constructor(home: NetworkHome, peers: readonly StatusChange[]) {
    this.home = home
    this.#witness = home.config.witness === 'all'
    for (const { station, incarnation } of peers) this.#incarnations.set(station, incarnation)
    this.#incarnations.set(home.station, home.incarnation)
  }

  listen(port: number, onConnection: Accept): Listener {
    if (this.#listeners.has(port)) throw new Error(`port ${port} is already in use`)
    this.#listeners.set(port, onConnection)
    return {
      close: () => {
        if (this.#listeners.get(port) === onConnection) this.#listeners.delete(port)
      },
    }
  }

  connect(address: Address, handlers: ConnectionHandlers): Connection {
    this.home.about('connect')
    const { station, incarnation, config, nowUs } = this.home
    const key = connectionKey(station, incarnation, ++this.#opened)
    const peer = stationNamed(address.host, config)
    const life = peer === undefined ? 0 : (this.#incarnations.get(peer) ?? 0)
    const end = new End(this, key, true, peer ?? -1, life, address, portClass(address.port), 'connecting')
    end.handlers = handlers
    this.#add(end)
    const event = this.home.emit({ kind: 'connecting', connection: end.id, to: end.peer, port: address.port })
    if (peer === undefined) {
      this.home.later(nowUs + config.latencyUs.min, () => end.ended('unreachable'))
    } else if (this.#rules && this.#silent(end)) {
      // Nobody hears it, or is heard.
      if (end.link?.way === 'reset') this.home.later(this.arrival(peer, nowUs, 0), () => end.ended('unreachable'))
      else if (life === 0) this.home.later(nowUs + SYN_PATIENCE_US, () => end.ended('unreachable'))
      else {
        end.send({ kind: 'open', port: address.port, fromPort: EPHEMERAL_PORT + (this.#opened % 20_000) }, event)
        this.home.later(nowUs + SYN_PATIENCE_US, () => end.state === 'connecting' && end.ended('unreachable'))
      }
    } else if (life === 0) {
      const there = this.arrival(peer, nowUs, 0)
      this.home.later(this.arrival(peer, there, 0), () => end.ended('refused'))
    } else {
      end.send({ kind: 'open', port: address.port, fromPort: EPHEMERAL_PORT + (this.#opened % 20_000) }, event)
    }
    return end
  }

  /** A frame is due. */
  handle(frame: Frame): void {
    this.home.cause = frame.event < 0 ? undefined : { station: frame.from, seq: frame.event }
    if (frame.kind === 'open') return this.#accept(frame)
    const end = this.#ends.get(endKey(frame.connection, frame.toOpener))
    if (!end) return
    switch (frame.kind) {
      case 'accept':
        return end.accepted()
      case 'data':
        if (this.#witness) this.#came(end, frame)
        return end.received(frame.parts, frame.from)
      case 'refuse':
        return end.ended('refused')
      case 'close':
        return end.ended('closed')
      case 'reset':
        return end.ended('reset')
    }
  }

  /** A peer went down or began another life: connections with the old one end, each behind what is still in flight on it. */
  statusChanged({ station, incarnation, atUs }: StatusChange): void {
    const known = this.#incarnations.get(station) ?? 0
    this.#incarnations.set(station, incarnation)
    // Frames of a life may be here before it is told of: only what is surely over ends.
    this.#over.set(station, incarnation > 0 ? incarnation - 1 : Math.max(known, this.#over.get(station) ?? 0))
    this.#endOldLives(station, atUs)
  }

  /** Links are like this from now on. */
  become(rules: Conditions['links']): void {
    // What was written in this moment left before.
    this.flush()
    this.#rules = rules
    for (const end of [...this.#ends.values()]) {
      this.#look(end)
      if (end.link?.way === 'reset') end.sever()
    }
    for (const end of [...this.#holding]) {
      this.#look(end)
      if (end.link?.way === 'held') continue
      this.#holding.delete(end)
      end.release()
    }
    // What could not be heard before.
    const peers = new Set([...this.#ends.values()].map(({ peer }) => peer))
    for (const peer of [...peers].sort((a, b) => a - b)) this.#endOldLives(peer, this.home.nowUs)
  }

  /** Connections with this station break. */
  reset(peer: number, ports: readonly PortClass[]): void {
    for (const end of [...this.#ends.values()]) if (end.peer === peer && ports.includes(end.class)) end.sever()
  }

  #endOldLives(station: number, atUs: number): void {
    const over = this.#over.get(station) ?? -1
    const lastArrivals = new Map<number, number>()
    for (const frame of this.home.waiting(station)) {
      if (frame.fromIncarnation > over) continue
      const key = endKey(frame.connection, frame.toOpener)
      lastArrivals.set(key, Math.max(lastArrivals.get(key) ?? 0, frame.arrivesAtUs))
    }
    for (const [key, end] of this.#ends) {
      if (end.peer !== station || end.peerIncarnation > over) continue
      if (this.#rules && this.#isMute(end)) lastArrivals.delete(key)
      else if (!lastArrivals.has(key)) lastArrivals.set(key, 0)
    }
    const { config, station: own, incarnation: ownLife } = this.home
    // Sorted, because frames may have come in any order; their times and keys are the same in every host.
    for (const [key, lastUs] of [...lastArrivals].sort(([a], [b]) => a - b)) {
      const latency = generator(config.seed, `reset/${key}>${own}.${ownLife}`)
      this.home.later(
        Math.max(lastUs, atUs + drawFrom(latency, config.latencyUs)),
        () => {
          const end = this.#ends.get(key)
          end?.ended(end.state === 'connecting' ? 'refused' : 'reset')
        },
        station,
      )
    }
  }

  /** What came on this connection makes no sense: both sides lose it. False when there is no such connection. */
  abort(connection: ConnectionKey, toOpener: boolean, reason: string): boolean {
    const end = this.#ends.get(endKey(connection, toOpener))
    if (!end) return false
    end.abort(reason)
    end.handlers?.onClose('reset')
    return true
  }

  /** The moment is over: what was written in it leaves. */
  flush(): void {
    if (this.#written.length === 0) return
    const written = this.#written
    this.#written = []
    for (const end of written) end.flush()
  }

  arrival(to: number, nowUs: number, previousUs: number): number {
    let link = this.#links.get(to)
    if (!link) {
      const { config, station, incarnation } = this.home
      link = new Link(config.seed, config.latencyUs, station, incarnation, to)
      this.#links.set(to, link)
    }
    return link.arrival(nowUs, previousUs)
  }

  hasWritten(end: End): void {
    this.#written.push(end)
  }

  /** Over a link that is not as it should be; true when the frame is not to leave now. */
  stopped(end: End, body: FrameBody, event: number): boolean {
    if (end.link?.way === 'held' || (end.hasHeld && end.link?.way !== 'cut')) {
      end.keepBack(body, event)
      this.#holding.add(end)
      return true
    }
    if (end.link?.way === 'cut') end.hasLost = true
    return end.link?.way === 'cut' || end.link?.way === 'reset'
  }

  /** What the link adds to the arrival of so many bytes. */
  extraUs(end: End, sizeBytes: number): number {
    const { delayUs, usPerKib } = end.link ?? {}
    const { config, station, incarnation, nowUs } = this.home
    let extra = 0
    if (delayUs) extra += drawFrom(this.#faulty(end.peer), delayUs)
    if (usPerKib) {
      const key = `${station}.${incarnation}>${end.peer}/${end.class}`
      const from = Math.max(this.#busyUs.get(key) ?? 0, nowUs)
      const until = from + Math.ceil((sizeBytes * usPerKib) / 1024)
      this.#busyUs.set(key, until)
      extra += until - nowUs
    }
    return Math.min(extra, config.initLimit * config.tickTimeMs * 10_000)
  }

  /** The same bytes in pieces, cut anywhere; of what is long not too many. */
  pieces(end: End, parts: readonly Part[], most: number): Part[][] {
    const random = this.#faulty(end.peer)
    const frames: Part[][] = []
    for (const { message, bytes } of parts) {
      const longest = Math.max(most, Math.ceil(bytes.length / MAX_PIECES))
      for (let from = 0; from < bytes.length || from === 0; ) {
        const to = Math.min(bytes.length, from + random.int(1, longest))
        frames.push([{ message, bytes: bytes.subarray(from, to) }])
        if (to === from) break
        from = to
      }
    }
    return frames
  }

  send(end: End, body: FrameBody, arrivesAtUs: number, event: number): void {
    const { home } = this
    if (this.#witness && body.kind === 'data') this.#left(end, body.parts, arrivesAtUs)
    const seq = this.#sent.get(end.peer) ?? 0
    this.#sent.set(end.peer, seq + 1)
    const frame = {
      connection: end.key,
      toOpener: !end.isOpener,
      from: home.station,
      fromIncarnation: home.incarnation,
      to: end.peer,
      toIncarnation: end.peerIncarnation,
      seq,
      sentAtUs: home.nowUs,
      arrivesAtUs,
      event,
    }
    home.send(Object.assign(frame, body))
  }

  witness(end: WitnessedEnd): NetworkWitness | undefined {
    const { config, station } = this.home
    return config.witness === undefined ? undefined : witnessOf(station, end, () => this.home.nowUs)
  }

  remove(end: End): void {
    this.#ends.delete(endKey(end.key, end.isOpener))
  }

  #add(end: End): void {
    this.#ends.set(endKey(end.key, end.isOpener), end)
    if (this.#rules) this.#look(end)
  }

  #look(end: End): void {
    end.link = this.#rules?.[linkName(this.home.station, end.peer, end.class)]
  }

  /** Nothing comes from there. */
  #isMute(end: End): boolean {
    const way = this.#rules?.[linkName(end.peer, this.home.station, end.class)]?.way
    return way === 'cut' || way === 'held'
  }

  #silent(end: End): boolean {
    return end.link?.way !== undefined || this.#isMute(end)
  }

  /** Draws of faulty links, which shift no others. */
  #faulty(to: number): Random {
    let random = this.#faults.get(to)
    if (!random) {
      const { config, station, incarnation } = this.home
      random = generator(config.seed, `fault/${station}.${incarnation}>${to}`)
      this.#faults.set(to, random)
    }
    return random
  }

  #left(end: End, parts: readonly Part[], arrivesAtUs: number): void {
    const sizeBytes = parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const { id: connection, isOpener, peer } = end
    const frame = end.framesSent++
    this.home.emit({ kind: 'frameSent', connection, toOpener: !isOpener, peer, frame, sizeBytes, time: arrivesAtUs })
  }

  #came(end: End, { parts, sentAtUs: time }: Extract<Frame, { kind: 'data' }>): void {
    const sizeBytes = parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const { id: connection, isOpener: toOpener, peer } = end
    const frame = end.framesCame++
    this.home.emit({ kind: 'frameCame', connection, toOpener, peer, frame, sizeBytes, time })
  }

  #accept(frame: Frame & { kind: 'open' }): void {
    const remote = { host: hostName(frame.from), port: frame.fromPort }
    const { connection, from, fromIncarnation, port } = frame
    const end = new End(this, connection, false, from, fromIncarnation, remote, portClass(port), 'open')
    if (this.#rules) this.#look(end)
    const onConnection = this.#listeners.get(frame.port)
    if (!onConnection) {
      end.send({ kind: 'refuse' }, frame.event)
      return
    }
    this.#add(end)
    const event = this.home.emit({ kind: 'connected', connection: end.id, to: frame.from, port: frame.port })
    end.send({ kind: 'accept' }, event)
    end.handlers = onConnection(end)
  }
}

/** One end of a connection. */
class End implements Connection {
  readonly id: string
  readonly key: ConnectionKey
  readonly isOpener: boolean
  readonly peer: number
  readonly peerIncarnation: number
  readonly remote: Address
  state: 'connecting' | 'open' | 'closed'
  handlers: ConnectionHandlers | undefined
  readonly class: PortClass
  /** The link to the other side, where something is wrong with it. */
  link: LinkState | undefined
  /** A cut link has lost something of it: nothing that is written now could be understood. */
  hasLost = false
  framesSent = 0
  framesCame = 0
  #held: { readonly body: FrameBody; readonly event: number }[] = []
  readonly #port: NetworkPort
  readonly #witness: NetworkWitness | undefined
  /** What led to the first of what was written in this step. */
  #because: EventId | undefined
  /** Written before the connection was open. */
  #early: { readonly bytes: Uint8Array; readonly note: MessageNote | undefined }[] = []
  /** Written in this step, and when it will arrive. */
  #parts: Part[] = []
  #partsArriveUs = 0
  /** Of the last part: what nobody is told of travels as one, for chunk boundaries mean nothing. */
  #more: Uint8Array[] = []
  #lastArrivalUs = 0

  constructor(
    port: NetworkPort,
    key: ConnectionKey,
    isOpener: boolean,
    peer: number,
    peerIncarnation: number,
    remote: Address,
    portClass: PortClass,
    state: End['state'],
  ) {
    this.#port = port
    this.id = connectionName(key)
    this.key = key
    this.isOpener = isOpener
    this.peer = peer
    this.peerIncarnation = peerIncarnation
    this.remote = remote
    this.class = portClass
    this.state = state
    this.#witness = port.witness(this)
  }

  get hasHeld(): boolean {
    return this.#held.length > 0
  }

  write(bytes: Uint8Array, note?: MessageNote): void {
    if (this.state === 'closed') return
    if (this.state === 'connecting') {
      this.#early.push({ bytes, note })
      return
    }
    this.#port.home.about('write')
    if (this.#parts.length === 0) {
      this.#partsArriveUs = this.#nextArrival(bytes.length)
      this.#port.hasWritten(this)
      this.#because = this.#port.home.cause
    }
    this.#witness?.wrote?.(bytes)
    if (note === undefined) return this.#append(bytes)
    const message = this.#port.home.sent(this, note, bytes.length, this.#partsArriveUs)
    this.#parts.push({ message, bytes })
  }

  close(): void {
    if (this.state !== 'closed') this.#port.home.about('close')
    this.#finish('close')
  }

  abort(reason: string): void {
    if (this.state === 'closed') return
    this.#port.home.emit({ kind: 'malformed', connection: this.id, from: this.peer, reason })
    this.#finish('reset')
  }

  /** The other side took the connection. */
  accepted(): void {
    if (this.state !== 'connecting') return
    this.state = 'open'
    this.#port.home.emit({ kind: 'connected', connection: this.id, to: this.peer, port: this.remote.port })
    const early = this.#early
    this.#early = []
    for (const { bytes, note } of early) this.write(bytes, note)
    this.handlers?.onOpen?.()
  }

  /** Each message to the handler in turn, so that what it leads to has that message as its cause. */
  received(parts: readonly Part[], from: number): void {
    for (const part of parts) {
      if (this.state !== 'open') return
      const { message } = part
      const bytes = joined(part)
      this.#port.home.cause = message < 0 ? undefined : { station: from, seq: message }
      this.#tell(this.#witness?.came?.(bytes))
      this.handlers?.onData(bytes)
    }
  }

  /** The other side ended it, or is gone. */
  ended(cause: CloseCause): void {
    if (this.state === 'closed') return
    this.#leave(cause)
    this.handlers?.onClose(cause)
  }

  send(body: FrameBody, event: number): void {
    if (this.#isFaulty && this.#port.stopped(this, body, event)) return
    this.#port.send(this, body, this.#nextArrival(0), event)
  }

  flush(): void {
    if (this.#parts.length === 0) return
    if (this.#witness?.flushed) {
      const { home } = this.#port
      const { cause } = home
      home.cause = this.#because
      this.#tell(this.#witness.flushed())
      home.cause = cause
    }
    const parts = this.#parts
    this.#parts = []
    // What is counted, cut or held back is in one piece already.
    const whole = this.#witness !== undefined || this.#isFaulty
    const body: FrameBody = { kind: 'data', parts: whole ? parts.map(arriving) : parts }
    if (this.#isFaulty) this.#flushFaulty(body)
    else this.#port.send(this, body, this.#partsArriveUs, -1)
  }

  #tell(event: HostEvent | undefined): void {
    if (event) this.#port.home.emit(event)
  }

  keepBack(body: FrameBody, event: number): void {
    this.#held.push({ body, event })
  }

  /** The link holds nothing back any more: what it held leaves; or is lost, where the link is worse now. */
  release(): void {
    const held = this.#held
    this.#held = []
    if (held.length > 0 && this.link?.way !== undefined) this.hasLost = true
    if (this.hasLost) return this.#answeredByReset()
    for (const { body, event } of held) {
      const arrivesAt = this.#nextArrival(0)
      const messages = body.kind === 'data' ? body.parts.flatMap(({ message }) => (message < 0 ? [] : [message])) : []
      const { id: connection, peer: to } = this
      if (messages.length > 0) this.#port.home.emit({ kind: 'released', connection, to, messages, arrivesAt })
      this.#port.send(this, body, arrivesAt, event)
    }
  }

  /** The connection breaks: both sides learn it, the other one later. */
  sever(): void {
    if (this.state === 'closed') return
    const wasOpen = this.state === 'open'
    const event = this.#leave('reset')
    if (this.peerIncarnation > 0 && wasOpen) this.#port.send(this, { kind: 'reset' }, this.#nextArrival(0, true), event)
    this.handlers?.onClose('reset')
  }

  get #isFaulty(): boolean {
    return this.link !== undefined || this.hasLost || this.#held.length > 0
  }

  /** The other side has never seen what was before. */
  #answeredByReset(): void {
    if (this.link?.way === undefined) this.#port.home.later(this.#nextArrival(0), () => this.sever(), this.peer)
  }

  #flushFaulty(body: Extract<FrameBody, { kind: 'data' }>): void {
    if (this.#port.stopped(this, body, -1)) return
    if (this.hasLost) return this.#answeredByReset()
    const most = this.link?.pieceBytes
    if (most === undefined) return this.#port.send(this, body, this.#partsArriveUs, -1)
    for (const parts of this.#port.pieces(this, body.parts, most))
      this.#port.send(this, { kind: 'data', parts }, this.#nextArrival(0), -1)
  }

  #append(bytes: Uint8Array): void {
    const last = this.#parts.at(-1)
    if (last !== undefined && last.message < 0) {
      this.#more.push(bytes)
      return
    }
    this.#more = []
    this.#parts.push({ message: -1, bytes, more: this.#more })
  }

  #finish(kind: 'close' | 'reset'): void {
    if (this.state === 'closed') return
    this.flush()
    const event = this.#leave('own')
    // Nobody is there to be told when the target was down from the start.
    if (this.peerIncarnation > 0) this.send({ kind }, event)
  }

  #leave(cause: CloseCause | 'own'): number {
    this.state = 'closed'
    this.#parts = []
    if (cause !== 'own') this.#held = []
    this.#early = []
    this.#port.remove(this)
    return this.#port.home.emit({ kind: 'disconnected', connection: this.id, to: this.peer, cause })
  }

  /** -1: never, or not before the link lets it go. */
  #nextArrival(sizeBytes: number, anyway = false): number {
    const { home } = this.#port
    if (!this.link && !this.hasHeld) {
      this.#lastArrivalUs = this.#port.arrival(this.peer, home.nowUs, this.#lastArrivalUs)
      return this.#lastArrivalUs
    }
    if (!anyway && (this.link?.way !== undefined || this.hasHeld)) return -1
    const arrival = this.#port.arrival(this.peer, home.nowUs, 0) + this.#port.extraUs(this, sizeBytes)
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, arrival)
    return this.#lastArrivalUs
  }
}

const arriving = (part: Part): Part => ({ message: part.message, bytes: joined(part) })

const endKey = (connection: ConnectionKey, isOpener: boolean): number => connection * 2 + (isOpener ? 1 : 0)
