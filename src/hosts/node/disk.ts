/** Files behind the disk port. Appends are kept until the turn ends and go to the system in one call, before anything that
 *  the process sent leaves it: a kill loses nothing that anybody was told of. Syncs run beside the event loop, in order.
 *
 *  A large file that is replaced as a whole is written beside the event loop as well, and takes its name when it is
 *  durable; reads see it at once. */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Composition, type Disk, DiskError } from '../../core/host.ts'
import type { NodeClock } from './clock.ts'
import { NodeComposition } from './composition.ts'
import { attempt, diskError, filesIn, syncFolder, writeWhole } from './file-system.ts'
import { GrowingFile } from './growing-file.ts'

export interface DiskOptions {
  /** myid, snapshots, epochs. */
  readonly dataDir: string
  /** Txn logs. */
  readonly dataLogDir: string
  /** zookeeper.forceSync=no: whoever asks for a sync is told that it is done. */
  readonly forceSync: boolean
  /** zookeeper.preAllocSize: by so many bytes a log grows in advance. */
  readonly reserveBytes: number
}

/** A large file on its way to the disk. */
interface Replacement {
  readonly bytes: Uint8Array
  readonly composition: Composition
  /** It is durable, it has failed, or it counts no more. */
  over: boolean
  /** Called then. */
  readonly waiting: ((error: Error | null) => void)[]
}

interface Sync {
  readonly files: readonly GrowingFile[]
  readonly replacements: readonly Replacement[]
  /** Entries in them have come or gone. */
  readonly directories: readonly string[]
  readonly done: (error?: DiskError) => void
}

/** What is longer is written beside the event loop. */
const LARGE_BYTES = 1 << 18
/** The suffix of what has no name yet; `.tmp` would mean something to recovery. */
const UNNAMED = /\.new\d*$/
const VERSION = 'version-2'
const LOGS = `${VERSION}/log.`

export class NodeDisk implements Disk {
  readonly #options: DiskOptions
  readonly #clock: NodeClock
  readonly #growing = new Map<string, GrowingFile>()
  /** The path of the one that was opened last: the log. */
  #newest = ''
  readonly #unwritten = new Set<GrowingFile>()
  readonly #replacing = new Map<string, Replacement>()
  #unnamed = 0
  #dirtyFiles = new Set<GrowingFile>()
  #dirtyDirectories = new Set<string>()
  /** The first one is under way. */
  readonly #syncs: Sync[] = []
  /** Something was lost after it had been taken: no sync succeeds any more. */
  #failure: DiskError | undefined

