/** Plays stored zkCli sessions (golden/zkcli: NAME.cmd, with the real output in NAME.out) against an ensemble of ours in
 *  the simulator, and brings both transcripts into the form in which they can be compared. */
import { readFileSync } from 'node:fs'
import { parseInvocation } from '../../../src/core/cli/words.ts'
import { ZkCli, type ZkCliOptions } from '../../../src/core/cli/zk-cli.ts'
import type { Host } from '../../../src/core/host.ts'
import { Replica } from '../../../src/core/server/replica.ts'
import { decodeUtf8 } from '../../../src/core/wire/utf8.ts'
import { configureServer } from '../../../src/hosts/configure.ts'
import type { Launch } from '../../../src/hosts/process.ts'
import { Simulation } from '../../../src/hosts/sim/sim.ts'
import { runConfig } from '../../run-config.ts'

const golden = (name: string): string =>
  readFileSync(new URL(`../../golden/zkcli/${name}`, import.meta.url), 'utf8').replace(/\n$/, '')

/** Virtual time for late output (watch events) after each command. */
const SETTLE_US = 80_000
const FOLDER = '/tmp/folder'

/** A process of the shell, and how much of its output has been shown. */
interface Client {
  readonly name: string
  readonly cli: ZkCli
  /** `1| …` and `2| …`, without the client's name. */
  readonly printed: string[]
  shown: number
  closed: boolean
}

export class Session {
  readonly #sim: Simulation
  readonly #server = 'zk1:2181'
  readonly #clients = new Map<string, Client>()
  #starting: { readonly options: ZkCliOptions; readonly printed: string[] } | undefined
  #args: readonly string[] = []
  #name = ''
  readonly lines: string[] = []

  constructor(servers: number) {
    const config = runConfig(servers, {
      latencyUs: { min: 1000, max: 1000 },
      diskSyncUs: { min: 1000, max: 1000 },
      wallStartMs: Date.UTC(2026, 10, 20),
    })
    const launch: Launch = (host, spec) => {
      if (spec.what === 'server') {
        new Replica(onLoopback(host), configureServer(spec.sid, config))
        return {}
      }
      const { options, printed } = this.#starting!
      return new ZkCli(listened(host, printed), spec.connect, options)
    }
    this.#sim = new Simulation(config, { launch, record: false })
    this.#sim.run(3_000_000)
  }

  play(file: string): string[] {
    for (const line of file.split('\n')) {
      if (!line.startsWith('##')) this.#command(line)
      else {
        const [, word, rest] = /^##(\S*) ?(.*)$/.exec(line) as unknown as [string, string, string]
        this.#directive(word, rest)
      }
    }
    for (const client of this.#clients.values()) {
      if (client.closed) continue
      this.#name = client.name
      this.#show(client)
      this.lines.push(`${client.name}= exit ${client.cli.exitCode}`)
    }
    return this.lines
  }

