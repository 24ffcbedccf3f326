import { Activity, type KeyboardEvent, Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { usePage } from '../store/hooks.ts'
import type { PaneId } from '../store/state.ts'
import type { Views } from './app.tsx'
import styles from './tab-group.module.css'

interface TabGroupProps {
  readonly panes: readonly PaneId[]
  readonly views: Views
  /** Says what the tabs choose between. */
  readonly name: string
  /** wide: the row of tabs has a line of its own. shared: tabs and the controls of the pane in front share one. */
  readonly look: 'wide' | 'shared'
  /** Covers the panes while it is there; no tab is chosen then. */
  readonly cover?: React.ReactNode
  readonly onChoose?: () => void
}

/** Panes of which one is in front. The others keep their state, and cost nothing while they are not seen. */
export function TabGroup({ panes, views, name, look, cover, onChoose }: TabGroupProps) {
  const { t } = useTranslation()
  const front = usePage((page) => page.front.find((pane) => panes.includes(pane)) ?? panes[0])
  const show = usePage((page) => page.showPane)
  const list = useRef<HTMLDivElement>(null)
  const covered = cover !== undefined && cover !== null
  useEffect(() => {
    // A tab that was chosen elsewhere may be out of sight.
    const tab = list.current?.querySelector<HTMLElement>(`[id="tab-${front}"]`)
    if (list.current !== null && tab != null) {
      const { offsetLeft, offsetWidth } = tab
      const { scrollLeft, clientWidth } = list.current
      if (offsetLeft < scrollLeft || offsetLeft + offsetWidth > scrollLeft + clientWidth)
        list.current.scrollLeft = offsetLeft - (clientWidth - offsetWidth) / 2
    }
  }, [front])

  const choose = (pane: PaneId) => {
    onChoose?.()
    show(pane)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const at = panes.indexOf(front ?? 'terminal')
    const to =
      event.key === 'ArrowRight'
        ? at + 1
        : event.key === 'ArrowLeft'
          ? at - 1
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? -1
              : undefined
    const next = to === undefined ? undefined : panes.at(to === panes.length ? 0 : to)
    if (next === undefined) return
    event.preventDefault()
    choose(next)
    list.current?.querySelector<HTMLElement>(`[id="tab-${next}"]`)?.focus()
  }
  return (
    <div className={styles.group} data-look={look}>
      <div ref={list} role="tablist" aria-label={name} className={styles.tabs} onKeyDown={onKeyDown}>
        {panes.map((pane) => (
          <button
            key={pane}
            type="button"
            role="tab"
            id={`tab-${pane}`}
            aria-selected={!covered && front === pane}
            aria-controls={`pane-${pane}`}
            tabIndex={front === pane ? 0 : -1}
            className={styles.tab}
            onClick={() => choose(pane)}
          >
            {t(($) => $.shell.panes[pane])}
          </button>
        ))}
      </div>
      {panes.map((pane) => {
        const seen = !covered && front === pane
        return (
          <div
            key={pane}
            id={`pane-${pane}`}
            role="tabpanel"
            aria-labelledby={`tab-${pane}`}
            className={styles.pane}
            hidden={!seen}
          >
            <Activity mode={seen ? 'visible' : 'hidden'}>
              <Suspense>{views[pane]}</Suspense>
            </Activity>
          </div>
        )
      })}
      {covered && <div className={styles.pane}>{cover}</div>}
    </div>
  )
}
