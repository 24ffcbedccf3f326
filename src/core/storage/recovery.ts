/** From the files of a dead server to what it knew. Source: FileTxnSnapLog.java restore, fastForwardFromEdits; FileSnap.java
 *  deserialize (storage.md section 4). Nothing is written here.
 *
 *  Different on purpose, so that a server never starts silently with less than it had (storage.md says what ZooKeeper
 *  does): records that are missing between two others, one that cannot be read before one that can, and a snapshot that is damaged and whose zxid the log does not
 *  reach, stop the server; an empty last log file, which a crash leaves, does not. */
import { type Disk, DiskError } from '../host.ts'
import { DataTree } from '../tree/data-tree.ts'
import type { OwnerKinds } from '../tree/znode.ts'
import { asZxid, follows, hex64, type Zxid } from '../wire/ids.ts'
import { EndOfInput, JuteError } from '../wire/jute.ts'
import { decodeLogged } from '../wire/txn.ts'
import { CommittedLog } from './committed-log.ts'
import { listLogs, listSnapshots, logsFrom, type NamedFile, pathTo } from './file-names.ts'
import { decodeSnapshot, type Snapshot } from './snapshot-file.ts'
import { State } from './state.ts'
import { StorageError } from './storage-error.ts'
import { LogReader } from './txn-log.ts'

export interface RecoveryOptions {
  /** Length of the window of committed txns. */
  readonly commitLogCount: number
  /** zookeeper.snapshot.trust.empty: logs without a snapshot are replayed on an empty tree. (No snapshot is forced
   *  afterwards: the next one comes with the next log file.) */
  readonly trustEmpty?: boolean
  /** Be as strict with an empty last log file as ZooKeeper is. */
  readonly emptyLogIsFatal?: boolean
  /** How owners of znodes are read; default: with extended types. */
  readonly kinds?: OwnerKinds
  /** Longest txn; default: that of the default jute.maxbuffer. */
  readonly maxRecordBytes?: number
  /** Go back to this txn: newer snapshots and records are not looked at. */
  readonly upTo?: Zxid
}

export interface Recovered {
  readonly state: State
  readonly committedLog: CommittedLog
  /** undefined: no snapshot and no log, or a trusted log alone. */
  readonly snapshot: NamedFile | undefined
  /** Records replayed on top of the snapshot. */
  readonly records: number
  /** Newest zxids in the log, oldest first, at most LOG_TAIL. */
  readonly logTail: readonly Zxid[]
  /** The last file ended in the midst of a record. */
  readonly tornTail: boolean
}

const LOG_TAIL = 64
const MAX_CANDIDATES = 100

export function recover(disk: Disk, options: RecoveryOptions): Recovered | StorageError {
  const wanted = ({ zxid }: NamedFile): boolean => options.upTo === undefined || zxid <= options.upTo
  const candidates = listSnapshots(disk).filter(wanted)
  const logs = listLogs(disk).filter(wanted)
  /** The newest snapshot that could not be used. */
  let rejected: { readonly zxid: Zxid; readonly error: StorageError } | undefined
  let found: { readonly file: NamedFile; readonly snapshot: Snapshot } | undefined
  for (const file of candidates.reverse().slice(0, MAX_CANDIDATES)) {
    const snapshot = readSnapshot(disk, file, options.kinds)
    if (!(snapshot instanceof StorageError)) {
      found = { file, snapshot }
      break
    }
    rejected ??= { zxid: file.zxid, error: snapshot }
  }
  if (found === undefined) {
    if (rejected !== undefined) {
      const { file, reason } = rejected.error
      return new StorageError(`Not able to find valid snapshots: ${reason}`, file)
    }
    if (logs.length > 0 && options.trustEmpty !== true)
      return new StorageError('No snapshot found, but there are log entries. Something is broken!', logs[0]?.name)
  }
  let state =
    found === undefined
      ? new State(new DataTree(options.kinds))
      : new State(found.snapshot.tree, found.snapshot.sessions, found.snapshot.digest)
  let replayed = replay(disk, logs, state, options)
  if (replayed === 'repeats') {
    // From the beginning: what has been applied is not what counts.
    const again = found === undefined ? undefined : readSnapshot(disk, found.file, options.kinds)
    if (again instanceof StorageError) return again
    state =
      again === undefined ? new State(new DataTree(options.kinds)) : new State(again.tree, again.sessions, again.digest)
    replayed = replay(disk, logs, state, options, overtaken(disk, logs, options))
  }
  if (replayed === 'repeats') return new StorageError('the log repeats itself')
  if (replayed instanceof StorageError) return replayed
  if (rejected !== undefined && state.tree.lastProcessedZxid < rejected.zxid)
    return new StorageError(`${rejected.error.reason}, and the log ends before it`, rejected.error.file)
  return { ...replayed, state, snapshot: found?.file }
}

