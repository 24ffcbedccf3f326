/** Commands on the session, its watches and the ensemble. Source: cli/*Command.java of 3.8.0. */
import { IllegalArgument } from '../client/reply.ts'
import { QuorumVerifier } from '../config/quorum-verifier.ts'
import { ConfigError } from '../config/server-spec.ts'
import { VERSION } from '../config/version.ts'
import { WatcherType } from '../wire/codes.ts'
import type { ClientInfo, Stat } from '../wire/data.ts'
import { toUtf8 } from '../wire/utf8.ts'
import { type Command, type ReadFile, usageOf } from './command.ts'
import { clientConfigText } from './config-text.ts'
import { CliError, uncaught } from './errors.ts'
import { dataText, statLines } from './format.ts'
import { parseLong } from './java.ts'
import { letters, type OptionsSpec, parseOptions } from './options.ts'
import { ask, call } from './steps.ts'

const close: Command = {
  name: 'close',
  options: '',
  // Whatever stands behind it is not looked at.
  *run(_words, { zk }) {
    yield* ask<void>((done) => zk.close(() => done()))
  },
}

const version: Command = {
  name: 'version',
  options: '',
  run(words, { out }) {
    const line = parseOptions(words, letters(''))
    if (line.args.length > 1) throw new CliError(usageOf(version))
    out(`ZooKeeper CLI version: ${VERSION}`)
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
      throw uncaught('java.lang.IllegalArgumentException', error.message)
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
  *run(words, { zk, out, readFile }) {
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
    const lower = (name: string) => line.value(name)?.toLowerCase() ?? null
    const file = line.value('file')
    const members = file === undefined ? lower('members') : membersFrom(file, readFile)
    const change = { joining: lower('add'), leaving: lower('remove'), members }
    const { data, stat } = yield* call<{ readonly data: Uint8Array | null; readonly stat: Stat }>((done) =>
      zk.reconfigure(change, fromConfig, done),
    )
    out(`Committed new configuration:\n${dataText(data)}`)
    if (line.has('s')) for (const text of statLines(stat)) out(text)
  },
}

/** What a dynamic configuration file says, with its version or 0. @throws CliError */
function membersFrom(path: string, readFile: ReadFile): string {
  const refused = (problem: string) => new CliError(`Error processing ${path}${problem}`)
  const text = readFile(path)
  if (typeof text !== 'string') throw refused(text.problem)
  try {
    const quorum = QuorumVerifier.parse(text)
    if (quorum.voters.length === 1 && quorum.observers.length > 0)
      throw new ConfigError('Observers w/o quorum is an invalid configuration')
    return quorum.toString()
  } catch (error) {
    if (error instanceof ConfigError) throw refused(error.message)
    throw error
  }
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
