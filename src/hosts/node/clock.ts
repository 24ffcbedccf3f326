/** Real time, and the end of a turn of Node's event loop: whatever arrived together is handled first; then runs what was
 *  put off, then the files take what was written to them, then it leaves for the network, a system call each. */
import type { Clock, Timer } from '../../core/host.ts'

/** setTimeout takes no more, and makes 1 ms of what is longer. */
const LONGEST_MS = 2 ** 31 - 1

export class NodeClock implements Clock {
  readonly #atEnd: (() => void)[] = []
  #putOff: PutOff[] = []
  #endPlanned = false

  /** Runs at the end of every turn in which `needEnd` was called, in the order of these calls. */
  atEndOfTurn(run: () => void): void {
    this.#atEnd.push(run)
  }

  /** There is something to be done at the end of this turn. */
  needEnd(): void {
    if (this.#endPlanned) return
    this.#endPlanned = true
    setImmediate(() => this.#end())
  }

  now(): number {
    return performance.now()
  }

  wallTime(): number {
    return Date.now()
  }

  after(delayMs: number, run: () => void): Timer {
    if (delayMs > 0) return new RealTimer(delayMs, run)
    const item = new PutOff(run)
    this.#putOff.push(item)
    this.needEnd()
    return item
  }

  #end(): void {
    this.#endPlanned = false
    const putOff = this.#putOff
    this.#putOff = []
    for (const item of putOff) item.run?.()
    for (const run of this.#atEnd) run()
  }
}

class PutOff implements Timer {
  run: (() => void) | undefined

  constructor(run: () => void) {
    this.run = run
  }

  cancel(): void {
    this.run = undefined
  }
}

class RealTimer implements Timer {
  readonly #dueAt: number
  readonly #run: () => void
  #timeout: NodeJS.Timeout

  constructor(delayMs: number, run: () => void) {
    this.#dueAt = performance.now() + delayMs
    this.#run = run
    this.#timeout = this.#wait(delayMs)
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }

  /** Node counts in whole milliseconds of its own, and may be early by a part of one. */
  #wait(delayMs: number): NodeJS.Timeout {
    return setTimeout(
      () => {
        const leftMs = this.#dueAt - performance.now()
        if (leftMs > 0) this.#timeout = this.#wait(leftMs)
        else this.#run()
      },
      Math.min(Math.ceil(delayMs), LONGEST_MS),
    )
  }
}
