/** The log of a real server with enforceQuota=true: what it refused we refuse, with the same txn, and nothing else. */
import { expect, test } from 'vitest'
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import { PrepRequestProcessor } from '../../../src/core/server/prep.ts'
import { SessionTracker } from '../../../src/core/server/session-tracker.ts'
import { State } from '../../../src/core/storage/state.ts'
import { LogReader } from '../../../src/core/storage/txn-log.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { encode } from '../../../src/core/wire/jute.ts'
import { CreateRequest } from '../../../src/core/wire/proto.ts'
import { decodeLogged, encodeLogged, type LoggedTxn } from '../../../src/core/wire/txn.ts'
import { filesOf } from '../storage/golden.ts'
import { hex } from '../wire/golden.ts'
import { utf8, World } from './rig.ts'

/** From the session's calls.txt: what it asked for in vain, in order. */
const refused = [
  { type: OpCode.create2, path: '/q/2', data: utf8('123456'), flags: 0 },
  { type: OpCode.create2, path: '/q/3', data: null, flags: 0 },
  { type: OpCode.createContainer, path: '/q/c', data: null, flags: 4 },
]

test('the quotas of quotas_enforced refuse what they refused', () => {
  const log = new LogReader(filesOf('quotas_enforced/data').get('log.1') as Uint8Array)
  expect(log.checkHeader('log.1')).toBeUndefined()
  const world = new World()
  const state = new State()
  const sessions = new SessionTracker(world.host, { tickTimeMs: 2000 } as ReplicaConfig, state.sessions, () => {})
  let recorded: LoggedTxn | undefined
  const prep = new PrepRequestProcessor({
    database: state,
    sessions,
    nextZxid: () => (recorded as LoggedTxn).header.zxid,
    wallTime: () => Number(recorded?.header.time),
    config: { enforceQuota: true },
    trace: world.host.trace,
  })
  const owner = {}
  let [accepted, inVain] = [0, 0]
  for (let record = log.next(); record.kind === 'record'; record = log.next()) {
    recorded = decodeLogged(record.body)
    const { header, txn } = recorded
    sessions.add(header.clientId, 10_000)
    const asked =
      txn.kind === 'error'
        ? refused[inVain++]
        : txn.kind === 'create' && { type: header.type, path: txn.body.path, data: txn.body.data, flags: 0 }
    if (asked) {
      const { type, ...body } = asked
      const request = {
        session: header.clientId,
        cxid: header.cxid,
        type,
        body: encode(CreateRequest, { ...body, acl: OPEN_ACL_UNSAFE }),
        auth: [],
        owner,
        reply: null,
        logged: null as LoggedTxn | null,
        error: 0,
      }
      prep.prepare(request)
      expect(hex(encodeLogged(request.logged as LoggedTxn)), body.path).toBe(hex(record.body))
      if (txn.kind === 'create') accepted++
    }
    state.apply(recorded)
    prep.applied(header.zxid)
  }
  expect([accepted > 5, inVain]).toEqual([true, 3])
  expect(world.of('quotaExceeded').map(({ what, value, limit }) => [what, value, limit])).toEqual([
    ['bytes', 11, 10],
    ['count', 4, 3],
    ['count', 4, 3],
  ])
})
