/** What is known of one server, and of its times as leader. */
import type { RoleState } from '../core/server/trace.ts'
import type { TraceEvent } from '../core/trace.ts'
import type { Zxid } from '../core/wire/ids.ts'
import { DiskModel } from './disk-model.ts'
import type { Link } from './links.ts'

type EventOf<K extends TraceEvent['kind']> = TraceEvent & { readonly kind: K }

export interface Replica {
  readonly sid: number
  up: boolean
  paused: boolean
  incarnation: number
  readonly disk: DiskModel
  /** The disk's witness has spoken: without it nothing is said of the disk. */
  witnessed: boolean
  /** Bits have flipped on its disk, of which it cannot know: nothing more is said of it, and what it says it has counts. */
  rotten: boolean
  state: RoleState | 'STARTING' | 'STOPPED'
  /** Looks for a leader: from the beginning of a round to its election. */
  searching: boolean
  /** As leader; kept when it is over. */
  term: Term | undefined
  /** As learner: the newest quorum connection that it opened. */
  link: Link | undefined
  serving: boolean
  /** Runs, or ran, without an ensemble. */
  isAlone: boolean
  /** Serves those who are content with reading. */
  readOnly: boolean
  /** The last txn in its tree; undefined while unknown. */
  applied: Zxid | undefined
  /** When it last left a role or died. */
  leftAt: number
  stopped: TraceEvent | undefined
  /** Its disk has failed in this life. */
  failed: EventOf<'diskFailed'> | undefined
  voters: readonly number[]
  tickMs: number
  initLimit: number
  syncLimit: number
}

/** One server's time as leader. */
export interface Term {
  readonly sid: number
  epoch: number
  established: EventOf<'established'> | undefined
  /** What was committed when it was established. */
  base: Zxid
  over: boolean
  lastProposed: Zxid
  lastCommitted: Zxid
}

export const newReplica = (sid: number): Replica => ({
  sid,
  up: false,
  paused: false,
  incarnation: 0,
  disk: new DiskModel(),
  witnessed: false,
  rotten: false,
  state: 'STOPPED',
  searching: false,
  term: undefined,
  link: undefined,
  serving: false,
  isAlone: false,
  readOnly: false,
  applied: undefined,
  leftAt: -1,
  stopped: undefined,
  failed: undefined,
  voters: [],
  tickMs: 2000,
  initLimit: 10,
  syncLimit: 5,
})
