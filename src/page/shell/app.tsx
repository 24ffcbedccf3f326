import type { ReactNode } from 'react'
import { useKeys } from '../pace/keys.ts'
import type { PaneId } from '../store/state.ts'
import styles from './app.module.css'
import { Desk } from './desk.tsx'
import { Header } from './header.tsx'
import { useMedia } from './media.ts'
import { Pocket } from './pocket.tsx'

/** What stands in each pane. */
export type Views = { readonly [pane in PaneId]: ReactNode }

interface AppProps {
  readonly views: Views
  /** What went wrong, between header and panes; nothing most of the time. */
  readonly notices?: ReactNode
}

/** The whole page: header, notices, panes. */
export function App({ notices, views }: AppProps) {
  useKeys()
  const narrow = useMedia('(max-width: 820px)')
  return (
    <div className={styles.app}>
      <Header />
      {notices}
      <main className={styles.main}>{narrow ? <Pocket views={views} /> : <Desk views={views} />}</main>
    </div>
  )
}
