import { lazy, type ReactNode, Suspense } from 'react'
import { useKeys } from '../pace/keys.ts'
import type { PaneId } from '../store/state.ts'
import styles from './app.module.css'
import { Header } from './header.tsx'
import { useMedia } from './media.ts'
import { Pocket } from './pocket.tsx'

/** A phone has no use for panes that are resized. Elsewhere it is fetched while the ensemble is being opened. */
const NARROW = '(max-width: 820px)'
const fetchDesk = () => import('./desk.tsx').then((part) => ({ default: part.Desk }))
const early = typeof matchMedia === 'function' && !matchMedia(NARROW).matches ? fetchDesk() : undefined
const Desk = lazy(() => early ?? fetchDesk())

/** What stands in each pane. */
export type Views = { readonly [pane in PaneId]: ReactNode }

interface AppProps {
  readonly views: Views
  /** What went wrong, between header and panes; nothing most of the time. */
  readonly notices?: ReactNode
  /** The museum stands open at first. */
  readonly museum?: boolean
  /** Nothing can be done to the run: there is nothing to try. */
  readonly isOver?: boolean
}

/** The whole page: header, notices, panes. */
export function App({ notices, views, museum = false, isOver = false }: AppProps) {
  useKeys()
  const narrow = useMedia(NARROW)
  return (
    <div className={styles.app}>
      <Header museum={museum} isOver={isOver} />
      {notices}
      <main className={styles.main}>
        <Suspense>{narrow ? <Pocket views={views} /> : <Desk views={views} />}</Suspense>
      </main>
    </div>
  )
}
