/** Debian's C client as a process that is typed into. Its answers come on standard error. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { CLI_MT } from './machine.ts'

export class CliMt {
  readonly #process: ChildProcessWithoutNullStreams
  said = ''
  #wake: (() => void) | undefined

  constructor(connect: string) {
    this.#process = spawn(CLI_MT, [connect], { stdio: 'pipe' })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.said += text
        this.#wake?.()
      })
    this.#process.on('exit', () => this.#wake?.())
  }

  /** Resolves with what matches in what is said from now on. */
  async #hears(pattern: RegExp, from: number): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.said.slice(from))
      if (found !== null) return found
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(`cli_mt has ended: ${this.said.slice(-500)}`)
      await new Promise<void>((settle) => {
        this.#wake = settle
      })
    }
  }

  connected(): Promise<RegExpExecArray> {
    return this.#hears(/Got a new session id: (0x[0-9a-f]+)/, 0)
  }

  /** Types a command about a path; resolves with the return code of its answer, 0 for success, and what was told with it. */
  async type(command: string, path: string, rest = ''): Promise<{ rc: number; told: string }> {
    const from = this.said.length
    this.#process.stdin.write(`${command} ${path}${rest}\n`)
    const quoted = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const [line, rc] = await this.#hears(new RegExp(`^\\[?${quoted}\\]?: rc = (-?\\d+)`, 'm'), from)
    const at = this.said.indexOf(line, from)
    // The lines that belong to it come in the same breath.
    return { rc: Number(rc), told: this.said.slice(at + line.length) }
  }

  async quit(): Promise<void> {
    const gone = new Promise((settle) => this.#process.once('exit', settle))
    this.#process.stdin.write('quit\n')
    await gone
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
