/** The tree as the committed history makes it, written a second time and as plainly as it goes: it executes each txn once,
 *  says what is wrong with a txn in the place where it stands, and remembers what every znode was at recent zxids.
 *  Source: DataTree.java (data-tree.md); ACLs and quotas only as data. */
import { nodeDigest } from '../core/tree/digest.ts'
import { kindOf, type NodeKind, ttlOf } from '../core/tree/znode.ts'
import { OpCode } from '../core/wire/codes.ts'
import type { ACL, Stat } from '../core/wire/data.ts'
import { ZXID_0, type Zxid } from '../core/wire/ids.ts'
import type { LoggedTxn, Txn, TxnHeader } from '../core/wire/txn.ts'
import type { PropertyId } from './properties.ts'
import type { SnapshotSeen } from './snapshot-reader.ts'

/** A znode from one zxid on. Never changed. */
export interface Version {
  readonly zxid: Zxid
  /** false: it is gone. */
  readonly exists: boolean
  readonly data: Uint8Array | null
  readonly acl: readonly ACL[] | undefined
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly pzxid: Zxid
  readonly ctime: bigint
  readonly mtime: bigint
  readonly version: number
  /** Creations of children only. */
  readonly cversion: number
  readonly aversion: number
  readonly ephemeralOwner: bigint
  readonly childCount: number
}

/** What watches may wait for, in the order of their events. */
export interface Change {
  readonly zxid: Zxid
  readonly type: 'created' | 'deleted' | 'data'
  readonly path: string
  /** Of the znode and of its parent, as they were then. */
  readonly acl: readonly ACL[] | undefined
  readonly parentAcl: readonly ACL[] | undefined
}

/** What one operation came to. */
export interface Outcome {
  readonly type: number
  readonly err: number
  readonly path?: string
  readonly stat?: Stat
  /** create: the parent's count of creations before it, which sequence numbers are made of. */
  readonly sequence?: number
  readonly parts?: readonly Outcome[]
}

export interface Executed {
  readonly header: TxnHeader
  readonly outcome: Outcome
  readonly changes: readonly Change[]
  readonly problems: readonly Problem[]
  readonly digest: bigint
}

/** A txn that should not have been written like this. */
export interface Problem {
  readonly property: PropertyId
  readonly text: string
}

interface Path {
  /** Oldest first. */
  versions: Version[]
  /** Older ones are forgotten. */
  isTrimmed: boolean
  children: Set<string> | undefined
  /** Newest changes of `children`, oldest first. */
  moves: { readonly zxid: Zxid; readonly name: string; readonly added: boolean }[]
  movesTrimmed: boolean
  digest: number
}

const VERSIONS = 256
const RECENT = 8192

export class ReferenceTree {
  head: Zxid = ZXID_0
  /** Global sessions that are alive, with their timeouts. */
  readonly sessions = new Map<bigint, number>()
  /** Sessions that have ended, newest last. */
  readonly ended = new Set<bigint>()
  readonly ephemerals = new Map<bigint, Set<string>>()
  /** Recent changes, oldest first. */
  changes: Change[] = []
  #paths = new Map<string, Path>()
  /** A sum of 32-bit numbers: exact for two million znodes. */
  #digest = 0
  readonly #digests = new Map<Zxid, bigint>()
  readonly #gone: string[] = []

  constructor() {
    this.#reset()
  }

