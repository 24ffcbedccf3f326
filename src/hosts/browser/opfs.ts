/** A server's files in the origin's private file system.
 *
 *  The core's disk is synchronous, this one only half: an open file is, opening is not. So all files are opened when the
 *  worker starts; what the core does in a window is remembered here (and seen by its reads), and `settle` carries it out
 *  at the window's end, before anything that the process sent counts for others: for each changed file one write and one
 *  flush. (In a private window each write is a call to another process, so one is also the cheapest.) */
import { DiskError } from '../../core/host.ts'
import { type FileStore, Growing, namesIn } from '../file-store.ts'

/** FileSystemSyncAccessHandle: exists in dedicated workers only, and in no library that the page's program knows. */
interface SyncHandle {
  read(buffer: Uint8Array, options: { at: number }): number
  write(buffer: Uint8Array, options: { at: number }): number
  truncate(sizeBytes: number): void
  getSize(): number
  flush(): void
  close(): void
}

type FileHandle = FileSystemFileHandle & {
  createSyncAccessHandle(): Promise<SyncHandle>
  /** Not everywhere yet. */
  move?(name: string): Promise<void>
}

interface File {
  /** None before the first settle of a new file. */
  handle: SyncHandle | undefined
  /** So much of the file in storage still counts; then follows `tail`. */
  keptBytes: number
  storedBytes: number
  tail: Growing
  /** The old content must not be lost before the new one is complete. */
  replaced: boolean
}

const ROOT = 'vivarium'
/** A replacement that is not complete; ZooKeeper uses no such name. */
const REPLACING = '.replacing'
/** The lock of a terminated worker is freed only some time later. */
const OPEN_PATIENCE_MS = 6000
/** Browsers tell neither truly nor in time how much may be stored. So each server holds this much in a file of no use: when
 *  a write at a window's end finds no room, the file makes room for it, and from then on the disk is full. */
const RESERVE_BYTES = 2 ** 21
const RESERVE = 'reserve'

/** What a browser throws here has no class of its own. */
const errorName = (error: unknown): string =>
  error instanceof Error || error instanceof DOMException ? error.name : ''

export class OpfsStore implements FileStore {
  readonly #root: FileSystemDirectoryHandle
  readonly #files = new Map<string, File>()
  readonly #dirty = new Set<string>()
  #removed: { readonly path: string; readonly handle: SyncHandle }[] = []
  #reserve: SyncHandle | undefined
  /** Nothing more may be written. */
  #isFull = false
  /** Called when there is no room for what a process wants to write. */
  onFull: (message: string) => void = () => {}

  private constructor(root: FileSystemDirectoryHandle) {
    this.#root = root
  }

  /** Opens the directory of a server, creating it when missing, and every file in it. Throws what the browser throws. */
  static async open(ensemble: string, server: string): Promise<OpfsStore> {
    let directory = await navigator.storage.getDirectory()
    for (const name of [ROOT, ensemble, server]) directory = await directory.getDirectoryHandle(name, { create: true })
    const store = new OpfsStore(directory)
    await store.#openAll(directory, '')
    await store.#holdReserve()
    return store
  }

