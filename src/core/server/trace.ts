import type { ServerState } from '../wire/codes.ts'
import type { SessionId, Sid, Zxid } from '../wire/ids.ts'

export type WatchKind = 'data' | 'exists' | 'child' | 'persistent' | 'persistentRecursive'

/** A standalone server is none of the states in which an ensemble's servers are. */
export type RoleState = ServerState | 'STANDALONE'

export type ServerEvent =
  /** The replica's configuration, once at its start. */
  | {
      readonly kind: 'configured'
      readonly sid: Sid
      readonly voters: readonly Sid[]
      readonly observers: readonly Sid[]
      readonly tickTimeMs: number
      readonly initLimit: number
      readonly syncLimit: number
      /** The text of the configuration, with weights and version. */
      readonly quorum?: string
      /** An empty disk is that of a server that has lost its data (db.autocreate=false). */
      readonly distrustsEmptyDisk?: boolean
    }
  /** A new membership was proposed. Until it is in force, decisions need a quorum of it and of the old one. */
  | {
      readonly kind: 'configProposed'
      readonly version: Zxid
      readonly voters: readonly Sid[]
      readonly observers: readonly Sid[]
      /** The text of the configuration. */
      readonly quorum: string
    }
  /** This server lives under this membership now. `quorum`, `mtimeMs`: data and mtime of /zookeeper/config from here on. */
  | {
      readonly kind: 'configActivated'
      readonly version: Zxid
      readonly voters: readonly Sid[]
      readonly observers: readonly Sid[]
      readonly quorum: string
      readonly mtimeMs: number
    }
  /** A reconfig has named the leader: this server goes over to it, or leads, without an election. */
  | { readonly kind: 'designated'; readonly leader: Sid }
  | {
      readonly kind: 'stateChanged'
      readonly from: RoleState | 'STARTING'
      readonly to: RoleState
      readonly reason: string
    }
  /** LOOKING for so long that it serves those who are content with reading what it has; or that no more. */
  | { readonly kind: 'readOnlyMode'; readonly on: boolean; readonly zxid: Zxid }
  /** Stopped itself: it can no longer keep its promises. `damage` names the file where there is one. */
  | { readonly kind: 'halted'; readonly reason: string; readonly file?: string }
  /** A txn was executed on the tree. `logged`: header, txn and digest as in the log, so that the picture can do the same. */
  | {
      readonly kind: 'applied'
      readonly zxid: Zxid
      readonly phase: 'sync' | 'serving'
      readonly logged: Uint8Array
      /** The tree's digest afterwards. */
      readonly digest: bigint
    }
  | { readonly kind: 'sessionCreated'; readonly session: SessionId; readonly timeoutMs: number; readonly zxid: Zxid }
  | { readonly kind: 'sessionClosing'; readonly session: SessionId; readonly cause: 'expired' | 'closed' }
  | { readonly kind: 'sessionClosed'; readonly session: SessionId; readonly zxid: Zxid }
  /** A client's connection was given this session; detached when it ends. */
  | {
      readonly kind: 'sessionAttached'
      readonly session: SessionId
      readonly connection: string
      readonly timeoutMs: number
    }
  | { readonly kind: 'sessionDetached'; readonly session: SessionId; readonly connection: string }
  | { readonly kind: 'watchSet'; readonly session: SessionId; readonly path: string; readonly watch: WatchKind }
  /** The watch event was queued on the connection. `event`: NodeCreated …; a one-shot watch is gone now. */
  | {
      readonly kind: 'watchFired'
      readonly session: SessionId
      readonly path: string
      readonly watch: WatchKind
      readonly event: string
      readonly eventPath: string
      readonly zxid: Zxid
      readonly stays: boolean
    }
  | {
      readonly kind: 'watchRemoved'
      readonly session: SessionId
      readonly path: string
      readonly watch: WatchKind
      readonly reason: 'removed' | 'disconnected'
    }
  /** Leader: a write would bring the usage below `path` above its quota. `hard`: it is refused for it. */
  | {
      readonly kind: 'quotaExceeded'
      readonly path: string
      readonly what: 'count' | 'bytes'
      readonly value: number
      readonly limit: number
      readonly hard: boolean
    }
  /** Leader: an empty container or an outlived TTL node is to go; a deleteContainer follows. */
  | { readonly kind: 'containerDue'; readonly path: string; readonly why: 'emptied' | 'neverUsed' | 'ttl' }
  /** A client's request came to this server. */
  | {
      readonly kind: 'request'
      readonly session: SessionId
      readonly xid: number
      readonly op: string
      readonly path?: string
    }
  | {
      readonly kind: 'reply'
      readonly session: SessionId
      readonly xid: number
      readonly op: string
      readonly zxid: Zxid
      readonly err: number
    }
