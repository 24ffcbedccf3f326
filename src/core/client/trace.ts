import type { SessionId, Zxid } from '../wire/ids.ts'

export type ClientState = 'CONNECTING' | 'CONNECTED' | 'CONNECTEDREADONLY' | 'CLOSED' | 'AUTH_FAILED' | 'NOT_CONNECTED'

export type ClientEvent =
  | {
      readonly kind: 'clientState'
      readonly to: ClientState
      readonly session: SessionId
      readonly server?: string
      readonly reason?: string
    }
  /** Request handed to the session by its user. */
  | { readonly kind: 'invoked'; readonly xid: number; readonly op: string; readonly path?: string }
  | { readonly kind: 'answered'; readonly xid: number; readonly op: string; readonly zxid: Zxid; readonly err: number }
  | { readonly kind: 'requestLost'; readonly xid: number; readonly op: string }
  | {
      readonly kind: 'watchRegistered'
      readonly path: string
      readonly watch: 'data' | 'exists' | 'child' | 'persistent' | 'persistentRecursive'
    }
  /** The watch event reached the client's watcher. */
  | { readonly kind: 'watchDelivered'; readonly event: string; readonly path: string | null }
  /** A line of zkCli's output or input, without secrets. `prompt` stood before what was typed. */
  | {
      readonly kind: 'printed'
      readonly stream: 'in' | 'out' | 'err'
      readonly text: string
      readonly prompt?: string
    }
