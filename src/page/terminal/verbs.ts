/** The ensemble's own verbs, typed into the terminal behind a colon: `:kill 3`. Parsing only. */
import type { Speed } from '../store/state.ts'

export type Verb =
  | { readonly verb: 'kill' | 'start'; readonly sid: number }
  | { readonly verb: 'crash' | 'pause' | 'resume' | 'step' | 'clean' | 'help' }
  | { readonly verb: 'speed'; readonly speed: Speed }
  | { readonly verb: 'until'; readonly condition: string }

/** What cannot be done, and why: a key of the catalogue (`terminal.verbs`) and what goes into it. */
export type VerbError =
  | { readonly error: 'unknown'; readonly word: string }
  | { readonly error: 'noSuchServer'; readonly word: string; readonly servers: number }
  | { readonly error: 'noSuchSpeed'; readonly word: string }
  | { readonly error: 'noCondition' }
  | { readonly error: 'cleanSlate' }
  | { readonly error: 'tooMuch'; readonly word: string }

export const VERBS = ['kill', 'start', 'crash', 'pause', 'resume', 'step', 'speed', 'until', 'clean', 'help'] as const

/** `line` with or without its colon. */
export function parseVerb(line: string, servers: number): Verb | VerbError {
  const [word = '', ...args] = line.replace(/^\s*:/, '').trim().split(/\s+/)
  const verb = word.toLowerCase()
  switch (verb) {
    case 'kill':
    case 'start': {
      const sid = Number(args[0])
      if (!Number.isInteger(sid) || sid < 1 || sid > servers)
        return { error: 'noSuchServer', word: args[0] ?? '', servers }
      return args.length > 1 ? { error: 'tooMuch', word: args[1] ?? '' } : { verb, sid }
    }
    case 'crash': {
      const rest = args.filter((arg) => arg !== 'the')
      return rest.length === 0 || (rest.length === 1 && rest[0] === 'leader')
        ? { verb }
        : { error: 'tooMuch', word: rest.join(' ') }
    }
    case 'pause':
    case 'resume':
    case 'step':
    case 'help':
      return args.length > 0 ? { error: 'tooMuch', word: args.join(' ') } : { verb }
    case 'clean':
      // Two words, so that nobody loses everything by a slip.
      return args.join(' ') === 'slate' ? { verb } : { error: 'cleanSlate' }
    case 'speed': {
      const speed = speedOf(args.join(''))
      return speed === undefined ? { error: 'noSuchSpeed', word: args.join(' ') } : { verb, speed }
    }
    case 'until':
      return args.length === 0 ? { error: 'noCondition' } : { verb, condition: args.join(' ') }
    default:
      return { error: 'unknown', word }
  }
}

/** "auto", "max", "0.1", "1/10", "2x"; undefined for anything else. */
export function speedOf(word: string): Speed | undefined {
  const text = word.trim().toLowerCase()
  if (text === 'auto' || text === 'max') return text
  const found = /^(\d+(?:\.\d+)?|\.\d+)(?:\/(\d+(?:\.\d+)?))?[x×]?$/.exec(text)
  if (found === null) return undefined
  const speed = Number(found[1]) / Number(found[2] ?? 1)
  return speed > 0 && Number.isFinite(speed) ? speed : undefined
}