  /** Makes the directories when they are missing. @throws what node:fs throws */
  constructor(clock: NodeClock, options: DiskOptions) {
    this.#clock = clock
    this.#options = options
    for (const folder of this.#folders(VERSION)) {
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
    const names = new Set<string>()
    for (const folder of this.#folders(directory))
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
      const file = this.#growing.get(path)
      if (file !== undefined) return file.read(offset, end)
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
    file.append(bytes)
    this.#unwritten.add(file)
    this.#dirtyFiles.add(file)
    this.#clock.needEnd()
    return undefined
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    return attempt(() => {
      if (this.size(path) === undefined) throw new DiskError('missing', `${path}: no such file`)
      const file = this.#growing.get(path) ?? this.#open(path)
      file.truncate(sizeBytes)
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

  compose(path: string): Composition {
    const real = this.#real(path)
    return new NodeComposition({
      path: real,
      unnamed: `${real}.new${++this.#unnamed}`,
      forceSync: this.#options.forceSync,
    })
  }

  sync(done: (error?: DiskError) => void): void {
    this.#writeAll()
    const sync: Sync = {
      files: [...this.#dirtyFiles],
      replacements: [...this.#replacing.values()],
      directories: [...this.#dirtyDirectories],
      done,
    }
    for (const file of sync.files) file.syncBegins()
    this.#dirtyFiles = new Set()
    this.#dirtyDirectories = new Set()
    this.#syncs.push(sync)
    if (this.#syncs.length === 1) this.#begin(sync)
  }

  /** Nothing is appended any more: the files are as long as what is in them. */
  close(): void {
    for (const file of this.#growing.values()) file.leave()
    this.#growing.clear()
  }

  // --- syncs -------------------------------------------------------------------------------------

  #begin({ files, replacements, directories }: Sync): void {
    const force = this.#options.forceSync
    const pending = replacements.filter(({ over }) => !over)
    if (!force && pending.length === 0) {
      this.#clock.after(0, () => this.#finish())
      return
    }
    // Each name is durable after what stands behind it.
    const names = this.#afterAll(force ? directories.length : 0, () => this.#finish())
    const contents = this.#afterAll((force ? files.length : 0) + pending.length, () => {
      if (force) for (const folder of directories) syncFolder(folder, names.one)
      names.start()
    })
    if (force) for (const { fd } of files) fdatasync(fd, contents.one)
    for (const { waiting } of pending) waiting.push(contents.one)
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
        if (count === 0) this.#clock.after(0, then)
      },
    }
  }

  #finish(): void {
    const sync = this.#syncs.shift() as Sync
    for (const file of sync.files) {
      file.syncEnds()
      // A log that is complete does not come back.
      if (file !== this.#growing.get(this.#newest) && !this.#dirtyFiles.has(file)) this.#forget(file)
    }
    const next = this.#syncs[0]
    if (next !== undefined) this.#begin(next)
    sync.done(this.#failure)
  }

  // --- files -------------------------------------------------------------------------------------

  #folders(directory: string): Set<string> {
    return new Set([join(this.#options.dataDir, directory), join(this.#options.dataLogDir, directory)])
  }

  #real(path: string): string {
    const { dataDir, dataLogDir } = this.#options
    return join(path === 'initialize' || path.startsWith(LOGS) ? dataLogDir : dataDir, path)
  }

  #open(path: string): GrowingFile {
    const real = this.#real(path)
    this.#makeFolder(dirname(real))
    if (statSync(real, { throwIfNoEntry: false }) === undefined) this.#dirtyDirectories.add(dirname(real))
    const file = new GrowingFile(real, path.startsWith(LOGS) ? this.#options.reserveBytes : 0)
    const complete = this.#growing.get(this.#newest)
    if (complete !== undefined && !this.#dirtyFiles.has(complete)) this.#forget(complete)
    this.#growing.set(path, file)
    this.#newest = path
    return file
  }

  #forget(file: GrowingFile): void {
    for (const [path, each] of this.#growing)
      if (each === file) {
        this.#growing.delete(path)
        file.leave()
      }
  }

  #makeFolder(folder: string): void {
    const first = mkdirSync(folder, { recursive: true })
    if (first !== undefined) this.#dirtyDirectories.add(dirname(first))
  }

  #writeAll(): void {
    for (const file of this.#unwritten) {
      const failed = attempt(() => file.write())
      if (failed !== undefined) this.#failure ??= failed
    }
    this.#unwritten.clear()
  }

  #replaceNow(real: string, bytes: Uint8Array): void {
    const fd = openSync(`${real}.new`, 'w')
    try {
      writeWhole(fd, bytes, 0)
      // Else a power cut could leave the name with nothing behind it, and the old content gone.
      if (this.#options.forceSync) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(`${real}.new`, real)
  }

  #replaceBeside(path: string, bytes: Uint8Array): void {
    const replacement: Replacement = { bytes, composition: this.compose(path), over: false, waiting: [] }
    this.#replacing.set(path, replacement)
    replacement.composition.append(bytes)
    replacement.composition.finish((error) => {
      if (error !== undefined) this.#failure ??= error
      this.#end(path, replacement)
    })
  }

  #end(path: string, replacement: Replacement): void {
    if (this.#replacing.get(path) === replacement) this.#replacing.delete(path)
    replacement.over = true
    for (const tell of replacement.waiting.splice(0)) tell(null)
  }

  /** What is open or under way under this name does not count any more. @throws what node:fs throws */
  #leave(path: string): void {
    const replacement = this.#replacing.get(path)
    if (replacement !== undefined) {
      replacement.composition.abandon()
      // A port never calls back from inside a call.
      this.#replacing.delete(path)
      this.#clock.after(0, () => this.#end(path, replacement))
    }
    const file = this.#growing.get(path)
    if (file === undefined) return
    file.write()
    this.#unwritten.delete(file)
    this.#dirtyFiles.delete(file)
    this.#forget(file)
  }
}

/** Not a Buffer, whose `slice` does not copy. */
const plain = (bytes: Buffer): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
