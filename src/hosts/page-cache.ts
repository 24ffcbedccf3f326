/** What lies between a process and its disk: files are changed at once, but until a sync completes a power cut may take any
 *  part of that back. Belongs to the machine: it outlives the process. Over any FileStore, so that a power cut means the
 *  same in memory and in the browser's storage.
 *
 *  The unit of loss is a piece: the name of a new file, one page of an append, its new size, or one other change as a whole.
 *  Any subset of the pieces may survive: where a page is lost but the file is long enough, there are zeros, or what stood
 *  there before. But a page that has lost an append has lost those behind it as well, and a file without its name is gone. */
import { DiskError, type Random } from '../core/host.ts'
import { LogReader } from '../core/storage/txn-log.ts'
import type { Loss } from './fault.ts'
import { type FileStore, MemoryStore } from './file-store.ts'
import { generator } from './prng.ts'

const PAGE_BYTES = 4096

interface Change {
  readonly change: number
  readonly path: string
  readonly how: 'append' | 'truncate' | 'replace' | 'remove'
  /** The file's size before; undefined: it was not there. */
  readonly sizeBefore: number | undefined
  /** replace: what is there now. What was appended is found again on the way back: that is cheaper than a copy of it all. */
  readonly bytes: Uint8Array | undefined
  /** truncate: what was cut off; replace and remove: what was there before. */
  readonly before: Uint8Array | undefined
  readonly sizeBytes: number
  /** The sync that was to cover it failed: no later one will. */
  doomed: boolean
}

export interface Damage {
  readonly path: string
  /** null: the file is not there. */
  readonly bytes: Uint8Array | null
}

export class PageCache implements FileStore {
  readonly store: FileStore
  /** Oldest first; no completed sync covers them. */
  #unsynced: Change[] = []
  #changes = 0

  constructor(store: FileStore) {
    this.store = store
  }

  list(directory: string): string[] {
    return this.store.list(directory)
  }

  paths(): string[] {
    return this.store.paths()
  }

  size(path: string): number | undefined {
    return this.store.size(path)
  }

  read(path: string, offset: number, length: number | undefined): Uint8Array | DiskError {
    return this.store.read(path, offset, length)
  }

  append(path: string, bytes: Uint8Array): DiskError | undefined {
    const sizeBefore = this.store.size(path)
    const failed = this.store.append(path, bytes)
    if (failed === undefined)
      this.#did('append', path, sizeBefore, undefined, undefined, (sizeBefore ?? 0) + bytes.length)
    return failed
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    const sizeBefore = this.store.size(path)
    if (sizeBefore === undefined || sizeBytes >= sizeBefore) return this.store.truncate(path, sizeBytes)
    const cut = this.store.read(path, sizeBytes, sizeBefore - sizeBytes)
    const failed = cut instanceof DiskError ? cut : this.store.truncate(path, sizeBytes)
    if (failed === undefined) this.#did('truncate', path, sizeBefore, undefined, cut as Uint8Array, sizeBytes)
    return failed
  }

  replace(path: string, bytes: Uint8Array): DiskError | undefined {
    const before = this.#whole(path)
    const failed = before instanceof DiskError ? before : this.store.replace(path, bytes)
    if (failed === undefined)
      this.#did('replace', path, this.#sizeOf(before), bytes.slice(), before as Uint8Array | undefined, bytes.length)
    return failed
  }

  remove(path: string): DiskError | undefined {
    const before = this.#whole(path)
    const failed = before instanceof DiskError ? before : this.store.remove(path)
    if (failed === undefined) this.#did('remove', path, this.#sizeOf(before), undefined, before as Uint8Array, 0)
    return failed
  }

  mark(): number {
    return this.#changes
  }

  /** Another worker has counted so many before. */
  countFrom(changes: number): void {
    this.#changes = Math.max(this.#changes, changes)
  }

  synced(mark: number): void {
    const all = this.#unsynced
    let done = 0
    while (done < all.length && (all[done] as Change).change <= mark) done++
    if (done === 0) return
    const doomed = all.slice(0, done).filter((each) => each.doomed)
    this.#unsynced = doomed.length === 0 && done === all.length ? [] : [...doomed, ...all.slice(done)]
  }

