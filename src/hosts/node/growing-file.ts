/** A file that is open for appending. What is appended in a turn goes to the system in one call.
 *
 *  It may be longer than what is in it, with zeros at the end (FilePadding.java): while the length stays the same, a sync
 *  has less to write. It is cut when it is closed; readers of logs take zeros for the end. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { attempt, writeWhole } from './file-system.ts'

const BUFFER_BYTES = 1 << 16
/** A buffer that a burst has made larger does not stay so. */
const MOST_BUFFER_BYTES = 1 << 22

export class GrowingFile {
  readonly fd: number
  /** With what is not written yet, and without the zeros. */
  sizeBytes: number
  /** The length of the file. */
  #reservedBytes: number
  readonly #stepBytes: number
  /** Appended in this turn, at the beginning of a buffer that is used again. */
  #waiting = new Uint8Array(BUFFER_BYTES)
  #waitingBytes = 0
  /** Syncs that are under way or wait, and need the descriptor. */
  #syncs = 0
  #leaving = false

  /** Made when it is missing. `stepBytes`: by so much it grows in advance; 0: never. @throws what node:fs throws */
  constructor(path: string, stepBytes: number) {
    this.fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
    this.sizeBytes = fstatSync(this.fd).size
    this.#reservedBytes = this.sizeBytes
    this.#stepBytes = stepBytes
  }

  append(bytes: Uint8Array): void {
    this.sizeBytes += bytes.length
    if (this.#waitingBytes + bytes.length > this.#waiting.length) this.#makeRoom(bytes.length)
    this.#waiting.set(bytes, this.#waitingBytes)
    this.#waitingBytes += bytes.length
  }

  /** @throws what node:fs throws; then nothing that waited is in the file */
  write(): void {
    const bytes = this.#waitingBytes
    if (bytes === 0) return
    this.#waitingBytes = 0
    try {
      if (this.#stepBytes > 0 && this.sizeBytes > this.#reservedBytes) this.#resize(this.sizeBytes + this.#stepBytes)
      writeWhole(this.fd, this.#waiting.subarray(0, bytes), this.sizeBytes - bytes)
      if (this.#waiting.length > MOST_BUFFER_BYTES) this.#waiting = new Uint8Array(BUFFER_BYTES)
    } catch (error) {
      // No part of a record stays behind.
      this.sizeBytes -= bytes
      attempt(() => this.#resize(this.sizeBytes))
      throw error
    }
  }

  /** @throws what node:fs throws */
  truncate(sizeBytes: number): void {
    this.write()
    this.#resize(sizeBytes)
    this.sizeBytes = sizeBytes
  }

  /** What is in it, or a part of that. @throws what node:fs throws */
  read(from = 0, to = this.sizeBytes): Uint8Array {
    this.write()
    const bytes = new Uint8Array(Math.max(0, Math.min(to, this.sizeBytes) - from))
    return bytes.subarray(0, readSync(this.fd, bytes, 0, bytes.length, from))
  }

  syncBegins(): void {
    this.#syncs++
  }
  syncEnds(): void {
    this.#syncs--
    this.#closeIfLeft()
  }

  /** Nobody appends to it any more: it is closed as soon as no sync needs it. */
  leave(): void {
    this.#leaving = true
    this.#closeIfLeft()
  }

  #closeIfLeft(): void {
    if (!this.#leaving || this.#syncs > 0) return
    this.#leaving = false
    if (this.#reservedBytes > this.sizeBytes) attempt(() => this.#resize(this.sizeBytes))
    closeSync(this.fd)
  }

  #resize(bytes: number): void {
    ftruncateSync(this.fd, bytes)
    this.#reservedBytes = bytes
  }

  #makeRoom(bytes: number): void {
    const wider = new Uint8Array(Math.max(this.#waitingBytes + bytes, this.#waiting.length * 2))
    wider.set(this.#waiting.subarray(0, this.#waitingBytes))
    this.#waiting = wider
  }
}
