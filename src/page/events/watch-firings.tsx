import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { WatchKind } from '../../core/server/trace.ts'
import { hex64, type SessionId } from '../../core/wire/ids.ts'
import type { FiringPicture, Picture } from '../../trace/picture.ts'
import { duration } from '../parts/duration.ts'
import { useFollowEnd } from '../parts/follow-end.ts'
import { FormIcon } from '../parts/message-form.tsx'
import { Pane } from '../parts/pane.tsx'
import { ThreadIcon } from '../parts/thread-icon.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import styles from './events.module.css'
import { timeOf } from './time.ts'

/** So many standing watches are listed; more are counted. */
const STANDING = 100

/** The watches that stand, and those that fired, newest last. */
export function WatchFirings() {
  const { t } = useTranslation()
  const firings = usePicture((picture) => picture.firings)
  const { ref, onScroll } = useFollowEnd(firings)
  return (
    <Pane title={t(($) => $.events.watches)} filled>
      <div className={styles.watchPane}>
        <Standing />
        <p className={styles.part}>{t(($) => $.events.firings)}</p>
        <div
          ref={ref}
          role="log"
          aria-label={t(($) => $.events.firings)}
          className={styles.firings}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it
          tabIndex={0}
          onScroll={onScroll}
        >
          {firings.length === 0 && <p className={styles.empty}>{t(($) => $.events.noFirings)}</p>}
          {firings.map((firing) => (
            <Firing key={`${firing.id.station}:${firing.id.seq}`} firing={firing} />
          ))}
        </div>
      </div>
    </Pane>
  )
}

function Firing({ firing }: { readonly firing: FiringPicture }) {
  const { t } = useTranslation()
  const { at, deliveredAt, event, eventPath, server, session, watch } = firing
  const client = usePicture((picture) => clientOf(picture, session))
  const selectZnode = usePage((page) => page.selectZnode)
  return (
    <div className={styles.firing}>
      <span className={styles.time}>{timeOf(at)}</span>
      <span className={styles.spark}>
        <FormIcon form="event" size={13} />
      </span>
      <div className={styles.firingWords}>
        <strong>{event}</strong>{' '}
        <button type="button" className={styles.path} onClick={() => selectZnode(eventPath)}>
          {eventPath}
        </button>
        <div className={styles.small}>
          {t(($) => $.events.fired, { watch, sid: server })}{' '}
          {client === undefined
            ? t(($) => $.events.toSession, { session: hex64(session) })
            : t(($) => $.events.toClient, { station: client })}
          {', '}
          {deliveredAt === undefined
            ? t(($) => $.events.underWay)
            : t(($) => $.events.delivered, { after: duration(deliveredAt - at) })}
        </div>
      </div>
    </div>
  )
}

function Standing() {
  const { t } = useTranslation()
  const servers = usePicture((picture) => picture.servers)
  const selectZnode = usePage((page) => page.selectZnode)
  const standing = useMemo(
    () => [...servers.values()].flatMap(({ sid, watches }) => watches.map((watch) => ({ sid, ...watch }))),
    [servers],
  )
  if (standing.length === 0) return <p className={styles.empty}>{t(($) => $.events.noWatches)}</p>
  return (
    <ul className={styles.standing} aria-label={t(($) => $.events.standing)}>
      {standing.slice(0, STANDING).map(({ sid, session, path, watch }) => (
        <li key={`${sid} ${session} ${watch} ${path}`}>
          <ThreadIcon watch={watch} />
          <button type="button" className={styles.path} onClick={() => selectZnode(path)}>
            {path}
          </button>
          <Holder watch={watch} sid={sid} session={session} />
        </li>
      ))}
      {standing.length > STANDING && <li>{t(($) => $.events.more, { count: standing.length - STANDING })}</li>}
    </ul>
  )
}

function Holder({
  watch,
  sid,
  session,
}: {
  readonly watch: WatchKind
  readonly sid: number
  readonly session: SessionId
}) {
  const { t } = useTranslation()
  const client = usePicture((picture) => clientOf(picture, session))
  const kind = t(($) => $.tree.watchKinds[watch])
  return (
    <span className={styles.small}>
      {client === undefined
        ? t(($) => $.events.watchOfSession, { watch: kind, sid, session: hex64(session) })
        : t(($) => $.events.watchOfClient, { watch: kind, sid, station: client })}
    </span>
  )
}

function clientOf(picture: Picture, session: SessionId): number | undefined {
  for (const client of picture.clients.values()) if (client.running && client.session === session) return client.station
  return undefined
}
