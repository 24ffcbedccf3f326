/** Commands on znodes. Source: cli/*Command.java of 3.8.0; their sentences are kept, also where they are odd. */
import { assertTtl } from '../client/session.ts'
import { CreateMode, ErrorCode } from '../wire/codes.ts'
import { OPEN_ACL_UNSAFE, type Stat } from '../wire/data.ts'
import { toUtf8 } from '../wire/utf8.ts'
import { type Command, type Shell, usageOf } from './command.ts'
import { CliError, KeeperError } from './errors.ts'
import { aclLines, dataText, listText, parseAcl, statLines } from './format.ts'
import { byCodeUnits, orDie, parseInteger, parseLong } from './java.ts'
import { letters, type OptionsSpec, type ParsedLine, parseOptions } from './options.ts'
import { ask, call, type Steps } from './steps.ts'
import { deleteSubtree, visitSubtree } from './tree-walk.ts'

/** sync gives up after this long. */
const SYNC_TIMEOUT_MS = 30_000

type Run = Command['run']

/** Parses the options and sees to it that there are enough arguments; the command's name is one of them. */
function command(
  name: string,
  options: string,
  spec: OptionsSpec,
  minArgs: number,
  body: (line: ParsedLine, shell: Shell) => Steps<void>,
): Command {
  const run: Run = function* (words, shell) {
    const line = parseOptions(words, spec)
    if (line.args.length < minArgs) throw new CliError(usageOf({ name, options }))
    yield* body(line, shell)
  }
  return { name, options, run }
}

/** As `command`, for those that once took `path [watch]`: a third argument is taken for -w, with a complaint. */
function watchCommand(
  name: string,
  options: string,
  flags: string,
  /** What the complaint recommends. */
  better: string,
  body: (line: ParsedLine, shell: Shell) => Steps<void>,
  helped?: (line: ParsedLine, shell: Shell) => void,
): Command {
  const run: Run = function* (words, shell) {
    let line = parseOptions(words, letters(flags))
    const usage = () => {
      if (line.args.length < 2) throw new CliError(usageOf({ name, options }))
    }
    if (helped === undefined) usage()
    else helped(line, shell)
    if (line.args.length > 2) {
      shell.err(`'${name} path [watch]' has been deprecated. Please use '${name} ${better}' instead.`)
      // What stands third becomes the option, whatever it was.
      line = parseOptions(words.with(2, '-w'), letters(flags))
    }
    usage()
    yield* body(line, shell)
  }
  return { name, options, run }
}

const pathOf = (line: ParsedLine): string => line.args[1] as string

const versionOf = (line: ParsedLine): number => {
  const text = line.value('v')
  return text === undefined ? -1 : orDie(() => parseInteger(text))
}

const printStat = (line: ParsedLine, shell: Shell, stat: Stat): void => {
  if (line.has('s')) for (const text of statLines(stat)) shell.out(text)
}

const ls = watchCommand(
  'ls',
  '[-s] [-w] [-R] path',
  '?swR',
  '[-w] path',
  function* (line, shell) {
    const { zk } = shell
    const path = pathOf(line)
    if (line.has('R'))
      return yield* visitSubtree(zk, path, line.has('w'), (visited) => {
        shell.out(visited)
        return undefined
      })
    const { children, stat } = yield* call<{ readonly children: readonly string[]; readonly stat: Stat }>((done) =>
      zk.getChildren2(path, line.has('w'), done),
    )
    shell.out(listText([...children].sort(byCodeUnits)))
    printStat(line, shell, stat)
  },
  (line, shell) => {
    if (!line.has('?')) return
    for (const text of ['usage: ls [options] path', ' -?   help', ' -R   recurse', ' -s   stat', ' -w   watch'])
      shell.out(text)
  },
)

const create = command(
  'create',
  '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  letters('esct:'),
  2,
  function* (line, { zk, err }) {
    const [ephemeral, sequential, container] = [line.has('e'), line.has('s'), line.has('c')]
    const ttlText = line.value('t')
    if (container && (ephemeral || sequential))
      throw new CliError('-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.')
    let ttlMs: bigint | undefined
    try {
      if (ttlText !== undefined) ttlMs = parseLong(ttlText)
    } catch {
      throw new CliError('-t argument must be a long value')
    }
    if (ttlMs !== undefined && ephemeral) throw new CliError('TTLs cannot be used with Ephemeral znodes')
    if (ttlMs !== undefined && container) throw new CliError('TTLs cannot be used with Container znodes')
    if (ttlMs !== undefined) assertTtl(ttlMs)

    const [, path = '', data, aclText] = line.args
    const bytes = data === undefined ? null : toUtf8(data)
    const acl = aclText === undefined ? OPEN_ACL_UNSAFE : parseAcl(aclText, err)
    try {
      let created: string
      if (ttlMs === undefined) {
        const mode = container
          ? CreateMode.CONTAINER
          : ephemeral
            ? sequential
              ? CreateMode.EPHEMERAL_SEQUENTIAL
              : CreateMode.EPHEMERAL
            : sequential
              ? CreateMode.PERSISTENT_SEQUENTIAL
              : CreateMode.PERSISTENT
        created = yield* call<string>((done) => zk.create(path, bytes, acl, mode, done))
      } else {
        const mode = sequential ? CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL : CreateMode.PERSISTENT_WITH_TTL
        const answer = yield* call<{ readonly path: string }>((done) => zk.create2(path, bytes, acl, mode, done, ttlMs))
        created = answer.path
      }
      err(`Created ${created}`)
    } catch (error) {
      if (error instanceof KeeperError && error.err === ErrorCode.EphemeralOnLocalSession)
        err('Unable to create ephemeral node on a local session')
      if (error instanceof KeeperError && error.err === ErrorCode.InvalidACL) err(error.message)
      throw error
    }
  },
)

