/** Reads snapshot files: a second reader, which shares no code with the writer but the primitives of jute.
 *  Source: FileSnap.java, DataTree.java serialize (storage.md section 3). */
import { type ACL, AclList, DataNodeRecord } from '../core/wire/data.ts'
import { JuteError, Reader } from '../core/wire/jute.ts'
import { adler32 } from './log-reader.ts'

export interface SnapshotNode {
  readonly data: Uint8Array | null
  readonly acl: readonly ACL[] | undefined
  readonly stat: DataNodeRecord['stat']
}

export interface SnapshotSeen {
  readonly sessions: ReadonlyMap<bigint, number>
  /** The root's path is "". */
  readonly nodes: ReadonlyMap<string, SnapshotNode>
  /** What the file itself says of its digest. */
  readonly digest: bigint | undefined
}

const MAGIC = 0x5a4b534e
const SEAL_BYTES = 13
/** Java's ids of ACLs that are no list of their own. */
const OPEN_ACL = -1n

/** Whole, with a good seal at its end: all that recovery needs to know before it reads it. */
export function isWhole(bytes: Uint8Array): boolean {
  if (bytes.length < 16 + SEAL_BYTES) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getInt32(0) !== MAGIC) return false
  const at = bytes.length - SEAL_BYTES
  return (
    view.getInt32(at + 8) === 1 &&
    bytes[at + 12] === 0x2f &&
    view.getInt32(at) === 0 &&
    view.getUint32(at + 4) === adler32(bytes.subarray(0, at))
  )
}

/** The content; a reason where it makes no sense. `bytes`: a whole file, or what a server shows of its tree. */
export function readSnapshot(bytes: Uint8Array): SnapshotSeen | string {
  try {
    const input = new Reader(bytes)
    if (input.int() !== MAGIC) return 'it has another magic number'
    input.int()
    input.long()
    const sessions = new Map<bigint, number>()
    for (let count = input.int(); count > 0; count--) {
      const session = input.long()
      sessions.set(session, input.int())
    }
    const acls = new Map<bigint, readonly ACL[]>()
    for (let count = input.int(); count > 0; count--) {
      const id = input.long()
      acls.set(id, AclList.read(input))
    }
    const nodes = new Map<string, SnapshotNode>()
    for (let path = input.string() ?? ''; path !== '/'; path = input.string() ?? '') {
      const { data, acl, stat } = DataNodeRecord.read(input)
      if (nodes.has(path)) return `${path} is in it twice`
      nodes.set(path, { data, acl: acl === OPEN_ACL ? OPEN : acls.get(acl), stat })
    }
    input.long()
    if (input.string() !== '/') return 'it has no seal'
    let digest: bigint | undefined
    if (input.remaining > 0) {
      input.long()
      if (input.int() >= 2) digest = input.long()
    }
    return { sessions, nodes, digest }
  } catch (error) {
    if (error instanceof JuteError) return error.message
    throw error
  }
}

const OPEN: readonly ACL[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]
