import { useTranslation } from 'react-i18next'
import type { ACL } from '../../core/wire/data.ts'
import styles from './inspector.module.css'

const LETTERS = 'rwcda'

/** Who may do what: scheme, id, and the letters of the permissions. */
export function AclList({ acl }: { readonly acl: readonly ACL[] }) {
  const { t } = useTranslation()
  const said = (perms: number): string[] => [...LETTERS].filter((_, bit) => perms & (1 << bit))
  return (
    <section className={styles.part} aria-label="ACL">
      <p>ACL</p>
      <ul className={styles.acl}>
        {acl.map(({ perms, id }) => (
          <li key={`${id.scheme}:${id.id}:${perms}`}>
            <code>
              {id.scheme}:{id.id}
            </code>{' '}
            <abbr
              title={said(perms)
                .map((letter) => t(($) => $.tree.perms[letter as 'r' | 'w' | 'c' | 'd' | 'a']))
                .join(', ')}
            >
              {said(perms).join('') || '—'}
            </abbr>
          </li>
        ))}
      </ul>
    </section>
  )
}