  get digest(): bigint {
    return BigInt(this.#digest)
  }
  /** After this txn; undefined when it is not remembered. */
  digestAt(zxid: Zxid): bigint | undefined {
    return this.#digests.get(zxid)
  }
  get size(): number {
    let size = 0
    for (const { versions } of this.#paths.values()) if (versions.at(-1)?.exists) size++
    return size
  }
  *nodes(): Generator<[string, Version]> {
    for (const [path, { versions }] of this.#paths) {
      const version = versions.at(-1)
      if (version?.exists) yield [path, version]
    }
  }

  now(path: string): Version | undefined {
    const version = this.#paths.get(path === '/' ? '' : path)?.versions.at(-1)
    return version?.exists ? version : undefined
  }

  /** As it was after `zxid`: undefined: it was not there; 'unknown': too long ago. */
  at(path: string, zxid: Zxid): Version | undefined | 'unknown' {
    const known = this.#paths.get(path === '/' ? '' : path)
    if (known === undefined) return this.#gone.length >= RECENT ? 'unknown' : undefined
    const { versions, isTrimmed } = known
    for (let n = versions.length - 1; n >= 0; n--) {
      const version = versions[n] as Version
      if (version.zxid <= zxid) return version.exists ? version : undefined
    }
    return isTrimmed ? 'unknown' : undefined
  }

  childrenAt(path: string, zxid: Zxid): ReadonlySet<string> | 'unknown' {
    const known = this.#paths.get(path === '/' ? '' : path)
    if (known === undefined) return NO_NAMES
    const { moves, movesTrimmed } = known
    const children = known.children ?? NO_NAMES
    if (moves.length === 0 || (moves.at(-1)?.zxid ?? ZXID_0) <= zxid)
      return movesTrimmed && moves.length === 0 ? 'unknown' : children
    if (movesTrimmed && (moves[0]?.zxid ?? ZXID_0) > zxid) return 'unknown'
    const then = new Set(children)
    for (let n = moves.length - 1; n >= 0; n--) {
      const move = moves[n]
      if (move === undefined || move.zxid <= zxid) break
      if (move.added) then.delete(move.name)
      else then.add(move.name)
    }
    return then
  }

  /** Starts anew from a snapshot. */
  load(snapshot: SnapshotSeen, zxid: Zxid): void {
    this.#reset()
    this.head = zxid
    for (const [session, timeout] of snapshot.sessions) this.sessions.set(session, timeout)
    this.#paths.clear()
    this.#digest = 0
    for (const [path, { data, acl, stat }] of snapshot.nodes) {
      const { ephemeralOwner } = stat
      this.#put(path, { ...stat, zxid, exists: true, data, acl, childCount: 0 })
      if (kindOf(ephemeralOwner) === 'ephemeral') this.#own(ephemeralOwner, path)
    }
    for (const path of snapshot.nodes.keys()) {
      if (path === '') continue
      const parent = this.#paths.get(parentOf(path))
      parent?.children?.add(nameOf(path))
      if (parent !== undefined && parent.children === undefined) parent.children = new Set([nameOf(path)])
    }
    for (const known of this.#paths.values()) {
      const last = known.versions.at(-1) as Version
      known.versions = [{ ...last, childCount: known.children?.size ?? 0 }]
      known.isTrimmed = true
      known.movesTrimmed = true
      known.moves = [{ zxid, name: '', added: false }]
    }
    this.#digests.set(zxid, this.digest)
  }

  apply({ header, txn }: LoggedTxn): Executed {
    const changes: Change[] = []
    const problems: Problem[] = []
    const step = new Step(this, header, changes, problems)
    const outcome = step.run(txn)
    this.head = header.zxid
    for (const change of changes) this.changes.push(change)
    if (this.changes.length > 2 * RECENT) this.changes = this.changes.slice(-RECENT)
    const { digest } = this
    this.#digests.set(header.zxid, digest)
    if (this.#digests.size > RECENT) this.#digests.delete(this.#digests.keys().next().value as Zxid)
    return { header, outcome, changes, problems, digest }
  }

  // --- for a step --------------------------------------------------------------------------------

  put(path: string, version: Version): void {
    this.#put(path, version)
  }

  move(parent: string, name: string, added: boolean, zxid: Zxid): void {
    const known = this.#paths.get(parent)
    if (known === undefined) return
    if (added) {
      known.children ??= new Set()
      known.children.add(name)
    } else known.children?.delete(name)
    known.moves.push({ zxid, name, added })
    if (known.moves.length > 2 * VERSIONS) {
      known.moves = known.moves.slice(-VERSIONS)
      known.movesTrimmed = true
    }
  }

  isBelow(parent: string, name: string): boolean {
    return this.#paths.get(parent)?.children?.has(name) ?? false
  }

  own(session: bigint, path: string): void {
    this.#own(session, path)
  }

  endSession(session: bigint): void {
    this.sessions.delete(session)
    this.ephemerals.delete(session)
    this.ended.add(session)
    if (this.ended.size > 2 * RECENT) this.ended.delete(this.ended.values().next().value as bigint)
  }

  #own(session: bigint, path: string): void {
    const paths = this.ephemerals.get(session)
    if (paths === undefined) this.ephemerals.set(session, new Set([path]))
    else paths.add(path)
  }

  #put(path: string, version: Version): void {
    let known = this.#paths.get(path)
    if (known === undefined) {
      known = { versions: [], isTrimmed: false, children: undefined, moves: [], movesTrimmed: false, digest: 0 }
      this.#paths.set(path, known)
    }
    known.versions.push(version)
    if (known.versions.length > 2 * VERSIONS) {
      known.versions = known.versions.slice(-VERSIONS)
      known.isTrimmed = true
    }
    const digest = version.exists ? nodeDigest(path, version.data, version) : 0
    this.#digest += digest - known.digest
    known.digest = digest
    if (!version.exists) this.#forget(path)
  }

  /** Znodes that are gone are remembered for a while. */
  #forget(path: string): void {
    this.#gone.push(path)
    if (this.#gone.length < 2 * RECENT) return
    for (const old of this.#gone.splice(0, RECENT))
      if (this.#paths.get(old)?.versions.at(-1)?.exists === false && !this.#gone.includes(old)) this.#paths.delete(old)
  }

  #reset(): void {
    this.head = ZXID_0
    this.sessions.clear()
    this.ephemerals.clear()
    this.#paths = new Map()
    this.#digest = 0
    this.#digests.clear()
    for (const path of ['', '/zookeeper', '/zookeeper/config', '/zookeeper/quota'])
      this.#put(path, fresh(ZXID_0, 0n, new Uint8Array(0), OPEN, 0n))
    this.#below('', 'zookeeper')
    this.#below('/zookeeper', 'config')
    this.#below('/zookeeper', 'quota')
    this.#digests.set(ZXID_0, this.digest)
  }

  /** The reserved znodes do not count as creations. */
  #below(parent: string, name: string): void {
    const known = this.#paths.get(parent) as Path
    known.children ??= new Set()
    known.children.add(name)
    const last = known.versions.pop() as Version
    known.versions.push({ ...last, childCount: last.childCount + 1 })
  }
}

/** One txn. */
class Step {
  readonly #tree: ReferenceTree
  readonly #header: TxnHeader
  readonly #changes: Change[]
  readonly #problems: Problem[]

