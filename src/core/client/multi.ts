/** multi and multiRead: several operations in one request. Source: jute.md section 5; MultiOperationRecord.java, Op.java,
 *  MultiResponse.java, OpResult.java. */
import { CreateMode, OpCode } from '../wire/codes.ts'
import { type ACL, Stat } from '../wire/data.ts'
import { JuteError, type Reader, type Writer } from '../wire/jute.ts'
import {
  Create2Response,
  CreateRequest,
  CreateTTLRequest,
  DeleteRequest,
  ErrorResponse,
  GetChildrenResponse,
  GetDataResponse,
  MultiHeader,
  PathResponse,
  SetDataRequest,
  WatchableRequest,
} from '../wire/proto.ts'

/** `path` is the client's; `version` -1: whatever it is; `ttlMs` for the modes with a TTL. */
export type Op =
  | {
      readonly kind: 'create'
      readonly path: string
      readonly data: Uint8Array | null
      readonly acl: readonly ACL[]
      readonly mode: CreateMode
      readonly ttlMs?: bigint
    }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }
  | {
      readonly kind: 'setData'
      readonly path: string
      readonly data: Uint8Array | null
      readonly version: number
    }
  | { readonly kind: 'getData'; readonly path: string }
  | { readonly kind: 'getChildren'; readonly path: string }

export type OpResult =
  /** `stat`: only from servers that send it (containers, TTL). */
  | { readonly kind: 'create'; readonly path: string; readonly stat: Stat | null }
  | { readonly kind: 'delete' | 'check' }
  | { readonly kind: 'setData'; readonly stat: Stat }
  | { readonly kind: 'getData'; readonly data: Uint8Array | null; readonly stat: Stat }
  | { readonly kind: 'getChildren'; readonly children: readonly string[] }
  /** 0: was before the one that failed; RuntimeInconsistency: came after it. */
  | { readonly kind: 'error'; readonly err: number }

export function writeOps(out: Writer, ops: readonly Op[], toServer: (path: string) => string): void {
  for (const op of ops) {
    MultiHeader.write(out, { type: opCode(op), done: false, err: -1 })
    const path = toServer(op.path)
    if (op.kind === 'create') {
      const request = { path, data: op.data, acl: op.acl, flags: op.mode }
      if (opCode(op) === OpCode.createTTL) CreateTTLRequest.write(out, { ...request, ttl: op.ttlMs ?? -1n })
      else CreateRequest.write(out, request)
    } else if (op.kind === 'setData') SetDataRequest.write(out, { path, data: op.data, version: op.version })
    else if (op.kind === 'getData' || op.kind === 'getChildren') WatchableRequest.write(out, { path, watch: false })
    else DeleteRequest.write(out, { path, version: op.version })
  }
  MultiHeader.write(out, { type: -1, done: true, err: -1 })
}

/** @throws JuteError */
export function readOpResults(input: Reader, toClient: (path: string) => string): OpResult[] {
  const results: OpResult[] = []
  for (;;) {
    const { type, done } = MultiHeader.read(input)
    if (done) return results
    results.push(readOpResult(input, type, toClient))
  }
}

function readOpResult(input: Reader, type: number, toClient: (path: string) => string): OpResult {
  switch (type) {
    case OpCode.create:
      return { kind: 'create', path: toClient(PathResponse.read(input).path), stat: null }
    case OpCode.create2: {
      const { path, stat } = Create2Response.read(input)
      return { kind: 'create', path: toClient(path), stat }
    }
    case OpCode.delete:
      return { kind: 'delete' }
    case OpCode.check:
      return { kind: 'check' }
    case OpCode.setData:
      return { kind: 'setData', stat: Stat.read(input) }
    case OpCode.getData:
      return { kind: 'getData', ...GetDataResponse.read(input) }
    case OpCode.getChildren:
      return { kind: 'getChildren', children: GetChildrenResponse.read(input).children }
    case OpCode.error:
      return { kind: 'error', err: ErrorResponse.read(input).err }
    default:
      throw new JuteError(`Invalid type ${type} in MultiResponse`)
  }
}

function opCode(op: Op): OpCode {
  if (op.kind !== 'create') return OpCode[op.kind]
  if (op.mode === CreateMode.CONTAINER) return OpCode.createContainer
  if (op.mode === CreateMode.PERSISTENT_WITH_TTL || op.mode === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL)
    return OpCode.createTTL
  return OpCode.create
}
