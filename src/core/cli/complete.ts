/** What Tab offers. Source: JLineZNodeCompleter.java with jline 2. */
import { IllegalArgument } from '../client/reply.ts'
import type { ClientSession } from '../client/session.ts'
import { byCodeUnits } from './java.ts'
import type { Completion } from './result.ts'

/** The last word before the cursor is completed: a path by asking for the children of its directory, anything else as the
 *  name of a command, wherever it stands. Errors offer nothing. */
export function complete(
  zk: ClientSession,
  commands: readonly string[],
  line: string,
  cursor: number,
  done: (completion: Completion) => void,
): void {
  const before = line.slice(0, cursor)
  const word = before.slice(before.lastIndexOf(' ') + 1)
  const nothing = { candidates: [], from: before.length }
  if (!word.startsWith('/')) {
    const candidates = commands.filter((name) => name.startsWith(word))
    return done({ candidates, from: before.length - word.length })
  }
  const slash = word.lastIndexOf('/')
  const directory = slash === 0 ? '/' : word.slice(0, slash)
  const prefix = word.slice(slash + 1)
  try {
    zk.getChildren(directory, false, (reply) => {
      if (!reply.ok) return done(nothing)
      const candidates = reply.value.filter((name) => name.startsWith(prefix)).sort(byCodeUnits)
      done(candidates.length === 0 ? nothing : { candidates, from: before.length - prefix.length })
    })
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error
    done(nothing)
  }
}