  constructor(tree: ReferenceTree, header: TxnHeader, changes: Change[], problems: Problem[]) {
    this.#tree = tree
    this.#header = header
    this.#changes = changes
    this.#problems = problems
  }

  run(txn: Txn): Outcome {
    switch (txn.kind) {
      case 'create':
        return this.#create(txn.type, txn.body, txn.body.ephemeral ? this.#header.clientId : 0n)
      case 'createTTL':
        return this.#create(txn.type, txn.body, BigInt.asIntN(64, (0xffn << 56n) | txn.body.ttl))
      case 'createContainer':
        return this.#create(txn.type, txn.body, -(2n ** 63n))
      case 'delete':
        if (txn.type === OpCode.deleteContainer) this.#checkContainer(txn.body.path)
        return this.#delete(txn.type, txn.body.path, false)
      case 'setData':
        return this.#setData(txn.type, txn.body)
      case 'setACL':
        return this.#setACL(txn.body)
      case 'check': {
        // The txn says what the version would be after a change.
        const node = this.#tree.now(txn.body.path)
        if (node === undefined || txn.body.version !== ((node.version + 1) | 0))
          this.#wrong(
            'T-3',
            `check of ${txn.body.path} before version ${txn.body.version}, and it has ${node?.version ?? 'none'}`,
          )
        return { type: txn.type, err: 0, path: txn.body.path }
      }
      case 'createSession':
        return this.#createSession(txn.body.timeOut)
      case 'closeSession':
        return this.#closeSession(txn.body?.paths2Delete)
      case 'error':
        return { type: txn.type, err: txn.body.err }
      case 'multi':
        return this.#multi(txn.body)
    }
  }

