/** The syntax of zoo.cfg: java.util.Properties. Source: the documentation of Properties.load. */
import { ConfigError } from './server-spec.ts'

/** Keys and values in the order of their first appearance; of a key that stands twice the last value. `text`: each
 *  character a byte of ISO 8859-1. @throws ConfigError */
export function readJavaProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const [key, value] = split(line)
    properties.set(plainText(key), plainText(value))
  }
  return properties
}

/** Lines without leading white space, comments and blank ones; a backslash at the end continues a line. */
function logicalLines(text: string): string[] {
  const lines: string[] = []
  let begun: string | undefined
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    // A continuation line is never a comment.
    if (begun === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const whole: string = (begun ?? '') + line
    if (endsOpen(line)) begun = whole.slice(0, -1)
    else {
      lines.push(whole)
      begun = undefined
    }
  }
  if (begun !== undefined) lines.push(begun)
  return lines
}

/** An odd number of backslashes: the last one is not itself escaped. */
const endsOpen = (line: string): boolean => (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1

/** The key ends at the first `=`, `:` or white space that is not escaped; what separates belongs to neither. */
function split(line: string): [string, string] {
  let at = 0
  while (at < line.length && !/[=: \t\f]/.test(line[at] as string)) at += line[at] === '\\' ? 2 : 1
  const rest = line.slice(at).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
  return [line.slice(0, at), rest]
}

const CONTROLS: { readonly [letter: string]: string } = { t: '\t', n: '\n', r: '\r', f: '\f' }

/** @throws ConfigError */
function plainText(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]?))/g, (_whole, code: string | undefined, letter = '') => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    if (letter === 'u') throw new ConfigError('Malformed \\uxxxx encoding.')
    return CONTROLS[letter] ?? letter
  })
}
