/** jute module org.apache.zookeeper.data. */

import type { Zxid } from './ids.ts'
import { buffer, type Codec, int, long, longAs, type Of, record, ustring, vector } from './jute.ts'

export const Id = record({ scheme: ustring, id: ustring })
export type Id = Of<typeof Id>

export const ACL = record({ perms: int, id: Id })
export type ACL = Of<typeof ACL>
export const AclList = vector(ACL)
export const OPEN_ACL_UNSAFE: readonly ACL[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]

const zxid = longAs<Zxid>()

/** What a client sees: 68 bytes. Times in ms since 1970. */
export interface Stat {
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly ctime: bigint
  readonly mtime: bigint
  readonly version: number
  readonly cversion: number
  readonly aversion: number
  readonly ephemeralOwner: bigint
  readonly dataLength: number
  readonly numChildren: number
  readonly pzxid: Zxid
}
export const Stat: Codec<Stat> = {
  write(out, stat) {
    out.long(stat.czxid)
    out.long(stat.mzxid)
    out.long(stat.ctime)
    out.long(stat.mtime)
    out.int(stat.version)
    out.int(stat.cversion)
    out.int(stat.aversion)
    out.long(stat.ephemeralOwner)
    out.int(stat.dataLength)
    out.int(stat.numChildren)
    out.long(stat.pzxid)
  },
  read: (input) => ({
    czxid: input.long() as Zxid,
    mzxid: input.long() as Zxid,
    ctime: input.long(),
    mtime: input.long(),
    version: input.int(),
    cversion: input.int(),
    aversion: input.int(),
    ephemeralOwner: input.long(),
    dataLength: input.int(),
    numChildren: input.int(),
    pzxid: input.long() as Zxid,
  }),
}

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
