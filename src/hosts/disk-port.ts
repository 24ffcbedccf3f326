/** The disk port of one process: the store's files now, and syncs that take their drawn virtual time. */
import type { Disk, DiskError, Random } from '../core/host.ts'
import type { FileStore } from './file-store.ts'
import { drawFrom, type Span } from './prng.ts'

export interface DiskClock {
  readonly nowUs: number
  /** Runs later as a step of its own, with the cause of the present one. */
  later(dueUs: number, run: () => void): void
}

export class DiskPort implements Disk {
  readonly #store: FileStore
  readonly #clock: DiskClock
  readonly #syncUs: Span
  readonly #random: Random
  /** When the newest sync completes; the next one never before it. */
  #lastUs = 0

  constructor(store: FileStore, clock: DiskClock, syncUs: Span, random: Random) {
    this.#store = store
    this.#clock = clock
    this.#syncUs = syncUs
    this.#random = random
  }

  list(directory: string): string[] {
    return this.#store.list(directory)
  }

  size(path: string): number | undefined {
    return this.#store.size(path)
  }

  read(path: string, offset = 0, length?: number): Uint8Array | DiskError {
    return this.#store.read(path, offset, length)
  }

  append(path: string, bytes: Uint8Array): DiskError | undefined {
    return this.#store.append(path, bytes)
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    return this.#store.truncate(path, sizeBytes)
  }

  replace(path: string, bytes: Uint8Array): DiskError | undefined {
    return this.#store.replace(path, bytes)
  }

  remove(path: string): DiskError | undefined {
    return this.#store.remove(path)
  }

  sync(done: (error?: DiskError) => void): void {
    const mark = this.#store.mark()
    this.#lastUs = Math.max(this.#lastUs, this.#clock.nowUs + drawFrom(this.#random, this.#syncUs))
    this.#clock.later(this.#lastUs, () => {
      this.#store.synced(mark)
      done()
    })
  }
}
