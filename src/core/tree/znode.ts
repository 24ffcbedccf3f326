/** One znode, and what its ephemeralOwner says about its kind. Source: DataNode.java, EphemeralType.java. */
import type { Stat, StatPersisted } from '../wire/data.ts'
import { LONG_MIN, type Zxid } from '../wire/ids.ts'

/** What the rest of the core may see of a znode. It changes with the tree: copy what has to stay. */
export interface NodeView extends StatPersisted {
  /** null is not the same as empty. */
  readonly data: Uint8Array | null
  /** Index into the tree's ACL cache; `DataTree.aclOf` turns it into a list. */
  readonly acl: number
  readonly childCount: number
}

const EMPTY = new Uint8Array(0)

/** Data to be kept for long: a copy, unless it is alone in its buffer, for a view would keep all that it came with. */
export const kept = (data: Uint8Array | null): Uint8Array | null =>
  data === null || data.length === data.buffer.byteLength ? data : data.length === 0 ? EMPTY : copyOf(data)

/** Engines keep arrays of up to 64 bytes with their objects; a larger one is a buffer that costs microseconds to make. So
 *  small data share one, which is so small that a znode that outlives its neighbours keeps no more than a kilobyte. */
const INLINE_BYTES = 64
const SHARED_MAX_BYTES = 256
const SHARED_BYTES = 1024
let shared = EMPTY
let sharedUsed = 0

function copyOf(data: Uint8Array): Uint8Array {
  const { length } = data
  if (length <= INLINE_BYTES || length > SHARED_MAX_BYTES) return data.slice()
  if (sharedUsed + length > shared.length) {
    shared = new Uint8Array(SHARED_BYTES)
    sharedUsed = 0
  }
  const copy = shared.subarray(sharedUsed, sharedUsed + length)
  for (let n = 0; n < length; n++) copy[n] = data[n] as number
  sharedUsed += length
  return copy
}

/** Of the newest node: many are made in the same millisecond. */
let lastTime = 0n

export class ZNode implements NodeView {
  data: Uint8Array | null
  acl: number
  czxid: Zxid
  mzxid: Zxid
  pzxid: Zxid
  ctime: bigint
  mtime: bigint
  version: number
  /** Counts creations of children only. */
  cversion: number
  aversion: number
  ephemeralOwner: bigint
  /** Paths in order of creation, the same strings as the tree has them; null for a leaf, since most znodes are leaves. */
  children: Set<string> | null = null
  /** What this node adds to the tree's digest now; kept so that it can be taken away again. As a signed number, which
   *  engines keep without an object for it. */
  digest = 0

  constructor(data: Uint8Array | null, acl: number, stat: StatPersisted) {
    this.data = kept(data)
    this.acl = acl
    this.czxid = stat.czxid
    // Equal numbers share one object: a tree of 100,000 znodes has a million of these.
    this.mzxid = stat.mzxid === stat.czxid ? stat.czxid : stat.mzxid
    this.pzxid = stat.pzxid === stat.czxid ? stat.czxid : stat.pzxid
    this.ctime = stat.ctime === lastTime ? lastTime : stat.ctime
    lastTime = this.ctime
    this.mtime = stat.mtime === this.ctime ? this.ctime : stat.mtime
    this.version = stat.version
    this.cversion = stat.cversion
    this.aversion = stat.aversion
    this.ephemeralOwner = stat.ephemeralOwner === 0n ? 0n : stat.ephemeralOwner
  }

  get childCount(): number {
    return this.children === null ? 0 : this.children.size
  }
}

/** The stat of a node that a txn creates. */
export const freshStat = (zxid: Zxid, time: bigint, ephemeralOwner: bigint): StatPersisted => ({
  czxid: zxid,
  mzxid: zxid,
  ctime: time,
  mtime: time,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner,
  pzxid: zxid,
})

/** The Stat that clients get. cversion becomes creations + deletions; containers and TTL nodes show no owner. */
export const clientStat = (node: NodeView, kinds: OwnerKinds = kindOf): Stat => ({
  czxid: node.czxid,
  mzxid: node.mzxid,
  ctime: node.ctime,
  mtime: node.mtime,
  version: node.version,
  cversion: (2 * node.cversion - node.childCount) | 0,
  aversion: node.aversion,
  ephemeralOwner: kinds(node.ephemeralOwner) === 'ephemeral' ? node.ephemeralOwner : 0n,
  dataLength: node.data === null ? 0 : node.data.length,
  numChildren: node.childCount,
  pzxid: node.pzxid,
})

export type NodeKind = 'persistent' | 'ephemeral' | 'container' | 'ttl'

/** 0x8000000000000000 */
export const CONTAINER_OWNER = LONG_MIN
/** The highest byte says "extended type", the next two which one (0: TTL), the rest is its value. */
const EXTENDED = 0xffn
export const MAX_TTL_MS = 0xffffffffffn

export const ttlOwner = (ttlMs: bigint): bigint => BigInt.asIntN(64, (EXTENDED << 56n) | ttlMs)
/** Milliseconds, for a node whose kind is `ttl`. */
export const ttlOf = (ephemeralOwner: bigint): bigint => BigInt.asUintN(40, ephemeralOwner)

/** Extended types are always understood here (zookeeper.extendedTypesEnabled); sids are small, so that no session id
 *  begins with 0xff. A feature code that nobody has assigned is taken for a session. */
export function kindOf(ephemeralOwner: bigint): NodeKind {
  if (ephemeralOwner === 0n) return 'persistent'
  if (ephemeralOwner === CONTAINER_OWNER) return 'container'
  return BigInt.asUintN(64, ephemeralOwner) >> 40n === EXTENDED << 16n ? 'ttl' : 'ephemeral'
}

/** How a server reads owners. */
export type OwnerKinds = (ephemeralOwner: bigint) => NodeKind

/** zookeeper.emulate353TTLNodes: whatever has the highest bit set, but the container's mark, is a TTL node; so no server
 *  may have an id above 127. Source: EphemeralTypeEmulate353.java. */
export const kindOf353: OwnerKinds = (ephemeralOwner) =>
  ephemeralOwner < 0n && ephemeralOwner !== CONTAINER_OWNER ? 'ttl' : kindOf(ephemeralOwner)
