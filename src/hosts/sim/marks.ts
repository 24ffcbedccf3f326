/** What a run has been through: dangerous states that must be reached now and then, else a green run proves nothing
 *  (invariants.md §13). Told by name; `allMarks` is the list to tick off. */
import type { TraceEvent } from '../../core/trace.ts'
import { epochOf, type Zxid } from '../../core/wire/ids.ts'

export const allMarks = [
  'DIFF',
  'DIFF with proposals',
  'TRUNC',
  'TRUNC, then proposals',
  'SNAP',
  'SNAP while writes flow',
  'sync interrupted before the history came',
  'sync interrupted before the ACK of NEWLEADER',
  'learner lost while it waits for UPTODATE',
  'leader ends with a proposal that nobody else has',
  'leader ends with a proposal that a minority has',
  'leader ends with a proposal that a majority has, uncommitted',
  'two servers lead at once',
  'commit without the leader’s own sync',
  'recovery with a torn tail',
  'recovery from an older snapshot',
  'recovery of records beyond the snapshot',
  'error txn',
  'failed multi',
  'session expired',
  'session moved',
  'session taken along to another server',
  'watches set again',
  'observer synced',
  'all servers down at once',
  'epoch without a txn',
  'five epochs',
  'log rolled',
  'snapshot taken',
  'files purged',
  'server stopped itself',
  'power cut took something',
  'power cut took a part',
  'killed inside a step',
  'resumed after a pause',
  'messages held and released',
  'disk refused',
  'ballot interrupted in the last moment',
  'follower ahead of its leader',
] as const
export type Mark = (typeof allMarks)[number]

interface Sight {
  up: boolean
  leads: number | undefined
  proposed: Zxid
  committed: Zxid
  durable: Zxid
  sync: 'receiving' | 'history' | 'acked' | undefined
  snapshotZxid: Zxid
  armed: boolean
}

export class Marks {
  readonly #reached = new Set<Mark>()
  readonly #servers = new Map<number, Sight>()
  readonly #observers = new Set<number>()
  /** Where each session was attached last, and whether it still is. */
  readonly #homes = new Map<bigint, { readonly station: number; attached: boolean }>()
  #voters = 1
  #epochs = 0
  #snapSyncs = 0
  #lastEpochProposed = 0
  #downAtOnce = false

