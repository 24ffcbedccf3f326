import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../parts/button.tsx'
import styles from './notices.module.css'

interface FullPageProps {
  readonly title: string
  readonly children: ReactNode
}

/** Instead of the ensemble: why it is not here, and what can be done. */
function FullPage({ title, children }: FullPageProps) {
  return (
    <main className={styles.fullPage}>
      <h1>{title}</h1>
      {children}
    </main>
  )
}

export function Opening() {
  const { t } = useTranslation()
  return (
    <main className={styles.fullPage} aria-busy>
      <p className={styles.calm}>{t(($) => $.notices.opening)}</p>
    </main>
  )
}

/** The ensemble lives in another tab; nothing of it was touched. */
export function Taken({ onRetry, onMemory }: { readonly onRetry: () => void; readonly onMemory: () => void }) {
  const { t } = useTranslation()
  return (
    <FullPage title={t(($) => $.notices.taken.title)}>
      <p>{t(($) => $.notices.taken.words)}</p>
      <div className={styles.ways}>
        <Button look="strong" onClick={onRetry}>
          {t(($) => $.notices.taken.retry)}
        </Button>
        <Button onClick={onMemory}>{t(($) => $.notices.taken.another)}</Button>
      </div>
    </FullPage>
  )
}

interface NoStorageProps {
  readonly reason: 'missing' | 'full'
  readonly onMemory: () => void
}

/** No place to keep files. */
export function NoStorage({ reason, onMemory }: NoStorageProps) {
  const { t } = useTranslation()
  return (
    <FullPage title={t(($) => $.notices.noStorage.title)}>
      <p>{t(($) => $.notices.noStorage[reason])}</p>
      <p>{t(($) => $.notices.noStorage.words)}</p>
      <div className={styles.ways}>
        <Button onClick={onMemory}>{t(($) => $.notices.runInMemory)}</Button>
      </div>
    </FullPage>
  )
}

interface FailedProps {
  readonly message: string
  readonly onRetry: () => void
  readonly onMemory: () => void
}

export function Failed({ message, onRetry, onMemory }: FailedProps) {
  const { t } = useTranslation()
  return (
    <FullPage title={t(($) => $.notices.failed.title)}>
      <p>{t(($) => $.notices.failed.words)}</p>
      <pre className={styles.reason}>{message}</pre>
      <div className={styles.ways}>
        <Button look="strong" onClick={onRetry}>
          {t(($) => $.notices.taken.retry)}
        </Button>
        <Button onClick={onMemory}>{t(($) => $.notices.runInMemory)}</Button>
      </div>
    </FullPage>
  )
}