  #directive(word: string, rest: string): void {
    if (word === '') this.lines.push(`## ${rest}`)
    else if (word === 'client') this.#name = rest
    else if (word === 'args') this.#args = rest.split(' ')
    else if (word === 'sleep') {
      this.#sim.run(Number(rest) * 1000)
      const own = this.#clients.get(this.#name)
      if (own !== undefined) this.#show(own)
      this.#showOthers()
    } else if (word === 'one') this.#once(rest)
    else if (word === 'kill' || word === 'up') {
      this.lines.push(`## ${word} server ${rest}`)
      if (word === 'kill') this.#sim.kill(Number(rest))
      else this.#sim.start(Number(rest))
    } else if (word === 'raw') {
      const line = fromBytes(rest)
      // Bytes that are no UTF-8 are shown as they are written in the file.
      this.#command(line, line.includes('\ufffd') ? rest : line)
    }
  }

  #command(typed: string, shown = typed): void {
    const client = this.#client()
    this.lines.push(`${client.name}> ${visible(shown)}`)
    const line = typed
      .replaceAll('{DIR}', FOLDER)
      .replaceAll('{SERVER}', this.#server)
      .replace(/127\.0\.0\.1:2181(\d)/g, 'zk$1:2181')
      .replace(/\{X:(\d+)\}/g, (_, count) => 'x'.repeat(Number(count)))
    this.#sim.type(this.#stations.get(client)!, line)
    this.#sim.run(SETTLE_US)
    this.#show(client)
    this.#ended(client)
    this.#showOthers()
  }

  #once(words: string): void {
    this.lines.push(`${this.#name}> zkCli.sh -waitforconnection -server <server> ${words}`)
    // Only one of the golden lines has quotes.
    const client = this.#open(
      '',
      words.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', '')),
    )
    // A shell that waits for input gets its end; a command has until the session's timeout is over.
    const patienceMs = words.includes('connect') ? 31_000 : 1000
    for (let ms = 0; ms < patienceMs && !client.cli.ended; ms += 100) this.#sim.run(100_000)
    this.#show(client)
    this.lines.push(`${this.#name}= exit ${client.cli.exitCode}`)
    this.#sim.kill(this.#stations.get(client)!)
    this.#showOthers()
  }

  readonly #stations = new Map<Client, number>()

  #open(name: string, words: readonly string[]): Client {
    const invocation = parseInvocation(['-waitforconnection', '-server', this.#server, ...words])
    const printed = invocation.complaints.map((text) => `2| ${text}`)
    const { timeout, readOnly, waitForConnection, command } = invocation
    this.#starting = {
      options: {
        timeoutMs: timeout,
        readOnly,
        waitForConnection,
        jline: false,
        ...(command === undefined ? {} : { command }),
      },
      printed,
    }
    const station = this.#sim.openClient(invocation.server)
    this.#sim.run(SETTLE_US)
    const client = { name, cli: this.#sim.process(station) as ZkCli, printed, shown: 0, closed: false }
    this.#stations.set(client, station)
    return client
  }

  #client(): Client {
    const known = this.#clients.get(this.#name)
    if (known !== undefined && !known.closed) return known
    const client = this.#open(this.#name, this.#args)
    this.#clients.set(this.#name, client)
    const words = ['zkCli.sh -waitforconnection -server <server>', ...this.#args].join(' ')
    this.lines.push(`${client.name}> ${words}`)
    this.#show(client)
    this.#ended(client)
    return client
  }

  #ended(client: Client): void {
    if (!client.cli.ended) return
    client.closed = true
    this.lines.push(`${client.name}= exit ${client.cli.exitCode}`)
    this.#sim.kill(this.#stations.get(client)!)
    this.#sim.run(SETTLE_US)
  }

  #show(client: Client): void {
    for (const text of client.printed.slice(client.shown))
      this.lines.push(
        client.name +
          visible(text)
            .replaceAll(FOLDER, '{DIR}')
            .replace(/ $/, text.length === 3 ? '' : ' '),
      )
    client.shown = client.printed.length
  }

  #showOthers(): void {
    for (const client of this.#clients.values()) if (client.name !== this.#name && !client.closed) this.#show(client)
  }
}

/** All clients come from 127.0.0.1, as they did when the transcripts were made. */
function onLoopback(host: Host): Host {
  const network: Host['network'] = {
    connect: (to, handlers) => host.network.connect(to, handlers),
    listen: (port, onConnection) =>
      host.network.listen(port, (connection) =>
        port !== 2181
          ? onConnection(connection)
          : onConnection({
              id: connection.id,
              remote: { host: '127.0.0.1', port: connection.remote.port },
              write: (bytes, note) => connection.write(bytes, note),
              close: () => connection.close(),
              abort: (reason) => connection.abort(reason),
            }),
      ),
  }
  return { ...ports(host), network }
}

