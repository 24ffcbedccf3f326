/** What a command of the shell is made of. */
import { IllegalArgument } from '../client/reply.ts'
import type { ClientSession } from '../client/session.ts'
import type { Clock } from '../host.ts'
import { CliError, KeeperError, sentence } from './errors.ts'
import type { Steps } from './steps.ts'

/** The text of a file of the shell's machine, a character for each byte, or why there is none, as Java says it: `/a (No such file or directory)`. */
export type ReadFile = (path: string) => string | { readonly problem: string }

/** What a command sees of the shell. */
export interface Shell {
  readonly zk: ClientSession
  readonly clock: Clock
  readonly readFile: ReadFile
  /** One line, or several. */
  out(line: string): void
  err(line: string): void
  /** Without a line's end. */
  print(text: string): void
  /** A quirk of the real shell: the mode given to addWatch stays the default of later ones. */
  addWatchMode: 'PERSISTENT' | 'PERSISTENT_RECURSIVE'
}

export interface Command {
  readonly name: string
  /** The usage text behind the name. */
  readonly options: string
  /** `words`: the command's name and its arguments. undefined when all is done. @throws CliError, KeeperError,
   *  IllegalArgument, ShellDeath, here or in the steps */
  readonly run: (words: readonly string[], shell: Shell) => Steps<void> | undefined
}

export const usageOf = ({ name, options }: Pick<Command, 'name' | 'options'>): string => `${name} ${options}`

/** An error as the shell prints it; what is none of a command's errors is thrown on. */
export function toCliError(thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown
  if (thrown instanceof KeeperError) return new CliError(sentence(thrown))
  if (thrown instanceof IllegalArgument) return new CliError(thrown.message)
  throw thrown
}
