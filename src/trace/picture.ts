/** What the ensemble looks like at one moment: the fold of the trace up to it. Views draw from this and nothing else.
 *  `trace/fold.ts` makes it. A value: it does not change any more, and what did not change between two pictures (a server,
 *  a client, a list) is the same object in both, so views may compare by identity. Only a `tree` is live: its
 *  `treeRevision` tells that it changed. `revision` goes up with every event. */

import type { ClientState } from '../core/client/trace.ts'
import type { VoteReason, VoteView } from '../core/election/trace.ts'
import type { MessageNote, TimerNote } from '../core/host.ts'
import type { RoleState, WatchKind } from '../core/server/trace.ts'
import type { EventId } from '../core/trace.ts'
import type { DataTree } from '../core/tree/data-tree.ts'
import type { ServerState } from '../core/wire/codes.ts'
import type { SessionId, Sid, Zxid } from '../core/wire/ids.ts'
import type { SyncReason, ZabState } from '../core/zab/trace.ts'

export interface Picture {
  /** Virtual µs. */
  readonly at: number
  readonly revision: number
  readonly servers: ReadonlyMap<Sid, ServerPicture>
  readonly clients: ReadonlyMap<number, ClientPicture>
  /** In flight at `at`, oldest first. */
  readonly messages: readonly MessagePicture[]
  readonly connections: ReadonlyMap<string, ConnectionPicture>
  /** The established leader of the newest epoch that is still serving, or the server that serves alone; if any. */
  readonly leader: Sid | undefined
  /** A quorum of voters is in BROADCAST with it; who is alone needs none. */
  readonly hasQuorum: boolean
  readonly lastCommitted: Zxid
  /** Newest last; bounded. */
  readonly firings: readonly FiringPicture[]
  /** Messages of each type since the run began, told or counted. */
  readonly traffic: ReadonlyMap<string, number>
}

export interface ServerPicture {
  readonly sid: Sid
  readonly process: 'stopped' | 'running' | 'halted'
  /** How often it was started. */
  readonly incarnation: number
  /** Why it is not running, in words of the trace: killed, or the reason of its halt. */
  readonly stopReason: string | undefined
  readonly damagedFile: string | undefined
  /** STOPPED when no process runs. */
  readonly state: RoleState | 'STOPPED'
  readonly zabState: ZabState
  readonly round: number
  readonly vote: VoteView | undefined
  readonly voteReason:
    | { readonly reason: VoteReason; readonly from: Sid; readonly against: VoteView | undefined }
    | undefined
  /** What this server has heard in this round, by sender. */
  readonly ballot: ReadonlyMap<
    Sid,
    { readonly vote: VoteView; readonly state: ServerState; readonly counted: boolean; readonly reason: VoteReason }
  >
  readonly quorumForVote: readonly Sid[] | undefined
  readonly leader: Sid | undefined
  readonly acceptedEpoch: number
  readonly currentEpoch: number
  /** Newest zxid: applied to its tree. */
  readonly lastApplied: Zxid
  readonly lastLogged: Zxid
  readonly lastDurable: Zxid
  readonly lastCommitted: Zxid
  /** The newest records of its log, oldest first, bounded. */
  readonly log: readonly LogEntryPicture[]
  /** Records are in the log that did not fit in `log`, or are older than what the trace told. */
  readonly logIsCut: boolean
  readonly sync:
    | {
        readonly mode: 'DIFF' | 'TRUNC' | 'SNAP'
        readonly reason: SyncReason
        readonly from: Sid
        readonly peerZxid: Zxid
        readonly to: Zxid
      }
    | undefined
  readonly serving: boolean
  /** LOOKING in vain, and answering those who are content with reading. */
  readonly readOnly: boolean
  readonly timers: ReadonlyMap<number, { readonly note: TimerNote; readonly setAt: number; readonly dueAt: number }>
  /** Sessions attached to this server by connection. */
  readonly attached: ReadonlyMap<SessionId, { readonly connection: string; readonly timeoutMs: number }>
  readonly watches: readonly { readonly session: SessionId; readonly path: string; readonly watch: WatchKind }[]
  /** Global sessions as this server knows them: timeout in ms. */
  readonly sessions: ReadonlyMap<SessionId, number>
  /** The same txns on the same tree code. Undefined before the first treeLoaded. Read only. */
  readonly tree: DataTree | undefined
  /** Goes up when the tree changes. */
  readonly treeRevision: number
  /** Set when the replica's digest and the picture's differ: shown, never smoothed over. */
  readonly digestMismatch: Zxid | undefined
}

export interface LogEntryPicture {
  readonly zxid: Zxid
  /** proposed (leader only, not yet in its log), logged, durable, committed. */
  readonly stage: 'proposed' | 'logged' | 'durable' | 'committed'
  readonly type: string
  readonly path: string | undefined
  /** Leader only: who has ACKed it, in the order of counting. */
  readonly acks: readonly Sid[]
}

export interface ClientPicture {
  readonly station: number
  readonly running: boolean
  readonly state: ClientState
  readonly session: SessionId
  readonly server: Sid | undefined
  readonly watches: readonly { readonly path: string; readonly watch: WatchKind }[]
  readonly pending: readonly { readonly xid: number; readonly op: string; readonly path: string | undefined }[]
  readonly timers: ReadonlyMap<number, { readonly note: TimerNote; readonly setAt: number; readonly dueAt: number }>
}

export interface MessagePicture {
  readonly id: EventId
  readonly from: number
  readonly to: number
  readonly connection: string
  readonly note: MessageNote
  readonly sizeBytes: number
  readonly sentAt: number
  readonly arrivesAt: number
}

export interface ConnectionPicture {
  readonly id: string
  readonly from: number
  readonly to: number
  readonly port: 'election' | 'quorum' | 'client'
  readonly open: boolean
}

export interface FiringPicture {
  readonly id: EventId
  readonly at: number
  readonly server: Sid
  readonly session: SessionId
  /** The watched path; `eventPath` is what it happened to, below it for a recursive watch. */
  readonly path: string
  readonly eventPath: string
  readonly watch: WatchKind
  readonly event: string
  readonly zxid: Zxid
  readonly deliveredAt: number | undefined
}
