/** What runs in a station. */
import type { CliResult, Completion } from '../core/cli/result.ts'
import type { Host } from '../core/host.ts'
import type { LoadSpec, RunConfig } from './ensemble.ts'

/** What a station is to start, as plain data: it crosses a worker boundary. */
export type ProcessSpec =
  | { readonly what: 'server'; readonly sid: number; readonly config: RunConfig }
  | {
      readonly what: 'client'
      readonly station: number
      readonly connect: string
      readonly config: RunConfig
      readonly load?: LoadSpec | undefined
      readonly workload?: WorkloadSpec | undefined
    }

/** A client that does all sorts of things by itself; the simulator's. Its dice are the run's. */
export interface WorkloadSpec {
  /** Sessions that the process has at once. */
  readonly sessions: number
  /** Mean pause between two requests of a session, ms of virtual time. */
  readonly pauseMs: number
  /** Requests that a session may have under way. */
  readonly outstanding: number
  /** Paths that all clients share. */
  readonly keys: number
  readonly timeoutMs: number
  /** How often each kind of deed is chosen, against the others; what is not named is not done. */
  readonly deeds: { readonly [deed: string]: number }
  /** Deeds that are left out, by their count in this process: how a failing run is made smaller. */
  readonly skip?: readonly number[]
  /** Virtual µs after which nothing new is begun. */
  readonly untilUs?: number
}

/** A running process. It lives by its ports; a client also takes what is typed. */
export interface Process {
  type?(line: string, done: (result: CliResult) => void): void
  complete?(line: string, cursor: number, done: (completion: Completion) => void): void
}

export type Launch = (host: Host, spec: ProcessSpec) => Process
