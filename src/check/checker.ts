/** All checks that go along with a run: fed with its events in run order, they cost about the same for each event, however
 *  long the run is. They believe the witnesses of disk and network, never a replica's own word. */
import type { TraceEvent } from '../core/trace.ts'
import { type JudgedProperty, type Judges, judges, type Violation } from './judge.ts'
import type { PropertyId } from './properties.ts'

export type { JudgedProperty, Violation } from './judge.ts'

/** What every checker looks like to whoever feeds it. */
export interface Checker {
  /** Events in run order: at, station, seq. */
  onEvents(events: readonly TraceEvent[]): void
  /** Oldest first. */
  readonly violations: readonly Violation[]
  /** Each property with how many events it has judged; live objects, in the order of the table. */
  readonly properties: readonly JudgedProperty[]
  /** Nothing more comes: what can only be judged at the end. */
  end?(): void
}

export class EnsembleChecker implements Checker {
  readonly #violations: Violation[] = []
  readonly #judges: Judges = judges(this.#violations)

  get violations(): readonly Violation[] {
    return this.#violations
  }
  get properties(): readonly JudgedProperty[] {
    return Object.values(this.#judges)
  }
  judged(id: PropertyId): number {
    return this.#judges[id].judged
  }

  onEvents(events: readonly TraceEvent[]): void {
    for (const event of events) this.#onEvent(event)
  }

  end(): void {}

  #onEvent(_event: TraceEvent): void {}
}