/** The content of a snapshot file; a reason when it is not whole or compressed. */
export function readSnapshot(
  disk: Disk,
  { name, zxid, compression }: NamedFile & { readonly compression?: string | undefined },
  kinds?: OwnerKinds,
): Snapshot | StorageError {
  if (compression !== undefined)
    return new StorageError(`the snapshot is compressed (${compression}), which cannot be read here`, name)
  const bytes = disk.read(pathTo(name))
  return bytes instanceof DiskError ? StorageError.of(bytes, name) : decodeSnapshot(bytes, name, zxid, kinds)
}

/** repeats: a record is not newer than the one before it, and nobody has said what is `gone` for that. */
function replay(
  disk: Disk,
  logs: readonly NamedFile[],
  state: State,
  options: RecoveryOptions,
  gone?: ReadonlySet<string>,
): Omit<Recovered, 'state' | 'snapshot'> | StorageError | 'repeats' {
  const committedLog = new CommittedLog(options.commitLogCount)
  const start = state.tree.lastProcessedZxid
  const files = logsFrom(logs, asZxid(start + 1n))
  let logTail: Zxid[] = []
  let records = 0
  let tornTail = false
  /** A file before the last ends in the midst of a record: a crash leaves that, and so do bits that flip in its last one. */
  let torn: string | undefined
  for (const { name } of files) {
    const isLast = name === files.at(-1)?.name
    const bytes = disk.read(pathTo(name))
    if (bytes instanceof DiskError) return StorageError.of(bytes, name)
    const reader = new LogReader(bytes, options.maxRecordBytes)
    const header = reader.checkHeader(name)
    if (header === 'empty') {
      if (isLast && options.emptyLogIsFatal !== true) {
        tornTail = true
        // The log may go on under another name, in a later epoch: then this file would stand in its midst.
        const error = disk.remove(pathTo(name))
        if (error !== undefined) return StorageError.of(error, name)
        break
      }
      return new StorageError('the file ends inside its header', name)
    }
    if (header !== undefined) return new StorageError(header.reason, name)
    for (;;) {
      const record = reader.next()
      if (record.kind === 'damaged') return new StorageError(record.reason, name)
      if (record.kind !== 'record') {
        if (isLast) tornTail = record.kind === 'torn'
        else if (record.kind === 'torn') torn = name
        break
      }
      const { zxid, body } = record
      if (options.upTo !== undefined && zxid > options.upTo) continue
      if (gone?.has(placeOf(name, record.offset))) continue
      logTail.push(zxid)
      if (logTail.length >= 2 * LOG_TAIL) logTail = logTail.slice(-LOG_TAIL)
      const last = state.tree.lastProcessedZxid
      // In the snapshot already.
      if (zxid <= start && records === 0) continue
      if (zxid <= last && gone === undefined) return 'repeats'
      if (!follows(last, zxid))
        return new StorageError(`${hex64(zxid)} stands behind ${hex64(last)}: records between them are missing`, name)
      const logged = decodeRecord(body)
      if (typeof logged === 'string') return new StorageError(logged, name)
      const { digestMatches } = state.apply(logged)
      if (torn !== undefined && !digestMatches)
        return new StorageError(`${hex64(zxid)} of ${name} does not follow: the end of this file cannot be read`, torn)
      torn = undefined
      committedLog.add(zxid, body)
      records++
    }
  }
  committedLog.detach()
  return { committedLog, records, logTail: logTail.slice(-LOG_TAIL), tornTail }
}

/** The places of records behind which one stands that is not newer. ZooKeeper's learner, when it loses its leader in the
 *  midst of synchronization, goes on with the tree that it had, and is then sent once more what it has logged already
 *  (ZOOKEEPER-4394 makes it do so again and again): what it logged later is what was meant. Java replays all of it. */
function overtaken(disk: Disk, logs: readonly NamedFile[], { maxRecordBytes }: RecoveryOptions): ReadonlySet<string> {
  const gone = new Set<string>()
  const standing: { readonly zxid: Zxid; readonly place: string }[] = []
  for (const { name } of logs) {
    const bytes = disk.read(pathTo(name))
    if (bytes instanceof DiskError) continue
    const reader = new LogReader(bytes, maxRecordBytes)
    for (let record = reader.next(); record.kind === 'record'; record = reader.next()) {
      for (let last = standing.at(-1); last !== undefined && last.zxid >= record.zxid; last = standing.at(-1)) {
        gone.add(last.place)
        standing.pop()
      }
      standing.push({ zxid: record.zxid, place: placeOf(name, record.offset) })
    }
  }
  return gone
}

const placeOf = (name: string, offset: number): string => `${name}:${offset}`

function decodeRecord(body: Uint8Array): ReturnType<typeof decodeLogged> | string {
  try {
    return decodeLogged(body)
  } catch (error) {
    if (error instanceof EndOfInput) return 'a record is too short for its type, though its checksum holds'
    if (error instanceof JuteError) return error.message
    throw error
  }
}
