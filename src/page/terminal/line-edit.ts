/** What keys do to the line, as arithmetic: history and completion. The text field itself stays the browser's. */
import type { Completion } from '../../core/cli/result.ts'
import { VERBS } from './verbs.ts'

/** Where in the history one is; `draft` is the line that was being written, below the newest. */
export interface HistoryPlace {
  readonly at: number
  readonly draft: string
}

/** One line up (-1) or down (1); undefined when there is none. `place` undefined: at the draft. `line` is what stands in
 *  the field now. */
export function recall(
  history: readonly string[],
  place: HistoryPlace | undefined,
  direction: -1 | 1,
  line: string,
): { readonly place: HistoryPlace | undefined; readonly line: string } | undefined {
  const at = (place?.at ?? history.length) + direction
  if (at < 0 || at > history.length) return undefined
  const draft = place?.draft ?? line
  if (at === history.length) return { place: undefined, line: draft }
  return { place: { at, draft }, line: history[at] ?? '' }
}

export interface Completed {
  readonly line: string
  readonly cursor: number
  /** To be shown: what could come next, when it is not clear. */
  readonly choices: readonly string[]
}

/** Puts in as much as all candidates have in common. A single command or path that has no children is finished
 *  with a space only when it is a command: a path may go on. */
export function complete(line: string, cursor: number, { candidates, from }: Completion): Completed {
  const common = commonPrefix(candidates)
  const typed = line.slice(from, cursor)
  if (candidates.length === 0 || common.length < typed.length) return { line, cursor, choices: candidates }
  const isPath = line
    .slice(0, cursor)
    .slice(line.lastIndexOf(' ', cursor - 1) + 1)
    .startsWith('/')
  const inserted = candidates.length === 1 && !isPath ? `${common} ` : common
  return {
    line: line.slice(0, from) + inserted + line.slice(cursor),
    cursor: from + inserted.length,
    choices: candidates.length > 1 && common.length === typed.length ? candidates : [],
  }
}

/** Completion of the page's own verbs, without asking anybody. */
export function completeVerb(line: string, cursor: number): Completion {
  const typed = line.slice(0, cursor)
  const from = typed.search(/\S*$/)
  const word = typed.slice(from)
  const words = word.startsWith(':') ? VERBS.map((verb) => `:${verb}`) : argumentsOf(typed)
  return { candidates: words.filter((candidate) => candidate.startsWith(word)), from }
}

const ARGUMENTS: { readonly [verb: string]: readonly string[] } = {
  crash: ['leader'],
  speed: ['auto', 'max'],
  until: ['leader', 'server'],
  clean: ['slate'],
}
const argumentsOf = (typed: string): readonly string[] => ARGUMENTS[/^\s*:(\w+)\s/.exec(typed)?.[1] ?? ''] ?? []

/** A pasted text: lines to be entered, and what stays in the field. */
export function pasted(
  before: string,
  text: string,
  after: string,
): { readonly lines: readonly string[]; readonly rest: string } {
  const lines = `${before}${text.replace(/\r\n?/g, '\n')}${after}`.split('\n')
  return { lines: lines.slice(0, -1), rest: lines.at(-1) ?? '' }
}

function commonPrefix(words: readonly string[]): string {
  const [first = '', ...others] = words
  let length = first.length
  for (const word of others) while (!word.startsWith(first.slice(0, length))) length--
  return first.slice(0, length)
}
