/** What can be broken, as plain data: faults are actions of a run like any other, recorded with their time, so the same run
 *  breaks in the same way in the workers and in the simulator.
 *
 *  Two sorts. Some happen once (a kill, a power cut, a reset). The others are conditions: they hold for a station from then
 *  on, over all its lives, until they are changed. A connection is FIFO and loses nothing inside whatever the fault; and
 *  nothing arrives in the window it was sent in.
 *
 *  Taken for impossible, as ZooKeeper does: bytes that change on a connection, writes that go to another place of the disk,
 *  an older image of a disk, two servers with one id. */
import type { EventMatch } from './ensemble.ts'
import type { Span } from './prng.ts'

/** By its server's port: what runs over a connection. */
export type PortClass = 'client' | 'quorum' | 'election'
export const PORT_CLASSES: readonly PortClass[] = ['client', 'quorum', 'election']

/** What a power cut takes of that which no completed sync covers. all, none; a number: a random part, drawn from it; a
 *  list: all but these pieces, counted from the oldest (a piece: one page of an append, or one other change). */
export type Loss = 'all' | 'none' | number | readonly number[]

/** Where in its doings a process is to be stopped. */
export interface CrashPoint {
  /** One of its port calls, or the completion of a sync; 'any' of them. Or its own trace event of this shape: what the
   *  event tells of has not happened yet. */
  readonly before: Effect | 'any' | EventMatch
  /** 1: the next one. */
  readonly nth: number
}

export type Effect =
  | 'append'
  | 'truncate'
  | 'replace'
  | 'remove'
  | 'sync'
  | 'synced'
  | 'connect'
  | 'write'
  | 'close'
  | 'timer'

/** What one directed link does with what is sent over it. */
export interface LinkState {
  /** held: it waits, in order, until the link is open again. cut: it is lost without a word, and a connection that has lost
   *  something is reset at the next write after the link is whole. reset: connections break at once, on both sides. */
  readonly way?: 'held' | 'cut' | 'reset'
  /** Added to each frame's latency. */
  readonly delayUs?: Span
  /** Time that the link is busy with each KiB. */
  readonly usPerKib?: number
  /** Data arrives in random pieces of at most so many bytes. */
  readonly pieceBytes?: number
}

export interface ClockState {
  /** Of the monotonic clock, and so of the wall clock; 1 where absent. */
  readonly rate?: number
  /** Added to the wall clock, ms. */
  readonly offsetMs?: number
  /** Clocks show multiples of it, ms. */
  readonly grainMs?: number
  /** Timers fire at multiples of it only, µs of virtual time: a throttled tab. */
  readonly timerGrainUs?: number
}

export interface DiskState {
  /** Syncs do not complete. */
  readonly stalled?: boolean
  /** Syncs take so many times longer. */
  readonly slow?: number
  /** EIO: of the next changes and syncs, reads of files whose path contains the text. */
  readonly failWrites?: boolean
  readonly failSyncs?: boolean
  readonly failReads?: string
  /** So many more bytes fit, counted from when this is set. */
  readonly roomBytes?: number
}

/** What holds for one station. */
export interface Conditions {
  /** By `${from}>${to}/${class}`; only of links from or to this station. */
  readonly links?: { readonly [link: string]: LinkState }
  readonly clock?: ClockState
  readonly disk?: DiskState
  /** Each step keeps the process busy for so long. */
  readonly stepUs?: number
}

export type Fault =
  /** Ends a process between two steps. `loss`: its machine loses power. `silent`: the machine is gone as well, its peers are
   *  told nothing until it is back. */
  | { readonly kind: 'kill'; readonly station: number; readonly loss?: Loss | undefined; readonly silent?: boolean }
  /** Ends it inside a step, when it gets there in this life. */
  | {
      readonly kind: 'crashAt'
      readonly station: number
      readonly point: CrashPoint
      readonly loss?: Loss | undefined
      readonly silent?: boolean
    }
  /** It is not stopped there any more. */
  | { readonly kind: 'disarm'; readonly station: number }
  /** All servers at once; also what dead ones had not synced. */
  | { readonly kind: 'powerCut'; readonly loss: Loss }
  | { readonly kind: 'pause'; readonly station: number }
  /** Its clock stood still meanwhile, or ran on. What has become due meanwhile comes in a random order, FIFO of connections
   *  kept. */
  | { readonly kind: 'resume'; readonly station: number; readonly clock: 'stood' | 'ran' }
  | { readonly kind: 'slow'; readonly station: number; readonly stepUs: number }
  | { readonly kind: 'clock'; readonly station: number; readonly clock: ClockState }
  | { readonly kind: 'disk'; readonly station: number; readonly disk: DiskState }
  /** Flips bits on the disk. `path`: of files whose path contains it; the place is drawn from `seed` among what is synced. */
  | { readonly kind: 'rot'; readonly station: number; readonly path: string; readonly seed: number }
  /** Every directed link from one of `from` to one of `to`; all ports where none is named. An empty state heals. */
  | {
      readonly kind: 'link'
      readonly from: readonly number[]
      readonly to: readonly number[]
      readonly ports?: readonly PortClass[]
      readonly state: LinkState
    }
  /** All links of all stations. */
  | { readonly kind: 'heal' }
  /** Connections between the two break now. */
  | { readonly kind: 'reset'; readonly a: number; readonly b: number; readonly ports?: readonly PortClass[] }

export const linkName = (from: number, to: number, port: PortClass): string => `${from}>${to}/${port}`

/** As the trace shows it: a shell command. */
export function faultCommand(fault: Fault): string {
  const loss = 'loss' in fault && fault.loss !== undefined ? ` loss=${JSON.stringify(fault.loss)}` : ''
  switch (fault.kind) {
    case 'kill':
      return `kill ${fault.station}${fault.silent ? ' silent' : ''}${loss}`
    case 'crashAt':
      return `crash ${fault.station} before ${text(fault.point.before)} ${fault.point.nth}${fault.silent ? ' silent' : ''}${loss}`
    case 'powerCut':
      return `power-cut${loss}`
    case 'disarm':
    case 'pause':
    case 'resume':
      return `${fault.kind} ${fault.station}${fault.kind === 'resume' ? ` clock=${fault.clock}` : ''}`
    case 'slow':
      return `slow ${fault.station} ${fault.stepUs}`
    case 'clock':
      return `clock ${fault.station} ${text(fault.clock)}`
    case 'disk':
      return `disk ${fault.station} ${text(fault.disk)}`
    case 'rot':
      return `rot ${fault.station} ${fault.path}`
    case 'link':
      return `link ${fault.from.join(',')} > ${fault.to.join(',')} ${(fault.ports ?? ['all']).join(',')} ${text(fault.state)}`
    case 'heal':
      return 'heal'
    case 'reset':
      return `reset ${fault.a} - ${fault.b}${fault.ports ? ` ${fault.ports.join(',')}` : ''}`
  }
}

const text = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part))
