/** Small processes that use every port, for tests of the hosts alone. */
import { DiskError, type Host } from '../../src/core/host.ts'
import type { RunConfig } from '../../src/hosts/ensemble.ts'
import type { Launch, Process } from '../../src/hosts/process.ts'
import { runConfig as runConfigOf, SLOW } from '../run-config.ts'

export const runConfig = (changes: Partial<RunConfig> = {}): RunConfig => runConfigOf(3, { ...SLOW, ...changes })

/** What toys tell: as zkCli's output, the only free text of the trace. */
export const say = (host: Host, text: string): void => host.trace.emit({ kind: 'printed', stream: 'out', text })

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** A server that greets all others every second, logs what it hears, and acknowledges once that is on disk. */
export class Chatter {
  readonly #host: Host
  readonly #sid: number
  #heard = 0

  constructor(host: Host, sid: number, config: RunConfig) {
    this.#host = host
    this.#sid = sid
    const before = host.disk.size('version-2/log') ?? 0
    say(host, `recovered ${before} bytes`)
    host.network.listen(2888, (connection) => ({
      onData: (bytes) => this.#hear(textOf(bytes), (answer) => this.#write(connection.write.bind(connection), answer)),
      onClose: (cause) => say(host, `${connection.remote.host} left: ${cause}`),
    }))
    for (let peer = 1; peer <= config.servers; peer++) if (peer !== sid) this.#call(peer)
  }

  #call(peer: number): void {
    const connection = this.#host.network.connect(
      { host: `zk${peer}`, port: 2888 },
      {
        onOpen: () => this.#greet(() => this.#write(connection.write.bind(connection), `hello from ${this.#sid}`)),
        onData: (bytes) => say(this.#host, textOf(bytes)),
        onClose: (cause) => {
          say(this.#host, `zk${peer}: ${cause}`)
          this.#host.clock.after(500 + this.#host.random.int(0, 100), () => this.#call(peer), { name: 'reconnect' })
        },
      },
    )
  }

  #greet(send: () => void): void {
    send()
    this.#host.clock.after(1000, () => this.#greet(send), { name: 'ping' })
  }

  #write(write: (bytes: Uint8Array, note: { protocol: 'quorum'; type: string }) => void, text: string): void {
    write(bytesOf(text), { protocol: 'quorum', type: text.split(' ')[0] ?? '' })
  }

  #hear(text: string, answer: (text: string) => void): void {
    const failed = this.#host.disk.append('version-2/log', bytesOf(`${text}\n`))
    if (failed instanceof DiskError) throw new Error(failed.message)
    const count = ++this.#heard
    this.#host.disk.sync(() => answer(`ack ${count}`))
  }
}

/** A client that sends a line to its server and prints the answers that come within a second. */
export class Teller implements Process {
  readonly #host: Host
  readonly #connect: string

  constructor(host: Host, connect: string) {
    this.#host = host
    this.#connect = connect
  }

  type(line: string, done: (result: { lines: { stream: 'out'; text: string }[]; exitCode: number }) => void): void {
    const [host = '', port = '0'] = this.#connect.split(':')
    const lines: { stream: 'out'; text: string }[] = []
    const hear = (text: string): void => void lines.push({ stream: 'out', text })
    const connection = this.#host.network.connect(
      { host, port: Number(port) },
      { onData: (bytes) => hear(textOf(bytes)), onClose: hear },
    )
    connection.write(bytesOf(line), { protocol: 'client', type: 'line' })
    this.#host.clock.after(1000, () => {
      connection.close()
      done({ lines, exitCode: 0 })
    })
  }
}

export const launchToys: Launch = (host, spec) => {
  if (spec.what === 'client') return new Teller(host, spec.connect)
  new Chatter(host, spec.sid, spec.config)
  return {}
}

/** Each server is what the function of its number makes. */
export const launchEach =
  (servers: { readonly [sid: number]: (host: Host) => void }): Launch =>
  (host, spec) => {
    if (spec.what === 'client') return new Teller(host, spec.connect)
    servers[spec.sid]?.(host)
    return {}
  }
