import { Hash, Hourglass, Link2, type LucideIcon, Package } from 'lucide-react'

/** What kind of znode it is, beside its name. */
export const znodeMarks: readonly {
  readonly mark: 'ephemeral' | 'sequential' | 'container' | 'ttl'
  readonly icon: LucideIcon
}[] = [
  { mark: 'ephemeral', icon: Link2 },
  { mark: 'sequential', icon: Hash },
  { mark: 'container', icon: Package },
  { mark: 'ttl', icon: Hourglass },
]
