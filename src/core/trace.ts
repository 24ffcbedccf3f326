/** The trace: what happened, told where the effect is. Plain data (bigints and byte arrays included).
 *  Each room declares its own events; here they are joined. Views draw from these and from nothing else. */
import type { ClientEvent } from './client/trace.ts'
import type { ElectionEvent } from './election/trace.ts'
import type { CloseCause, MessageNote, TimerNote } from './host.ts'
import type { ServerEvent } from './server/trace.ts'
import type { StorageEvent } from './storage/trace.ts'
import type { ZabEvent } from './zab/trace.ts'

/** Emitted by the core through its trace port. */
export type CoreEvent = ElectionEvent | ZabEvent | StorageEvent | ServerEvent | ClientEvent

/** Emitted by the host for what it carries: processes, connections, messages, timers. */
export type HostEvent =
  /** A process starts. Station: the server's sid, or a client's number from 101 on. */
  | { readonly kind: 'started'; readonly what: 'server' | 'client'; readonly incarnation: number }
  /** A process was killed from outside: everything in its memory is gone. */
  | { readonly kind: 'killed' }
  /** A thing a person or script did, as it entered the run: the equal shell command. */
  | { readonly kind: 'action'; readonly command: string }
  /** One message handed to a connection. Its id is this event's (station, seq). In flight from `at` to `arrivesAt`. */
  | {
      readonly kind: 'message'
      readonly connection: string
      readonly to: number
      readonly note: MessageNote
      readonly sizeBytes: number
      readonly arrivesAt: number
    }
  /** This side opened a connection (it asked for it), or it became open, or it ended. `to`: -1 where nobody has that name. */
  | { readonly kind: 'connecting'; readonly connection: string; readonly to: number; readonly port: number }
  | { readonly kind: 'connected'; readonly connection: string; readonly to: number; readonly port: number }
  | {
      readonly kind: 'disconnected'
      readonly connection: string
      readonly to: number
      readonly cause: CloseCause | 'own'
    }
  /** Bytes on a connection made no sense: it was closed for that. Without a connection: a message of the host's that came
   *  from none of its stations, and was dropped. */
  | { readonly kind: 'malformed'; readonly connection: string; readonly from: number; readonly reason: string }
  /** A timer with a note. `timer` is unique in the station. */
  | { readonly kind: 'timerSet'; readonly timer: number; readonly note: TimerNote; readonly dueAt: number }
  | { readonly kind: 'timerEnded'; readonly timer: number; readonly fired: boolean }
  /** The core threw: a bug or a broken invariant. The process is dead; the others go on. */
  | { readonly kind: 'crashed'; readonly reason: string }
  /** Under load, messages are counted instead of listed: how many of each type since the last event of this kind. */
  | { readonly kind: 'traffic'; readonly counts: { readonly [type: string]: number } }

/** Names one event of a run. */
export interface EventId {
  readonly station: number
  readonly seq: number
}

/** Added by the host. `at`: virtual time in whole microseconds since the run began. Order of a run: at, station, seq.
 *  Station 0 is the conductor. `because`: the message, timer, action or connection event whose handling
 *  this event is part of. (Not `cause`: several events have a cause of their own to tell.) */
export interface Stamp extends EventId {
  readonly at: number
  readonly because?: EventId
}
export type TraceEvent = Stamp & (CoreEvent | HostEvent)
