import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, lazy, Suspense, useEffect, useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TraceEvent } from '../../core/trace.ts'
import { GROUPS, type Group, isQuiet } from '../../trace/words.ts'
import { classes } from '../parts/classes.ts'
import { useFollowEnd } from '../parts/follow-end.ts'
import { Pane } from '../parts/pane.tsx'
import { useEvents, usePage } from '../store/hooks.ts'
import { type Choice, EventFilter, isSame, keyOf, type Relations, relationsOf } from './event-filter.ts'
import styles from './events.module.css'
import { sentenceOf } from './sentence.ts'
import { timeOf } from './time.ts'

const EventDetail = lazy(() => import('./event-detail.tsx').then((part) => ({ default: part.EventDetail })))

const ROW_HEIGHT = 22

/** Everything that happened up to the cursor, a sentence each. */
export function EventList() {
  const { t } = useTranslation()
  const { events, revision } = useEvents()
  const selected = usePage((page) => page.event)
  const counting = usePage((page) => page.counting)
  const [choice, setChoice] = useState<Choice>({
    groups: new Set(GROUPS.filter((group) => group !== 'message')),
    quiet: false,
  })
  const [filter] = useState(() => new EventFilter())
  const chosen = useMemo(() => filter.update(events, revision, choice), [filter, events, revision, choice])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the events change in place; their revision says when
  const relations = useMemo(() => {
    const event = events.find((other) => isSame(other, selected))
    return event === undefined ? undefined : relationsOf(events, event)
  }, [events, revision, selected])
  return (
    <Pane title={t(($) => $.events.title)} aside={<Filters choice={choice} onChange={setChoice} />} filled>
      <div className={styles.events}>
        {counting && <p className={styles.note}>{t(($) => $.events.counting)}</p>}
        <Rows events={chosen} relations={relations} />
        {relations !== undefined && (
          <Suspense>
            <EventDetail {...relations} />
          </Suspense>
        )}
      </div>
    </Pane>
  )
}

interface RowsProps {
  readonly events: readonly TraceEvent[]
  readonly relations: Relations | undefined
}

function Rows({ events, relations }: RowsProps) {
  const { t } = useTranslation()
  const id = useId()
  const select = usePage((page) => page.selectEvent)
  const { ref: scroller, onScroll, leave } = useFollowEnd(events)
  const virtualizer = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  })
  const selected = relations?.event
  const active = selected === undefined ? -1 : events.findIndex((event) => isSame(event, selected))
  const linked = useMemo(() => {
    const keys = (relations?.effects ?? []).map(keyOf)
    return new Set(relations?.cause === undefined ? keys : [...keys, keyOf(relations.cause)])
  }, [relations])
  useEffect(() => {
    if (active !== -1) virtualizer.scrollToIndex(active)
  }, [active, virtualizer])

  const go = (index: number) => {
    const event = events[Math.max(0, Math.min(events.length - 1, index))]
    if (event === undefined) return
    leave()
    select({ station: event.station, seq: event.seq })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const from = active === -1 ? events.length : active
    if (event.key === 'ArrowDown') go(from + 1)
    else if (event.key === 'ArrowUp') go(from - 1)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(events.length - 1)
    else if (event.key === 'Escape') select(undefined)
    else return
    event.preventDefault()
  }
  const items = virtualizer.getVirtualItems()
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="listbox"
      aria-label={t(($) => $.events.list)}
      aria-activedescendant={items.some(({ index }) => index === active) ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={onScroll}
    >
      {events.length === 0 && <p className={styles.empty}>{t(($) => $.events.none)}</p>}
      <div className={styles.rows} style={{ height: virtualizer.getTotalSize() }} role="presentation">
        {items.map((item) => {
          const event = events[item.index]
          if (event === undefined) return null
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
            <div
              key={keyOf(event)}
              id={`${id}-${item.index}`}
              role="option"
              aria-selected={item.index === active}
              aria-posinset={item.index + 1}
              aria-setsize={events.length}
              className={classes(styles.row, styles[weightOf(event)], linked.has(keyOf(event)) && styles.linked)}
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={() => {
                leave()
                select(item.index === active ? undefined : { station: event.station, seq: event.seq })
              }}
            >
              <span className={styles.time}>{timeOf(event.at)}</span>
              <span className={styles.words}>{sentenceOf(t, event)}</span>
            </div>
          )
        })}
      </div>
    </div>
  )
}

interface FiltersProps {
  readonly choice: Choice
  readonly onChange: (choice: Choice) => void
}

function Filters({ choice, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const toggle = (group: Group) => {
    const groups = new Set(choice.groups)
    if (!groups.delete(group)) groups.add(group)
    onChange({ ...choice, groups })
  }
  const id = useId()
  return (
    <>
      <button type="button" popoverTarget={id} className={styles.show}>
        {t(($) => $.events.show)}
      </button>
      <fieldset id={id} popover="auto" className={styles.choices}>
        <legend className="spoken">{t(($) => $.events.show)}</legend>
        {GROUPS.map((group) => (
          <label key={group}>
            <input type="checkbox" checked={choice.groups.has(group)} onChange={() => toggle(group)} />
            {t(($) => $.events.groups[group])}
          </label>
        ))}
        <label>
          <input
            type="checkbox"
            checked={choice.quiet}
            onChange={() => onChange({ ...choice, quiet: !choice.quiet })}
          />
          {t(($) => $.events.quiet)}
        </label>
      </fieldset>
    </>
  )
}

function weightOf(event: TraceEvent): 'strong' | 'action' | 'quiet' | 'plain' {
  switch (event.kind) {
    case 'action':
      return 'action'
    case 'killed':
    case 'halted':
    case 'crashed':
    case 'established':
    case 'elected':
    case 'committed':
    case 'watchFired':
      return 'strong'
    default:
      return isQuiet(event) ? 'quiet' : 'plain'
  }
}
