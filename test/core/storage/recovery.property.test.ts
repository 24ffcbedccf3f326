import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSnapshot, encodeInSlices, encodeSnapshot } from '../../../src/core/storage/snapshot-file.ts'
import { State } from '../../../src/core/storage/state.ts'
import { StorageError } from '../../../src/core/storage/storage-error.ts'
import { DataTree } from '../../../src/core/tree/data-tree.ts'
import { AclList, DataNodeRecord } from '../../../src/core/wire/data.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { Reader, Writer } from '../../../src/core/wire/jute.ts'
import { encodeLogged, type LoggedTxn } from '../../../src/core/wire/txn.ts'
import { decisions, historyOf } from './history.ts'
import { eventsOf, started } from './rig.ts'
import { contentOf } from './tree-content.ts'

const joined = (pieces: readonly Uint8Array[]): Uint8Array => {
  const out = new Writer()
  for (const piece of pieces) out.raw(piece)
  return out.finish()
}

const execute = (txns: readonly LoggedTxn[], state = new State()): State => {
  for (const txn of txns) state.apply(txn)
  return state
}

test('random histories hold what they are meant to hold', () => {
  const kinds = new Map<string, number>()
  const sample = fc.sample(decisions(60), { numRuns: 200, seed: 1 })
  for (const numbers of sample)
    for (const { txn } of historyOf(numbers)) kinds.set(txn.kind, (kinds.get(txn.kind) ?? 0) + 1)
  for (const kind of ['create', 'createContainer', 'createTTL', 'delete', 'setData', 'setACL', 'multi', 'error'])
    expect(kinds.get(kind) ?? 0).toBeGreaterThan(20)
  expect(kinds.get('closeSession') ?? 0).toBeGreaterThan(10)
})

