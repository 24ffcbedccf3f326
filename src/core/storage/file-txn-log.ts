/** The log that is being written: one file at a time, named after its first txn. Source: FileTxnLog.java append, rollLog.
 *  Never preallocated (preAllocSize 0). A file of an earlier life is never continued: behind its records may be
 *  garbage (ZOOKEEPER-1489), so the first append after a start, a truncation or a roll opens a new one. */
import { type Disk, DiskError } from '../host.ts'
import { hex64, type Zxid } from '../wire/ids.ts'
import { logName, pathTo } from './file-names.ts'
import { encodeRecord, LOG_HEADER, LOG_HEADER_BYTES } from './txn-log.ts'

/** Where a record went. */
export interface Appended {
  readonly file: string
  readonly offset: number
  readonly sizeBytes: number
}

export class FileTxnLog {
  readonly #disk: Disk
  #file: string | undefined
  /** Of #file. */
  #path = ''
  #sizeBytes = 0
  #lastBytes = 0

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** Where the newest record went. */
  get last(): Appended {
    return { file: this.#file ?? '', offset: this.#sizeBytes - this.#lastBytes, sizeBytes: this.#lastBytes }
  }

  /** Durable after a sync. */
  append(zxid: Zxid, body: Uint8Array): DiskError | undefined {
    const record = encodeRecord(body)
    const file = this.#file ?? logName(zxid)
    const error = this.#file === undefined ? this.#open(file, record) : this.#disk.append(this.#path, record)
    if (error !== undefined) return new DiskError(error.code, `append ${hex64(zxid)} to ${file}: ${error.message}`)
    if (this.#file === undefined) {
      this.#file = file
      this.#path = pathTo(file)
      this.#sizeBytes = LOG_HEADER_BYTES
    }
    this.#sizeBytes += record.length
    this.#lastBytes = record.length
    return undefined
  }

  /** No file is open, or it is as long as it was left. */
  isIntact(): boolean {
    return this.#file === undefined || this.#disk.size(this.#path) === this.#sizeBytes
  }

  /** The next append opens a new file. */
  roll(): void {
    this.#file = undefined
  }

  /** Header and first record in one go. A file of that name can only be one whose first record was torn, or which
   *  had none: it is overwritten as a whole. */
  #open(file: string, record: Uint8Array): DiskError | undefined {
    const bytes = new Uint8Array(LOG_HEADER_BYTES + record.length)
    bytes.set(LOG_HEADER)
    bytes.set(record, LOG_HEADER_BYTES)
    const path = pathTo(file)
    return this.#disk.size(path) === undefined ? this.#disk.append(path, bytes) : this.#disk.replace(path, bytes)
  }
}
