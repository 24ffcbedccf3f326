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
  /** All files, sorted. */
  paths(): string[]
}

/** In memory. */
export class MemoryStore implements FileStore {
  readonly #files = new Map<string, Growing>()

  list(directory: string): string[] {
    return namesIn(directory, this.#files.keys())
  }

  paths(): string[] {
    return [...this.#files.keys()].sort()
  }

  size(path: string): number | undefined {
    return this.#files.get(path)?.sizeBytes
  }

  read(path: string, offset: number, length: number | undefined): Uint8Array | DiskError {
    const file = this.#files.get(path)
    if (!file) return missing(path)
    return file.slice(offset, length === undefined ? file.sizeBytes : offset + length)
  }

  append(path: string, bytes: Uint8Array): undefined {
    let file = this.#files.get(path)
    if (!file) {
      file = new Growing()
      this.#files.set(path, file)
    }
    file.append(bytes)
  }

  truncate(path: string, sizeBytes: number): DiskError | undefined {
    const file = this.#files.get(path)
    if (!file) return missing(path)
    file.truncate(sizeBytes)
    return
  }

  replace(path: string, bytes: Uint8Array): undefined {
    const file = new Growing()
    file.append(bytes)
    this.#files.set(path, file)
  }

  remove(path: string): DiskError | undefined {
    return this.#files.delete(path) ? undefined : missing(path)
  }
}

const missing = (path: string): DiskError => new DiskError('missing', `${path}: no such file`)

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
