/** The typed line: words and quotes, and what of it may be told. Source: ZooKeeperMain.java MyCommandOptions. */

/** White space as Java's `\s` has it. */
const SPACE = '[ \\t\\n\\x0b\\f\\r]'
const NO_SPACE = '[^ \\t\\n\\x0b\\f\\r]'
const ARGUMENT = new RegExp(`${SPACE}*([^"']${NO_SPACE}*|"[^"]*"|'[^']*')${SPACE}*`, 'g')

/** Words; `"…"` and `'…'` make one without their quotes, without escapes. A quote counts only at the beginning of a word;
 *  one that is never closed is dropped. Empty for a line that is nothing but such quotes. */
export function splitWords(line: string): string[] {
  return [...line.matchAll(ARGUMENT)].map(([, word]) => {
    const text = word as string
    return /^(["']).*\1$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text
  })
}

/** The line as it may be told to others: what addauth authenticates with is replaced by ***. Also catches a mistyped
 *  capital, lines with a number in front, as `history` lists them, and a zkCli.sh that is started with it. */
export const withoutSecrets = (line: string): string =>
  line.replace(/^((?:\s*\d+ - |.*\bzkCli\.sh\b.*\s)?\s*["']?addauth["']?\s+\S+\s+)(.+)$/is, '$1***')

export interface Invocation {
  readonly server: string
  /** ms, as given. */
  readonly timeout: string
  readonly readOnly: boolean
  readonly waitForConnection: boolean
  /** A file of client properties. */
  readonly configuration: string | undefined
  /** The words of a command to run instead of a shell. */
  readonly command: readonly string[] | undefined
  /** For stderr. */
  readonly complaints: readonly string[]
}

/** What stands behind `zkCli.sh`. Options end at the first word that does not start with a hyphen; unknown ones are ignored. */
export function parseInvocation(words: readonly string[]): Invocation {
  const given = new Map<string, string>([
    ['-server', 'localhost:2181'],
    ['-timeout', '30000'],
  ])
  const complaints: string[] = []
  let command: readonly string[] | undefined
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    if (!word.startsWith('-')) {
      command = words.slice(i)
      break
    }
    const hasValue = word === '-server' || word === '-timeout' || word === '-client-configuration'
    const value = hasValue ? words[++i] : ''
    if (value === undefined) {
      complaints.push(`Error: no argument found for option ${word}`)
      break
    }
    given.set(word, value)
  }
  return {
    server: given.get('-server') as string,
    timeout: given.get('-timeout') as string,
    readOnly: given.has('-r'),
    waitForConnection: given.has('-waitforconnection'),
    configuration: given.get('-client-configuration'),
    command,
    complaints,
  }
}
