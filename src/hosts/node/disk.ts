/** Files behind the disk port. Appends are kept until the turn ends and go to the system in one call, before anything that
 *  the process sent leaves it: a kill loses nothing that anybody was told of. Syncs run beside the event loop, in order.
 *
 *  A large file that is replaced as a whole (a snapshot) is written beside the event loop as well, and takes its name when it
 *  is durable; reads see it at once. */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Disk, DiskError } from '../../core/host.ts'
import type { NodeClock } from './clock.ts'

export interface DiskOptions {
  /** myid, snapshots, epochs. */
  readonly dataDir: string
  /** Txn logs. */
  readonly dataLogDir: string
  /** zookeeper.forceSync=no: whoever asks for a sync is told that it is done. */
  readonly forceSync: boolean
}

/** A file that is open for appending. */
interface Growing {
  readonly fd: number
  /** With what is not written yet. */
  sizeBytes: number
  /** Appended in this turn, at the beginning of a buffer that is used again. */
  waiting: Uint8Array
  waitingBytes: number
  /** Syncs that are under way or wait, and need the descriptor. */
  syncs: number
  /** To be closed when no sync needs it any more. */
  leaving: boolean
}

/** A large file on its way to the disk. */
interface Replacement {
  readonly bytes: Uint8Array
  durable: Promise<void>
}

interface Sync {
  readonly files: readonly Growing[]
  readonly replacements: readonly Promise<void>[]
  /** Entries in them have come or gone. */
  readonly directories: readonly string[]
  readonly done: (error?: DiskError) => void
}

const BUFFER_BYTES = 1 << 16
/** A buffer that a burst has made larger does not stay so. */
const MOST_BUFFER_BYTES = 1 << 22
/** What is longer is written beside the event loop. */
const LARGE_BYTES = 1 << 18
/** The suffix of what has no name yet; `.tmp` would mean something to recovery. */
const UNNAMED = /\.new\d*$/

export class NodeDisk implements Disk {
  readonly #options: DiskOptions
  readonly #clock: NodeClock
  readonly #growing = new Map<string, Growing>()
  /** The one that was opened last: the log. */
  #newest: Growing | undefined
  readonly #unwritten = new Set<Growing>()
  readonly #replacing = new Map<string, Replacement>()
  #replacements = 0
  #dirtyFiles = new Set<Growing>()
  #dirtyDirectories = new Set<string>()
  /** The first one is under way. */
  readonly #syncs: Sync[] = []
  /** Something was lost after it had been taken: no sync succeeds any more. */
  #failure: DiskError | undefined

