/** The ways in which a command of the shell fails. Source: CliException.java, CliWrapperException.java, KeeperException.java. */
import { ErrorCode, errorMessage } from '../wire/codes.ts'

/** ZooKeeper's KeeperException: an error of the ensemble, with the path that the client asked for. */
export class KeeperError extends Error {
  readonly err: number
  readonly path: string | null
  constructor(err: number, path: string | null) {
    super(`KeeperErrorCode = ${errorMessage(err)}${path === null || path === '' ? '' : ` for ${path}`}`)
    this.err = err
    this.path = path
  }
}

/** One line on stderr, an exit code, and the shell goes on. */
export class CliError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** What the real shell does not survive: its process ends with a stack trace. */
export class ShellDeath extends Error {
  /** For stderr, without the frames of the stack. */
  readonly lines: readonly string[]
  readonly exitCode: number
  constructor(lines: readonly [string, ...string[]], exitCode = 1) {
    super(lines[0])
    this.lines = lines
    this.exitCode = exitCode
  }
}

/** An exception that nobody catches. `javaClass` as the trace names it; `cause` likewise, with its message. */
export const uncaught = (javaClass: string, message: string, cause?: string): ShellDeath =>
  new ShellDeath([
    `Exception in thread "main" ${javaClass}: ${message}`,
    ...(cause === undefined ? [] : [`Caused by: ${cause}`]),
  ])

/** zkCli's sentence for an error. */
export function sentence({ err, path, message }: KeeperError): string {
  const start = sentences[err]
  return start === undefined ? (plain[err] ?? message) : `${start}${path}`
}

const sentences: { readonly [err: number]: string } = {
  [ErrorCode.NoNode]: 'Node does not exist: ',
  [ErrorCode.NoChildrenForEphemerals]: 'Ephemerals cannot have children: ',
  [ErrorCode.NodeExists]: 'Node already exists: ',
  [ErrorCode.NotEmpty]: 'Node not empty: ',
  [ErrorCode.NotReadOnly]: 'Not a read-only call: ',
  [ErrorCode.InvalidACL]: 'Acl is not valid : ',
  [ErrorCode.NoAuth]: 'Insufficient permission : ',
  [ErrorCode.BadArguments]: 'Arguments are not valid : ',
  [ErrorCode.BadVersion]: 'version No is not valid : ',
  [ErrorCode.QuotaExceeded]: 'Quota has exceeded : ',
}
const plain: { readonly [err: number]: string } = {
  [ErrorCode.ReconfigInProgress]: 'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)',
  [ErrorCode.NewConfigNoQuorum]:
    'No quorum of new config is connected and up-to-date with the leader of last commmitted config - try invoking reconfiguration after new servers are connected and synced',
}
