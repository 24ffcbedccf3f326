/** Every record of the wire with an arbitrary value of it, for properties. */
import fc, { type Arbitrary } from 'fast-check'
import { OpCode } from '../../../src/core/wire/codes.ts'
import * as data from '../../../src/core/wire/data.ts'
import { asSession, asZxid, type SessionId, type Zxid } from '../../../src/core/wire/ids.ts'
import type { Codec } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { FileHeader, LearnerInfo, QuorumPacket } from '../../../src/core/wire/quorum.ts'
import * as txn from '../../../src/core/wire/txn.ts'

export const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
export const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
export const zxid: Arbitrary<Zxid> = long.map(asZxid)
const session: Arbitrary<SessionId> = long.map(asSession)
// Surrogates are lost on purpose: utf8.test.ts.
const text = fc.string({
  unit: fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCharCode(code)),
  maxLength: 12,
})
const path = text.map((rest) => `/${rest}`)
const nullableText = fc.option(text)
const buffer = fc.option(fc.uint8Array({ maxLength: 20 }))
const texts = fc.array(text, { maxLength: 4 })
const boolean = fc.boolean()
const id = fc.record({ scheme: text, id: text })
const acl = fc.array(fc.record({ perms: int, id }), { maxLength: 3 })

const persisted = {
  czxid: zxid,
  mzxid: zxid,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: long,
}
const stat = fc.record({ ...persisted, dataLength: int, numChildren: int, pzxid: zxid })
const statPersisted = fc.record({ ...persisted, pzxid: zxid })
const watches = { relativeZxid: zxid, dataWatches: texts, existWatches: texts, childWatches: texts }
const connect = { protocolVersion: int, timeOut: int, sessionId: session, passwd: buffer }
export const quorumPacket = fc.record({
  type: int,
  zxid,
  data: buffer,
  authinfo: fc.option(fc.array(id, { maxLength: 3 })),
})
const requiredKeys = { requiredKeys: ['protocolVersion', 'timeOut', 'sessionId', 'passwd'] as const }

const of = <T>(codec: Codec<T>, value: Arbitrary<NoInfer<T>>) =>
  ({ codec, value }) as unknown as {
    codec: Codec<unknown>
    value: Arbitrary<unknown>
  }

export const records: { readonly [name: string]: { codec: Codec<unknown>; value: Arbitrary<unknown> } } = {
  Id: of(data.Id, id),
  ACL: of(data.AclList, acl),
  Stat: of(data.Stat, stat),
  StatPersisted: of(data.StatPersisted, statPersisted),
  ClientInfo: of(data.ClientInfo, fc.record({ authScheme: text, user: text })),
  DataNode: of(data.DataNodeRecord, fc.record({ data: buffer, acl: long, stat: statPersisted })),
  ConnectRequest: of(
    proto.ConnectRequest,
    fc.record(
      { ...connect, lastZxidSeen: zxid, readOnly: boolean },
      { requiredKeys: [...requiredKeys.requiredKeys, 'lastZxidSeen'] },
    ),
  ),
  ConnectResponse: of(
    proto.ConnectResponse,
    fc.record({ ...connect, readOnly: boolean }, { requiredKeys: [...requiredKeys.requiredKeys] }),
  ),
  RequestHeader: of(proto.RequestHeader, fc.record({ xid: int, type: int })),
  ReplyHeader: of(proto.ReplyHeader, fc.record({ xid: int, zxid, err: int })),
  MultiHeader: of(proto.MultiHeader, fc.record({ type: int, done: boolean, err: int })),
  AuthPacket: of(proto.AuthPacket, fc.record({ type: int, scheme: text, auth: buffer })),
  SetWatches: of(proto.SetWatches, fc.record(watches)),
  SetWatches2: of(
    proto.SetWatches2,
    fc.record({ ...watches, persistentWatches: texts, persistentRecursiveWatches: texts }),
  ),
  AddWatchRequest: of(proto.AddWatchRequest, fc.record({ path: text, mode: int })),
  CheckWatchesRequest: of(proto.CheckWatchesRequest, fc.record({ path: text, type: int })),
  CreateRequest: of(proto.CreateRequest, fc.record({ path: text, data: buffer, acl, flags: int })),
  CreateTTLRequest: of(proto.CreateTTLRequest, fc.record({ path: text, data: buffer, acl, flags: int, ttl: long })),
  DeleteRequest: of(proto.DeleteRequest, fc.record({ path: text, version: int })),
  SetDataRequest: of(proto.SetDataRequest, fc.record({ path: text, data: buffer, version: int })),
  SetACLRequest: of(proto.SetACLRequest, fc.record({ path: text, acl, version: int })),
  ReconfigRequest: of(
    proto.ReconfigRequest,
    fc.record({
      joiningServers: nullableText,
      leavingServers: nullableText,
      newMembers: nullableText,
      curConfigId: long,
    }),
  ),
  WatchableRequest: of(proto.WatchableRequest, fc.record({ path: text, watch: boolean })),
  PathRequest: of(proto.PathRequest, fc.record({ path: text })),
  PathResponse: of(proto.PathResponse, fc.record({ path: text })),
  Create2Response: of(proto.Create2Response, fc.record({ path: text, stat })),
  StatResponse: of(proto.StatResponse, fc.record({ stat })),
  GetDataResponse: of(proto.GetDataResponse, fc.record({ data: buffer, stat })),
  GetChildrenResponse: of(proto.GetChildrenResponse, fc.record({ children: texts })),
  GetChildren2Response: of(proto.GetChildren2Response, fc.record({ children: texts, stat })),
  GetACLResponse: of(proto.GetACLResponse, fc.record({ acl, stat })),
  GetAllChildrenNumberResponse: of(proto.GetAllChildrenNumberResponse, fc.record({ totalNumber: int })),
  GetEphemeralsResponse: of(proto.GetEphemeralsResponse, fc.record({ ephemerals: texts })),
  WhoAmIResponse: of(
    proto.WhoAmIResponse,
    fc.record({ clientInfo: fc.array(fc.record({ authScheme: text, user: text }), { maxLength: 3 }) }),
  ),
  ErrorResponse: of(proto.ErrorResponse, fc.record({ err: int })),
  WatcherEvent: of(proto.WatcherEvent, fc.record({ type: int, state: int, path: text })),
  QuorumPacket: of(QuorumPacket, quorumPacket),
  LearnerInfo: of(LearnerInfo, fc.record({ serverid: long, protocolVersion: int, configVersion: long })),
  FileHeader: of(FileHeader, fc.record({ magic: int, version: int, dbid: long })),
  TxnHeader: of(txn.TxnHeader, fc.record({ clientId: session, cxid: int, zxid, time: long, type: int })),
  TxnDigest: of(txn.TxnDigest, fc.record({ version: int, treeDigest: long })),
}

