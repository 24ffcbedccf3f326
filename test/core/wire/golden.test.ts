/** Every frame that a real ZooKeeper 3.8 sent in the recorded sessions is read, says what the reference decoder says,
 *  and is written again as the same bytes. */
import { describe, expect, test } from 'vitest'
import { ErrorCode, OpCode, PacketType, packetName, ServerState, Xid } from '../../../src/core/wire/codes.ts'
import { type Codec, JuteError, Reader, Writer } from '../../../src/core/wire/jute.ts'
import {
  decodeNotification,
  encodeInitialMessage,
  encodeNotification,
  readInitialMessage,
} from '../../../src/core/wire/notification.ts'
import {
  ConnectRequest,
  ConnectResponse,
  ReplyHeader,
  RequestHeader,
  WatcherEvent,
} from '../../../src/core/wire/proto.ts'
import { LearnerInfo, QuorumPacket, StreamBuffer } from '../../../src/core/wire/quorum.ts'
import { decodeLogged, encodeLogged, type LoggedTxn, type Txn } from '../../../src/core/wire/txn.ts'
import { asNote, type Frame, framesOf, hex, type Note, recordings } from './golden.ts'
import { opNames, replyCodec, requestCodec } from './requests.ts'

describe.each(recordings)('%s', (recording) => {
  const frames = framesOf(recording)
  const connections = [...new Set(frames.map((frame) => frame.connection))]
  const checks = { client: checkClientConnection, quorum: checkQuorumConnection, election: checkElectionConnection }
  for (const kind of ['client', 'quorum', 'election'] as const) {
    const lists = connections.map((id) => frames.filter((f) => f.connection === id && f.kind === kind))
    const used = lists.filter((list) => list.length > 0)
    if (used.length > 0) test(`${kind} port, connections: ${used.length}`, () => used.forEach(checks[kind]))
  }
})

