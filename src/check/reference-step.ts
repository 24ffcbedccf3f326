/** Executes one txn on the reference tree, and says what is wrong with it in the place where it stands. Source: DataTree.java
 *  processTxn (data-tree.md). */
import { ttlOf } from '../core/tree/znode.ts'
import { OpCode } from '../core/wire/codes.ts'
import type { ACL, Stat } from '../core/wire/data.ts'
import type { Zxid } from '../core/wire/ids.ts'
import type { Txn, TxnHeader } from '../core/wire/txn.ts'
import type { PropertyId } from './properties.ts'
import { type Change, fresh, kind, NO_NAMES, nameOf, OPEN, parentOf, statOf, type Version } from './znode-version.ts'

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

/** A txn that should not have been written like this. */
export interface Problem {
  readonly property: PropertyId
  readonly text: string
}

/** What a txn acts on. */
export interface Znodes {
  readonly sessions: Map<bigint, number>
  readonly ended: ReadonlySet<bigint>
  readonly ephemerals: ReadonlyMap<bigint, Set<string>>
  now(path: string): Version | undefined
  put(path: string, version: Version): void
  /** A child came or went. */
  move(parent: string, name: string, added: boolean, zxid: Zxid): void
  own(session: bigint, path: string): void
  endSession(session: bigint): void
}

/** One txn. */
export class Step {
  readonly #tree: Znodes
  readonly #header: TxnHeader
  readonly #changes: Change[]
  readonly #problems: Problem[]

  constructor(tree: Znodes, header: TxnHeader, changes: Change[], problems: Problem[]) {
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
