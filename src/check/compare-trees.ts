/** A server's tree, as a snapshot of it says, held against the reference tree at the same zxid. */
import type { ACL } from '../core/wire/data.ts'
import type { Zxid } from '../core/wire/ids.ts'
import type { PropertyId } from './properties.ts'
import type { ReferenceTree } from './reference-tree.ts'
import type { SnapshotNode, SnapshotSeen } from './snapshot-reader.ts'
import type { Version } from './znode-version.ts'

export interface Difference {
  /** undefined: of the tree as a whole. */
  readonly property: PropertyId | undefined
  readonly text: string
}

const CONFIG = '/zookeeper/config'
const QUOTA = '/zookeeper/quota'
const STATS = '/zookeeper_stats'
const LIMITS = '/zookeeper_limits'
/** More than this is not told. */
const MANY = 8

export function differences(snapshot: SnapshotSeen, tree: ReferenceTree, zxid: Zxid): Difference[] {
  const found: Difference[] = []
  for (const [path, node] of snapshot.nodes) {
    if (found.length >= MANY) return found
    if (path === CONFIG) continue
    const wanted = tree.at(path, zxid)
    if (wanted === 'unknown') continue
    if (wanted === undefined) found.push(stray(path, node, tree))
    else found.push(...differencesOf(path, node, wanted))
    if (path.startsWith(QUOTA) && path.endsWith(STATS)) found.push(...quota(path, node, snapshot))
  }
  if (zxid !== tree.head) return found
  for (const [path] of tree.nodes())
    if (!snapshot.nodes.has(path) && found.length < MANY)
      found.push({ property: undefined, text: `${path} is missing` })
  for (const session of tree.sessions.keys())
    if (!snapshot.sessions.has(session)) found.push({ property: 'X-1', text: `session ${hex(session)} is missing` })
  for (const session of snapshot.sessions.keys())
    if (!tree.sessions.has(session))
      found.push({ property: 'X-1', text: `session ${hex(session)} is in it, and has ended` })
  return found
}

function stray(path: string, { stat }: SnapshotNode, tree: ReferenceTree): Difference {
  const ofDead = stat.ephemeralOwner !== 0n && tree.ended.has(stat.ephemeralOwner)
  return ofDead
    ? { property: 'X-2', text: `${path} is still there, and session ${hex(stat.ephemeralOwner)}, its owner, has ended` }
    : { property: undefined, text: `${path} is there, and should not be` }
}

function differencesOf(path: string, { data, acl, stat }: SnapshotNode, wanted: Version): Difference[] {
  const found: Difference[] = []
  const name = path || '/'
  const differ = (property: PropertyId | undefined, field: string, is: unknown, should: unknown): void => {
    if (is !== should)
      found.push({ property, text: `${field} of ${name} is ${show(is)} and should be ${show(should)}` })
  }
  if (!path.startsWith(`${QUOTA}/`)) {
    if (!sameBytes(data, wanted.data)) found.push({ property: undefined, text: `${name} has other data` })
    differ('T-3', 'version', stat.version, wanted.version)
    differ('T-4', 'mzxid', stat.mzxid, wanted.mzxid)
    differ('T-4', 'mtime', stat.mtime, wanted.mtime)
  }
  differ('T-3', 'cversion', stat.cversion, wanted.cversion)
  differ('T-3', 'aversion', stat.aversion, wanted.aversion)
  differ('T-4', 'czxid', stat.czxid, wanted.czxid)
  differ('T-4', 'pzxid', stat.pzxid, wanted.pzxid)
  differ('T-4', 'ctime', stat.ctime, wanted.ctime)
  differ('T-6', 'ephemeralOwner', stat.ephemeralOwner, wanted.ephemeralOwner)
  if (!sameAcl(acl, wanted.acl)) found.push({ property: 'T-11', text: `the ACL of ${name} is not the one last set` })
  return found
}

/** Usage as it is counted below the path, in the same snapshot. */
function quota(path: string, { data }: SnapshotNode, { nodes }: SnapshotSeen): Difference[] {
  const top = path.slice(QUOTA.length, -STATS.length)
  // Where one quota lies below another, only the deeper one is kept up.
  const isNested = [...nodes.keys()].some(
    (each) => each.startsWith(`${QUOTA}${top}/`) && each.endsWith(STATS) && each !== path,
  )
  // Usage without limits is that of a quota which was not set to its end, and is not kept up either.
  if (!nodes.has(top) || !nodes.has(`${QUOTA}${top}${LIMITS}`) || isNested) return []
  let count = 0
  let bytes = 0
  for (const [each, node] of nodes) {
    if (each !== top && !each.startsWith(`${top}/`)) continue
    count++
    bytes += node.data?.length ?? 0
  }
  const text = String.fromCharCode(...(data ?? []))
  const [, saidCount, saidBytes] = /^count=(-?\d+),bytes=(-?\d+)/.exec(text) ?? []
  if (saidCount === undefined || (Number(saidCount) === count && Number(saidBytes) === bytes)) return []
  return [{ property: 'T-10', text: `the usage of ${top} is given as ${text} and is count=${count},bytes=${bytes}` }]
}

export function sameAcl(a: readonly ACL[] | undefined, b: readonly ACL[] | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return true
  return (
    a.length === b.length &&
    a.every(({ perms, id }, n) => {
      const other = b[n] as ACL
      return perms === other.perms && id.scheme === other.id.scheme && id.id === other.id.id
    })
  )
}

export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === b) return true
  if (a === null || b === null || a.length !== b.length) return false
  for (let n = 0; n < a.length; n++) if (a[n] !== b[n]) return false
  return true
}

const hex = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`
const show = (value: unknown): string => (typeof value === 'bigint' ? hex(value) : String(value))
