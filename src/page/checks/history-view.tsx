import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TraceEvent } from '../../core/trace.ts'
import { timeOf } from '../events/time.ts'
import { classes } from '../parts/classes.ts'
import { useEvents, useHistories, useVivarium } from '../store/hooks.ts'
import styles from './checks.module.css'
import { barsOf, HEIGHT, LANE, LEFT, TOP, WIDTH } from './history-layout.ts'
import type { PathHistory } from './judgement.ts'

const ASK_MS = 1000

/** What clients asked and were told, znode by znode, and whether one order explains it. */
export function HistoryView() {
  const { t } = useTranslation()
  const { checks } = useVivarium()
  const [open, setOpen] = useState(false)
  const paths = useHistories()
  useEffect(() => {
    if (!open) return
    checks.askHistories()
    const timer = setInterval(() => checks.askHistories(), ASK_MS)
    return () => clearInterval(timer)
  }, [checks, open])
  return (
    <details className={styles.history} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t(($) => $.checks.history.title)}</summary>
      <p className={styles.about}>{t(($) => $.checks.history.hint)}</p>
      {open && paths.length === 0 && <p>{t(($) => $.checks.history.none)}</p>}
      {open && paths.map((history) => <PathView key={history.path} history={history} />)}
    </details>
  )
}

function PathView({ history }: { readonly history: PathHistory }) {
  const { t } = useTranslation()
  const { path, verdict, operations } = history
  const { events } = useEvents()
  const { lanes, bars, faults, height } = barsOf(history, events.filter(isFault))
  return (
    <section aria-label={path} className={styles.path}>
      <p className={classes(verdict === 'broken' && styles.wrong)}>
        {t(($) => $.checks.history[verdict], { path, count: operations.length })}
      </p>
      <svg
        className={styles.drawing}
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={t(($) => $.checks.history.drawing, { path })}
      >
        {lanes.map((client, lane) => (
          <g key={client} transform={`translate(0 ${TOP + lane * LANE})`}>
            <text x={0} y={HEIGHT}>
              {client.split('/')[0]}
            </text>
            <line className={styles.lane} x1={LEFT} x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
          </g>
        ))}
        {faults.map(({ x, event }) => (
          <g key={`${event.station}:${event.seq}`} transform={`translate(${x} 0)`}>
            <line className={styles.fault} y1={0} y2={height} />
            <text className={styles.faultName} y={TOP - 4} x={2}>
              {event.kind === 'action' ? event.command : ''}
            </text>
          </g>
        ))}
        {bars.map(({ operation, x, width, y, stuck }) => {
          const { text, client, from, to } = operation
          const words = { text, client, from: timeOf(from), to: timeOf(to ?? from) }
          return (
            <rect
              key={`${client} ${from} ${text}`}
              className={classes(
                operation.isRead ? styles.read : styles.write,
                to === undefined && styles.open,
                stuck && styles.stuck,
              )}
              x={x}
              y={y}
              width={width}
              height={HEIGHT}
              rx={2}
            >
              <title>{t(($) => (to === undefined ? $.checks.history.open : $.checks.history.operation), words)}</title>
            </rect>
          )
        })}
      </svg>
    </section>
  )
}

const isFault = (event: TraceEvent): boolean =>
  event.kind === 'action' && (event.fault !== undefined || /^(kill|start|restart) /.test(event.command))
