/** A database on a disk whose syncs the test completes, with the trace that it tells. */
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { type ReplicaConfig, replicaConfig } from '../../../src/core/config/replica-config.ts'
import type { DiskError, Host } from '../../../src/core/host.ts'
import { Database, type DatabaseOptions } from '../../../src/core/storage/database.ts'
import type { CoreEvent } from '../../../src/core/trace.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { asSession, type Zxid } from '../../../src/core/wire/ids.ts'
import { encodeLogged, type LoggedTxn, type Txn } from '../../../src/core/wire/txn.ts'
import { MemoryDisk } from '../memory-disk.ts'

export interface Rig {
  readonly disk: MemoryDisk
  readonly database: Database
  readonly trace: CoreEvent[]
  /** Failures told by onFatal. */
  readonly fatal: DiskError[]
}

const quorum = QuorumVerifier.parse([1, 2, 3].map((sid) => `server.${sid}=zk${sid}:2888:3888:participant`).join('\n'))

/** A process that opens the files on `disk`; not loaded yet. */
export function open(
  disk = new MemoryDisk(),
  config: Partial<ReplicaConfig> = {},
  options: DatabaseOptions = {},
  seed = 1,
): Rig {
  const trace: CoreEvent[] = []
  const fatal: DiskError[] = []
  const nothing = (): never => {
    throw new Error('not in this rig')
  }
  /** Nothing else is ever due at the same moment. */
  const atOnce = (_delayMs: number, run: () => void) => {
    run()
    return { cancel() {} }
  }
  let state = seed
  const float = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x80000000
  }
  const host: Host = {
    clock: { now: () => 0, wallTime: () => 1_700_000_000_000, after: atOnce },
    network: { listen: nothing, connect: nothing },
    disk,
    random: { float, int: (from, to) => from + Math.floor(float() * (to - from + 1)) },
    trace: { emit: (event) => trace.push(event) },
  }
  const whole = replicaConfig({ sid: 1, quorum, ...config })
  return { disk, trace, fatal, database: new Database(host, whole, (error) => fatal.push(error), options) }
}

/** Opened, recovered, and everything on disk. */
export function started(...args: Parameters<typeof open>): Rig {
  const rig = open(...args)
  const result = rig.database.load()
  if (!result.ok) throw new Error(result.error.message)
  rig.disk.settle()
  return rig
}

const WORLD = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]

/** A txn of session 1 that creates `/n<zxid>`, unless told otherwise. */
export function txnAt(zxid: bigint, txn?: Txn): LoggedTxn {
  const path = `/n${zxid.toString(16)}`
  const create: Txn = {
    kind: 'create',
    type: OpCode.create,
    body: { path, data: new Uint8Array([1, 2, 3]), acl: WORLD, ephemeral: false, parentCVersion: -1 },
  }
  const body = txn ?? create
  const header = { clientId: asSession(1n), cxid: 0, zxid: zxid as Zxid, time: 1000n + zxid, type: body.type }
  return { header, txn: body, digest: null }
}

/** Writes and commits the txns, one after the other. */
export function commit({ database }: Rig, ...zxids: bigint[]): void {
  for (const zxid of zxids) {
    const logged = txnAt(zxid)
    const bytes = encodeLogged(logged)
    database.writer.write(logged.header.zxid, bytes, () => {})
    database.apply(logged, bytes)
  }
}

/** Writes without committing. */
export function write({ database }: Rig, zxids: bigint[], done: (zxid: bigint) => void = () => {}): void {
  for (const zxid of zxids) database.writer.write(zxid as Zxid, encodeLogged(txnAt(zxid)), () => done(zxid))
}

export const range = (from: bigint, to: bigint): bigint[] =>
  Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index))

/** Names of the nodes that `txnAt` made, by zxid. */
export const created = ({ database }: Rig): string[] =>
  database.tree
    .children('/')
    .filter((name) => name.startsWith('n'))
    .sort((a, b) => Number.parseInt(a.slice(1), 16) - Number.parseInt(b.slice(1), 16))

export const namesOf = (zxids: bigint[]): string[] => zxids.map((zxid) => `n${zxid.toString(16)}`)

export const eventsOf = <K extends CoreEvent['kind']>({ trace }: Rig, kind: K): Extract<CoreEvent, { kind: K }>[] =>
  trace.filter((event): event is Extract<CoreEvent, { kind: K }> => event.kind === kind)