const create = { path, data: buffer, acl }
const versioned = { path, version: int }
const partKinds = {
  create: fc.record({
    kind: fc.constant('create' as const),
    type: fc.constantFrom(OpCode.create, OpCode.create2),
    body: fc.record({ ...create, ephemeral: boolean, parentCVersion: int }),
  }),
  createTTL: fc.record({
    kind: fc.constant('createTTL' as const),
    type: fc.constant(OpCode.createTTL),
    body: fc.record({ ...create, parentCVersion: int, ttl: long }),
  }),
  createContainer: fc.record({
    kind: fc.constant('createContainer' as const),
    type: fc.constant(OpCode.createContainer),
    body: fc.record({ ...create, parentCVersion: int }),
  }),
  delete: fc.record({
    kind: fc.constant('delete' as const),
    type: fc.constantFrom(OpCode.delete, OpCode.deleteContainer),
    body: fc.record({ path }),
  }),
  setData: fc.record({
    kind: fc.constant('setData' as const),
    type: fc.constantFrom(OpCode.setData, OpCode.reconfig),
    body: fc.record({ ...versioned, data: buffer }),
  }),
  error: fc.record({
    kind: fc.constant('error' as const),
    type: fc.constant(OpCode.error),
    body: fc.record({ err: int }),
  }),
}
const check = fc.record({
  kind: fc.constant('check' as const),
  type: fc.constant(OpCode.check),
  body: fc.record(versioned),
})
const kinds = {
  ...partKinds,
  setACL: fc.record({
    kind: fc.constant('setACL' as const),
    type: fc.constant(OpCode.setACL),
    body: fc.record({ ...versioned, acl }),
  }),
  createSession: fc.record({
    kind: fc.constant('createSession' as const),
    type: fc.constant(OpCode.createSession),
    body: fc.record({ timeOut: int }),
  }),
  closeSession: fc.record({
    kind: fc.constant('closeSession' as const),
    type: fc.constant(OpCode.closeSession),
    body: fc.option(fc.record({ paths2Delete: fc.array(path, { maxLength: 4 }) })),
  }),
  multi: fc.record({
    kind: fc.constant('multi' as const),
    type: fc.constant(OpCode.multi),
    body: fc.array(fc.oneof(check, ...Object.values(partKinds)), { maxLength: 4 }),
  }),
}

/** A log record: the header says the type of the body. */
export const logged: Arbitrary<txn.LoggedTxn> = fc
  .record({
    header: fc.record({ clientId: session, cxid: int, zxid, time: long }),
    txn: fc.oneof(...Object.values(kinds)) as Arbitrary<txn.Txn>,
    digest: fc.option(fc.record({ version: fc.constant(2), treeDigest: long })),
  })
  .map(({ header, txn, digest }) => ({ header: { ...header, type: txn.type }, txn, digest }))