/** Reads with a codec; remembers what was read so that `again` can write it. */
class Tape {
  readonly input: Reader
  readonly #out = new Writer()
  constructor(bytes: Uint8Array, offset = 0) {
    this.input = new Reader(bytes, offset)
  }
  read<T>(codec: Codec<T>): T {
    const value = codec.read(this.input)
    codec.write(this.#out, value)
    return value
  }
  /** What the codecs wrote, then the bytes that no record accounts for. */
  again(): string {
    return hex(this.#out.finish()) + hex(this.input.bytes.subarray(this.input.offset))
  }
  rest(): Note {
    const rest = hex(this.input.bytes.subarray(this.input.offset))
    return rest === '' ? {} : { rest }
  }
}

// ---- client port

function checkClientConnection(frames: readonly Frame[]): void {
  const ops = new Map<number, number>()
  const first = { up: true, down: true }
  for (const { up, bytes, note, where } of frames) {
    if (note.four !== undefined || note.answer !== undefined || note.incomplete) continue
    const tape = new Tape(bytes, 4)
    const way = up ? 'up' : 'down'
    if (note.sent !== undefined) {
      // How it was sent is all that the note tells of this handshake.
      first[way] = false
      continue
    }
    try {
      // Some probes open a second connection, which their record does not tell.
      const opening = first[way] || note.op === 'connect' || note.reply === 'connect'
      const said = opening ? handshake(tape, up) : up ? request(tape, ops) : reply(tape, ops)
      first[way] = false
      const foreign = foreignPaths[note.path]
      if (foreign !== undefined) {
        expect((said as Note).path, where).toBe(foreign)
        continue
      }
      expect({ ...(asNote(said, note) as Note), ...tape.rest() }, where).toEqual(note)
    } catch (error) {
      // Probes send nonsense on purpose. What we cannot read, the reference decoder could not read either, or the real
      // server answered with MarshallingError, or it has null where a string must be.
      const refused = frames.some((f) => !f.up && f.note.xid === note.xid && f.note.err === ErrorCode.MarshallingError)
      const nonsense = where.startsWith('raw_probes') && (refused || hasNullString(note))
      if (error instanceof JuteError && (note.undecoded || nonsense)) continue
      throw new Error(where, { cause: error })
    }
    expect(hex(bytes.subarray(0, 4)) + tape.again(), where).toBe(hex(bytes))
  }
}

/** Paths in bytes that jute would not write, by their notes: read as Java reads them, and not to be had back. */
const foreignPaths: { readonly [note: string]: string } = {
  '/bad\\xff\\xfe': '/bad\ufffd\ufffd',
  '/surr\\xed\\xa0\\x80': '/surr\ufffd',
  '/\u{1f600}': '/\u{1f600}',
}

function handshake(tape: Tape, up: boolean): unknown {
  return up ? { op: 'connect', ...tape.read(ConnectRequest) } : { reply: 'connect', ...tape.read(ConnectResponse) }
}

function request(tape: Tape, ops: Map<number, number>): unknown {
  const { xid, type } = tape.read(RequestHeader)
  ops.set(xid, type)
  return { xid, op: opNames.get(type) ?? type, ...requestBody(tape, type) }
}

function requestBody(tape: Tape, type: number): Note {
  const body = tape.read(requestCodec(type))
  return body.parts === undefined ? body : { ops: body.parts.map(partNote), end: Object.values(body.end) }
}

function reply(tape: Tape, ops: Map<number, number>): unknown {
  const header = tape.read(ReplyHeader)
  if (header.xid === Xid.watchEvent) {
    const event = tape.read(WatcherEvent)
    return { ...header, event: eventNote(event.type), ...event }
  }
  const type = ops.get(header.xid)
  const said = { ...header, reply: type === undefined ? '?' : (opNames.get(type) ?? type) }
  if (type === undefined || tape.input.remaining === 0) return said
  const multi = type === OpCode.multi || type === OpCode.multiRead
  if (header.err !== 0 && !multi) return said
  const body = tape.read(replyCodec(type))
  return { ...said, ...(multi ? { results: body.parts.map(partNote), end: Object.values(body.end) } : body) }
}

const partNote = ({ header, body }: Note): Note => ({
  op: opNames.get(header.type) ?? header.type,
  header: Object.values(header),
  ...body,
})
const eventNames = ['', 'NodeCreated', 'NodeDeleted', 'NodeDataChanged', 'NodeChildrenChanged']
const eventNote = (type: number) => eventNames[type] || type

const hasNullString = (note: Note): boolean =>
  note.path === null || note.acl?.some(({ id }: Note) => id.scheme === null || id.id === null)

// ---- quorum port

function checkQuorumConnection(frames: readonly Frame[]): void {
  for (const { bytes, note, where } of frames) {
    if (note.snapshot !== undefined) continue
    const tape = new Tape(bytes)
    const packet = tape.read(QuorumPacket)
    expect(tape.again(), where).toBe(hex(bytes))
    expect(tape.rest(), where).toEqual({})
    const said = {
      type: packetName(packet.type),
      zxid: packet.zxid,
      ...(packet.authinfo !== null && { authinfo: packet.authinfo }),
      data: packet.data === null ? null : packetData(packet.type, packet.data, note.data, where),
    }
    expect(asNote(said, note), where).toEqual(note)
  }
}

/** The data of a packet in the form of its note; read and written again where one of our records holds it. */
function packetData(type: number, data: Uint8Array, note: Note, where: string): unknown {
  const tape = new Tape(data)
  const checked = <T>(said: T): T => {
    expect(tape.again(), where).toBe(hex(data))
    expect(tape.rest(), where).toEqual({})
    return said
  }
  switch (type) {
    case PacketType.FOLLOWERINFO:
    case PacketType.OBSERVERINFO:
      return checked(tape.read(LearnerInfo))
    case PacketType.PROPOSAL:
    case PacketType.INFORM:
      return loggedNote(data, where)
    case PacketType.COMMITANDACTIVATE:
    case PacketType.INFORMANDACTIVATE:
      return {
        suggestedLeader: tape.input.long(),
        ...(data.length > 8 && { txn: loggedNote(data.subarray(8), where) }),
      }
    case PacketType.REQUEST: {
      const [session, cxid, op] = [tape.input.long(), tape.input.int(), tape.input.int()]
      const body = new Tape(data, 16)
      const said = { session, cxid, op: opNames.get(op), ...(data.length > 16 && requestBody(body, op)) }
      expect(body.again(), where).toBe(hex(data.subarray(16)))
      return said
    }
    default:
      // Bare numbers, which zab reads and writes by hand.
      return note
  }
}

/** A txn record read, written again as the same bytes, and put as its note puts it. */
function loggedNote(bytes: Uint8Array, where: string): unknown {
  const logged: LoggedTxn = decodeLogged(bytes)
  expect(hex(encodeLogged(logged)), where).toBe(hex(bytes))
  const { header, txn, digest } = logged
  return { txn: opNames.get(header.type), header, body: txnNote(txn), ...(digest !== null && { digest }) }
}

function txnNote(txn: Txn): Note {
  if (txn.kind !== 'multi') return txn.body ?? {}
  return { txns: txn.body.map((part) => ({ txn: opNames.get(part.type), ...txnNote(part) })) }
}

// ---- election port

function checkElectionConnection(frames: readonly Frame[]): void {
  for (const { bytes, note, where } of frames) {
    if (note.hello) {
      const message = new StreamBuffer()
      message.push(bytes)
      const hello = message.take(readInitialMessage)!
      expect(message.length, where).toBe(0)
      expect(hex(encodeInitialMessage(hello)), where).toBe(hex(bytes))
      const addresses = hello.addresses.map(({ host, port }) => `${host}:${port}`).join('|')
      expect({ protocolVersion: hello.version - 65537, sid: hello.sid, addresses }, where).toEqual(note.hello)
      continue
    }
    const notification = decodeNotification(bytes.subarray(4))
    expect(hex(bytes.subarray(0, 4)) + hex(encodeNotification(notification)), where).toBe(hex(bytes))
    expect(notification.state in ServerState, where).toBe(true)
    const { electionEpoch, peerEpoch, ...rest } = notification
    const said = { ...rest, electionEpoch: BigInt(electionEpoch), peerEpoch: BigInt(peerEpoch) }
    expect(asNote(said, note), where).toEqual(note)
  }
}
