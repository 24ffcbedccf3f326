/** The English catalogue: every word that the page shows. Each view owns one file below `en/`. ZooKeeper's own words
 *  (zxid, LOOKING, znode, NoNode) stand here untranslated and stay so in every language. */
import { ballot } from './en/ballot.ts'
import { checks } from './en/checks.ts'
import { door } from './en/door.ts'
import { events } from './en/events.ts'
import { inspector } from './en/inspector.ts'
import { museum } from './en/museum.ts'
import { notices } from './en/notices.ts'
import { pace } from './en/pace.ts'
import { parts } from './en/parts.ts'
import { sessions } from './en/sessions.ts'
import { shell } from './en/shell.ts'
import { stage } from './en/stage.ts'
import { terminal } from './en/terminal.ts'
import { trace } from './en/trace.ts'
import { tree } from './en/tree.ts'
import { trouble } from './en/trouble.ts'

export const en = {
  shell,
  stage,
  ballot,
  inspector,
  pace,
  parts,
  terminal,
  tree,
  events,
  sessions,
  checks,
  museum,
  notices,
  door,
  trace,
  trouble,
}

type Words<T> = { readonly [K in keyof T]: T[K] extends string ? string : Words<T[K]> }
/** What another language's catalogue must satisfy: a missing key is a compile error. */
export type Catalogue = Words<typeof en>
