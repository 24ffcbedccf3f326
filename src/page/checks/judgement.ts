/** What the page and its judging worker say to each other. Plain data. */
import type { Operation, Verdict } from '../../check/linearizability.ts'
import type { PropertyId } from '../../check/properties.ts'
import type { EventId, TraceEvent } from '../../core/trace.ts'

export type ToJudge =
  /** In run order. */
  | { readonly kind: 'events'; readonly events: readonly TraceEvent[] }
  /** How do the clients' histories look? */
  | { readonly kind: 'histories' }

export interface Breach {
  readonly property: PropertyId
  readonly title: string
  readonly sentence: string
  readonly event: TraceEvent
  /** Oldest first. */
  readonly causes: readonly EventId[]
}

export interface Tally {
  readonly judged: number
  readonly broken: number
}

/** An operation that a client began, and how it ended. */
export interface OperationBar extends Omit<Operation, 'step' | 'to'> {
  /** undefined: no answer, or none yet. */
  readonly to: number | undefined
}

export interface PathHistory {
  readonly path: string
  readonly operations: readonly OperationBar[]
  readonly verdict: Verdict['is']
  /** Indices of the operations that nothing explains. */
  readonly stuck: readonly number[]
}

export type FromJudge =
  | {
      readonly kind: 'judged'
      /** By property. */
      readonly tallies: { readonly [id in PropertyId]?: Tally }
      /** New ones. */
      readonly breaches: readonly Breach[]
    }
  | { readonly kind: 'histories'; readonly paths: readonly PathHistory[] }
