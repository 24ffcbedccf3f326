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
    }

/** A running process. It lives by its ports; a client also takes what is typed. */
export interface Process {
  type?(line: string, done: (result: CliResult) => void): void
  complete?(line: string, cursor: number, done: (completion: Completion) => void): void
}

export type Launch = (host: Host, spec: ProcessSpec) => Process
