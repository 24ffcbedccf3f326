/** Small helpers on top of node:fs. */
import { closeSync, fsync, open, readdirSync, writeSync } from 'node:fs'
import { DiskError } from '../../core/host.ts'

/** Names of the files directly in a folder; none when it does not exist. */
export function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}

/** Makes durable which files there are in it. */
export function syncFolder(folder: string, done: (error: Error | null) => void): void {
  open(folder, 'r', (missing, fd) => {
    // A folder that is gone has no entries to keep.
    if (missing !== null) return done(null)
    fsync(fd, (error) => {
      closeSync(fd)
      done(error)
    })
  })
}

/** What node:fs throws as the value that the core expects. */
export function attempt<T>(run: () => T): T | DiskError {
  try {
    return run()
  } catch (error) {
    return diskError(error)
  }
}

export function diskError(error: unknown): DiskError {
  if (error instanceof DiskError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new DiskError(code === 'ENOENT' ? 'missing' : full ? 'full' : 'io', message)
}
