/** The five ports through which the core reaches the world. Every host provides them, the core never
 *  knows which host it is in.
 *
 *  One rule holds for all ports: a port never calls back from inside a call. `connect`, `write`, `sync`, `after`
 *  return at once; their handlers run later, each as a step of its own. A handler runs to its end before the next. */
import type { CoreEvent } from './trace.ts'

export interface Host {
  readonly clock: Clock
  readonly network: Network
  readonly disk: Disk
  readonly random: Random
  readonly trace: TraceSink
}

export interface Clock {
  /** Monotonic milliseconds since this process started or earlier; may have a fraction. */
  now(): number
  /** Whole milliseconds since 1970, for txn headers only; may jump. */
  wallTime(): number
  /** Runs `run` once, `delayMs` from now; with a delay of 0, once everything else that is due now has been done. A note makes the timer visible in the trace (a deadline on the picture). */
  after(delayMs: number, run: () => void, note?: TimerNote): Timer
}

export interface Timer {
  cancel(): void
}

/** What a timer is for. Only deadlines that a person would want to see carry a note. */
export interface TimerNote {
  readonly name:
    | 'notification' // FastLeaderElection's back-off: the poll of the receive queue
    | 'finalizeWait' // 200 ms of silence before a decision
    | 'tick' // leader's half tick
    | 'initLimit' // epoch, epoch-ack, newleader-ack and synchronization limits
    | 'syncLimit' // silence of the other side of a quorum connection
    | 'session' // a session's expiry bucket at the leader
    | 'reconnect' // client: next attempt
    | 'ping' // client: next ping
    | 'readTimeout' // client: the server has been silent too long
  /** Whom it concerns, where it concerns one: a sid or a session id as 0x… */
  readonly about?: string
}

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Network {
  /** Accepts connections on `port` until closed. A port that is taken is a programming error of the host's user. */
  listen(port: number, onConnection: (connection: Connection) => ConnectionHandlers): Listener
  /** Opens a connection. Bytes written before `onOpen` are sent once it is open. */
  connect(to: Address, handlers: ConnectionHandlers): Connection
}

export interface Listener {
  close(): void
}

/** Ordered reliable bytes, like TCP. Chunk boundaries mean nothing. */
export interface Connection {
  /** Unique in a run. */
  readonly id: string
  readonly remote: Address
  /** Queues bytes; the bytes belong to the connection from now on. Ignored once closed. */
  write(bytes: Uint8Array, note?: MessageNote): void
  /** Orderly: the other side gets everything written so far, then onClose('closed'). This side hears nothing more. */
  close(): void
  /** True: nothing more is wanted for now, and the other side may be made to wait; what comes all the same is taken. A host
   *  in which nothing piles up leaves it away. */
  pauseReading?(paused: boolean): void
  /** Like close, but tells the other side and the trace that the bytes it sent made no sense. */
  abort(reason: string): void
}

export interface ConnectionHandlers {
  onOpen?(): void
  onData(bytes: Uint8Array): void
  /** The other side closed, died, refused or could not be reached. Called at most once, never after own close(). */
  onClose(cause: CloseCause): void
}

/** closed: orderly; reset: the other process died or aborted; refused: nobody listens there; unreachable: no answer. */
export type CloseCause = 'closed' | 'reset' | 'refused' | 'unreachable'

/** What one write means, for the trace: the message's own name and what identifies it. One note for one message. */
export interface MessageNote {
  readonly protocol: 'election' | 'quorum' | 'client'
  /** PROPOSAL, ACK, NOTIFICATION, create, reply, watchEvent … : the protocol's own word. */
  readonly type: string
  readonly zxid?: bigint
  /** Quiet messages are heartbeats: pings and their answers. */
  readonly quiet?: boolean
  /** A few words or numbers more, for the inspector: vote, path, session, xid, error … */
  readonly detail?: { readonly [key: string]: string | number | boolean | bigint }
}

/** One directory tree. Paths are relative, with '/'. Writes are visible to reads at once and survive a kill of the
 *  process; only what a completed `sync` covered is sure to survive a power cut. Errors are values. */
export interface Disk {
  /** File names directly in a directory, sorted; empty when it does not exist. */
  list(directory: string): string[]
  /** Bytes, or undefined when there is no such file. */
  size(path: string): number | undefined
  read(path: string, offset?: number, length?: number): Uint8Array | DiskError
  /** Creates the file when missing. Keeps a copy: the caller may use the bytes again at once. */
  append(path: string, bytes: Uint8Array): DiskError | undefined
  truncate(path: string, sizeBytes: number): DiskError | undefined
  /** The whole file at once: after a crash it has either the old content or the new. */
  replace(path: string, bytes: Uint8Array): DiskError | undefined
  remove(path: string): DiskError | undefined
  /** Calls `done` when everything before this call is durable, in the order of the calls. */
  sync(done: (error?: DiskError) => void): void
  /** Begins a file that is written beside everything else: nothing is seen of it before it is whole and durable, and no
   *  `sync` waits for it. Hosts in which `replace` costs no time have no need of it. */
  compose?(path: string): Composition
}

export interface Composition {
  /** The bytes belong to it from now on. */
  append(bytes: Uint8Array): void
  /** That was all: `done` when it is durable under its name, in the place of what was there. */
  finish(done: (error?: DiskError) => void): void
  /** It shall not be written; `done` is never called. */
  abandon(): void
}

export class DiskError {
  readonly code: 'missing' | 'full' | 'io'
  readonly message: string
  constructor(code: DiskError['code'], message: string) {
    this.code = code
    this.message = message
  }
}

export interface Random {
  /** In [0, 1). */
  float(): number
  /** An integer in [from, to], both included. */
  int(from: number, to: number): number
}

export interface TraceSink {
  emit(event: CoreEvent): void
  /** True: nobody listens now. What comes with every txn need not even be put together then, nor need notes of messages. */
  readonly off?: boolean
}
