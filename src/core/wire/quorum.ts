/** What servers say to each other on the quorum port, and what the first bytes of files hold. */
import { Id } from './data.ts'
import type { Zxid } from './ids.ts'
import { buffer, EndOfInput, int, JuteError, long, longAs, nullableVector, type Of, Reader, record } from './jute.ts'

/** No length prefix on the wire: the stream is records, one after the other. */
export const QuorumPacket = record({
  type: int,
  zxid: longAs<Zxid>(),
  data: buffer,
  authinfo: nullableVector(Id),
})
export type QuorumPacket = Of<typeof QuorumPacket>

export const LearnerInfo = record({ serverid: long, protocolVersion: int, configVersion: long })
export type LearnerInfo = Of<typeof LearnerInfo>
export const LEARNER_PROTOCOL_VERSION = 0x10000

export const FileHeader = record({ magic: int, version: int, dbid: long })
export const TXNLOG_MAGIC = 0x5a4b4c47 // "ZKLG"
export const SNAPSHOT_MAGIC = 0x5a4b534e // "ZKSN"

/** Bytes of a stream, kept until they make a whole record. */
export class StreamBuffer {
  #bytes = new Uint8Array(0)
  #start = 0
  #end = 0

  get length(): number {
    return this.#end - this.#start
  }

  push(chunk: Uint8Array): void {
    if (this.#start === this.#end) this.#start = this.#end = 0
    if (this.#end + chunk.length > this.#bytes.length) {
      const kept = this.#bytes.subarray(this.#start, this.#end)
      const bigger = new Uint8Array(Math.max(1024, (kept.length + chunk.length) * 2))
      bigger.set(kept)
      this.#bytes = bigger
      this.#end = kept.length
      this.#start = 0
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** Runs `read` on the bytes at hand; undefined, with nothing consumed, when they end too early. @throws JuteError */
  take<T>(read: (input: Reader) => T): T | undefined {
    if (this.length === 0) return undefined
    const input = new Reader(this.#bytes.subarray(this.#start, this.#end))
    try {
      const value = read(input)
      this.#start += input.offset
      return value
    } catch (error) {
      if (error instanceof EndOfInput) return undefined
      throw error
    }
  }

  /** The next frame of `int length + bytes`; undefined until it is whole. @throws JuteError when the length is outside min…max. */
  takeFrame(min: number, max: number): Uint8Array | undefined {
    if (this.length < 4) return undefined
    const input = new Reader(this.#bytes.subarray(this.#start, this.#end))
    const length = input.int()
    if (length < min || length > max) throw new FrameLengthError(length)
    if (input.remaining < length) return undefined
    const frame = input.raw(length)
    this.#start += 4 + length
    return frame
  }
}

export class FrameLengthError extends JuteError {
  readonly length: number
  constructor(length: number) {
    super(`frame length ${length} is out of range`)
    this.length = length
  }
}
