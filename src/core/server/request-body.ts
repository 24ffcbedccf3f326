/** What is common to requests whose bodies several processors look into. Source: request-pipeline.md section 3;
 *  MultiOperationRecord.java. */
import { OpCode } from '../wire/codes.ts'
import type { ACL } from '../wire/data.ts'
import type { Zxid } from '../wire/ids.ts'
import { type Codec, int, JuteError, longAs, nullableString, type Of, Reader, record, vector } from '../wire/jute.ts'
import {
  CreateRequest,
  CreateTTLRequest,
  DeleteRequest,
  MultiHeader,
  type RequestedAcl,
  SetDataRequest,
  WatchableRequest,
} from '../wire/proto.ts'

/** CreateRequest or CreateTTLRequest; ttl is -1 in the former. */
export const CreateBody: Codec<CreateBody> = {
  write: (out, value) => CreateRequest.write(out, value),
  read: (input) => ({ ...CreateRequest.read(input), ttl: -1n }),
}
export type CreateBody = CreateTTLRequest

/** AddWatch (mode), CheckWatches and RemoveWatches (watcher type); the path may be missing. */
export const PathNumberBody = record({ path: nullableString, number: int })

/** SetWatches and SetWatches2, in which paths may be missing. */
export const SetWatchesBody = record({
  relativeZxid: longAs<Zxid>(),
  dataWatches: vector(nullableString),
  existWatches: vector(nullableString),
  childWatches: vector(nullableString),
})
const persistent = record({
  persistentWatches: vector(nullableString),
  persistentRecursiveWatches: vector(nullableString),
})
export const SetWatches2Body: Codec<Of<typeof SetWatchesBody> & Of<typeof persistent>> = {
  write(out, value) {
    SetWatchesBody.write(out, value)
    persistent.write(out, value)
  },
  read: (input) => ({ ...SetWatchesBody.read(input), ...persistent.read(input) }),
}
export type SetWatches2Body = Of<typeof SetWatches2Body>

/** The list as it may go on: null when it is missing; `broken` when an id is null that ZooKeeper stumbles over. */
export function aclOf(list: RequestedAcl): readonly ACL[] | null | 'broken' {
  if (list === null) return null
  if (list.some(({ id }) => id.id === null && ['world', 'ip', 'digest'].includes(id.scheme ?? ''))) return 'broken'
  return list.map(({ perms, id }) => ({ perms, id: { scheme: id.scheme ?? '', id: id.id ?? '' } }))
}

export type MultiOp =
  | { readonly kind: 'create'; readonly type: number; readonly body: CreateBody }
  | { readonly kind: 'delete' | 'check'; readonly type: number; readonly body: DeleteRequest }
  | { readonly kind: 'setData'; readonly type: number; readonly body: SetDataRequest }
  | { readonly kind: 'getData' | 'getChildren'; readonly type: number; readonly body: WatchableRequest }

/** MultiOperationRecord: {MultiHeader, request}* and a last MultiHeader that says done.
 *  @throws JuteError also for an op that may not be inside, and for reads mixed with writes */
export function readMulti(input: Reader): { readonly ops: readonly MultiOp[]; readonly reads: boolean } {
  const ops: MultiOp[] = []
  for (;;) {
    const { type, done } = MultiHeader.read(input)
    if (done) break
    ops.push(readOp(input, type))
  }
  const reads = ops.filter(isRead).length
  if (reads !== 0 && reads !== ops.length) throw new JuteError('a multi holds either reads or writes')
  return { ops, reads: reads > 0 }
}

const isRead = (op: MultiOp): boolean => op.kind === 'getData' || op.kind === 'getChildren'

function readOp(input: Reader, type: number): MultiOp {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return { kind: 'create', type, body: CreateBody.read(input) }
    case OpCode.createTTL:
      return { kind: 'create', type, body: CreateTTLRequest.read(input) }
    case OpCode.delete:
      return { kind: 'delete', type, body: DeleteRequest.read(input) }
    case OpCode.setData:
      return { kind: 'setData', type, body: SetDataRequest.read(input) }
    case OpCode.check:
      return { kind: 'check', type, body: DeleteRequest.read(input) }
    case OpCode.getData:
      return { kind: 'getData', type, body: WatchableRequest.read(input) }
    case OpCode.getChildren:
      return { kind: 'getChildren', type, body: WatchableRequest.read(input) }
    default:
      throw new JuteError(`op ${type} inside a multi`)
  }
}

const withPath = new Set<number>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.exists,
  OpCode.getData,
  OpCode.getACL,
  OpCode.getChildren,
  OpCode.getChildren2,
  OpCode.getEphemerals,
  OpCode.getAllChildrenNumber,
  OpCode.sync,
  OpCode.check,
  OpCode.addWatch,
  OpCode.checkWatches,
  OpCode.removeWatches,
])

/** The path a request is about, for the trace; undefined when it has none or cannot be read. */
export function pathOf(type: number, body: Uint8Array): string | undefined {
  if (!withPath.has(type)) return undefined
  try {
    return new Reader(body).string() ?? undefined
  } catch (error) {
    if (error instanceof JuteError) return undefined
    throw error
  }
}