  /** Makes the directories when they are missing. @throws what node:fs throws */
  constructor(clock: NodeClock, options: DiskOptions) {
    this.#clock = clock
    this.#options = options
    for (const folder of new Set([join(options.dataDir, VERSION), join(options.dataLogDir, VERSION)])) {
      this.#makeFolder(folder)
      for (const name of filesIn(folder)) if (UNNAMED.test(name)) rmSync(join(folder, name))
    }
    clock.atEndOfTurn(() => this.#writeAll())
  }

  /** Files of that kind lie where those of the other kind belong. */
  misplaced(kind: 'log' | 'snapshot'): boolean {
    const { dataDir, dataLogDir } = this.#options
    if (join(dataDir) === join(dataLogDir)) return false
    const folder = join(kind === 'log' ? dataDir : dataLogDir, VERSION)
    return filesIn(folder).some((name) => name.startsWith(`${kind}.`))
  }

  list(directory: string): string[] {
    const { dataDir, dataLogDir } = this.#options
    const names = new Set<string>()
    for (const folder of new Set([join(dataDir, directory), join(dataLogDir, directory)]))
      for (const name of filesIn(folder)) if (!UNNAMED.test(name)) names.add(name)
    const prefix = directory === '' ? '' : `${directory}/`
    for (const path of this.#replacing.keys()) if (path.startsWith(prefix)) names.add(path.slice(prefix.length))
    return [...names].sort()
  }

  size(path: string): number | undefined {
    const known = this.#replacing.get(path)?.bytes.length ?? this.#growing.get(path)?.sizeBytes
    if (known !== undefined) return known
    const found = statSync(this.#real(path), { throwIfNoEntry: false })
    return found?.isFile() ? found.size : undefined
  }

  read(path: string, offset = 0, length?: number): Uint8Array | DiskError {
    const end = length === undefined ? undefined : offset + length
    const replacement = this.#replacing.get(path)
    if (replacement !== undefined) return replacement.bytes.slice(offset, end)
    return attempt(() => {
      this.#write(this.#growing.get(path))
      if (offset === 0 && length === undefined) return plain(readFileSync(this.#real(path)))
      const fd = openSync(this.#real(path), 'r')
      try {
        const bytes = new Uint8Array(Math.max(0, Math.min(end ?? Infinity, fstatSync(fd).size) - offset))
        return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset))
      } finally {
        closeSync(fd)
      }
    })
  }

  append(path: string, bytes: Uint8Array): DiskError | undefined {
    if (this.#failure !== undefined) return this.#failure
    const file = this.#growing.get(path) ?? attempt(() => this.#open(path))
    if (file instanceof DiskError) return file
    file.sizeBytes += bytes.length
    if (file.waitingBytes + bytes.length > file.waiting.length) makeRoom(file, bytes.length)
    file.waiting.set(bytes, file.waitingBytes)
    file.waitingBytes += bytes.length
    this.#unwritten.add(file)
    this.#dirtyFiles.add(file)
    this.#clock.needEnd()
    return undefined
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    return attempt(() => {
      if (this.size(path) === undefined) throw new DiskError('missing', `${path}: no such file`)
      const file = this.#growing.get(path) ?? this.#open(path)
      this.#write(file)
      ftruncateSync(file.fd, sizeBytes)
      file.sizeBytes = sizeBytes
      this.#dirtyFiles.add(file)
      return undefined
    })
  }

  replace(path: string, bytes: Uint8Array): DiskError | undefined {
    return attempt(() => {
      this.#leave(path)
      const real = this.#real(path)
      this.#makeFolder(dirname(real))
      this.#dirtyDirectories.add(dirname(real))
      if (bytes.length > LARGE_BYTES) this.#replaceBeside(path, bytes)
      else this.#replaceNow(real, bytes)
      return undefined
    })
  }

  remove(path: string): DiskError | undefined {
    return attempt(() => {
      const pending = this.#replacing.has(path)
      this.#leave(path)
      rmSync(this.#real(path), { force: pending })
      this.#dirtyDirectories.add(dirname(this.#real(path)))
      return undefined
    })
  }

  sync(done: (error?: DiskError) => void): void {
    this.#writeAll()
    const sync: Sync = {
      files: [...this.#dirtyFiles],
      replacements: [...this.#replacing.values()].map(({ durable }) => durable),
      directories: [...this.#dirtyDirectories],
      done,
    }
    for (const file of sync.files) file.syncs++
    this.#dirtyFiles = new Set()
    this.#dirtyDirectories = new Set()
    this.#syncs.push(sync)
    if (this.#syncs.length === 1) this.#begin(sync)
  }

  // --- syncs -------------------------------------------------------------------------------------

  #begin({ files, replacements, directories }: Sync): void {
    const force = this.#options.forceSync
    if (!force && replacements.length === 0) {
      this.#clock.after(0, () => this.#finish())
      return
    }
    // Each name is durable after what stands behind it.
    const names = this.#afterAll(force ? directories.length : 0, () => this.#finish())
    const contents = this.#afterAll((force ? files.length : 0) + replacements.length, () => {
      if (force) for (const folder of directories) syncFolder(folder, names.one)
      names.start()
    })
    if (force) for (const { fd } of files) fdatasync(fd, contents.one)
    for (const durable of replacements) durable.then(() => contents.one(null), contents.one)
    contents.start()
  }

  /** Calls `then` after so many `one`s; at `start`, when there are none. */
  #afterAll(count: number, then: () => void): { one: (error: Error | null) => void; start: () => void } {
    let left = count
    return {
      one: (error) => {
        if (error !== null) this.#failure ??= diskError(error)
        if (--left === 0) then()
      },
      start: () => {
        if (count === 0) then()
      },
    }
  }

  #finish(): void {
    const sync = this.#syncs[0] as Sync
    for (const file of sync.files) {
      file.syncs--
      // A log that is complete; this one is not coming back.
      if (file !== this.#newest && file.syncs === 0 && !this.#dirtyFiles.has(file)) file.leaving = true
      this.#closeIfLeft(file)
    }
    this.#syncs.shift()
    const next = this.#syncs[0]
    if (next !== undefined) this.#begin(next)
    sync.done(this.#failure)
  }

  // --- files -------------------------------------------------------------------------------------

  #real(path: string): string {
    const { dataDir, dataLogDir } = this.#options
    return join(path === 'initialize' || path.startsWith(`${VERSION}/log.`) ? dataLogDir : dataDir, path)
  }

  #open(path: string): Growing {
    const real = this.#real(path)
    this.#makeFolder(dirname(real))
    const isNew = statSync(real, { throwIfNoEntry: false }) === undefined
    const fd = openSync(real, 'a')
    if (isNew) this.#dirtyDirectories.add(dirname(real))
    const waiting = new Uint8Array(BUFFER_BYTES)
    const file = { fd, sizeBytes: fstatSync(fd).size, waiting, waitingBytes: 0, syncs: 0, leaving: false }
    this.#growing.set(path, file)
    const complete = this.#newest
    this.#newest = file
    if (complete !== undefined && !this.#dirtyFiles.has(complete)) {
      complete.leaving = true
      this.#closeIfLeft(complete)
    }
    return file
  }

  #makeFolder(folder: string): void {
    const first = mkdirSync(folder, { recursive: true })
    if (first !== undefined) this.#dirtyDirectories.add(dirname(first))
  }

  #writeAll(): void {
    for (const file of this.#unwritten) {
      const failed = attempt(() => this.#write(file))
      if (failed !== undefined) this.#failure ??= failed
    }
    this.#unwritten.clear()
  }

  #write(file: Growing | undefined): undefined {
    if (file === undefined || file.waitingBytes === 0) return
    const { fd, waiting, waitingBytes } = file
    file.waitingBytes = 0
    this.#unwritten.delete(file)
    try {
      writeWhole(fd, waiting.subarray(0, waitingBytes))
      if (waiting.length > MOST_BUFFER_BYTES) file.waiting = new Uint8Array(BUFFER_BYTES)
    } catch (error) {
      // No part of a record stays behind.
      file.sizeBytes -= waitingBytes
      attempt(() => ftruncateSync(fd, file.sizeBytes))
      throw error
    }
  }

  #replaceNow(real: string, bytes: Uint8Array): void {
    const fd = openSync(`${real}.new`, 'w')
    try {
      writeWhole(fd, bytes)
      // Else a power cut could leave the name with nothing behind it, and the old content gone.
      if (this.#options.forceSync) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(`${real}.new`, real)
  }

  #replaceBeside(path: string, bytes: Uint8Array): void {
    const real = this.#real(path)
    const unnamed = `${real}.new${++this.#replacements}`
    const replacement: Replacement = { bytes, durable: Promise.resolve() }
    const write = async (): Promise<void> => {
      try {
        const file = await openFile(unnamed, 'w')
        try {
          await file.writeFile(bytes)
          if (this.#options.forceSync) await file.sync()
        } finally {
          await file.close()
        }
      } catch (error) {
        rmSync(unnamed, { force: true })
        throw error
      }
      // Meanwhile there may be a newer one, or none at all any more.
      if (this.#replacing.get(path) !== replacement) return rmSync(unnamed)
      renameSync(unnamed, real)
      this.#replacing.delete(path)
    }
    replacement.durable = write()
    // Whoever syncs hears of it; there may be nobody.
    replacement.durable.catch((error: Error) => {
      this.#failure ??= diskError(error)
    })
    this.#replacing.set(path, replacement)
  }

  /** What is open or under way under this name does not count any more. */
  #leave(path: string): void {
    this.#replacing.delete(path)
    const file = this.#growing.get(path)
    if (file === undefined) return
    this.#write(file)
    this.#growing.delete(path)
    this.#dirtyFiles.delete(file)
    file.leaving = true
    this.#closeIfLeft(file)
  }

  #closeIfLeft(file: Growing): void {
    if (!file.leaving || file.syncs > 0) return
    file.leaving = false
    if (this.#newest === file) this.#newest = undefined
    for (const [path, each] of this.#growing) if (each === file) this.#growing.delete(path)
    closeSync(file.fd)
  }
}

const VERSION = 'version-2'

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function syncFolder(folder: string, done: (error: Error | null) => void): void {
  open(folder, 'r', (missing, fd) => {
    // A folder that is gone has no entries to keep.
    if (missing !== null) return done(null)
    fsync(fd, (error) => {
      closeSync(fd)
      done(error)
    })
  })
}

function makeRoom(file: Growing, bytes: number): void {
  const wider = new Uint8Array(Math.max(file.waitingBytes + bytes, file.waiting.length * 2))
  wider.set(file.waiting.subarray(0, file.waitingBytes))
  file.waiting = wider
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

/** Not a Buffer, whose `slice` does not copy. */
const plain = (bytes: Buffer): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)

function attempt<T>(run: () => T): T | DiskError {
  try {
    return run()
  } catch (error) {
    return error instanceof DiskError ? error : diskError(error as Error)
  }
}

function diskError(error: Error): DiskError {
  const { code } = error as NodeJS.ErrnoException
  return new DiskError(
    code === 'ENOENT' ? 'missing' : code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'io',
    error.message,
  )
}
