/** The side of ZooKeeper that is typed into a machine's shell, as study notes teach it: `zkServer.sh status 2`,
 *  `echo ruok | nc zk2 2181`, `cat conf/zoo.cfg`. Parsing only. */

/** `sid` undefined: the server of the machine that one is at. */
export type ShellCommand =
  | { readonly program: 'zkServer'; readonly verb: ServerVerb; readonly sid: number | undefined }
  | { readonly program: 'zkServerUsage' }
  /** `words` behind zkCli.sh; `hasCommand`: it does not stay. */
  | { readonly program: 'zkCli'; readonly words: string; readonly server: string; readonly hasCommand: boolean }
  /** `host` undefined: this machine. */
  | { readonly program: 'nc'; readonly host: string | undefined; readonly port: string; readonly text: string }
  | { readonly program: 'ncUsage' }
  | { readonly program: 'echo'; readonly text: string }
  | { readonly program: 'cat'; readonly paths: readonly string[] }
  /** `words` behind zkCleanup.sh. */
  | { readonly program: 'zkCleanup'; readonly words: string; readonly sid: number | undefined }

const SERVER_VERBS = ['start', 'start-foreground', 'stop', 'restart', 'status'] as const
type ServerVerb = (typeof SERVER_VERBS)[number]

export const SHELL_PROGRAMS = ['zkServer.sh', 'zkCli.sh', 'zkCleanup.sh', 'echo', 'nc', 'cat'] as const

/** Wherever they are installed. */
const PROGRAM = /^(?:\.{0,2}\/?(?:[\w.-]+\/)*bin\/|\.\/)?(zkServer|zkCli|zkCleanup)(?:\.sh)?$|^(echo|nc|ncat|cat)$/

/** undefined: nothing for a machine's shell. */
export function parseShell(line: string): ShellCommand | undefined {
  const words = line.trim().split(/\s+/)
  const [, script, tool] = PROGRAM.exec(words[0] ?? '') ?? []
  const rest = words.slice(1)
  switch (script ?? tool) {
    case 'zkServer':
      return parseServer(rest)
    case 'zkCli':
      return parseZkCli(
        line
          .trim()
          .slice((words[0] as string).length)
          .trim(),
      )
    case 'zkCleanup': {
      const { sid, others } = withoutServer(rest, 2)
      return { program: 'zkCleanup', words: others.join(' '), sid }
    }
    case 'echo':
      return parseEcho(line)
    case 'nc':
    case 'ncat':
      return parseNc(line)
    case 'cat':
      return { program: 'cat', paths: rest }
    default:
      return undefined
  }
}