  list(directory: string): string[] {
    return namesIn(directory, this.#files.keys())
  }

  size(path: string): number | undefined {
    const file = this.#files.get(path)
    return file && sizeOf(file)
  }

  read(path: string, offset: number, length: number | undefined): Uint8Array | DiskError {
    const file = this.#files.get(path)
    if (!file) return new DiskError('missing', `${path}: no such file`)
    const size = sizeOf(file)
    const from = Math.min(offset, size)
    const to = length === undefined ? size : Math.min(offset + length, size)
    if (from >= file.keptBytes) return file.tail.slice(from - file.keptBytes, to - file.keptBytes)
    const bytes = new Uint8Array(to - from)
    const stored = Math.min(to, file.keptBytes) - from
    try {
      file.handle?.read(bytes.subarray(0, stored), { at: from })
    } catch (error) {
      return new DiskError('io', `${path}: ${String(error)}`)
    }
    if (to > file.keptBytes) bytes.set(file.tail.slice(0, to - file.keptBytes), stored)
    return bytes
  }

  append(path: string, bytes: Uint8Array): DiskError | undefined {
    if (this.#isFull) return this.#full(path)
    const file = this.#files.get(path) ?? newFile()
    this.#files.set(path, file)
    file.tail.append(bytes)
    this.#changed(path)
    return
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    const file = this.#files.get(path)
    if (!file) return new DiskError('missing', `${path}: no such file`)
    if (sizeBytes >= sizeOf(file)) return
    file.tail.truncate(Math.max(0, sizeBytes - file.keptBytes))
    file.keptBytes = Math.min(file.keptBytes, sizeBytes)
    this.#changed(path)
    return
  }

  replace(path: string, bytes: Uint8Array): DiskError | undefined {
    if (this.#isFull) return this.#full(path)
    const file = this.#files.get(path) ?? newFile()
    this.#files.set(path, file)
    file.keptBytes = 0
    file.tail = new Growing()
    file.tail.append(bytes)
    file.replaced = true
    this.#changed(path)
    return
  }

  remove(path: string): DiskError | undefined {
    const file = this.#files.get(path)
    if (!file) return new DiskError('missing', `${path}: no such file`)
    this.#files.delete(path)
    this.#dirty.delete(path)
    if (file.handle) this.#removed.push({ path, handle: file.handle })
    return
  }

  paths(): string[] {
    return [...this.#files.keys()].sort()
  }

  /** Carries out what has changed. Undefined when that took no waiting. Throws, or rejects, with what the browser says. */
  settle(): Promise<void> | undefined {
    if (this.#dirty.size === 0 && this.#removed.length === 0) return undefined
    const waits = [...this.#dirty].some((path) => {
      const file = this.#files.get(path)
      return file && (!file.handle || file.replaced)
    })
    if (waits || this.#removed.length > 0) return this.#settleSlowly()
    for (const path of this.#dirty) this.#write(this.#files.get(path) as File)
    this.#dirty.clear()
    return undefined
  }

  async #settleSlowly(): Promise<void> {
    for (const { path, handle } of this.#removed) {
      handle.close()
      const { directory, name } = await this.#locate(path)
      await directory.removeEntry(name)
    }
    this.#removed = []
    for (const path of this.#dirty) {
      const file = this.#files.get(path) as File
      const { directory, name } = await this.#locate(path)
      if (file.handle && file.replaced) await this.#replace(directory, name, file, file.handle)
      file.handle ??= await openHandle(directory, name)
      this.#write(file)
    }
    this.#dirty.clear()
  }

  /** Brings an open file's content in storage to what it should be. */
  #write(file: File): void {
    const handle = file.handle as SyncHandle
    if (file.storedBytes > file.keptBytes) handle.truncate(file.keptBytes)
    this.#writeAll(handle, file.tail.view(), file.keptBytes)
    handle.flush()
    written(file)
  }

  /** The new content under another name first, then moved over the old. Where files cannot be moved it is written in place. */
  async #replace(directory: FileSystemDirectoryHandle, name: string, file: File, old: SyncHandle): Promise<void> {
    const temporary = (await directory.getFileHandle(name + REPLACING, { create: true })) as FileHandle
    if (!temporary.move) {
      await directory.removeEntry(name + REPLACING)
      return
    }
    const handle = await temporary.createSyncAccessHandle()
    try {
      handle.truncate(0)
      this.#writeAll(handle, file.tail.view(), 0)
      handle.flush()
    } finally {
      handle.close()
    }
    old.close()
    file.handle = undefined
    await temporary.move(name)
    file.handle = await openHandle(directory, name)
    written(file)
  }

  #writeAll(handle: SyncHandle, bytes: Uint8Array, at: number): void {
    if (bytes.length === 0) return
    try {
      if (handle.write(bytes, { at }) === bytes.length) return
    } catch (error) {
      if (errorName(error) !== 'QuotaExceededError') throw error
    }
    this.#reserve?.truncate(0)
    this.#isFull = true
    if (handle.write(bytes, { at }) < bytes.length) throw new DOMException('no space left', 'QuotaExceededError')
  }

  async #holdReserve(): Promise<void> {
    this.#reserve = await openHandle(this.#root, RESERVE)
    try {
      const missing = RESERVE_BYTES - this.#reserve.getSize()
      const held = missing > 0 ? this.#reserve.write(new Uint8Array(missing), { at: RESERVE_BYTES - missing }) : 0
      this.#isFull = held < missing
    } catch (error) {
      if (errorName(error) !== 'QuotaExceededError') throw error
      this.#isFull = true
    }
  }

  #full(path: string): DiskError {
    const full = new DiskError('full', `${path}: no space left for this site`)
    this.onFull(full.message)
    return full
  }

