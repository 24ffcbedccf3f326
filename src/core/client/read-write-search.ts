/** While a session is at a read-only server, the client asks the other servers for one that takes writes.
 *  Source: ClientCnxn.java pingRwServer. Java's thread waits for each answer; here the session goes on meanwhile. */
import type { Address, Connection, Host, Timer } from '../host.ts'
import { toUtf8 } from '../wire/utf8.ts'

/** The first question, and how rare they become: the pause doubles. */
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 60_000
/** A server that says nothing for so long has not answered. */
const ANSWER_MS = 1000

export class ReadWriteSearch {
  readonly #host: Host
  readonly #nextServer: () => Address
  readonly #found: (server: Address) => void
  #pauseMs = MIN_PAUSE_MS
  #timer: Timer | undefined
  #connection: Connection | undefined

  /** `nextServer`: whom to ask next; `found`: it answered that it takes writes. */
  constructor(host: Host, nextServer: () => Address, found: (server: Address) => void) {
    this.#host = host
    this.#nextServer = nextServer
    this.#found = found
  }

  start(): void {
    this.stop()
    this.#timer = this.#host.clock.after(this.#pauseMs, () => this.#ask())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#connection?.close()
    this.#connection = undefined
  }

  #ask(): void {
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS)
    const server = this.#nextServer()
    let answer = ''
    const over = (): void => {
      if (connection !== this.#connection) return
      this.start()
      if (!/^rw(\n|$)/.test(answer)) return
      this.stop()
      this.#pauseMs = MIN_PAUSE_MS
      this.#found(server)
    }
    const connection = this.#host.network.connect(server, {
      onData: (bytes) => {
        for (const byte of bytes) answer += String.fromCharCode(byte)
      },
      onClose: over,
    })
    this.#connection = connection
    this.#timer = this.#host.clock.after(ANSWER_MS, over)
    connection.write(toUtf8('isro'), { protocol: 'client', type: 'isro', quiet: true })
  }
}
