/** The tree of znodes: the state that all servers agree on. It changes by committed txns and by nothing else, the same
 *  way on every server. Source: DataTree.java (data-tree.md sections 1, 2, 7, 8, 9). Watches are not here: `apply`
 *  tells what changed, in the order in which watches must fire. */
import { ErrorCode, OpCode } from '../wire/codes.ts'
import { type ACL, DataNodeRecord, type Stat, type StatPersisted } from '../wire/data.ts'
import { asSession, type SessionId, ZXID_0, type Zxid } from '../wire/ids.ts'
import { JuteError, type Reader, type Writer } from '../wire/jute.ts'
import type { Txn, TxnHeader } from '../wire/txn.ts'
import { AclCache, OPEN_ACL_ID } from './acl-cache.ts'
import { nodeDigest } from './digest.ts'
import { type NodeIndex, NodeTable, ROOT, ZNode } from './node-table.ts'
import { compact, parentOf } from './paths.ts'
import { QUOTA_ROOT, type Quota, Quotas } from './quota.ts'
import { CONTAINER_OWNER, clientStat, freshStat, kindOf, type NodeView, type OwnerKinds, ttlOwner } from './znode.ts'

/** One thing that watches may wait for. */
export type TreeChange =
  /** Fires (path, NodeCreated) and (parent, NodeChildrenChanged). */
  | ChangeOfChild<'created'>
  /** Fires (path, NodeDeleted) and (parent, NodeChildrenChanged). */
  | ChangeOfChild<'deleted'>
  | { readonly type: 'dataChanged'; readonly path: string; readonly acl: readonly ACL[] }
interface ChangeOfChild<T> {
  readonly type: T
  readonly path: string
  /** Of the node, and of its parent, as they were then: who may be told (CVE-2024-23944). */
  readonly acl: readonly ACL[]
  readonly parentAcl: readonly ACL[]
}

/** What one operation did; `path` and `stat` as far as its reply needs them. */
export interface OpResult {
  readonly type: number
  /** An ErrorCode: 0, the error that an error txn carries, or NoNode and the like when a replay finds it done already. */
  readonly err: number
  readonly path?: string
  /** Right after the operation; not for `create`, whose reply has none. */
  readonly stat?: Stat
}
export interface ApplyResult extends OpResult {
  readonly zxid: Zxid
  /** One for each operation of a multi. */
  readonly parts?: readonly OpResult[]
  readonly changes: readonly TreeChange[]
}

/** Cannot be deleted by anyone. */
export const SPECIAL_PATHS: ReadonlySet<string> = new Set(['/', '/zookeeper', QUOTA_ROOT, '/zookeeper/config'])
/** DataTree.DIGEST_LOG_INTERVAL, less one, and DIGEST_LOG_LIMIT. */
const DIGEST_LOG_MASK = 127n
const DIGEST_LOG_LIMIT = 1024
export interface LoggedDigest {
  readonly zxid: Zxid
  readonly digest: bigint
}

export const CONFIG_PATH = '/zookeeper/config'

