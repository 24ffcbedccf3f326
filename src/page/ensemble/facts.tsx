import type { ReactNode } from 'react'
import styles from './facts.module.css'

/** A titled list of names and values. */
export function Facts({ title, children }: { readonly title?: string; readonly children: ReactNode }) {
  return (
    <section className={styles.facts}>
      {title !== undefined && <h3>{title}</h3>}
      <dl>{children}</dl>
    </section>
  )
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

export function Note({ wrong = false, children }: { readonly wrong?: boolean; readonly children: ReactNode }) {
  return <p className={wrong ? styles.wrong : styles.note}>{children}</p>
}
