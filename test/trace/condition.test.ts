import { describe, expect, it } from 'vitest'
import { CONDITIONS, conditionOf, matches } from '../../src/trace/condition.ts'
import { Fold } from '../../src/trace/fold.ts'
import { electedEnsemble, told, z } from './events.ts'

describe('conditions', () => {
  const fold = new Fold(3)
  for (const event of electedEnsemble(3, 3)) fold.apply(event)

  it('every advertised form is understood', () => {
    for (const form of CONDITIONS)
      expect(conditionOf(form.replace('N', '2').replace('0x…', '0x100000001')), form).toBeDefined()
  })

  it('nonsense is not', () => {
    for (const words of ['', 'server', 'server x leads', 'server 2', 'committed', '0xzz committed', 'leader please'])
      expect(conditionOf(words), words).toBeUndefined()
  })

  it('what is true already holds', () => {
    const holds = (words: string): boolean => conditionOf(words)!.holds(fold.picture)
    expect(holds('leader')).toBe(true)
    expect(holds('Server 3 leads')).toBe(true)
    expect(holds('server 2 leads')).toBe(false)
    expect(holds('server 2 serves')).toBe(true)
    expect(holds('0x100000000 committed')).toBe(true)
    expect(holds('0x100000001 committed')).toBe(false)
  })

  it('an event matches when all fields are equal, bigints included', () => {
    const committed = told(3, 5, { kind: 'committed', zxid: z(7), ackers: [1, 3] })
    const [wanted] = conditionOf('0x100000007 committed')!.events
    expect(matches(committed, wanted!)).toBe(true)
    expect(matches(committed, { kind: 'committed', station: 3 })).toBe(true)
    expect(matches(committed, { kind: 'committed', station: 2 })).toBe(false)
    expect(matches(committed, { kind: 'committed', zxid: 7 })).toBe(false)
  })
})
