/** The bytes of a log file: header, records, and whatever may stand behind them.
 *  Source: FileTxnLog.java, Util.java (storage.md sections 2 and 4). */
import { adler32 } from '../wire/checksum.ts'
import { hex64, ZXID_0, type Zxid } from '../wire/ids.ts'
import { encode, MAX_BUFFER_WITH_EXTRA, Reader, Writer } from '../wire/jute.ts'
import { FileHeader, TXNLOG_MAGIC } from '../wire/quorum.ts'
import { TxnHeader } from '../wire/txn.ts'

export const LOG_HEADER: Uint8Array = encode(FileHeader, { magic: TXNLOG_MAGIC, version: 2, dbid: 0n })
export const LOG_HEADER_BYTES = 16
/** long checksum, int length; and one byte behind the body. */
const BEFORE_BODY = 12
const END_OF_RECORD = 0x42 // 'B'
const PAGE_BYTES = 4096
/** Bytes of a record beside its body. */
export const RECORD_OVERHEAD = BEFORE_BODY + 1

/** `body`: header, txn and digest, as in a PROPOSAL. @returns a view, valid until the next call */
export function encodeRecord(body: Uint8Array): Uint8Array {
  if (record.capacity > RECORD_MAX_KEPT_BYTES) record = new Writer(1024)
  record.reset()
  record.int(0)
  record.int(adler32(body))
  record.buffer(body)
  record.byte(END_OF_RECORD)
  return record.peek()
}
/** One for all records: whoever appends one copies it. */
let record = new Writer(1024)
const RECORD_MAX_KEPT_BYTES = 65_536

export interface LogRecord {
  readonly kind: 'record'
  readonly zxid: Zxid
  /** Of the record's first byte in the file. */
  readonly offset: number
  readonly sizeBytes: number
  /** A view into the file's bytes. */
  readonly body: Uint8Array
}

/** How a file's records end.
 *  end: nothing or padding follows. torn: the file ends inside a record, or the record's last byte or a whole page
 *  of it is missing, all of which mean that it was being written. damaged: what follows is neither, and the server must not start. */
export type LogEnd =
  | { readonly kind: 'end' }
  | { readonly kind: 'torn' }
  | { readonly kind: 'damaged'; readonly reason: string }

/** Reads one file front to back. */
export class LogReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #maxLength: number
  #offset = LOG_HEADER_BYTES
  #last: Zxid = ZXID_0

  /** `maxLength`: of a txn. */
  constructor(bytes: Uint8Array, maxLength = MAX_BUFFER_WITH_EXTRA) {
    this.#bytes = bytes
    this.#maxLength = maxLength
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** empty: the file ends inside its header, or has zeros there: its first write is lost. Otherwise the reason why this
   *  is no log, or undefined. */
  checkHeader(name: string): 'empty' | { readonly reason: string } | undefined {
    if (this.#bytes.length < LOG_HEADER_BYTES || this.#isZero(0, LOG_HEADER_BYTES)) return 'empty'
    const magic = this.#view.getInt32(0)
    if (magic === TXNLOG_MAGIC) return undefined
    return { reason: `Transaction log: ${name} has invalid magic number ${magic} != ${TXNLOG_MAGIC}` }
  }

  next(): LogRecord | LogEnd {
    const read = this.#read(this.#offset)
    if (read.kind === 'record') {
      this.#offset += read.sizeBytes
      this.#last = read.zxid
      return read
    }
    if (read.kind === 'damaged' || this.#isZero(this.#offset)) return read
    const behind = this.#recordBehind()
    if (behind === undefined || this.#lacksPage(this.#offset, behind.offset)) return read
    const reason = `what stands at ${this.#offset} is no record, but ${hex64(behind.zxid)} stands behind it`
    return { kind: 'damaged', reason }
  }

  #read(offset: number): LogRecord | LogEnd {
    const available = this.#bytes.length - offset
    if (available < BEFORE_BODY) return available > 0 && !this.#isZero(offset) ? { kind: 'torn' } : { kind: 'end' }
    const length = this.#view.getInt32(offset + 8)
    if (length === 0) return { kind: 'end' }
    if (length < 0 || length > this.#maxLength) return { kind: 'damaged', reason: `Unreasonable length = ${length}` }
    const sizeBytes = length + RECORD_OVERHEAD
    if (available < sizeBytes || this.#bytes[offset + sizeBytes - 1] !== END_OF_RECORD) return { kind: 'torn' }
    const body = this.#bytes.subarray(offset + BEFORE_BODY, offset + BEFORE_BODY + length)
    if (this.#view.getBigInt64(offset) !== BigInt(adler32(body)))
      return this.#lacksPage(offset, offset + sizeBytes)
        ? { kind: 'torn' }
        : { kind: 'damaged', reason: 'CRC check failed' }
    if (length < TXN_HEADER_BYTES) return { kind: 'damaged', reason: `a record of ${length} bytes holds no header` }
    const { zxid } = TxnHeader.read(new Reader(body))
    return { kind: 'record', zxid, offset, sizeBytes, body }
  }

  /** A whole, newer record somewhere behind one that cannot be read: then that one was not the last, and bits of it have
   *  flipped (its length says nothing any more), unless a page of it was never written. */
  #recordBehind(): LogRecord | undefined {
    for (let at = this.#offset + 1; at + RECORD_OVERHEAD + TXN_HEADER_BYTES <= this.#bytes.length; at++) {
      // Nearly all of it is not worth a look: a checksum has 32 bits, and a length rarely more than 24.
      if (this.#bytes[at] !== 0 || this.#view.getInt32(at) !== 0) continue
      const found = this.#read(at)
      if (found.kind === 'record' && found.zxid > this.#last) return found
    }
    return undefined
  }

  /** A power cut may lose any page of what was not synced, and leave zeros in its place between pages that it has spared. Bits
   *  that flip leave no such hole. */
  #lacksPage(from: number, to: number): boolean {
    // The first half of a checksum is always zero.
    for (let at = from + 4; at < to; ) {
      const end = Math.min(to, (Math.floor(at / PAGE_BYTES) + 1) * PAGE_BYTES)
      if (this.#isZero(at, end)) return true
      at = end
    }
    return false
  }

  #isZero(from: number, to = this.#bytes.length): boolean {
    for (let at = from; at < to; at++) if (this.#bytes[at] !== 0) return false
    return true
  }
}
const TXN_HEADER_BYTES = 32
