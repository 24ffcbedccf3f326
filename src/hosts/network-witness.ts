/** The witness of the network: reads what really goes over connections, from the bytes, and tells it in host events, so that
 *  nobody has to believe what a server says of itself. It holds up a replica that lies, and one that talks nonsense: what it
 *  cannot read it says nothing of.
 *
 *  On quorum and election connections what a server writes; at a client what it writes and what it gets. Secrets stay out:
 *  passwords are zeros here, and of auth packets there is only the header. */
import type { HostEvent, PacketSeen, VoteSeen } from '../core/trace.ts'
import { crc32, fingerprint } from '../core/wire/checksum.ts'
import { OpCode, PacketType, ServerState } from '../core/wire/codes.ts'
import { JuteError, MAX_BUFFER_WITH_EXTRA, Reader } from '../core/wire/jute.ts'
import { decodeNotification, readInitialMessage } from '../core/wire/notification.ts'
import { ConnectRequest, ConnectResponse } from '../core/wire/proto.ts'
import { QuorumPacket, StreamBuffer } from '../core/wire/quorum.ts'
import type { PortClass } from './fault.ts'
import { isClient } from './names.ts'

/** One end of a connection, as far as its witness must know it. */
export interface WitnessedEnd {
  readonly id: string
  readonly peer: number
  readonly isOpener: boolean
  readonly class: PortClass
}

export interface NetworkWitness {
  /** Written in this moment. */
  wrote?(bytes: Uint8Array): void
  /** The moment is over. */
  flushed?(): HostEvent | undefined
  came?(bytes: Uint8Array): HostEvent | undefined
}

/** undefined: there is nothing to be seen at this end. */
export function witnessOf(station: number, end: WitnessedEnd, nowUs: () => number): NetworkWitness | undefined {
  if (isClient(station)) return end.class === 'client' && end.isOpener ? new ClientWitness(end) : undefined
  if (end.class === 'quorum') return new QuorumWitness(end)
  if (end.class === 'election') return new ElectionWitness(end)
  return new TouchWitness(end, nowUs)
}

/** What follows SNAP ends with this string, "BenWasHere", at the end of a write. */
const SIGNATURE = [0, 0, 0, 10, 0x42, 0x65, 0x6e, 0x57, 0x61, 0x73, 0x48, 0x65, 0x72, 0x65]

/** A proposal goes to several learners as the same bytes. */
let lastBytes: Uint8Array | undefined
let lastPacket: PacketSeen | undefined

class QuorumWitness implements NetworkWitness {
  readonly #end: WitnessedEnd
  readonly #stream = new StreamBuffer()
  readonly #input = new StreamBuffer()
  #packets: PacketSeen[] = []
  /** Inside a snapshot. */
  #raw = false
  #blind = false
  #deaf = false

  constructor(end: WitnessedEnd) {
    this.#end = end
  }

