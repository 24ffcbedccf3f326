/** What the page remembers besides the trace: the user's choices, ids and settings, and the verbs of the user.
 *  Protocol state is not here: it is in the picture (`usePicture`). */
import type { EventId } from '../../core/trace.ts'
import type { Sid } from '../../core/wire/ids.ts'
import type { EventMatch, HostNotice, Rate, RunConfig, Storage } from '../../hosts/ensemble.ts'

/** Chosen speed: virtual seconds for each real second, as fast as it goes, or auto (see trace/pace.ts). */
export type Speed = number | 'max' | 'auto'

/** The ends of the Speed slider, virtual seconds for each real second. */
export const SLOWEST = 0.01
export const FASTEST = 100

export interface Trouble {
  readonly id: number
  readonly code: Extract<HostNotice, { kind: 'trouble' }>['code'] | 'badOption' | 'orderFailed'
  readonly station: Sid | undefined
  readonly message: string
}

/** One zkCli process and what the page shows of it. */
export interface TerminalTab {
  /** The client's station, 101 …; -1 while it is being opened. */
  readonly station: number
  /** Of those that died here before: what they printed last may still have to be shown. */
  readonly former: readonly number[]
  readonly id: number
  /** "zk1:2181,zk2:2181": the server string of its prompt. */
  readonly connect: string
  /** Commands answered so far: the number in the prompt. */
  readonly commands: number
  readonly lines: readonly TerminalLine[]
  /** Typed lines whose answer has not come yet, oldest first. */
  readonly waiting: readonly string[]
  readonly history: readonly string[]
}

export interface TerminalLine {
  readonly id: number
  /** in: a prompt and what was typed; out, err: zkCli's; page: the page's own verbs and clicks (`:kill 3`). */
  readonly stream: 'in' | 'out' | 'err' | 'page'
  readonly text: string
  /** The prompt before it, for `in`. */
  readonly prompt?: string
}

export interface EnsembleSlice {
  readonly config: RunConfig
  readonly storage: Storage
  readonly troubles: readonly Trouble[]
  /** Every order is printed in the terminal as the equal command; a failure becomes a trouble, never an exception. */
  start(sid: Sid): Promise<void>
  kill(sid: Sid): Promise<void>
  /** Kills who leads now; resolves with its sid, or undefined when nobody leads. */
  crashLeader(): Promise<Sid | undefined>
  /** Deletes all files of the ensemble and begins anew with empty disks. */
  cleanSlate(): Promise<void>
  report(trouble: Omit<Trouble, 'id'>): void
  dismiss(trouble: number): void
}

export interface TimeSlice {
  readonly speed: Speed
  readonly paused: boolean
  /** The pace at this moment: what auto chose, or the chosen speed; 'paused' while paused. */
  readonly pace: Rate
  /** So many messages fly that they are counted instead of told: the picture shows no flights. */
  readonly counting: boolean
  /** The condition that the run is going on to, in the user's words. */
  readonly waitingFor: string | undefined
  setSpeed(speed: Speed): void
  pause(): void
  resume(): void
  /** Pauses, then shows the next event that is not quiet; resolves when it is shown. */
  step(): Promise<void>
  /** Runs, at the chosen speed unless another is given, until an event matches, then pauses. False when it was paused before.
   *  @throws ConditionError with a sentence when the words make no sense. */
  until(condition: string | EventMatch | readonly EventMatch[], speed?: Speed): Promise<boolean>
}

/** What the inspector of the stage shows. */
export type Selected =
  | { readonly kind: 'server'; readonly sid: Sid }
  | { readonly kind: 'client'; readonly station: number }
  | { readonly kind: 'message'; readonly id: EventId }

export interface SelectionSlice {
  readonly selected: Selected | undefined
  /** Whose tree is shown; 'leader' follows the leader (the lowest running server while there is none). */
  readonly treeServer: Sid | 'leader'
  readonly znode: string | undefined
  readonly event: EventId | undefined
  select(what: Selected | undefined): void
  showTreeOf(server: Sid | 'leader'): void
  selectZnode(path: string | undefined): void
  selectEvent(event: EventId | undefined): void
}

export type Theme = 'system' | 'light' | 'dark'

/** What may stand in a tab. On a desk some of them have places of their own. */
export type PaneId = 'terminal' | 'tree' | 'ballot' | 'events' | 'watches' | 'sessions' | 'checks'

export interface PanelsSlice {
  readonly theme: Theme
  /** Panes in the order in which they were last asked for, the newest first: a row of tabs shows the first that it has. */
  readonly front: readonly PaneId[]
  setTheme(theme: Theme): void
  showPane(pane: PaneId): void
}

export interface TerminalSlice {
  readonly tabs: readonly TerminalTab[]
  /** Id of the tab in front. */
  readonly activeTab: number
  /** Opens a zkCli; `connect` defaults to all servers of the ensemble, starting with a different one for each tab. */
  openTab(connect?: string): Promise<number>
  closeTab(id: number): Promise<void>
  selectTab(id: number): void
  /** A line as typed: to zkCli, to the machine's shell when it is for that (`zkServer.sh status`), or to the page when it
   *  starts with ':'. Resolves with the printed lines. */
  type(id: number, line: string): Promise<readonly string[]>
  complete(
    id: number,
    line: string,
    cursor: number,
  ): Promise<{ readonly candidates: readonly string[]; readonly from: number }>
  clearTab(id: number): void
  /** Prints the command that equals a click, in the tab in front. */
  echo(command: string): void
}

export type PageState = EnsembleSlice & TimeSlice & SelectionSlice & PanelsSlice & TerminalSlice
