/** The words of the page. One i18next instance; components read it with `useTranslation()` of react-i18next and
 *  `t($ => $.stage.kill, { sid })`. English is bundled and is the fallback for every missing key and language. */
import { createInstance } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { type Catalogue, en } from './en.ts'

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

/** For words outside of components (the terminal's own lines, the scripting door). */
export const t = i18n.t

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
