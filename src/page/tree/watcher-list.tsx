import { useTranslation } from 'react-i18next'
import { hex64, type SessionId } from '../../core/wire/ids.ts'
import type { Picture } from '../../trace/picture.ts'
import { ThreadIcon } from '../parts/thread-icon.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import styles from './inspector.module.css'
import { ancestorsOf, type Watcher } from './watchers.ts'

interface WatcherListProps {
  readonly path: string
  readonly watchers: ReadonlyMap<string, readonly Watcher[]>
}

/** Who watches a znode and how; also those who watch recursively from above. */
export function WatcherList({ path, watchers }: WatcherListProps) {
  const { t } = useTranslation()
  const own = (watchers.get(path) ?? []).map((watcher) => ({ watcher, from: undefined as string | undefined }))
  const above = ancestorsOf(path).flatMap((from) =>
    (watchers.get(from) ?? [])
      .filter(({ watch }) => watch === 'persistentRecursive')
      .map((watcher) => ({ watcher, from: from as string | undefined })),
  )
  const all = [...own, ...above]
  return (
    <section className={styles.part} aria-label={t(($) => $.tree.watchers)}>
      <p>{t(($) => $.tree.watchers)}</p>
      {all.length === 0 ? (
        <p className={styles.noData}>{t(($) => $.tree.nobody)}</p>
      ) : (
        <ul>
          {all.map(({ watcher: { server, session, watch }, from }) => (
            <li key={`${server} ${session} ${watch} ${from ?? ''}`} className={styles.watcher}>
              <ThreadIcon watch={watch} />
              <Holder session={session} />
              <span>
                {t(($) => $.tree.watchKinds[watch])}
                {from !== undefined && <> · {t(($) => $.tree.from, { path: from })}</>}
              </span>
              <span className={styles.noData}>{t(($) => $.tree.keptAt, { sid: server })}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Holder({ session }: { readonly session: SessionId }) {
  const { t } = useTranslation()
  const select = usePage((page) => page.select)
  const client = usePicture((picture: Picture) => {
    for (const { running, session: held, station } of picture.clients.values())
      if (running && held === session) return station
    return undefined
  })
  if (client === undefined) return <code>{hex64(session)}</code>
  return (
    <button type="button" className={styles.link} onClick={() => select({ kind: 'client', station: client })}>
      {t(($) => $.stage.client, { station: client })}
    </button>
  )
}
