/** What a leader does with its own clients and with what the last one left, as soon as a quorum follows it. An ensemble
 *  of one shows it. */
import { expect, test } from 'vitest'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { encodeSnapshot } from '../../../src/core/storage/snapshot-file.ts'
import { State } from '../../../src/core/storage/state.ts'
import { ErrorCode, OpCode } from '../../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { asSession, asZxid } from '../../../src/core/wire/ids.ts'
import { MemoryDisk } from '../memory-disk.ts'
import { ensembleOf, LoneReplica } from './lone-replica.ts'

const [ALIVE, GONE] = [asSession(0x100000000000001n), asSession(0x100000000000002n)]

function leading(config: Partial<ReplicaConfig> = {}, disk?: MemoryDisk): LoneReplica {
  const server = new LoneReplica({ quorum: ensembleOf(1), ...config }, disk)
  for (let ms = 0; ms < 1000; ms += 50) {
    server.world.run(50)
    server.settle()
  }
  expect(server.world.of('established')).toHaveLength(1)
  return server
}

test('ephemerals of sessions that are gone are removed by a txn, so that every server does it', () => {
  const state = new State()
  for (const [session, path, zxid] of [
    [ALIVE, '/alive', 1n],
    [GONE, '/gone', 2n],
  ] as const) {
    const body = { path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral: true, parentCVersion: Number(zxid) }
    const header = { clientId: session, cxid: 1, zxid: asZxid(zxid), time: 1n, type: OpCode.create }
    state.apply({ header, txn: { kind: 'create', type: OpCode.create, body }, digest: null })
  }
  const bytes = encodeSnapshot(state.tree, new Map([[ALIVE, 30_000]]))
  const server = leading({}, new MemoryDisk([['version-2/snapshot.2', bytes]]))
  expect(server.world.of('proposed')).toMatchObject([{ zxid: 0x100000001n, type: 'closeSession', session: GONE }])
  const client = server.session()
  client.exists('/gone')
  client.exists('/alive')
  expect([client.take(), client.take()]).toMatchObject([{ err: ErrorCode.NoNode }, { err: 0 }])
})

test('leaderServes=no: the leader leads, and has no clients', () => {
  const server = leading({ leaderServes: false })
  expect(server.world.of('serving')).toEqual([])
  const client = server.connect()
  client.connect()
  expect(client).toMatchObject({ ended: 'closed', frames: [] })
  // By default it has.
  expect(leading().session().session).not.toBe(0n)
})
