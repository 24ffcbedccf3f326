import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { linearize, type Operation, type Register } from '../../src/check/linearizability.ts'

const LOST = Number.POSITIVE_INFINITY
const holds = (data: string, version = 0): Register => ({ data, version })

/** From when to when, by whom, what. */
const create = (client: string, from: number, to: number, data: string): Operation => ({
  ...{ client, from, to, isRead: false, text: `create ${data}` },
  step: (state) => (state === undefined ? holds(data) : to === LOST ? state : 'impossible'),
})
const set = (client: string, from: number, to: number, data: string, version?: number): Operation => ({
  ...{ client, from, to, isRead: false, text: `set ${data}` },
  step: (state) => {
    if (state === undefined) return to === LOST ? state : 'impossible'
    const after = holds(data, state.version + 1)
    return version === undefined || version === after.version ? after : 'impossible'
  },
})
const get = (client: string, from: number, to: number, data: string | undefined): Operation => ({
  ...{ client, from, to, isRead: true, text: `get ${data}` },
  step: (state) => (state?.data === data ? state : 'impossible'),
})

const linearizable: readonly (readonly [string, readonly Operation[]])[] = [
  ['nothing', []],
  ['one after the other', [create('a', 1, 2, 'x'), set('b', 3, 4, 'y'), get('a', 5, 6, 'y')]],
  [
    'writes at the same time, in either order',
    [create('a', 1, 2, 'x'), set('a', 3, 9, 'y'), set('b', 3, 9, 'z'), get('c', 10, 11, 'y')],
  ],
  [
    'an old read at another client',
    [create('a', 1, 2, 'x'), set('a', 3, 4, 'y'), get('b', 5, 6, 'x'), get('b', 7, 8, 'y')],
  ],
  ['a lost write that happened', [create('a', 1, 2, 'x'), set('b', 3, LOST, 'y'), get('a', 9, 10, 'y')]],
  ['a lost write that did not', [create('a', 1, 2, 'x'), set('b', 3, LOST, 'y'), get('a', 9, 10, 'x')]],
  [
    'a lost write that happens late',
    [create('a', 1, 2, 'x'), set('b', 3, LOST, 'y'), get('a', 5, 6, 'x'), get('a', 9, 10, 'y')],
  ],
  ['a read that sees a write under way', [create('a', 1, 2, 'x'), set('b', 3, 20, 'y'), get('a', 5, 6, 'y')]],
]
const broken: readonly (readonly [string, readonly Operation[]])[] = [
  ['a value out of nothing', [create('a', 1, 2, 'x'), get('a', 3, 4, 'y')]],
  ['a write that is forgotten', [create('a', 1, 2, 'x'), set('a', 3, 4, 'y'), get('a', 5, 6, 'x')]],
  [
    'a client that sees the old after the new',
    [create('a', 1, 2, 'x'), set('a', 3, 4, 'y'), get('b', 5, 6, 'y'), get('b', 7, 8, 'x')],
  ],
  ['two creations that both succeed', [create('a', 1, 2, 'x'), create('b', 3, 4, 'y')]],
  [
    'a write before one that was answered before it began',
    [create('a', 1, 2, 'x'), set('a', 3, 4, 'y', 2), set('b', 5, 6, 'z', 1)],
  ],
  ['a read of the future', [create('a', 1, 2, 'x'), get('b', 3, 4, 'y'), set('a', 5, 6, 'y')]],
  ['a lost write before it began', [create('a', 1, 2, 'x'), get('a', 3, 4, 'y'), set('b', 5, LOST, 'y')]],
]

/** Tries every order. */
function isExplained(operations: readonly Operation[], state: Register | undefined = undefined): boolean {
  const answered = operations.filter(({ to }) => to !== LOST)
  if (answered.length === 0) return true
  return operations.some((operation) => {
    if (operation.isRead && operation.to === LOST) return false
    const isEarlier = (other: Operation): boolean =>
      other !== operation &&
      (other.client === operation.client && operation.to !== LOST
        ? other.from < operation.from
        : !operation.isRead && other.to < operation.from)
    if (answered.some(isEarlier)) return false
    const after = operation.step(state)
    return (
      after !== 'impossible' &&
      isExplained(
        operations.filter((other) => other !== operation),
        after,
      )
    )
  })
}

