import { createInstance } from 'i18next'
import { describe, expect, it } from 'vitest'
import { en } from '../../src/page/i18n/en.ts'
import { t } from '../../src/page/i18n/i18n.ts'
import { filled, made, type Words } from '../../src/page/i18n/templates.ts'

/** All words of a catalogue with their keys. */
function wordsOf(words: Words, path: readonly string[] = []): [readonly string[], string][] {
  return Object.entries(words).flatMap(([key, word]): [readonly string[], string][] =>
    typeof word === 'string' ? [[[...path, key], word]] : wordsOf(word, [...path, key]),
  )
}

describe('the words of the page', () => {
  it('are the ones that i18next would say, whatever is filled in', async () => {
    const plain = createInstance()
    await plain.init({
      lng: 'en',
      resources: { en: { translation: en } },
      interpolation: { escapeValue: false },
      returnNull: false,
    })
    const ready = made(en)
    const rules = new Intl.PluralRules('en')
    let said = 0
    for (const [path, word] of wordsOf(en)) {
      const names = [...word.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? '')
      for (const count of [0, 1, 2, 21]) {
        const params = { ...Object.fromEntries(names.map((name, n) => [name, `value ${n}`])), count }
        const key = path.join('.').replace(/_(one|other)$/, '')
        let at: unknown = ready
        for (const step of key.split('.')) at = (at as Record<string, unknown>)[step]
        expect(filled(at, params, rules), key).toBe(plain.t(key as never, params as never))
        said++
      }
    }
    expect(said).toBeGreaterThan(1000)
  })

  it('are said by selector, in components and outside of them', () => {
    expect(t(($) => $.stage.server, { sid: 3 })).toBe('Server 3')
    expect(t(($) => $.tree.bytes, { count: 1 })).toBe('1 byte')
    expect(t(($) => $.tree.bytes, { count: 7 })).toBe('7 bytes')
  })

  it('fall back to English where a language has no word yet', () => {
    const ready = made({ greeting: 'Servus' }, { greeting: 'Hello', leave: { late: 'Bye, {{name}}' } })
    const rules = new Intl.PluralRules('de')
    const { greeting, leave } = ready as { greeting: unknown; leave: { late: unknown } }
    expect(filled(greeting, undefined, rules)).toBe('Servus')
    expect(filled(leave.late, { name: 'Ada' }, rules)).toBe('Bye, Ada')
  })
})
