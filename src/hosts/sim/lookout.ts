/** What the hand that breaks things knows of a run, from its trace: who runs, leads, serves, how far each log goes. It is for
 *  choosing where it hurts and for keeping within the budget of losses, not for judging. */
import type { TraceEvent } from '../../core/trace.ts'
import type { Zxid } from '../../core/wire/ids.ts'

interface Sight {
  /** The end of its log, as far as it has said that it is on disk. */
  head: Zxid
  acceptedEpoch: number
  /** Read from the files at its start; safe behind the first sync. */
  found: { readonly head: Zxid; readonly acceptedEpoch: number } | undefined
  serving: boolean
  /** Of its last `established`, while it leads. */
  leads: number | undefined
  halted: string | undefined
}

export class Lookout {
  readonly #servers = new Map<number, Sight>()
  /** How often a server has come to a new role or epoch: the moments around it are delicate. */
  turns = 0
  newestEpoch = 0

  of(sid: number): Sight {
    let sight = this.#servers.get(sid)
    if (sight === undefined) {
      const none = 0n as Zxid
      sight = {
        head: none,
        acceptedEpoch: 0,
        found: undefined,
        serving: false,
        leads: undefined,
        halted: undefined,
      }
      this.#servers.set(sid, sight)
    }
    return sight
  }

  /** Who leads in the newest epoch. */
  get leader(): number | undefined {
    let leader: number | undefined
    for (const [sid, { leads }] of this.#servers) if (leads !== undefined && leads === this.newestEpoch) leader = sid
    return leader
  }

  onEvents(events: readonly TraceEvent[]): void {
    for (const event of events) this.#onEvent(event)
  }

  #onEvent(event: TraceEvent): void {
    switch (event.kind) {
      case 'recovered': {
        const sight = this.of(event.station)
        const { zxid: head, acceptedEpoch } = event
        sight.found = { head, acceptedEpoch }
        if (head < sight.head) sight.head = head
        sight.acceptedEpoch = Math.min(sight.acceptedEpoch, acceptedEpoch)
        return
      }
      case 'diskSynced': {
        const sight = this.of(event.station)
        if (sight.found === undefined) return
        sight.head = sight.found.head
        sight.acceptedEpoch = sight.found.acceptedEpoch
        sight.found = undefined
        return
      }
      // On the way: what was there goes, what comes is not yet safe.
      case 'truncated':
      case 'snapInstalled': {
        const sight = this.of(event.station)
        if (event.zxid < sight.head) sight.head = event.zxid
        return
      }
      case 'durable':
      case 'newLeaderAck':
        this.of(event.station).head = event.zxid
        return
      case 'epochAccepted':
        this.of(event.station).acceptedEpoch = event.epoch
        this.turns++
        return
      case 'established':
        this.of(event.station).leads = event.epoch
        this.newestEpoch = Math.max(this.newestEpoch, event.epoch)
        this.turns++
        return
      case 'serving':
        this.of(event.station).serving = true
        return
      case 'stateChanged':
        if (event.to === 'LOOKING') this.#stops(event.station)
        this.turns++
        return
      case 'stopServing':
        return this.#stops(event.station)
      case 'halted':
        this.of(event.station).halted = event.reason
        return this.#stops(event.station)
      case 'started':
        this.of(event.station).halted = undefined
        return
      case 'killed':
      case 'crashed':
        return this.#stops(event.station)
    }
  }

  #stops(sid: number): void {
    const sight = this.of(sid)
    sight.serving = false
    sight.leads = undefined
  }
}
