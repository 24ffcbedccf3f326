import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StartHunt } from '../host.ts'
import { Button } from '../parts/button.tsx'
import styles from './trouble.module.css'

const HuntView = lazy(() => import('./hunt-view.tsx').then((part) => ({ default: part.HuntView })))

interface TroubleProps {
  readonly hunt: StartHunt
}

/** The way to the hunt. */
export function Trouble({ hunt }: TroubleProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  return (
    <>
      <Button className={styles.door} onClick={() => setOpen(true)}>
        {t(($) => $.checks.trouble)}
      </Button>
      <dialog
        ref={dialog}
        className={styles.dialog}
        aria-label={t(($) => $.trouble.title)}
        onClose={() => setOpen(false)}
      >
        {open && (
          <Suspense>
            <HuntView hunt={hunt} onClose={() => setOpen(false)} />
          </Suspense>
        )}
      </dialog>
    </>
  )
}