function listened(host: Host, printed: string[]): Host {
  const trace: Host['trace'] = {
    emit: (event) => {
      if (event.kind === 'printed' && event.stream !== 'in')
        printed.push(`${event.stream === 'out' ? 1 : 2}| ${event.text}`)
      host.trace.emit(event)
    },
  }
  return { ...ports(host), trace }
}

const ports = (host: Host): Host => ({
  clock: host.clock,
  network: host.network,
  disk: host.disk,
  random: host.random,
  trace: host.trace,
})

/** Python's escapes, then UTF-8. */
const fromBytes = (text: string): string =>
  decodeUtf8(
    Uint8Array.from(
      text
        .replace(/\\x([0-9a-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
        .split('')
        .map((character) => character.charCodeAt(0)),
    ),
  )
const visible = (text: string): string => text.replaceAll('\0', '\\x00')

/** What differs between two runs of the same commands is replaced. A port of the Normaliser of oracle/zkcli-transcript. */
export function normalised(lines: readonly string[]): string[] {
  const sessions = new Map<string, number>()
  const session = (text: string) => {
    if (!sessions.has(text)) sessions.set(text, sessions.size + 1)
    return `<session-${sessions.get(text)}>`
  }
  const out = lines
    .filter((text) => !/^\w*[12]\| (\tat |\t\.\.\. \d+ more)/.test(text))
    .map((text) =>
      text
        .replace(/\b[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z]{3,4} \d{4}/g, '<date>')
        .replace(/(?<=ephemeralOwner = )0x[0-9a-f]{9,}/g, session)
        .replace(/(?<=[cmp]Zxid = )0x[0-9a-f]+/g, '<zxid>')
        .replace(/^(\w*1\| version=)[0-9a-f]+$/, '$1<zxid>')
        .replace(/127\.0\.0\.1[:/]\d{4,5}|zk\d:\d{4}/g, '<server>')
        // Not in the original: our ports in the configuration's lines are others.
        .replace(/(server\.\d=<server>):\d{4,5}:/, '$1:<port>:'),
    )
  return eventsLast(out)
}

/** For each command: first the plain output, then the watch events, client by client. */
function eventsLast(lines: readonly string[]): string[] {
  const out: string[] = []
  let plain: string[] = []
  let events = new Map<string, string[]>()
  const flush = () => {
    out.push(...plain)
    for (const name of [...events.keys()].sort()) out.push(...events.get(name)!)
    plain = []
    events = new Map()
  }
  for (const text of lines) {
    const event = /^(\w*)1\| WatchedEvent (.*)/.exec(text)
    if (/^(\w*[>=] |##)/.test(text)) {
      flush()
      out.push(text)
    } else if (event !== null) {
      const name = event[1]!
      events.set(name, [...(events.get(name) ?? []), `${name}E| ${event[2]}`])
      for (const want of [`${name}1|`, `${name}1| WATCHER::`, `${name}1|`]) {
        const at = plain.lastIndexOf(want)
        if (at >= 0) plain.splice(at, 1)
      }
    } else plain.push(text)
  }
  flush()
  return out
}

export interface Block {
  /** `> command`, with the client's name in front. */
  readonly command: string
  readonly output: readonly string[]
}

/** A transcript cut at its commands; what stands before the first one is left out. */
export function blocks(lines: readonly string[]): Block[] {
  const list: { command: string; output: string[] }[] = []
  for (const line of lines)
    if (/^\w*> /.test(line)) list.push({ command: line, output: [] })
    else list.at(-1)?.output.push(line)
  return list
}

export const wanted = (name: string): Block[] => blocks(normalised(golden(`${name}.out`).split('\n')))

/** Plays a .cmd file on a fresh ensemble. */
export function played(name: string): Block[] {
  const commands = golden(`${name}.cmd`)
  const servers = Number(/^##needs (\d)/m.exec(commands)?.[1] ?? 1)
  return blocks(normalised(new Session(servers).play(commands.replace(/^##needs.*\n/m, ''))))
}
