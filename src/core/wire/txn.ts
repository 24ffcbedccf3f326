/** jute module org.apache.zookeeper.txn: what the log holds and PROPOSAL carries. */
import { OpCode } from './codes.ts'
import { AclList } from './data.ts'
import type { SessionId, Zxid } from './ids.ts'
import {
  boolean,
  buffer,
  build,
  type Codec,
  int,
  JuteError,
  long,
  type Of,
  type Reader,
  record,
  ustring,
  vector,
  type Writer,
  wholeReader,
} from './jute.ts'

/** 32 bytes. time: ms since 1970 by the leader's wall clock. */
export interface TxnHeader {
  readonly clientId: SessionId
  readonly cxid: number
  readonly zxid: Zxid
  readonly time: bigint
  readonly type: number
}
export const TxnHeader: Codec<TxnHeader> = {
  write(out, header) {
    out.long(header.clientId)
    out.int(header.cxid)
    out.long(header.zxid)
    out.long(header.time)
    out.int(header.type)
  },
  read: (input) => ({
    clientId: input.long() as SessionId,
    cxid: input.int(),
    zxid: input.long() as Zxid,
    time: input.long(),
    type: input.int(),
  }),
}

/** The tree's digest after the txn, appended to log records and proposals. */
export interface TxnDigest {
  readonly version: number
  readonly treeDigest: bigint
}
export const TxnDigest: Codec<TxnDigest> = {
  write(out, digest) {
    out.int(digest.version)
    out.long(digest.treeDigest)
  },
  read: (input) => ({ version: input.int(), treeDigest: input.long() }),
}

const createTxnV0 = record({ path: ustring, data: buffer, acl: AclList, ephemeral: boolean })
const createTxn = record({ path: ustring, data: buffer, acl: AclList, ephemeral: boolean, parentCVersion: int })
/** Logs of 3.3 and older end before parentCVersion: -1 then. */
export const CreateTxn: typeof createTxn = {
  write: createTxn.write,
  read(input) {
    const start = createTxnV0.read(input)
    return { ...start, parentCVersion: input.remaining >= 4 ? input.int() : -1 }
  },
}
export type CreateTxn = Of<typeof CreateTxn>
export const CreateTTLTxn = record({ path: ustring, data: buffer, acl: AclList, parentCVersion: int, ttl: long })
export type CreateTTLTxn = Of<typeof CreateTTLTxn>
export const CreateContainerTxn = record({ path: ustring, data: buffer, acl: AclList, parentCVersion: int })
export type CreateContainerTxn = Of<typeof CreateContainerTxn>
export const DeleteTxn = record({ path: ustring })
export interface SetDataTxn {
  readonly path: string
  readonly data: Uint8Array | null
  readonly version: number
}
export const SetDataTxn: Codec<SetDataTxn> = {
  write(out, body) {
    out.string(body.path)
    out.buffer(body.data)
    out.int(body.version)
  },
  read: (input) => ({ path: ustring.read(input), data: input.buffer(), version: input.int() }),
}
export const SetACLTxn = record({ path: ustring, acl: AclList, version: int })
export type SetACLTxn = Of<typeof SetACLTxn>
export const CheckVersionTxn = record({ path: ustring, version: int })
export const CreateSessionTxn = record({ timeOut: int })
export const CloseSessionTxn = record({ paths2Delete: vector(ustring) })
export const ErrorTxn = record({ err: int })
const TxnElement = record({ type: int, data: buffer })
const MultiTxnRecord = record({ txns: vector(TxnElement) })

/** A txn body, discriminated by the header's type. */
export type Txn =
  | { readonly kind: 'create'; readonly type: typeof OpCode.create | typeof OpCode.create2; readonly body: CreateTxn }
  | { readonly kind: 'createTTL'; readonly type: typeof OpCode.createTTL; readonly body: CreateTTLTxn }
  | {
      readonly kind: 'createContainer'
      readonly type: typeof OpCode.createContainer
      readonly body: CreateContainerTxn
    }
  | {
      readonly kind: 'delete'
      readonly type: typeof OpCode.delete | typeof OpCode.deleteContainer
      readonly body: Of<typeof DeleteTxn>
    }
  | {
      readonly kind: 'setData'
      readonly type: typeof OpCode.setData | typeof OpCode.reconfig
      readonly body: SetDataTxn
    }
  | { readonly kind: 'setACL'; readonly type: typeof OpCode.setACL; readonly body: SetACLTxn }
  | { readonly kind: 'check'; readonly type: typeof OpCode.check; readonly body: Of<typeof CheckVersionTxn> }
  | {
      readonly kind: 'createSession'
      readonly type: typeof OpCode.createSession
      readonly body: Of<typeof CreateSessionTxn>
    }
  | {
      readonly kind: 'closeSession'
      readonly type: typeof OpCode.closeSession
      /** null in logs written with closeSessionTxn.enabled=false or by old servers. */
      readonly body: Of<typeof CloseSessionTxn> | null
    }
  | { readonly kind: 'error'; readonly type: typeof OpCode.error; readonly body: Of<typeof ErrorTxn> }
  | { readonly kind: 'multi'; readonly type: typeof OpCode.multi; readonly body: readonly Txn[] }

