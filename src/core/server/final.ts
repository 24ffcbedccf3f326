/** The end of the pipeline: executes committed txns on the tree, fires watches, and answers the requests of local
 *  clients, reads included. Source: FinalRequestProcessor.java (request-pipeline.md section 6). */
import type { Host } from '../host.ts'
import type { Database } from '../storage/database.ts'
import { type ApplyResult, CONFIG_PATH, type DataTree, type OpResult } from '../tree/data-tree.ts'
import { clientStat, type NodeView } from '../tree/znode.ts'
import { AddWatchMode, ErrorCode, OpCode, Perms, WatcherType } from '../wire/codes.ts'
import { type Codec, encode, JuteError, Writer, wholeReader } from '../wire/jute.ts'
import {
  Create2Response,
  ErrorResponse,
  GetACLResponse,
  GetAllChildrenNumberResponse,
  GetChildren2Response,
  GetChildrenResponse,
  GetDataResponse,
  GetEphemeralsResponse,
  MultiHeader,
  PathRequest,
  PathResponse,
  StatResponse,
  WatchableRequest,
  WhoAmIResponse,
} from '../wire/proto.ts'
import type { LoggedTxn, Txn } from '../wire/txn.ts'
import { withoutHashes } from './acl.ts'
import { clientInfo } from './authentication.ts'
import type { ClientConnection } from './client-connection.ts'
import { javaSetOrder } from './java-set-order.ts'
import type { ClientSessions } from './local-sessions.ts'
import type { Request } from './request.ts'
import { PathNumberBody, readMulti, SetWatches2Body, SetWatchesBody } from './request-body.ts'
import { Security } from './security.ts'
import { ServerMetrics } from './server-metrics.ts'
import type { ServerWatches } from './watches.ts'

/** What of a database the pipeline needs. */
export type TxnTarget = Pick<Database, 'tree' | 'sessions' | 'apply'>

/** A reply's error code, and its body where it has one. */
export interface Answer {
  readonly err: number
  readonly body: Uint8Array | null
}
/** A body, or the code of an error. */
type Outcome = Uint8Array | null | number

export class FinalRequestProcessor {
  readonly #host: Host
  readonly #database: TxnTarget
  readonly #watches: ServerWatches
  readonly #sessions: ClientSessions
  readonly #security: Security
  readonly #metrics: ServerMetrics

  constructor(
    host: Host,
    database: TxnTarget,
    watches: ServerWatches,
    sessions: ClientSessions,
    security = new Security(),
    metrics = new ServerMetrics(),
  ) {
    this.#host = host
    this.#database = database
    this.#watches = watches
    this.#sessions = sessions
    this.#security = security
    this.#metrics = metrics
  }

  /** Executes a txn. Watch events are on their connections when this returns, so before any reply that shows what
   *  has changed. `replies` false: its client is not here. */
  apply(logged: LoggedTxn, bytes: Uint8Array, replies = true): ApplyResult {
    const { header, txn } = logged
    const { trace } = this.#host
    const known = txn.kind === 'closeSession' && this.#database.sessions.has(header.clientId)
    const result = this.#database.apply(logged, bytes, replies)
    const { digest } = this.#database.tree
    if (trace.off !== true) trace.emit({ kind: 'applied', zxid: header.zxid, phase: 'serving', logged: bytes, digest })
    if (txn.kind === 'createSession') {
      const timeoutMs = txn.body.timeOut
      this.#sessions.committed(header.clientId, timeoutMs)
      trace.emit({ kind: 'sessionCreated', session: header.clientId, timeoutMs, zxid: header.zxid })
    } else if (txn.kind === 'closeSession') {
      this.#sessions.remove(header.clientId)
      // A client may close a session that is expiring already: two txns, one end.
      if (known) trace.emit({ kind: 'sessionClosed', session: header.clientId, zxid: header.zxid })
    }
    this.#countWrites(txn, result)
    this.#metrics.spread.propagation_latency.add(this.#host.clock.wallTime() - Number(header.time))
    this.#watches.fire(result.changes, header.zxid)
    return result
  }

