/** Ways to make one thing wrong of a story: in the bytes that witnesses told, in their order, in what servers said. */
import { decodeSnapshot, encodeSnapshot } from '../../src/core/storage/snapshot-file.ts'
import { StorageError } from '../../src/core/storage/storage-error.ts'
import { encodeRecord } from '../../src/core/storage/txn-log.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import { adler32, fingerprint } from '../../src/core/wire/checksum.ts'
import { OpCode, PacketType } from '../../src/core/wire/codes.ts'
import type { SessionId, Zxid } from '../../src/core/wire/ids.ts'
import { Reader, Writer } from '../../src/core/wire/jute.ts'
import { decodeLogged, encodeLogged, type LoggedTxn, type Txn } from '../../src/core/wire/txn.ts'
import { toUtf8 } from '../../src/core/wire/utf8.ts'
import { all, type EventOf, find } from './story.ts'

const HEADER_BYTES = 16
const FRONT_BYTES = 12

/** Where the first record of what was appended begins; undefined where it is no log. */
const recordAt = ({ path, bytes }: EventOf<'diskChanged'>): number | undefined => {
  if (!path.includes('/log.') || bytes === undefined) return undefined
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0) === 0x5a4b4c47 ? HEADER_BYTES : 0
}

/** The txns that a server has appended. */
export function txnOf(event: EventOf<'diskChanged'>): LoggedTxn | undefined {
  const at = recordAt(event)
  const bytes = event.bytes
  if (at === undefined || event.how !== 'append' || bytes === undefined) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset).getInt32(at + 8)
  return decodeLogged(bytes.slice(at + FRONT_BYTES, at + FRONT_BYTES + length))
}

export function findTxn(events: readonly TraceEvent[], wanted: (logged: LoggedTxn) => boolean, from = 0): LoggedTxn {
  for (const event of all(events.slice(from), 'diskChanged')) {
    const logged = txnOf(event)
    if (logged !== undefined && wanted(logged)) return logged
  }
  throw new Error('the story has no such txn')
}

export const isKind =
  (kind: Txn['kind']) =>
  ({ txn }: LoggedTxn): boolean =>
    txn.kind === kind

/** The same txn is another one, on all disks, on all lines, wherever it is applied. */
export function rewrite(events: TraceEvent[], zxid: Zxid, edit: (logged: LoggedTxn) => LoggedTxn | Uint8Array): void {
  const old = findTxn(events, ({ header }) => header.zxid === zxid)
  const edited = edit(old)
  const body = edited instanceof Uint8Array ? edited : encodeLogged(edited)
  const record = encodeRecord(body)
  const sameZxid = (bytes: Uint8Array): boolean => new Reader(bytes.slice(12)).long() === zxid
  events.forEach((event, n) => {
    if (event.kind === 'diskChanged' && txnOf(event)?.header.zxid === zxid) {
      const at = recordAt(event) as number
      const bytes = new Uint8Array(at + record.length)
      bytes.set((event.bytes as Uint8Array).subarray(0, at))
      bytes.set(record, at)
      events[n] = { ...event, bytes, sizeBytes: event.sizeBytes - (event.bytes as Uint8Array).length + bytes.length }
    } else if (event.kind === 'packetsSent') {
      const packets = event.packets.map((packet) =>
        packet.zxid === zxid && (packet.type === PacketType.PROPOSAL || packet.type === PacketType.INFORM)
          ? { ...packet, extra: fingerprint(body) }
          : packet,
      )
      events[n] = { ...event, packets }
    } else if (event.kind === 'applied' && sameZxid(event.logged)) events[n] = { ...event, logged: body }
  })
}

/** Changes the first packet of this type that somebody sends. */
export function editPacket(
  events: TraceEvent[],
  wanted: (packet: { readonly type: number; readonly zxid: bigint }, event: EventOf<'packetsSent'>) => boolean,
  edit: (packet: {
    type: number
    zxid: bigint
    extra: number
  }) => { type: number; zxid: bigint; extra: number } | undefined,
  from = 0,
): EventOf<'packetsSent'> {
  const { at, event } = find(events, 'packetsSent', (each) => each.packets.some((packet) => wanted(packet, each)), from)
  let done = false
  const packets = event.packets.flatMap((packet) => {
    if (done || !wanted(packet, event)) return [packet]
    done = true
    const edited = edit(packet)
    return edited === undefined ? [] : [edited]
  })
  const changed = { ...event, packets }
  events[at] = changed
  return changed
}

export interface Reply {
  readonly xid: number
  readonly zxid: Zxid
  readonly err: number
  readonly body: Uint8Array
}

