import { X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { TraceEvent } from '../../core/trace.ts'
import { IconButton } from '../parts/button.tsx'
import { usePage } from '../store/hooks.ts'
import { plain } from '../store/plain.ts'
import { keyOf, type Relations } from './event-filter.ts'
import styles from './events.module.css'
import { sentenceOf } from './sentence.ts'
import { timeOf } from './time.ts'

const EFFECTS = 12
const HEAD = new Set(['at', 'station', 'seq', 'because', 'kind'])

/** One event with all it says, what caused it and what came of it. */
export function EventDetail({ event, cause, effects }: Relations) {
  const { t } = useTranslation()
  const select = usePage((page) => page.selectEvent)
  const fields = Object.entries(event).filter(([name]) => !HEAD.has(name))
  return (
    <section className={styles.detail} aria-label={t(($) => $.events.detail)}>
      <header className={styles.detailHead}>
        <p>{sentenceOf(t, event)}</p>
        <IconButton size="small" label={t(($) => $.events.close)} onClick={() => select(undefined)}>
          <X size={15} aria-hidden />
        </IconButton>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it */}
      <section className={styles.detailBody} tabIndex={0} aria-label={t(($) => $.events.fields)}>
        <dl className={styles.fields}>
          <dt>{event.kind}</dt>
          <dd>{t(($) => $.events.at, { time: timeOf(event.at) })}</dd>
          {fields.map(([name, value]) => (
            <Field key={name} name={name} value={value} />
          ))}
        </dl>
        {cause !== undefined && (
          <>
            <p>{t(($) => $.events.because)}</p>
            <EventLink event={cause} />
          </>
        )}
        {effects.length > 0 && (
          <>
            <p>{t(($) => $.events.ledTo)}</p>
            {effects.slice(0, EFFECTS).map((effect) => (
              <EventLink key={keyOf(effect)} event={effect} />
            ))}
            {effects.length > EFFECTS && (
              <p className={styles.note}>{t(($) => $.events.more, { count: effects.length - EFFECTS })}</p>
            )}
          </>
        )}
      </section>
    </section>
  )
}

function Field({ name, value }: { readonly name: string; readonly value: unknown }) {
  const shown = plain(value)
  return (
    <>
      <dt>{name}</dt>
      <dd>{typeof shown === 'string' ? shown : JSON.stringify(shown)}</dd>
    </>
  )
}

function EventLink({ event }: { readonly event: TraceEvent }) {
  const { t } = useTranslation()
  const select = usePage((page) => page.selectEvent)
  return (
    <button type="button" className={styles.link} onClick={() => select({ station: event.station, seq: event.seq })}>
      <span className={styles.time}>{timeOf(event.at)}</span>
      <span className={styles.words}>{sentenceOf(t, event)}</span>
    </button>
  )
}
