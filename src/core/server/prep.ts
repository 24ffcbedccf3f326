/** Turns requests into txns: the only place where a zxid is given to a write and where its success is decided, against
 *  the tree as it will be when everything proposed before is committed. A write that must fail becomes an error txn.
 *  Source: PrepRequestProcessor.java (request-pipeline.md section 3). Different on purpose: a `check` outside a multi is
 *  refused (ZOOKEEPER-2623), an ephemeral's parent counts one child less while the close of its session is outstanding,
 *  the predicted digest is right also where flags and op code contradict each other, and a reconfig that cannot be read
 *  becomes an error txn, where the Java server leaves its client without an answer. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { TraceSink } from '../host.ts'
import type { Database } from '../storage/database.ts'
import { CONFIG_PATH, SPECIAL_PATHS } from '../tree/data-tree.ts'
import { DIGEST_VERSION } from '../tree/digest.ts'
import { parentOf, validatePath } from '../tree/paths.ts'
import { freshStat, MAX_TTL_MS } from '../tree/znode.ts'
import { ErrorCode, OpCode, Perms } from '../wire/codes.ts'
import type { Zxid } from '../wire/ids.ts'
import { type Codec, JuteError, wholeReader } from '../wire/jute.ts'
import { CreateTTLRequest, DeleteRequest, ReconfigRequest, SetACLRequest, SetDataRequest } from '../wire/proto.ts'
import type { Txn, TxnHeader } from '../wire/txn.ts'
import { decodeUtf8, encodedUtf8 } from '../wire/utf8.ts'
import { createTxn, modes, sequenceSuffix } from './create-mode.ts'
import { javaSetOrder } from './java-set-order.ts'
import { type NodeState, OutstandingChanges } from './outstanding-changes.ts'
import { exceededQuota } from './quota-check.ts'
import { nextQuorum, type Reconfiguring } from './reconfig.ts'
import type { Request } from './request.ts'
import { aclOf, CreateBody, type MultiOp, readMulti } from './request-body.ts'
import { Security, type SecurityConfig } from './security.ts'
import type { SessionTracker } from './session-tracker.ts'

export interface PrepOptions {
  readonly database: Pick<Database, 'tree'>
  readonly sessions: SessionTracker
  /** The zxid of the next txn; called once for each write. */
  nextZxid(): Zxid
  /** ms since 1970 */
  wallTime(): number
  readonly config?: PrepConfig
  /** Hears of quotas that are exceeded. */
  readonly trace?: TraceSink
  /** Absent: there is no quorum whose members could change (standalone). */
  readonly reconfiguring?: Reconfiguring
}

export type PrepConfig = SecurityConfig &
  Pick<
    ReplicaConfig,
    | 'enforceQuota'
    | 'extendedTypesEnabled'
    | 'digestEnabled'
    | 'closeSessionTxnEnabled'
    | 'reconfigEnabled'
    | 'standaloneEnabled'
  >

/** The txn of a write, or the code of its failure. */
type Outcome = Txn | ErrorCode

export class PrepRequestProcessor {
  readonly #options: PrepOptions
  readonly #config: PrepConfig
  readonly #security: Security
  readonly #changes: OutstandingChanges

