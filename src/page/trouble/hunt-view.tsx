import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { HuntFinding, HuntProgress } from '../../hosts/scenario.ts'
import type { StartHunt } from '../host.ts'
import { addressWith } from '../options.ts'
import { Button, IconButton } from '../parts/button.tsx'
import { usePage } from '../store/hooks.ts'
import styles from './trouble.module.css'

/** Virtual seconds of trouble in each seed. */
const SECONDS = 100

interface Tally {
  readonly seeds: number
  readonly virtualUs: number
  readonly findings: readonly HuntFinding[]
  readonly marks: HuntProgress['marks']
  readonly allMarks: number
}
const NOTHING: Tally = { seeds: 0, virtualUs: 0, findings: [], marks: [], allMarks: 0 }

interface HuntViewProps {
  readonly hunt: StartHunt
  readonly onClose: () => void
}

/** Random runs of an ensemble like this one, by the hundred, each with troubles of its own. Ends with the panel. */
export function HuntView({ hunt, onClose }: HuntViewProps) {
  const { t } = useTranslation()
  const like = usePage((page) => page.config)
  const [from, setFrom] = useState(1)
  const [began, setBegan] = useState<number>()
  const [elapsedMs, setElapsedMs] = useState(0)
  const [tally, setTally] = useState(NOTHING)
  const [failure, setFailure] = useState<string>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a hunt keeps the configuration it began with
  useEffect(() => {
    if (began === undefined) return
    return hunt(
      { from, seconds: SECONDS, like },
      ({ seeds, virtualUs, findings, marks, allMarks }) => {
        setElapsedMs(performance.now() - began)
        setTally((known) => ({
          seeds,
          virtualUs,
          findings: [...known.findings, ...findings],
          marks: [...known.marks, ...marks],
          allMarks,
        }))
      },
      (message) => {
        setFailure(message)
        setBegan(undefined)
      },
    )
  }, [hunt, began])
  const start = () => {
    setTally(NOTHING)
    setFailure(undefined)
    setBegan(performance.now())
  }
  const perSecond = elapsedMs > 0 ? (tally.seeds / elapsedMs) * 1000 : 0
  return (
    <>
      <div className={styles.head}>
        <h2>{t(($) => $.trouble.title)}</h2>
        <IconButton label={t(($) => $.trouble.close)} onClick={onClose}>
          <X size={17} aria-hidden />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it */}
      <section className={styles.body} tabIndex={0} aria-label={t(($) => $.trouble.progress)}>
        <p>{t(($) => $.trouble.lead, { count: like.servers })}</p>
        <p className={styles.order}>
          <label>
            {t(($) => $.trouble.from)}{' '}
            <input
              type="number"
              min={1}
              max={900_000_000}
              value={from}
              disabled={began !== undefined}
              onChange={(event) => setFrom(Math.max(1, Math.min(900_000_000, event.target.valueAsNumber || 1)))}
            />
          </label>
          {began === undefined ? (
            <Button look="strong" onClick={start}>
              {t(($) => $.trouble.start)}
            </Button>
          ) : (
            <Button look="strong" onClick={() => setBegan(undefined)}>
              {t(($) => $.trouble.stop)}
            </Button>
          )}
        </p>
        {failure !== undefined && <p className={styles.wrong}>{failure}</p>}
        {tally.seeds > 0 && (
          <p aria-live="polite">
            {t(($) => $.trouble.seeds, { count: tally.seeds })} ·{' '}
            {t(($) => $.trouble.pace, { pace: perSecond.toFixed(1) })} ·{' '}
            {t(($) => $.trouble.virtual, { seconds: Math.round(tally.virtualUs / 1e6) })} ·{' '}
            {t(($) => $.trouble.marks, { reached: tally.marks.length, all: tally.allMarks })}
          </p>
        )}
        {tally.seeds > 0 && (
          <>
            <h3>{t(($) => $.trouble.findings)}</h3>
            {tally.findings.length === 0 && <p>{t(($) => $.trouble.noFindings)}</p>}
            <ul>
              {tally.findings.map(({ seed, property, sentence }) => (
                <li key={`${seed} ${property} ${sentence}`}>
                  <SeedLink seed={seed} />: {property}, {sentence}
                </li>
              ))}
            </ul>
            <h3>{t(($) => $.trouble.reached)}</h3>
            <ul className={styles.marks}>
              {tally.marks.map(({ mark, seed }) => (
                <li key={mark}>
                  {mark}: <SeedLink seed={seed} />
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
    </>
  )
}

function SeedLink({ seed }: { readonly seed: number }) {
  const { t } = useTranslation()
  const servers = usePage((page) => page.config.servers)
  return (
    <a href={addressWith(location.href, { scenario: `hunt:${seed}:${SECONDS}`, servers: String(servers) })}>
      {t(($) => $.trouble.seed, { seed })}
    </a>
  )
}
