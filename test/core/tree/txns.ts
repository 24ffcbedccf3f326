/** Short ways to write txns. */
import type { ApplyResult, DataTree } from '../../../src/core/tree/data-tree.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import type { ACL } from '../../../src/core/wire/data.ts'
import { asSession, type Zxid } from '../../../src/core/wire/ids.ts'
import type { Txn, TxnHeader } from '../../../src/core/wire/txn.ts'
import { toUtf8 } from '../../../src/core/wire/utf8.ts'

export const OPEN: readonly ACL[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]
export const aclOf = (user: string): readonly ACL[] => [{ perms: 31, id: { scheme: 'digest', id: `${user}:x` } }]

interface CreateOptions {
  readonly data?: string | null
  readonly acl?: readonly ACL[]
  readonly ephemeral?: boolean
  readonly parentCVersion?: number
  readonly type?: typeof OpCode.create | typeof OpCode.create2
}
const common = (path: string, { data = '', acl = OPEN, parentCVersion = -1 }: CreateOptions) => ({
  path,
  data: data === null ? null : toUtf8(data),
  acl,
  parentCVersion,
})
export const create = (path: string, options: CreateOptions = {}): Txn => ({
  kind: 'create',
  type: options.type ?? OpCode.create2,
  body: { ...common(path, options), ephemeral: options.ephemeral ?? false },
})
export const createContainer = (path: string, options: CreateOptions = {}): Txn => ({
  kind: 'createContainer',
  type: OpCode.createContainer,
  body: common(path, options),
})
export const createTTL = (path: string, ttl: bigint, options: CreateOptions = {}): Txn => ({
  kind: 'createTTL',
  type: OpCode.createTTL,
  body: { ...common(path, options), ttl },
})
export const remove = (path: string): Txn => ({ kind: 'delete', type: OpCode.delete, body: { path } })
export const setData = (path: string, data: string | null, version: number): Txn => ({
  kind: 'setData',
  type: OpCode.setData,
  body: { path, data: data === null ? null : toUtf8(data), version },
})
export const setACL = (path: string, acl: readonly ACL[], version: number): Txn => ({
  kind: 'setACL',
  type: OpCode.setACL,
  body: { path, acl, version },
})
export const check = (path: string): Txn => ({ kind: 'check', type: OpCode.check, body: { path, version: 1 } })
export const error = (err: number): Txn => ({ kind: 'error', type: OpCode.error, body: { err } })
export const multi = (...body: Txn[]): Txn => ({ kind: 'multi', type: OpCode.multi, body })
export const closeSession = (...paths2Delete: string[]): Txn => ({
  kind: 'closeSession',
  type: OpCode.closeSession,
  body: { paths2Delete },
})

export const headerAt = (zxid: number | bigint, type: number, session = 1n): TxnHeader => ({
  clientId: asSession(session),
  cxid: 0,
  zxid: BigInt(zxid) as Zxid,
  time: 1000n + BigInt(zxid),
  type,
})

export const apply = (tree: DataTree, zxid: number, txn: Txn, session = 1n): ApplyResult =>
  tree.apply(headerAt(zxid, txn.type, session), txn)

/** `created /a`, `deleted /a` … in order. */
export const changesOf = (result: ApplyResult): string[] => result.changes.map(({ type, path }) => `${type} ${path}`)
