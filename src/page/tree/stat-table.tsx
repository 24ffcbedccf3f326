import { useTranslation } from 'react-i18next'
import type { Stat } from '../../core/wire/data.ts'
import { hex64 } from '../../core/wire/ids.ts'
import { kindOf, ttlOf } from '../../trace/tree-of.ts'
import { CopyableZxid } from '../parts/zxid.tsx'
import styles from './inspector.module.css'

/** ZooKeeper's own names and order, as `stat` prints them. `owner`: as it is in the tree, where it also says the kind. */
export function StatTable({ stat, owner }: { readonly stat: Stat; readonly owner: bigint }) {
  const { t } = useTranslation()
  const kind = kindOf(owner)
  return (
    <dl className={styles.stat} aria-label="Stat">
      <dt>cZxid</dt>
      <dd>
        <CopyableZxid value={stat.czxid} />
      </dd>
      <dt>ctime</dt>
      <dd>
        <Time ms={stat.ctime} />
      </dd>
      <dt>mZxid</dt>
      <dd>
        <CopyableZxid value={stat.mzxid} />
      </dd>
      <dt>mtime</dt>
      <dd>
        <Time ms={stat.mtime} />
      </dd>
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
      <dd className={styles.whole}>
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

/** The day is there to be pointed at. */
function Time({ ms }: { readonly ms: bigint }) {
  const { i18n } = useTranslation()
  const date = new Date(Number(ms))
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(i18n.language, options).format(date)
  return (
    <time dateTime={date.toISOString()} title={format({ dateStyle: 'full', timeStyle: 'long' })}>
      {format({ timeStyle: 'medium', hourCycle: 'h23' })}
    </time>
  )
}
