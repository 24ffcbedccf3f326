/** A file that is open for appending. What is appended in a turn goes to the system in one call. */
import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { attempt, writeWhole } from './file-system.ts'

const BUFFER_BYTES = 1 << 16
/** A buffer that a burst has made larger does not stay so. */
const MOST_BUFFER_BYTES = 1 << 22

export class GrowingFile {
  readonly fd: number
  /** With what is not written yet. */
  sizeBytes: number
  /** Appended in this turn, at the beginning of a buffer that is used again. */
  #waiting = new Uint8Array(BUFFER_BYTES)
  #waitingBytes = 0
  /** Syncs that are under way or wait, and need the descriptor. */
  #syncs = 0
  #leaving = false

  /** Made when it is missing. @throws what node:fs throws */
  constructor(path: string) {
    this.fd = openSync(path, 'a')
    this.sizeBytes = fstatSync(this.fd).size
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
      writeWhole(this.fd, this.#waiting.subarray(0, bytes))
      if (this.#waiting.length > MOST_BUFFER_BYTES) this.#waiting = new Uint8Array(BUFFER_BYTES)
    } catch (error) {
      // No part of a record stays behind.
      this.sizeBytes -= bytes
      attempt(() => ftruncateSync(this.fd, this.sizeBytes))
      throw error
    }
  }

  /** @throws what node:fs throws */
  truncate(sizeBytes: number): void {
    this.write()
    ftruncateSync(this.fd, sizeBytes)
    this.sizeBytes = sizeBytes
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
    closeSync(this.fd)
  }

  #makeRoom(bytes: number): void {
    const wider = new Uint8Array(Math.max(this.#waitingBytes + bytes, this.#waiting.length * 2))
    wider.set(this.#waiting.subarray(0, this.#waitingBytes))
    this.#waiting = wider
  }
}
