/** One znode, and what its ephemeralOwner says about its kind. Source: DataNode.java, EphemeralType.java. */
import type { Stat, StatPersisted } from '../wire/data.ts'
import { LONG_MIN, type Zxid } from '../wire/ids.ts'

/** What the rest of the core may see of a znode. It changes with the tree: copy what has to stay. */
export interface NodeView extends StatPersisted {
  /** A copy. null is not the same as empty. */
  readonly data: Uint8Array | null
  /** The same without a copy, good until the tree changes. */
  readonly dataNow: Uint8Array | null
  /** 0 for null. */
  readonly dataLength: number
  /** Index into the tree's ACL cache; `DataTree.aclOf` turns it into a list. */
  readonly acl: number
  readonly childCount: number
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
  dataLength: node.dataLength,
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
