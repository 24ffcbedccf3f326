import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { DataTree } from '../../core/tree/data-tree.ts'
import type { ServerPicture } from '../../trace/picture.ts'
import { areaOf } from '../store/anchors.ts'
import { usePage, useVivarium } from '../store/hooks.ts'
import { isOpen, type Row, type Rows, type Toggled } from './rows.ts'
import type { Watcher } from './watchers.ts'
import { ZnodeRow } from './znode-row.tsx'
import styles from './znodes.module.css'

const ROW_HEIGHT = 26
/** Letters typed within this time are one word. */
const TYPE_AHEAD_MS = 700

interface TreeListProps {
  readonly server: ServerPicture
  readonly tree: DataTree
  readonly rows: Rows
  readonly toggled: Toggled
  readonly onToggle: (path: string, open: boolean) => void
  readonly watchers: ReadonlyMap<string, readonly Watcher[]>
}

/** The tree itself: only the rows in view are there, and the active one, which holds the focus. */
export function TreeList({ server, tree, rows, toggled, onToggle, watchers }: TreeListProps) {
  const { t } = useTranslation()
  const selected = usePage((page) => page.znode)
  const select = usePage((page) => page.selectZnode)
  const scroller = useRef<HTMLDivElement>(null)
  const typed = useRef({ text: '', atMs: 0 })
  const wantsFocus = useRef(false)
  const active = Math.max(0, selected === undefined ? 0 : rows.indexOf(selected))

  const rangeExtractor = useCallback(
    (range: Range) => {
      const indexes = defaultRangeExtractor(range)
      return indexes.includes(active) || active >= range.count ? indexes : [...indexes, active].sort((a, b) => a - b)
    },
    [active],
  )
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    rangeExtractor,
  })
  useTreeAnchors(scroller, rows, () => virtualizer.scrollOffset ?? 0)
  useEffect(() => {
    if (!wantsFocus.current) return
    wantsFocus.current = false
    const frame = requestAnimationFrame(() => {
      const items = scroller.current?.querySelectorAll<HTMLElement>('[role=treeitem]') ?? []
      for (const item of items) if (item.dataset.path === selected) item.focus({ preventScroll: true })
    })
    return () => cancelAnimationFrame(frame)
  }, [selected])

  const go = (index: number) => {
    const row = rows.at(Math.max(0, Math.min(rows.length - 1, index)))
    if (row === undefined) return
    wantsFocus.current = true
    select(row.path)
    virtualizer.scrollToIndex(Math.max(0, Math.min(rows.length - 1, index)))
  }
  const openness = (row: Row): boolean | undefined => {
    const childCount = tree.node(row.path)?.childCount ?? 0
    return childCount === 0 ? undefined : isOpen(row.path, childCount, toggled)
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows.at(active)
    if (row === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    const open = openness(row)
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW_HEIGHT) / ROW_HEIGHT) - 1)
    switch (event.key) {
      case 'ArrowDown':
        go(active + 1)
        break
      case 'ArrowUp':
        go(active - 1)
        break
      case 'PageDown':
        go(active + page)
        break
      case 'PageUp':
        go(active - page)
        break
      case 'Home':
        go(0)
        break
      case 'End':
        go(rows.length - 1)
        break
      case 'ArrowRight':
        if (open === false) onToggle(row.path, true)
        else if (open === true) go(active + 1)
        break
      case 'ArrowLeft':
        if (open === true) onToggle(row.path, false)
        else if (row.level > 1) go(rows.indexOf(parentOf(row.path)))
        break
      case 'Enter':
      case ' ':
        select(row.path)
        break
      default: {
        if (event.key.length !== 1) return
        const nowMs = event.timeStamp
        const text = nowMs - typed.current.atMs < TYPE_AHEAD_MS ? typed.current.text + event.key : event.key
        typed.current = { text, atMs: nowMs }
        const found = rows.find(text, text.length > 1 ? active - 1 : active)
        if (found !== -1) go(found)
      }
    }
    event.preventDefault()
  }

  return (
    <div ref={scroller} className={styles.scroller}>
      <div
        role="tree"
        aria-label={t(($) => $.tree.title)}
        className={styles.tree}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows.at(item.index)
          if (row === undefined) return null
          return (
            <ZnodeRow
              key={row.path}
              row={row}
              index={item.index}
              top={item.start}
              node={tree.node(row.path)}
              open={openness(row)}
              active={item.index === active}
              selected={row.path === selected}
              stale={server.process !== 'running'}
              newest={server.lastApplied}
              watchers={watchers.get(row.path)?.length ?? 0}
              onSelect={() => {
                wantsFocus.current = true
                select(row.path)
              }}
              onToggle={(open) => onToggle(row.path, open)}
            />
          )
        })}
      </div>
    </div>
  )
}

/** Tells where the rows are to those who draw lines to them. */
function useTreeAnchors(scroller: RefObject<HTMLElement | null>, rows: Rows, offset: () => number): void {
  const { anchors } = useVivarium()
  const latest = useRef({ rows, offset })
  const indexes = useRef(new Map<string, number>())
  useLayoutEffect(() => {
    if (latest.current.rows !== rows) indexes.current.clear()
    latest.current = { rows, offset }
  })
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const indexOf = (path: string): number => {
      const known = indexes.current.get(path)
      if (known !== undefined) return known
      const index = latest.current.rows.indexOf(path)
      const shown = index === -1 && path !== '/' ? indexOf(parentOf(path)) : index
      indexes.current.set(path, shown)
      return shown
    }
    const tell = () => {
      const area = areaOf(element)
      const yOf = (path: string): number => {
        const y = area.top + (Math.max(0, indexOf(path)) + 0.5) * ROW_HEIGHT - latest.current.offset()
        return Math.min(area.bottom, Math.max(area.top, y))
      }
      anchors.tree = { ...area, yOf }
    }
    const observer = new ResizeObserver(tell)
    observer.observe(element)
    const onScroll = () => anchors.tree !== undefined && tell()
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', onScroll)
      anchors.tree = undefined
    }
  }, [anchors, scroller])
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'
