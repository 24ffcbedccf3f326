/** setquota, listquota, delquota: a quota is two znodes below /zookeeper/quota. Source: SetQuotaCommand.java,
 *  ListQuotaCommand.java, DelQuotaCommand.java, StatsTrack.java. */
import type { ClientSession } from '../client/session.ts'
import { LIMIT_NODE, QUOTA_ROOT, STATS_NODE } from '../tree/quota.ts'
import { CreateMode, ErrorCode } from '../wire/codes.ts'
import { OPEN_ACL_UNSAFE, type Stat } from '../wire/data.ts'
import { decodeUtf8, toUtf8 } from '../wire/utf8.ts'
import { type Command, type Shell, usageOf } from './command.ts'
import { CliError, KeeperError, uncaught } from './errors.ts'
import { splitAsJava } from './format.ts'
import { byCodeUnits, parseInteger, parseLong } from './java.ts'
import { letters, type OptionsSpec, type ParsedLine, parseOptions } from './options.ts'
import { call, type Steps } from './steps.ts'
import { visitSubtree } from './tree-walk.ts'

const limitsPath = (path: string): string => `${QUOTA_ROOT}${path}/${LIMIT_NODE}`
const usagePath = (path: string): string => `${QUOTA_ROOT}${path}/${STATS_NODE}`

/** `count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=3`; -1 stands for no limit. */
class StatsTrack {
  readonly #values = new Map<string, bigint>()

