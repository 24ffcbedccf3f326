/** zkCli: the shell around a client session. Source: ZooKeeperMain.java of 3.8.0. Left out: -secure; what the real shell dies
 *  of ends this one too, without the frames of the stack, which would be others. */
import { IllegalArgument, NumberFormat } from '../client/reply.ts'
import { ClientSession } from '../client/session.ts'
import type { WatchedEvent } from '../client/watches.ts'
import type { Host } from '../host.ts'
import { EventType, eventName, KeeperState } from '../wire/codes.ts'
import { readClientConfiguration } from './client-configuration.ts'
import { type Command, type ReadFile, type Shell, toCliError, usageOf } from './command.ts'
import { complete } from './complete.ts'
import { CliError, ShellDeath, uncaught } from './errors.ts'
import { byCodeUnits, decodeInteger, orDie, parseInteger } from './java.ts'
import { nodeCommands } from './node-commands.ts'
import { quotaCommands } from './quota-commands.ts'
import type { CliResult, Completion } from './result.ts'
import { sessionCommands } from './session-commands.ts'
import { ask, run, type Steps } from './steps.ts'
import { splitWords, withoutSecrets } from './words.ts'

export interface ZkCliOptions {
  /** -timeout: of the session, and for -waitforconnection. As text when it was typed: what is no number is the shell's
   *  death when it connects. */
  readonly timeoutMs?: number | string
  /** -r: content with a read-only server. */
  readonly readOnly?: boolean
  /** -waitforconnection: nothing happens before the session is connected, and the shell ends where it does not connect. */
  readonly waitForConnection?: boolean
  /** false keeps the order of the servers in the connect string. */
  readonly shuffle?: boolean
  /** Runs these words instead of reading lines. */
  readonly command?: readonly string[]
  /** What is said first, on stderr: what was wrong with the command line. */
  readonly complaints?: readonly string[]
  /** What the greeting says of JLine: whether the host edits lines. */
  readonly jline?: boolean
  /** The trace tells what was asked and answered; see client/history.ts. */
  readonly history?: boolean
  /** Told of all that is printed, as it is printed and uncensored: what a process of its own writes to its streams. */
  readonly write?: (stream: 'out' | 'err', text: string) => void
  /** Without it there are no files. */
  readonly readFile?: ReadFile
  /** -client-configuration: a file of client properties. */
  readonly configuration?: string
  /** Called once, when the shell has ended: by quit, by its single command, or as the real one dies. */
  readonly onEnd?: () => void
}

/** How many lines `history` goes back. */
const HISTORY_LINES = 10
const CONNECTION_LOSS = 'org.apache.zookeeper.KeeperException$ConnectionLossException: KeeperErrorCode = ConnectionLoss'
const stateNames = new Map<number, string>(Object.entries(KeeperState).map(([name, code]) => [code, name]))

const commands = new Map<string, Command>(
  [...nodeCommands, ...quotaCommands, ...sessionCommands].map((command) => [command.name, command]),
)
/** Commands of the shell itself, with their usage. */
const ownCommands = new Map([
  ['connect', 'host:port'],
  ['history', ''],
  ['printwatches', 'on|off'],
  ['quit', ''],
  ['redo', 'cmdno'],
])
/** All names, in the order of Java's strings. */
export const commandNames: readonly string[] = [...commands.keys(), ...ownCommands.keys()].sort(byCodeUnits)

/** quit, or the end of a single command. */
class ShellExit extends Error {}

interface Line {
  readonly text: string
  readonly done: (result: CliResult) => void
}

export class ZkCli {
  readonly #host: Host
  readonly #options: ZkCliOptions
  #server = ''
  #zk: ClientSession | undefined
  /** Called when the session is connected; for -waitforconnection. */
  #onConnected: (() => void) | undefined

  readonly #history = new Map<number, string>()
  /** Lines executed so far: the number in the prompt. */
  #count = 0
  /** The words of the last line that had any. */
  #words: readonly string[] | undefined
  #printWatches = true
  /** Of the last command; the process's own when it ends. */
  #exitCode = 0

  /** Typed, not yet executed. */
  readonly #waiting: Line[] = []
  #busy = true
  #ended = false
  #death: ShellDeath | undefined
  /** Where the lines of the running command are gathered. */
  #lines: CliResult['lines'][number][] = []
  /** Printed without a line's end. */
  #unfinished = ''
  readonly #shell: Shell

