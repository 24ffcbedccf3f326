/** Work on the files that goes in steps, each durable before the next one. What is written to the log meanwhile is held, so
 *  that nothing becomes durable before what it stands on. */
import type { Disk, DiskError } from '../host.ts'
import type { Step } from './retire.ts'
import type { SyncProcessor } from './sync-processor.ts'

export interface Work {
  readonly steps: readonly Step[]
  /** TRUNC or SNAP. */
  readonly replaces: boolean
  readonly done?: () => void
}

export class FileWork {
  readonly #disk: Disk
  readonly #writer: Pick<SyncProcessor, 'hold' | 'release' | 'fail'>
  readonly #onIdle: () => void
  /** The first one is under way. */
  readonly #queue: Work[] = []

  /** `onIdle`: nothing is left to do, and the writer is still held. */
  constructor(disk: Disk, writer: Pick<SyncProcessor, 'hold' | 'release' | 'fail'>, onIdle: () => void) {
    this.#disk = disk
    this.#writer = writer
    this.#onIdle = onIdle
  }

  get isIdle(): boolean {
    return this.#queue.length === 0
  }
  /** A history is being replaced by another one. */
  get isReplacing(): boolean {
    return this.#queue.some(({ replaces }) => replaces)
  }

  start(work: Work): void {
    this.#writer.hold()
    this.#queue.push(work)
    if (this.#queue.length === 1) this.#step(work, 0)
  }

  #step(work: Work, at: number): void {
    const step = work.steps[at]
    if (step === undefined) return this.#finish(work)
    const failed: DiskError | undefined = step()
    if (failed !== undefined) return this.#writer.fail(failed)
    this.#disk.sync((error) => {
      if (error !== undefined) return this.#writer.fail(error)
      this.#step(work, at + 1)
    })
  }

  #finish(work: Work): void {
    this.#queue.shift()
    work.done?.()
    const [next] = this.#queue
    if (next !== undefined) this.#step(next, 0)
    else this.#onIdle()
    this.#writer.release()
  }
}
