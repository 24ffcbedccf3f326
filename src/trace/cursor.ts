/** Where the page looks: cursor time, in virtual µs. It follows the edge (the time up to which the trace is complete) at
 *  the pace, some way behind it, so that it moves evenly although the edge comes in jumps. Pure arithmetic. */

/** How far behind the edge the cursor likes to be, in real ms: two frames and a bit. */
const LAG_MS = 40
/** Further behind than this, in real ms at the pace, the cursor gives up smoothness and jumps. */
const LOST_MS = 1500
/** The cursor hurries or dawdles by at most this much to keep its distance. */
const GIVE = 0.25

export class Cursor {
  #at = 0
  #edge = 0
  /** The largest jump of the edge lately, in virtual µs: the cursor must stay that far behind. */
  #jump = 0

  get at(): number {
    return this.#at
  }
  get edge(): number {
    return this.#edge
  }

  /** The trace is complete up to here now. */
  edgeIs(atUs: number): void {
    if (atUs <= this.#edge) return
    this.#jump = Math.max(atUs - this.#edge, this.#jump * 0.9)
    this.#edge = atUs
  }

  moveTo(atUs: number): void {
    this.#at = Math.max(this.#at, Math.min(atUs, this.#edge))
  }

  /** Back to what was shown already. */
  moveBackTo(atUs: number): void {
    this.#at = Math.min(this.#at, atUs)
  }

  /** The distance to the edge that is right at `rate`, virtual µs. */
  distance(rate: number): number {
    return Math.max(rate * LAG_MS * 1000, Math.min(this.#jump * 1.2, rate * LOST_MS * 500))
  }

  /** Whether the ensemble has run so far ahead that it should wait: the pace has become slower. */
  isFarBehind(rate: number): boolean {
    return this.#edge - this.#at > this.distance(rate) * 2
  }

  /** Moves on by `elapsedMs` of real time at `rate` (virtual per real time). `mayJump`: catch up at once when lost. */
  follow(elapsedMs: number, rate: number | 'max', mayJump: boolean): number {
    if (rate === 'max') this.#at = this.#edge
    else {
      const behind = this.#edge - this.#at
      const distance = this.distance(rate)
      if (mayJump && behind > Math.max(rate * LOST_MS * 1000, distance * 2)) this.#at = this.#edge - distance
      else {
        const correction = distance > 0 ? Math.max(-GIVE, Math.min(GIVE, (behind - distance) / distance)) : 0
        this.#at = Math.min(this.#edge, this.#at + elapsedMs * 1000 * rate * (1 + correction))
      }
    }
    return this.#at
  }
}
