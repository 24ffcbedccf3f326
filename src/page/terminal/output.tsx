import { type MouseEvent, memo } from 'react'
import { useTranslation } from 'react-i18next'
import { classes } from '../parts/classes.ts'
import { useFollowEnd } from '../parts/follow-end.ts'
import { usePage } from '../store/hooks.ts'
import type { TerminalLine, TerminalTab } from '../store/state.ts'
import { Prompt } from './prompt.tsx'
import styles from './terminal.module.css'

/** What was typed and what came of it. Stays at its end while one is there. */
export function Output({ tab }: { readonly tab: TerminalTab }) {
  const { t } = useTranslation()
  const paused = usePage((page) => page.paused)
  const { ref, onScroll } = useFollowEnd(`${tab.lines.at(-1)?.id} ${tab.lines.length} ${tab.waiting.length} ${paused}`)
  const onClick = (event: MouseEvent) => {
    if (getSelection()?.isCollapsed === false) return
    event.currentTarget.parentElement?.querySelector('input')?.focus({ preventScroll: true })
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click puts the cursor into the field below, as in any terminal
    <div
      ref={ref}
      role="log"
      aria-label={t(($) => $.terminal.output)}
      className={styles.output}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must be able to reach it
      tabIndex={0}
      onScroll={onScroll}
      onClick={onClick}
    >
      {tab.lines.length === 0 && tab.waiting.length === 0 && (
        <div className={styles.hint}>{t(($) => $.terminal.welcome)}</div>
      )}
      {tab.lines.map((line) => (
        <Line key={line.id} line={line} />
      ))}
      {tab.waiting.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a queue without names
        <div key={index} className={styles.waiting}>
          {text}
        </div>
      ))}
      {tab.waiting.length > 0 && paused && <div className={styles.hint}>{t(($) => $.terminal.paused)}</div>}
    </div>
  )
}

/** A line never changes: only new ones are rendered. */
const Line = memo(function Line({ line }: { readonly line: TerminalLine }) {
  const isEvent = line.stream === 'out' && /^WatchedEvent /.test(line.text)
  return (
    <div className={classes(styles.line, styles[line.stream], isEvent && styles.event)}>
      {line.prompt !== undefined && <Prompt text={line.prompt} />}
      {line.text}
    </div>
  )
})
