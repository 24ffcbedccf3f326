/** jute module org.apache.zookeeper.proto: what clients and servers say to each other. */
import { AclList, ClientInfo, Stat } from './data.ts'
import type { SessionId, Zxid } from './ids.ts'
import {
  boolean,
  buffer,
  type Codec,
  int,
  long,
  longAs,
  nullableString,
  nullableVector,
  type Of,
  type Reader,
  record,
  ustring,
  vector,
  type Writer,
} from './jute.ts'

const zxid = longAs<Zxid>()
const session = longAs<SessionId>()

const connectRequest = record({
  protocolVersion: int,
  lastZxidSeen: zxid,
  timeOut: int,
  sessionId: session,
  passwd: buffer,
})
const connectResponse = record({ protocolVersion: int, timeOut: int, sessionId: session, passwd: buffer })
type Trailing<T> = T & { /** Absent when the other side is old and sent no such byte. */ readonly readOnly?: boolean }

/** A record with an optional trailing boolean, which older clients do not send. */
const withReadOnly = <T>(codec: Codec<T>): Codec<Trailing<T>> => ({
  write(out: Writer, value: Trailing<T>) {
    codec.write(out, value)
    if (value.readOnly !== undefined) out.boolean(value.readOnly)
  },
  read(input: Reader): Trailing<T> {
    const value = codec.read(input)
    return input.remaining > 0 ? { ...value, readOnly: input.boolean() } : (value as Trailing<T>)
  },
})
export const ConnectRequest = withReadOnly(connectRequest)
export type ConnectRequest = Of<typeof ConnectRequest>
export const ConnectResponse = withReadOnly(connectResponse)
export type ConnectResponse = Of<typeof ConnectResponse>

export interface RequestHeader {
  readonly xid: number
  readonly type: number
}
export const RequestHeader: Codec<RequestHeader> = {
  write(out, header) {
    out.int(header.xid)
    out.int(header.type)
  },
  read: (input) => ({ xid: input.int(), type: input.int() }),
}
export interface ReplyHeader {
  readonly xid: number
  readonly zxid: Zxid
  readonly err: number
}
export const ReplyHeader: Codec<ReplyHeader> = {
  write(out, header) {
    out.int(header.xid)
    out.long(header.zxid)
    out.int(header.err)
  },
  read: (input) => ({ xid: input.int(), zxid: input.long() as Zxid, err: input.int() }),
}
export const MultiHeader = record({ type: int, done: boolean, err: int })
export type MultiHeader = Of<typeof MultiHeader>

export const AuthPacket = record({ type: int, scheme: nullableString, auth: buffer })
export const SetWatches = record({
  relativeZxid: zxid,
  dataWatches: vector(ustring),
  existWatches: vector(ustring),
  childWatches: vector(ustring),
})
export type SetWatches = Of<typeof SetWatches>
export const SetWatches2 = record({
  relativeZxid: zxid,
  dataWatches: vector(ustring),
  existWatches: vector(ustring),
  childWatches: vector(ustring),
  persistentWatches: vector(ustring),
  persistentRecursiveWatches: vector(ustring),
})
export type SetWatches2 = Of<typeof SetWatches2>
export const AddWatchRequest = record({ path: ustring, mode: int })
/** Also RemoveWatchesRequest. */
export const CheckWatchesRequest = record({ path: ustring, type: int })

// What a client asks for: any string and any list may be null on the wire, and what that does is the server's to decide.

/** With missing ids; `AclList` takes a missing list for an empty one. */
const RequestedAcl = nullableVector(record({ perms: int, id: record({ scheme: nullableString, id: nullableString }) }))
export type RequestedAcl = Of<typeof RequestedAcl>
const createFields = { path: nullableString, data: buffer, acl: RequestedAcl, flags: int }
export const CreateRequest = record(createFields)
export type CreateRequest = Of<typeof CreateRequest>
export const CreateTTLRequest = record({ ...createFields, ttl: long })
export type CreateTTLRequest = Of<typeof CreateTTLRequest>
/** Also CheckVersionRequest. */
export const DeleteRequest = record({ path: nullableString, version: int })
export type DeleteRequest = Of<typeof DeleteRequest>
export const SetDataRequest = record({ path: nullableString, data: buffer, version: int })
export type SetDataRequest = Of<typeof SetDataRequest>
export const SetACLRequest = record({ path: nullableString, acl: RequestedAcl, version: int })
export type SetACLRequest = Of<typeof SetACLRequest>
/** What is not asked for is null: joining and leaving servers, or new members. */
export const ReconfigRequest = record({
  joiningServers: nullableString,
  leavingServers: nullableString,
  newMembers: nullableString,
  curConfigId: long,
})
/** Exists, GetData, GetChildren, GetChildren2. */
export const WatchableRequest = record({ path: nullableString, watch: boolean })
export type WatchableRequest = Of<typeof WatchableRequest>
/** GetACL, Sync, GetAllChildrenNumber, GetEphemerals (prefix). */
export const PathRequest = record({ path: nullableString })
export type PathRequest = Of<typeof PathRequest>

/** CreateResponse, SyncResponse. */
export const PathResponse = record({ path: ustring })
export const Create2Response = record({ path: ustring, stat: Stat })
/** SetDataResponse, SetACLResponse, ExistsResponse. */
export const StatResponse = record({ stat: Stat })
export const GetDataResponse = record({ data: buffer, stat: Stat })
export type GetDataResponse = Of<typeof GetDataResponse>
export const GetChildrenResponse = record({ children: vector(ustring) })
export const GetChildren2Response = record({ children: vector(ustring), stat: Stat })
export const GetACLResponse = record({ acl: AclList, stat: Stat })
export const GetAllChildrenNumberResponse = record({ totalNumber: int })
export const GetEphemeralsResponse = record({ ephemerals: vector(ustring) })
export const WhoAmIResponse = record({ clientInfo: vector(ClientInfo) })
export const ErrorResponse = record({ err: int })
export const WatcherEvent = record({ type: int, state: int, path: ustring })
export type WatcherEvent = Of<typeof WatcherEvent>
