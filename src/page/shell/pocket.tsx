import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Ballot } from '../ballot/ballot.tsx'
import { Inspector } from '../ensemble/inspector.tsx'
import { Stage } from '../ensemble/stage.tsx'
import { usePage } from '../store/hooks.ts'
import type { Views } from './app.tsx'
import styles from './pocket.module.css'

const tabs = ['terminal', 'tree', 'ballot', 'events', 'watches'] as const
type Tab = (typeof tabs)[number]

/** Panes on a phone: the stage stays in sight, below it one pane at a time. */
export function Pocket({ terminal, znodes, events, firings }: Views) {
  const { t } = useTranslation()
  const [tab, setTab] = useState<Tab>('terminal')
  const selected = usePage((page) => page.selected)
  const select = usePage((page) => page.select)
  const shown = selected === undefined ? tab : 'inspector'
  const choose = (next: Tab) => {
    select(undefined)
    setTab(next)
  }
  const move = (from: Tab, by: number) => {
    const next = tabs[(tabs.indexOf(from) + by + tabs.length) % tabs.length] ?? from
    choose(next)
    document.getElementById(`tab-${next}`)?.focus()
  }
  const content = { terminal, tree: znodes, ballot: <Ballot />, events, watches: firings }
  return (
    <div className={styles.pocket}>
      <div className={styles.stage}>
        <Stage />
      </div>
      <div className={styles.lower}>
        <div role="tablist" aria-label={t(($) => $.shell.panes.choose)} className={styles.tabs}>
          {tabs.map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`tab-${one}`}
              aria-selected={shown === one}
              aria-controls={`pane-${one}`}
              tabIndex={tab === one ? 0 : -1}
              className={styles.tab}
              onClick={() => choose(one)}
              onKeyDown={(event) => {
                if (event.key === 'ArrowRight') move(one, 1)
                else if (event.key === 'ArrowLeft') move(one, -1)
              }}
            >
              {t(($) => $.shell.panes[one])}
            </button>
          ))}
        </div>
        {tabs.map((one) => (
          <div
            key={one}
            id={`pane-${one}`}
            role="tabpanel"
            aria-labelledby={`tab-${one}`}
            className={styles.pane}
            data-scrolls={one === 'ballot'}
            hidden={shown !== one}
          >
            {content[one]}
          </div>
        ))}
        {selected !== undefined && (
          <div className={styles.pane} data-inspector="">
            <Inspector />
          </div>
        )}
      </div>
    </div>
  )
}
