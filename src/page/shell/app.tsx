import type { ReactNode } from 'react'
import { useKeys } from '../pace/keys.ts'
import styles from './app.module.css'
import { Desk } from './desk.tsx'
import { Header } from './header.tsx'
import { useMedia } from './media.ts'
import { Pocket } from './pocket.tsx'

/** The views that the shell gives a place; each is a Pane. */
export interface Views {
  readonly terminal: ReactNode
  readonly znodes: ReactNode
  readonly events: ReactNode
  readonly firings: ReactNode
}

interface AppProps extends Views {
  /** What went wrong, between header and panes; nothing most of the time. */
  readonly notices?: ReactNode
}

/** The whole page: header, notices, panes. */
export function App({ notices, ...views }: AppProps) {
  useKeys()
  const narrow = useMedia('(max-width: 820px)')
  return (
    <div className={styles.app}>
      <Header />
      {notices}
      <main className={styles.main}>{narrow ? <Pocket {...views} /> : <Desk {...views} />}</main>
    </div>
  )
}
