/** Connections of clients, as the bytes on them show. */
import type { EventId, TraceEvent } from '../core/trace.ts'
import type { Zxid } from '../core/wire/ids.ts'

/** One connection of a client, as the bytes on it show. */
export interface ClientConnection {
  readonly id: string
  readonly client: number
  readonly server: number
  /** 0 until it is granted. */
  session: bigint
  /** Sent and not answered, oldest first. */
  readonly requests: Request[]
  isAttached: boolean
  asked:
    | {
        readonly session: bigint
        readonly timeoutMs: number
        readonly lastZxid: Zxid
        readonly proof: number | undefined
      }
    | undefined
  hasAuthenticated: boolean
  readOnly: boolean
  lastZxid: Zxid
}

export interface Request {
  readonly xid: number
  readonly type: number
  readonly body: Uint8Array
  readonly event: TraceEvent
  /** When it was sent: the greatest zxid of a write that was answered, and its leader's committed history. */
  readonly floor: Zxid
  readonly floorBy: EventId | undefined
  readonly leaderCommitted: Zxid | undefined
  readonly leader: number
  readonly leaderEpoch: number | undefined
}
