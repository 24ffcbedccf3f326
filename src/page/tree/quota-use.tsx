import { useTranslation } from 'react-i18next'
import type { Quota } from '../../core/tree/quota.ts'
import { usePage } from '../store/hooks.ts'
import styles from './inspector.module.css'

interface QuotaUseProps {
  readonly path: string
  /** That of the path itself or of the nearest znode above it that has one. */
  readonly quota: Quota | undefined
}

const KINDS = ['count', 'bytes'] as const

/** Limits, and what is used of them. A soft limit warns, a hard one refuses. */
export function QuotaUse({ path, quota }: QuotaUseProps) {
  const { t } = useTranslation()
  const select = usePage((page) => page.selectZnode)
  return (
    <section className={styles.part} aria-label={t(($) => $.tree.quota.name)}>
      <p>
        {t(($) => $.tree.quota.name)}
        {quota !== undefined && quota.path !== path && (
          <>
            {' '}
            {t(($) => $.tree.quota.of)}{' '}
            <button type="button" className={styles.link} onClick={() => select(quota.path)}>
              {quota.path}
            </button>
          </>
        )}
      </p>
      {quota === undefined ? (
        <p className={styles.noData}>{t(($) => $.tree.quota.none)}</p>
      ) : (
        <ul>
          {KINDS.map((kind) => (
            <Use
              key={kind}
              words={t(($) => $.tree.quota[kind], { count: quota[kind] })}
              used={quota[kind]}
              soft={quota.soft[kind]}
              hard={quota.hard[kind]}
            />
          ))}
        </ul>
      )}
    </section>
  )
}

interface UseProps {
  readonly words: string
  readonly used: number
  /** -1: none. */
  readonly soft: number
  readonly hard: number
}

function Use({ words, used, soft, hard }: UseProps) {
  const { t } = useTranslation()
  const limit = Math.max(soft, hard)
  const most = Math.max(limit, used, 1)
  return (
    <li className={styles.use}>
      <span>{words}</span>
      <span className={styles.limits}>
        {soft === -1 && hard === -1 && t(($) => $.tree.quota.unlimited)}
        {soft !== -1 && <span data-over={used > soft}>{t(($) => $.tree.quota.soft, { limit: soft })}</span>}
        {hard !== -1 && <span data-over={used > hard}>{t(($) => $.tree.quota.hard, { limit: hard })}</span>}
      </span>
      {limit !== -1 && (
        <span className={styles.meter} aria-hidden="true">
          <span data-over={used > limit} style={{ inlineSize: `${(100 * Math.max(0, used)) / most}%` }} />
          {[soft, hard].map(
            (mark, n) =>
              mark > 0 && (
                // biome-ignore lint/suspicious/noArrayIndexKey: the soft one and the hard one
                <i key={n} style={{ insetInlineStart: `${(100 * mark) / most}%` }} />
              ),
          )}
        </span>
      )}
    </li>
  )
}
