/** Taking history away: TRUNC, SNAP, purge. Each is a list of steps; the caller syncs the disk behind every step before
 *  it goes on, and writes nothing to the log meanwhile. So a power cut at any point, and with any part of one step's
 *  operations lost, leaves files from which recovery gets either what was there before or what comes after.
 *  Sources: FileTxnLog.java truncate, PurgeTxnLog.java; ZOOKEEPER-2832, -4837, -2872 (known-bugs.md). */
import { type Disk, DiskError } from '../host.ts'
import type { Zxid } from '../wire/ids.ts'
import {
  listLogs,
  listSnapshots,
  listStaged,
  logsFrom,
  type NamedFile,
  pathTo,
  snapshotName,
  stagedName,
} from './file-names.ts'
import { readSnapshot } from './recovery.ts'
import { StorageError } from './storage-error.ts'
import { LogReader } from './txn-log.ts'

export type Step = () => DiskError | undefined
/** Called when a file has been removed. */
type OnRemoved = (file: string) => void

/** Cuts everything newer than `zxid`: first the snapshots, since a reload would find the cut tail in them (4837), then
 *  logs from the newest backwards, so that there is never a hole. */
export function truncationSteps(
  disk: Disk,
  zxid: Zxid,
  onRemoved: OnRemoved,
  maxRecordBytes?: number,
): Step[] | StorageError {
  const logs = listLogs(disk)
  if (logs.length === 0)
    return new StorageError(
      'No log files found to truncate! This could happen if you still have snapshots from an old setup or log files were deleted accidentally or dataLogDir was changed in zoo.cfg.',
    )
  const snapshots = listSnapshots(disk).filter((file) => file.zxid > zxid)
  const steps: Step[] = []
  if (snapshots.length > 0) steps.push(() => removeAll(disk, snapshots, onRemoved))
  for (const log of logs.filter((file) => file.zxid > zxid).reverse())
    steps.push(() => removeAll(disk, [log], onRemoved))
  const last = logs.findLast((file) => file.zxid <= zxid)
  if (last !== undefined) {
    const bytes = disk.read(pathTo(last.name))
    if (bytes instanceof DiskError) return StorageError.of(bytes, last.name)
    const cut = endOf(bytes, zxid, maxRecordBytes)
    if (cut !== undefined) steps.push(() => disk.truncate(pathTo(last.name), cut))
  }
  return steps
}

/** Where the last record ends that is not newer than `zxid`; undefined when nothing stands behind it. */
function endOf(bytes: Uint8Array, zxid: Zxid, maxRecordBytes: number | undefined): number | undefined {
  const reader = new LogReader(bytes, maxRecordBytes)
  let cut: number | undefined
  for (let record = reader.next(); record.kind === 'record'; record = reader.next()) {
    if (record.zxid <= zxid) cut = undefined
    else cut ??= record.offset
  }
  return cut
}

/** Puts a leader's snapshot in the place of everything that is here. When nothing here is newer, the snapshot's name
 *  alone decides and the rest may go at leisure. Otherwise recovery would prefer the old files, or replay their tail on
 *  top of it (2832): then the snapshot waits under another name until they are gone, and a recovery that finds it there
 *  finishes the work. `newest`: the newest zxid that is logged here. */
export function replacementSteps(
  disk: Disk,
  zxid: Zxid,
  snapshot: Uint8Array,
  newest: Zxid,
  onRemoved: OnRemoved,
): Step[] {
  const file = snapshotName(zxid)
  const old = [...listLogs(disk), ...listSnapshots(disk)]
  const write = (name: string) => () => disk.replace(pathTo(name), snapshot)
  const remove = () => removeAll(disk, old, onRemoved)
  if (newest <= zxid && old.every((each) => each.zxid <= zxid && each.name !== file)) return [write(file), remove]
  const staged = stagedName(zxid)
  return [write(staged), remove, write(file), () => disk.remove(pathTo(staged))]
}

/** Before recovery: finishes a replacement that a crash has interrupted. The steps that are left come after the sync. */
export function resumeReplacement(disk: Disk, onRemoved: OnRemoved): Step[] | StorageError {
  const staged = listStaged(disk)[0]
  if (staged === undefined) return []
  const snapshot = readSnapshot(disk, staged)
  if (snapshot instanceof StorageError) return snapshot
  const bytes = disk.read(pathTo(staged.name))
  if (bytes instanceof DiskError) return StorageError.of(bytes, staged.name)
  const error =
    removeAll(disk, [...listLogs(disk), ...listSnapshots(disk)], onRemoved) ??
    disk.replace(pathTo(snapshotName(staged.zxid)), bytes)
  if (error !== undefined) return StorageError.of(error, staged.name)
  return [() => disk.remove(pathTo(staged.name))]
}

/** Files that nothing needs any more: the `keep` newest whole snapshots stay, and the logs from the oldest of them on.
 *  Compressed ones, which cannot be read here, do not count. `isWhole` is asked newest first. */
export function purgeable(disk: Disk, keep: number, isWhole: (file: NamedFile) => boolean): readonly NamedFile[] {
  const snapshots = listSnapshots(disk)
  let kept = 0
  let oldest: Zxid | undefined
  for (const file of snapshots.toReversed()) {
    if (kept === keep) break
    if (file.compression !== undefined || !isWhole(file)) continue
    kept++
    oldest = file.zxid
  }
  if (oldest === undefined || kept < keep) return []
  const from = oldest
  const logs = listLogs(disk)
  const needed = new Set(logsFrom(logs, from).map(({ name }) => name))
  return [...snapshots, ...logs].filter(({ name, zxid }) => zxid < from && !needed.has(name))
}

export function removeAll(disk: Disk, files: readonly NamedFile[], onRemoved: OnRemoved): DiskError | undefined {
  for (const { name } of files) {
    const error = disk.remove(pathTo(name))
    if (error !== undefined) return error
    onRemoved(name)
  }
  return undefined
}
