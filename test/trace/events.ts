/** Makes trace events by hand: told(3, 1000, {kind: …}) is what server 3 told at 1000 µs. */
import type { CoreEvent, HostEvent, TraceEvent } from '../../src/core/trace.ts'
import type { DataTree } from '../../src/core/tree/data-tree.ts'
import { OpCode } from '../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE } from '../../src/core/wire/data.ts'
import { asSession, asZxid, makeZxid, type Zxid } from '../../src/core/wire/ids.ts'
import { Writer } from '../../src/core/wire/jute.ts'
import { FileHeader, SNAPSHOT_MAGIC } from '../../src/core/wire/quorum.ts'
import { encodeLogged, type Txn } from '../../src/core/wire/txn.ts'

let seq = 0
export const told = (station: number, at: number, event: CoreEvent | HostEvent): TraceEvent =>
  ({ station, at, seq: ++seq, ...event }) as TraceEvent

export const z = (counter: number, epoch = 1): Zxid => makeZxid(epoch, counter)
export const SESSION = asSession(0x100000000010000n)

export const started = (sid: number, at = 0): TraceEvent =>
  told(sid, at, { kind: 'started', what: 'server', incarnation: 1 })
export const looking = (sid: number, at = 0): TraceEvent =>
  told(sid, at, { kind: 'stateChanged', from: 'STARTING', to: 'LOOKING', reason: '' })

/** `count` servers that know of each other, `leader` leads epoch 1 and everybody is in broadcast. */
export function electedEnsemble(count: number, leader: number, at = 0): TraceEvent[] {
  const sids = Array.from({ length: count }, (_, index) => index + 1)
  return sids.flatMap((sid) => [
    started(sid, at),
    told(sid, at, {
      kind: 'configured',
      sid,
      voters: sids,
      observers: [],
      tickTimeMs: 2000,
      initLimit: 10,
      syncLimit: 5,
    }),
    looking(sid, at),
    told(sid, at, {
      kind: 'recovered',
      zxid: asZxid(0n),
      snapshotZxid: asZxid(0n),
      records: 0,
      acceptedEpoch: 0,
      currentEpoch: 0,
      tornTail: false,
    }),
    told(sid, at, { kind: 'elected', leader, round: 1, voters: sids, joined: false }),
    told(sid, at, { kind: 'stateChanged', from: 'LOOKING', to: sid === leader ? 'LEADING' : 'FOLLOWING', reason: '' }),
    told(sid, at, { kind: 'zabState', to: 'BROADCAST' }),
    ...(sid === leader ? [told(sid, at, { kind: 'established', epoch: 1, zxid: z(0), ackers: sids })] : []),
    told(sid, at, { kind: 'serving', zxid: z(0) }),
  ])
}

export const createTxn = (path: string, data = ''): Txn => ({
  kind: 'create',
  type: OpCode.create,
  body: { path, data: new TextEncoder().encode(data), acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion: -1 },
})

export const logged = (zxid: Zxid, txn: Txn): Uint8Array =>
  encodeLogged({ header: { clientId: SESSION, cxid: 1, zxid, time: 1000n, type: txn.type }, txn, digest: null })

/** What the server tells when it applies `txn`; `tree` is its own tree. */
export function applied(sid: number, at: number, tree: DataTree, zxid: Zxid, txn: Txn): TraceEvent {
  tree.apply({ clientId: SESSION, cxid: 1, zxid, time: 1000n, type: txn.type }, txn)
  return told(sid, at, { kind: 'applied', zxid, phase: 'serving', logged: logged(zxid, txn), digest: tree.digest })
}

export function snapshotOf(tree: DataTree): Uint8Array {
  const out = new Writer()
  FileHeader.write(out, { magic: SNAPSHOT_MAGIC, version: 2, dbid: -1n })
  tree.serialize(out, new Map([[SESSION, 30_000]]))
  return out.finish()
}

export const message = (from: number, to: number, at: number, arrivesAt: number, type = 'PROPOSAL'): TraceEvent =>
  told(from, at, {
    kind: 'message',
    connection: `c${from}-${to}`,
    to,
    note: { protocol: 'quorum', type, ...(type === 'PING' ? { quiet: true } : {}) },
    sizeBytes: 100,
    arrivesAt,
  })
