/** `host:port,host:port/chroot`. Source: ConnectStringParser.java, StaticHostProvider.java. Left out: IPv6, DNS, server lists
 *  that change while connected. */
import type { Address, Random } from '../host.ts'
import { assertPath } from './paths.ts'
import { IllegalArgument, NumberFormat } from './reply.ts'

const DEFAULT_PORT = 2181

export interface ConnectString {
  readonly servers: readonly Address[]
  /** Put before every path that goes to a server and cut from every path that comes back; null for none. */
  readonly chroot: string | null
}

/** @throws IllegalArgument a chroot that is no path, no server at all; NumberFormat a port that is no number */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/')
  const chroot = slash < 0 || slash === text.length - 1 ? null : text.slice(slash)
  if (chroot !== null) assertPath(chroot)
  const servers = (slash < 0 ? text : text.slice(0, slash))
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
    .map(parseServer)
  if (servers.length === 0) throw new IllegalArgument('A HostProvider may not be empty!')
  return { servers, chroot }
}

function parseServer(text: string): Address {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return { host: text, port: DEFAULT_PORT }
  const host = text.slice(0, colon)
  const digits = text.slice(colon + 1)
  if (digits === '') return { host, port: DEFAULT_PORT }
  if (!/^[+-]?[0-9]+$/.test(digits)) throw new NumberFormat(`For input string: "${digits}"`)
  const port = Number(digits)
  if (port < -(2 ** 31) || port >= 2 ** 31) throw new NumberFormat(`For input string: "${digits}"`)
  if (port < 0 || port > 65535) throw new IllegalArgument(`port out of range:${port}`)
  return { host, port }
}

/** Which server is tried next: round and round, in an order that is shuffled once. */
export class ServerList {
  readonly #servers: readonly Address[]
  #current = -1
  /** Where the present round began: the server connected last, else the first one. */
  #roundStart = -1

  /** `random`: shuffles; without it the order of the connect string is kept. */
  constructor(servers: readonly Address[], random?: Random) {
    const order = [...servers]
    if (random !== undefined)
      for (let i = order.length - 1; i > 0; i--) {
        const j = random.int(0, i)
        const moved = order[i] as Address
        order[i] = order[j] as Address
        order[j] = moved
      }
    this.#servers = order
  }

  get size(): number {
    return this.#servers.length
  }

  /** `fullRound`: all servers were tried in vain, so the client waits a second before it starts again. */
  next(): { readonly address: Address; readonly fullRound: boolean } {
    this.#current = (this.#current + 1) % this.#servers.length
    const fullRound = this.#current === this.#roundStart
    if (this.#roundStart === -1) this.#roundStart = 0
    return { address: this.#servers[this.#current] as Address, fullRound }
  }

  connected(): void {
    this.#roundStart = this.#current
  }
}
