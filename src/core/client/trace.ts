import type { SessionId, Zxid } from '../wire/ids.ts'
import type { Asked, Told } from './history.ts'

export type ClientState = 'CONNECTING' | 'CONNECTED' | 'CONNECTEDREADONLY' | 'CLOSED' | 'AUTH_FAILED' | 'NOT_CONNECTED'

/** Which of a process's sessions an event is about, where it has several: numbers of its own, from 1 on. */
interface OfSession {
  readonly handle?: number
}

export type ClientEvent =
  | (OfSession & {
      readonly kind: 'clientState'
      readonly to: ClientState
      readonly session: SessionId
      readonly server?: string
      readonly reason?: string
    })
  /** Request handed to the session by its user. `asked`: only of sessions that tell their history. `session`: as far as it
   *  is known by then, else 0; the clientState that says CONNECTED has it. */
  | (OfSession & {
      readonly kind: 'invoked'
      readonly xid: number
      readonly op: string
      readonly path?: string
      readonly session?: SessionId
      readonly asked?: Asked
    })
  /** `told`: only of sessions that tell their history, and only with err 0. */
  | (OfSession & {
      readonly kind: 'answered'
      readonly xid: number
      readonly op: string
      readonly zxid: Zxid
      readonly err: number
      readonly session?: SessionId
      readonly told?: Told
    })
  /** Never answered: the connection went first. A write may have happened or not, or may still. */
  | (OfSession & {
      readonly kind: 'requestLost'
      readonly xid: number
      readonly op: string
      readonly session?: SessionId
    })
  | (OfSession & {
      readonly kind: 'watchRegistered'
      readonly path: string
      readonly watch: 'data' | 'exists' | 'child' | 'persistent' | 'persistentRecursive'
    })
  /** The watch event reached the client's watcher. */
  | (OfSession & { readonly kind: 'watchDelivered'; readonly event: string; readonly path: string | null })
  /** A line of zkCli's output or input, without secrets. `prompt` stood before what was typed. */
  | {
      readonly kind: 'printed'
      readonly stream: 'in' | 'out' | 'err'
      readonly text: string
      readonly prompt?: string
    }
