/** Writes the log: appends at once, syncs as soon as the disk is free, one sync for everything that has come meanwhile
 *  (group commit), and says which txns are durable. Source: SyncRequestProcessor.java (request-pipeline.md section 4).
 *
 *  What was taken by `write` reaches the log in order, whatever happens to the role that wrote it: `stop` only means
 *  that the role hears nothing any more. After a failure nothing is written again: what a later sync would report
 *  proves nothing about the pages that were lost before it. */
import type { Clock, Disk, DiskError, Random, TraceSink } from '../host.ts'
import { follows, hex64, type Zxid } from '../wire/ids.ts'
import type { FileTxnLog } from './file-txn-log.ts'

interface TxnEntry {
  readonly kind: 'txn'
  readonly zxid: Zxid
  readonly bytes: Uint8Array
  readonly done: (zxid: Zxid) => void
  /** The opening of the writer that it belongs to. */
  readonly opening: number
}
/** Waits for all before it, is not in the log, and is told in any case. */
interface Barrier {
  readonly kind: 'barrier'
  readonly done: (error?: DiskError) => void
}
type Entry = TxnEntry | Barrier

export interface SyncProcessorPorts {
  readonly clock: Clock
  readonly disk: Disk
  readonly random: Random
  readonly trace: TraceSink
  readonly log: FileTxnLog
  /** Txns logged between two snapshots, about. */
  readonly snapCount: number
  /** The log will have it, whatever happens to the role. */
  readonly onTaken?: (zxid: Zxid, bytes: Uint8Array) => void
  /** A new log file begins with the next record, and everything before it is durable: the time for a snapshot. */
  readonly onRoll: () => void
  readonly onFatal: (error: DiskError) => void
}

export class SyncProcessor {
  /** Called behind the `done`s of a sync. Forgotten by `stop`. */
  onFlush: (() => void) | undefined
  /** Told how long a sync took, in ms, and how many records it made durable. */
  onSynced: ((durationMs: number, records: number) => void) | undefined
  readonly #ports: SyncProcessorPorts
  /** Taken, not yet in the file: the log is held, or about to roll. */
  readonly #waiting: Entry[] = []
  /** In the file, not covered by the sync that is under way. */
  #appended: Entry[] = []
  /** Covered by the sync that is under way. */
  #syncing: readonly Entry[] | undefined
  #delivering = false
  /** A sync begins once everything that is due now has been done. */
  #syncPlanned = false
  #holds = 0
  #rollWanted = false
  #sinceRoll = 0
  #rollAfter: number
  #lastTaken: Zxid
  #opening = 0
  #open = true
  #failure: DiskError | undefined

  constructor(ports: SyncProcessorPorts, last: Zxid) {
    this.#ports = ports
    this.#lastTaken = last
    this.#rollAfter = this.#drawRollAfter()
  }

