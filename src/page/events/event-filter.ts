/** The events that the list shows: chosen groups, quiet ones or not. Takes in only what is new. */
import type { EventId, TraceEvent } from '../../core/trace.ts'
import { type Group, groupOf, isQuiet } from '../../trace/words.ts'

export interface Choice {
  readonly groups: ReadonlySet<Group>
  readonly quiet: boolean
}

export const passes = (event: TraceEvent, { groups, quiet }: Choice): boolean =>
  groups.has(groupOf(event)) && (quiet || !isQuiet(event))

export class EventFilter {
  #choice: Choice | undefined
  #taken = 0
  #chosen: TraceEvent[] = []
  /** Numbers in the run of what is chosen. */
  #numbers: number[] = []

  /** `events` are the newest of `shown` events of the run; fewer than before when the cursor has gone back. Returns an array that is new when it changed. */
  update(events: readonly TraceEvent[], shown: number, choice: Choice): readonly TraceEvent[] {
    const first = shown - events.length
    if (choice !== this.#choice || this.#taken < first || this.#taken > shown) {
      this.#choice = choice
      this.#taken = first
      this.#chosen = []
      this.#numbers = []
    }
    const added: TraceEvent[] = []
    for (; this.#taken < shown; this.#taken++) {
      const event = events[this.#taken - first]
      if (event === undefined || !passes(event, choice)) continue
      added.push(event)
      this.#numbers.push(this.#taken)
    }
    let old = 0
    while (old < this.#numbers.length && (this.#numbers[old] ?? 0) < first) old++
    if (old > 0) this.#numbers = this.#numbers.slice(old)
    if (added.length > 0 || old > 0) this.#chosen = [...this.#chosen, ...added].slice(old)
    return this.#chosen
  }
}

export const keyOf = ({ station, seq }: EventId): string => `${station}:${seq}`

export const isSame = (one: EventId | undefined, other: EventId | undefined): boolean =>
  one !== undefined && other !== undefined && one.station === other.station && one.seq === other.seq

export interface Relations {
  readonly event: TraceEvent
  readonly cause: TraceEvent | undefined
  readonly effects: readonly TraceEvent[]
}

/** An event's cause and what came of it, as far as they are still held. */
export function relationsOf(events: readonly TraceEvent[], event: TraceEvent): Relations {
  const { because } = event
  const effects: TraceEvent[] = []
  let cause: TraceEvent | undefined
  for (const other of events) {
    if (isSame(other.because, event)) effects.push(other)
    if (isSame(other, because)) cause = other
  }
  return { event, cause, effects }
}
