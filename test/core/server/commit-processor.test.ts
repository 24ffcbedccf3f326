import { expect, test } from 'vitest'
import { CommitProcessor } from '../../../src/core/server/commit-processor.ts'
import { javaSetOrder } from '../../../src/core/server/java-set-order.ts'
import type { Request } from '../../../src/core/server/request.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { asSession, asZxid } from '../../../src/core/wire/ids.ts'
import type { LoggedTxn } from '../../../src/core/wire/txn.ts'

function given() {
  const answered: string[] = []
  const commits = new CommitProcessor()
  const ask = (session: bigint, cxid: number, type: number = OpCode.create): Request => ({
    session: asSession(session),
    cxid,
    type,
    body: new Uint8Array(),
    auth: [],
    owner: null,
    reply: (request) => answered.push(`${request.session}:${request.cxid}`),
    logged: null,
    error: 0,
  })
  const txn = (session: bigint, cxid: number, type: number = OpCode.create): LoggedTxn => ({
    header: { clientId: asSession(session), cxid, zxid: asZxid(1n), time: 0n, type },
    txn: { kind: 'error', type: OpCode.error, body: { err: 0 } },
    digest: null,
  })
  const commit = (session: bigint, cxid: number, type?: number): boolean => {
    const request = commits.match(txn(session, cxid, type))
    if (request !== undefined) commits.finish(request)
    return request !== undefined
  }
  return { answered, commits, ask, commit }
}

test('reads behind a write wait for it, reads of other sessions do not', () => {
  const { answered, commits, ask, commit } = given()
  commits.write(ask(1n, 1))
  commits.read(ask(1n, 2))
  commits.read(ask(2n, 1))
  commits.write(ask(1n, 3))
  commits.read(ask(1n, 4))
  expect(answered).toEqual(['2:1'])
  commit(1n, 1)
  expect(answered).toEqual(['2:1', '1:1', '1:2'])
  commit(1n, 3)
  commits.read(ask(1n, 5))
  expect(answered).toEqual(['2:1', '1:1', '1:2', '1:3', '1:4', '1:5'])
})

test('a txn is matched to the oldest local write only, and only if it can be its', () => {
  const { answered, commits, ask, commit } = given()
  commits.write(ask(1n, 1, OpCode.setData))
  commits.write(ask(2n, 1))
  // Of another server, or of this session by way of another server.
  expect(commit(3n, 1)).toBe(false)
  expect(commit(1n, 1, OpCode.create)).toBe(false)
  expect(commit(2n, 1)).toBe(false)
  expect(answered).toEqual([])
  // A write that failed comes back as an error txn.
  expect(commit(1n, 1, OpCode.error)).toBe(true)
  expect(commit(2n, 1)).toBe(true)
  expect(answered).toEqual(['1:1', '2:1'])
})

test("a sync waits for the leader's SYNC, and what comes after it waits for the sync", () => {
  const { answered, commits, ask } = given()
  commits.sync(ask(1n, 1, OpCode.sync))
  commits.read(ask(1n, 2))
  commits.sync(ask(2n, 1, OpCode.sync))
  commits.synced()
  expect(answered).toEqual(['1:1', '1:2'])
  commits.synced()
  // One too many means nothing.
  commits.synced()
  expect(answered).toEqual(['1:1', '1:2', '2:1'])
})

test('the commit of a later write shows that the sync in front of it is done', () => {
  const { answered, commits, ask, commit } = given()
  commits.sync(ask(1n, 1, OpCode.sync))
  commits.write(ask(1n, 2))
  commits.sync(ask(1n, 3, OpCode.sync))
  commit(1n, 2)
  expect(answered).toEqual(['1:1', '1:2'])
  // This SYNC is still the first one's.
  commits.synced()
  expect(answered).toEqual(['1:1', '1:2'])
  commits.synced()
  expect(answered).toEqual(['1:1', '1:2', '1:3'])
})

test('an answer that stops the server is the last one', () => {
  const { answered, commits, ask, commit } = given()
  const stopping = { ...ask(1n, 1), reply: () => commits.stop() }
  commits.write(stopping)
  commits.read(ask(1n, 2))
  commit(1n, 1)
  expect(commit(1n, 1)).toBe(false)
  expect(answered).toEqual([])
})

test("paths of a closing session come in the order of Java's HashSet", () => {
  // As recorded from the real server, for its client's three ephemerals.
  expect(javaSetOrder(['/seq/e-0000000004', '/ephemeral', '/multi/e'])).toEqual([
    '/seq/e-0000000004',
    '/multi/e',
    '/ephemeral',
  ])
  const many = Array.from({ length: 500 }, (_, n) => `/n${n}`)
  expect(javaSetOrder(many)).toHaveLength(500)
  expect(new Set(javaSetOrder(many))).toEqual(new Set(many))
  expect(javaSetOrder([])).toEqual([])
})