  #multi(parts: readonly Txn[]): Outcome {
    if (!parts.some(({ kind }) => kind === 'error'))
      return { type: OpCode.multi, err: 0, parts: parts.map((part) => this.run(part)) }
    let failed = false
    const outcomes = parts.map((part): Outcome => {
      if (part.kind === 'error') failed = true
      return { type: OpCode.error, err: part.kind === 'error' ? part.body.err : failed ? -2 : 0 }
    })
    return { type: OpCode.multi, err: 0, parts: outcomes }
  }

  #create(type: number, body: CreateBody, owner: bigint): Outcome {
    const tree = this.#tree
    const { zxid, time } = this.#header
    const { path } = body
    if (!isValidPath(path)) this.#wrong('T-13', `${path} is no path`)
    const parentPath = parentOf(path)
    const parent = tree.now(parentPath)
    if (parent === undefined) {
      this.#wrong('T-1', `${path} is created, and ${parentPath || '/'} does not exist`)
      return { type, err: 0, path }
    }
    if (tree.now(path) !== undefined) this.#wrong('T-1', `${path} is created, and exists`)
    if (kind(parent) === 'ephemeral') this.#wrong('T-6', `${path} is created below an ephemeral`)
    if (owner === this.#header.clientId && owner !== 0n) {
      if (tree.ended.has(owner)) this.#wrong('X-2', `${path} is created for a session that has ended`)
      else if (!tree.sessions.has(owner))
        this.#wrong('X-9', `${path} is created for a session that the ensemble does not know`)
    }
    const counted = (parent.cversion + 1) | 0
    const cversion = body.parentCVersion === -1 ? counted : body.parentCVersion
    if (cversion !== counted)
      this.#wrong('T-5', `${path} is child number ${body.parentCVersion} of its parent, and ${counted} is next`)
    const acl = body.acl.length === 0 ? OPEN : body.acl
    tree.put(parentPath, { ...parent, zxid, cversion, pzxid: zxid, childCount: parent.childCount + 1 })
    tree.move(parentPath, nameOf(path), true, zxid)
    const node = fresh(zxid, time, body.data, acl, owner)
    tree.put(path, node)
    if (kind(node) === 'ephemeral') tree.own(owner, path)
    this.#changes.push({ zxid, type: 'created', path, acl, parentAcl: parent.acl })
    return { type, err: 0, path, stat: statOf(node), sequence: parent.cversion }
  }

  #delete(type: number, path: string, closing: boolean): Outcome {
    const tree = this.#tree
    const { zxid } = this.#header
    const parentPath = parentOf(path)
    const parent = tree.now(parentPath)
    const node = tree.now(path)
    if (node === undefined || parent === undefined) {
      if (!closing) this.#wrong('T-1', `${path} is deleted, and does not exist`)
      return { type, err: 0, path }
    }
    if (node.childCount > 0) this.#wrong('T-1', `${path} is deleted, and has ${node.childCount} children`)
    tree.put(parentPath, { ...parent, zxid, pzxid: zxid, childCount: parent.childCount - 1 })
    tree.move(parentPath, nameOf(path), false, zxid)
    tree.put(path, { ...node, zxid, exists: false })
    if (kind(node) === 'ephemeral') tree.ephemerals.get(node.ephemeralOwner)?.delete(path)
    this.#changes.push({ zxid, type: 'deleted', path, acl: node.acl, parentAcl: parent.acl })
    return { type, err: 0, path }
  }

  /** Only what is empty, and was used or outlived. */
  #checkContainer(path: string): void {
    const node = this.#tree.now(path)
    if (node === undefined) return
    if (node.childCount > 0) this.#wrong('T-6', `${path} is removed as empty, and has ${node.childCount} children`)
    const is = kind(node)
    if (is !== 'container' && is !== 'ttl') this.#wrong('T-6', `${path} is removed as a container, and is none`)
    if (is === 'ttl' && node.mtime + ttlOf(node.ephemeralOwner) > this.#header.time)
      this.#wrong('T-6', `${path} is removed before its time`)
  }

  #setData(type: number, body: { path: string; data: Uint8Array | null; version: number }): Outcome {
    const { zxid, time } = this.#header
    const node = this.#tree.now(body.path)
    if (node === undefined) {
      this.#wrong('T-1', `data of ${body.path} are set, and it does not exist`)
      return { type, err: 0, path: body.path }
    }
    const isOwn = body.path.startsWith('/zookeeper/')
    if (!isOwn && body.version !== ((node.version + 1) | 0))
      this.#wrong('T-3', `data of ${body.path} are set as version ${body.version} after version ${node.version}`)
    const version: Version = { ...node, zxid, data: body.data, mzxid: zxid, mtime: time, version: body.version }
    this.#tree.put(body.path === '/' ? '' : body.path, version)
    this.#changes.push({
      zxid,
      type: 'data',
      path: body.path === '' ? '/' : body.path,
      acl: node.acl,
      parentAcl: undefined,
    })
    return { type, err: 0, path: body.path, stat: statOf(version) }
  }

  #setACL(body: { path: string; acl: readonly ACL[]; version: number }): Outcome {
    const { zxid } = this.#header
    const node = this.#tree.now(body.path)
    if (node === undefined) {
      this.#wrong('T-1', `the ACL of ${body.path} is set, and it does not exist`)
      return { type: OpCode.setACL, err: 0, path: body.path }
    }
    if (body.version !== ((node.aversion + 1) | 0))
      this.#wrong('T-3', `the ACL of ${body.path} is set as version ${body.version} after version ${node.aversion}`)
    const version: Version = { ...node, zxid, acl: body.acl.length === 0 ? OPEN : body.acl, aversion: body.version }
    this.#tree.put(body.path === '/' ? '' : body.path, version)
    return { type: OpCode.setACL, err: 0, path: body.path, stat: statOf(version) }
  }

  #createSession(timeOut: number): Outcome {
    const { clientId } = this.#header
    const { sessions, ended } = this.#tree
    if (ended.has(clientId)) this.#wrong('X-7', `session 0x${hex(clientId)} is created, and has been before`)
    else if (sessions.has(clientId)) this.#wrong('X-1', `session 0x${hex(clientId)} is created a second time`)
    sessions.set(clientId, timeOut)
    return { type: OpCode.createSession, err: 0 }
  }

  #closeSession(listed: readonly string[] | undefined): Outcome {
    const { clientId } = this.#header
    const owned = this.#tree.ephemerals.get(clientId) ?? NO_NAMES
    if (listed !== undefined) {
      const missing = [...owned].filter((path) => !listed.includes(path))
      const foreign = listed.filter((path) => !owned.has(path))
      if (missing.length > 0) this.#wrong('X-2', `the close of session 0x${hex(clientId)} leaves ${missing.join(', ')}`)
      if (foreign.length > 0)
        this.#wrong(
          'X-2',
          `the close of session 0x${hex(clientId)} deletes ${foreign.join(', ')}, which it does not own`,
        )
    }
    for (const path of [...(listed ?? []), ...[...owned].filter((path) => !listed?.includes(path))])
      this.#delete(OpCode.delete, path, true)
    this.#tree.endSession(clientId)
    return { type: OpCode.closeSession, err: 0 }
  }

  #wrong(property: PropertyId, text: string): void {
    this.#problems.push({ property, text })
  }
}

