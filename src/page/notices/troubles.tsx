import { TriangleAlert, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { addressWith } from '../options.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { usePage } from '../store/hooks.ts'
import type { Trouble } from '../store/state.ts'
import styles from './notices.module.css'

/** What went wrong: a sentence each, with what can be done. Renders nothing when all is well. */
export function Troubles() {
  const { t } = useTranslation()
  const troubles = usePage((page) => page.troubles)
  const dismiss = usePage((page) => page.dismiss)
  return (
    <div className={styles.troubles} role="alert">
      {troubles.map((trouble) => (
        <div key={trouble.id} className={styles.trouble}>
          <TriangleAlert size={16} aria-hidden />
          <p>
            <TroubleWords trouble={trouble} />
            {memoryHelps(trouble) && (
              <>
                {' '}
                <Button onClick={() => location.assign(addressWith(location.href, { storage: 'memory' }))}>
                  {t(($) => $.notices.runInMemory)}
                </Button>
              </>
            )}
          </p>
          <IconButton size="small" label={t(($) => $.notices.dismiss)} onClick={() => dismiss(trouble.id)}>
            <X size={15} aria-hidden />
          </IconButton>
        </div>
      ))}
    </div>
  )
}

function TroubleWords({ trouble }: { readonly trouble: Trouble }) {
  const { t } = useTranslation()
  const { code, station, message } = trouble
  if (station === undefined || code === 'badOption') return t(($) => $.notices.trouble[code], { message })
  return t(($) => $.notices.troubleOf, { sid: station, words: t(($) => $.notices.trouble[code], { message }) })
}

const memoryHelps = ({ code }: Trouble): boolean =>
  code === 'opfsMissing' || code === 'diskFull' || code === 'storageBusy'
