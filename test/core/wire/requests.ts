/** Which record belongs to which operation: jute.md section 3, for reading the recorded client sessions. */
import { OpCode } from '../../../src/core/wire/codes.ts'
import { type Codec, JuteError, record } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { CreateSessionTxn } from '../../../src/core/wire/txn.ts'

// biome-ignore lint/suspicious/noExplicitAny: tables of codecs of any type
type AnyCodec = Codec<any>
const Nothing: AnyCodec = record({})

/** Every operation that the recordings know by name. */
export const opNames = new Map<number, string>(Object.entries(OpCode).map(([name, code]) => [code, name]))

export const requests = new Map<number, AnyCodec>([
  [OpCode.create, proto.CreateRequest],
  [OpCode.create2, proto.CreateRequest],
  [OpCode.createContainer, proto.CreateRequest],
  [OpCode.createTTL, proto.CreateTTLRequest],
  [OpCode.delete, proto.DeleteRequest],
  [OpCode.deleteContainer, proto.PathRequest],
  [OpCode.exists, proto.WatchableRequest],
  [OpCode.getData, proto.WatchableRequest],
  [OpCode.getChildren, proto.WatchableRequest],
  [OpCode.getChildren2, proto.WatchableRequest],
  [OpCode.setData, proto.SetDataRequest],
  [OpCode.getACL, proto.PathRequest],
  [OpCode.setACL, proto.SetACLRequest],
  [OpCode.sync, proto.PathRequest],
  [OpCode.check, proto.DeleteRequest],
  [OpCode.reconfig, proto.ReconfigRequest],
  [OpCode.checkWatches, proto.CheckWatchesRequest],
  [OpCode.removeWatches, proto.CheckWatchesRequest],
  [OpCode.auth, proto.AuthPacket],
  [OpCode.setWatches, proto.SetWatches],
  [OpCode.setWatches2, proto.SetWatches2],
  [OpCode.getEphemerals, proto.PathRequest],
  [OpCode.getAllChildrenNumber, proto.PathRequest],
  [OpCode.addWatch, proto.AddWatchRequest],
  [OpCode.createSession, CreateSessionTxn],
])

export const replies = new Map<number, AnyCodec>([
  [OpCode.create, proto.PathResponse],
  [OpCode.create2, proto.Create2Response],
  [OpCode.createContainer, proto.Create2Response],
  [OpCode.createTTL, proto.Create2Response],
  [OpCode.exists, proto.StatResponse],
  [OpCode.getData, proto.GetDataResponse],
  [OpCode.setData, proto.StatResponse],
  [OpCode.getACL, proto.GetACLResponse],
  [OpCode.setACL, proto.StatResponse],
  [OpCode.getChildren, proto.GetChildrenResponse],
  [OpCode.getChildren2, proto.GetChildren2Response],
  [OpCode.sync, proto.PathResponse],
  [OpCode.reconfig, proto.GetDataResponse],
  [OpCode.getEphemerals, proto.GetEphemeralsResponse],
  [OpCode.getAllChildrenNumber, proto.GetAllChildrenNumberResponse],
  [OpCode.whoAmI, proto.WhoAmIResponse],
  [OpCode.error, proto.ErrorResponse],
  [OpCode.addWatch, proto.ErrorResponse],
])

/** MultiOperationRecord and MultiResponse: headers with a record each, and a last header. */
const multi = (bodies: Map<number, AnyCodec>, strict: boolean): AnyCodec => ({
  write(out, { parts, end }) {
    for (const { header, body } of parts) {
      proto.MultiHeader.write(out, header)
      bodyOf(bodies, header.type, strict).write(out, body)
    }
    proto.MultiHeader.write(out, end)
  },
  read(input) {
    const parts: unknown[] = []
    for (;;) {
      const header = proto.MultiHeader.read(input)
      if (header.done) return { parts, end: header }
      parts.push({ header, body: bodyOf(bodies, header.type, strict).read(input) })
    }
  },
})

function bodyOf(bodies: Map<number, AnyCodec>, type: number, strict: boolean): AnyCodec {
  const codec = bodies.get(type)
  if (codec === undefined && strict) throw new JuteError(`no request of type ${type}`)
  return codec ?? Nothing
}

const isMulti = (type: number) => type === OpCode.multi || type === OpCode.multiRead
export const requestCodec = (type: number): AnyCodec =>
  isMulti(type) ? multi(requests, true) : (requests.get(type) ?? Nothing)
export const replyCodec = (type: number): AnyCodec =>
  isMulti(type) ? multi(replies, false) : (replies.get(type) ?? Nothing)