  /** @throws ShellDeath, NumberFormat where the text is not of that form */
  constructor(data?: Uint8Array | null) {
    if (data === null)
      throw uncaught('java.lang.NullPointerException', 'Cannot read the array length because "bytes" is null')
    const text = decodeUtf8(data ?? new Uint8Array())
    for (const pair of text === '' ? [] : splitAsJava(text, /[,;]+/)) {
      const [key, value] = splitAsJava(pair, '=')
      if (key === undefined || value === undefined)
        throw uncaught(
          'java.lang.ArrayIndexOutOfBoundsException',
          key === undefined ? 'Index 0 out of bounds for length 0' : 'Index 1 out of bounds for length 1',
        )
      this.set(key, parseLong(value === '' ? '-1' : value))
    }
  }
  get(key: string): bigint {
    return this.#values.get(key) ?? -1n
  }
  set(key: string, value: bigint): this {
    this.#values.set(key, value)
    return this
  }
  toString(): string {
    const hard = [...this.#values.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort(byCodeUnits)
    const limits = hard.map((key) => `;${key}=${this.get(key)}`).join('')
    return `count=${this.get('count')},bytes=${this.get('bytes')}${limits === '' ? '' : `=${limits}`}`
  }
}

/** Option, what it limits, in ZooKeeper's words for the help text. */
const LIMITS = [
  { name: 'n', key: 'count', description: 'num soft quota' },
  { name: 'b', key: 'bytes', description: 'bytes soft quota' },
  { name: 'N', key: 'countHardLimit', description: 'num hard quota' },
  { name: 'B', key: 'byteHardLimit', description: 'bytes hard quota' },
] as const

const setOptions: OptionsSpec = {
  options: LIMITS.map(({ name, description }) => ({ name, description, hasValue: true })),
  exclusive: 'required',
}
const deleteOptions: OptionsSpec = {
  options: LIMITS.map(({ name, description }) => ({ name, description, hasValue: false })),
  exclusive: 'optional',
}

const dataOf = function* (zk: ClientSession, path: string): Steps<Uint8Array | null> {
  const { data } = yield* call<{ readonly data: Uint8Array | null }>((done) => zk.getData(path, false, done))
  return data
}
const exists = function* (zk: ClientSession, path: string): Steps<boolean> {
  return (yield* call<Stat | null>((done) => zk.exists(path, false, done))) !== null
}
const createNode = function* (zk: ClientSession, path: string, data: Uint8Array | null): Steps<void> {
  yield* call<string>((done) => zk.create(path, data, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, done))
}
const isNoNode = (error: unknown): boolean => error instanceof KeeperError && error.err === ErrorCode.NoNode

function* setquota(line: ParsedLine, shell: Shell): Steps<void> {
  const path = line.args[1] as string
  if (path.startsWith(QUOTA_ROOT)) return shell.err(`cannot set a quota under the path: ${QUOTA_ROOT}`)
  const wanted = wantedLimit(line, shell)
  if (wanted === undefined) return
  const { zk } = shell
  if (!(yield* exists(zk, path))) throw new CliError(`${path} does not exist.`)
  yield* refuseQuotaBelow(zk, path)
  yield* refuseQuotaAbove(zk, path)

  let at = QUOTA_ROOT
  if (!(yield* exists(zk, at))) yield* createQuotaRoot(zk)
  for (const name of splitAsJava(path, '/').slice(1)) {
    at = `${at}/${name}`
    if (!(yield* exists(zk, at))) yield* unlessThere(createNode(zk, at, null))
  }
  const [limits, usage] = [`${at}/${LIMIT_NODE}`, `${at}/${STATS_NODE}`]
  if (!(yield* exists(zk, limits))) {
    const fresh = new StatsTrack()
    for (const { key } of LIMITS) fresh.set(key, -1n)
    fresh.set(wanted.key, wanted.value)
    yield* createNode(zk, limits, toUtf8(fresh.toString()))
    yield* createNode(zk, usage, toUtf8(new StatsTrack().set('count', 0n).set('bytes', 0n).toString()))
    const made = new StatsTrack(yield* dataOf(zk, limits))
    return warn(shell, made, new StatsTrack(yield* dataOf(zk, usage)))
  }
  const changed = new StatsTrack(yield* dataOf(zk, limits))
  changed.set(wanted.key, wanted.value)
  warn(shell, changed, new StatsTrack(yield* dataOf(zk, usage)))
  yield* call<Stat>((done) => zk.setData(limits, toUtf8(changed.toString()), -1, done))
}

/** The one limit that the options name; undefined when its value is no such limit, which was said then. */
function wantedLimit(line: ParsedLine, { err }: Shell): { key: string; value: bigint } | undefined {
  const { name, key } = LIMITS.find((limit) => line.has(limit.name)) as (typeof LIMITS)[number]
  const text = line.value(name) as string
  const counts = name === 'n' || name === 'N'
  let value: bigint
  try {
    value = counts ? BigInt(parseInteger(text)) : parseLong(text)
  } catch {
    err('NumberFormatException happens when parsing the option value')
    return undefined
  }
  if (value >= (counts ? 1n : 0n)) return { key, value }
  err(counts ? 'the num quota must be greater than zero' : 'the bytes quota must be greater than or equal to zero')
  return undefined
}

function* refuseQuotaBelow(zk: ClientSession, path: string): Steps<void> {
  const root = QUOTA_ROOT + path
  try {
    yield* visitSubtree(zk, root, false, function* (visited) {
      const children = yield* childrenOf(zk, visited)
      if (visited !== root && children?.includes(LIMIT_NODE))
        throw new CliError(`${path} has a child ${visited.slice(QUOTA_ROOT.length)} which has a quota`)
    })
  } catch (error) {
    if (!isNoNode(error)) throw error
  }
}

function* refuseQuotaAbove(zk: ClientSession, path: string): Steps<void> {
  let at: string = QUOTA_ROOT
  for (const name of splitAsJava(path, '/').slice(1, -1)) {
    at = `${at}/${name}`
    const children = yield* childrenOf(zk, at)
    if (children === undefined || children.length === 0) return
    if (children.includes(LIMIT_NODE))
      throw new CliError(`${path} has a parent ${at.slice(QUOTA_ROOT.length)} which has a quota`)
  }
}

/** undefined: there is no such node. */
function* childrenOf(zk: ClientSession, path: string): Steps<readonly string[] | undefined> {
  try {
    return yield* call<readonly string[]>((done) => zk.getChildren(path, false, done))
  } catch (error) {
    if (isNoNode(error)) return undefined
    throw error
  }
}

function* createQuotaRoot(zk: ClientSession): Steps<void> {
  yield* unlessThere(
    (function* () {
      yield* createNode(zk, '/zookeeper', null)
      yield* createNode(zk, QUOTA_ROOT, null)
    })(),
  )
}

function* unlessThere(steps: Steps<void>): Steps<void> {
  try {
    yield* steps
  } catch (error) {
    if (!(error instanceof KeeperError && error.err === ErrorCode.NodeExists)) throw error
  }
}

function warn({ out }: Shell, limits: StatsTrack, usage: StatsTrack): void {
  for (const [what, soft, hard] of [
    ['count', 'count', 'countHardLimit'],
    ['bytes', 'bytes', 'byteHardLimit'],
  ] as const) {
    const used = usage.get(what)
    const exceeded = (limit: bigint) => limit > -1n && limit < used
    if (exceeded(limits.get(soft)) || exceeded(limits.get(hard)))
      out(`[Warning]: the ${what} quota you create is less than the existing ${what}:${used}`)
  }
}

function* listquota(line: ParsedLine, { zk, out, err }: Shell): Steps<void> {
  const path = line.args[1] as string
  err(`absolute path is ${limitsPath(path)}`)
  try {
    const limits = new StatsTrack(yield* dataOf(zk, limitsPath(path)))
    const usage = new StatsTrack(yield* dataOf(zk, usagePath(path)))
    out(`Output quota for ${path} ${limits}`)
    out(`Output stat for ${path} ${usage}`)
  } catch (error) {
    if (!isNoNode(error)) throw error
    err(`quota for ${path} does not exist.`)
  }
}

function* delquota(line: ParsedLine, { zk, out, err }: Shell): Steps<void> {
  const path = line.args[1] as string
  const parent = QUOTA_ROOT + path
  const limits = limitsPath(path)
  try {
    if (!(yield* exists(zk, limits))) return out(`Quota does not exist for ${path}`)
    const track = new StatsTrack(yield* dataOf(zk, limits))
    const named = LIMITS.find(({ name }) => line.has(name))
    if (named !== undefined) {
      track.set(named.key, -1n)
      yield* call<Stat>((done) => zk.setData(limits, toUtf8(track.toString()), -1, done))
      return
    }
    for (const child of yield* call<readonly string[]>((done) => zk.getChildren(parent, false, done)))
      yield* call<undefined>((done) => zk.delete(`${parent}/${child}`, -1, done))
    // Ancestors that hold nothing any more go too.
    for (let at = parent; at !== QUOTA_ROOT; at = at.slice(0, at.lastIndexOf('/'))) {
      const children = yield* call<readonly string[]>((done) => zk.getChildren(at, false, done))
      if (children.length > 0) return
      yield* call<undefined>((done) => zk.delete(at, -1, done))
    }
  } catch (error) {
    if (!isNoNode(error)) throw error
    err(`quota for ${path} does not exist.`)
  }
}

function quotaCommand(
  name: string,
  options: string,
  spec: OptionsSpec,
  body: (line: ParsedLine, shell: Shell) => Steps<void>,
): Command {
  return {
    name,
    options,
    *run(words, shell) {
      const line = parseOptions(words, spec)
      if (line.args.length < 2) throw new CliError(usageOf({ name, options }))
      yield* body(line, shell)
    },
  }
}

export const quotaCommands: readonly Command[] = [
  quotaCommand('setquota', '-n|-b|-N|-B val path', setOptions, setquota),
  quotaCommand('listquota', 'path', letters(''), listquota),
  quotaCommand('delquota', '[-n|-b|-N|-B] path', deleteOptions, delquota),
]
