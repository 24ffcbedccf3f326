/** The words of the page. One i18next instance; components read it with `useTranslation()` of react-i18next and
 *  `t($ => $.stage.kill, { sid })`. English is bundled and is the fallback for every missing key and language. */
import { createInstance, type TFunction } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { type Catalogue, en } from './en.ts'
import { filled, made, type Ready } from './templates.ts'

/** Languages with a catalogue, in the order of the language menu, with their own names. */
export const languages = [{ code: 'en', name: 'English' }] as const
export type Language = (typeof languages)[number]['code']

/** A language without a word that English has is a compile error. */
const catalogues: { readonly [language in Language]: Catalogue } = { en }

export const i18n = createInstance()

void i18n.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: Object.fromEntries(
    Object.entries(catalogues).map(([language, translation]) => [language, { translation }]),
  ),
  interpolation: { escapeValue: false },
  initAsync: false,
  returnNull: false,
})

/** Hundreds of sentences are said each second: what i18next would look up, parse and fill in each time is made ready once.
 *  Whatever is not in the catalogues is i18next's. */
const ready = new Map<string, { readonly words: Ready; readonly rules: Intl.PluralRules }>()
const readyFor = (language: string) => {
  const known = ready.get(language)
  if (known !== undefined) return known
  const words = made(catalogues[language as Language] ?? en, en)
  const fresh = { words, rules: new Intl.PluralRules(language) }
  ready.set(language, fresh)
  return fresh
}

const slow = i18n.getFixedT.bind(i18n)
i18n.getFixedT = ((...args: Parameters<typeof slow>) => {
  const careful = slow(...args) as (...call: unknown[]) => unknown
  const quick = (key: unknown, params?: { readonly [name: string]: unknown }): unknown => {
    if (typeof key !== 'function') return careful(key, params)
    const { words, rules } = readyFor(i18n.resolvedLanguage ?? 'en')
    return filled((key as (words: Ready) => unknown)(words), params, rules) ?? careful(key, params)
  }
  return Object.assign(quick, careful)
}) as typeof i18n.getFixedT

/** For words outside of components (the terminal's own lines, the scripting door). */
export const t = i18n.getFixedT(i18n.resolvedLanguage ?? 'en') as TFunction

/** The catalogue that fits a wish (`?lang=`, the browser's preference) best; English when there is none. */
export function languageFor(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const base = wish?.toLowerCase().split(/[-_]/)[0]
    const found = languages.find(({ code }) => code === base)
    if (found !== undefined) return found.code
  }
  return 'en'
}

export function setLanguage(language: Language): void {
  void i18n.changeLanguage(language)
  if (typeof document !== 'undefined') document.documentElement.lang = language
}
