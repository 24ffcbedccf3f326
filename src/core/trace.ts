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
  /** A thing a person or script did, as it entered the run: the equal shell command. `fault`: what is broken or healed by it,
   *  where it is one; see hosts/fault.ts. */
  | { readonly kind: 'action'; readonly command: string; readonly fault?: { readonly kind: string } }
  /** The process does nothing until it is resumed; what comes meanwhile waits. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'resumed' }
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
  /** Messages (by the seqs of this station's `message` events) that a stopped link held back are on their way now. Their
   *  events said -1 for arrivesAt, as do those of messages that a cut link loses. */
  | {
      readonly kind: 'released'
      readonly connection: string
      readonly to: number
      readonly messages: readonly number[]
      readonly arrivesAt: number
    }
  /** Witness of the disk (only in runs that ask for it): a file has changed, which may still be lost. `change` counts the
   *  changes of this disk, over all lives of its server. `bytes`: what was appended or is there now. */
  | {
      readonly kind: 'diskChanged'
      readonly change: number
      readonly path: string
      readonly how: 'append' | 'truncate' | 'replace' | 'remove'
      /** Of the file afterwards; 0 when it is removed. */
      readonly sizeBytes: number
      readonly bytes?: Uint8Array
    }
  /** Witness of the disk: a sync is complete, and no power cut takes a change up to `change` back. Told just before the
   *  process hears of it. */
  | { readonly kind: 'diskSynced'; readonly change: number }
  /** Witness of the disk: what is in the files that a fault has changed, null for one that is not there. `declared`: data
   *  that was safe may be gone or wrong (bit rot, wiped disk); else only what no sync covered is. */
  | {
      readonly kind: 'diskDamaged'
      readonly cause: 'powerCut' | 'rot' | 'wiped'
      readonly declared: boolean
      readonly files: readonly { readonly path: string; readonly bytes: Uint8Array | null }[]
    }
  /** Witness of the network: data left on a connection, or came. Each direction of a connection counts its frames. */
  | {
      readonly kind: 'frameSent' | 'frameCame'
      readonly connection: string
      readonly toOpener: boolean
      /** The other side. */
      readonly peer: number
      readonly frame: number
      readonly sizeBytes: number
      /** frameSent: when it arrives, -1 while that is not known; frameCame: when it was sent. */
      readonly time: number
    }
  /** Witness of the disk: it refused a change, or a sync failed. */
  | { readonly kind: 'diskFailed'; readonly code: 'full' | 'io' }
  /** Witness of the network: packets that this server put on a quorum connection in one moment, as its bytes say. */
  | {
      readonly kind: 'packetsSent'
      readonly connection: string
      readonly to: number
      readonly packets: readonly PacketSeen[]
    }
  /** Witness of the network: votes that this server sent on an election connection. */
  | {
      readonly kind: 'votesSent'
      readonly connection: string
      readonly to: number
      readonly votes: readonly VoteSeen[]
    }
  /** Witness of the network, at a server: sessions it heard of, by a learner's answer to its PING or from a client of its
   *  own; of each of those at most a few times a second. */
  | {
      readonly kind: 'touchesCame'
      readonly connection: string
      readonly from: number
      /** Those in the answer to a PING; undefined: from the client of this connection. */
      readonly sessions?: readonly bigint[]
    }
  /** Witness of the network, at a client: frames that it put on its connection to a server in one moment, or that came.
   *  Without their lengths; passwords are zeros, and of auth packets only the header is there. */
  | {
      readonly kind: 'requestsSent' | 'repliesCame'
      readonly connection: string
      readonly server: number
      readonly frames: readonly Uint8Array[]
      /** With the connect request and its answer, which come alone: tells passwords apart without giving them away. */
      readonly proof?: number
    }
  /** Under load, messages are counted instead of listed: how many of each type since the last event of this kind. */
  | { readonly kind: 'traffic'; readonly counts: { readonly [type: string]: number } }

/** `type`: as in PacketType. */
export interface PacketSeen {
  readonly type: number
  readonly zxid: bigint
  /** PROPOSAL, INFORM, and INFORMANDACTIVATE: `fingerprint` of the txn; FOLLOWERINFO and OBSERVERINFO: the sid; ACKEPOCH: the epoch in its data;
   *  REVALIDATE of a leader: 1 where the session is valid. */
  readonly extra: number
  /** REVALIDATE. */
  readonly session?: bigint
}

/** What a notification said; `state`: as in ServerState. */
export interface VoteSeen {
  readonly state: number
  readonly leader: number
  readonly zxid: bigint
  readonly round: number
  readonly epoch: number
}

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
