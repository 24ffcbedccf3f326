/** Whose files these are. Source: QuorumPeerConfig.java setupMyId. */
import { type Disk, DiskError } from '../host.ts'
import type { Sid } from '../wire/ids.ts'
import { decodeUtf8, toUtf8 } from '../wire/utf8.ts'
import { StorageError } from './storage-error.ts'

const FILE = 'myid'

/** undefined: there is no such file. */
export function readMyId(disk: Disk): Sid | StorageError | undefined {
  if (disk.size(FILE) === undefined) return undefined
  const bytes = disk.read(FILE)
  if (bytes instanceof DiskError) return StorageError.of(bytes, FILE)
  const line = (decodeUtf8(bytes).split('\n')[0] ?? '').replace(/\r$/, '')
  return /^[+-]?\d+$/.test(line) ? Number(line) : new StorageError(`serverid ${line} is not a number`, FILE)
}

/** A directory without an owner becomes this server's; another server's is refused. */
export function claim(disk: Disk, sid: Sid): StorageError | undefined {
  const owner = readMyId(disk)
  if (owner instanceof StorageError) return owner
  if (owner === undefined) {
    const error = disk.replace(FILE, toUtf8(`${sid}\n`))
    return error === undefined ? undefined : StorageError.of(error, FILE)
  }
  return owner === sid ? undefined : new StorageError(`these are the files of server ${owner}, not of ${sid}`, FILE)
}
