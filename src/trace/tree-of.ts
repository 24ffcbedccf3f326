/** Trees as the trace tells them: a snapshot file's bytes. */
import { DataTree } from '../core/tree/data-tree.ts'
import { kindOf as kindOfOwner, type NodeKind, ttlOf as ttlOfOwner } from '../core/tree/znode.ts'
import type { SessionId } from '../core/wire/ids.ts'
import { Reader } from '../core/wire/jute.ts'
import { FileHeader, SNAPSHOT_MAGIC } from '../core/wire/quorum.ts'

export interface LoadedTree {
  readonly tree: DataTree
  /** Timeout in ms. */
  readonly sessions: ReadonlyMap<SessionId, number>
}

/** Undefined when the bytes are no snapshot. */
export function loadTree(snapshot: Uint8Array): LoadedTree | undefined {
  try {
    const input = new Reader(snapshot)
    if (FileHeader.read(input).magic !== SNAPSHOT_MAGIC) return undefined
    return DataTree.deserialize(input)
  } catch {
    return undefined
  }
}

export const emptyTree = (): DataTree => new DataTree()

/** For views, which know the tree only as part of the picture. */
export const kindOf = (ephemeralOwner: bigint): NodeKind => kindOfOwner(ephemeralOwner)
/** ms, of a znode with a time to live. */
export const ttlOf = (ephemeralOwner: bigint): bigint => ttlOfOwner(ephemeralOwner)
