/** When a client pings, and when it gives a silent server up. Source: the loop of ClientCnxn.SendThread.run, which looks at
 *  its clock whenever something happened; client-protocol.md section 4. */
import type { Clock } from '../host.ts'
import { Deadline } from './deadline.ts'

/** A ping goes out at the latest after so long without sending. */
const MAX_PING_INTERVAL_MS = 10_000

export class Heartbeat {
  readonly #clock: Clock
  readonly #sendPing: () => void
  readonly #pingDue: Deadline
  readonly #silence: Deadline
  /** How much silence is borne; pings leave when half of it has gone by without sending. */
  #readTimeoutMs = 0
  /** clock.now() of the last write and of the last whole frame. */
  #lastSend = 0
  #lastHeard = 0

  /** `onSilence`: the server has said nothing for so many ms, too long. */
  constructor(clock: Clock, sendPing: () => void, onSilence: (silentMs: number) => void) {
    this.#clock = clock
    this.#sendPing = sendPing
    this.#pingDue = new Deadline(clock, { name: 'ping' }, () => this.look())
    this.#silence = new Deadline(clock, { name: 'readTimeout' }, () => onSilence(clock.now() - this.#lastHeard))
  }

  /** A connection is asked for, or was opened: so long for the next step. No pings yet. */
  expect(withinMs: number): void {
    this.#lastHeard = this.#clock.now()
    this.#lastSend = this.#lastHeard
    this.#silence.set(withinMs)
  }

  /** The session is granted: from now on it is kept alive. */
  begin(readTimeoutMs: number): void {
    this.#readTimeoutMs = readTimeoutMs
  }

  sent(): void {
    this.#lastSend = this.#clock.now()
  }
  heard(): void {
    this.#lastHeard = this.#clock.now()
  }

  /** Something happened: pings if that is due, and sets the next moments to look. */
  look(): void {
    const now = this.#clock.now()
    const idleMs = now - this.#lastSend
    const half = Math.trunc(this.#readTimeoutMs / 2)
    const toNextPing = half - idleMs - (idleMs > 1000 ? 1000 : 0)
    if (toNextPing <= 0 || idleMs > MAX_PING_INTERVAL_MS) {
      this.#lastSend = now
      this.#sendPing()
      // A server may grant next to nothing: then the silence ends it, and no ping follows the other at once.
      this.#pingDue.set(Math.max(half, 1))
    } else this.#pingDue.set(toNextPing)
    this.#silence.set(this.#readTimeoutMs - (now - this.#lastHeard))
  }

  stop(): void {
    this.#pingDue.stop()
    this.#silence.stop()
  }
}
