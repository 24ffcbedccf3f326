import { useEffect } from 'react'
import { usePage } from '../store/hooks.ts'
import type { Theme } from '../store/state.ts'
import { memory } from './storage.ts'

const KEY = 'theme'
const themes: readonly Theme[] = ['system', 'light', 'dark']

/** Puts the chosen theme on the document, and remembers it. */
export function useTheme(): { readonly theme: Theme; readonly nextTheme: () => void } {
  const theme = usePage((page) => page.theme)
  const setTheme = usePage((page) => page.setTheme)
  useEffect(() => {
    const remembered = themes.find((one) => one === memory.getItem(KEY))
    if (remembered !== undefined) setTheme(remembered)
  }, [setTheme])
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }, [theme])
  const nextTheme = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
    memory.setItem(KEY, next)
    setTheme(next)
  }
  return { theme, nextTheme }
}
