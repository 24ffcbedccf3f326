import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { usePage, usePicture } from '../store/hooks.ts'
import styles from './client.module.css'
import type { Point } from './geometry.ts'
import type { ClientPlace, MarkSize, StageLayout } from './layout.ts'

interface ClientProps {
  readonly place: ClientPlace
  readonly size: MarkSize
}

/** One zkCli process. */
export const Client = memo(function Client({ place, size }: ClientProps) {
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
      style={standing(place, size)}
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

interface CrowdProps {
  readonly crowd: NonNullable<StageLayout['crowd']>
  readonly size: MarkSize
}

/** Clients for which the stage has no room: counted here, listed in the sessions pane. */
export function Crowd({ crowd, size }: CrowdProps) {
  const { t } = useTranslation()
  const show = usePage((page) => page.showPane)
  const count = crowd.stations.length
  const name = t(($) => $.stage.crowd, { count })
  return (
    <button
      type="button"
      className={styles.client}
      style={standing(crowd, size)}
      aria-label={name}
      title={name}
      onClick={() => show('sessions')}
    >
      +{count}
    </button>
  )
}

const standing = ({ x, y }: Point, { width, height }: MarkSize) => ({
  left: x - width / 2,
  top: y - height / 2,
  width,
  height,
  fontSize: height < 20 ? '0.5625rem' : undefined,
})