interface CreateBody {
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: readonly ACL[]
  readonly parentCVersion: number
}

const OPEN: readonly ACL[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]
const NO_NAMES: ReadonlySet<string> = new Set()

function fresh(zxid: Zxid, time: bigint, data: Uint8Array | null, acl: readonly ACL[], owner: bigint): Version {
  const at = { zxid, czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time }
  const counts = { version: 0, cversion: 0, aversion: 0, childCount: 0 }
  return { ...at, ...counts, exists: true, data, acl, ephemeralOwner: owner }
}

const kind = (version: Version): NodeKind => kindOf(version.ephemeralOwner)

/** As clients see it. */
export const statOf = (node: Version): Stat => ({
  czxid: node.czxid,
  mzxid: node.mzxid,
  ctime: node.ctime,
  mtime: node.mtime,
  version: node.version,
  cversion: (2 * node.cversion - node.childCount) | 0,
  aversion: node.aversion,
  ephemeralOwner: kind(node) === 'ephemeral' ? node.ephemeralOwner : 0n,
  dataLength: node.data?.length ?? 0,
  numChildren: node.childCount,
  pzxid: node.pzxid,
})

/** The root's is "". */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16)

/** PathUtils.validatePath. */
function isValidPath(path: string): boolean {
  if (!path.startsWith('/') || path.length < 2 || path.endsWith('/')) return false
  if (
    path
      .split('/')
      .slice(1)
      .some((name) => name === '' || name === '.' || name === '..')
  )
    return false
  for (let n = 0; n < path.length; n++) {
    const code = path.charCodeAt(n)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0)
      return false
  }
  return true
}
