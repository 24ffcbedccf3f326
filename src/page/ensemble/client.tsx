import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { usePage, usePicture } from '../store/hooks.ts'
import styles from './client.module.css'
import { CLIENT, type ClientPlace } from './layout.ts'

/** One zkCli process. */
export const Client = memo(function Client({ place }: { readonly place: ClientPlace }) {
  const { t } = useTranslation()
  const { station } = place
  const client = usePicture((picture) => picture.clients.get(station))
  const selected = usePage((page) => page.selected?.kind === 'client' && page.selected.station === station)
  const select = usePage((page) => page.select)
  if (client === undefined) return null
  const name =
    client.server === undefined
      ? t(($) => $.stage.clientAlone, { station, state: client.state })
      : t(($) => $.stage.clientAt, { station, state: client.state, sid: client.server })
  return (
    <button
      type="button"
      className={styles.client}
      style={{
        left: place.x - CLIENT.width / 2,
        top: place.y - CLIENT.height / 2,
        width: CLIENT.width,
        height: CLIENT.height,
      }}
      data-state={client.state}
      aria-label={name}
      aria-pressed={selected}
      title={name}
      onClick={() => select(selected ? undefined : { kind: 'client', station })}
    >
      {station}
    </button>
  )
})
