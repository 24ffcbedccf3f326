/** So many sessions may be asked for at a time: a bucket of tokens that fills again. Source: BlueThrottle.java checkLimit.
 *  Left out: its randomised part and the weights of kinds of sessions, which are off by default. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Clock } from '../host.ts'

export class ConnectionThrottle {
  readonly #clock: Clock
  readonly #maxTokens: number
  readonly #fillTimeMs: number
  readonly #fillCount: number
  #tokens: number
  #filledAt: number

  constructor(clock: Clock, config: ReplicaConfig) {
    this.#clock = clock
    this.#maxTokens = config.connectionThrottleTokens ?? 0
    this.#fillTimeMs = config.connectionThrottleFillTimeMs ?? 1
    this.#fillCount = config.connectionThrottleFillCount ?? 1
    this.#tokens = this.#maxTokens
    this.#filledAt = clock.now()
  }

  /** Takes a token. @returns false: there is none, and the client must try again */
  admits(): boolean {
    if (this.#maxTokens === 0) return true
    const now = this.#clock.now()
    const passedMs = now - this.#filledAt
    if (passedMs > this.#fillTimeMs) {
      const refill = Math.floor((passedMs * this.#fillCount) / this.#fillTimeMs)
      this.#tokens = Math.min(this.#tokens + refill, this.#maxTokens)
      this.#filledAt = now
    }
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
