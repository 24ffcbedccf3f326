/** The trace as the page holds it: events that came and are not shown yet (ahead of the cursor), and events that were shown
 *  (the past, for the event list).
 *
 *  Memory is bounded however long the run is. A shown event is in the fold; when the past grows over its bound (in events or
 *  in bytes of payload) the oldest are dropped, and the fold is the base that stands for them. When too many wait ahead
 *  of the cursor, as in a hidden tab whose frames have stopped, the oldest of them are shown at once, so that the cursor
 *  never falls further behind than the bound. */
import type { TraceEvent } from '../core/trace.ts'

export interface Bounds {
  readonly past: number
  readonly ahead: number
  readonly payloadBytes: number
}
const BOUNDS: Bounds = { past: 50_000, ahead: 50_000, payloadBytes: 64 * 1024 * 1024 }
/** A smaller tree is kept with its event: only with it can the past be shown again. */
const LARGE_TREE_BYTES = 64 * 1024

export class Recorder {
  readonly #show: (event: TraceEvent) => void
  readonly #bounds: Bounds
  #ahead: TraceEvent[] = []
  /** Index in `#ahead` of the next event to be shown. */
  #next = 0
  #aheadBytes = 0
  readonly #past: TraceEvent[] = []
  #pastBytes = 0
  #dropped = 0
  #shownUpTo = 0
  #stripped = false

  /** `show` is called with each event once, in run order, when the cursor passes it. */
  constructor(show: (event: TraceEvent) => void, bounds: Bounds = BOUNDS) {
    this.#show = show
    this.#bounds = bounds
  }

  /** Shown events, oldest first; an array that changes in place. */
  get past(): readonly TraceEvent[] {
    return this.#past
  }
  /** Events shown earlier and dropped: the number of `past[0]` in the run. */
  get dropped(): number {
    return this.#dropped
  }
  /** Events shown since the run began. */
  get shown(): number {
    return this.#dropped + this.#past.length
  }
  /** Virtual time of the newest event shown. */
  get shownUpTo(): number {
    return this.#shownUpTo
  }
  get waiting(): number {
    return this.#ahead.length - this.#next
  }
  /** Everything shown is still here, so that one can go back and show it again. */
  get isWhole(): boolean {
    return this.#dropped === 0 && !this.#stripped
  }

  /** Adds events in run order. */
  append(events: readonly TraceEvent[]): void {
    for (const event of events) {
      this.#ahead.push(event)
      this.#aheadBytes += payloadBytes(event)
    }
    while (this.waiting > this.#bounds.ahead || (this.#aheadBytes > this.#bounds.payloadBytes && this.waiting > 0))
      this.showNext()
  }

  /** The first waiting event that passes, and how many come before it. */
  find(wanted: (event: TraceEvent) => boolean): { readonly event: TraceEvent; readonly after: number } | undefined {
    for (let index = this.#next; index < this.#ahead.length; index++) {
      const event = this.#ahead[index]
      if (event !== undefined && wanted(event)) return { event, after: index - this.#next }
    }
    return undefined
  }

  /** Time of the next waiting event. */
  get nextAt(): number | undefined {
    return this.#ahead[this.#next]?.at
  }

  showNext(): TraceEvent | undefined {
    const event = this.#ahead[this.#next]
    if (event === undefined) return undefined
    this.#next++
    if (this.#next === this.#ahead.length || this.#next > 4096) {
      this.#ahead = this.#ahead.slice(this.#next)
      this.#next = 0
    }
    this.#aheadBytes -= payloadBytes(event)
    this.#show(event)
    this.#shownUpTo = event.at
    this.#remember(event)
    return event
  }

  /** Shown events from the given one on wait again. Whoever shows them must begin anew: see isWhole. */
  rewind(to: number): void {
    const again = this.#past.splice(to)
    for (const event of again) {
      const bytes = payloadBytes(event)
      this.#pastBytes -= bytes
      this.#aheadBytes += bytes
    }
    this.#ahead = [...again, ...this.#ahead.slice(this.#next)]
    this.#next = 0
    this.#shownUpTo = this.#past.at(-1)?.at ?? 0
  }

  #remember(event: TraceEvent): void {
    // A whole tree is in the fold now; the list of events needs only to say that it came.
    const isLarge = event.kind === 'treeLoaded' && event.snapshot.length > LARGE_TREE_BYTES
    if (isLarge) this.#stripped = true
    const kept = isLarge ? { ...event, snapshot: new Uint8Array() } : event
    this.#past.push(kept)
    this.#pastBytes += payloadBytes(kept)
    const { past, payloadBytes: most } = this.#bounds
    // Dropped a tenth at a time: taking one from the front of a long array moves all the others.
    if (this.#past.length > past * 1.1 || this.#pastBytes > most) this.#drop(Math.max(1, this.#past.length - past))
  }

  #drop(count: number): void {
    let drop = count
    for (const event of this.#past.slice(0, count)) this.#pastBytes -= payloadBytes(event)
    while (this.#pastBytes > this.#bounds.payloadBytes * 0.9 && drop < this.#past.length) {
      const event = this.#past[drop++]
      if (event !== undefined) this.#pastBytes -= payloadBytes(event)
    }
    this.#past.splice(0, drop)
    this.#dropped += drop
  }
}

function payloadBytes(event: TraceEvent): number {
  if (event.kind === 'applied') return event.logged.length
  if (event.kind === 'treeLoaded') return event.snapshot.length
  return 0
}
