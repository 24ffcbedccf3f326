/** A file that is written beside the event loop, piece by piece, and takes its name when it is durable. */
import { renameSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Composition, DiskError } from '../../core/host.ts'
import { diskError, syncFolder } from './file-system.ts'

/** So much is written between two syncs: one for all would keep the disk from the log's for long. */
const BURST_BYTES = 1 << 20

export interface CompositionOptions {
  readonly path: string
  /** What it is called until it is durable. */
  readonly unnamed: string
  readonly forceSync: boolean
}

export class NodeComposition implements Composition {
  readonly #options: CompositionOptions
  #file: FileHandle | undefined
  /** What was asked for, one after the other. Fails for good when one of it fails. */
  #work: Promise<void>
  #burstBytes = 0
  #abandoned = false

  constructor(options: CompositionOptions) {
    this.#options = options
    this.#work = open(options.unnamed, 'w').then((file) => {
      this.#file = file
    })
    this.#keepFailure()
  }

  append(bytes: Uint8Array): void {
    this.#then(async (file) => {
      for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten
      this.#burstBytes += bytes.length
      if (!this.#options.forceSync || this.#burstBytes < BURST_BYTES) return
      this.#burstBytes = 0
      await file.datasync()
    })
  }

  finish(done: (error?: DiskError) => void): void {
    const { path, unnamed, forceSync } = this.#options
    this.#then(async (file) => {
      if (forceSync) await file.sync()
      if (this.#abandoned) return
      renameSync(unnamed, path)
      if (forceSync) await folderSynced(dirname(path))
    })
    const end = async (error?: unknown): Promise<void> => {
      await this.#cleanUp()
      if (!this.#abandoned) done(error === undefined ? undefined : diskError(error))
    }
    this.#work.then(() => end(), end)
  }

  abandon(): void {
    this.#abandoned = true
    const end = (): Promise<void> => this.#cleanUp()
    this.#work.then(end, end)
  }

  #then(run: (file: FileHandle) => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (!this.#abandoned && this.#file !== undefined) await run(this.#file)
    })
    this.#keepFailure()
  }

  /** A failure is told to whoever finishes it, and to nobody before. */
  #keepFailure(): void {
    this.#work.catch(() => undefined)
  }

  async #cleanUp(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
    rmSync(this.#options.unnamed, { force: true })
  }
}

const folderSynced = (folder: string): Promise<void> =>
  new Promise((settle, reject) => syncFolder(folder, (error) => (error === null ? settle() : reject(error))))
