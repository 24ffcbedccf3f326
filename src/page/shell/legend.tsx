import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './legend.module.css'

const LegendContent = lazy(() => import('./legend-content.tsx').then((part) => ({ default: part.LegendContent })))

/** How to read the picture. Opened by a button with `popoverTarget`; Escape and a click elsewhere close it. */
export function Legend({ id }: { readonly id: string }) {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState(false)
  return (
    <aside
      id={id}
      popover="auto"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls on a small screen, also by keyboard
      tabIndex={0}
      className={styles.legend}
      aria-label={t(($) => $.shell.help)}
      onBeforeToggle={() => setWanted(true)}
    >
      <Suspense>{wanted && <LegendContent />}</Suspense>
    </aside>
  )
}
