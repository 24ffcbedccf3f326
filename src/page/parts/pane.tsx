import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import styles from './pane.module.css'

interface PaneProps {
  readonly title: string
  /** Right end of the heading: a count, a few controls. */
  readonly aside?: ReactNode
  /** The content scrolls by itself and takes the whole height. */
  readonly filled?: boolean
  readonly children: ReactNode
}

/** A titled part of the page. What stands in it brings no heading of its own. */
export function Pane({ title, aside, filled = false, children }: PaneProps) {
  return (
    <div className={styles.pane}>
      <header className={styles.head} data-plain={aside === undefined}>
        <h2>{title}</h2>
        <div className={styles.aside}>{aside}</div>
      </header>
      <div className={classes(styles.body, filled && styles.filled)}>{children}</div>
    </div>
  )
}
