import { describe, expect, it } from 'vitest'
import { addressWith, DEFAULTS, optionsFrom } from '../../src/page/options.ts'

describe('options of the address', () => {
  it('are taken when they are right', () => {
    expect(optionsFrom('?servers=3&seed=42&speed=0.1&lang=zh-CN&storage=memory')).toEqual({
      options: { ...DEFAULTS, servers: 3, seed: 42, speed: 0.1, lang: 'zh-CN', storage: 'memory' },
      bad: [],
    })
    expect(optionsFrom('speed=max').options.speed).toBe('max')
    expect(optionsFrom('speed=1/10').options.speed).toBe(0.1)
    expect(optionsFrom('')).toEqual({ options: DEFAULTS, bad: [] })
  })

  it('leave the default and are told when they are wrong', () => {
    const wrong = [
      'servers=0',
      'servers=10',
      'servers=3.5',
      'servers=',
      'seed=-1',
      'seed=1e9',
      'seed=4294967296',
      'speed=0',
      'speed=1000',
      'speed=fast',
      'lang=<b>',
      'storage=tape',
    ]
    for (const option of wrong) {
      const { options, bad } = optionsFrom(`?${option}`)
      expect(options, option).toEqual(DEFAULTS)
      expect(
        bad.map(({ name }) => name),
        option,
      ).toEqual([option.split('=')[0]])
    }
  })

  it('a long value is cut before it is shown', () => {
    expect(optionsFrom(`?servers=${'9'.repeat(10_000)}`).bad[0]!.value).toHaveLength(40)
  })

  it('can be changed in an address, which keeps the others', () => {
    expect(addressWith('https://x.org/a/?servers=3#top', { storage: 'memory' })).toBe(
      'https://x.org/a/?servers=3&storage=memory#top',
    )
  })
})
