import { useTranslation } from 'react-i18next'
import { hex64 } from '../../core/wire/ids.ts'
import type { Picture } from '../../trace/picture.ts'
import { remaining } from '../ensemble/flight.ts'
import { classes } from '../parts/classes.ts'
import { duration } from '../parts/duration.ts'
import { Pane } from '../parts/pane.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import styles from './sessions.module.css'
import { type SessionView, sessionsOf } from './sessions-of.ts'

/** So many are listed; more are counted. */
const LISTED = 100
/** So many ephemerals of one session are named. */
const NAMED = 12

const selectAt = (picture: Picture) => picture.at
const selectSelf = (picture: Picture) => picture

/** Each session: who holds it, where, how long it may stay silent, and what goes with it when it ends. */
export function Sessions() {
  const { t } = useTranslation()
  const picture = usePicture(selectSelf)
  const sessions = sessionsOf(picture)
  return (
    <Pane title={t(($) => $.sessions.title)} filled>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it */}
      <section className={styles.sessions} tabIndex={0} aria-label={t(($) => $.sessions.title)}>
        {sessions.length === 0 ? (
          <p className={styles.none}>{t(($) => $.sessions.none)}</p>
        ) : (
          <ul>
            {sessions.slice(0, LISTED).map((session) => (
              <Session key={String(session.session)} session={session} />
            ))}
          </ul>
        )}
        {sessions.length > LISTED && (
          <p className={styles.none}>{t(($) => $.sessions.more, { count: sessions.length - LISTED })}</p>
        )}
      </section>
    </Pane>
  )
}

function Session({
  session: { session, timeoutMs, local, server, client, deadline, ephemerals, watches },
}: {
  readonly session: SessionView
}) {
  const { t } = useTranslation()
  const chosen = usePage((page) => page.selected?.kind === 'client' && page.selected.station === client)
  const select = usePage((page) => page.select)
  const selectZnode = usePage((page) => page.selectZnode)
  const showPane = usePage((page) => page.showPane)
  const id = hex64(session)
  const look = (path: string) => {
    selectZnode(path)
    showPane('tree')
  }
  return (
    <li className={classes(styles.session, chosen && styles.chosen)} aria-label={t(($) => $.sessions.session, { id })}>
      <p className={styles.head}>
        {client === undefined ? (
          <span className={styles.gone}>{t(($) => $.sessions.noClient)}</span>
        ) : (
          <button type="button" className={styles.client} onClick={() => select({ kind: 'client', station: client })}>
            {t(($) => $.sessions.client, { station: client })}
          </button>
        )}
        {server === undefined ? (
          <span className={styles.gone}>{t(($) => $.sessions.nowhere)}</span>
        ) : (
          <button type="button" className={styles.link} onClick={() => select({ kind: 'server', sid: server })}>
            {t(($) => $.sessions.server, { sid: server })}
          </button>
        )}
        <span className={styles.scope} title={t(($) => (local ? $.sessions.localHint : $.sessions.globalHint))}>
          {t(($) => (local ? $.sessions.local : $.sessions.global))}
        </span>
        <span className={styles.id}>{id}</span>
      </p>
      <Countdown timeoutMs={timeoutMs} deadline={deadline} />
      {(ephemerals.length > 0 || watches > 0) && (
        <p className={styles.holds}>
          {ephemerals.length > 0 && (
            <span className={styles.ephemerals}>
              {t(($) => $.sessions.ephemerals, { count: ephemerals.length })}{' '}
              {ephemerals.slice(0, NAMED).map((path) => (
                <button key={path} type="button" className={styles.path} onClick={() => look(path)}>
                  {path}
                </button>
              ))}
              {ephemerals.length > NAMED && '…'}
            </span>
          )}
          {watches > 0 && <span>{t(($) => $.sessions.watches, { count: watches })}</span>}
        </p>
      )}
    </li>
  )
}

/** A bar that empties towards the moment at which the session expires if nothing is heard of it. */
function Countdown({ timeoutMs, deadline }: Pick<SessionView, 'timeoutMs' | 'deadline'>) {
  const { t } = useTranslation()
  const at = usePicture(selectAt)
  const timeout = timeoutMs === undefined ? '' : duration(timeoutMs * 1000)
  if (deadline === undefined) return <p className={styles.words}>{t(($) => $.sessions.notCounted, { timeout })}</p>
  return (
    <>
      <div className={styles.bar} aria-hidden="true">
        <div style={{ inlineSize: `${remaining(deadline, at) * 100}%` }} />
      </div>
      <p className={styles.words}>
        {t(($) => $.sessions.expires, { left: duration(deadline.dueAt - at) })}
        {timeoutMs !== undefined && <> · {t(($) => $.sessions.timeout, { timeout })}</>}
      </p>
    </>
  )
}