export class DataTree {
  /** What a znode's owner says about it. */
  readonly kinds: OwnerKinds
  /** By path; the root's is "". Java keeps it under "/" as well and counts both. */
  #nodes = new NodeTable()
  /** Of walks that may be interrupted by txns: the znodes that come next. */
  readonly #walks = new Set<{ next: NodeIndex }>()
  #acls = new AclCache()
  readonly #ephemerals = new Map<SessionId, Set<string>>()
  /** Paths of container and of TTL nodes, for the container manager. */
  readonly containers = new Set<string>()
  readonly ttls = new Set<string>()
  readonly #quotas = new Quotas({
    node: (path) => this.#get(path),
    children: (path) => this.children(path),
    grown: (bytes) => {
      this.#dataSizeBytes += bytes
    },
  })
  /** Σ of the nodes' digests modulo 2⁶⁴; what has been added since is in #delta, a plain number while it is small. */
  #digest = 0n
  #delta = 0
  #dataSizeBytes = 0
  #lastProcessedZxid: Zxid = ZXID_0
  readonly #digestLog: LoggedDigest[] = []
  /** Somebody is to be answered what the present txn has done. */
  #replies = true

  /** The tree of a server on which nothing has happened. */
  constructor(kinds: OwnerKinds = kindOf) {
    this.kinds = kinds
    const reserved = freshStat(ZXID_0, 0n, 0n)
    this.#insert('', 0, new Uint8Array(0), OPEN_ACL_ID, reserved)
    this.#addReserved('/zookeeper', OPEN_ACL_ID, reserved)
    this.#addConfigNode()
    this.#addReserved(QUOTA_ROOT, OPEN_ACL_ID, reserved)
  }

  // --- reading -----------------------------------------------------------------------------------

  /** "" and "/" are both the root. */
  node(path: string): NodeView | undefined {
    return this.#node(path)
  }
  stat(path: string): Stat | undefined {
    const node = this.#node(path)
    return node === undefined ? undefined : clientStat(node, this.kinds)
  }
  data(path: string): Uint8Array | null | undefined {
    return this.#node(path)?.data
  }
  /** Names in order of creation; empty for a leaf and for a node that does not exist. */
  children(path: string): string[] {
    const names: string[] = []
    const node = this.#node(path)
    if (node === undefined) return names
    for (let child = this.#nodes.firstChild(node.index); child !== 0; child = this.#nodes.nextSibling(child))
      names.push(this.#nodes.name(child))
    return names
  }
  acl(path: string): readonly ACL[] | undefined {
    const node = this.#node(path)
    return node === undefined ? undefined : this.#acls.list(node.acl)
  }
  aclOf(node: NodeView): readonly ACL[] {
    return this.#acls.list(node.acl)
  }
  /** A session's ephemeral nodes in order of creation. */
  ephemerals(session: SessionId): string[] {
    return [...(this.#ephemerals.get(session) ?? [])]
  }
  /** Sessions that own ephemeral nodes, with their paths. */
  ephemeralOwners(): [SessionId, string[]][] {
    return [...this.#ephemerals].map(([session, paths]) => [session, [...paths]])
  }
  get ephemeralsCount(): number {
    let count = 0
    for (const paths of this.#ephemerals.values()) count += paths.size
    return count
  }
  /** As `srvr` counts: the root twice. */
  get nodeCount(): number {
    return this.#nodes.size + 1
  }
  /** Lengths of paths and data. */
  get approximateDataSize(): number {
    return this.#dataSizeBytes + 1
  }
  /** All descendants, as getAllChildrenNumber counts them. */
  allChildrenNumber(path: string): number {
    if (path === '/') return this.nodeCount - 2
    const node = this.#node(path)
    if (node === undefined) return 0
    let count = -1
    for (let at = node.index; at !== 0; at = this.#nodes.following(at, node.index)) count++
    return count
  }
  /** The quota that a change at `path` is counted against, if there is one. */
  quotaOf(path: string): Quota | undefined {
    return this.#quotas.of(path)
  }
  /** False: there are limits for it that make no sense. */
  isQuotaReadable(path: string): boolean {
    return this.#quotas.isReadable(path)
  }
  /** Version 2, signed as it is on the wire. */
  get digest(): bigint {
    this.#fold()
    return this.#digest
  }
  /** The digest after every 128th zxid, the newest 1024 of them, oldest first: servers compare what they have become. */
  get digestLog(): readonly LoggedDigest[] {
    return this.#digestLog
  }
  /** The newest txn that was processed, failed ones included. -1 when an empty disk is not trusted. */
  get lastProcessedZxid(): Zxid {
    return this.#lastProcessedZxid
  }
  /** For recovery and synchronization, which know it from file names and packets. */
  set lastProcessedZxid(zxid: Zxid) {
    this.#lastProcessedZxid = zxid
  }

  /** Paths (the root's is "") and nodes, each parent before its children. Txns between two of them do no harm. */
  *walk(): Generator<[string, NodeView]> {
    const walk = { next: ROOT }
    this.#walks.add(walk)
    try {
      while (walk.next !== 0) {
        const index = walk.next
        walk.next = this.#nodes.following(index, ROOT)
        yield [this.#nodes.path(index), new ZNode(this.#nodes, index)]
      }
    } finally {
      this.#walks.delete(walk)
    }
  }

  /** The digest computed anew: equal to `digest`, or the bookkeeping is broken. */
  recomputedDigest(): bigint {
    let sum = 0n
    for (const [path, node] of this.walk()) sum += BigInt(nodeDigest(path, node.dataNow, node))
    return BigInt.asIntN(64, sum)
  }

  // --- changing ----------------------------------------------------------------------------------

  /** Executes a committed txn. Never throws: what cannot be done (any more) is an error in the result, and the zxid is
   *  processed all the same. Sessions are not kept here. `replies` false: nobody will ask for the result's stats. */
  apply(header: TxnHeader, txn: Txn, replies = true): ApplyResult {
    this.#replies = replies
    const changes: TreeChange[] = []
    const { zxid } = header
    const result = txn.kind === 'multi' ? this.#multi(header, txn.body, changes) : this.#operation(header, txn, changes)
    // Only now, after the last part of a multi: a snapshot named after a zxid must hold all of it (ZOOKEEPER-3127).
    if (zxid > this.#lastProcessedZxid) this.#lastProcessedZxid = zxid
    if ((zxid & DIGEST_LOG_MASK) === 0n) this.#logDigest(zxid)
    // Added in place: this is done for every txn, and a copy costs as much as the operation.
    const whole = result as { -readonly [K in keyof ApplyResult]: ApplyResult[K] }
    whole.zxid = zxid
    whole.changes = changes
    return whole
  }

  /** The configuration as /zookeeper/config shows it, set by every server for itself at its start.
   *  `version`: of the configuration; `mtimeMs`: this server's wall clock. */
  setConfigNode(text: Uint8Array, version: Zxid, mtimeMs: bigint): void {
    if (this.#get(CONFIG_PATH) === undefined) this.#addConfigNode()
    const node = this.#get(CONFIG_PATH) as ZNode
    this.#change(CONFIG_PATH, node, () => {
      this.#dataSizeBytes += text.length - node.dataLength
      node.data = text
      node.mzxid = version
      node.mtime = mtimeMs
      node.version = -1
    })
  }

  #logDigest(zxid: Zxid): void {
    this.#digestLog.push({ zxid, digest: this.digest })
    if (this.#digestLog.length > DIGEST_LOG_LIMIT) this.#digestLog.shift()
  }

  #multi(header: TxnHeader, parts: readonly Txn[], changes: TreeChange[]): Omit<ApplyResult, 'zxid' | 'changes'> {
    const failed = parts.some((part) => part.kind === 'error')
    const results: OpResult[] = []
    let afterError = false
    for (const part of parts) {
      if (part.kind === 'error') afterError = true
      // One failed operation undoes all: those before it did nothing wrong (0), those after it were not tried.
      const err = afterError ? ErrorCode.RuntimeInconsistency : ErrorCode.Ok
      const executed: Txn =
        failed && part.kind !== 'error' ? { kind: 'error', type: OpCode.error, body: { err } } : part
      results.push(this.#operation(header, executed, changes))
    }
    const err = results.find((result) => result.err !== 0)?.err ?? 0
    return { type: OpCode.multi, err, parts: results }
  }

  #operation(header: TxnHeader, txn: Txn, changes: TreeChange[]): OpResult {
    const { zxid, time, clientId } = header
    switch (txn.kind) {
      case 'create':
        return this.#create(txn.type, txn.body, txn.body.ephemeral ? clientId : 0n, zxid, time, changes)
      case 'createTTL':
        return this.#create(txn.type, txn.body, ttlOwner(txn.body.ttl), zxid, time, changes)
      case 'createContainer':
        return this.#create(txn.type, txn.body, CONTAINER_OWNER, zxid, time, changes)
      case 'delete':
        return { type: txn.type, err: this.#delete(txn.body.path, zxid, changes), path: txn.body.path }
      case 'setData':
        return this.#setData(txn.type, txn.body, zxid, time, changes)
      case 'setACL':
        return this.#setACL(txn.body)
      case 'check':
        return { type: txn.type, err: 0, path: txn.body.path }
      case 'closeSession':
        this.#closeSession(clientId, txn.body?.paths2Delete ?? [], zxid, changes)
        return { type: txn.type, err: 0 }
      case 'createSession':
        return { type: txn.type, err: 0 }
      case 'error':
        return { type: txn.type, err: txn.body.err }
      case 'multi':
        // A multi inside a multi: Java has no case for it and does nothing.
        return { type: txn.type, err: 0 }
    }
  }

  #create(type: number, body: CreateBody, owner: bigint, zxid: Zxid, time: bigint, changes: TreeChange[]): OpResult {
    const { path } = body
    const parentPath = parentOf(path)
    const parent = parentPath === undefined ? undefined : this.#get(parentPath)
    if (parentPath === undefined || parent === undefined) return { type, err: ErrorCode.NoNode, path }
    const cversion = body.parentCVersion === -1 ? (parent.cversion + 1) | 0 : body.parentCVersion
    // A txn that is replayed over a newer state must not turn these back (ZOOKEEPER-3249).
    const raise = (): void => {
      if (cversion <= parent.cversion) return
      parent.cversion = cversion
      parent.pzxid = zxid
    }
    const existing = this.#get(path)
    if (existing !== undefined) {
      // Replay over a fuzzy snapshot. (Java raises the parent for `create` alone; a maximum is right for all.)
      this.#change(parentPath, parent, raise)
      if (existing.czxid === zxid && !this.#acls.knows(existing.acl)) existing.acl = this.#acls.intern(body.acl)
      return { type, err: ErrorCode.NodeExists, path }
    }
    this.#change(parentPath, parent, raise)
    const acl = this.#acls.intern(body.acl)
    const node = this.#insert(path, parent.index, body.data, acl, freshStat(zxid, time, owner))
    // Quotas write to znodes: the stat of the reply is taken before.
    const stat = type === OpCode.create ? undefined : clientStat(node, this.kinds)
    this.#quotas.created(path, node)
    changes.push({ type: 'created', path, acl: this.#acls.list(acl), parentAcl: this.#acls.list(parent.acl) })
    return stat === undefined ? { type, err: 0, path } : { type, err: 0, path, stat }
  }

  /** @returns an ErrorCode; the parent is brought up to date even when the node is gone already. */
  #delete(path: string, zxid: Zxid, changes: TreeChange[]): number {
    const parentPath = parentOf(path)
    const parent = parentPath === undefined ? undefined : this.#get(parentPath)
    if (parentPath === undefined || parent === undefined) return ErrorCode.NoNode
    this.#change(parentPath, parent, () => {
      if (zxid > parent.pzxid) parent.pzxid = zxid
    })
    const node = this.#get(path)
    if (node === undefined) return ErrorCode.NoNode
    const acl = this.#acls.list(node.acl)
    const { dataLength } = node
    this.#removeAll(path, node)
    this.#quotas.deleted(path, dataLength)
    changes.push({ type: 'deleted', path, acl, parentAcl: this.#acls.list(parent.acl) })
    return 0
  }

  #setData(
    type: number,
    body: { path: string; data: Uint8Array | null; version: number },
    zxid: Zxid,
    time: bigint,
    changes: TreeChange[],
  ): OpResult {
    const { path, data, version } = body
    const node = this.#node(path)
    if (node === undefined) return { type, err: ErrorCode.NoNode, path }
    const growth = (data?.length ?? 0) - node.dataLength
    node.data = data
    node.mtime = time
    node.mzxid = zxid
    node.version = version
    this.#changed(path, node)
    this.#dataSizeBytes += growth
    const stat = this.#replies ? clientStat(node, this.kinds) : undefined
    this.#quotas.changed(path, 0, growth)
    changes.push({ type: 'dataChanged', path, acl: this.#acls.list(node.acl) })
    return stat === undefined ? { type, err: 0, path } : { type, err: 0, path, stat }
  }

  #setACL(body: { path: string; acl: readonly ACL[]; version: number }): OpResult {
    const { path, acl, version } = body
    const node = this.#node(path)
    if (node === undefined) return { type: OpCode.setACL, err: ErrorCode.NoNode, path }
    this.#acls.release(node.acl)
    this.#change(path, node, () => {
      node.aversion = version
      node.acl = this.#acls.intern(acl)
    })
    return { type: OpCode.setACL, err: 0, path, stat: clientStat(node, this.kinds) }
  }

  /** The txn's list first, in its order, whoever owns the nodes by now: on a replay it may be someone else, and the
   *  stats must come out the same (ZOOKEEPER-3145). Then what is left. */
  #closeSession(session: SessionId, paths: readonly string[], zxid: Zxid, changes: TreeChange[]): void {
    const left = new Set(this.#ephemerals.get(session))
    for (const path of paths) {
      this.#delete(path, zxid, changes)
      left.delete(path)
    }
    for (const path of left) this.#delete(path, zxid, changes)
    this.#ephemerals.delete(session)
  }

  // --- snapshots ---------------------------------------------------------------------------------

  /** The body of a snapshot file and of a SNAP stream: sessions, ACL cache, nodes, terminator. */
  serialize(out: Writer, sessions: ReadonlyMap<SessionId, number>): void {
    writeSessions(out, sessions)
    this.#acls.serialize(out)
    for (const [path, node] of this.walk()) {
      out.string(path)
      DataNodeRecord.write(out, { data: node.dataNow, acl: BigInt(node.acl), stat: node })
    }
    out.string('/')
  }

  /** The same bit by bit: whenever it yields, after so many znodes or so, others may have their turn, and `out` may be
   *  taken away. Txns that are executed meanwhile make it fuzzy, as ZooKeeper's snapshots are: it has their effects in part,
   *  and replaying the log from the zxid of its beginning repairs that. */
  *serializeInSlices(out: Writer, sessions: ReadonlyMap<SessionId, number>, znodes: number): Generator<void> {
    const begin = this.lastProcessedZxid
    writeSessions(out, sessions)
    const nobody = this.#acls.serializeWithNobody(out)
    let count = 0
    for (const [path, node] of this.walk()) {
      // The log makes them.
      if (node.czxid > begin) continue
      out.string(path)
      // A list that is newer than those above is made by the log, too.
      const acl = BigInt(Math.min(node.acl, nobody))
      DataNodeRecord.write(out, { data: node.dataNow, acl, stat: node })
      if (++count % znodes === 0) yield
    }
    out.string('/')
  }

  /** lastProcessedZxid is not in there: the caller knows it. Fuzzy snapshots are read like others; replaying the log
   *  repairs them. @throws JuteError when it is no tree, EndOfInput when it is not whole */
  static deserialize(input: Reader, kinds: OwnerKinds = kindOf): { tree: DataTree; sessions: Map<SessionId, number> } {
    const sessions = new Map<SessionId, number>()
    for (let count = input.int(); count > 0; count--) {
      const session = asSession(input.long())
      sessions.set(session, input.int())
    }
    const tree = new DataTree(kinds)
    tree.#clear()
    tree.#acls.deserialize(input)
    for (let path = input.string(); path !== '/'; path = input.string()) {
      const record = DataNodeRecord.read(input)
      tree.#load(path ?? '', record)
    }
    if (tree.#nodes.size === 0) throw new JuteError('Invalid Datatree, it has no root')
    tree.#acls.purgeUnused()
    tree.#quotas.load()
    return { tree, sessions }
  }

  #load(path: string, { data, acl: number, stat }: DataNodeRecord): void {
    if (this.#nodes.find(path) !== 0) throw new JuteError(`Invalid Datatree, path ${path} twice`)
    const parentPath = parentOf(path)
    const parent = parentPath === undefined ? 0 : this.#nodes.find(parentPath)
    if (parentPath === undefined && path !== '') throw new JuteError(`Invalid Datatree, path ${path}`)
    if (parentPath !== undefined && parent === 0)
      throw new JuteError(`Invalid Datatree, unable to find parent ${parentPath} of path ${path}`)
    const acl = Number(number)
    this.#acls.claim(acl)
    this.#insert(path, parent, data, acl, stat)
  }

  // --- bookkeeping -------------------------------------------------------------------------------

  #node(path: string): ZNode | undefined {
    return this.#get(path === '/' ? '' : path)
  }
  #get(path: string): ZNode | undefined {
    const index = this.#nodes.find(path)
    return index === 0 ? undefined : new ZNode(this.#nodes, index)
  }

  /** Every index that a node is in. */
  #insert(path: string, parent: NodeIndex, data: Uint8Array | null, acl: number, stat: StatPersisted): ZNode {
    const node = new ZNode(this.#nodes, this.#nodes.add(path, parent, data, acl, stat))
    this.#dataSizeBytes += path.length + node.dataLength
    node.digest = this.#nodes.digest(node.index, path) | 0
    this.#addDigest(node.digest >>> 0)
    const { ephemeralOwner } = stat
    const kind = this.kinds(ephemeralOwner)
    if (kind === 'container') this.containers.add(compact(path))
    else if (kind === 'ttl') this.ttls.add(compact(path))
    else if (kind === 'ephemeral') {
      const session = asSession(ephemeralOwner)
      const paths = this.#ephemerals.get(session)
      if (paths === undefined) this.#ephemerals.set(session, new Set([compact(path)]))
      else paths.add(compact(path))
    }
    return node
  }

  /** A replay over a fuzzy snapshot may find children that are younger than what it deletes; the log makes them again. */
  #removeAll(path: string, node: ZNode): void {
    const below: NodeIndex[] = []
    if (node.childCount > 0)
      for (let at = node.index; at !== 0; at = this.#nodes.following(at, node.index)) below.push(at)
    for (let at = below.pop(); at !== undefined && at !== node.index; at = below.pop())
      this.#remove(this.#nodes.path(at), new ZNode(this.#nodes, at))
    this.#remove(path, node)
  }

  #remove(path: string, node: ZNode): void {
    this.#dataSizeBytes -= path.length + node.dataLength
    this.#addDigest(-(node.digest >>> 0))
    this.#acls.release(node.acl)
    const { ephemeralOwner } = node
    const kind = this.kinds(ephemeralOwner)
    if (kind === 'container') this.containers.delete(path)
    else if (kind === 'ttl') this.ttls.delete(path)
    else if (kind === 'ephemeral') {
      const session = asSession(ephemeralOwner)
      const paths = this.#ephemerals.get(session)
      paths?.delete(path)
      if (paths?.size === 0) this.#ephemerals.delete(session)
    }
    for (const walk of this.#walks)
      if (walk.next === node.index) walk.next = this.#nodes.following(node.index, ROOT, true)
    this.#nodes.remove(node.index)
  }

  /** The only way in which a node's stat or data may change: the digest follows. */
  #change(path: string, node: ZNode, change: () => void): void {
    change()
    this.#changed(path, node)
  }
  #changed(path: string, node: ZNode): void {
    const digest = this.#nodes.digest(node.index, path)
    this.#addDigest(digest - (node.digest >>> 0))
    node.digest = digest | 0
  }

  #addDigest(difference: number): void {
    this.#delta += difference
    if (Math.abs(this.#delta) > 2 ** 50) this.#fold()
  }
  #fold(): void {
    if (this.#delta === 0) return
    this.#digest = BigInt.asIntN(64, this.#digest + BigInt(this.#delta))
    this.#delta = 0
  }

  #clear(): void {
    this.#nodes = new NodeTable()
    this.#acls = new AclCache()
    this.#digest = 0n
    this.#delta = 0
    this.#dataSizeBytes = 0
  }

  #addReserved(path: string, acl: number, stat: StatPersisted): void {
    this.#insert(path, this.#nodes.find(parentOf(path) ?? ''), new Uint8Array(0), acl, stat)
  }

  /** Readable by anyone, writable by nobody but a super user; its aversion says that no txn made it so. */
  #addConfigNode(): void {
    const acl = this.#acls.intern([{ perms: 1, id: { scheme: 'world', id: 'anyone' } }])
    this.#addReserved(CONFIG_PATH, acl, { ...freshStat(ZXID_0, 0n, 0n), aversion: -1 })
  }
}

interface CreateBody {
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: readonly ACL[]
  readonly parentCVersion: number
}

function writeSessions(out: Writer, sessions: ReadonlyMap<SessionId, number>): void {
  out.int(sessions.size)
  for (const [session, timeoutMs] of sessions) {
    out.long(session)
    out.int(timeoutMs)
  }
}
