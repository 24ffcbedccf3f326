/** Z: one history, agreed on, safe on a quorum of disks. Names as in the Zab paper and ZooKeeper's TLA+ specifications. */
import type { EventId, PacketSeen, TraceEvent } from '../core/trace.ts'
import { PacketType } from '../core/wire/codes.ts'
import { asZxid, counterOf, epochOf, follows, type Zxid } from '../core/wire/ids.ts'
import type { ChangeSeen } from './disk-model.ts'
import type { Link } from './links.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'

/** Beyond it a leader must leave the counting to another epoch. */
const LAST_COUNTER = 0xfffffffe

export class OrderChecks {
  readonly #world: World
  /** By epoch: the newest counter that its leader has proposed in this run; what is older than the run is not in it. */
  readonly #proposed = new Map<number, { first: Zxid; last: Zxid; event: EventId }>()
  /** Epochs that began before this run did. */
  #prehistory = -1

  constructor(world: World) {
    this.#world = world
  }

  readonly handlers: Handlers = {
    established: (event) => {
      if (this.#prehistory < 0) this.#prehistory = epochOf(event.zxid)
      this.#quorumHas(event, event.zxid, 'the history of its epoch, which ends with ')
    },
    proposed: (event) => this.#onProposed(event),
    committed: (event) => this.#onCommitted(event),
    applied: (event) => this.#applied(event),
    serving: (event) => this.#serving(event),
    recovered: (event) => this.#recovered(event),
  }

  /** A disk has got records. */
  logged(event: TraceEvent, seen: ChangeSeen): void {
    const { judges, ledger } = this.#world
    let last = ledger.normal(seen.before)
    // Behind a snapshot that is newer than all records the log goes on from the snapshot.
    const head = ledger.normal(seen.head)
    for (const { zxid, fingerprint } of seen.records) {
      if (!judges['Z-0'].holds(ledger.add(zxid, fingerprint) !== 'other'))
        judges['Z-0'].report(
          event,
          `${who(event.station)} logs another txn under ${hex(zxid)} than was known by that zxid`,
        )
      // The first one of an epoch says what the epoch begins with, unless its leader has.
      if (counterOf(zxid) === 1 && ledger.base(epochOf(zxid)) === undefined) ledger.begin(epochOf(zxid), last)
      const prev = ledger.prev(zxid)
      // A file that is written whole may hold records from anywhere before.
      const good =
        prev === undefined || last === prev || head === prev || (last >= zxid && event.kind !== 'diskChanged')
      if (!judges['Z-2'].holds(good))
        judges['Z-2'].report(
          event,
          `${who(event.station)} logs ${hex(zxid)} behind ${hex(last)}, and it belongs behind ${hex(prev ?? 0n)}`,
        )
      last = zxid
    }
  }

  /** A disk has less than before, or other things. */
  reduced(event: TraceEvent, before: Zxid): void {
    const { committed, committedBy, judges, ledger } = this.#world
    const replica = this.#world.replica(event.station)
    if (committed === undefined || ledger.contains(replica.disk.durable.head, before)) return
    if (!judges['Z-9'].holds(this.#world.isSafe(committed, true)))
      judges['Z-9'].report(
        event,
        `the disk of ${who(event.station)} goes back from ${hex(before)} to ${hex(replica.disk.durable.head)}, and no quorum of disks has ${hex(committed)} any more, which is committed`,
        [committedBy],
      )
  }

  #onProposed(event: EventOf<'proposed'>): void {
    const { zxid, station } = event
    const { judges, ledger } = this.#world
    const replica = this.#world.replica(station)
    const { term } = replica
    const epoch = epochOf(zxid)
    const known = this.#proposed.get(epoch)
    const counter = counterOf(zxid)
    if (term !== undefined) {
      const good = zxid === term.lastProposed + 1n && counter <= LAST_COUNTER && counter > 0
      if (!judges['Z-11'].holds(good))
        judges['Z-11'].report(event, `${who(station)} proposes ${hex(zxid)} behind ${hex(term.lastProposed)}`)
    }
    if (known === undefined && replica.state !== 'STANDALONE') {
      // What was committed when the epoch was established is what it is built on; commits of later epochs are not its own.
      const base = ledger.base(epoch)
      const isBuilt = base === undefined || term === undefined || epochOf(term.base) > epoch
      const good = term?.established !== undefined && (isBuilt || ledger.contains(base, term.base))
      if (!judges['Z-7'].holds(good))
        judges['Z-7'].report(
          event,
          `${who(station)} begins epoch ${epoch} behind ${hex(base ?? 0n)}, ${term?.established === undefined ? 'before a quorum has its history' : `and ${hex(term.base)} was committed before`}`,
          [term?.established, this.#world.committedBy],
        )
    }
    if (known === undefined) this.#proposed.set(epoch, { first: zxid, last: zxid, event })
    else if (zxid > known.last) known.last = zxid
    this.#world.ledger.begin(epoch, term?.established?.zxid ?? asZxid(zxid - 1n))
  }

  #onCommitted(event: EventOf<'committed'>): void {
    const { station, zxid } = event
    const { judges, ledger, committed, committedBy } = this.#world
    const { term } = this.#world.replica(station)
    if (term !== undefined && epochOf(term.lastCommitted) === epochOf(zxid))
      if (!judges['Z-5'].holds(zxid === term.lastCommitted + 1n))
        judges['Z-5'].report(event, `${who(station)} commits ${hex(zxid)} after ${hex(term.lastCommitted)}`)
    if (committed !== undefined) {
      const good = ledger.contains(zxid, committed) || ledger.contains(committed, zxid)
      if (!judges['Z-4'].holds(good))
        judges['Z-4'].report(
          event,
          `${who(station)} commits ${hex(zxid)}, which does not go with ${hex(committed)}, committed before`,
          [committedBy],
        )
    }
    this.#quorumHas(event, zxid, '')
  }

  #quorumHas(event: TraceEvent, zxid: Zxid, what: string): void {
    const { judges } = this.#world
    if (judges['Z-8'].holds(this.#world.isSafe(zxid))) return
    const holders = [...this.#world.replicas.values()]
      .filter(({ disk }) => this.#world.ledger.contains(disk.durable.head, zxid))
      .map(({ sid }) => sid)
    judges['Z-8'].report(
      event,
      `${who(event.station)} commits ${what}${hex(zxid)}, which is on the disk of ${holders.length === 0 ? 'nobody' : `server ${holders.join(', ')} only`}`,
    )
  }

  /** One packet, before the world knows of it; the world has those before it. */
  packet(event: EventOf<'packetsSent'>, link: Link, { type, zxid: number, extra }: PacketSeen): void {
    const { judges, ledger } = this.#world
    const zxid = asZxid(number)
    if (type === PacketType.PROPOSAL || type === PacketType.INFORM || type === PacketType.INFORMANDACTIVATE) {
      if (!judges['Z-0'].holds(ledger.add(zxid, extra) !== 'other'))
        judges['Z-0'].report(
          event,
          `${who(event.station)} sends another txn under ${hex(zxid)} than was known by that zxid`,
        )
    } else if (type === PacketType.COMMIT || type === PacketType.COMMITANDACTIVATE) {
      const oldest = link.pending[link.committed]
      if (!judges['Z-10'].holds(oldest === zxid))
        judges['Z-10'].report(
          event,
          `${who(event.station)} tells ${who(event.to)} to commit ${hex(zxid)}, and the oldest proposal it has sent there is ${oldest === undefined ? 'none' : hex(oldest)}`,
        )
    }
  }

  #applied(event: EventOf<'applied'>): void {
    const { station, zxid, phase } = event
    const { judges, ledger, committed } = this.#world
    const replica = this.#world.replica(station)
    const { applied } = replica
    if (applied !== undefined) {
      const prev = ledger.prev(zxid)
      const last = ledger.normal(applied)
      const good = prev === undefined ? follows(last, zxid) : prev === last
      if (!judges['Z-2'].holds(good))
        judges['Z-2'].report(
          event,
          `${who(station)} applies ${hex(zxid)} behind ${hex(applied)}, and it belongs behind ${hex(prev ?? 0n)}`,
        )
      if (!judges['Z-6'].holds(zxid > applied))
        judges['Z-6'].report(event, `${who(station)} applies ${hex(zxid)} after ${hex(applied)}`)
    }
    if (replica.state === 'STANDALONE') return this.#quorumHas(event, zxid, '')
    const isCommitted = committed !== undefined && ledger.contains(committed, zxid)
    const isAhead = committed === undefined || ledger.contains(zxid, committed)
    // What a leader has from older epochs it hands over as committed before its own epoch is established: nobody sees it
    // until then.
    const { link } = replica
    const isHandedOver = phase === 'sync' && link?.history !== undefined && ledger.contains(link.history, zxid)
    if (!judges['S-6'].holds(isCommitted || !isAhead || isHandedOver))
      judges['S-6'].report(
        event,
        `${who(station)} applies ${hex(zxid)}, which is not committed${committed === undefined ? '' : `: ${hex(committed)} is`}`,
      )
    if (phase === 'sync') return
    if (!judges['Z-3'].holds(isCommitted || isAhead))
      judges['Z-3'].report(
        event,
        `${who(station)} applies ${hex(zxid)}, which is not in the committed history up to ${hex(committed ?? 0n)}`,
        [this.#world.committedBy],
      )
    const proposed = this.#proposed.get(epochOf(zxid))
    const known = proposed === undefined ? epochOf(zxid) <= this.#prehistory : zxid <= proposed.last
    if (!judges['Z-1'].holds(known))
      judges['Z-1'].report(
        event,
        `${who(station)} applies ${hex(zxid)}, which the leader of its epoch has never proposed`,
        [proposed?.event],
      )
  }

  #serving(event: EventOf<'serving'>): void {
    const { judges, ledger, committed, committedBy } = this.#world
    if (committed === undefined) return
    if (!judges['Z-3'].holds(ledger.contains(committed, event.zxid)))
      judges['Z-3'].report(
        event,
        `${who(event.station)} serves ${hex(event.zxid)}, which is not in the committed history up to ${hex(committed)}`,
        [committedBy],
      )
  }

  /** What is replayed at a start must be one history, too. */
  #recovered(event: EventOf<'recovered'>): void {
    const replica = this.#world.replica(event.station)
    const { judges, ledger } = this.#world
    if (!replica.witnessed) return
    const { start, zxids } = replica.disk.written.replay()
    let last = ledger.normal(start)
    let good = true
    for (const zxid of zxids) {
      const prev = ledger.prev(zxid)
      const isNext = prev === undefined ? last === 0n || follows(last, zxid) : prev === last
      if (!isNext && last !== 0n) {
        good = false
        judges['Z-2'].report(
          event,
          `${who(event.station)} replays ${hex(zxid)} behind ${hex(last)}, and it belongs behind ${hex(prev ?? 0n)}`,
        )
      }
      last = zxid
    }
    judges['Z-2'].holds(good)
  }
}
