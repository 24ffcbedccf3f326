/** The words of the museum's pieces, which are many: they come with the museum, not with the page. */
import { useTranslation } from 'react-i18next'
import { pieces } from '../i18n/en/pieces.ts'
import type { Language } from '../i18n/i18n.ts'
import type { PieceName } from './catalogue.ts'

interface PieceWords {
  readonly title: string
  /** The deliberate bug, as "recorded with …" goes on. */
  readonly bug: string
  readonly schedule: string
  readonly theirs: string
  readonly ours: string
}

/** A language without a piece that the museum has is a compile error. */
const byLanguage: { readonly [language in Language]: { readonly [name in PieceName]: PieceWords } } = { en: pieces }

export function usePieces(): { readonly [name in PieceName]: PieceWords } {
  const { i18n } = useTranslation()
  return byLanguage[i18n.resolvedLanguage as Language] ?? pieces
}
