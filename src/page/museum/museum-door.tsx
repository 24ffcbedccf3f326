import { Landmark } from 'lucide-react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../parts/button.tsx'
import styles from './museum.module.css'

const Museum = lazy(() => import('./museum.tsx').then((part) => ({ default: part.Museum })))

/** The way into the museum, in plain sight. */
export function MuseumDoor({ open: atFirst }: { readonly open: boolean }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(atFirst)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  return (
    <>
      <Button look="quiet" className={styles.door} title={t(($) => $.museum.hint)} onClick={() => setOpen(true)}>
        <Landmark size={16} aria-hidden />
        {t(($) => $.museum.open)}
      </Button>
      <dialog
        ref={dialog}
        className={styles.museum}
        aria-label={t(($) => $.museum.title)}
        onClose={() => setOpen(false)}
      >
        {open && (
          <Suspense>
            <Museum onClose={() => setOpen(false)} />
          </Suspense>
        )}
      </dialog>
    </>
  )
}
