import { Check, Minus, X } from 'lucide-react'
import { type ReactNode, useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keyOf } from '../events/event-filter.ts'
import { sentenceOf } from '../events/sentence.ts'
import { timeOf } from '../events/time.ts'
import { Button } from '../parts/button.tsx'
import { classes } from '../parts/classes.ts'
import { Pane } from '../parts/pane.tsx'
import { useJudgement, usePage, useVivarium } from '../store/hooks.ts'
import styles from './checks.module.css'
import { HistoryView } from './history-view.tsx'
import type { Breach } from './judgement.ts'
import { causesOf, type FamilyLines, type Line, type LineState, linesOf } from './lines.ts'

const marks: { readonly [state in LineState]: ReactNode } = {
  holds: <Check size={14} aria-hidden />,
  isBroken: <X size={14} aria-hidden />,
  unjudged: <Minus size={14} aria-hidden />,
  unwatched: <Minus size={14} aria-hidden />,
}

/** What must hold, a line for each, judged while the run goes on. */
export function ChecksPane({ trouble }: { readonly trouble?: ReactNode }) {
  const { t } = useTranslation()
  const judgement = useJudgement()
  const witness = usePage((page) => page.config.witness)
  const counting = usePage((page) => page.counting)
  const families = useMemo(() => linesOf(judgement, witness), [judgement, witness])
  const lines = families.flatMap((family) => family.lines)
  const broken = lines.filter(({ state }) => state === 'isBroken').sort((a, b) => brokeAt(a) - brokeAt(b))
  const holding = lines.filter(({ state }) => state === 'holds').length
  const summary =
    broken.length > 0
      ? t(($) => $.checks.broken, { count: broken.length })
      : holding > 0
        ? t(($) => $.checks.allWell, { count: holding })
        : t(($) => $.checks.nothing)
  return (
    <Pane title={t(($) => $.checks.title)} aside={trouble} filled>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it */}
      <section className={styles.checks} tabIndex={0} aria-label={t(($) => $.checks.title)}>
        <p className={classes(styles.summary, broken.length > 0 && styles.wrong)}>{summary}</p>
        <p className={styles.hint}>{t(($) => $.checks.hint)}</p>
        {counting && <p className={styles.hint}>{t(($) => $.checks.counting)}</p>}
        {broken.length > 0 && (
          <ul className={styles.breaches}>
            {broken.map((line) => (
              <PropertyLine key={line.id} line={line} />
            ))}
          </ul>
        )}
        <HistoryView />
        {families.map((family) => (
          <FamilyView key={family.family} family={family} />
        ))}
      </section>
    </Pane>
  )
}

/** The first one says most. */
const brokeAt = ({ breach }: Line): number => breach?.event.at ?? 0

function FamilyView({ family: { family, lines } }: { readonly family: FamilyLines }) {
  const { t } = useTranslation()
  const id = useId()
  const left = lines.filter(({ state }) => state !== 'isBroken')
  if (left.length === 0) return null
  return (
    <section className={styles.family} aria-labelledby={id}>
      <h3 id={id}>{t(($) => $.checks.family[family])}</h3>
      <ul>
        {left.map((line) => (
          <PropertyLine key={line.id} line={line} />
        ))}
      </ul>
    </section>
  )
}

function PropertyLine({ line }: { readonly line: Line }) {
  const { t } = useTranslation()
  const { id, title, statement, name, judged, broken, state, breach } = line
  const [open, setOpen] = useState(false)
  const about = useId()
  return (
    <li aria-label={title} className={classes(styles.line, styles[state])} data-state={state}>
      <button
        type="button"
        className={styles.head}
        aria-expanded={open}
        aria-controls={about}
        title={statement}
        onClick={() => setOpen(!open)}
      >
        <span className={styles.mark}>{marks[state]}</span>
        <span className={styles.title}>{title}</span>
        <span className={styles.state}>{t(($) => $.checks[state])}</span>
        {judged > 0 && (
          <span className={styles.count} title={t(($) => $.checks.judged, { count: judged })}>
            {judged}
          </span>
        )}
      </button>
      <p id={about} hidden={!open} className={styles.statement}>
        {statement} <span className={styles.id}>{name === undefined ? id : `${id} · ${name}`}</span>
      </p>
      {breach !== undefined && <BreachView breach={breach} times={broken} />}
    </li>
  )
}

function BreachView({ breach, times }: { readonly breach: Breach; readonly times: number }) {
  const { t } = useTranslation()
  const { playback } = useVivarium()
  const select = usePage((page) => page.selectEvent)
  const chosen = usePage((page) => page.event)
  const [gone, setGone] = useState(false)
  const { event, sentence } = breach
  const id = { station: event.station, seq: event.seq }
  const causes = causesOf(breach, (cause) => playback.find(cause))
  const link = (shown: typeof event) => (
    <button
      type="button"
      className={classes(styles.event, chosen !== undefined && keyOf(chosen) === keyOf(shown) && styles.chosen)}
      onClick={() => select({ station: shown.station, seq: shown.seq })}
    >
      <span className={styles.time}>{timeOf(shown.at)}</span> {sentenceOf(t, shown)}
    </button>
  )
  return (
    <div className={styles.breach}>
      <p className={styles.sentence}>
        {sentence}
        {times > 1 && <> ({t(($) => $.checks.again, { count: times })})</>}
      </p>
      <p className={styles.label}>{t(($) => $.checks.chosen)}</p>
      {link(event)}
      <p>
        <Button
          look="strong"
          onClick={() => {
            setGone(!playback.goBefore(id))
            select(id)
          }}
        >
          {t(($) => $.checks.before)}
        </Button>
      </p>
      {gone && <p className={styles.hint}>{t(($) => $.checks.beforeGone)}</p>}
      <p className={styles.label}>{t(($) => (causes.length > 0 ? $.checks.causes : $.checks.noCauses))}</p>
      <ol className={styles.causes}>
        {causes.map((cause) => (
          <li key={keyOf(cause)}>{link(cause)}</li>
        ))}
      </ol>
    </div>
  )
}