export interface LoggedTxn {
  readonly header: TxnHeader
  readonly txn: Txn
  readonly digest: TxnDigest | null
}

// biome-ignore lint/suspicious/noExplicitAny: which body belongs to which kind is said by Txn; the table only dispatches
const bodies: { readonly [kind in Exclude<Txn['kind'], 'multi' | 'closeSession'>]: Codec<any> } = {
  create: CreateTxn,
  createTTL: CreateTTLTxn,
  createContainer: CreateContainerTxn,
  delete: DeleteTxn,
  setData: SetDataTxn,
  setACL: SetACLTxn,
  check: CheckVersionTxn,
  createSession: CreateSessionTxn,
  error: ErrorTxn,
}

const kinds = new Map<number, Txn['kind']>([
  [OpCode.create, 'create'],
  [OpCode.create2, 'create'],
  [OpCode.createTTL, 'createTTL'],
  [OpCode.createContainer, 'createContainer'],
  [OpCode.delete, 'delete'],
  [OpCode.deleteContainer, 'delete'],
  [OpCode.setData, 'setData'],
  [OpCode.reconfig, 'setData'],
  [OpCode.setACL, 'setACL'],
  [OpCode.createSession, 'createSession'],
  [OpCode.closeSession, 'closeSession'],
  [OpCode.error, 'error'],
  [OpCode.multi, 'multi'],
])

/** What a multi may hold: DataTree.processTxn. */
const partKinds = new Set<Txn['kind']>([
  'create',
  'createTTL',
  'createContainer',
  'delete',
  'setData',
  'check',
  'error',
])

export function writeTxn(out: Writer, txn: Txn): void {
  if (txn.kind === 'multi') {
    const txns = txn.body.map((part) => ({ type: part.type, data: encodeTxn(part) }))
    MultiTxnRecord.write(out, { txns })
  } else if (txn.kind === 'closeSession') {
    if (txn.body !== null) CloseSessionTxn.write(out, txn.body)
  } else bodies[txn.kind].write(out, txn.body)
}

/** @throws JuteError `Unsupported Txn with type=%dN` or `Invalid type of op: N`, ZooKeeper's own words, for a type that no
 *  log, or no multi, may hold. */
export function readTxn(input: Reader, type: number, insideMulti = false): Txn {
  const kind = insideMulti && type === OpCode.check ? 'check' : kinds.get(type)
  if (insideMulti && (kind === undefined || !partKinds.has(kind))) throw new JuteError(`Invalid type of op: ${type}`)
  if (kind === undefined) throw new JuteError(`Unsupported Txn with type=%d${type}`)
  if (kind === 'multi') {
    const { txns } = MultiTxnRecord.read(input)
    const body = txns.map((part) => readTxn(wholeReader(part.data ?? new Uint8Array()), part.type, true))
    return { kind, type: OpCode.multi, body }
  }
  if (kind === 'closeSession') {
    // An absent body leaves nothing, or the digest alone, which is 12 bytes and starts with a small version.
    const at = input.offset
    const absent = { kind, type: OpCode.closeSession, body: null } as const
    if (input.remaining === 0) return absent
    try {
      const body = CloseSessionTxn.read(input)
      const isBody = body.paths2Delete.every((path) => path.startsWith('/'))
      if (isBody && (input.remaining === 0 || input.remaining === 12)) return { kind, type: OpCode.closeSession, body }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
    }
    input.offset = at
    return absent
  }
  return { kind, type, body: bodies[kind].read(input) } as Txn
}

/** Header, txn and digest: the body of a log record and the data of a PROPOSAL. */
export function encodeLogged({ header, txn, digest }: LoggedTxn): Uint8Array {
  return build((out) => {
    TxnHeader.write(out, header)
    writeTxn(out, txn)
    if (digest !== null) TxnDigest.write(out, digest)
  })
}

/** @throws JuteError */
export function decodeLogged(bytes: Uint8Array): LoggedTxn {
  const input = wholeReader(bytes)
  const header = TxnHeader.read(input)
  const txn = readTxn(input, header.type)
  const digest = input.remaining >= 12 ? TxnDigest.read(input) : null
  return { header, txn, digest }
}

/** A body alone, as the data of a part of a multi. */
export function encodeTxn(txn: Txn): Uint8Array {
  return build((out) => writeTxn(out, txn))
}

/** The one path a txn is about; undefined for those about a session, an error, or several. */
export function pathOfTxn(txn: Txn): string | undefined {
  switch (txn.kind) {
    case 'multi':
    case 'createSession':
    case 'closeSession':
    case 'error':
      return undefined
    default:
      return txn.body.path
  }
}
