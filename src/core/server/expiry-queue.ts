/** Things that end unless they are heard of, in buckets of one width: touching one that stays in its bucket costs a
 *  comparison, and one timer serves all. Source: ExpiryQueue.java. */
import type { Clock, Timer } from '../host.ts'

export class ExpiryQueue<T> {
  readonly #clock: Clock
  readonly #widthMs: number
  readonly #onExpired: (element: T) => void
  /** By the end of each bucket, in ms of the monotonic clock. A bucket that all have left stays until its time. */
  readonly #buckets = new Map<number, Set<T>>()
  readonly #deadlines = new Map<T, number>()
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock, widthMs: number, onExpired: (element: T) => void) {
    this.#clock = clock
    this.#widthMs = widthMs
    this.#onExpired = onExpired
  }

  get size(): number {
    return this.#deadlines.size
  }
  /** Ends of buckets with what is in them, earliest first. */
  buckets(): [number, readonly T[]][] {
    return [...this.#buckets].sort(([a], [b]) => a - b).map(([at, elements]) => [at, [...elements]])
  }

  /** Heard of `now`: it may be silent for `timeoutMs`, and then until the bucket's end.
   *  @returns until when touching it again would change nothing, with the same timeout */
  touch(element: T, timeoutMs: number, now: number): number {
    const deadline = (Math.floor((now + timeoutMs) / this.#widthMs) + 1) * this.#widthMs
    const before = this.#deadlines.get(element)
    if (deadline === before) return deadline - timeoutMs
    if (before !== undefined) this.#buckets.get(before)?.delete(element)
    this.#deadlines.set(element, deadline)
    const bucket = this.#buckets.get(deadline)
    if (bucket === undefined) this.#buckets.set(deadline, new Set([element]))
    else bucket.add(element)
    if (deadline < this.#timerAt) this.#waitUntil(deadline)
    return deadline - timeoutMs
  }

  remove(element: T): void {
    const deadline = this.#deadlines.get(element)
    if (deadline === undefined) return
    this.#deadlines.delete(element)
    this.#buckets.get(deadline)?.delete(element)
    // With nothing left there is nothing to wait for.
    if (this.#deadlines.size === 0) this.clear()
  }

  clear(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    this.#buckets.clear()
    this.#deadlines.clear()
  }

  #waitUntil(at: number): void {
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.after(at - this.#clock.now(), () => this.#expire())
  }

  #expire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    for (const [at, elements] of this.buckets()) {
      if (at > now) {
        if (at < this.#timerAt) this.#waitUntil(at)
        return
      }
      this.#buckets.delete(at)
      for (const element of elements) {
        this.#deadlines.delete(element)
        this.#onExpired(element)
      }
    }
  }
}