/** The name by which a server is meant: `2`, `zk2`. */
const sidOf = (word: string | undefined): number | undefined => {
  const digits = /^(?:zk)?(\d+)$/.exec(word ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** What stands behind the first `count` words may name a server. */
function withoutServer(
  words: readonly string[],
  count: number,
): { sid: number | undefined; others: readonly string[] } {
  const sid = words.length > count ? sidOf(words.at(-1)) : undefined
  return { sid, others: sid === undefined ? words : words.slice(0, -1) }
}

function parseServer(given: readonly string[]): ShellCommand {
  const words = given[0] === '--config' ? given.slice(2) : given
  const verb = SERVER_VERBS.find((known) => known === words[0])
  const sid = sidOf(words[1])
  if (verb === undefined || (words.length > 1 && sid === undefined)) return { program: 'zkServerUsage' }
  return { program: 'zkServer', verb, sid }
}

function parseZkCli(words: string): ShellCommand {
  let server = 'localhost:2181'
  const list = words === '' ? [] : words.split(/\s+/)
  let at = 0
  for (; list[at]?.startsWith('-'); at++) {
    if (list[at] === '-server') server = list[at + 1] ?? server
    if (/^-(server|timeout|client-configuration)$/.test(list[at] as string)) at++
  }
  return { program: 'zkCli', words, server, hasCommand: at < list.length }
}

/** `echo ruok | nc localhost 2181`, or an echo alone. */
function parseEcho(line: string): ShellCommand {
  const [, said = '', , into] = /^\s*echo(?:\s+-[ne]+)*\s*(.*?)\s*(\|\s*(.*))?$/.exec(line) ?? []
  const text = said.replace(/^(["'])(.*)\1$/, '$2')
  if (into === undefined) return { program: 'echo', text }
  return parseNc(into, text)
}

/** `nc [options] host port`, with the text behind `<<<` where no echo says it. */
function parseNc(line: string, said?: string): ShellCommand {
  const [, call = '', here] = /^(.*?)(?:\s*<<<\s*(.*))?$/.exec(line.trim()) ?? []
  const text = said ?? here?.replace(/^(["'])(.*)\1$/, '$2')
  // -w 2 and -q 1 take a number.
  const words = call.replace(/\s+-[wqi]\s*\d+/g, '').split(/\s+/)
  const [program, host, port, ...more] = words.filter((word, index) => index === 0 || !word.startsWith('-'))
  if (text === undefined || !/^n(c|cat)$/.test(program ?? '') || port === undefined || more.length > 0)
    return { program: 'ncUsage' }
  return { program: 'nc', host: isHere(host) ? undefined : host, port, text }
}

const isHere = (host: string | undefined): boolean => host === 'localhost' || host === '127.0.0.1'

/** A connect string as it is meant on the machine of that server. */
export const serversFrom = (connect: string, here: number): string =>
  connect.replace(/(^|,)(?:localhost|127\.0\.0\.1)(?=[:,/]|$)/g, `$1zk${here}`)

export interface MachineFile {
  readonly name: 'zoo.cfg' | 'myid'
  /** Whose, where the path tells. */
  readonly sid: number | undefined
}

/** The file that is meant by a path, wherever people have it: conf/zoo.cfg, /data/zk2/myid, zk2:/conf/zoo.cfg. */
export function fileAt(path: string): MachineFile | undefined {
  const [, host, folders = '', name] = /^(?:zk(\d+):)?((?:\.{0,2}\/)?(?:[\w-]+\/)*)(zoo\.cfg|myid)$/.exec(path) ?? []
  if (name === undefined) return undefined
  const parts = folders.split('/').filter((part) => part !== '' && !/^\.+$/.test(part))
  const known = parts.every((part) => /^(zk\d+|conf|data|etc|opt|var|lib|usr|share|zookeeper)$/.test(part))
  if (!known) return undefined
  const inPath = parts.map((part) => /^zk(\d+)$/.exec(part)?.[1]).find((digits) => digits !== undefined)
  const sid = host ?? inPath
  return { name: name as MachineFile['name'], sid: sid === undefined ? undefined : Number(sid) }
}

const WORDS = [
  ...['ruok', 'srvr', 'stat', 'mntr', 'conf', 'cons', 'crst', 'srst', 'dump', 'envi', 'wchs', 'wchc', 'wchp'],
  ...['dirs', 'hash', 'isro', 'gtmk'],
]

/** What may stand where the word at the end of `typed` stands; undefined: the shell has no opinion. `isFirst`: programs are
 *  offered beside zkCli's commands. */
export function shellChoices(typed: string, servers: number): readonly string[] | undefined {
  const words = typed.trimStart().split(/\s+/)
  const [program] = words
  const names = Array.from({ length: servers }, (_, index) => `zk${index + 1}`)
  const files = names.flatMap((name) => [`/conf/${name}/zoo.cfg`, `/data/${name}/myid`])
  const behindPipe = /\|\s*(.*)$/.exec(typed)?.[1]
  switch (
    parseShell(typed) === undefined
      ? undefined
      : PROGRAM.exec(program ?? '')
          ?.slice(1)
          .find(Boolean)
  ) {
    case 'zkServer':
      return words.length === 2 ? SERVER_VERBS : words.length === 3 ? names : []
    case 'zkCli':
      return words.at(-2) === '-server' ? names.map((name) => `${name}:2181`) : ['-server', '-timeout', '-r']
    case 'zkCleanup':
      return words.length === 2 ? ['-n'] : words.length === 3 ? ['3'] : names
    case 'echo':
      if (behindPipe === undefined) return words.length === 2 ? WORDS : ['|']
      return ncChoices(behindPipe, names)
    case 'nc':
    case 'ncat':
      return ncChoices(typed.trimStart(), names)
    case 'cat':
      return words.length < 2 ? [] : ['conf/zoo.cfg', ...files]
    default:
      return undefined
  }
}

function ncChoices(typed: string, names: readonly string[]): readonly string[] {
  const place = typed.split(/\s+/).length
  return place === 1 ? ['nc'] : place === 2 ? ['localhost', ...names] : place === 3 ? ['2181'] : []
}
