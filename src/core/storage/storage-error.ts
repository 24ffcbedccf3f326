/** Why files cannot be used or written. A value, never thrown: the server stops for it and says so. */
import type { DiskError } from '../host.ts'

export class StorageError {
  /** Name without its directory, where one file is to blame. */
  readonly file: string | undefined
  /** ZooKeeper's words where it has some. */
  readonly reason: string

  constructor(reason: string, file?: string) {
    this.reason = reason
    this.file = file
  }

  get message(): string {
    return this.file === undefined ? this.reason : `${this.file}: ${this.reason}`
  }

  static of(error: DiskError, file?: string): StorageError {
    return new StorageError(error.message, file)
  }
}
