/** The automatic pace: quick while nothing happens, slow while something worth seeing is under way. Pure. */
import type { TraceEvent } from '../core/trace.ts'
import type { Picture } from './picture.ts'
import { isQuiet } from './words.ts'

/** Virtual per real time while messages fly: 25 ms of flight last a third of a second. */
export const SLOW = 0.08
/** While nothing happens: real time at first, then quicker and quicker. */
export const QUICK = 1
export const QUICKEST = 4
/** Real ms of nothing until the pace doubles. */
const DOUBLES_AFTER_MS = 2500

/** What a person would want to follow with the eyes; timers and heartbeats are not. */
export const isWorthSeeing = (event: TraceEvent): boolean => event.kind === 'message' && !isQuiet(event)

/** Whether something worth seeing is in flight at the cursor. */
export const isBusy = (picture: Picture): boolean => picture.messages.some((message) => message.note.quiet !== true)

export class AutoPace {
  #calmMs = 0

  /** The pace for the next `elapsedMs`. `nextInUs`: virtual time until the next message worth seeing that is known
   *  already. A message that starts within this frame is not overrun: the frame ends where it starts. */
  next(elapsedMs: number, picture: Picture, nextInUs: number | undefined): number {
    if (isBusy(picture)) {
      this.#calmMs = 0
      return SLOW
    }
    this.#calmMs += elapsedMs
    const quick = Math.min(QUICKEST, QUICK * 2 ** Math.floor(this.#calmMs / DOUBLES_AFTER_MS))
    if (nextInUs === undefined || elapsedMs <= 0) return quick
    return Math.min(quick, Math.max(SLOW, nextInUs / (elapsedMs * 1000)))
  }

  /** Someone gave an order: what comes of it should not be overrun. */
  wake(): void {
    this.#calmMs = 0
  }
}
