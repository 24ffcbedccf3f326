/** What the page (or a test) may ask of a running ensemble, and the trace it gets back. The browser host and the
 *  simulator both give this interface. Plain data only: it crosses a worker boundary. */
import type { CliResult, Completion } from '../core/cli/result.ts'
import type { ReplicaConfig } from '../core/config/replica-config.ts'
import type { TraceEvent } from '../core/trace.ts'
import type { Fault } from './fault.ts'

/** Everything that decides a run, together with the recorded actions. */
export interface RunConfig {
  /** 1 … 9; sids are 1 … servers, participants unless they are named in `observers`. */
  readonly servers: number
  readonly seed: number
  /** One-way time of a message on every link, drawn for each message; min is also the longest lockstep window. Whole µs. */
  readonly latencyUs: { readonly min: number; readonly max: number }
  /** How long a disk sync takes. */
  readonly diskSyncUs: { readonly min: number; readonly max: number }
  readonly tickTimeMs: number
  readonly initLimit: number
  readonly syncLimit: number
  /** ms since 1970 at virtual time 0. */
  readonly wallStartMs: number
  /** Log records between snapshots, ZooKeeper's snapCount. */
  readonly snapCount: number
  /** Requests that all servers take on at once, zookeeper.globalOutstandingLimit; ZooKeeper's 1000 where it is not given. */
  readonly globalOutstandingLimit?: number | undefined
  /** Where the history of an empty disk ends; 0 where it is not given. */
  readonly firstZxid?: bigint | undefined
  /** Which servers start with the run; the others wait for `start`. */
  readonly autostart: readonly number[]
  /** Those of the servers that do not vote. */
  readonly observers?: readonly number[] | undefined
  /** Groups of sids, and the weights of voters that do not count as one: quorums are hierarchical then. */
  readonly hierarchy?:
    | { readonly groups: readonly (readonly number[])[]; readonly weights: { readonly [sid: string]: number } }
    | undefined
  /** Further settings of every server, which else has ZooKeeper's defaults. */
  readonly knobs?: Knobs | undefined
  /** The trace tells what really happens to disks, or to disks and frames on the network: for checkers. */
  readonly witness?: 'disk' | 'all' | undefined
}

export type Knobs = Partial<
  Pick<
    ReplicaConfig,
    | 'commitLogCount'
    | 'enforceQuota'
    | 'hastyElection'
    | 'dbAutocreate'
    | 'extendedTypesEnabled'
    | 'localSessionsEnabled'
    | 'localSessionsUpgradingEnabled'
    | 'reconfigEnabled'
    | 'superDigest'
    | 'minSessionTimeoutMs'
    | 'maxSessionTimeoutMs'
    | 'minNotificationIntervalMs'
    | 'maxNotificationIntervalMs'
    | 'cnxTimeoutMs'
    | 'maxClientCnxns'
  >
>

/** What a client does that writes by itself instead of taking lines: so many setData of so many bytes at once. */
export interface LoadSpec {
  readonly outstanding: number
  readonly dataBytes: number
}

export type Storage = 'opfs' | 'memory'

/** Virtual µs for each real µs; 'max' as fast as it goes; 'paused' not at all. */
export type Rate = number | 'max' | 'paused'

/** Events that have all these fields with these values, e.g. {kind:'stateChanged', to:'LEADING', station: 2}. */
export type EventMatch = { readonly [field: string]: string | number | bigint | boolean }

/** What the host tells, besides the trace. */
export type HostNotice =
  /** Virtual time up to which the trace is complete, the pace it runs at, and wall figures for the pace display. */
  | { readonly kind: 'time'; readonly edgeUs: number; readonly rate: Rate; readonly idle: boolean }
  /** A part of the host failed (worker did not load, disk full, OPFS missing …). The run may go on without it. */
  | {
      readonly kind: 'trouble'
      readonly code: 'opfsMissing' | 'diskFull' | 'workerFailed' | 'storageBusy'
      readonly station?: number
      readonly message: string
    }

export interface Ensemble {
  readonly config: RunConfig
  /** Called with new events in run order (at, station, seq), at most once an animation frame, and with notices. */
  listen(onTrace: (events: readonly TraceEvent[]) => void, onNotice: (notice: HostNotice) => void): void
  setRate(rate: Rate): void
  /** Executes the next instant at which anything is due, and only that. Resolves with the new edge. */
  advance(): Promise<number>
  /** Runs as fast as it goes (or at `rate`) until an event matches, then pauses at the end of its window; resolves with that
   *  event, or with undefined after `limitUs` of virtual time, or when somebody pauses or asks for another event. Events
   *  that the trace level leaves out never match. */
  runUntil(match: EventMatch | readonly EventMatch[], limitUs?: number, rate?: Rate): Promise<TraceEvent | undefined>
  /** Orders below take effect at once, paused or not, one after the other, each in a microsecond of its own; recorded with
   *  their virtual time as `action` events. Rejected with the reason when they cannot be done. */
  start(sid: number): Promise<void>
  kill(sid: number): Promise<void>
  /** Breaks something, or heals it. */
  fault(fault: Fault): Promise<void>
  /** A new zkCli process; resolves with its station number (101 …). `connect`: "zk1:2181,zk2:2181", or the words that start a
   *  program: "zkCli.sh -server zk2:2181 -r ls /", which ends by itself, or "nc zk2 2181", which ends when the one line typed
   *  into it is answered. With `load` it writes instead; whatever is typed into it, it answers with its count of
   *  acknowledged writes and of failed ones. */
  openClient(connect: string, load?: LoadSpec): Promise<number>
  /** Ends it without a farewell, as closing a terminal window does. */
  killClient(client: number): Promise<void>
  /** Types a line into a zkCli; resolves when its answer is complete, for which virtual time must go on. A server takes
   *  lines too: "zkCleanup.sh -n 3". */
  type(client: number, line: string): Promise<CliResult>
  complete(client: number, line: string, cursor: number): Promise<Completion>
  /** Whether the process runs now, which the trace may tell later. */
  isRunning(sid: number): Promise<boolean>
  /** The text of a file of a server's machine, whether it runs or not. */
  readFile(sid: number, name: 'zoo.cfg' | 'myid'): Promise<string>
  /** full: every message is told; state: messages are counted (`traffic`), what changes the picture is told; off: nothing (benchmarks). */
  setTraceLevel(level: 'full' | 'state' | 'off'): void
  /** Stops all workers; files stay. */
  dispose(): Promise<void>
  /** Stops all and deletes the ensemble's files. */
  wipe(): Promise<void>
}
