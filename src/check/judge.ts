/** One property while a run goes on: how often it was judged, and what broke it. */
import type { EventId, TraceEvent } from '../core/trace.ts'
import { type Property, type PropertyId, properties } from './properties.ts'

/** A property was broken by an event. */
export interface Violation {
  readonly property: PropertyId
  /** What is wrong, in one sentence with the servers and zxids in it. */
  readonly sentence: string
  /** The event that broke it. */
  readonly event: TraceEvent
  /** What it contradicts or stems from, oldest first. */
  readonly causes: readonly EventId[]
}

/** A property, with how many events it has judged. */
export interface JudgedProperty extends Property {
  readonly id: PropertyId
  readonly judged: number
  readonly broken: number
}

/** Of one property so many violations are kept; the rest is counted. */
const KEPT = 20

export class Judge implements JudgedProperty {
  readonly id: PropertyId
  readonly family: Property['family']
  readonly by: Property['by']
  readonly title: string
  readonly statement: string
  judged = 0
  broken = 0
  readonly #sink: Violation[]

  constructor(property: Property & { readonly id: PropertyId }, sink: Violation[]) {
    this.id = property.id
    this.family = property.family
    this.by = property.by
    this.title = property.title
    this.statement = property.statement
    this.#sink = sink
  }

  /** Counts a judgement; hands back what it was given. */
  holds(good: boolean): boolean {
    this.judged++
    return good
  }

  report(event: TraceEvent, sentence: string, causes: readonly (EventId | undefined)[] = []): void {
    if (++this.broken > KEPT) return
    const known = causes.filter((cause) => cause !== undefined).map(({ station, seq }) => ({ station, seq }))
    if (event.because) known.push(event.because)
    this.#sink.push({ property: this.id, sentence, event, causes: known })
  }
}

export type Judges = { readonly [id in PropertyId]: Judge }

export const judges = (sink: Violation[]): Judges =>
  Object.fromEntries(properties.map((property) => [property.id, new Judge(property, sink)])) as Judges
