/** The words of a catalogue made ready: a template is cut into its pieces once, not each time it is filled in. Plurals are
 *  keys that end in _one, _other …, as in i18next. */

/** Texts at even places, names of what goes between them at odd ones. */
type Template = readonly string[]
type Plural = ReadonlyMap<string, Template>
export type Ready = Said | { readonly [key: string]: Ready }

/** A template, or one for each plural form. */
class Said {
  readonly template: Template | undefined
  readonly plural: Plural | undefined
  constructor(template: Template | undefined, plural: Plural | undefined) {
    this.template = template
    this.plural = plural
  }
}

export type Words = { readonly [key: string]: string | Words }

const PLURAL = /^(.+)_(zero|one|two|few|many|other)$/

/** @param fallback where a word is missing. */
export function made(words: Words, fallback: Words = words): Ready {
  const ready: { [key: string]: Ready } = {}
  const plurals = new Map<string, Map<string, Template>>()
  for (const key of new Set([...Object.keys(fallback), ...Object.keys(words)])) {
    const word = words[key] ?? fallback[key]
    if (word === undefined) continue
    if (typeof word !== 'string') {
      const other = fallback[key]
      ready[key] = made(word, typeof other === 'object' ? other : word)
      continue
    }
    ready[key] = new Said(cut(word), undefined)
    const [, stem, form] = PLURAL.exec(key) ?? []
    if (stem === undefined || form === undefined) continue
    plurals.set(stem, (plurals.get(stem) ?? new Map()).set(form, cut(word)))
  }
  for (const [stem, forms] of plurals) ready[stem] ??= new Said(undefined, forms)
  return ready
}

const cut = (text: string): Template => text.split(/\{\{\s*(\w+)\s*\}\}/)

/** Undefined when it is no word of the catalogue. */
export function filled(
  word: unknown,
  params: { readonly [name: string]: unknown } | undefined,
  rules: Intl.PluralRules,
): string | undefined {
  if (!(word instanceof Said)) return undefined
  const template = word.template ?? word.plural?.get(rules.select(Number(params?.count))) ?? word.plural?.get('other')
  if (template === undefined) return undefined
  if (template.length === 1) return template[0]
  let text = template[0] ?? ''
  for (let n = 1; n < template.length; n += 2) {
    const value = params?.[template[n] ?? '']
    text += (value === undefined || value === null ? '' : String(value)) + (template[n + 1] ?? '')
  }
  return text
}