  /** The newest zxid that has been given to `write`, or where recovery left off. */
  get lastTaken(): Zxid {
    return this.#lastTaken
  }
  get isOpen(): boolean {
    return this.#open
  }
  /** Nothing is waiting for the disk. */
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#appended.length === 0 && this.#syncing === undefined
  }

  /** `done` with its zxid when the txn is durable; never, if the writer is stopped before. Ignored while it is stopped.
   *  `bytes`: header, txn, digest. */
  write(zxid: Zxid, bytes: Uint8Array, done: (zxid: Zxid) => void): void {
    if (!this.#open) return
    if (!follows(this.#lastTaken, zxid))
      throw new Error(`${hex64(zxid)} does not follow ${hex64(this.#lastTaken)}, the last one in the log`)
    this.#lastTaken = zxid
    this.#ports.onTaken?.(zxid, bytes)
    this.#take({ kind: 'txn', zxid, bytes, done, opening: this.#opening })
  }

  /** `done` when everything taken before this call is durable, or cannot be any more (at once, if the disk has failed
   *  before). Works while stopped, too. */
  barrier(done: (error?: DiskError) => void): void {
    this.#take({ kind: 'barrier', done })
  }

  /** A new role may write. */
  open(): void {
    this.#open = true
    this.#opening++
  }
  /** The role is over: no `done` and no `onFlush` of it is called from now on. */
  stop(): void {
    this.#open = false
    this.#opening++
    this.onFlush = undefined
  }

  /** While held, txns are taken but not appended: files are being taken away. */
  hold(): void {
    this.#holds++
  }
  release(): void {
    this.#holds--
    this.#pump()
  }

  /** The log goes on from here, in a new file: after TRUNC, SNAP and recovery. */
  restartAt(last: Zxid): void {
    this.#lastTaken = last
    this.#rollWanted = false
    this.#ports.log.roll()
  }

  #take(entry: Entry): void {
    const direct = this.#waiting.length === 0 && this.#holds === 0 && !this.#rollWanted && this.#failure === undefined
    if (!direct) {
      this.#waiting.push(entry)
      return this.#pump()
    }
    if (entry.kind === 'txn' && !this.#append(entry.zxid, entry.bytes)) return
    this.#appended.push(entry)
    if (this.#syncing === undefined && !this.#delivering) this.#planSync()
  }

  #pump(): void {
    if (this.#failure !== undefined) return this.#refuse()
    while (this.#waiting.length > 0 && this.#holds === 0) {
      if (this.#rollWanted && !this.#roll()) break
      const entry = this.#waiting.shift() as Entry
      if (entry.kind === 'txn' && !this.#append(entry.zxid, entry.bytes)) return
      this.#appended.push(entry)
    }
    if (this.#syncing === undefined && !this.#delivering && this.#appended.length > 0) this.#planSync()
  }

  /** Java's writer flushes when its queue is empty: what arrives at the same moment shares a sync. */
  #planSync(): void {
    if (this.#syncPlanned) return
    this.#syncPlanned = true
    this.#ports.clock.after(0, () => {
      this.#syncPlanned = false
      const idle = this.#syncing === undefined && this.#failure === undefined
      if (idle && this.#appended.length > 0) this.#sync()
    })
  }

  /** The records of the old file must be durable before the first one of the new file is written: a power cut could
   *  lose the former and keep the latter. @returns false as long as they are not. */
  #roll(): boolean {
    if (this.#syncing !== undefined || this.#appended.length > 0) return false
    this.#rollWanted = false
    this.#sinceRoll = 0
    this.#rollAfter = this.#drawRollAfter()
    this.#ports.log.roll()
    this.#ports.onRoll()
    return true
  }

  #append(zxid: Zxid, bytes: Uint8Array): boolean {
    const { log, trace } = this.#ports
    const error = log.append(zxid, bytes)
    if (error !== undefined) {
      this.fail(error)
      return false
    }
    if (trace.off !== true) trace.emit({ kind: 'logged', zxid, ...log.last })
    if (++this.#sinceRoll > this.#rollAfter) this.#rollWanted = true
    return true
  }

  #sync(): void {
    const batch = this.#appended
    this.#appended = []
    this.#syncing = batch
    const { clock, disk } = this.#ports
    const startedAt = clock.now()
    disk.sync((error) => {
      if (this.#failure !== undefined) return
      if (error !== undefined) return this.fail(error)
      this.#syncing = undefined
      this.onSynced?.(clock.now() - startedAt, batch.length)
      const newest = batch.findLast((entry) => entry.kind === 'txn')
      if (newest !== undefined) this.#ports.trace.emit({ kind: 'durable', zxid: newest.zxid })
      this.#deliver(batch)
      if (this.#rollWanted && this.#open) this.#roll()
      this.#pump()
    })
  }

  #deliver(batch: readonly Entry[]): void {
    // What is written in here is appended at once, but its sync waits until all have been told: one sync for all of it.
    this.#delivering = true
    let delivered = false
    for (const entry of batch) {
      if (entry.kind === 'barrier') entry.done()
      else if (entry.opening === this.#opening) {
        entry.done(entry.zxid)
        delivered = true
      }
    }
    this.#delivering = false
    if (delivered) this.onFlush?.()
  }

  /** The disk has failed, here or elsewhere: nothing is written any more. */
  fail(error: DiskError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#ports.onFatal(error)
    this.#waiting.unshift(...(this.#syncing ?? []), ...this.#appended)
    this.#syncing = undefined
    this.#appended = []
    this.#refuse()
  }

  /** No txn becomes durable any more; who waits for everything before him is told so. */
  #refuse(): void {
    for (const entry of this.#waiting.splice(0)) if (entry.kind === 'barrier') entry.done(this.#failure)
  }

  #drawRollAfter(): number {
    const half = Math.max(1, Math.floor(this.#ports.snapCount / 2))
    return half + this.#ports.random.int(0, half - 1)
  }
}
