import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeZxid, type Zxid } from '../../../src/core/wire/ids.ts'
import { decideSync } from '../../../src/core/zab/sync-decision.ts'

const z = makeZxid
const window = (...zxids: Zxid[]) => zxids.map((zxid) => ({ zxid, bytes: new Uint8Array() }))
const zxids = (decision: ReturnType<typeof decideSync>) =>
  decision.mode === 'SNAP' ? [] : decision.proposals.map((proposal) => proposal.zxid)

describe('a leader decides how a learner is brought up to date', () => {
  it('a learner with exactly the leader’s history gets an empty DIFF', () => {
    const decision = decideSync(z(1, 3), z(1, 3), window(z(1, 1), z(1, 2), z(1, 3)))
    expect(decision).toEqual({ mode: 'DIFF', zxid: z(1, 3), proposals: [], reason: 'same' })
  })

  it('a learner within the committed log gets a DIFF of what it misses, in order', () => {
    const decision = decideSync(z(1, 1), z(2, 1), window(z(1, 1), z(1, 2), z(2, 1)))
    expect(decision).toMatchObject({ mode: 'DIFF', zxid: z(2, 1), reason: 'inWindow' })
    expect(zxids(decision)).toEqual([z(1, 2), z(2, 1)])
  })

  it('a learner ahead of the leader is cut back to the leader’s last zxid', () => {
    const decision = decideSync(z(1, 5), z(1, 3), window(z(1, 2), z(1, 3)))
    expect(decision).toEqual({ mode: 'TRUNC', zxid: z(1, 3), proposals: [], reason: 'aheadOfLeader' })
  })

  it('a learner ahead of a leader with an empty committed log is cut back to the leader’s head', () => {
    expect(decideSync(z(1, 5), z(1, 3), [])).toMatchObject({ mode: 'TRUNC', zxid: z(1, 3) })
  })

  it('a learner ahead by a later epoch gets a SNAP: that epoch need not have begun where the leader ends', () => {
    // The learner has 2.3 and 3.1, the leader 2.3 to 2.5, and epoch 3 was never established.
    const decision = decideSync(z(3, 1), z(2, 5), window(z(2, 3), z(2, 4), z(2, 5)))
    expect(decision).toEqual({ mode: 'SNAP', reason: 'otherHistory' })
  })

  it('a learner older than the committed log gets a SNAP', () => {
    expect(decideSync(z(1, 1), z(1, 9), window(z(1, 8), z(1, 9)))).toEqual({ mode: 'SNAP', reason: 'tooFarBehind' })
  })

  it('a record within the numeric range that is not on the leader’s chain is never answered by DIFF (ZOOKEEPER-1154)', () => {
    // 1.3 was logged by a dead leader alone; the others went on with epoch 2.
    expect(decideSync(z(1, 3), z(2, 1), window(z(1, 1), z(1, 2), z(2, 1)))).toEqual({
      mode: 'SNAP',
      reason: 'diverged',
    })
  })

  it('a learner that joined an epoch without writing in it is within the history before that epoch', () => {
    const decision = decideSync(z(2, 0), z(3, 1), window(z(1, 1), z(1, 2), z(3, 1)))
    expect(decision.mode).toBe('DIFF')
    expect(zxids(decision)).toEqual([z(3, 1)])
  })

  it('whatever the histories, DIFF and TRUNC leave the learner with exactly the leader’s history', () => {
    // A history is a list of epochs with a length each; the learner shares a prefix and may have a tail of its own.
    const history = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(history, fc.nat(20), fc.nat(3), fc.nat(16), (lengths, shared, extra, kept) => {
        const chain = lengths.flatMap((length, i) => Array.from({ length }, (_, n) => z(i + 1, n + 1)))
        const common = chain.slice(0, Math.min(shared, chain.length))
        // A tail that only the learner logged continues the epoch of its last common record.
        const tail: Zxid[] = []
        const next = chain[common.length]
        const last = common.at(-1)
        if (last !== undefined && (next === undefined || next >> 32n !== last >> 32n))
          for (let n = 1; n <= extra; n++) tail.push((last + BigInt(n)) as Zxid)
        const learner = [...common, ...tail]
        const decision = decideSync(learner.at(-1) ?? z(0, 0), chain.at(-1) as Zxid, window(...chain.slice(-kept - 1)))
        if (decision.mode === 'SNAP') return
        const base = decision.mode === 'TRUNC' ? learner.filter((zxid) => zxid <= decision.zxid) : learner
        expect([...base, ...zxids(decision)]).toEqual(chain)
      }),
      { numRuns: 2000 },
    )
  })
})