  /** The sync of what came up to `mark` failed: the pages count as clean, and are not on the disk. */
  syncFailed(mark: number): void {
    for (const each of this.#unsynced) if (each.change <= mark) each.doomed = true
  }

  /** Before a new life: what a failed sync has left is not read back from memory. */
  dropDoomed(): Damage[] {
    if (!this.#unsynced.some(({ doomed }) => doomed)) return []
    const kept = new Set(this.#unsynced.filter(({ doomed }) => !doomed))
    return this.#rebuild((piece) => kept.has(piece))
  }

  /** How many pieces a power cut could take now. */
  get pieces(): number {
    return this.#unsynced.reduce((sum, change) => sum + piecesOf(change), 0)
  }

  /** The machine loses power. Returns the files that are not as they were, with what is in them now. */
  losePower(loss: Loss): Damage[] {
    if (this.#unsynced.length === 0) return []
    if (loss === 'none') {
      this.#unsynced = []
      return []
    }
    const random = typeof loss === 'number' ? generator(loss, 'loss') : undefined
    const share = random?.float() ?? 0
    const kept = Array.isArray(loss) ? new Set(loss as readonly number[]) : undefined
    let count = 0
    return this.#rebuild(() => {
      const piece = count++
      return random ? random.float() < share : (kept?.has(piece) ?? false)
    })
  }

  /** Flips up to 8 bits of one byte run in what is synced of one file. Nothing is done where there is no such file. */
  rot(path: string, seed: number): Damage[] {
    const random = generator(seed, 'rot')
    const paths = this.paths().filter((each) => each.includes(path) && this.#syncedSize(each) > 0)
    const chosen = paths[random.int(0, Math.max(0, paths.length - 1))]
    if (chosen === undefined) return []
    const bytes = this.#whole(chosen)
    if (bytes === undefined || bytes instanceof DiskError) return []
    const cold = coldSize(chosen, bytes.subarray(0, this.#syncedSize(chosen)))
    if (cold === 0) return []
    flip(bytes, cold, random)
    this.store.replace(chosen, bytes)
    return [{ path: chosen, bytes }]
  }

  /** The same disk, in memory: what is done to it does not touch this one. */
  fork(): PageCache {
    const store = new MemoryStore()
    for (const path of this.paths()) {
      const bytes = this.#whole(path)
      if (bytes !== undefined && !(bytes instanceof DiskError)) store.replace(path, bytes)
    }
    const fork = new PageCache(store)
    fork.#unsynced = this.#unsynced.map((change) => ({ ...change }))
    fork.#changes = this.#changes
    return fork
  }

  /** Nothing is left. */
  wipe(): Damage[] {
    const paths = this.paths()
    for (const path of paths) this.store.remove(path)
    this.#unsynced = []
    return paths.map((path) => ({ path, bytes: null }))
  }

  /** Takes everything back to the last sync and does again what `survives` says, asked for each piece in order. */
  #rebuild(survives: (change: Change) => boolean): Damage[] {
    const files = new Map<string, Uint8Array | undefined>()
    const touched = new Set(this.#unsynced.map(({ path }) => path))
    for (const path of touched) {
      const bytes = this.#whole(path)
      files.set(path, bytes instanceof DiskError ? undefined : bytes)
    }
    const before = new Map(files)
    const added = new Map<Change, Uint8Array>()
    for (const change of this.#unsynced.toReversed()) {
      const now = files.get(change.path)
      if (change.how === 'append' && now) added.set(change, now.slice(change.sizeBefore ?? 0, change.sizeBytes))
      files.set(change.path, undo(change, now))
    }
    const lost = new Set<string>()
    for (const change of this.#unsynced) {
      redo(change, files, added.get(change), (part) => {
        const key = `${change.path} ${part}`
        const kept = survives(change) && !lost.has(key)
        if (!kept && part !== 'size') lost.add(key)
        return kept
      })
      if (change.how !== 'append') for (const key of [...lost]) if (key.startsWith(`${change.path} `)) lost.delete(key)
    }
    this.#unsynced = []
    const damages: Damage[] = []
    for (const [path, bytes] of files) {
      if (same(bytes, before.get(path))) continue
      if (bytes === undefined) this.store.remove(path)
      else this.store.replace(path, bytes)
      damages.push({ path, bytes: bytes ?? null })
    }
    return damages
  }

  #whole(path: string): Uint8Array | DiskError | undefined {
    return this.store.size(path) === undefined ? undefined : this.store.read(path, 0, undefined)
  }

  #sizeOf(bytes: Uint8Array | DiskError | undefined): number | undefined {
    return bytes instanceof Uint8Array ? bytes.length : undefined
  }

  /** So many bytes at the beginning of the file has every sync covered. */
  #syncedSize(path: string): number {
    let size = this.store.size(path) ?? 0
    for (const change of this.#unsynced) {
      if (change.path !== path) continue
      size = Math.min(size, change.how === 'replace' ? 0 : (change.sizeBefore ?? 0))
    }
    return size
  }

  #did(
    how: Change['how'],
    path: string,
    sizeBefore: number | undefined,
    bytes: Uint8Array | undefined,
    before: Uint8Array | undefined,
    sizeBytes: number,
  ): void {
    this.#unsynced.push({ change: ++this.#changes, how, path, sizeBefore, bytes, before, sizeBytes, doomed: false })
  }
}

/** Of an append: the name where the file is new, each page that it touches, the new size. 1 for every other change. */
const piecesOf = (change: Change): number => (change.how === 'append' ? nameOf(change) + pagesOf(change) + 1 : 1)
const nameOf = ({ sizeBefore }: Change): number => (sizeBefore === undefined ? 1 : 0)
const pagesOf = ({ sizeBefore = 0, sizeBytes }: Change): number =>
  sizeBytes === sizeBefore ? 0 : Math.ceil(sizeBytes / PAGE_BYTES) - Math.floor(sizeBefore / PAGE_BYTES)

function undo({ how, sizeBefore, before }: Change, now: Uint8Array | undefined): Uint8Array | undefined {
  switch (how) {
    case 'append':
      return sizeBefore === undefined ? undefined : now?.slice(0, sizeBefore)
    case 'truncate':
      return joined(now ?? new Uint8Array(0), before as Uint8Array)
    case 'replace':
    case 'remove':
      return before
  }
}

function redo(
  change: Change,
  files: Map<string, Uint8Array | undefined>,
  added: Uint8Array | undefined,
  survives: (part: string | number) => boolean,
): void {
  const { how, path, sizeBefore = 0, sizeBytes } = change
  if (how !== 'append') {
    if (!survives('change')) return
    if (how === 'replace') files.set(path, change.bytes)
    else if (how === 'remove') files.set(path, undefined)
    else files.set(path, files.get(path)?.slice(0, sizeBytes))
    return
  }
  const none = new Uint8Array(0)
  const write = (at: number, bytes: Uint8Array): void => {
    const file = files.get(path)
    if (file !== undefined) files.set(path, written(file, at, bytes))
  }
  if (nameOf(change) === 1 && survives('name')) files.set(path, none)
  const first = Math.floor(sizeBefore / PAGE_BYTES)
  for (let page = first; page < first + pagesOf(change); page++) {
    if (!survives(page)) continue
    const from = Math.max(sizeBefore, page * PAGE_BYTES)
    const to = Math.min(sizeBytes, (page + 1) * PAGE_BYTES)
    if (added) write(from, added.subarray(from - sizeBefore, to - sizeBefore))
  }
  if (survives('size')) write(sizeBytes, none)
}

/** The file with these bytes at `at`; zeros where it was shorter. */
function written(file: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const size = Math.max(file.length, at + bytes.length)
  const changed = new Uint8Array(size)
  changed.set(file)
  changed.set(bytes, at)
  return changed
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}

/** A log's last record is left alone: in ZooKeeper's format nothing tells one whose bits have flipped from one that was being
 *  written when the power went, and a server that takes it for the latter forgets what it has ACKed. */
function coldSize(path: string, synced: Uint8Array): number {
  if (!/(^|\/)log\.[0-9a-f]+$/.test(path)) return synced.length
  let size = 0
  const reader = new LogReader(synced)
  for (let record = reader.next(); record.kind === 'record'; record = reader.next()) size = record.offset
  return size
}

function flip(bytes: Uint8Array, sizeBytes: number, random: Random): void {
  const at = random.int(0, sizeBytes - 1)
  for (let n = random.int(1, 8); n > 0; n--) {
    const place = Math.min(sizeBytes - 1, at + random.int(0, 15))
    bytes[place] = (bytes[place] as number) ^ (1 << random.int(0, 7))
  }
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return a === b
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
