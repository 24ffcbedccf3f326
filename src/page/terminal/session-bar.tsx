import { Plus, X } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../parts/button.tsx'
import { usePage, usePicture } from '../store/hooks.ts'
import styles from './terminal.module.css'

/** Tabs of the sessions, and what can be done with the one in front. */
export function SessionBar() {
  const { t } = useTranslation()
  const tabs = usePage((page) => page.tabs)
  const activeTab = usePage((page) => page.activeTab)
  const openTab = usePage((page) => page.openTab)
  const closeTab = usePage((page) => page.closeTab)
  return (
    <>
      {tabs.length > 0 && <ServerChoice />}
      {tabs.length > 1 && <Tabs />}
      {tabs.length > 0 && (
        <IconButton size="small" label={t(($) => $.terminal.newTab)} onClick={() => void openTab()}>
          <Plus size={15} aria-hidden />
        </IconButton>
      )}
      {tabs.length > 0 && (
        <IconButton
          size="small"
          label={t(($) => $.terminal.closeTab, { number: activeTab })}
          onClick={() => void closeTab(activeTab)}
        >
          <X size={15} aria-hidden />
        </IconButton>
      )}
    </>
  )
}

function Tabs() {
  const { t } = useTranslation()
  const tabs = usePage((page) => page.tabs)
  const activeTab = usePage((page) => page.activeTab)
  const selectTab = usePage((page) => page.selectTab)
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const next = tabs[(tabs.findIndex(({ id }) => id === activeTab) + step + tabs.length) % tabs.length]
    if (step === 0 || next === undefined) return
    event.preventDefault()
    selectTab(next.id)
    list.current?.querySelector<HTMLElement>(`#zkcli-tab-${next.id}`)?.focus()
  }
  return (
    <div ref={list} className={styles.tabs} role="tablist" aria-label={t(($) => $.terminal.tabs)} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`zkcli-tab-${tab.id}`}
          aria-label={t(($) => $.terminal.tab, { number: tab.id })}
          aria-selected={tab.id === activeTab}
          aria-controls={tab.id === activeTab ? 'zkcli-panel' : undefined}
          tabIndex={tab.id === activeTab ? 0 : -1}
          className={styles.tab}
          onClick={() => selectTab(tab.id)}
        >
          {tab.id}
        </button>
      ))}
    </div>
  )
}

/** Where the session is; choosing another server types `connect`. */
function ServerChoice() {
  const { t } = useTranslation()
  const servers = usePage((page) => page.config.servers)
  const tab = usePage((page) => page.tabs.find(({ id }) => id === page.activeTab))
  const type = usePage((page) => page.type)
  const at = usePicture((picture) => (tab === undefined ? undefined : picture.clients.get(tab.station)?.server))
  if (tab === undefined) return null
  return (
    <select
      className={styles.choice}
      aria-label={t(($) => $.terminal.connectTo)}
      title={t(($) => $.terminal.connectTo)}
      value={at ?? ''}
      onChange={(event) => void type(tab.id, `connect zk${event.target.value}:2181`)}
    >
      {at === undefined && <option value="">{t(($) => $.terminal.nowhere)}</option>}
      {Array.from({ length: servers }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sids are 1 to n
        <option key={index + 1} value={index + 1}>
          {t(($) => $.terminal.atServer, { sid: index + 1 })}
        </option>
      ))}
    </select>
  )
}
