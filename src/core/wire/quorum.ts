/** What servers say to each other on the quorum port, and what the first bytes of files hold. */
import { Id } from './data.ts'
import type { Zxid } from './ids.ts'
import {
  type Codec,
  EndOfInput,
  int,
  JuteError,
  long,
  MAX_BUFFER_WITH_EXTRA,
  nullableVector,
  type Of,
  Reader,
  record,
} from './jute.ts'

const NOTHING = new Uint8Array(0)

/** No length prefix on the wire: the stream is records, one after the other. */
export interface QuorumPacket {
  readonly type: number
  readonly zxid: Zxid
  readonly data: Uint8Array | null
  readonly authinfo: readonly Id[] | null
}
const Authinfo = nullableVector(Id)
/** Written out, as other records that come with every txn: a loop over fields costs several times as much. */
export const QuorumPacket: Codec<QuorumPacket> = {
  write(out, packet) {
    out.int(packet.type)
    out.long(packet.zxid)
    out.buffer(packet.data)
    Authinfo.write(out, packet.authinfo)
  },
  read: (input) => ({
    type: input.int(),
    zxid: input.long() as Zxid,
    data: input.buffer(),
    authinfo: Authinfo.read(input),
  }),
}

export const LearnerInfo = record({ serverid: long, protocolVersion: int, configVersion: long })
export type LearnerInfo = Of<typeof LearnerInfo>
export const LEARNER_PROTOCOL_VERSION = 0x10000

export const FileHeader = record({ magic: int, version: int, dbid: long })
export const TXNLOG_MAGIC = 0x5a4b4c47 // "ZKLG"
export const SNAPSHOT_MAGIC = 0x5a4b534e // "ZKSN"

/** Bytes of a stream, kept until they make a whole record. What is taken out are views: bytes once received are never
 *  written to again, and the usual chunk, which holds whole records, is not copied at all. */
export class StreamBuffer {
  #bytes: Uint8Array = NOTHING
  #start = 0
  /** Behind it is room, where #bytes is a buffer of this object's own. */
  #end = 0
  #own = false
  /** On the bytes at hand, made anew when more come. */
  #reader: Reader | undefined

  readonly #maxLength: number

  /** `maxLength`: of a buffer in the records that are taken out. */
  constructor(maxLength = MAX_BUFFER_WITH_EXTRA) {
    this.#maxLength = maxLength
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** Takes the chunk over. */
  push(chunk: Uint8Array): void {
    this.#reader = undefined
    if (this.length === 0) {
      this.#bytes = chunk
      this.#start = 0
      this.#end = chunk.length
      this.#own = false
      return
    }
    const needed = this.#end + chunk.length
    if (!this.#own || needed > this.#bytes.length) {
      // Twice as much as there is: a long record may come in many pieces.
      const bigger = new Uint8Array(2 * (this.length + chunk.length))
      bigger.set(this.#bytes.subarray(this.#start, this.#end))
      this.#end = this.length
      this.#start = 0
      this.#bytes = bigger
      this.#own = true
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** The next four bytes, which stay where they are. */
  peekInt(): number | undefined {
    return this.length < 4 ? undefined : this.#input().int()
  }

  /** Where these bytes begin, at or behind `from`, counted from the first one at hand; -1: nowhere. */
  find(wanted: Uint8Array, from: number): number {
    for (let at = this.#start + from; ; at++) {
      at = this.#bytes.indexOf(wanted[0] as number, at)
      if (at === -1 || at + wanted.length > this.#end) return -1
      let same = 1
      while (same < wanted.length && this.#bytes[at + same] === wanted[same]) same++
      if (same === wanted.length) return at - this.#start
    }
  }

  /** Runs `read` on the bytes at hand; undefined, with nothing consumed, when they end too early. @throws JuteError */
  take<T>(read: (input: Reader) => T): T | undefined {
    if (this.length === 0) return undefined
    const input = this.#input()
    try {
      const value = read(input)
      this.#start = input.offset
      return value
    } catch (error) {
      if (error instanceof EndOfInput) return undefined
      throw error
    }
  }

  /** The next frame of `int length + bytes`; undefined until it is whole. @throws JuteError when the length is outside min…max. */
  takeFrame(min: number, max: number): Uint8Array | undefined {
    if (this.length < 4) return undefined
    const input = this.#input()
    const length = input.int()
    if (length < min || length > max) throw new FrameLengthError(length)
    if (input.remaining < length) return undefined
    const frame = input.raw(length)
    this.#start = input.offset
    return frame
  }

  #input(): Reader {
    this.#reader ??= new Reader(
      this.#end === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#end),
      0,
      this.#maxLength,
    )
    this.#reader.offset = this.#start
    return this.#reader
  }
}

export class FrameLengthError extends JuteError {
  readonly length: number
  constructor(length: number) {
    super(`frame length ${length} is out of range`)
    this.length = length
  }
}
