import { X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ACL, Stat } from '../../core/wire/data.ts'
import { hex64 } from '../../core/wire/ids.ts'
import type { ServerPicture } from '../../trace/picture.ts'
import { kindOf, ttlOf } from '../../trace/tree-of.ts'
import { IconButton } from '../parts/button.tsx'
import { CopyableZxid } from '../parts/zxid.tsx'
import { usePage } from '../store/hooks.ts'
import { bestForm, type DataForm, viewOf } from './data-view.ts'
import styles from './inspector.module.css'
import type { Watcher } from './watchers.ts'

interface InspectorProps {
  readonly server: ServerPicture
  readonly path: string
  readonly watchers: readonly Watcher[]
}

/** One znode: data, Stat, who watches it. It stays while time moves, also when the znode comes and goes. */
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
          </>
        )}
        <Watchers watchers={watchers} />
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

/** ZooKeeper's own names and order, as `stat` prints them. */
function StatTable({ stat, owner }: { readonly stat: Stat; readonly owner: bigint }) {
  const { t, i18n } = useTranslation()
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' })
  const kind = kindOf(owner)
  return (
    <dl className={styles.stat} aria-label="Stat">
      <dt>cZxid</dt>
      <dd>
        <CopyableZxid value={stat.czxid} />
      </dd>
      <dt>ctime</dt>
      <dd>{date.format(Number(stat.ctime))}</dd>
      <dt>mZxid</dt>
      <dd>
        <CopyableZxid value={stat.mzxid} />
      </dd>
      <dt>mtime</dt>
      <dd>{date.format(Number(stat.mtime))}</dd>
      <dt>pZxid</dt>
      <dd>
        <CopyableZxid value={stat.pzxid} />
      </dd>
      <dt>cversion</dt>
      <dd>{stat.cversion}</dd>
      <dt>dataVersion</dt>
      <dd>{stat.version}</dd>
      <dt>aclVersion</dt>
      <dd>{stat.aversion}</dd>
      <dt>ephemeralOwner</dt>
      <dd>
        {hex64(stat.ephemeralOwner)}
        {kind === 'container' && <> · {t(($) => $.tree.marks.container)}</>}
        {kind === 'ttl' && <> · {t(($) => $.tree.ttlOf, { seconds: Number(ttlOf(owner)) / 1000 })}</>}
      </dd>
      <dt>dataLength</dt>
      <dd>{stat.dataLength}</dd>
      <dt>numChildren</dt>
      <dd>{stat.numChildren}</dd>
    </dl>
  )
}

const LETTERS = 'rwcda'

function AclList({ acl }: { readonly acl: readonly ACL[] }) {
  return (
    <dl className={styles.stat} aria-label="ACL">
      <dt>ACL</dt>
      <dd>
        {acl.map(({ perms, id }) => (
          <div key={`${id.scheme}:${id.id}:${perms}`}>
            {id.scheme}:{id.id}:{[...LETTERS].filter((_, bit) => perms & (1 << bit)).join('')}
          </div>
        ))}
      </dd>
    </dl>
  )
}

function Watchers({ watchers }: { readonly watchers: readonly Watcher[] }) {
  const { t } = useTranslation()
  return (
    <div className={styles.watchers}>
      <p>{t(($) => $.tree.watchers)}</p>
      {watchers.length === 0 ? (
        <p className={styles.noData}>{t(($) => $.tree.nobody)}</p>
      ) : (
        <ul>
          {watchers.map(({ server, session, watch }) => (
            <li key={`${server} ${session} ${watch}`}>
              {t(($) => $.tree.watcher, { session: hex64(session), watch, sid: server })}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
