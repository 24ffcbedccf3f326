/** What every checker looks like to whoever feeds it. */
import type { TraceEvent } from '../core/trace.ts'

/** A property was broken by an event. */
export interface Violation {
  /** The property's id in the design's list: Z-8, D-1, C-5 … */
  readonly property: string
  /** What is wrong, in one sentence with the servers and zxids in it. */
  readonly sentence: string
  /** The event that broke it. */
  readonly event: TraceEvent
}

/** Fed with the events of a run in run order. Believes the witnesses of disk and network, not the replica. */
export interface Checker {
  onEvents(events: readonly TraceEvent[]): void
  readonly violations: readonly Violation[]
  /** Nothing more comes: what can only be judged at the end. */
  end?(): void
}
