import { ChevronRight, Eye, type LucideIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { NodeView } from '../../core/tree/znode.ts'
import type { Zxid } from '../../core/wire/ids.ts'
import { kindOf } from '../../trace/tree-of.ts'
import { classes } from '../parts/classes.ts'
import { previewOf } from './data-view.ts'
import type { Row } from './rows.ts'
import { znodeMarks } from './znode-marks.ts'
import styles from './znodes.module.css'

interface ZnodeRowProps {
  readonly row: Row
  readonly index: number
  readonly top: number
  /** Undefined for a moment when the row is older than the tree. */
  readonly node: NodeView | undefined
  /** Undefined for a leaf. */
  readonly open: boolean | undefined
  readonly active: boolean
  readonly selected: boolean
  /** Its server does not run. */
  readonly stale: boolean
  /** The zxid that the tree is at: what it touched is marked. */
  readonly newest: Zxid
  readonly watchers: number
  readonly onSelect: () => void
  readonly onToggle: (open: boolean) => void
}

export function ZnodeRow(props: ZnodeRowProps) {
  const { row, index, top, node, open, active, selected, stale, newest, watchers, onSelect, onToggle } = props
  const previewId = `znode-preview-${index}`
  const marksId = `znode-marks-${index}`
  const touched = node !== undefined && newest > 0n && (node.mzxid === newest || node.czxid === newest)
  const preview = node === undefined ? undefined : previewOf(node.data)
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys
    <div
      role="treeitem"
      aria-describedby={`${previewId} ${marksId}`}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.setSize}
      aria-expanded={open}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      data-index={index}
      data-path={row.path}
      data-watched={watchers > 0}
      className={classes(styles.row, stale && styles.stale, touched && styles.touched)}
      style={{ transform: `translateY(${top}px)`, paddingInlineStart: `calc(${row.level - 1} * 0.85rem + 0.25rem)` }}
      onClick={onSelect}
      onDoubleClick={() => open !== undefined && onToggle(!open)}
    >
      {open === undefined ? (
        <span className={styles.leaf} />
      ) : (
        // biome-ignore lint/a11y/useKeyWithClickEvents: left and right do it in the tree
        // biome-ignore lint/a11y/noStaticElementInteractions: a part of the tree's row, not a control of its own
        <span
          className={classes(styles.twisty, open && styles.open)}
          onClick={(event) => {
            event.stopPropagation()
            onToggle(!open)
          }}
        >
          <ChevronRight size={14} aria-hidden />
        </span>
      )}
      <span className={styles.name}>{row.name}</span>
      {/* The name alone is the row's name; the rest describes it. */}
      <span id={previewId} className={styles.preview} aria-hidden>
        {preview}
      </span>
      <span id={marksId} className={styles.marks} aria-hidden>
        <Marks name={row.name} node={node} watchers={watchers} />
      </span>
    </div>
  )
}

function Marks({ name, node, watchers }: { name: string; node: NodeView | undefined; watchers: number }) {
  const { t } = useTranslation()
  const kind = node === undefined ? 'persistent' : kindOf(node.ephemeralOwner)
  return (
    <>
      {znodeMarks.map(
        ({ mark, icon }) =>
          (mark === 'sequential' ? isSequential(name) : mark === kind) && (
            <Mark key={mark} icon={icon} word={t(($) => $.tree.marks[mark])} />
          ),
      )}
      {watchers > 0 && (
        <Mark icon={Eye} word={t(($) => $.tree.marks.watched, { count: watchers })} className={styles.watched} />
      )}
    </>
  )
}

interface MarkProps {
  readonly icon: LucideIcon
  readonly word: string
  readonly className?: string | undefined
}

function Mark({ icon: Icon, word, className }: MarkProps) {
  return (
    <span className={classes(styles.mark, className)} title={word}>
      <Icon size={12} aria-hidden />
      <span className={styles.word}>{word}</span>
    </span>
  )
}

/** A tree does not remember which names got a number from the server: it looks like one. */
export const isSequential = (name: string): boolean => /\d{10}$/.test(name)
