/** The bytes of a snapshot file. Source: FileSnap.java, SnapStream.java (storage.md section 3). Written at one zxid, or
 *  slice by slice and then fuzzy, as Java servers write them; replaying the log on top of a fuzzy file repairs it. */

import { DataTree } from '../tree/data-tree.ts'
import { DIGEST_VERSION } from '../tree/digest.ts'
import type { OwnerKinds } from '../tree/znode.ts'
import { Adler32 } from '../wire/checksum.ts'
import { asZxid, type SessionId, ZXID_0, type Zxid } from '../wire/ids.ts'
import { JuteError, Reader, Writer } from '../wire/jute.ts'
import { FileHeader, SNAPSHOT_MAGIC } from '../wire/quorum.ts'
import { StorageError } from './storage-error.ts'

/** Of the last txn in the snapshot, which for a fuzzy one is newer than the file's name. */
export interface ZxidDigest {
  readonly zxid: Zxid
  readonly version: number
  readonly digest: bigint
}

export interface Snapshot {
  readonly tree: DataTree
  readonly sessions: Map<SessionId, number>
  /** undefined: written with digest.enabled=false, or before the first txn. */
  readonly digest: ZxidDigest | undefined
}

/** The whole file; its name is the tree's lastProcessedZxid. `withDigest`: zookeeper.digest.enabled. */
export function encodeSnapshot(
  tree: DataTree,
  sessions: ReadonlyMap<SessionId, number>,
  withDigest = true,
): Uint8Array {
  const out = new Writer(4096)
  FileHeader.write(out, FILE_HEADER)
  tree.serialize(out, sessions)
  sealFile(out, tree, new Adler32(), withDigest)
  return out.finish()
}

/** The same in pieces, to be written one behind the other; others may have their turn between them. The file's name is
 *  the tree's lastProcessedZxid when the first piece is asked for. */
export function* encodeInSlices(
  tree: DataTree,
  sessions: ReadonlyMap<SessionId, number>,
  withDigest = true,
  znodes = ZNODES_OF_A_SLICE,
): Generator<Uint8Array> {
  const out = new Writer(4096)
  const checksum = new Adler32()
  FileHeader.write(out, FILE_HEADER)
  for (const _slice of tree.serializeInSlices(out, sessions, znodes)) {
    checksum.update(out.peek())
    yield out.finish()
    out.reset()
  }
  sealFile(out, tree, checksum, withDigest)
  yield out.finish()
}

const FILE_HEADER = { magic: SNAPSHOT_MAGIC, version: 2, dbid: -1n }
/** Less than a millisecond's work: a write that waits for it waits at each of its stops. */
const ZNODES_OF_A_SLICE = 250

/** `checksum` covers what stands before `out`. */
function sealFile(out: Writer, tree: DataTree, checksum: Adler32, withDigest: boolean): void {
  seal(out, checksum, 0)
  if (!withDigest) return
  const sealed = out.length - SEAL_BYTES
  const nothingYet = tree.lastProcessedZxid <= ZXID_0
  out.long(nothingYet ? 0n : tree.lastProcessedZxid)
  out.int(DIGEST_VERSION)
  out.long(nothingYet ? 0n : tree.digest)
  seal(out, checksum, sealed)
}

/** `zxid`: what the file's name says. */
export function decodeSnapshot(
  bytes: Uint8Array,
  name: string,
  zxid: Zxid,
  kinds?: OwnerKinds,
): Snapshot | StorageError {
  try {
    const input = new Reader(bytes)
    const { magic } = FileHeader.read(input)
    if (magic !== SNAPSHOT_MAGIC)
      return new StorageError(`mismatching magic headers ${magic} !=  ${SNAPSHOT_MAGIC}`, name)
    const { tree, sessions } = DataTree.deserialize(input, kinds)
    tree.lastProcessedZxid = zxid
    const checksum = new Adler32()
    if (!sealHolds(input, checksum, 0)) return new StorageError('CRC corruption', name)
    // Older servers and digest.enabled=false end here; 3.9 adds its last zxid and a third seal behind the second.
    if (input.remaining === 0) return { tree, sessions, digest: undefined }
    const sealed = input.offset - SEAL_BYTES
    const digest = readDigest(input)
    if (!sealHolds(input, checksum, sealed)) return new StorageError('CRC corruption', name)
    return { tree, sessions, digest: digest.zxid === ZXID_0 ? undefined : digest }
  } catch (error) {
    if (error instanceof JuteError) return new StorageError(`not a whole snapshot: ${error.message}`, name)
    throw error
  }
}

/** long checksum, ustring "/" */
const SEAL_BYTES = 13

/** Appends a seal over everything before it; `checksum` covers what stands before `from` already. */
function seal(out: Writer, checksum: Adler32, from: number): void {
  const value = checksum.update(out.peek(from)).value
  out.long(BigInt(value))
  out.string('/')
}

function sealHolds(input: Reader, checksum: Adler32, from: number): boolean {
  const { value } = checksum.update(input.bytes, from, input.offset)
  const written = input.long()
  return input.string() === '/' && written === BigInt(value)
}

function readDigest(input: Reader): ZxidDigest {
  const zxid = asZxid(input.long())
  const version = input.int()
  // Version 1 was written as text.
  if (version < 2) {
    input.string()
    return { zxid, version, digest: 0n }
  }
  return { zxid, version, digest: input.long() }
}