  constructor(options: PrepOptions) {
    this.#options = options
    this.#config = options.config ?? {}
    this.#security = new Security(this.#config)
    const { database } = options
    this.#changes = new OutstandingChanges({
      state(path) {
        const node = database.tree.node(path)
        return node && { stat: node, data: node.data, acl: database.tree.aclOf(node), childCount: node.childCount }
      },
      get digest() {
        return database.tree.digest
      },
    })
  }

  /** Fills in `logged` for everything that changes state, and `error`. The txn must be proposed before the next call. */
  prepare(request: Request): void {
    if (!isWrite(request.type)) {
      request.error = this.#options.sessions.check(request.session, request.owner)
      return
    }
    const { nextZxid, wallTime } = this.#options
    const header: TxnHeader = {
      clientId: request.session,
      cxid: request.cxid,
      zxid: nextZxid(),
      time: BigInt(wallTime()),
      type: request.type,
    }
    const outcome = this.#decide(request, header)
    if (typeof outcome === 'number') {
      request.error = outcome
      const txn = { kind: 'error', type: OpCode.error, body: { err: outcome } } as const
      request.logged = { header: { ...header, type: OpCode.error }, txn, digest: null }
    } else {
      request.error = ErrorCode.Ok
      const digest =
        this.#config.digestEnabled === false ? null : { version: DIGEST_VERSION, treeDigest: this.#changes.treeDigest }
      request.logged = { header, txn: outcome, digest }
    }
  }

  /** Changes of znodes that are proposed and not applied: 0 when nothing is on its way. */
  get outstandingChanges(): number {
    return this.#changes.size
  }

  /** The txn is in the tree: what was outstanding because of it is not any more. */
  applied(zxid: Zxid): void {
    this.#changes.applied(zxid)
  }

  #decide(request: Request, header: TxnHeader): Outcome {
    const read = <T>(codec: Codec<T>): T => codec.read(wholeReader(request.body))
    try {
      switch (request.type) {
        case OpCode.create:
        case OpCode.create2:
        case OpCode.createContainer:
          return this.#create(request, header, request.type, read(CreateBody))
        case OpCode.createTTL:
          return this.#create(request, header, request.type, read(CreateTTLRequest))
        case OpCode.delete:
          return this.#checkSession(request) || this.#delete(request, header, read(DeleteRequest))
        case OpCode.deleteContainer:
          return this.#deleteContainer(request, header)
        case OpCode.setData:
          return this.#checkSession(request) || this.#setData(request, header, read(SetDataRequest))
        case OpCode.setACL:
          return this.#checkSession(request) || this.#setACL(request, header, read(SetACLRequest))
        case OpCode.multi:
          return this.#multi(request, header)
        case OpCode.createSession:
          return this.#createSession(request)
        case OpCode.closeSession:
          return this.#closeSession(request, header)
        case OpCode.reconfig:
          return this.#reconfig(request, header)
        default:
          return ErrorCode.Unimplemented
      }
    } catch (error) {
      if (error instanceof JuteError) return ErrorCode.MarshallingError
      throw error
    }
  }

  #checkSession(request: Request): ErrorCode {
    return this.#options.sessions.check(request.session, request.owner)
  }
  /** For an ephemeral. A local session that may not become a global one brings its error along. */
  #checkGlobalSession(request: Request): ErrorCode {
    if (request.error !== ErrorCode.Ok) return request.error as ErrorCode
    return this.#options.sessions.checkGlobal(request.session, request.owner)
  }

  // --- znodes ------------------------------------------------------------------------------------

  #create(request: Request, { zxid, time }: TxnHeader, type: number, body: CreateBody): Outcome {
    const { path: given, data, flags, ttl } = body
    const mode = modes.get(flags)
    if (mode === undefined) return ErrorCode.BadArguments
    if (mode.ttl && this.#config.extendedTypesEnabled !== true) return ErrorCode.Unimplemented
    if (mode.ttl ? ttl < 1n || ttl > MAX_TTL_MS : ttl >= 0n) return ErrorCode.BadArguments
    // The op code decides what is made of it; a TTL txn without a time to live could be executed nowhere.
    if (type === OpCode.createTTL && !mode.ttl) return ErrorCode.BadArguments
    const error = mode.ephemeral ? this.#checkGlobalSession(request) : this.#checkSession(request)
    if (error !== ErrorCode.Ok) return error
    if (given === null) return ErrorCode.MarshallingError
    const parentPath = given.includes('\0') ? undefined : parentOf(given)
    if (parentPath === undefined) return ErrorCode.BadArguments
    const list = aclOf(body.acl)
    if (list === 'broken') return ErrorCode.MarshallingError
    const acl = this.#security.fixup(list, request.auth)
    if (acl === undefined) return ErrorCode.InvalidACL
    const parent = this.#changes.state(parentPath)
    if (parent === undefined) return ErrorCode.NoNode
    if (!this.#security.allows(parent.acl, Perms.CREATE, request.auth)) return ErrorCode.NoAuth
    const path = mode.sequential ? given + sequenceSuffix(parent.stat.cversion) : given
    if (validatePath(path) !== undefined) return ErrorCode.BadArguments
    if (this.#changes.state(path) !== undefined) return ErrorCode.NodeExists
    if (this.#options.database.tree.kinds(parent.stat.ephemeralOwner) === 'ephemeral')
      return ErrorCode.NoChildrenForEphemerals
    const excess = this.#quotaError(path, 1, data?.length ?? 0)
    if (excess !== ErrorCode.Ok) return excess

    const parentCVersion = (parent.stat.cversion + 1) | 0
    const [txn, owner] = createTxn(
      type,
      { path, data, acl, parentCVersion },
      mode.ephemeral ? request.session : 0n,
      ttl,
    )
    // The same rule by which the tree raises them, so that a version that has wrapped around stays where it is.
    const raised = parentCVersion > parent.stat.cversion ? { cversion: parentCVersion, pzxid: zxid } : {}
    this.#changes.change(zxid, parentPath, {
      ...parent,
      stat: { ...statOf(parent), ...raised },
      childCount: parent.childCount + 1,
    })
    this.#changes.change(zxid, path, { stat: freshStat(zxid, time, owner), data, acl, childCount: 0 })
    return txn
  }

  #delete(request: Request, { zxid }: TxnHeader, { path, version }: DeleteRequest): Outcome {
    if (path === null) return ErrorCode.MarshallingError
    const parentPath = path.includes('\0') || SPECIAL_PATHS.has(path) ? undefined : parentOf(path)
    if (parentPath === undefined) return ErrorCode.BadArguments
    const parent = this.#changes.state(parentPath)
    if (parent === undefined) return ErrorCode.NoNode
    if (!this.#security.allows(parent.acl, Perms.DELETE, request.auth)) return ErrorCode.NoAuth
    const node = this.#changes.state(path)
    if (node === undefined) return ErrorCode.NoNode
    if (version !== -1 && version !== node.stat.version) return ErrorCode.BadVersion
    if (node.childCount > 0) return ErrorCode.NotEmpty
    this.#remove(zxid, path)
    return { kind: 'delete', type: OpCode.delete, body: { path } }
  }

  /** Only the server itself asks for this; its body is the path's bytes, with no length in front. */
  #deleteContainer(request: Request, { zxid }: TxnHeader): Outcome {
    const path = request.owner === null ? decodePath(request.body) : undefined
    const parentPath = path === undefined || SPECIAL_PATHS.has(path) ? undefined : parentOf(path)
    if (path === undefined || parentPath === undefined) return ErrorCode.BadArguments
    const node = this.#changes.state(path)
    if (node === undefined) return ErrorCode.NoNode
    if (node.childCount > 0) return ErrorCode.NotEmpty
    const kind = this.#options.database.tree.kinds(node.stat.ephemeralOwner)
    if (kind === 'ephemeral') return ErrorCode.BadVersion
    this.#remove(zxid, path)
    return { kind: 'delete', type: OpCode.deleteContainer, body: { path } }
  }

  #setData(request: Request, { zxid, time }: TxnHeader, { path, data, version }: SetDataRequest): Outcome {
    if (path === null || validatePath(path) !== undefined) return ErrorCode.BadArguments
    const node = this.#changes.state(path)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#security.allows(node.acl, Perms.WRITE, request.auth)) return ErrorCode.NoAuth
    const excess = this.#quotaError(path, 0, (data?.length ?? 0) - (node.data?.length ?? 0))
    if (excess !== ErrorCode.Ok) return excess
    const next = nextVersion(node.stat.version, version)
    if (next === undefined) return ErrorCode.BadVersion
    const { acl, childCount, stat } = node
    const { czxid, ctime, cversion, aversion, ephemeralOwner, pzxid } = stat
    const changed = { czxid, mzxid: zxid, ctime, mtime: time, version: next, cversion, aversion, ephemeralOwner, pzxid }
    this.#changes.change(zxid, path, { stat: changed, data, acl, childCount })
    return { kind: 'setData', type: OpCode.setData, body: { path, data, version: next } }
  }

  #setACL(request: Request, { zxid }: TxnHeader, body: SetACLRequest): Outcome {
    const { path } = body
    if (path === null || validatePath(path) !== undefined) return ErrorCode.BadArguments
    const list = aclOf(body.acl)
    if (list === 'broken') return ErrorCode.MarshallingError
    const acl = this.#security.fixup(list, request.auth)
    if (acl === undefined) return ErrorCode.InvalidACL
    const node = this.#changes.state(path)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#security.allows(node.acl, Perms.ADMIN, request.auth)) return ErrorCode.NoAuth
    const next = nextVersion(node.stat.aversion, body.version)
    if (next === undefined) return ErrorCode.BadVersion
    this.#changes.change(zxid, path, { ...node, acl, stat: { ...statOf(node), aversion: next } })
    return { kind: 'setACL', type: OpCode.setACL, body: { path, acl, version: next } }
  }

  #check(request: Request, { path, version }: DeleteRequest): Outcome {
    if (path === null || validatePath(path) !== undefined) return ErrorCode.BadArguments
    const node = this.#changes.state(path)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#security.allows(node.acl, Perms.READ, request.auth)) return ErrorCode.NoAuth
    const next = nextVersion(node.stat.version, version)
    if (next === undefined) return ErrorCode.BadVersion
    return { kind: 'check', type: OpCode.check, body: { path, version: next } }
  }

  /** Usage is that of the applied tree, as in ZooKeeper: what is on its way is not counted. */
  #quotaError(path: string, count: number, bytes: number): ErrorCode {
    if (this.#config.enforceQuota !== true) return ErrorCode.Ok
    const { tree } = this.#options.database
    if (!tree.isQuotaReadable(path)) return ErrorCode.MarshallingError
    const exceeded = exceededQuota(tree, path, count, bytes)
    for (const event of exceeded) this.#options.trace?.emit(event)
    return exceeded.some(({ hard }) => hard) ? ErrorCode.QuotaExceeded : ErrorCode.Ok
  }

  /** Takes the node away and tells its parent. */
  #remove(zxid: Zxid, path: string): void {
    const parentPath = parentOf(path) ?? ''
    const parent = this.#changes.state(parentPath)
    if (parent !== undefined) {
      const pzxid = parent.stat.pzxid > zxid ? parent.stat.pzxid : zxid
      const childCount = parent.childCount - 1
      this.#changes.change(zxid, parentPath, { ...parent, stat: { ...statOf(parent), pzxid }, childCount })
    }
    this.#changes.change(zxid, path, null)
  }

  // --- membership --------------------------------------------------------------------------------

  /** The new configuration becomes the data of /zookeeper/config, and the request carries it to the leader. */
  #reconfig(request: Request, { zxid, time }: TxnHeader): Outcome {
    const asked = ReconfigRequest.read(wholeReader(request.body))
    if (this.#config.reconfigEnabled !== true) return ErrorCode.ReconfigDisabled
    const error = this.#checkSession(request)
    if (error !== ErrorCode.Ok) return error
    const { reconfiguring } = this.#options
    if (reconfiguring === undefined) return ErrorCode.Unimplemented
    const quorum = nextQuorum(asked, reconfiguring, zxid, this.#config.standaloneEnabled !== false)
    if (typeof quorum === 'number') return quorum
    const node = this.#changes.state(CONFIG_PATH)
    if (node === undefined) return ErrorCode.NoNode
    if (!this.#security.allows(node.acl, Perms.WRITE, request.auth)) return ErrorCode.NoAuth
    request.quorum = quorum
    const data = encodedUtf8(quorum.toString())
    const stat = { ...statOf(node), version: -1, mtime: time, mzxid: zxid }
    this.#changes.change(zxid, CONFIG_PATH, { ...node, data, stat })
    return { kind: 'setData', type: OpCode.reconfig, body: { path: CONFIG_PATH, data, version: -1 } }
  }

  // --- multi -------------------------------------------------------------------------------------

  /** One zxid for all. The first failure takes back what came before it; what comes after it is not tried. */
  #multi(request: Request, header: TxnHeader): Outcome {
    const { ops, reads } = readMulti(wholeReader(request.body))
    if (reads) return ErrorCode.MarshallingError
    const parts: Txn[] = []
    let failed = false
    for (const op of ops) {
      const outcome = failed ? ErrorCode.RuntimeInconsistency : this.#multiOp(request, header, op)
      if (typeof outcome !== 'number') {
        parts.push(outcome)
        continue
      }
      if (!failed) this.#changes.rollback(header.zxid)
      // What cannot be understood fails the whole request, not one op of it.
      if (outcome === ErrorCode.MarshallingError) return outcome
      parts.push({ kind: 'error', type: OpCode.error, body: { err: outcome } })
      failed = true
    }
    return { kind: 'multi', type: OpCode.multi, body: parts }
  }

  #multiOp(request: Request, header: TxnHeader, op: MultiOp): Outcome {
    if (op.kind === 'create') {
      // The flags decide here, not the op code; so create2 becomes create and its result has no Stat (until 3.8.2).
      const mode = modes.get(op.body.flags)
      const type = mode?.ttl ? OpCode.createTTL : mode?.container ? OpCode.createContainer : OpCode.create
      // Java takes one record for another then.
      if (mode?.ttl && op.type !== OpCode.createTTL) return ErrorCode.MarshallingError
      return this.#create(request, header, type, { ...op.body, ttl: mode?.ttl ? op.body.ttl : -1n })
    }
    const error = this.#checkSession(request)
    if (error !== ErrorCode.Ok) return error
    switch (op.kind) {
      case 'delete':
        return this.#delete(request, header, op.body)
      case 'setData':
        return this.#setData(request, header, op.body)
      case 'check':
        return this.#check(request, op.body)
      default:
        return ErrorCode.MarshallingError
    }
  }

  // --- sessions ----------------------------------------------------------------------------------

  #createSession(request: Request): Outcome {
    const timeOut = wholeReader(request.body).int()
    this.#options.sessions.add(request.session, timeOut)
    this.#options.sessions.setOwner(request.session, request.owner)
    return { kind: 'createSession', type: OpCode.createSession, body: { timeOut } }
  }

  /** Its ephemerals are listed in the txn, so that every server deletes the same ones in the same order. */
  #closeSession(request: Request, { zxid }: TxnHeader): Outcome {
    const { database, sessions } = this.#options
    const paths2Delete = javaSetOrder(
      this.#changes.ephemerals(request.session, database.tree.ephemerals(request.session)),
    )
    for (const path of paths2Delete) this.#remove(zxid, path)
    sessions.startClosing(request.session)
    const body = this.#config.closeSessionTxnEnabled === false ? null : { paths2Delete }
    return { kind: 'closeSession', type: OpCode.closeSession, body }
  }
}

/** What becomes a txn, also when it fails. */
export const isWrite = (type: number): boolean => writes.has(type)
const writes = new Set<number>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.deleteContainer,
  OpCode.setData,
  OpCode.setACL,
  OpCode.check,
  OpCode.multi,
  OpCode.reconfig,
  OpCode.createSession,
  OpCode.closeSession,
])

/** -1 matches any version; undefined: BadVersion. Versions are 32 bits wide and wrap around. */
const nextVersion = (current: number, expected: number): number | undefined =>
  expected === -1 || expected === current ? (current + 1) | 0 : undefined

/** The persisted fields alone: what comes from the tree is a whole node, which changes with it. */
function statOf({ stat }: NodeState): NodeState['stat'] {
  const { czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid } = stat
  return { czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid }
}

/** @returns undefined when it cannot be a path */
function decodePath(body: Uint8Array): string | undefined {
  const path = decodeUtf8(body)
  return path.includes('\0') ? undefined : path
}