  wrote(bytes: Uint8Array): void {
    if (this.#blind) return
    if (this.#raw) {
      this.#raw = !SIGNATURE.every((byte, n) => bytes[bytes.length - SIGNATURE.length + n] === byte)
      return
    }
    if (bytes === lastBytes && this.#stream.length === 0) {
      this.#packets.push(lastPacket as PacketSeen)
      return
    }
    const isFresh = this.#stream.length === 0
    this.#stream.push(bytes)
    try {
      for (let packet = this.#next(); packet !== undefined; packet = this.#next()) {
        const seen = packetSeen(packet)
        this.#packets.push(seen)
        if (isFresh && this.#stream.length === 0) {
          lastBytes = bytes
          lastPacket = seen
        }
        if (packet.type === PacketType.SNAP) {
          this.#raw = true
          return
        }
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#blind = true
    }
  }

  flushed(): HostEvent | undefined {
    if (this.#packets.length === 0) return undefined
    const packets = this.#packets
    this.#packets = []
    return { kind: 'packetsSent', connection: this.#end.id, to: this.#end.peer, packets }
  }

  /** At the leader: which sessions a learner has heard of. */
  came(bytes: Uint8Array): HostEvent | undefined {
    if (this.#end.isOpener || this.#deaf) return undefined
    this.#input.push(bytes)
    const sessions: bigint[] = []
    try {
      for (let packet = this.#input.take(QuorumPacket.read); packet; packet = this.#input.take(QuorumPacket.read)) {
        if (packet.type !== PacketType.PING || packet.data === null) continue
        const input = new Reader(packet.data)
        while (input.remaining >= 12) {
          sessions.push(input.long())
          input.int()
        }
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#deaf = true
    }
    if (sessions.length === 0) return undefined
    return { kind: 'touchesCame', connection: this.#end.id, from: this.#end.peer, sessions }
  }

  #next(): QuorumPacket | undefined {
    return this.#stream.take(QuorumPacket.read)
  }
}

function packetSeen({ type, zxid, data }: QuorumPacket): PacketSeen {
  switch (type) {
    case PacketType.PROPOSAL:
    case PacketType.INFORM:
      return { type, zxid, extra: data === null ? 0 : fingerprint(data) }
    case PacketType.INFORMANDACTIVATE:
      // Before the txn stands who is to lead.
      return { type, zxid, extra: data === null ? 0 : fingerprint(data.subarray(8)) }
    case PacketType.FOLLOWERINFO:
    case PacketType.OBSERVERINFO:
      return { type, zxid, extra: data === null || data.length < 8 ? -1 : Number(new Reader(data).long()) }
    case PacketType.ACKEPOCH:
      return { type, zxid, extra: data === null || data.length < 4 ? -1 : new Reader(data).int() }
    case PacketType.REVALIDATE: {
      if (data === null || data.length < 8) return { type, zxid, extra: 0 }
      return { type, zxid, extra: data[8] ?? 0, session: new Reader(data).long() }
    }
    default:
      return { type, zxid, extra: 0 }
  }
}

class ElectionWitness implements NetworkWitness {
  readonly #end: WitnessedEnd
  readonly #stream = new StreamBuffer()
  #votes: VoteSeen[] = []
  #hasBegun: boolean
  #blind = false

  constructor(end: WitnessedEnd) {
    this.#end = end
    // Only who opens a connection says who it is.
    this.#hasBegun = !end.isOpener
  }

  wrote(bytes: Uint8Array): void {
    if (this.#blind) return
    this.#stream.push(bytes)
    try {
      if (!this.#hasBegun) this.#hasBegun = this.#stream.take(readInitialMessage) !== undefined
      if (!this.#hasBegun) return
      for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) {
        const { state, leader, zxid, electionEpoch, peerEpoch } = decodeNotification(frame)
        this.#votes.push({ state: ServerState[state], leader, zxid, round: electionEpoch, epoch: peerEpoch })
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#blind = true
    }
  }

  flushed(): HostEvent | undefined {
    if (this.#votes.length === 0) return undefined
    const votes = this.#votes
    this.#votes = []
    return { kind: 'votesSent', connection: this.#end.id, to: this.#end.peer, votes }
  }

  #frame(): Uint8Array | undefined {
    return this.#stream.takeFrame(1, MAX_BUFFER_WITH_EXTRA)
  }
}

/** A server's own clients: that they are heard of. */
class TouchWitness implements NetworkWitness {
  readonly #end: WitnessedEnd
  readonly #nowUs: () => number
  #toldUs = Number.NEGATIVE_INFINITY

  constructor(end: WitnessedEnd, nowUs: () => number) {
    this.#end = end
    this.#nowUs = nowUs
  }

  came(): HostEvent | undefined {
    const nowUs = this.#nowUs()
    if (nowUs - this.#toldUs < TOUCH_US) return undefined
    this.#toldUs = nowUs
    return { kind: 'touchesCame', connection: this.#end.id, from: this.#end.peer }
  }
}
const TOUCH_US = 250_000

class ClientWitness implements NetworkWitness {
  readonly #end: WitnessedEnd
  readonly #out = new StreamBuffer()
  readonly #in = new StreamBuffer()
  #frames: Uint8Array[] = []
  #proof: number | undefined
  #hasAsked = false
  #hasHeard = false
  #blind = false

  constructor(end: WitnessedEnd) {
    this.#end = end
  }

  wrote(bytes: Uint8Array): void {
    if (this.#blind) return
    this.#out.push(bytes)
    for (let frame = this.#take(this.#out); frame !== undefined; frame = this.#take(this.#out)) {
      if (this.#hasAsked) this.#frames.push(withoutSecrets(frame))
      else {
        const told = withoutPassword(frame, ConnectRequest)
        this.#hasAsked = true
        this.#proof = told.proof
        this.#frames.push(told.frame)
      }
    }
  }

  flushed(): HostEvent | undefined {
    if (this.#frames.length === 0) return undefined
    const frames = this.#frames
    this.#frames = []
    const proof = this.#proof
    this.#proof = undefined
    return this.#event('requestsSent', frames, proof)
  }

  came(bytes: Uint8Array): HostEvent | undefined {
    if (this.#blind) return undefined
    this.#in.push(bytes)
    const frames: Uint8Array[] = []
    let proof: number | undefined
    for (let frame = this.#take(this.#in); frame !== undefined; frame = this.#take(this.#in)) {
      if (this.#hasHeard) frames.push(frame.slice())
      else {
        const told = withoutPassword(frame, ConnectResponse)
        this.#hasHeard = true
        proof = told.proof
        frames.push(told.frame)
      }
    }
    return frames.length === 0 ? undefined : this.#event('repliesCame', frames, proof)
  }

  #event(kind: 'requestsSent' | 'repliesCame', frames: readonly Uint8Array[], proof: number | undefined): HostEvent {
    const { id: connection, peer: server } = this.#end
    return { kind, connection, server, frames, ...(proof === undefined ? {} : { proof }) }
  }

  #take(stream: StreamBuffer): Uint8Array | undefined {
    try {
      return stream.takeFrame(0, 4 * MAX_BUFFER_WITH_EXTRA)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#blind = true
      return undefined
    }
  }
}

/** A frame of its own, with zeros for the password. */
function withoutPassword(
  frame: Uint8Array,
  codec: typeof ConnectRequest | typeof ConnectResponse,
): { readonly frame: Uint8Array; readonly proof?: number } {
  const copy = frame.slice()
  try {
    const { passwd } = codec.read(new Reader(copy))
    if (passwd === null) return { frame: copy }
    const proof = crc32(passwd)
    passwd.fill(0)
    return { frame: copy, proof }
  } catch (error) {
    if (error instanceof JuteError) return { frame: new Uint8Array(0) }
    throw error
  }
}

const HEADER_BYTES = 8

function withoutSecrets(frame: Uint8Array): Uint8Array {
  if (frame.length < HEADER_BYTES) return frame.slice()
  const type = new DataView(frame.buffer, frame.byteOffset).getInt32(4)
  return type === OpCode.auth || type === OpCode.sasl ? frame.slice(0, HEADER_BYTES) : frame.slice()
}
