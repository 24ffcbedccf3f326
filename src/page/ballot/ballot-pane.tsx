import { useTranslation } from 'react-i18next'
import styles from './ballot.module.css'
import { Ballot } from './ballot.tsx'

/** The ballot in a place of its own, in which it scrolls. */
export function BallotPane() {
  const { t } = useTranslation()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
    <section className={styles.scroll} tabIndex={0} aria-label={t(($) => $.shell.panes.ballot)}>
      <Ballot />
    </section>
  )
}
