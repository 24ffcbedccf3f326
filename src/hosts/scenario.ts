/** Runs that the page can open from a name, and what is told while seeds are hunted. Plain data: it crosses a worker
 *  boundary. */
import type { TraceEvent } from '../core/trace.ts'
import type { Action } from './conductor.ts'
import type { RunConfig } from './ensemble.ts'

export type Scenario =
  /** A seed of the hunt. `like`: with the ensemble of this configuration instead of one that the seed draws. */
  | { readonly kind: 'seed'; readonly seed: number; readonly seconds: number; readonly like?: RunConfig | undefined }
  /** A piece of the museum, with our own code. */
  | { readonly kind: 'exhibit'; readonly name: string }

/** What is done to a run, and when. */
export interface PreparedRun {
  readonly config: RunConfig
  readonly choices: readonly { readonly atUs: number; readonly action: Action }[]
  /** Virtual µs at which it was over. */
  readonly endUs: number
  /** Of its trace; see sim/trace-hash.ts. */
  readonly hash: string
}

export interface Hunt {
  /** The first seed; then one after the other. */
  readonly from: number
  readonly seconds: number
  readonly like: RunConfig
}

export interface HuntFinding {
  readonly seed: number
  readonly property: string
  readonly sentence: string
  readonly event: TraceEvent
}

/** After each seed. */
export interface HuntProgress {
  /** Done so far. */
  readonly seeds: number
  readonly virtualUs: number
  /** What this seed found; nothing mostly. */
  readonly findings: readonly HuntFinding[]
  /** The rare things that it reached, for the first time in this hunt. */
  readonly marks: readonly { readonly mark: string; readonly seed: number }[]
  /** How many marks there are. */
  readonly allMarks: number
}

export type LabOrder =
  | { readonly kind: 'prepare'; readonly scenario: Scenario }
  | { readonly kind: 'hunt'; readonly hunt: Hunt }

export type LabNews =
  | { readonly kind: 'prepared'; readonly run: PreparedRun }
  | { readonly kind: 'failed'; readonly message: string }
  | ({ readonly kind: 'progress' } & HuntProgress)
