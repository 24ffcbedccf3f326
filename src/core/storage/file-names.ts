/** Which files there are and what their names say. Source: Util.java, FileTxnLog.java getLogFiles (storage.md section 1).
 *  Files of other names are none of ours and are left alone, half-written `.tmp` files among them. */
import type { Disk } from '../host.ts'
import { asZxid, bareHex64, type Zxid } from '../wire/ids.ts'

export const DIRECTORY = 'version-2'
export const pathTo = (name: string): string => `${DIRECTORY}/${name}`

export interface NamedFile {
  /** Without the directory. */
  readonly name: string
  readonly zxid: Zxid
}
export interface SnapshotName extends NamedFile {
  /** Snapshots of servers with snapshot.compression.method. */
  readonly compression: 'gz' | 'snappy' | undefined
}

/** Named after its first txn. */
export const logName = (zxid: Zxid): string => `log.${bareHex64(zxid)}`
/** Named after the last txn in it. */
export const snapshotName = (zxid: Zxid): string => `snapshot.${bareHex64(zxid)}`
/** A leader's snapshot that is about to replace everything else here; see replace-history.ts. Not ZooKeeper's. */
export const stagedName = (zxid: Zxid): string => `installing.${bareHex64(zxid)}`

/** Oldest first. */
export const listLogs = (disk: Disk): NamedFile[] => list(disk, /^log\.([0-9a-f]{1,16})$/i)
export const listStaged = (disk: Disk): NamedFile[] => list(disk, /^installing\.([0-9a-f]{1,16})$/i)
export const listSnapshots = (disk: Disk): SnapshotName[] =>
  list(disk, /^snapshot\.([0-9a-f]{1,16})(?:\.(gz|snappy))?$/i).map(({ name, zxid }) => ({
    name,
    zxid,
    compression: name.endsWith('.gz') ? 'gz' : name.endsWith('.snappy') ? 'snappy' : undefined,
  }))

/** The logs that may hold records from `zxid` on, oldest first: the last one that begins at or before it, and all later. */
export function logsFrom(logs: readonly NamedFile[], zxid: Zxid): NamedFile[] {
  const first = logs.findLastIndex((log) => log.zxid <= zxid)
  return logs.slice(Math.max(first, 0))
}

function list(disk: Disk, pattern: RegExp): NamedFile[] {
  const files: NamedFile[] = []
  for (const name of disk.list(DIRECTORY)) {
    const hex = pattern.exec(name)?.[1]
    if (hex !== undefined) files.push({ name, zxid: asZxid(BigInt.asIntN(64, BigInt(`0x${hex}`))) })
  }
  return files.sort((a, b) => (a.zxid < b.zxid ? -1 : a.zxid > b.zxid ? 1 : 0))
}
