import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePage, usePicture } from '../store/hooks.ts'
import type { TerminalTab } from '../store/state.ts'
import { promptOf } from '../store/terminal-slice.ts'
import { complete, completeVerb, type HistoryPlace, pasted, recall } from './line-edit.ts'
import { Prompt } from './prompt.tsx'
import styles from './terminal.module.css'

/** So many possibilities are listed. */
const CHOICES = 60

/** The prompt and the field behind it: a native text field, so that every input method works. */
export function PromptLine({ tab }: { readonly tab: TerminalTab }) {
  const { t } = useTranslation()
  const state = usePicture((picture) => picture.clients.get(tab.station)?.state ?? 'CONNECTING')
  const type = usePage((page) => page.type)
  const ask = usePage((page) => page.complete)
  const clear = usePage((page) => page.clearTab)
  const field = useRef<HTMLInputElement>(null)
  const [line, setLine] = useState('')
  const [place, setPlace] = useState<HistoryPlace | undefined>(undefined)
  const [choices, setChoices] = useState<readonly string[]>([])
  /** Where the cursor goes after the field has its new text. */
  const cursor = useRef<number | undefined>(undefined)
  useLayoutEffect(() => {
    if (cursor.current !== undefined) field.current?.setSelectionRange(cursor.current, cursor.current)
    cursor.current = undefined
  })

  const write = (text: string, at = text.length) => {
    setLine(text)
    setChoices([])
    cursor.current = at
  }
  const enter = (text: string) => {
    void type(tab.id, text)
    setPlace(undefined)
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (line.trim() !== '') enter(line)
    write('')
  }
  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const text = event.clipboardData.getData('text')
    const { selectionStart, selectionEnd } = event.currentTarget
    if (!/[\r\n]/.test(text)) return
    event.preventDefault()
    const { lines, rest } = pasted(
      line.slice(0, selectionStart ?? line.length),
      text,
      line.slice(selectionEnd ?? line.length),
    )
    for (const one of lines) if (one.trim() !== '') enter(one)
    write(rest)
  }
  const completeLine = async (at: number) => {
    const asked = line
    const offer = asked.trimStart().startsWith(':') ? completeVerb(asked, at) : await ask(tab.id, asked, at)
    const now = field.current
    // Typed on meanwhile: the answer is for another line.
    if (now === null || now.value !== asked) return
    const done = complete(asked, at, offer)
    write(done.line, done.cursor)
    setChoices(done.choices)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return
    const { selectionStart, selectionEnd } = event.currentTarget
    const at = selectionStart ?? line.length
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey
    const control = event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey
    if (plain && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault()
      const found = recall(tab.history, place, event.key === 'ArrowUp' ? -1 : 1, line)
      if (found === undefined) return
      setPlace(found.place)
      write(found.line)
    } else if (plain && event.key === 'Tab' && line !== '') {
      event.preventDefault()
      void completeLine(at)
    } else if (plain && event.key === 'Escape') setChoices([])
    else if (control && event.key === 'l') {
      event.preventDefault()
      clear(tab.id)
    } else if (control && event.key === 'u') {
      event.preventDefault()
      write(line.slice(at), 0)
    } else if (control && event.key === 'c' && selectionStart === selectionEnd) {
      event.preventDefault()
      write('')
      setPlace(undefined)
    }
  }

  return (
    <form className={styles.promptLine} onSubmit={onSubmit}>
      <div className={styles.choices} aria-live="polite">
        {choices.length > 0 && (
          <>
            <span className="spoken">{t(($) => $.terminal.candidates, { count: choices.length })}: </span>
            {choices.slice(0, CHOICES).join('  ')}
            {choices.length > CHOICES && ` … ${choices.length}`}
          </>
        )}
      </div>
      <label className={styles.field}>
        <span aria-hidden title={tab.connect}>
          <Prompt text={promptOf(tab, state)} />
        </span>
        <input
          ref={field}
          type="text"
          aria-label={t(($) => $.terminal.input)}
          placeholder={tab.commands === 0 ? t(($) => $.terminal.placeholder) : undefined}
          value={line}
          onChange={(event) => {
            setLine(event.target.value)
            setChoices([])
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="send"
        />
      </label>
    </form>
  )
}
