/** A disk for tests of the core: syncs complete when the test says so, any operation can be made to fail, and a power
 *  cut may lose any part of what no completed sync covers. */
import { type Disk, DiskError } from '../../src/core/host.ts'

type Operation =
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'replace'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly path: string }

export class MemoryDisk implements Disk {
  readonly files: Map<string, Uint8Array>
  /** As of the newest completed sync. */
  #durable: Map<string, Uint8Array>
  #unsynced: Operation[] = []
  #syncs: { readonly covers: number; readonly done: (error?: DiskError) => void }[] = []
  /** Completed syncs. */
  syncs = 0
  /** Operations in the order of their calls: `append version-2/log.1`. */
  readonly calls: string[] = []
  /** Makes a call fail; asked before each. */
  fault: (call: string) => DiskError | undefined = () => undefined

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.files = new Map(files)
    this.#durable = new Map(this.files)
  }

  list(directory: string): string[] {
    const inside = directory === '' ? '' : `${directory}/`
    return [...this.files.keys()]
      .filter((path) => path.startsWith(inside) && !path.slice(inside.length).includes('/'))
      .map((path) => path.slice(inside.length))
      .sort()
  }
  size(path: string): number | undefined {
    return this.files.get(path)?.length
  }
  read(path: string, offset = 0, length?: number): Uint8Array | DiskError {
    const bytes = this.files.get(path)
    return (
      this.#fails(`read ${path}`) ??
      bytes?.slice(offset, length === undefined ? undefined : offset + length) ??
      new DiskError('missing', path)
    )
  }
  append(path: string, bytes: Uint8Array): DiskError | undefined {
    const offset = this.files.get(path)?.length ?? 0
    return this.#fails(`append ${path}`) ?? this.#do({ kind: 'write', path, offset, bytes: bytes.slice() })
  }
  truncate(path: string, sizeBytes: number): DiskError | undefined {
    return this.#fails(`truncate ${path}`) ?? this.#do({ kind: 'truncate', path, sizeBytes })
  }
  replace(path: string, bytes: Uint8Array): DiskError | undefined {
    return this.#fails(`replace ${path}`) ?? this.#do({ kind: 'replace', path, bytes: bytes.slice() })
  }
  remove(path: string): DiskError | undefined {
    return this.#fails(`remove ${path}`) ?? this.#do({ kind: 'remove', path })
  }
  sync(done: (error?: DiskError) => void): void {
    this.calls.push('sync')
    this.#syncs.push({ covers: this.#unsynced.length, done })
  }

  /** Completes the oldest sync. @returns false when none is under way */
  step(): boolean {
    const sync = this.#syncs.shift()
    if (sync === undefined) return false
    const error = this.fault('sync')
    if (error !== undefined) {
      sync.done(error)
      return true
    }
    for (const operation of this.#unsynced.slice(0, sync.covers)) perform(this.#durable, operation)
    this.#unsynced = this.#unsynced.slice(sync.covers)
    this.#syncs = this.#syncs.map((later) => ({ ...later, covers: Math.max(0, later.covers - sync.covers) }))
    this.syncs++
    sync.done()
    return true
  }
  /** Completes syncs until none is under way. */
  settle(): void {
    while (this.step());
  }
  get pending(): number {
    return this.#syncs.length
  }

  /** The process is killed: what it wrote stays, syncs under way are heard of by nobody. */
  killed(): MemoryDisk {
    const next = new MemoryDisk(this.files)
    next.#durable = new Map(this.#durable)
    next.#unsynced = [...this.#unsynced]
    return next
  }

  /** The power goes: of the operations that no completed sync covers those survive for which `survives` says so. */
  afterPowerCut(survives: (index: number) => boolean): MemoryDisk {
    const next = new MemoryDisk(this.#durable)
    this.#unsynced.forEach((operation, index) => {
      if (survives(index)) perform(next.files, operation)
    })
    return new MemoryDisk(next.files)
  }
  get unsynced(): number {
    return this.#unsynced.length
  }

  #do(operation: Operation): undefined {
    perform(this.files, operation)
    this.#unsynced.push(operation)
  }
  #fails(call: string): DiskError | undefined {
    this.calls.push(call)
    return this.fault(call)
  }
}

function perform(files: Map<string, Uint8Array>, operation: Operation): void {
  const { path } = operation
  const old = files.get(path)
  if (operation.kind === 'remove') files.delete(path)
  else if (operation.kind === 'replace') files.set(path, operation.bytes)
  else if (operation.kind === 'truncate') {
    if (old !== undefined) files.set(path, old.slice(0, operation.sizeBytes))
  } else {
    const bytes = new Uint8Array(Math.max(old?.length ?? 0, operation.offset + operation.bytes.length))
    if (old !== undefined) bytes.set(old)
    bytes.set(operation.bytes, operation.offset)
    files.set(path, bytes)
  }
}
