/** jute module org.apache.zookeeper.data. */

import type { Zxid } from './ids.ts'
import { buffer, int, long, longAs, type Of, record, ustring, vector } from './jute.ts'

export const Id = record({ scheme: ustring, id: ustring })
export type Id = Of<typeof Id>

export const ACL = record({ perms: int, id: Id })
export type ACL = Of<typeof ACL>
export const AclList = vector(ACL)
export const OPEN_ACL_UNSAFE: readonly ACL[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]

const zxid = longAs<Zxid>()

/** What a client sees: 68 bytes. Times in ms since 1970. */
export const Stat = record({
  czxid: zxid,
  mzxid: zxid,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: long,
  dataLength: int,
  numChildren: int,
  pzxid: zxid,
})
export type Stat = Of<typeof Stat>

/** What a snapshot holds: 60 bytes; cversion counts creations only. */
export const StatPersisted = record({
  czxid: zxid,
  mzxid: zxid,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: long,
  pzxid: zxid,
})
export type StatPersisted = Of<typeof StatPersisted>

export const ClientInfo = record({ authScheme: ustring, user: ustring })
export type ClientInfo = Of<typeof ClientInfo>

/** A znode in a snapshot file or SNAP stream, after its path. */
export const DataNodeRecord = record({ data: buffer, acl: long, stat: StatPersisted })
export type DataNodeRecord = Of<typeof DataNodeRecord>
