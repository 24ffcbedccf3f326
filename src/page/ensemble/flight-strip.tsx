import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Picture } from '../../trace/picture.ts'
import { type Form, FormIcon, formOf, forms } from '../parts/message-form.tsx'
import { usePicture, useVivarium } from '../store/hooks.ts'
import styles from './flight-strip.module.css'

/** How many of each form are on their way; a plain object, so that it is compared field by field. */
const selectCounts = (picture: Picture): { readonly [form in Form]?: number } => {
  const counts: { [form in Form]?: number } = {}
  for (const { note, from } of picture.messages) {
    const form = formOf(note, from < 101)
    counts[form] = (counts[form] ?? 0) + 1
  }
  return counts
}

interface FlightStripProps {
  readonly lit: Form | undefined
  readonly onLight: (form: Form | undefined) => void
  /** The stage's upper left corner is free: the meaning stands there, else right above the strip. */
  readonly corner: boolean
}

/** The messages in flight, counted by form: the text beside the moving picture, and its legend. Pointing at a form lights
 *  its messages and says what they mean. */
export const FlightStrip = memo(function FlightStrip({ lit, onLight, corner }: FlightStripProps) {
  const { t } = useTranslation()
  const counts = usePicture(selectCounts)
  const counting = useVivarium().playback.counting
  return (
    <div className={styles.strip}>
      <ul className={styles.forms} aria-label={t(($) => $.stage.flight.name)}>
        {forms.map((form) => {
          const count = counts[form] ?? 0
          const name = t(($) => $.stage.forms[form].name)
          return (
            <li key={form}>
              <button
                type="button"
                className={styles.form}
                data-some={count > 0}
                aria-label={t(($) => $.stage.flight.count, { form: name, count })}
                aria-describedby={lit === form ? 'flight-meaning' : undefined}
                onPointerEnter={() => onLight(form)}
                onPointerLeave={() => onLight(undefined)}
                onFocus={() => onLight(form)}
                onBlur={() => onLight(undefined)}
                onClick={() => onLight(form)}
              >
                <FormIcon form={form} />
                <span>{name}</span> <b>{count > 0 ? count : ''}</b>
              </button>
            </li>
          )
        })}
      </ul>
      {counting && <span className={styles.counting}>{t(($) => $.stage.flight.counting)}</span>}
      {lit !== undefined && (
        <p id="flight-meaning" className={styles.meaning} data-corner={corner}>
          <FormIcon form={lit} />
          <span>
            <b>{t(($) => $.stage.forms[lit].name)}</b> {t(($) => $.stage.forms[lit].means)}
          </span>
        </p>
      )}
    </div>
  )
})