  async #openAll(directory: FileSystemDirectoryHandle, prefix: string): Promise<void> {
    for await (const [name, entry] of directory.entries()) {
      if (entry.kind === 'directory') await this.#openAll(entry as FileSystemDirectoryHandle, `${prefix}${name}/`)
      else if (prefix === '' && name === RESERVE) continue
      else if (name.endsWith(REPLACING)) await directory.removeEntry(name)
      else {
        const handle = await openHandle(directory, name)
        const storedBytes = handle.getSize()
        const file: File = { handle, keptBytes: storedBytes, storedBytes, tail: new Growing(), replaced: false }
        this.#files.set(prefix + name, file)
      }
    }
  }

  async #locate(path: string): Promise<{ directory: FileSystemDirectoryHandle; name: string }> {
    const names = path.split('/')
    const name = names.pop() as string
    let directory = this.#root
    for (const each of names) directory = await directory.getDirectoryHandle(each, { create: true })
    return { directory, name }
  }

  #changed(path: string): void {
    this.#dirty.add(path)
  }
}

/** Whether this browser gives workers files at all; to be asked in a worker. */
export const hasOpfs = async (): Promise<boolean> => {
  try {
    const root = await navigator.storage.getDirectory()
    const name = `${ROOT}-probe-${Math.trunc(performance.now() * 1000)}`
    const file = (await root.getFileHandle(name, { create: true })) as FileHandle
    const handle = await file.createSyncAccessHandle()
    handle.close()
    await root.removeEntry(name)
    return true
  } catch {
    return false
  }
}

/** Whether files can be kept, as far as a page can tell. */
export const storageState = async (): Promise<'ready' | 'missing' | 'full'> => {
  try {
    await navigator.storage.getDirectory()
    // Some browsers give the same figures to everyone; then this says ready, and the servers tell when it is not so.
    const { quota = Number.POSITIVE_INFINITY, usage = 0 } = await navigator.storage.estimate()
    return quota - usage < RESERVE_BYTES ? 'full' : 'ready'
  } catch {
    return 'missing'
  }
}

/** Deletes all files of an ensemble whose workers are gone, or nearly. */
export const deleteFiles = async (ensemble: string): Promise<void> => {
  if (!navigator.storage?.getDirectory) return
  const root = await navigator.storage.getDirectory()
  await withPatience(async () => {
    try {
      const directory = await root.getDirectoryHandle(ROOT)
      await directory.removeEntry(ensemble, { recursive: true })
    } catch (error) {
      if (errorName(error) !== 'NotFoundError') throw error
    }
  })
}

const newFile = (): File => ({
  handle: undefined,
  keptBytes: 0,
  storedBytes: 0,
  tail: new Growing(),
  replaced: false,
})

const sizeOf = (file: File): number => file.keptBytes + file.tail.sizeBytes

/** What the file should be is in storage now. */
const written = (file: File): void => {
  file.keptBytes += file.tail.sizeBytes
  file.storedBytes = file.keptBytes
  // The room is used again, unless it was for a snapshot.
  if (file.tail.sizeBytes < 2 ** 20) file.tail.truncate(0)
  else file.tail = new Growing()
  file.replaced = false
}

const openHandle = (directory: FileSystemDirectoryHandle, name: string): Promise<SyncHandle> =>
  withPatience(async () => {
    const file = (await directory.getFileHandle(name, { create: true })) as FileHandle
    return file.createSyncAccessHandle()
  })

/** Again and again while somebody else holds the file, up to a limit. */
const withPatience = async <T>(attempt: () => Promise<T>): Promise<T> => {
  const untilMs = performance.now() + OPEN_PATIENCE_MS
  for (let pauseMs = 5; ; pauseMs = Math.min(200, pauseMs * 2)) {
    try {
      return await attempt()
    } catch (error) {
      if (errorName(error) !== 'NoModificationAllowedError' || performance.now() > untilMs) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