  /** DataTree.updateWriteStat: lengths of paths, and of data that is new. */
  #countWrites(txn: Txn, { err, parts, changes }: Pick<ApplyResult, 'err' | 'parts' | 'changes'>): void {
    const { write_per_namespace } = this.#metrics
    switch (txn.kind) {
      case 'create':
      case 'createTTL':
      case 'createContainer':
      case 'setData': {
        const { path, data } = txn.body
        if (err === ErrorCode.Ok) write_per_namespace.add(path, path.length + (data?.length ?? 0))
        return
      }
      case 'delete':
        if (err === ErrorCode.Ok) write_per_namespace.add(txn.body.path, txn.body.path.length)
        return
      case 'closeSession':
        for (const { path } of changes) write_per_namespace.add(path, path.length)
        return
      case 'multi':
        if (err !== ErrorCode.Ok) return
        for (const [at, part] of txn.body.entries())
          if (parts?.[at] !== undefined) this.#countWrites(part, { ...parts[at], changes: [] })
    }
  }
  /** DataTree.updateReadStat: the stat counts too. */
  #countRead(path: string, bytes: number): void {
    this.#metrics.read_per_namespace.add(path, path.length + bytes + STAT_BYTES)
  }

  /** The reply to a request whose turn has come. Reads are evaluated now, and their watches registered. */
  answer(request: Request, client: ClientConnection): Answer {
    const { logged, result } = request
    if (logged !== null && result !== undefined) {
      if (result.parts !== undefined) return { err: ErrorCode.Ok, body: multiResponse(result.parts) }
      if (result.err === 0) return { err: ErrorCode.Ok, body: writeBody(result, this.#database.tree) }
      // A learner may know better than the txn why it failed: the leader does not know its local sessions.
      return { err: request.error || result.err, body: null }
    }
    if (request.error !== ErrorCode.Ok) return { err: request.error, body: null }
    try {
      if (request.type === OpCode.multiRead) return this.#multiRead(request)
      const outcome = this.#read(request, client)
      return typeof outcome === 'number' ? { err: outcome, body: null } : { err: ErrorCode.Ok, body: outcome }
    } catch (error) {
      if (error instanceof JuteError) return { err: ErrorCode.MarshallingError, body: null }
      throw error
    }
  }

  /** @throws JuteError for a body that cannot be read */
  #read(request: Request, client: ClientConnection): Outcome {
    const read = <T>(codec: Codec<T>): T => codec.read(wholeReader(request.body))
    switch (request.type) {
      case OpCode.ping:
        return null
      case OpCode.sync:
        return encode(PathRequest, read(PathRequest))
      case OpCode.exists:
        return this.#exists(read(WatchableRequest), client)
      case OpCode.getData:
      case OpCode.getChildren:
      case OpCode.getChildren2:
        return this.#get(request.type, read(WatchableRequest), request, client)
      case OpCode.getACL:
        return this.#getACL(read(PathRequest).path, request)
      case OpCode.getAllChildrenNumber:
        return this.#getAllChildrenNumber(read(PathRequest).path, request)
      case OpCode.getEphemerals:
        return this.#getEphemerals(read(PathRequest).path, request)
      case OpCode.whoAmI:
        return encode(WhoAmIResponse, { clientInfo: request.auth.map(clientInfo) })
      case OpCode.setWatches:
        return this.#setWatches(client, {
          ...read(SetWatchesBody),
          persistentWatches: [],
          persistentRecursiveWatches: [],
        })
      case OpCode.setWatches2:
        return this.#setWatches(client, read(SetWatches2Body))
      case OpCode.addWatch:
        return this.#addWatch(read(PathNumberBody), client)
      case OpCode.checkWatches:
      case OpCode.removeWatches:
        return this.#removeWatches(request.type, read(PathNumberBody), client)
      default:
        return ErrorCode.MarshallingError
    }
  }

  /** The watch is set whether the node exists or not. No permission is needed (until 3.8.4). */
  #exists({ path, watch }: WatchableRequest, client: ClientConnection): Outcome {
    if (path === null) return ErrorCode.MarshallingError
    if (path.includes('\0')) return ErrorCode.BadArguments
    const stat = this.#database.tree.stat(path)
    if (watch) this.#watches.set(client, stat === undefined ? 'exists' : 'data', path)
    if (stat === undefined) return ErrorCode.NoNode
    this.#countRead(path, 0)
    return encode(StatResponse, { stat })
  }

  /** A node that the client may read; its watch is set only then. */
  #get(type: number, { path, watch }: WatchableRequest, request: Request, client: ClientConnection): Outcome {
    const node = this.#readable(path, request)
    if (typeof node === 'number') return node
    const { tree } = this.#database
    if (watch) this.#watches.set(client, type === OpCode.getData ? 'data' : 'child', path as string)
    const stat = clientStat(node, tree.kinds)
    if (type === OpCode.getData) {
      this.#countRead(path as string, node.dataLength)
      return encode(GetDataResponse, { data: node.dataNow, stat })
    }
    const children = tree.children(path as string)
    this.#countRead(path as string, lengthOf(children))
    if (type === OpCode.getChildren) return encode(GetChildrenResponse, { children })
    return encode(GetChildren2Response, { children, stat })
  }

  #readable(path: string | null, request: Request): NodeView | number {
    if (path === null) return ErrorCode.MarshallingError
    const node = this.#database.tree.node(path)
    if (node === undefined) return ErrorCode.NoNode
    return this.#security.allows(this.#database.tree.aclOf(node), Perms.READ, request.auth) ? node : ErrorCode.NoAuth
  }

  #getACL(path: string | null, request: Request): Outcome {
    if (path === null) return ErrorCode.MarshallingError
    const node = this.#database.tree.node(path)
    if (node === undefined) return ErrorCode.NoNode
    const acl = this.#database.tree.aclOf(node)
    if (!this.#security.allows(acl, Perms.READ | Perms.ADMIN, request.auth)) return ErrorCode.NoAuth
    const shown = this.#security.allows(acl, Perms.ADMIN, request.auth) ? acl : withoutHashes(acl)
    return encode(GetACLResponse, { acl: shown, stat: clientStat(node, this.#database.tree.kinds) })
  }

  #getAllChildrenNumber(path: string | null, request: Request): Outcome {
    const node = this.#readable(path, request)
    if (typeof node === 'number') return node
    const { tree } = this.#database
    // Java's root has a second name, "/", which is below "".
    const totalNumber = path === '' ? tree.nodeCount - 1 : tree.allChildrenNumber(path as string)
    return encode(GetAllChildrenNumberResponse, { totalNumber })
  }

  #getEphemerals(prefix: string | null, request: Request): Outcome {
    const all = javaSetOrder(this.#database.tree.ephemerals(request.session))
    const trimmed = prefix === null ? '' : javaTrim(prefix)
    const wanted = trimmed === '' || trimmed === '/' ? '' : (prefix as string)
    return encode(GetEphemeralsResponse, { ephemerals: all.filter((path) => path.startsWith(wanted)) })
  }

  /** Neither the path nor the permission to read is looked at. */
  #addWatch({ path, number: mode }: { path: string | null; number: number }, client: ClientConnection): Outcome {
    if (path === null) return ErrorCode.MarshallingError
    if (mode === AddWatchMode.PERSISTENT) this.#watches.set(client, 'persistent', path)
    else if (mode === AddWatchMode.PERSISTENT_RECURSIVE) this.#watches.set(client, 'persistentRecursive', path)
    else return ErrorCode.MarshallingError
    return encode(ErrorResponse, { err: ErrorCode.Ok })
  }

  #setWatches(client: ClientConnection, request: SetWatches2Body): Outcome {
    return this.#watches.setAgain(client, request) ? null : ErrorCode.MarshallingError
  }

  #removeWatches(
    op: number,
    { path, number: type }: { path: string | null; number: number },
    client: ClientConnection,
  ): Outcome {
    if (!watcherTypes.has(type)) return ErrorCode.MarshallingError
    // To look for no path is too much for the Java server, to remove it is not.
    if (path === null) return op === OpCode.checkWatches ? ErrorCode.MarshallingError : ErrorCode.NoWatcher
    const found =
      op === OpCode.checkWatches
        ? this.#watches.isWatched(client, path, type)
        : this.#watches.remove(client, path, type)
    return found ? null : ErrorCode.NoWatcher
  }

  /** Each part is answered for itself. What has been answered before a part that may not be here, or has no path, goes
   *  out with the error, as the Java server does it. */
  #multiRead(request: Request): Answer {
    const { ops } = readMulti(wholeReader(request.body))
    const out = new Writer()
    for (const op of ops) {
      if ((op.kind !== 'getData' && op.kind !== 'getChildren') || op.body.path === null) {
        writeEnd(out)
        return { err: ErrorCode.MarshallingError, body: out.finish() }
      }
      const { path } = op.body
      const node = this.#readable(path, request)
      if (typeof node === 'number') writeError(out, node)
      else if (op.kind === 'getData') {
        writeHeader(out, OpCode.getData)
        this.#countRead(path as string, node.dataLength)
        GetDataResponse.write(out, { data: node.dataNow, stat: clientStat(node, this.#database.tree.kinds) })
      } else {
        writeHeader(out, OpCode.getChildren)
        const children = this.#database.tree.children(path as string)
        this.#countRead(path as string, lengthOf(children))
        GetChildrenResponse.write(out, { children })
      }
    }
    writeEnd(out)
    return { err: ErrorCode.Ok, body: out.finish() }
  }
}

/** String.trim: the space and every control character go. */
const javaTrim = (text: string): string => text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '')

