/** Commands on the session, its watches and the ensemble. Source: cli/*Command.java of 3.8.0. */
import { IllegalArgument } from '../client/reply.ts'
import { WatcherType } from '../wire/codes.ts'
import type { ClientInfo, Stat } from '../wire/data.ts'
import { toUtf8 } from '../wire/utf8.ts'
import { type Command, usageOf } from './command.ts'
import { clientConfigText } from './config-text.ts'
import { CliError, ShellDeath } from './errors.ts'
import { dataText, statLines } from './format.ts'
import { parseLong } from './java.ts'
import { letters, type OptionsSpec, parseOptions } from './options.ts'
import { ask, call } from './steps.ts'

/** The version whose words this shell speaks, in the form of Apache's; it was built by nobody on no day. */
const VERSION_TEXT = 'ZooKeeper CLI version: 3.8.0-vivarium'

const close: Command = {
  name: 'close',
  options: '',
  *run(words, { zk }) {
    parseOptions(words, letters(''))
    yield* ask<void>((done) => zk.close(() => done()))
  },
}

const version: Command = {
  name: 'version',
  options: '',
  run(words, { out }) {
    const line = parseOptions(words, letters(''))
    if (line.args.length > 1) throw new CliError(usageOf(version))
    out(VERSION_TEXT)
    return undefined
  },
}

const whoami: Command = {
  name: 'whoami',
  options: '',
  *run(_words, { zk, out }) {
    // An error is not looked at: the list is just not there then.
    const reply = yield* ask<{ ok: boolean; value?: readonly ClientInfo[] }>((done) => zk.whoAmI(done))
    out('Auth scheme: User')
    for (const { authScheme, user } of reply.value ?? []) out(`${authScheme}: ${user}`)
  },
}

const addauth: Command = {
  name: 'addauth',
  options: 'scheme auth',
  run(words, { zk }) {
    const { args } = parseOptions(words, letters(''))
    const [, scheme, auth] = args
    if (scheme === undefined) throw new CliError(usageOf(addauth))
    zk.addAuth(scheme, auth === undefined ? null : toUtf8(auth))
    return undefined
  },
}

const addWatch: Command = {
  name: 'addWatch',
  options:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
  *run(words, shell) {
    const line = parseOptions(words, letters('m:'))
    const [, path, more] = line.args
    if (path === undefined || more !== undefined) throw new CliError(usageOf(addWatch))
    const mode = line.value('m')?.toUpperCase() ?? shell.addWatchMode
    if (mode !== 'PERSISTENT' && mode !== 'PERSISTENT_RECURSIVE') throw new CliError(usageOf(addWatch))
    shell.addWatchMode = mode
    try {
      yield* call<undefined>((done) => shell.zk.addWatch(path, mode, done))
    } catch (error) {
      // The one command that forgot to catch it.
      if (!(error instanceof IllegalArgument)) throw error
      throw new ShellDeath('java.lang.IllegalArgumentException', error.message)
    }
  },
}

const removewatches: Command = {
  name: 'removewatches',
  options: 'path [-c|-d|-a] [-l]',
  *run(words, { zk }) {
    const line = parseOptions(words, letters('cdal'))
    const path = line.args[1]
    if (path === undefined) throw new CliError(usageOf(removewatches))
    const type = line.has('c') ? WatcherType.Children : line.has('d') ? WatcherType.Data : WatcherType.Any
    yield* call<undefined>((done) => zk.removeAllWatches(path, type, line.has('l'), done))
  },
}

const config: Command = {
  name: 'config',
  options: '[-c] [-w] [-s]',
  *run(words, { zk, out }) {
    const line = parseOptions(words, letters('cws'))
    const { data, stat } = yield* call<{ readonly data: Uint8Array | null; readonly stat: Stat }>((done) =>
      zk.getConfig(line.has('w'), done),
    )
    out(line.has('c') ? clientConfigText(dataText(data)) : dataText(data))
    if (line.has('s')) for (const text of statLines(stat)) out(text)
  },
}

const reconfigOptions: OptionsSpec = {
  options: ['s', 'v', 'file', 'members', 'add', 'remove'].map((name) => ({ name, hasValue: name !== 's' })),
}
const reconfig: Command = {
  name: 'reconfig',
  options:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | [-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  *run(words, { zk, out }) {
    const line = parseOptions(words, reconfigOptions)
    const whole = line.has('file') || line.has('members')
    const part = line.has('add') || line.has('remove')
    if (!whole && !part) throw new CliError(usageOf(reconfig))
    let fromConfig = -1n
    try {
      const text = line.value('v')
      if (text !== undefined) fromConfig = parseLong(text, 16)
    } catch {
      throw new CliError('-v must be followed by a long (configuration version)')
    }
    if (whole && part)
      throw new CliError(
        "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental modes is not allowed)",
      )
    if (line.has('file') && line.has('members'))
      throw new CliError("Can't use -file and -members together (conflicting non-incremental modes)")
    const file = line.value('file')
    // This shell has no files.
    if (file !== undefined) throw new CliError(`Error processing ${file}${file} (No such file or directory)`)
    const lower = (name: string) => line.value(name)?.toLowerCase() ?? null
    const change = { joining: lower('add'), leaving: lower('remove'), members: lower('members') }
    const { data, stat } = yield* call<{ readonly data: Uint8Array | null; readonly stat: Stat }>((done) =>
      zk.reconfigure(change, fromConfig, done),
    )
    out(`Committed new configuration:\n${dataText(data)}`)
    if (line.has('s')) for (const text of statLines(stat)) out(text)
  },
}

export const sessionCommands: readonly Command[] = [
  close,
  version,
  whoami,
  addauth,
  addWatch,
  removewatches,
  config,
  reconfig,
]
