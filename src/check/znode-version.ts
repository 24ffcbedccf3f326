/** Znodes as the reference tree keeps them: one version behind the other, none of them ever changed. */
import { kindOf, type NodeKind } from '../core/tree/znode.ts'
import type { ACL, Stat } from '../core/wire/data.ts'
import type { Zxid } from '../core/wire/ids.ts'

/** A znode from one zxid on. Never changed. */
export interface Version {
  readonly zxid: Zxid
  /** false: it is gone. */
  readonly exists: boolean
  readonly data: Uint8Array | null
  readonly acl: readonly ACL[] | undefined
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly pzxid: Zxid
  readonly ctime: bigint
  readonly mtime: bigint
  readonly version: number
  /** Creations of children only. */
  readonly cversion: number
  readonly aversion: number
  readonly ephemeralOwner: bigint
  readonly childCount: number
}

/** What watches may wait for, in the order of their events. */
export interface Change {
  readonly zxid: Zxid
  readonly type: 'created' | 'deleted' | 'data'
  readonly path: string
  /** Of the znode and of its parent, as they were then. */
  readonly acl: readonly ACL[] | undefined
  readonly parentAcl: readonly ACL[] | undefined
}

export const OPEN: readonly ACL[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]
export const NO_NAMES: ReadonlySet<string> = new Set()

export function fresh(zxid: Zxid, time: bigint, data: Uint8Array | null, acl: readonly ACL[], owner: bigint): Version {
  const at = { zxid, czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time }
  const counts = { version: 0, cversion: 0, aversion: 0, childCount: 0 }
  return { ...at, ...counts, exists: true, data, acl, ephemeralOwner: owner }
}

export const kind = (version: Version): NodeKind => kindOf(version.ephemeralOwner)

/** As clients see it. */
export const statOf = (node: Version): Stat => ({
  czxid: node.czxid,
  mzxid: node.mzxid,
  ctime: node.ctime,
  mtime: node.mtime,
  version: node.version,
  cversion: (2 * node.cversion - node.childCount) | 0,
  aversion: node.aversion,
  ephemeralOwner: kind(node) === 'ephemeral' ? node.ephemeralOwner : 0n,
  dataLength: node.data?.length ?? 0,
  numChildren: node.childCount,
  pzxid: node.pzxid,
})

/** The root's is "". */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
