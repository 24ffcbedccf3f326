import { X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ServerPicture } from '../../trace/picture.ts'
import { IconButton } from '../parts/button.tsx'
import { usePage } from '../store/hooks.ts'
import { AclList } from './acl-list.tsx'
import { bestForm, type DataForm, viewOf } from './data-view.ts'
import styles from './inspector.module.css'
import { QuotaUse } from './quota-use.tsx'
import { StatTable } from './stat-table.tsx'
import { WatcherList } from './watcher-list.tsx'
import type { Watcher } from './watchers.ts'

interface InspectorProps {
  readonly server: ServerPicture
  readonly path: string
  readonly watchers: ReadonlyMap<string, readonly Watcher[]>
}

/** One znode: data, Stat, ACL, quota, who watches it. It stays while time moves, also when the znode comes and goes. */
export function Inspector({ server, path, watchers }: InspectorProps) {
  const { t } = useTranslation()
  const close = usePage((page) => page.selectZnode)
  const stat = server.tree?.stat(path)
  const data = server.tree?.data(path) ?? null
  const owner = server.tree?.node(path)?.ephemeralOwner ?? 0n
  return (
    <section className={styles.inspector} aria-label={t(($) => $.tree.inspector, { path })}>
      <header className={styles.head}>
        <p className={styles.path}>{path}</p>
        <IconButton size="small" label={t(($) => $.tree.close)} onClick={() => close(undefined)}>
          <X size={15} aria-hidden />
        </IconButton>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it */}
      <section className={styles.body} tabIndex={0} aria-label={t(($) => $.tree.details)}>
        {stat === undefined ? (
          <p className={styles.gone}>{t(($) => $.tree.gone, { path, sid: server.sid })}</p>
        ) : (
          <>
            <Data data={data} />
            <StatTable stat={stat} owner={owner} />
            <AclList acl={server.tree?.acl(path) ?? []} />
            <QuotaUse path={path} quota={server.tree?.quotaOf(path)} />
          </>
        )}
        <WatcherList path={path} watchers={watchers} />
      </section>
    </section>
  )
}

const FORMS = ['text', 'json', 'hex'] as const

function Data({ data }: { readonly data: Uint8Array | null }) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<DataForm | undefined>(undefined)
  if (data === null || data.length === 0)
    return <p className={styles.noData}>{data === null ? t(($) => $.tree.dataNull) : t(($) => $.tree.dataEmpty)}</p>
  const form = chosen ?? bestForm(data)
  const view = viewOf(data, form)
  return (
    <div className={styles.data}>
      <fieldset className={styles.forms}>
        <legend className="spoken">{t(($) => $.tree.dataAs)}</legend>
        {FORMS.map((one) => (
          <label key={one} className={styles.form}>
            <input
              type="radio"
              name="data-form"
              className="spoken"
              checked={one === form}
              onChange={() => setChosen(one)}
            />
            <span>{t(($) => $.tree.forms[one])}</span>
          </label>
        ))}
        <span className={styles.size}>{t(($) => $.tree.bytes, { count: data.length })}</span>
      </fieldset>
      {view === undefined ? (
        <p className={styles.noData}>{t(($) => $.tree.notJson)}</p>
      ) : (
        <pre className={styles.bytes}>{view.text}</pre>
      )}
      {view !== undefined && view.hidden > 0 && (
        <p className={styles.noData}>{t(($) => $.tree.hidden, { count: view.hidden })}</p>
      )}
    </div>
  )
}
