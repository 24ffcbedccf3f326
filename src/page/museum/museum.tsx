import { X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { properties } from '../../check/properties.ts'
import { addressWith } from '../options.ts'
import { IconButton } from '../parts/button.tsx'
import { exhibits } from './catalogue.ts'
import styles from './museum.module.css'
import { usePieces } from './pieces.ts'

/** Bugs that ZooKeeper had or has: what happens there, what happens here, and both to be seen. */
export function Museum({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <>
      <div className={styles.head}>
        <h2>{t(($) => $.museum.title)}</h2>
        <IconButton label={t(($) => $.museum.close)} onClick={onClose}>
          <X size={17} aria-hidden />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it */}
      <section className={styles.rooms} tabIndex={0} aria-label={t(($) => $.museum.exhibits)}>
        <p className={styles.lead}>{t(($) => $.museum.lead)}</p>
        <ul className={styles.pieces}>
          {exhibits.map((exhibit) => (
            <Piece key={exhibit.name} {...exhibit} />
          ))}
        </ul>
      </section>
    </>
  )
}

function Piece({ name, issues, breaks }: (typeof exhibits)[number]) {
  const { t } = useTranslation()
  const pieces = usePieces()
  const property = properties.find(({ id }) => id === breaks)
  const title = pieces[name].title
  return (
    <li className={styles.piece} aria-label={title}>
      <h3>{title}</h3>
      <p className={styles.issues}>
        {issues.map((issue) => (
          <a
            key={issue}
            href={`https://issues.apache.org/jira/browse/ZOOKEEPER-${issue}`}
            target="_blank"
            rel="noreferrer"
          >
            ZOOKEEPER-{issue}
          </a>
        ))}
      </p>
      <p>{pieces[name].schedule}</p>
      <dl>
        <dt>{t(($) => $.museum.theirs)}</dt>
        <dd>{pieces[name].theirs}</dd>
        <dt>{t(($) => $.museum.ours)}</dt>
        <dd>{pieces[name].ours}</dd>
        <dt>{t(($) => $.museum.breaks)}</dt>
        <dd>
          {property?.title}: {property?.statement}
        </dd>
      </dl>
      <p className={styles.ways}>
        <a className={styles.way} href={addressOf(`exhibit:${name}`)}>
          {t(($) => $.museum.seeOurs)}
        </a>
        <a className={styles.way} href={addressOf(`recording:${name}`)}>
          {t(($) => $.museum.seeBug)}
        </a>
      </p>
    </li>
  )
}

const addressOf = (scenario: string): string =>
  addressWith(location.href, { scenario, museum: undefined, servers: undefined })
