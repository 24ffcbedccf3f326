/** A session's requests and answers in full, for whoever judges them: the trace carries them where a session was opened with
 *  `history`. Plain data; paths as the servers know them, whatever the chroot; bytes stand alone. */
import { OpCode } from '../wire/codes.ts'
import type { ACL, Stat } from '../wire/data.ts'
import type { OpResult } from './multi.ts'

/** What was asked for. `op` as in opName; the fields that the operation has. */
export interface Asked {
  readonly op: string
  readonly path?: string
  readonly data?: Uint8Array | null
  /** -1: whatever it is. */
  readonly version?: number
  /** CreateMode. */
  readonly mode?: number
  readonly ttlMs?: bigint
  readonly acl?: readonly ACL[]
  /** The read sets a watch. */
  readonly watch?: boolean
  /** Of a multi or multiRead, in order. */
  readonly ops?: readonly Asked[]
}

/** What came back with err 0; a multi that failed has none. The fields that the operation answers with. */
export interface Told {
  /** As created: with its number, where it is sequential. */
  readonly path?: string
  readonly stat?: Stat
  readonly data?: Uint8Array | null
  /** In the order of the server, which means nothing. */
  readonly children?: readonly string[]
  readonly acl?: readonly ACL[]
  /** Of a multi or multiRead. `err` 0, or why this one failed. */
  readonly results?: readonly (Told & { readonly kind: OpResult['kind']; readonly err: number })[]
}

/** The answer of an operation as the typed calls of ClientSession decode it; paths in it are the client's, made the server's
 *  by `toServer`. */
export function toldOf(op: OpCode, value: unknown, toServer: (path: string) => string): Told {
  switch (op) {
    case OpCode.create:
    case OpCode.createContainer:
    case OpCode.create2:
    case OpCode.createTTL:
      return typeof value === 'string' ? { path: toServer(value) } : created(value as Partial<Told>, toServer)
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return { stat: value as Stat }
    case OpCode.getData: {
      const { data, stat } = value as { data: Uint8Array | null; stat: Stat }
      return { data: data?.slice() ?? null, stat }
    }
    case OpCode.getACL:
      return value as Told
    case OpCode.getChildren:
      return { children: value as readonly string[] }
    case OpCode.getChildren2:
      return value as Told
    case OpCode.multi:
    case OpCode.multiRead:
      return { results: (value as readonly OpResult[]).map((result) => resultOf(result, toServer)) }
    default:
      return {}
  }
}

function created({ path, stat }: Partial<Told>, toServer: (path: string) => string): Told {
  return { ...(path === undefined ? {} : { path: toServer(path) }), ...(stat ? { stat } : {}) }
}

function resultOf(result: OpResult, toServer: (path: string) => string): NonNullable<Told['results']>[number] {
  switch (result.kind) {
    case 'create':
      return {
        kind: 'create',
        err: 0,
        path: toServer(result.path),
        ...(result.stat === null ? {} : { stat: result.stat }),
      }
    case 'getData':
      return { kind: 'getData', err: 0, data: result.data?.slice() ?? null, stat: result.stat }
    case 'error':
      return { kind: 'error', err: result.err }
    default:
      return { err: 0, ...result }
  }
}