  get reached(): readonly Mark[] {
    return allMarks.filter((mark) => this.#reached.has(mark))
  }

  onEvents(events: readonly TraceEvent[]): void {
    for (const event of events) this.#onEvent(event)
  }

  #onEvent(event: TraceEvent): void {
    switch (event.kind) {
      case 'configured':
        this.#voters = event.voters.length
        for (const sid of event.observers) this.#observers.add(sid)
        return
      case 'started':
        if (event.what === 'server') this.#started(event.station)
        return
      case 'killed':
      case 'crashed':
      case 'halted':
        if (event.station < 100) this.#ended(event)
        return
      case 'recovered':
        return this.#recovered(event)
      case 'stateChanged':
        if (event.to === 'LOOKING') this.#looks(event.station)
        return
      case 'learnerLost':
        if (event.reason.includes('ahead of the leader')) this.#mark('follower ahead of its leader')
        return
      case 'syncStart':
        return this.#synced(event)
      case 'syncReceived':
        this.#of(event.station).sync = 'receiving'
        return
      case 'epochCurrent':
        if (this.#of(event.station).sync === 'receiving') this.#of(event.station).sync = 'history'
        return
      case 'newLeaderAck':
        this.#of(event.station).sync = 'acked'
        return
      case 'serving':
        if (this.#of(event.station).sync === 'acked' && this.#observers.has(event.station))
          this.#mark('observer synced')
        if (this.#of(event.station).sync !== undefined) this.#snapSyncs = Math.max(0, this.#snapSyncs - 1)
        this.#of(event.station).sync = undefined
        return
      case 'established':
        return this.#established(event)
      case 'proposed': {
        const sight = this.#of(event.station)
        sight.proposed = event.zxid
        this.#lastEpochProposed = epochOf(event.zxid)
        if (this.#snapSyncs > 0) this.#mark('SNAP while writes flow')
        if (event.type === 'error') this.#mark('error txn')
        return
      }
      case 'committed':
        this.#of(event.station).committed = event.zxid
        if (!event.ackers.includes(event.station)) this.#mark('commit without the leader’s own sync')
        return
      case 'durable':
        this.#of(event.station).durable = event.zxid
        return
      case 'finalizeInterrupted':
        return this.#mark('ballot interrupted in the last moment')
      default:
        return this.#onOther(event)
    }
  }

  #onOther(event: TraceEvent): void {
    switch (event.kind) {
      case 'snapshotTaken':
        this.#of(event.station).snapshotZxid = event.zxid
        this.#mark('log rolled')
        return this.#mark('snapshot taken')
      case 'fileRemoved':
        if (event.why === 'purged') this.#mark('files purged')
        return
      case 'sessionClosing':
        if (event.cause === 'expired') this.#mark('session expired')
        return
      case 'sessionAttached': {
        const home = this.#homes.get(event.session)
        if (home !== undefined && home.station !== event.station) {
          this.#mark('session taken along to another server')
          if (home.attached) this.#mark('session moved')
        }
        this.#homes.set(event.session, { station: event.station, attached: true })
        return
      }
      case 'sessionDetached': {
        const home = this.#homes.get(event.session)
        if (home?.station === event.station) home.attached = false
        return
      }
      case 'reply':
        if (event.op === 'setWatches' || event.op === 'setWatches2') this.#mark('watches set again')
        return
      case 'answered':
        if (event.told?.results?.some(({ err }) => err !== 0)) this.#mark('failed multi')
        return
      case 'diskDamaged':
        if (event.cause === 'powerCut') this.#mark('power cut took something')
        if (event.cause === 'powerCut' && event.files.some(({ bytes }) => bytes !== null && bytes.length > 0))
          this.#mark('power cut took a part')
        return
      case 'diskFailed':
        return this.#mark('disk refused')
      case 'resumed':
        return this.#mark('resumed after a pause')
      case 'released':
        return this.#mark('messages held and released')
      case 'action':
        if (event.fault?.kind === 'crashAt')
          this.#of((event.fault as unknown as { station: number }).station).armed = true
        return
    }
  }

  #established(event: Extract<TraceEvent, { kind: 'established' }>): void {
    const sight = this.#of(event.station)
    sight.leads = event.epoch
    sight.proposed = event.zxid
    sight.committed = event.zxid
    if (++this.#epochs >= 5) this.#mark('five epochs')
    if (this.#epochs > 1 && this.#lastEpochProposed < event.epoch - 1) this.#mark('epoch without a txn')
    let leading = 0
    for (const { up, leads } of this.#servers.values()) if (up && leads !== undefined) leading++
    if (leading > 1) this.#mark('two servers lead at once')
  }

  #started(sid: number): void {
    const sight = this.#of(sid)
    sight.up = true
    sight.armed = false
    if (this.#downAtOnce) this.#mark('all servers down at once')
  }

  #ended(event: Extract<TraceEvent, { kind: 'killed' | 'crashed' | 'halted' }>): void {
    const sight = this.#of(event.station)
    if (event.kind === 'halted') this.#mark('server stopped itself')
    if (event.kind === 'killed' && sight.armed && event.because?.station !== 0) this.#mark('killed inside a step')
    this.#looks(event.station)
    sight.up = false
    if ([...this.#servers.values()].every(({ up }) => !up)) this.#downAtOnce = true
  }

  /** Its role is over. */
  #looks(sid: number): void {
    const sight = this.#of(sid)
    if (sight.sync === 'receiving') this.#mark('sync interrupted before the history came')
    if (sight.sync === 'history') this.#mark('sync interrupted before the ACK of NEWLEADER')
    if (sight.sync === 'acked') this.#mark('learner lost while it waits for UPTODATE')
    sight.sync = undefined
    if (sight.leads !== undefined && sight.proposed > sight.committed) {
      let holders = 0
      for (const [other, { durable }] of this.#servers) {
        if (other !== sid && !this.#observers.has(other) && durable >= sight.proposed) holders++
      }
      if (holders === 0) this.#mark('leader ends with a proposal that nobody else has')
      else if (holders * 2 > this.#voters) this.#mark('leader ends with a proposal that a majority has, uncommitted')
      else this.#mark('leader ends with a proposal that a minority has')
    }
    sight.leads = undefined
  }

  #recovered(event: Extract<TraceEvent, { kind: 'recovered' }>): void {
    const sight = this.#of(event.station)
    sight.durable = event.zxid
    if (event.tornTail) this.#mark('recovery with a torn tail')
    if (event.snapshotZxid < sight.snapshotZxid) this.#mark('recovery from an older snapshot')
    if (event.snapshotZxid > 0n && event.zxid > event.snapshotZxid)
      this.#mark('recovery of records beyond the snapshot')
  }

  #synced({ mode, proposals }: Extract<TraceEvent, { kind: 'syncStart' }>): void {
    this.#mark(mode)
    if (mode === 'DIFF' && proposals > 0) this.#mark('DIFF with proposals')
    if (mode === 'TRUNC' && proposals > 0) this.#mark('TRUNC, then proposals')
    if (mode === 'SNAP') this.#snapSyncs++
  }

  #of(sid: number): Sight {
    let sight = this.#servers.get(sid)
    if (sight === undefined) {
      const none = 0n as Zxid
      sight = {
        up: false,
        leads: undefined,
        proposed: none,
        committed: none,
        durable: none,
        sync: undefined,
        snapshotZxid: none,
        armed: false,
      }
      this.#servers.set(sid, sight)
    }
    return sight
  }

  #mark(mark: Mark): void {
    this.#reached.add(mark)
  }
}
