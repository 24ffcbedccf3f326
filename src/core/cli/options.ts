/** Options of a command, as commons-cli 1.4 parses them (DefaultParser.java): anywhere among the arguments, single letters
 *  may be joined, `--` ends them, and what starts like no option is a value: `-v -1`. */
import { CliError } from './errors.ts'

export interface OptionSpec {
  /** `s`, or a word: `-remove`. */
  readonly name: string
  readonly hasValue: boolean
  readonly description?: string
}
export interface OptionsSpec {
  readonly options: readonly OptionSpec[]
  /** The options exclude each other; `required`: one of them has to be there. */
  readonly exclusive?: 'required' | 'optional'
}

/** Flags as letters; a colon behind one: it takes a value. `sv:R` */
export const letters = (text: string): OptionsSpec => ({
  options: [...text.matchAll(/([^:])(:?)/g)].map(([, name, colon]) => ({
    name: name as string,
    hasValue: colon === ':',
  })),
})

export interface ParsedLine {
  /** The command's own name first. */
  readonly args: readonly string[]
  has(name: string): boolean
  /** The first value given. */
  value(name: string): string | undefined
}

/** @throws CliError with the exception's name, as zkCli prints it */
export function parseOptions(words: readonly string[], spec: OptionsSpec): ParsedLine {
  const known = new Map(spec.options.map((option) => [option.name, option]))
  const args: string[] = []
  const values = new Map<string, string[]>()
  let open: OptionSpec | undefined
  let chosen: string | undefined
  let onlyArgs = false

  const needsNoValue = () => {
    if (open !== undefined) throw failure('MissingArgumentException', `Missing argument for option: ${open.name}`)
  }
  const choose = (option: OptionSpec) => {
    needsNoValue()
    if (spec.exclusive !== undefined) {
      if (chosen !== undefined && chosen !== option.name)
        throw failure(
          'AlreadySelectedException',
          `The option '${option.name}' was specified but an option from this group has already been selected: '${chosen}'`,
        )
      chosen = option.name
    }
    if (!values.has(option.name)) values.set(option.name, [])
    open = option.hasValue ? option : undefined
  }
  const give = (value: string) => {
    if (open !== undefined) values.get(open.name)?.push(value)
    open = undefined
  }
  const unknown = (word: string) => failure('UnrecognizedOptionException', `Unrecognized option: ${word}`)

  for (const word of words) {
    if (onlyArgs) args.push(word)
    else if (word === '--') onlyArgs = true
    else if (open !== undefined && !looksLikeOption(word, known)) give(withoutQuotes(word))
    else if (!word.startsWith('-') || word === '-') args.push(word)
    else if (word.startsWith('--')) throw unknown(word)
    else {
      const text = word.slice(1)
      const equals = text.indexOf('=')
      const whole = known.get(text)
      const beforeEquals = equals === 1 ? known.get(text.slice(0, 1)) : undefined
      if (whole !== undefined) choose(whole)
      else if (text.length === 1) throw unknown(word)
      else if (equals >= 0) {
        // -v=5 gives a value; nothing else with an equals sign is an option.
        if (!beforeEquals?.hasValue) throw unknown(word)
        choose(beforeEquals)
        give(text.slice(equals + 1))
      } else {
        // -sw is -s -w, and -v5 is -v with the value 5.
        for (let i = 0; i < text.length; i++) {
          const option = known.get(text.charAt(i))
          if (option === undefined) throw unknown(word)
          choose(option)
          if (option.hasValue && i + 1 < text.length) {
            give(text.slice(i + 1))
            break
          }
        }
      }
    }
  }
  needsNoValue()
  if (spec.exclusive === 'required' && chosen === undefined) {
    const group = spec.options.map(({ name, description }) => `-${name} ${description}`).join(', ')
    throw failure('MissingOptionException', `Missing required option: [${group}]`)
  }
  return {
    args,
    has: (name) => values.has(name),
    value: (name) => values.get(name)?.[0],
  }
}

const failure = (exception: string, message: string): CliError =>
  new CliError(`org.apache.commons.cli.${exception}: ${message}`)

function looksLikeOption(word: string, known: ReadonlyMap<string, OptionSpec>): boolean {
  if (!word.startsWith('-') || word.length === 1) return false
  const name = word.slice(1).split('=')[0] as string
  return known.has(name.replace(/^-/, '')) || known.has(name.charAt(0))
}

/** One pair of double quotes around the whole is taken off. */
const withoutQuotes = (text: string): string => (/^"[^"]+"$|^""$/.test(text) ? text.slice(1, -1) : text)