export function replyOf(frame: Uint8Array): Reply {
  const input = new Reader(frame)
  return { xid: input.int(), zxid: input.long() as Zxid, err: input.int(), body: input.rest() }
}

/** Changes an answer that a client gets to a request of this type; the connection's first frame is no answer. */
export function editReply(
  events: TraceEvent[],
  type: number,
  edit: (frame: Uint8Array, view: DataView) => void,
  wanted: (reply: Reply) => boolean = ({ err }) => err === 0,
  from = 0,
): void {
  const { asked, at } = findRequest(events, type, wanted, from)
  const event = events[at] as EventOf<'repliesCame'>
  const frames = event.frames.map((frame) => {
    if (frame.length < 16 || replyOf(frame).xid !== asked) return frame
    const copy = frame.slice()
    edit(copy, new DataView(copy.buffer))
    return copy
  })
  events[at] = { ...event, frames }
}

/** A request of this type that was answered: its xid, and where its answer came. */
export function findRequest(
  events: readonly TraceEvent[],
  type: number,
  wanted: (reply: Reply) => boolean = ({ err }) => err === 0,
  from = 0,
): { readonly asked: number; readonly at: number; readonly sentAt: number; readonly connection: string } {
  for (let n = from; n < events.length; n++) {
    const event = events[n] as TraceEvent
    if (event.kind !== 'requestsSent') continue
    for (const frame of event.frames) {
      if (frame.length < 8 || event.proof !== undefined) continue
      const input = new Reader(frame)
      const asked = input.int()
      if (input.int() !== type) continue
      const isAnswer = (each: Uint8Array): boolean => {
        if (each.length < 16) return false
        const reply = replyOf(each)
        return reply.xid === asked && wanted(reply)
      }
      const at = events.findIndex(
        (each, m) =>
          m > n && each.kind === 'repliesCame' && each.connection === event.connection && each.frames.some(isAnswer),
      )
      if (at !== -1) return { asked, at, sentAt: n, connection: event.connection }
    }
  }
  throw new Error(`the story has no answered request of type ${type}`)
}

/** Where a frame of a watch event comes. */
export const isWatchEvent = (frame: Uint8Array): boolean => frame.length >= 16 && replyOf(frame).xid === -1

/** A record that goes on behind `bytes`, under this zxid. */
export function strayRecord(event: EventOf<'diskChanged'>, zxid: Zxid): Uint8Array {
  const logged = txnOf(event) as LoggedTxn
  return encodeRecord(encodeLogged({ ...logged, header: { ...logged.header, zxid } }))
}

export const withHeader = (logged: LoggedTxn, header: Partial<LoggedTxn['header']>): LoggedTxn => ({
  ...logged,
  header: { ...logged.header, ...header },
})

export const withBody = (logged: LoggedTxn, body: object): LoggedTxn =>
  ({ ...logged, txn: { ...logged.txn, body: { ...logged.txn.body, ...body } } }) as LoggedTxn

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** A snapshot with other letters in it, and a seal that holds. */
export function resealed(snapshot: Uint8Array, from: string, to: string): Uint8Array {
  const bytes = snapshot.slice()
  const letters = text(bytes)
  const at = letters.indexOf(from)
  if (at === -1) throw new Error(`the snapshot has no ${from}`)
  bytes.set(toUtf8(to), at)
  const seal = bytes.length - 13
  new DataView(bytes.buffer).setBigInt64(seal, BigInt(adler32(bytes.subarray(0, seal))))
  return bytes
}

/** A snapshot with one more znode, and the znodes above it. */
export function withNode(bytes: Uint8Array, path: string, data: string): Uint8Array {
  const snapshot = decodeSnapshot(bytes, 'snapshot', 0n as Zxid)
  if (snapshot instanceof StorageError) throw snapshot
  const { tree, sessions } = snapshot
  const names = path.split('/')
  for (let n = 2; n <= names.length; n++) {
    const each = names.slice(0, n).join('/')
    const body = { path: each, data: toUtf8(data), acl: [], ephemeral: false, parentCVersion: -1 }
    const header = { clientId: 1n as SessionId, cxid: 1, zxid: 1n as Zxid, time: 1n, type: OpCode.create }
    if (tree.node(each) === undefined) tree.apply(header, { kind: 'create', type: OpCode.create, body })
  }
  return encodeSnapshot(tree, sessions)
}

/** What a server tells of a watch. */
export function watchFrame(type: number, path: string): Uint8Array {
  const out = new Writer()
  out.int(-1)
  out.long(-1n)
  out.int(0)
  out.int(type)
  out.int(3)
  out.string(path)
  return out.finish().slice()
}

export const text = (bytes: Uint8Array | undefined): string => String.fromCharCode(...(bytes ?? []))
