/** The two shells of the comparison. Ours: the core's zkCli on the ports of the Node host, in this process, so that it is
 *  known when a line was executed; Apache's: a Java process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { parseInvocation } from '../../../src/core/cli/words.ts'
import { ZkCli } from '../../../src/core/cli/zk-cli.ts'
import { clientHost } from '../../../src/hosts/node/client-host.ts'
import { fromBytes, type Shell } from '../../transcript/player.ts'
import { Streams } from '../../transcript/streams.ts'
import { QUIET_JARS } from '../machine.ts'

/** Real ms between two looks at a process. */
const LOOK_MS = 2
/** Nothing takes longer. */
const PATIENCE_MS = 60_000

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`)
    await pause(LOOK_MS)
  }
}

export class OurShell implements Shell {
  readonly #cli: ZkCli
  readonly #streams = new Streams()
  readonly #isOnce: boolean
  exitCode: number | undefined

  constructor(server: string, words: readonly string[], isOnce: boolean) {
    const invocation = parseInvocation(['-waitforconnection', '-server', server, ...words])
    for (const complaint of invocation.complaints) this.#streams.write('2', `${complaint}\n`)
    const { timeout, readOnly, waitForConnection, configuration, command } = invocation
    this.#isOnce = isOnce
    this.#cli = new ZkCli(clientHost(), invocation.server, {
      timeoutMs: timeout,
      readOnly,
      waitForConnection,
      jline: false,
      write: (stream, text) => this.#streams.write(stream === 'out' ? '1' : '2', text),
      onEnd: () => queueMicrotask(() => this.#ended()),
      ...(configuration === undefined ? {} : { configuration }),
      ...(command === undefined ? {} : { command }),
    })
  }

  /** Resolves when it waits for lines: an empty one is no command. */
  async begun(): Promise<this> {
    if (!this.#isOnce) await this.type('')
    return this
  }

  async type(line: string): Promise<void> {
    await new Promise<void>((done) => this.#cli.type(fromBytes(line), () => done()))
    // It may have been its last.
    await Promise.resolve()
  }

  take(rest: boolean): string[] {
    return this.#streams.take(rest)
  }

  /** As the process ends at the end of its input: when all is executed, and without a farewell. */
  async finish(): Promise<void> {
    if (this.exitCode !== undefined) return
    await this.type('')
    this.#cli.abandon()
    this.#ended()
  }

  #ended(): void {
    this.exitCode ??= this.#cli.exitCode
  }
}

/** What a thread is in while it waits for a line: read(0, …). */
const READING = { x64: '0 0x0 ', arm64: '63 0x0 ' }[process.arch as string]

/** What is missing here to see that a Java process waits. */
export const cannotWatch: readonly string[] =
  process.platform === 'linux' && READING !== undefined ? [] : ['Linux on x64 or arm64']

export class ApacheShell implements Shell {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #streams = new Streams()
  /** The thread that reads lines, once it was seen. */
  #reader: string | undefined
  #closed = false
  exitCode: number | undefined

  constructor(server: string, words: readonly string[], folder: string) {
    const args = [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Dfile.encoding=UTF-8'],
      ...['-Dsun.stdout.encoding=UTF-8', '-Dsun.stderr.encoding=UTF-8'],
      ...['-Duser.timezone=UTC', '-Duser.language=en', '-Duser.country=US', '-cp', QUIET_JARS.join(':')],
      ...['org.apache.zookeeper.ZooKeeperMain', '-waitforconnection', '-server', server, ...words],
    ]
    const child = spawn('java', args, { cwd: folder })
    this.#process = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#streams.write('1', text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#streams.write('2', text))
    child.stdin.on('error', () => undefined)
    child.once('close', (code) => {
      this.exitCode = code ?? -1
    })
  }

  async begun(): Promise<this> {
    await until('the shell reads', () => this.exitCode !== undefined || this.#isReading())
    return this
  }

  async type(line: string): Promise<void> {
    if (this.exitCode !== undefined) return
    const before = this.#wakeUps()
    if (!this.#process.stdin.write(Buffer.from(`${line}\n`, 'latin1')))
      await Promise.race([this.#drained(), this.#gone()])
    // It was woken by the line, and sleeps again in the next read.
    await until(line, () => this.exitCode !== undefined || (this.#isReading() && this.#wakeUps() > before))
  }

  take(rest: boolean): string[] {
    return this.#streams.take(rest)
  }

  async finish(): Promise<void> {
    if (!this.#closed) this.#process.stdin.end()
    this.#closed = true
    await this.#gone()
  }

  /** Not left behind when a test fails. */
  destroy(): void {
    if (this.exitCode === undefined) this.#process.kill('SIGKILL')
  }

  async #gone(): Promise<void> {
    if (this.exitCode === undefined) await once(this.#process, 'close')
  }
  async #drained(): Promise<void> {
    await once(this.#process.stdin, 'drain')
  }

  #isReading(): boolean {
    const threads = this.#reader === undefined ? this.#threads() : [this.#reader]
    this.#reader = threads.find((thread) => this.#read(`${thread}/syscall`).startsWith(READING ?? '?')) ?? this.#reader
    return this.#reader !== undefined && this.#read(`${this.#reader}/syscall`).startsWith(READING ?? '?')
  }
  #wakeUps(): number {
    if (this.#reader === undefined) return 0
    return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(this.#read(`${this.#reader}/status`))?.[1] ?? 0)
  }
  #threads(): string[] {
    const folder = `/proc/${this.#process.pid}/task`
    try {
      return readdirSync(folder).map((thread) => `${folder}/${thread}`)
    } catch {
      return []
    }
  }
  #read(file: string): string {
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return ''
    }
  }
}
