import type { Zxid } from '../wire/ids.ts'

export type StorageEvent =
  /** Disk replay finished, or what only the log had has been applied to the tree of `snapshotZxid`. zxid: the last record's, or
   *  the snapshot's when no record follows it. */
  | {
      readonly kind: 'recovered'
      readonly zxid: Zxid
      readonly snapshotZxid: Zxid
      readonly records: number
      readonly acceptedEpoch: number
      readonly currentEpoch: number
      /** The last record of the last file was torn and is gone. */
      readonly tornTail: boolean
    }
  /** The tree as a whole, after recovery, TRUNC or SNAP: a snapshot file's bytes. `logTail`: the newest logged zxids, oldest first. */
  | {
      readonly kind: 'treeLoaded'
      readonly zxid: Zxid
      readonly snapshot: Uint8Array
      readonly logTail: readonly Zxid[]
    }
  /** Appended to the log, not yet on disk. */
  | {
      readonly kind: 'logged'
      readonly zxid: Zxid
      readonly file: string
      readonly offset: number
      readonly sizeBytes: number
    }
  /** A sync completed: everything up to zxid survives a power cut. */
  | { readonly kind: 'durable'; readonly zxid: Zxid }
  | { readonly kind: 'snapshotTaken'; readonly zxid: Zxid; readonly file: string; readonly sizeBytes: number }
  /** purged: newer snapshots make it superfluous. truncated: its history was cut (TRUNC) or replaced (SNAP). */
  | { readonly kind: 'fileRemoved'; readonly file: string; readonly why: 'purged' | 'truncated' }
