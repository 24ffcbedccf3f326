/** What a server has promised (acceptedEpoch) and whose history it has (currentEpoch). Source: QuorumPeer.java
 *  loadDataBase, setAcceptedEpoch, setCurrentEpoch (zab.md section 3). The order on disk is: acceptedEpoch, the history,
 *  currentEpoch, the acknowledgement; recovery takes every beginning of that order for good. */
import { type Disk, DiskError } from '../host.ts'
import { epochOf, type Zxid } from '../wire/ids.ts'
import { decodeUtf8, toUtf8 } from '../wire/utf8.ts'
import { pathTo } from './file-names.ts'
import { StorageError } from './storage-error.ts'

const ACCEPTED = 'acceptedEpoch'
const CURRENT = 'currentEpoch'

export class Epochs {
  readonly #disk: Disk
  #accepted = 0
  #current = 0

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** As it is on disk: changes only when a write is durable. */
  get accepted(): number {
    return this.#accepted
  }
  get current(): number {
    return this.#current
  }

  setAccepted(epoch: number, done: (error?: DiskError) => void): void {
    this.#set(ACCEPTED, epoch, done, () => {
      this.#accepted = epoch
    })
  }
  setCurrent(epoch: number, done: (error?: DiskError) => void): void {
    this.#set(CURRENT, epoch, done, () => {
      this.#current = epoch
    })
  }

  /** Reads both files and holds them against the newest zxid. A file that is missing is written. */
  load(last: Zxid): StorageError | undefined {
    const ofData = Math.max(epochOf(last), 0)
    const current = this.#read(CURRENT) ?? this.#create(CURRENT, ofData)
    if (current instanceof StorageError) return current
    const accepted = this.#read(ACCEPTED) ?? this.#create(ACCEPTED, ofData)
    if (accepted instanceof StorageError) return accepted
    this.#accepted = accepted
    this.#current = current
    if (ofData > current) {
      // A Java server died between writing and renaming the file.
      const pending = this.#read(`${CURRENT}.tmp`)
      if (pending instanceof StorageError) return pending
      if (pending !== undefined) {
        const created = this.#create(CURRENT, pending)
        if (created instanceof StorageError) return created
        this.#current = created
      } else if (accepted < ofData) {
        // ZooKeeper refuses this whatever was accepted. Here a server that died in the midst of synchronization, its
        // history written, its currentEpoch not yet, is in good order: it votes with the old epoch.
        const epochs = `The current epoch, ${hex(current)}, is older than the last zxid, ${last}`
        return new StorageError(epochs, CURRENT)
      }
    }
    if (accepted < this.#current)
      return new StorageError(
        `The accepted epoch, ${hex(accepted)} is less than the current epoch, ${hex(this.#current)}`,
        ACCEPTED,
      )
    return undefined
  }

  #set(file: string, epoch: number, done: (error?: DiskError) => void, remember: () => void): void {
    const failed = this.#disk.replace(pathTo(file), toUtf8(String(epoch)))
    // A port never calls back from inside a call, and neither does this: a failure waits for the sync as well.
    this.#disk.sync((error) => {
      const problem = failed ?? error
      if (problem !== undefined) return done(problem)
      remember()
      done()
    })
  }

  #read(file: string): number | StorageError | undefined {
    if (this.#disk.size(pathTo(file)) === undefined) return undefined
    const bytes = this.#disk.read(pathTo(file))
    if (bytes instanceof DiskError) return StorageError.of(bytes, file)
    const line = decodeUtf8(bytes).split('\n')[0] ?? ''
    const text = line.replace(/\r$/, '')
    return /^[+-]?\d+$/.test(text) ? Number(text) : new StorageError(`Found ${text} in file`, file)
  }

  #create(file: string, epoch: number): number | StorageError {
    const error = this.#disk.replace(pathTo(file), toUtf8(String(epoch)))
    return error === undefined ? epoch : StorageError.of(error, file)
  }
}

const hex = (epoch: number): string => epoch.toString(16)
