/** The disk of a server whose ensemble has been running for long: an empty tree at a zxid of its own. For runs that begin
 *  near the end of an epoch's counter, or of what is easily taken for a number. */
import { pathTo, snapshotName } from '../core/storage/file-names.ts'
import { encodeSnapshot } from '../core/storage/snapshot-file.ts'
import { DataTree } from '../core/tree/data-tree.ts'
import { asZxid, epochOf } from '../core/wire/ids.ts'
import { toUtf8 } from '../core/wire/utf8.ts'

export interface FirstFile {
  readonly path: string
  readonly bytes: Uint8Array
}

export function firstFiles(firstZxid: bigint): readonly FirstFile[] {
  const zxid = asZxid(firstZxid)
  const tree = new DataTree()
  tree.lastProcessedZxid = zxid
  const epoch = toUtf8(String(epochOf(zxid)))
  return [
    { path: pathTo(snapshotName(zxid)), bytes: encodeSnapshot(tree, new Map()) },
    { path: pathTo('acceptedEpoch'), bytes: epoch },
    { path: pathTo('currentEpoch'), bytes: epoch },
  ]
}
