/** The files of one server, behind its disk port: synchronous, and alive when the process is not. */
import { DiskError } from '../core/host.ts'

export interface FileStore {
  /** File names directly in a directory, sorted. */
  list(directory: string): string[]
  size(path: string): number | undefined
  /** The caller may keep the bytes. */
  read(path: string, offset: number, length: number | undefined): Uint8Array | DiskError
  append(path: string, bytes: Uint8Array): DiskError | undefined
  truncate(path: string, sizeBytes: number): DiskError | undefined
  replace(path: string, bytes: Uint8Array): DiskError | undefined
  remove(path: string): DiskError | undefined
  /** How many changes there have been; what a later `synced` refers to. */
  mark(): number
  /** A sync that began at `mark` is complete: changes up to it survive a power cut. */
  synced(mark: number): void
}

/** In memory. Knows how to undo each change that no completed sync covers, so that a power cut can take it back. */
export class MemoryStore implements FileStore {
  readonly #files = new Map<string, Growing>()
  /** Oldest first; `change` counts up. */
  #unsynced: { readonly change: number; readonly undo: () => void }[] = []
  #changes = 0

  list(directory: string): string[] {
    return namesIn(directory, this.#files.keys())
  }

  size(path: string): number | undefined {
    return this.#files.get(path)?.sizeBytes
  }

  read(path: string, offset: number, length: number | undefined): Uint8Array | DiskError {
    const file = this.#files.get(path)
    if (!file) return new DiskError('missing', `${path}: no such file`)
    return file.slice(offset, length === undefined ? file.sizeBytes : offset + length)
  }

  append(path: string, bytes: Uint8Array): undefined {
    const known = this.#files.get(path)
    const file = known ?? new Growing()
    const before = file.sizeBytes
    if (!known) this.#files.set(path, file)
    file.append(bytes)
    this.#did(() => {
      file.truncate(before)
      if (!known) this.#files.delete(path)
    })
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    const file = this.#files.get(path)
    if (!file) return new DiskError('missing', `${path}: no such file`)
    if (sizeBytes >= file.sizeBytes) return
    const cut = file.slice(sizeBytes, file.sizeBytes)
    file.truncate(sizeBytes)
    this.#did(() => file.append(cut))
    return
  }

  replace(path: string, bytes: Uint8Array): undefined {
    const before = this.#files.get(path)
    const file = new Growing()
    file.append(bytes)
    this.#files.set(path, file)
    this.#did(() => (before ? this.#files.set(path, before) : this.#files.delete(path)))
  }

  remove(path: string): DiskError | undefined {
    const file = this.#files.get(path)
    if (!file) return new DiskError('missing', `${path}: no such file`)
    this.#files.delete(path)
    this.#did(() => this.#files.set(path, file))
    return
  }

  mark(): number {
    return this.#changes
  }

  synced(mark: number): void {
    let done = 0
    while (done < this.#unsynced.length && (this.#unsynced[done]?.change ?? 0) <= mark) done++
    if (done > 0) this.#unsynced.splice(0, done)
  }

  /** Takes back everything that no completed sync covers. */
  losePower(): void {
    for (const { undo } of this.#unsynced.reverse()) undo()
    this.#unsynced = []
  }

  #did(undo: () => void): void {
    this.#unsynced.push({ change: ++this.#changes, undo })
  }
}

/** The names of the files directly in `directory`, sorted by code unit. */
export const namesIn = (directory: string, paths: Iterable<string>): string[] => {
  const prefix = directory === '' || directory === '.' ? '' : `${directory}/`
  const names: string[] = []
  for (const path of paths) {
    if (path.startsWith(prefix) && !path.includes('/', prefix.length)) names.push(path.slice(prefix.length))
  }
  return names.sort()
}

/** Bytes with room to grow. */
export class Growing {
  #bytes = new Uint8Array(64)
  sizeBytes = 0

  append(bytes: Uint8Array): void {
    const size = this.sizeBytes + bytes.length
    if (size > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(size, this.#bytes.length * 2))
      wider.set(this.#bytes.subarray(0, this.sizeBytes))
      this.#bytes = wider
    }
    this.#bytes.set(bytes, this.sizeBytes)
    this.sizeBytes = size
  }

  slice(from: number, to: number): Uint8Array {
    return this.#bytes.slice(Math.min(from, this.sizeBytes), Math.min(to, this.sizeBytes))
  }

  /** All of them, not copied: valid until the next change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.sizeBytes)
  }

  truncate(sizeBytes: number): void {
    this.sizeBytes = Math.min(this.sizeBytes, sizeBytes)
  }
}
