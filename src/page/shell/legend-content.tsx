import { Eye } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { CELL, LogMark } from '../ensemble/log-strip.tsx'
import { keys } from '../pace/keys.ts'
import { EPOCH_COLOURS, epochColour } from '../parts/epoch.ts'
import { FormIcon, forms } from '../parts/message-form.tsx'
import { type Role, RoleIcon } from '../parts/role-glyph.tsx'
import { ThreadIcon } from '../parts/thread-icon.tsx'
import { znodeMarks } from '../tree/znode-marks.ts'
import styles from './legend.module.css'

const roles: readonly Role[] = ['LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING', 'STANDALONE', 'STOPPED']
const epochs = Array.from({ length: EPOCH_COLOURS }, (_, i) => i + 1)
const keyNames = ['pause', 'step', 'slower', 'faster', 'auto', 'crash'] as const
const stages = ['missing', 'proposed', 'logged', 'durable', 'committed'] as const

/** How to read the picture. */
export function LegendContent() {
  const { t } = useTranslation()
  return (
    <div className={styles.columns}>
      <Section title={t(($) => $.shell.legend.roles)}>
        {roles.map((role) => (
          <Item key={role} sign={<RoleIcon role={role} epoch={role === 'STOPPED' ? 0 : 1} size={18} />}>
            <b>{role}</b> {t(($) => $.shell.legend[`role${role}`])}
          </Item>
        ))}
      </Section>
      <Section title={t(($) => $.shell.legend.epochs)} hint={t(($) => $.shell.legend.epochsHint)}>
        <li className={styles.epochs}>
          {epochs.map((epoch) => (
            <span key={epoch} style={{ background: epochColour(epoch) }}>
              {epoch}
            </span>
          ))}
        </li>
      </Section>
      <Section title={t(($) => $.shell.legend.log)} hint={t(($) => $.shell.legend.logHint)}>
        {stages.map((stage) => (
          <Item
            key={stage}
            sign={
              <svg width={CELL.width} height={CELL.height} aria-hidden="true" focusable="false">
                <LogMark stage={stage} epoch={1} />
              </svg>
            }
          >
            {t(($) => $.stage.log[stage])}
          </Item>
        ))}
      </Section>
      <Section title={t(($) => $.shell.legend.deadlines)}>
        <Item sign={<Arc radius={5} width={2} />}>{t(($) => $.shell.legend.inner)}</Item>
        <Item sign={<Arc radius={7.5} width={1.25} />}>{t(($) => $.shell.legend.outer)}</Item>
        <li className={styles.plain}>{t(($) => $.shell.legend.session)}</li>
      </Section>
      <Section title={t(($) => $.shell.legend.lines)}>
        <Item sign={<Line colour="var(--epoch-1)" width={1.75} />}>{t(($) => $.shell.legend.quorumLine)}</Item>
        <Item sign={<Line colour="var(--rule-strong)" dash="1 4" />}>{t(($) => $.shell.legend.electionLine)}</Item>
        <Item sign={<Line colour="var(--ink-3)" />}>{t(($) => $.shell.legend.clientLine)}</Item>
      </Section>
      <Section title={t(($) => $.shell.legend.keys)}>
        {keyNames.map((name) => (
          <li key={name} className={styles.key}>
            <kbd>{keys[name].label}</kbd> {t(($) => $.shell.legend.key[name])}
          </li>
        ))}
      </Section>
      <Section title={t(($) => $.shell.legend.messages)}>
        {forms.map((form) => (
          <Item key={form} sign={<FormIcon form={form} size={16} />}>
            <b>{t(($) => $.stage.forms[form].name)}</b> {t(($) => $.stage.forms[form].means)}
          </Item>
        ))}
      </Section>
      <Section title={t(($) => $.shell.legend.znodes)}>
        {znodeMarks.map(({ mark, icon: Icon }) => (
          <Item key={mark} sign={<Icon size={14} aria-hidden />}>
            <b>{t(($) => $.tree.marks[mark])}</b> {t(($) => $.shell.legend[`znode_${mark}`])}
          </Item>
        ))}
        <Item sign={<Eye size={14} aria-hidden />}>{t(($) => $.shell.legend.znodeWatched)}</Item>
      </Section>
      <Section title={t(($) => $.shell.legend.threads)} hint={t(($) => $.shell.legend.threadsHint)}>
        <Item sign={<ThreadIcon watch="data" />}>{t(($) => $.shell.legend.threadOnce)}</Item>
        <Item sign={<ThreadIcon watch="persistent" />}>{t(($) => $.shell.legend.threadStays)}</Item>
        <Item sign={<ThreadIcon watch="persistentRecursive" />}>{t(($) => $.shell.legend.threadRecursive)}</Item>
      </Section>
    </div>
  )
}

function Section({
  title,
  hint,
  children,
}: {
  readonly title: string
  readonly hint?: string
  readonly children: ReactNode
}) {
  return (
    <section className={styles.section}>
      <h2>{title}</h2>
      <ul>{children}</ul>
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
    </section>
  )
}

function Item({ sign, children }: { readonly sign: ReactNode; readonly children: ReactNode }) {
  return (
    <li className={styles.item}>
      <span className={styles.sign}>{sign}</span>
      <span>{children}</span>
    </li>
  )
}

/** Two thirds are left. */
function Arc({ radius, width }: { readonly radius: number; readonly width: number }) {
  const around = 2 * Math.PI * radius
  return (
    <svg width={18} height={18} viewBox="-9 -9 18 18" aria-hidden="true" focusable="false">
      <circle
        r={radius}
        fill="none"
        stroke="var(--ink-2)"
        strokeWidth={width}
        strokeDasharray={`${(around * 2) / 3} ${around}`}
        transform="rotate(30)"
      />
    </svg>
  )
}

function Line({
  colour,
  width = 1.25,
  dash,
}: {
  readonly colour: string
  readonly width?: number
  readonly dash?: string
}) {
  return (
    <svg width={18} height={18} aria-hidden="true" focusable="false">
      <line
        x1={1}
        x2={17}
        y1={9}
        y2={9}
        stroke={colour}
        strokeWidth={width}
        strokeDasharray={dash}
        strokeLinecap="round"
      />
    </svg>
  )
}