const remove = command('delete', '[-v version] path', letters('v:'), 2, function* (line, { zk, err }) {
  if (line.args.length > 2)
    err("'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.")
  const version = versionOf(line)
  yield* call<undefined>((done) => zk.delete(pathOf(line), version, done))
})

const deleteall = command('deleteall', 'path [-b batch size]', letters('b:'), 2, function* (line, { zk, err }) {
  const text = line.value('b')
  let batchSize = 1000
  try {
    if (text !== undefined) batchSize = parseInteger(text)
  } catch {
    throw new CliError('-b argument must be an int value')
  }
  const success = yield* deleteSubtree(zk, pathOf(line), batchSize)
  if (!success) err('Failed to delete some node(s) in the subtree!')
})

const get = watchCommand('get', '[-s] [-w] path', 'sw', '[-s] [-w] path', function* (line, shell) {
  const { data, stat } = yield* call<{ readonly data: Uint8Array | null; readonly stat: Stat }>((done) =>
    shell.zk.getData(pathOf(line), line.has('w'), done),
  )
  shell.out(dataText(data))
  printStat(line, shell, stat)
})

const set = command('set', '[-s] [-v version] path data', letters('sv:'), 3, function* (line, shell) {
  const data = toUtf8(line.args[2] as string)
  const version = versionOf(line)
  const stat = yield* call<Stat>((done) => shell.zk.setData(pathOf(line), data, version, done))
  printStat(line, shell, stat)
})

const stat = watchCommand('stat', '[-w] path', 'w', '[-w] path', function* (line, shell) {
  const path = pathOf(line)
  const found = yield* call<Stat | null>((done) => shell.zk.exists(path, line.has('w'), done))
  if (found === null) throw new KeeperError(ErrorCode.NoNode, path)
  for (const text of statLines(found)) shell.out(text)
})

const getAcl = command('getAcl', '[-s] path', letters('s'), 2, function* (line, shell) {
  const answer = yield* call<{ readonly acl: Parameters<typeof aclLines>[0]; readonly stat: Stat }>((done) =>
    shell.zk.getACL(pathOf(line), done),
  )
  for (const text of aclLines(answer.acl)) shell.out(text)
  printStat(line, shell, answer.stat)
})

const setAcl = command('setAcl', '[-s] [-v version] [-R] path acl', letters('sv:R'), 3, function* (line, shell) {
  const { zk } = shell
  const acl = parseAcl(line.args[2] as string, shell.err)
  const version = versionOf(line)
  if (!line.has('R')) {
    const answer = yield* call<Stat>((done) => zk.setACL(pathOf(line), acl, version, done))
    return printStat(line, shell, answer)
  }
  yield* visitSubtree(zk, pathOf(line), false, function* (path) {
    try {
      yield* call<Stat>((done) => zk.setACL(path, acl, version, done))
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error
      shell.print(error.message)
    }
  })
})

const sync = command('sync', 'path', letters(''), 2, function* (line, { zk, clock, out }) {
  const code = yield* ask<number | undefined>((done) => {
    const timer = clock.after(SYNC_TIMEOUT_MS, () => done(undefined))
    try {
      zk.sync(pathOf(line), (reply) => {
        timer.cancel()
        done(reply.ok ? 0 : reply.err)
      })
    } catch (error) {
      timer.cancel()
      throw error
    }
  })
  // Java prints the message of a TimeoutException, which has none.
  if (code === undefined) throw new CliError('null')
  out(code === 0 ? 'Sync is OK' : `Sync has failed. rc=${code}`)
})

const getEphemerals = command('getEphemerals', 'path', letters(''), 0, function* (line, { zk, out }) {
  // An error of this request names no path.
  const paths = yield* call<readonly string[]>((done) => zk.getEphemerals(line.args[1] ?? '/', done))
  out(listText(paths))
})

const getAllChildrenNumber = command('getAllChildrenNumber', 'path', letters(''), 2, function* (line, { zk, out }) {
  out(`${yield* call<number>((done) => zk.getAllChildrenNumber(pathOf(line), done))}`)
})

export const nodeCommands: readonly Command[] = [
  ls,
  create,
  remove,
  deleteall,
  get,
  set,
  stat,
  getAcl,
  setAcl,
  sync,
  getEphemerals,
  getAllChildrenNumber,
]
