/** Plays a recorded script on some shell and some servers, and writes its transcript. The rules are those of the tool that
 *  recorded the golden ones:
 *
 *    ##client NAME   the next lines go to the client NAME (made at first use)
 *    ##args WORDS    extra arguments of zkCli for clients that are made from here on
 *    ##sleep MS
 *    ##one WORDS     zkCli run once with this command on its command line
 *    ##kill ID, ##up ID
 *    ## text         a comment, kept
 *    ##raw BYTES     escaped bytes sent as one line
 *
 *  {DIR}, {SERVER} and {X:n} in commands stand for a temporary folder, the server's address and n letters x. */
import { isFrame, type Script } from './golden.ts'

/** One zkCli process. */
export interface Shell {
  /** Sends a line (a character for each byte); resolves when it was executed, or the shell has ended. */
  type(line: string): Promise<void>
  /** `1| …` and `2| …` printed since the last call. `rest`: also what has no end of line yet. */
  take(rest: boolean): string[]
  /** Set when the process has ended. */
  readonly exitCode: number | undefined
  /** The end of its input; resolves when it has ended. */
  finish(): Promise<void>
}

export interface Stage {
  /** Where `127.0.0.1:21811` of the script really is. */
  readonly server: string
  readonly folder: string
  /** Resolves when the shell waits for lines, or has ended. `words` stand behind `-waitforconnection -server SERVER`. */
  open(words: readonly string[], isOnce: boolean): Promise<Shell>
  /** Lets time go by, until `settled` and no longer than usual for late output. */
  settle(settled: () => boolean): Promise<void>
  sleep(ms: number): Promise<void>
  kill(sid: number): Promise<void>
  up(sid: number): Promise<void>
  /** The script's words in the stage's terms, and what was printed in the script's. */
  inward(text: string): string
  outward(text: string): string
}

interface Client {
  readonly name: string
  readonly shell: Shell
  closed: boolean
}

export class Player {
  readonly #stage: Stage
  readonly #script: Script
  readonly #clients = new Map<string, Client>()
  /** How many lines each command had in the recording, frames of stack traces not counted. */
  readonly #counts: number[]
  #command = -1
  #words: readonly string[] = []
  #name = ''
  readonly #lines: string[] = []

  constructor(stage: Stage, script: Script) {
    this.#stage = stage
    this.#script = script
    const counts: number[] = []
    for (const line of script.recorded)
      if (/^\w*> /.test(line)) counts.push(0)
      else if (/^\w*[12]\|/.test(line) && !isFrame(line)) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1
    this.#counts = counts
  }

  async play(): Promise<string[]> {
    for (const line of this.#script.lines) {
      const [, word, rest = ''] = /^##(\S*) ?(.*)$/.exec(line) ?? []
      if (word === undefined) await this.#type(toBytes(line), line)
      else await this.#directive(word, rest)
    }
    for (const client of this.#clients.values()) {
      if (client.closed) continue
      await client.shell.finish()
      this.#show(client, true)
      this.#say(`${client.name}= exit ${client.shell.exitCode}`)
    }
    return this.#lines
  }

  async #directive(word: string, rest: string): Promise<void> {
    if (word === '') this.#say(`## ${rest}`)
    else if (word === 'client') this.#name = rest
    else if (word === 'args') this.#words = rest.split(' ')
    else if (word === 'sleep') {
      await this.#stage.sleep(Number(rest))
      const own = this.#clients.get(this.#name)
      if (own !== undefined) this.#show(own, false)
      this.#showOthers()
    } else if (word === 'one') await this.#once(rest)
    else if (word === 'kill' || word === 'up') {
      this.#say(`## ${word} server ${rest}`)
      await this.#stage[word](Number(rest))
    } else if (word === 'raw') {
      const bytes = unescaped(rest)
      await this.#type(bytes, isUtf8(bytes) ? fromBytes(bytes) : rest)
    }
  }

  async #type(bytes: string, shown: string): Promise<void> {
    const client = await this.#client()
    this.#begin(`${client.name}> ${visible(shown)}`)
    const line = this.#stage
      .inward(bytes)
      .replaceAll('{DIR}', this.#stage.folder)
      .replaceAll('{SERVER}', this.#stage.server)
      .replace(/\{X:(\d+)\}/g, (_, count) => 'x'.repeat(Number(count)))
    await client.shell.type(line)
    await this.#settle(client)
  }

  async #once(words: string): Promise<void> {
    this.#begin(`${this.#name}> zkCli.sh -waitforconnection -server ${this.#stage.server} ${words}`)
    const filled = words.replaceAll('{DIR}', this.#stage.folder)
    // Of quotes the recorded scripts have double ones, around whole words.
    const split = [...filled.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    const shell = await this.#stage.open(split, true)
    await shell.finish()
    this.#show({ name: '', shell, closed: false }, true)
    this.#say(`${this.#name}= exit ${shell.exitCode}`)
    this.#showOthers()
  }

  async #client(): Promise<Client> {
    const known = this.#clients.get(this.#name)
    if (known !== undefined && !known.closed) return known
    const words = this.#words
    this.#begin(`${this.#name}> ${['zkCli.sh -waitforconnection -server', this.#stage.server, ...words].join(' ')}`)
    const client = { name: this.#name, shell: await this.#stage.open(words, false), closed: false }
    this.#clients.set(this.#name, client)
    await this.#settle(client)
    return client
  }

  /** Waits for as many lines as were recorded, then shows what there is. */
  async #settle(client: Client): Promise<void> {
    const start = this.#lines.length
    const others = [...this.#clients.values()].filter((other) => other !== client && !other.closed)
    const count = this.#counts[this.#command] ?? 0
    const seen = () => this.#lines.slice(start).filter((line) => !isFrame(line)).length
    const own: string[] = []
    const rest: Map<Client, string[]> = new Map(others.map((other) => [other, []]))
    const gathered = () => [own, ...rest.values()].flat().filter((line) => !isFrame(line)).length + seen()
    await this.#stage.settle(() => {
      own.push(...client.shell.take(false))
      for (const [other, lines] of rest) lines.push(...other.shell.take(false))
      return gathered() >= count
    })
    own.push(...client.shell.take(true))
    this.#print(client, own)
    if (client.shell.exitCode !== undefined) {
      client.closed = true
      this.#say(`${client.name}= exit ${client.shell.exitCode}`)
    }
    for (const [other, lines] of rest) this.#print(other, [...lines, ...other.shell.take(true)])
  }

  #begin(command: string): void {
    this.#command++
    this.#say(command)
  }

  #show(client: Client, rest: boolean): void {
    this.#print(client, client.shell.take(rest))
  }

  #showOthers(): void {
    for (const client of this.#clients.values())
      if (client.name !== this.#name && !client.closed) this.#show(client, true)
  }

  #print(client: Client, lines: readonly string[]): void {
    for (const text of lines) this.#say(client.name + visible(text).replace(/^(.\|) $/, '$1'))
  }

  #say(text: string): void {
    this.#lines.push(this.#stage.outward(text).replaceAll(this.#stage.folder, '{DIR}'))
  }
}

const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
export const fromBytes = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')
const isUtf8 = (bytes: string): boolean => !fromBytes(bytes).includes('\ufffd')
const visible = (text: string): string => text.replaceAll('\0', '\\x00')
/** Python's escapes. */
const unescaped = (text: string): string =>
  text.replace(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