describe('an order that explains all answers', () => {
  test.each(linearizable)('is found for %s', (_, operations) => {
    expect(linearize(operations)).toEqual({ is: 'linearizable' })
  })
  test.each(broken)('is not found for %s', (_, operations) => {
    const verdict = linearize(operations)
    expect(verdict.is).toBe('broken')
    expect(verdict.is === 'broken' && verdict.stuck.length).toBeGreaterThan(0)
  })

  test('is found for whatever really happened in some order', () => {
    const client = fc.constantFrom('a', 'b', 'c')
    const deed = fc.record({
      client,
      early: fc.integer({ min: 0, max: 9 }),
      late: fc.integer({ min: 0, max: 9 }),
      isRead: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 30 }), (deeds) => {
        // Each happens at a moment of its own, somewhere between its beginning and its end.
        let state: Register | undefined
        const ends = new Map<string, number>()
        const operations = deeds.map(({ client, early, late, isRead }, n): Operation => {
          const at = n * 10
          const from = Math.max(at - early, ends.get(client) ?? 0)
          const to = at + late
          ends.set(client, to)
          if (isRead) return get(client, from, to, state?.data)
          const made = state === undefined ? create(client, from, to, `v${n}`) : set(client, from, to, `v${n}`)
          state = holds(`v${n}`, state === undefined ? 0 : state.version + 1)
          return made
        })
        expect(linearize(operations).is).toBe('linearizable')
      }),
    )
  })

  test('is found where trying everything finds one, and nowhere else', () => {
    const deed = fc.record({
      client: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('create', 'set', 'set', 'delete', 'lacks', 'exists', 'get', 'get'),
      gap: fc.integer({ min: 0, max: 3 }),
      takes: fc.constantFrom(1, 3, 6, LOST),
      data: fc.constantFrom('x', 'y'),
      version: fc.constantFrom(undefined, undefined, 1, 2),
    })
    const found = { linearizable: 0, broken: 0, unknown: 0 }
    fc.assert(
      fc.property(fc.array(deed, { minLength: 3, maxLength: 7 }), (deeds) => {
        const ends = new Map<string, number>()
        const operations = deeds.map(({ client, what, gap, takes, data, version }): Operation => {
          const from = (ends.get(client) ?? 0) + gap + 1
          ends.set(client, takes === LOST ? from : from + takes)
          const [to, effect] = [from + takes, takes === LOST ? `${what} ${data}` : undefined]
          if (what === 'create') return { ...create(client, from, to, data), effect }
          if (what === 'set') return { ...set(client, from, to, data, takes === LOST ? undefined : version), effect }
          if (what === 'get') return get(client, from, to, data)
          const step: Operation['step'] = (state) => {
            if (what === 'delete') return state === undefined && to !== LOST ? 'impossible' : undefined
            if (to === LOST) return state
            return (state === undefined) === (what === 'lacks') ? state : 'impossible'
          }
          return { client, from, to, isRead: what === 'exists', step, effect, text: what }
        })
        const verdict = linearize(operations)
        found[verdict.is]++
        expect(verdict.is).toBe(isExplained(operations) ? 'linearizable' : 'broken')
      }),
      { numRuns: 3000, seed: 7 },
    )
    expect(Math.min(found.linearizable, found.broken)).toBeGreaterThan(300)
  })

  test('is not looked for without end', () => {
    const writes = Array.from({ length: 14 }, (_, n) => set(`c${n}`, 1, 100, `v${n}`))
    const operations = [create('a', 0, 0.5, 'x'), ...writes, get('a', 101, 102, 'nothing of this')]
    expect(linearize(operations, 5000)).toEqual({ is: 'unknown' })
  })

  test('may begin with what was there before', () => {
    const operations = [get('a', 1, 2, 'x'), set('a', 3, 4, 'y')]
    expect(linearize(operations).is).toBe('broken')
    expect(linearize(operations, 100, [undefined, holds('x', 5)]).is).toBe('linearizable')
  })
})
