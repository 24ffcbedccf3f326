/** What page, conductor and station workers say to each other. Plain data; kept out of the worker files so that the page
 *  can import it. Peer bytes do not go here but over the mesh. */
import type { TraceEvent } from '../../core/trace.ts'
import type { Action, Grant, Outcome, Report } from '../conductor.ts'
import type { EventMatch, HostNotice, Rate, RunConfig, Storage } from '../ensemble.ts'
import type { Birth, TraceLevel } from '../station.ts'

/** A worker, and which one of that name it is: 1 for the first. */
export interface WorkerLife {
  readonly worker: number
  readonly life: number
}

/** All clients live in one worker. */
export const CLIENTS_WORKER = 100

export interface EnsembleId {
  /** In every channel, lock and file name, so that two ensembles of one origin never meet. */
  readonly ensemble: string
  /** Of this run; mail of another is not taken. */
  readonly run: number
}

export interface BeginStation extends EnsembleId, WorkerLife {
  readonly kind: 'begin'
  readonly storage: Storage
  /** All worker numbers that there may ever be. */
  readonly workers: readonly number[]
  /** Those that live now; a link to each must stand before this one is ready. */
  readonly peers: readonly WorkerLife[]
  /** What is on the disk of a server whose files are in memory: a process ends, its machine does not. */
  readonly files?: readonly KeptFile[] | undefined
}

export interface KeptFile {
  readonly path: string
  readonly bytes: Uint8Array
}

export type ToStation =
  | BeginStation
  | {
      readonly kind: 'window'
      readonly births: readonly Birth[]
      readonly ends: readonly number[]
      readonly grants: readonly Grant[]
    }
  /** That worker failed; do not wait for it. */
  | { readonly kind: 'forget'; readonly worker: number }
  /** It is about to be ended: what is on its disk, if that is in its memory? */
  | { readonly kind: 'files' }

export type TroubleCode = Extract<HostNotice, { kind: 'trouble' }>['code']

export type FromStation =
  | { readonly kind: 'ready' }
  | { readonly kind: 'reports'; readonly reports: readonly Report[] }
  | { readonly kind: 'files'; readonly files: readonly KeptFile[] }
  | { readonly kind: 'trouble'; readonly code: TroubleCode; readonly message: string }
  /** It cannot go on. */
  | { readonly kind: 'failed'; readonly message: string }

export interface BeginConductor {
  readonly config: RunConfig
  readonly ensemble: string
  readonly storage: Storage
  /** Batches go out, acknowledgements come in. */
  readonly trace: MessagePort
}

/** Conductor to page, over the plain port, at most once a frame. */
export interface TraceBatch {
  readonly batch: number
  readonly events: readonly TraceEvent[]
  readonly notices: readonly HostNotice[]
}

/** An answer to the page, which it takes to be given only once it has that batch. */
export interface Reply<T> {
  readonly value: T
  readonly batch: number
}

/** The conductor worker's doors, over comlink. */
export interface ConductorApi {
  begin(begin: BeginConductor): void
  setRate(rate: Rate): void
  setTraceLevel(level: TraceLevel): void
  isRunning(station: number): boolean
  advance(): Promise<Reply<number>>
  runUntil(
    match: EventMatch | readonly EventMatch[],
    limitUs?: number,
    rate?: Rate,
  ): Promise<Reply<TraceEvent | undefined>>
  /** The error's text where it cannot be done: errors themselves cross workers badly. */
  enter(action: Action): Promise<Reply<{ readonly outcome: Outcome } | { readonly error: string }>>
  /** Resolves when no worker is left. */
  dispose(): Promise<void>
}
