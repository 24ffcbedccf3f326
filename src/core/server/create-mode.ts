/** Kinds of znodes as requests name them, and the txns that make them. Source: CreateMode.java, EphemeralType.java,
 *  PrepRequestProcessor.pRequest2TxnCreate. */
import { CONTAINER_OWNER, ttlOwner } from '../tree/znode.ts'
import { CreateMode, OpCode } from '../wire/codes.ts'
import type { ACL } from '../wire/data.ts'
import type { Txn } from '../wire/txn.ts'

interface Mode {
  readonly ephemeral: boolean
  readonly sequential: boolean
  readonly container: boolean
  readonly ttl: boolean
}
const plain: Mode = { ephemeral: false, sequential: false, container: false, ttl: false }
/** By the flags of a request. */
export const modes: ReadonlyMap<number, Mode> = new Map<number, Mode>([
  [CreateMode.PERSISTENT, plain],
  [CreateMode.EPHEMERAL, { ...plain, ephemeral: true }],
  [CreateMode.PERSISTENT_SEQUENTIAL, { ...plain, sequential: true }],
  [CreateMode.EPHEMERAL_SEQUENTIAL, { ...plain, ephemeral: true, sequential: true }],
  [CreateMode.CONTAINER, { ...plain, container: true }],
  [CreateMode.PERSISTENT_WITH_TTL, { ...plain, ttl: true }],
  [CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, { ...plain, sequential: true, ttl: true }],
])

interface Created {
  readonly path: string
  readonly data: Uint8Array | null
  readonly acl: readonly ACL[]
  readonly parentCVersion: number
}

/** The txn, and the owner that the node will have on every server: the op code decides its kind, not the flags. */
export function createTxn(type: number, node: Created, ephemeralOwner: bigint, ttl: bigint): [Txn, bigint] {
  switch (type) {
    case OpCode.createContainer:
      return [{ kind: 'createContainer', type, body: node }, CONTAINER_OWNER]
    case OpCode.createTTL:
      return [{ kind: 'createTTL', type, body: { ...node, ttl } }, ttlOwner(ttl)]
    default: {
      const ephemeral = ephemeralOwner !== 0n
      const create = type === OpCode.create2 ? OpCode.create2 : OpCode.create
      return [{ kind: 'create', type: create, body: { ...node, ephemeral } }, ephemeralOwner]
    }
  }
}

/** Java's %010d: ten characters at least, zeros in front, a minus before them. */
export function sequenceSuffix(cversion: number): string {
  const digits = String(Math.abs(cversion))
  return cversion < 0 ? `-${digits.padStart(9, '0')}` : digits.padStart(10, '0')
}
