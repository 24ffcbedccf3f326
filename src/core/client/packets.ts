/** Requests on their way: their bytes, what the trace may know of them, and how they end. */
import type { MessageNote } from '../host.ts'
import { OpCode, opName, Xid } from '../wire/codes.ts'
import { hex64, type Zxid } from '../wire/ids.ts'
import { build, type Reader, type Writer } from '../wire/jute.ts'
import { AuthPacket, ConnectRequest, RequestHeader, SetWatches, SetWatches2 } from '../wire/proto.ts'
import type { Asked } from './history.ts'
import { toServerPath } from './paths.ts'
import type { Reply } from './reply.ts'
import { type ClientWatches, WATCH_TABLES, type WatchRegistration, type WatchTable } from './watches.ts'

/** A request as the typed operations hand it over. */
export interface Submission<T> {
  readonly op: OpCode
  /** The client's path, for the trace and for errors. */
  readonly path?: string
  readonly body?: (out: Writer) => void
  /** For the trace of a session that tells its history. */
  readonly asked?: () => Omit<Asked, 'op'>
  /** Reads the answer's body. @throws JuteError */
  readonly decode: (input: Reader) => T
  readonly register?: WatchRegistration
  /** Runs before `done`, with the server's error; its result replaces that error. */
  readonly settle?: (err: number) => number
  readonly done?: (reply: Reply<T>) => void
}

/** One request, from its bytes to its end. */
export class Packet {
  readonly xid: number
  readonly op: OpCode
  readonly frame: Uint8Array
  /** What the trace may know of it; asked for only when somebody listens. */
  readonly note: () => MessageNote
  readonly #answer: Answer

  constructor(xid: number, op: OpCode, frame: Uint8Array, note: () => MessageNote, answer: Answer = NO_ANSWER) {
    this.xid = xid
    this.op = op
    this.frame = frame
    this.note = note
    this.#answer = answer
  }

  /** Reads the answer of a request that succeeded. @throws JuteError */
  read(body: Reader): unknown {
    return this.#answer.decode(body)
  }
  /** Ends the request: to be called once. `value`: what `read` gave, undefined where there is an error instead. */
  finish(err: number, zxid: Zxid, value: unknown): void {
    this.#answer.finish(err, zxid, value)
  }
}

interface Answer {
  decode(body: Reader): unknown
  finish(err: number, zxid: Zxid, value: unknown): void
}
const NO_ANSWER: Answer = { decode: () => undefined, finish: () => undefined }

/** No more than about this many characters of paths go into one setWatches: servers refuse frames of 1 MB. */
export const SET_WATCHES_MAX_LENGTH = 128 * 1024

/** `register`: called before `done` with a watch that may have been set. */
export function packetOf<T>(
  xid: number,
  submission: Submission<T>,
  register: (registration: WatchRegistration, err: number) => void,
): Packet {
  const { op, path, body, decode } = submission
  const frame = toFrame((out) => {
    RequestHeader.write(out, { xid, type: op })
    body?.(out)
  })
  const note = (): MessageNote => ({ protocol: 'client', type: opName(op), detail: { xid, ...(path ? { path } : {}) } })
  const finish = (err: number, zxid: Zxid, value: unknown): void => {
    const { settle, done } = submission
    if (submission.register !== undefined) register(submission.register, err)
    // A removal of watches can succeed here although the server was not reached: without a value, as it has none.
    const settled = settle === undefined ? err : settle(err)
    done?.(settled === 0 ? { ok: true, value: value as T, zxid } : { ok: false, err: settled, path: path ?? null })
  }
  return new Packet(xid, op, frame, note, { decode, finish })
}

/** What it authenticates with stays out of the trace. */
export function authPacket(scheme: string, auth: Uint8Array | null): Packet {
  const frame = toFrame((out) => {
    RequestHeader.write(out, { xid: Xid.auth, type: OpCode.auth })
    AuthPacket.write(out, { type: 0, scheme, auth })
  })
  const note: MessageNote = { protocol: 'client', type: 'auth', detail: { xid: Xid.auth, scheme } }
  return new Packet(Xid.auth, OpCode.auth, frame, () => note)
}

/** The watches, to be set again at a new server. They have xids of their own, as with Java's NIO socket, whatever
 *  ClientCnxn says of -8. */
export function setWatchesPackets(
  watches: ClientWatches,
  chroot: string | null,
  relativeZxid: Zxid,
  nextXid: () => number,
): Packet[] {
  const all = WATCH_TABLES.flatMap((table) =>
    watches.paths(table).map((path) => ({ table, path: toServerPath(path, chroot) })),
  )
  const packets: Packet[] = []
  let batch: typeof all = []
  let length = 0
  for (const [index, watch] of all.entries()) {
    batch.push(watch)
    length += watch.path.length
    if (length < SET_WATCHES_MAX_LENGTH && index !== all.length - 1) continue
    packets.push(setWatchesPacket(nextXid(), batch, relativeZxid))
    batch = []
    length = 0
  }
  return packets
}

function setWatchesPacket(
  xid: number,
  batch: readonly { readonly table: WatchTable; readonly path: string }[],
  relativeZxid: Zxid,
): Packet {
  const of = (table: WatchTable) => batch.filter((watch) => watch.table === table).map(({ path }) => path)
  const body = {
    relativeZxid,
    dataWatches: of('data'),
    existWatches: of('exists'),
    childWatches: of('child'),
    persistentWatches: of('persistent'),
    persistentRecursiveWatches: of('persistentRecursive'),
  }
  const persistent = body.persistentWatches.length + body.persistentRecursiveWatches.length > 0
  const packet = packetOf(
    xid,
    {
      op: persistent ? OpCode.setWatches2 : OpCode.setWatches,
      body: (out) => (persistent ? SetWatches2.write(out, body) : SetWatches.write(out, body)),
      decode: () => undefined,
    },
    () => undefined,
  )
  const detail = { xid, watches: batch.length, relativeZxid: hex64(relativeZxid) }
  return new Packet(xid, packet.op, packet.frame, () => ({ ...packet.note(), detail }))
}

export function connectFrame(request: ConnectRequest): { readonly frame: Uint8Array; readonly note: MessageNote } {
  const { sessionId, timeOut, lastZxidSeen } = request
  const detail = { session: hex64(sessionId), timeoutMs: timeOut, lastZxidSeen: hex64(lastZxidSeen) }
  return {
    frame: toFrame((out) => ConnectRequest.write(out, request)),
    note: { protocol: 'client', type: 'connect', detail },
  }
}

export const pingFrame = (): Uint8Array =>
  toFrame((out) => RequestHeader.write(out, { xid: Xid.ping, type: OpCode.ping }))

function toFrame(write: (out: Writer) => void): Uint8Array {
  return build((out) => {
    out.int(0)
    write(out)
    out.patchInt(0, out.length - 4)
  })
}
