/** The disk port of one process: the store's files now, and syncs that take their drawn virtual time. What the conditions
 *  say is wrong with the disk is wrong here. */
import { type Disk, DiskError, type Random } from '../core/host.ts'
import type { HostEvent } from '../core/trace.ts'
import type { DiskState, Effect } from './fault.ts'
import type { PageCache } from './page-cache.ts'
import { drawFrom, type Span } from './prng.ts'

/** What the disk needs of the station it is in. */
export interface DiskHome {
  readonly nowUs: number
  /** Runs later as a step of its own, with the cause of the present one. */
  later(dueUs: number, run: () => void): void
  /** The process is about to do this; it may be the last moment of its life. */
  about(effect: Effect): void
  emit(event: HostEvent): unknown
}

interface Sync {
  readonly mark: number
  readonly done: (error?: DiskError) => void
}

const SOUND: DiskState = {}

export class DiskPort implements Disk {
  readonly #store: PageCache
  readonly #home: DiskHome
  readonly #syncUs: Span
  readonly #random: Random
  readonly #witness: boolean
  #state = SOUND
  #roomBytes = Number.POSITIVE_INFINITY
  /** When the newest sync completes; the next one never before it. */
  #lastUs = 0
  /** Syncs that would be complete, in their order, but for a stall. */
  #stalled: Sync[] = []

  constructor(store: PageCache, home: DiskHome, syncUs: Span, random: Random, witness: boolean) {
    this.#store = store
    this.#home = home
    this.#syncUs = syncUs
    this.#random = random
    this.#witness = witness
  }

  /** Another state from now on. */
  become(state: DiskState = SOUND): void {
    if (state.roomBytes !== this.#state.roomBytes) this.#roomBytes = state.roomBytes ?? Number.POSITIVE_INFINITY
    this.#state = state
    if (state.stalled === true || this.#stalled.length === 0) return
    this.#home.later(this.#home.nowUs + drawFrom(this.#random, this.#syncUs), () => this.#goOn())
  }

  /** What the stall held back is complete, all in order. */
  #goOn(): void {
    if (this.#state.stalled === true) return
    for (const sync of this.#stalled.splice(0)) this.#finish(sync)
  }

  list(directory: string): string[] {
    return this.#store.list(directory)
  }

  size(path: string): number | undefined {
    return this.#store.size(path)
  }

  read(path: string, offset = 0, length?: number): Uint8Array | DiskError {
    const { failReads } = this.#state
    if (failReads !== undefined && path.includes(failReads) && this.#store.size(path) !== undefined)
      return new DiskError('io', `${path}: input/output error`)
    return this.#store.read(path, offset, length)
  }

  append(path: string, bytes: Uint8Array): DiskError | undefined {
    this.#home.about('append')
    const refusal = this.#refusal(path, bytes)
    if (refusal === undefined) return this.#told('append', path, bytes, this.#store.append(path, bytes))
    // A disk that gets full takes what there is room for.
    const part = refusal.code === 'full' ? bytes.slice(0, this.#roomBytes) : undefined
    this.#roomBytes = Math.min(this.#roomBytes, 0)
    if (part && part.length > 0) this.#told('append', path, part, this.#store.append(path, part))
    return refusal
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    this.#home.about('truncate')
    return this.#refusal(path) ?? this.#told('truncate', path, undefined, this.#store.truncate(path, sizeBytes))
  }

  replace(path: string, bytes: Uint8Array): DiskError | undefined {
    this.#home.about('replace')
    return this.#refusal(path, bytes) ?? this.#told('replace', path, bytes, this.#store.replace(path, bytes))
  }

  remove(path: string): DiskError | undefined {
    this.#home.about('remove')
    return this.#refusal(path) ?? this.#told('remove', path, undefined, this.#store.remove(path))
  }

  /** What is there was there before the run. */
  allSynced(): void {
    const change = this.#store.mark()
    this.#store.synced(change)
    if (this.#witness) this.#home.emit({ kind: 'diskSynced', change })
  }

  sync(done: (error?: DiskError) => void): void {
    this.#home.about('sync')
    this.#completeLater({ mark: this.#store.mark(), done })
  }

  #completeLater(sync: Sync): void {
    const takesUs = drawFrom(this.#random, this.#syncUs) * (this.#state.slow ?? 1)
    this.#lastUs = Math.max(this.#lastUs, this.#home.nowUs + takesUs)
    this.#home.later(this.#lastUs, () => this.#complete(sync))
  }

  #complete(sync: Sync): void {
    if (this.#state.stalled === true || this.#stalled.length > 0) this.#stalled.push(sync)
    else this.#finish(sync)
  }

  #finish({ mark, done }: Sync): void {
    if (this.#state.failSyncs === true) {
      this.#store.syncFailed(mark)
      if (this.#witness) this.#home.emit({ kind: 'diskFailed', code: 'io' })
      return done(new DiskError('io', 'sync: input/output error'))
    }
    this.#home.about('synced')
    this.#store.synced(mark)
    if (this.#witness) this.#home.emit({ kind: 'diskSynced', change: mark })
    done()
  }

  /** Why a change cannot be made. */
  #refusal(path: string, bytes?: Uint8Array): DiskError | undefined {
    if (this.#state.failWrites === true) return this.#failed('io', `${path}: input/output error`)
    if (bytes === undefined || this.#roomBytes === Number.POSITIVE_INFINITY) return undefined
    if (bytes.length <= this.#roomBytes) {
      this.#roomBytes -= bytes.length
      return undefined
    }
    return this.#failed('full', `${path}: no space left on device`)
  }

  #failed(code: 'full' | 'io', message: string): DiskError {
    if (this.#witness) this.#home.emit({ kind: 'diskFailed', code })
    return new DiskError(code, message)
  }

  #told(
    how: 'append' | 'truncate' | 'replace' | 'remove',
    path: string,
    bytes: Uint8Array | undefined,
    failed: DiskError | undefined,
  ): DiskError | undefined {
    if (this.#witness && failed === undefined) {
      const sizeBytes = this.#store.size(path) ?? 0
      const change = this.#store.mark()
      this.#home.emit({ kind: 'diskChanged', change, path, how, sizeBytes, ...(bytes ? { bytes } : {}) })
    }
    return failed
  }
}
