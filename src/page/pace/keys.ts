/** Keys that work everywhere on the page, also while typing in zkCli: each with Alt, so that no typed letter is an order. */
import { useEffect } from 'react'
import { useVivarium } from '../store/hooks.ts'
import type { PageState } from '../store/state.ts'
import { FASTEST, SLOWEST } from '../store/state.ts'

interface Key {
  readonly code: string
  /** As printed for people, and as in aria-keyshortcuts. */
  readonly label: string
  readonly aria: string
}

const alt = (code: string, name: string): Key => ({ code, label: `Alt+${name}`, aria: `Alt+${name}` })

export const keys = {
  pause: alt('KeyP', 'P'),
  step: alt('KeyN', 'N'),
  auto: alt('KeyA', 'A'),
  crash: alt('KeyC', 'C'),
  slower: alt('Comma', ','),
  faster: alt('Period', '.'),
}
export type KeyName = keyof typeof keys

const actions: { readonly [name in KeyName]: (page: PageState) => void } = {
  pause: (page) => (page.paused ? page.resume() : page.pause()),
  step: (page) => void page.step(),
  auto: (page) => page.setSpeed('auto'),
  crash: (page) => void page.crashLeader(),
  slower: (page) => page.setSpeed(Math.max(SLOWEST, paceOf(page) / 2)),
  faster: (page) => page.setSpeed(Math.min(FASTEST, paceOf(page) * 2)),
}

const paceOf = ({ pace, speed }: PageState): number =>
  typeof pace === 'number' ? pace : typeof speed === 'number' ? speed : speed === 'max' ? FASTEST : 1

const names = Object.keys(keys) as KeyName[]

export function useKeys(): void {
  const { store } = useVivarium()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return
      const name = names.find((one) => keys[one].code === event.code)
      if (name === undefined) return
      event.preventDefault()
      actions[name](store.getState())
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [store])
}