/** DataTree.STAT_OVERHEAD_BYTES */
const STAT_BYTES = 68
function lengthOf(names: readonly string[]): number {
  let length = 0
  for (const name of names) length += name.length
  return length
}

const watcherTypes = new Set<number>(Object.values(WatcherType))

/** What a successful write is answered with. `tree`: for a reconfig, which is answered with what is in force now. */
function writeBody({ type, path, stat }: OpResult, tree?: DataTree): Uint8Array | null {
  switch (type) {
    case OpCode.create:
      return encode(PathResponse, { path: path as string })
    case OpCode.create2:
    case OpCode.createTTL:
    case OpCode.createContainer:
      return encode(Create2Response, { path: path as string, stat: stat as NonNullable<typeof stat> })
    case OpCode.setData:
    case OpCode.setACL:
      return encode(StatResponse, { stat: stat as NonNullable<typeof stat> })
    case OpCode.reconfig:
      return encode(GetDataResponse, {
        data: tree?.data(CONFIG_PATH) ?? null,
        stat: stat as NonNullable<typeof stat>,
      })
    default:
      return null
  }
}

/** MultiResponse: one result for each op; all of them errors if one is, and then an error of 0 says "undone". */
function multiResponse(parts: readonly OpResult[]): Uint8Array {
  const out = new Writer()
  for (const part of parts) {
    if (part.type === OpCode.error) {
      writeError(out, part.err)
      continue
    }
    const hasStat = part.type === OpCode.createTTL || part.type === OpCode.createContainer
    writeHeader(out, hasStat ? OpCode.create2 : part.type)
    const body = writeBody(part)
    if (body !== null) out.raw(body)
  }
  writeEnd(out)
  return out.finish()
}

const writeHeader = (out: Writer, type: number): void =>
  MultiHeader.write(out, { type, done: false, err: ErrorCode.Ok })
function writeError(out: Writer, err: number): void {
  MultiHeader.write(out, { type: OpCode.error, done: false, err })
  ErrorResponse.write(out, { err })
}
const writeEnd = (out: Writer): void => MultiHeader.write(out, { type: -1, done: true, err: -1 })
