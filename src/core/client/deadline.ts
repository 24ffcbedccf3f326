/** A deadline that moves with every message, without a timer set anew each time: the timer is left where it is while the
 *  deadline has moved only a little, and when it fires early it is set again for the rest. */
import type { Clock, Timer, TimerNote } from '../host.ts'

/** By how much of the time that remains a deadline may move before its timer follows. */
const SLACK = 1 / 8
/** Clocks count whole microseconds: what is nearer than this is now. */
const NOW_MS = 0.001

export class Deadline {
  readonly #clock: Clock
  readonly #note: TimerNote
  readonly #onDue: () => void
  #timer: Timer | undefined
  /** When it is due, and for when the timer was set: ms of clock.now(). */
  #due = 0
  #timerDue = 0

  constructor(clock: Clock, note: TimerNote, onDue: () => void) {
    this.#clock = clock
    this.#note = note
    this.#onDue = onDue
  }

  /** Due so long from now, whatever was said before. */
  set(fromNowMs: number): void {
    const delayMs = Math.max(0, fromNowMs)
    const now = this.#clock.now()
    this.#due = now + delayMs
    if (this.#timer !== undefined && this.#due >= this.#timerDue && this.#due - this.#timerDue < delayMs * SLACK) return
    this.#arm(delayMs)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel()
    this.#timerDue = this.#due
    this.#timer = this.#clock.after(
      delayMs,
      () => {
        this.#timer = undefined
        const left = this.#due - this.#clock.now()
        if (left >= NOW_MS) this.#arm(left)
        else this.#onDue()
      },
      this.#note,
    )
  }
}