  /** Starts as `zkCli.sh -server CONNECT` does. `connect`: `host:port,host:port/chroot`. */
  constructor(host: Host, connect: string, options: ZkCliOptions = {}) {
    this.#host = host
    this.#options = options
    const session = () => this.#zk as ClientSession
    this.#shell = {
      get zk() {
        return session()
      },
      clock: host.clock,
      readFile: options.readFile ?? ((path) => ({ problem: `${path} (No such file or directory)` })),
      out: (line) => this.#out(line),
      err: (line) => this.#print('err', line),
      print: (text) => {
        this.#unfinished += text
        options.write?.('out', text)
      },
      addWatchMode: 'PERSISTENT_RECURSIVE',
    }
    run(this.#start(connect), (thrown) => {
      this.#finished(thrown)
      // What a single command printed is the answer to whoever asks next.
      if (options.command === undefined) this.#lines = []
      this.#next()
    })
  }

  /** `[zk: host:port(CONNECTED) 0] ` */
  get prompt(): string {
    return `[zk: ${this.#server}(${this.#zk?.state ?? 'NOT_CONNECTED'}) ${this.#count}] `
  }
  /** By quit, or by what the real shell dies of. */
  get ended(): boolean {
    return this.#ended
  }
  get exitCode(): number {
    return this.#exitCode
  }
  /** What it died of. */
  get death(): Error | undefined {
    return this.#death
  }

  /** A line as typed. Lines wait for the one before; `done` is called when the answer is complete, now or later. */
  type(line: string, done: (result: CliResult) => void): void {
    this.#waiting.push({ text: line, done })
    this.#next()
  }

  /** Ends without a farewell, as a process that is killed, or that has no more input. */
  abandon(): void {
    this.#ended = true
    this.#zk?.abandon('zkCli has ended')
  }

  complete(line: string, cursor: number, done: (completion: Completion) => void): void {
    if (this.#zk === undefined || this.#ended) return done({ candidates: [], from: cursor })
    complete(this.#zk, commandNames, line, cursor, done)
  }

  // The loop

  #next(): void {
    while (!this.#busy) {
      const line = this.#waiting.shift()
      if (line === undefined) return
      if (this.#ended) {
        line.done(this.#result())
        continue
      }
      this.#busy = true
      this.#lines = []
      const text = withoutSecrets(line.text)
      this.#host.trace.emit({ kind: 'printed', stream: 'in', text, prompt: this.prompt })
      run(this.#execute(line.text), (thrown) => {
        this.#finished(thrown)
        line.done(this.#result())
        this.#next()
      })
    }
  }

  #finished(thrown: unknown): void {
    // A line of its own here; in a stream the next text stands right behind it.
    if (this.#unfinished !== '') this.#note('out', this.#unfinished)
    this.#unfinished = ''
    if (thrown instanceof ShellDeath) {
      for (const line of thrown.lines) this.#print('err', line)
      this.#exitCode = thrown.exitCode
      this.#death = thrown
      this.#ended = true
      this.#zk?.abandon(`zkCli died: ${thrown.message}`)
    } else if (thrown instanceof ShellExit) {
      this.#ended = true
      this.#zk?.abandon('zkCli has ended')
    } else if (thrown !== undefined) throw thrown
    this.#busy = false
    if (this.#ended) this.#options.onEnd?.()
  }

  #result(): CliResult {
    const lines = this.#lines
    this.#lines = []
    const end = { ...(this.#ended ? { ended: true as const } : {}), ...(this.#death ? { died: true as const } : {}) }
    return { lines, exitCode: this.#exitCode, ...end }
  }

  *#start(connect: string): Steps<void> {
    for (const complaint of this.#options.complaints ?? []) this.#shell.err(complaint)
    this.#out(`Connecting to ${connect}`)
    yield* this.#connect(connect)
    const { command, jline = true } = this.#options
    if (command === undefined) {
      this.#out('Welcome to ZooKeeper!')
      this.#out(`JLine support is ${jline ? 'enabled' : 'disabled'}`)
      return
    }
    this.#words = command
    yield* this.#process()
    throw new ShellExit()
  }

  *#execute(line: string): Steps<void> {
    if (line === '') return
    const words = splitWords(line)
    // A line of nothing but open quotes runs the last command again, as it does in the real shell.
    if (words.length > 0) this.#words = words
    this.#history.set(this.#count, line)
    yield* this.#process()
    this.#count++
  }

  /** Runs the present words; a command's error is a line and an exit code. */
  *#process(): Steps<void> {
    try {
      yield* this.#dispatch()
      this.#exitCode = 0
    } catch (thrown) {
      if (thrown instanceof ShellDeath || thrown instanceof ShellExit) throw thrown
      const error = toCliError(thrown)
      this.#exitCode = error.exitCode
      this.#shell.err(error.message)
    }
  }

  *#dispatch(): Steps<void> {
    const words = this.#words
    if (words === undefined)
      throw uncaught(
        'java.lang.NullPointerException',
        'Cannot invoke "java.util.List.toArray(Object[])" because "this.cmdArgs" is null',
      )
    const name = words[0] as string
    const command = commands.get(name)
    if (command === undefined && !ownCommands.has(name)) {
      this.#usage()
      throw new CliError(`Command not found: Command not found ${name}`, 127)
    }
    yield* this.#own(name, words[1])
    if (!this.#zk?.isAlive) return this.#out('Not connected')
    yield* command?.run(words, this.#shell) ?? []
  }

  /** What needs no session. */
  *#own(name: string, argument: string | undefined): Steps<void> {
    switch (name) {
      case 'quit':
        yield* ask<void>((done) => this.#shell.zk.close(() => done()))
        throw new ShellExit()
      case 'redo':
        if (argument !== undefined) yield* this.#redo(orDie(() => decodeInteger(argument)))
        return
      case 'history':
        for (let i = Math.max(0, this.#count - HISTORY_LINES); i <= this.#count; i++) {
          const text = `${i} - ${this.#history.get(i) ?? null}`
          this.#options.write?.('out', `${text}\n`)
          this.#note('out', text, withoutSecrets(text))
        }
        return
      case 'printwatches':
        if (argument === undefined) this.#out(`printwatches is ${this.#printWatches ? 'on' : 'off'}`)
        else this.#printWatches = argument === 'on'
        return
      case 'connect':
        yield* this.#connect(argument ?? this.#server)
        return
    }
  }

  *#redo(index: number): Steps<void> {
    if (this.#count <= index || index < 0) throw new CliError('Command index out of range')
    const line = this.#history.get(index) as string
    const words = splitWords(line)
    if (words.length > 0) this.#words = words
    if (this.#words?.[0] === 'redo') throw new CliError('No redoing redos')
    this.#history.set(this.#count, line)
    yield* this.#process()
  }

  *#connect(server: string): Steps<void> {
    const old = this.#zk
    if (old?.isAlive) yield* ask<void>((done) => old.close(() => done()))
    this.#server = server
    const {
      timeoutMs: given = 30_000,
      readOnly = false,
      shuffle = true,
      waitForConnection = false,
      history = false,
    } = this.#options
    const { configuration } = this.#options
    const settings = configuration === undefined ? {} : readClientConfiguration(configuration, this.#shell.readFile)
    const timeoutMs = typeof given === 'number' ? given : orDie(() => parseInteger(given))
    const watcher = (event: WatchedEvent) => this.#onEvent(event)
    try {
      this.#zk = new ClientSession(this.#host, server, { ...settings, timeoutMs, readOnly, shuffle, watcher, history })
    } catch (error) {
      if (!(error instanceof IllegalArgument)) throw error
      const kind = error instanceof NumberFormat ? 'NumberFormatException' : 'IllegalArgumentException'
      throw uncaught(`java.lang.${kind}`, error.message)
    }
    if (!waitForConnection) return
    const connected = yield* ask<boolean>((done) => {
      const timer = this.#host.clock.after(timeoutMs, () => done(false))
      this.#onConnected = () => {
        timer.cancel()
        done(true)
      }
    })
    this.#onConnected = undefined
    if (connected) return
    yield* ask<void>((done) => this.#shell.zk.close(() => done()))
    throw uncaught('java.io.IOException', CONNECTION_LOSS, CONNECTION_LOSS)
  }

  #onEvent({ state, type, path }: WatchedEvent): void {
    if (this.#printWatches) {
      this.#out('\nWATCHER::')
      this.#out(`\nWatchedEvent state:${stateNames.get(state)} type:${eventName(type)} path:${path}`)
    }
    if (type === EventType.None && state === KeeperState.SyncConnected) this.#onConnected?.()
  }

  // Printing

  #usage(): void {
    this.#shell.err('ZooKeeper -server host:port -client-configuration properties-file cmd args')
    for (const name of commandNames)
      this.#shell.err(`\t${usageOf({ name, options: commands.get(name)?.options ?? ownCommands.get(name) ?? '' })}`)
  }

  #out(text: string): void {
    const whole = this.#unfinished + text
    this.#unfinished = ''
    this.#options.write?.('out', `${text}\n`)
    for (const line of whole.split('\n')) this.#note('out', line)
  }

  #print(stream: 'out' | 'err', text: string): void {
    this.#options.write?.(stream, `${text}\n`)
    for (const line of text.split('\n')) this.#note(stream, line)
  }

  /** Puts a line into the answer and the trace. `censored`: what the trace may know of it. */
  #note(stream: 'out' | 'err', text: string, censored = text): void {
    if (this.#busy) this.#lines.push({ stream, text })
    this.#host.trace.emit({ kind: 'printed', stream, text: censored })
  }
}
