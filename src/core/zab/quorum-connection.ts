/** QuorumPackets over one connection, with names for the trace. The stream has no length prefix; after SNAP it
 *  carries a raw snapshot, which the learner takes with `takeRaw`. Source: zab.md sections 1 and 2. */
import type { Connection, MessageNote, TraceSink } from '../host.ts'
import { opName, PacketType, packetName } from '../wire/codes.ts'
import type { Id } from '../wire/data.ts'
import { asZxid, type Zxid } from '../wire/ids.ts'
import { encode, JuteError, Reader } from '../wire/jute.ts'
import { QuorumPacket, StreamBuffer } from '../wire/quorum.ts'
import { TxnHeader } from '../wire/txn.ts'

export const NO_ZXID = asZxid(-1n)

export class QuorumConnection {
  readonly #connection: Connection
  readonly #trace: TraceSink
  readonly #received: StreamBuffer
  /** So many bytes of a raw stream do not begin its ending. */
  #searched = 0
  packetsSent = 0

  /** `maxBytes`: of a packet's data. */
  constructor(connection: Connection, trace: TraceSink, maxBytes: number) {
    this.#connection = connection
    this.#received = new StreamBuffer(maxBytes)
    this.#trace = trace
  }

  get id(): string {
    return this.#connection.id
  }
  get remote(): string {
    const { host, port } = this.#connection.remote
    return `${host}:${port}`
  }

  send(type: PacketType, zxid: Zxid, data: Uint8Array | null = null, authinfo: readonly Id[] | null = null): void {
    this.post(packet(this.#trace, type, zxid, data, authinfo))
  }

  /** A packet that goes to several at once is built once. */
  post({ bytes, note }: OutgoingPacket): void {
    this.packetsSent++
    this.#connection.write(bytes, note)
  }

  /** The snapshot that follows a SNAP packet, as it is. */
  sendRaw(bytes: Uint8Array, zxid: Zxid): void {
    this.#connection.write(bytes, { protocol: 'quorum', type: 'SNAPSHOT', zxid, detail: { sizeBytes: bytes.length } })
  }

  close(): void {
    this.#connection.close()
  }

  abort(reason: string): void {
    this.#connection.abort(reason)
  }

  receive(chunk: Uint8Array): void {
    this.#received.push(chunk)
  }

  /** The next whole packet. Undefined: wait for more. @throws JuteError when the bytes cannot be a packet. */
  next(): QuorumPacket | undefined {
    return this.#received.take(readPacket)
  }

  /** Takes what `read` reads, when it is all there. That is tried whenever `ending` has come once more, and not with each
   *  of the many chunks of a long stream. @throws JuteError */
  takeRaw<T>(ending: Uint8Array, read: (input: Reader) => T): T | undefined {
    for (;;) {
      const at = this.#received.find(ending, this.#searched)
      if (at === -1) {
        this.#searched = Math.max(this.#searched, this.#received.length - ending.length + 1)
        return undefined
      }
      this.#searched = at + 1
      const taken = this.#received.take(read)
      if (taken === undefined) continue
      this.#searched = 0
      return taken
    }
  }
}

function readPacket(input: Reader): QuorumPacket {
  const packet = QuorumPacket.read(input)
  if (packet.type < PacketType.REQUEST || packet.type > PacketType.INFORMANDACTIVATE)
    throw new JuteError(`packet of unknown type ${packet.type}`)
  return packet
}

export interface OutgoingPacket {
  readonly bytes: Uint8Array
  /** Undefined while nobody listens. */
  readonly note: MessageNote | undefined
}

export const packet = (
  trace: TraceSink,
  type: PacketType,
  zxid: Zxid,
  data: Uint8Array | null = null,
  authinfo: readonly Id[] | null = null,
): OutgoingPacket => ({
  bytes: encode(QuorumPacket, { type, zxid, data, authinfo }),
  note: trace.off === true ? undefined : noteOf(type, zxid, data),
})

/** Heartbeats are quiet; proposals tell what they would change. */
function noteOf(type: PacketType, zxid: Zxid, data: Uint8Array | null): MessageNote {
  const name = packetName(type)
  switch (type) {
    case PacketType.PING:
      return { protocol: 'quorum', type: name, quiet: true }
    case PacketType.REVALIDATE:
    case PacketType.SYNC:
    case PacketType.UPTODATE:
      return { protocol: 'quorum', type: name }
    case PacketType.REQUEST: {
      const input = new Reader(data ?? new Uint8Array())
      const session = input.long()
      const cxid = input.int()
      return { protocol: 'quorum', type: name, detail: { session, xid: cxid, op: opName(input.int()) } }
    }
    case PacketType.PROPOSAL:
    case PacketType.INFORM: {
      const header = TxnHeader.read(new Reader(data ?? new Uint8Array()))
      return {
        protocol: 'quorum',
        type: name,
        zxid,
        detail: { op: opName(header.type), session: header.clientId, xid: header.cxid },
      }
    }
    default:
      return { protocol: 'quorum', type: name, zxid }
  }
}