describe('for every history', () => {
  test('what is kept from txn to txn equals what is counted anew', () => {
    fc.assert(
      fc.property(decisions(60), (numbers) => {
        const state = new State()
        for (const txn of historyOf(numbers)) {
          expect(state.apply(txn).digestMatches).toBe(true)
          const { tree } = state
          expect(tree.digest).toBe(tree.recomputedDigest())
          const nodes = [...tree.walk()]
          expect(tree.nodeCount).toBe(nodes.length + 1)
          expect(tree.approximateDataSize).toBe(
            nodes.reduce((sum, [path, { data }]) => sum + path.length + (data?.length ?? 0), 1),
          )
          for (const [path, node] of nodes) {
            expect(node.childCount).toBe(tree.children(path || '/').length)
            expect(tree.stat(path)?.cversion).toBe(2 * node.cversion - node.childCount)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('a snapshot and the log behind it give the same as the txns one after the other', () => {
    fc.assert(
      fc.property(decisions(60), fc.nat(), (numbers, where) => {
        const txns = historyOf(numbers)
        const at = where % (txns.length + 1)
        const before = execute(txns.slice(0, at))
        const bytes = encodeSnapshot(before.tree, before.sessions)
        const snapshot = decodeSnapshot(bytes, 'snapshot', asZxid(BigInt(at)))
        if (snapshot instanceof StorageError) throw new Error(snapshot.message)
        const again = execute(txns.slice(at), new State(snapshot.tree, snapshot.sessions, snapshot.digest))
        expect(again.mismatches).toBe(0)
        expect(contentOf(again)).toEqual(contentOf(execute(txns)))
      }),
    )
  })

  test('a fuzzy snapshot, written while txns went on, and the log behind its name give the same, too', () => {
    fc.assert(
      fc.property(decisions(60), fc.nat(), fc.infiniteStream(fc.nat({ max: 2 })), (numbers, where, pauses) => {
        const txns = historyOf(numbers, true)
        const at = where % (txns.length + 1)
        const { bytes, upTo } = fuzzySnapshot(txns, at, () => pauses.next().value as number)
        const { tree, sessions } = DataTree.deserialize(new Reader(bytes))
        tree.lastProcessedZxid = asZxid(BigInt(at))
        const whole = execute(txns)
        const digest = { zxid: asZxid(BigInt(upTo)), version: 2, digest: execute(txns.slice(0, upTo)).tree.digest }
        const again = execute(txns.slice(at), new State(tree, sessions, upTo === 0 ? undefined : digest))
        expect(contentOf(again)).toEqual(contentOf(whole))
        expect(again.mismatches).toBe(0)
        expect(again.tree.digest).toBe(again.tree.recomputedDigest())
      }),
      { numRuns: 200 },
    )
  })

  test('so does a snapshot of ours that was written slice by slice, while txns went on', () => {
    fc.assert(
      fc.property(
        decisions(60),
        fc.nat(),
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat({ max: 3 })),
        (numbers, where, znodes, pauses) => {
          const txns = historyOf(numbers, true)
          const at = where % (txns.length + 1)
          const live = execute(txns.slice(0, at))
          const pieces: Uint8Array[] = []
          let next = at
          for (const piece of encodeInSlices(live.tree, live.sessions, true, znodes)) {
            pieces.push(piece)
            for (let count = pauses.next().value as number; count > 0 && next < txns.length; count--)
              live.apply(txns[next++] as LoggedTxn)
          }
          const snapshot = decodeSnapshot(joined(pieces), 'snapshot', asZxid(BigInt(at)))
          if (snapshot instanceof StorageError) throw new Error(snapshot.message)
          const again = execute(txns.slice(at), new State(snapshot.tree, snapshot.sessions, snapshot.digest))
          expect(contentOf(again)).toEqual(contentOf(execute(txns)))
          expect(again.mismatches).toBe(0)
          expect(again.tree.digest).toBe(again.tree.recomputedDigest())
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a server that is killed again and again has at last what one has that never was', () => {
    fc.assert(
      fc.property(decisions(80), fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), (numbers, lives) => {
        const txns = historyOf(numbers)
        let rig = started(undefined, { snapCount: 8, commitLogCount: 10 })
        const kills = lives.map((life) => life % txns.length)
        let steps = 0
        for (let index = 0; index < txns.length; index++) {
          if (kills.includes(index)) {
            kills.splice(kills.indexOf(index), 1)
            const written = ['recovered', 'logged', 'snapshotTaken'] as const
            const newest = written.flatMap((kind) => eventsOf(rig, kind).map(({ zxid }) => Number(zxid)))
            rig = started(rig.disk.killed(), { snapCount: 8, commitLogCount: 10 })
            // What waits for a new log file that could not be begun yet is not there: it was not durable.
            const recovered = Number(rig.database.lastLoggedZxid)
            expect(recovered).toBe(Math.max(...newest))
            index = recovered
          }
          const txn = txns[index] as LoggedTxn
          const bytes = encodeLogged(txn)
          rig.database.writer.write(txn.header.zxid, bytes, () => {})
          expect(rig.database.apply(txn, bytes).digestMatches).toBe(true)
          if (steps++ % 3 === 0) rig.disk.step()
        }
        rig.disk.settle()
        const last = started(rig.disk.afterPowerCut(() => false)).database
        const direct = execute(txns)
        expect(contentOf(new State(last.tree, new Map(last.sessions)))).toEqual(contentOf(direct))
        expect(last.digestMismatches).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})

/** As a Java server serializes while it executes: sessions and ACLs first, then node by node, each with its list of
 *  children copied together with its stat, and some txns executed in between. @returns how far it had come at the end */
function fuzzySnapshot(
  txns: readonly LoggedTxn[],
  at: number,
  pause: () => number,
): { bytes: Uint8Array; upTo: number } {
  const state = execute(txns.slice(0, at))
  const { tree } = state
  let upTo = at
  const out = new Writer()
  tree.serialize(out, state.sessions)
  const whole = out.finish()
  out.reset()
  out.raw(whole.subarray(0, endOfAcls(whole)))
  const visit = (path: string): void => {
    const node = tree.node(path)
    if (node === undefined) return
    out.string(path)
    DataNodeRecord.write(out, { data: node.data, acl: BigInt(node.acl), stat: node })
    const children = tree.children(path || '/')
    for (let count = pause(); count > 0 && upTo < txns.length; count--) state.apply(txns[upTo++] as LoggedTxn)
    for (const name of children) visit(`${path}/${name}`)
  }
  visit('')
  out.string('/')
  return { bytes: out.finish(), upTo }
}

function endOfAcls(bytes: Uint8Array): number {
  const input = new Reader(bytes)
  for (let sessions = input.int(); sessions > 0; sessions--) {
    input.long()
    input.int()
  }
  for (let lists = input.int(); lists > 0; lists--) {
    input.long()
    AclList.read(input)
  }
  return input.offset
}
