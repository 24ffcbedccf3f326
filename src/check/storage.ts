/** D: what is on the disks, and what a server may promise on the strength of it. */
import type { PacketSeen, TraceEvent } from '../core/trace.ts'
import { PacketType } from '../core/wire/codes.ts'
import { asZxid, type Zxid } from '../core/wire/ids.ts'
import type { ChangeSeen, Oddity } from './disk-model.ts'
import type { Link } from './links.ts'
import type { PropertyId } from './properties.ts'
import type { Replica } from './replica.ts'
import { type EventOf, type Handlers, hex, isRecord, type World, who } from './world.ts'

const oddities: { readonly [what in Oddity['what']]: readonly [PropertyId, string] } = {
  behindGarbage: ['D-3', 'a record is appended behind what is none'],
  rewritten: ['D-3', 'a log that has records is written anew'],
  badRecord: ['D-11', 'a record is written that cannot be read'],
  badHeader: ['D-11', 'a log is written with a wrong header'],
  badSnapshot: ['D-11', 'a snapshot is written that is not whole'],
  misnamed: ['D-11', 'a log is named after another txn than its first'],
}

export class StorageChecks {
  readonly #world: World
  /** What was safe when a server last had power. */
  readonly #safe = new Map<number, { readonly zxid: Zxid; readonly event: TraceEvent }>()
  /** By learner: the history that is to take the place of its own. */
  readonly #replacing = new Map<number, Zxid>()
  readonly #wiped = new Set<number>()

  constructor(world: World) {
    this.#world = world
  }

  readonly handlers: Handlers = {
    ackCounted: (event) => {
      if (event.from === event.station) this.#isDurable(event, event.zxid, 'counts its own ACK of')
    },
    recovered: (event) => this.#recovered(event),
    diskSynced: (event) => {
      const { durable } = this.#world.replica(event.station).disk
      this.#safe.set(event.station, { zxid: durable.head, event })
    },
    diskDamaged: (event) => {
      if (event.declared) this.#safe.delete(event.station)
      if (event.cause === 'wiped') this.#wiped.add(event.station)
    },
    syncReceived: ({ station, mode, zxid }) => {
      if (mode === 'DIFF') this.#replacing.delete(station)
      else this.#replacing.set(station, zxid)
    },
    fileRemoved: (event) => this.#removed(event),
    epochAccepted: (event) => this.#afterFailure(event, `says that it has accepted epoch ${event.epoch}`),
    newLeaderAck: (event) => this.#afterFailure(event, `ACKs NEWLEADER of epoch ${event.epoch}`),
    vote: (event) => this.#voted(event),
  }

  /** One packet, before the world knows of it. */
  packet(event: EventOf<'packetsSent'>, link: Link, { type, zxid: number }: PacketSeen): void {
    if (type !== PacketType.ACK || event.station !== link.learner) return
    const zxid = asZxid(number)
    if (isRecord(zxid)) this.#isDurable(event, zxid, 'ACKs')
    this.#afterFailure(event, `ACKs ${hex(zxid)}`)
  }

  changed(event: EventOf<'diskChanged'>, seen: ChangeSeen): void {
    const { judges } = this.#world
    if (seen.records.length > 0) {
      judges['D-3'].holds(true)
      judges['D-11'].holds(true)
    }
    for (const { what, file } of seen.oddities) {
      const [property, text] = oddities[what]
      judges[property].report(event, `${text}: ${file} of ${who(event.station)}`)
    }
    const replica = this.#world.replica(event.station)
    if (seen.snapshot !== undefined && replica.incarnation > 0) this.#snapshot(event, seen.snapshot.zxid)
    if (seen.records.length > 0 && !judges['E-8'].holds(!(replica.searching && replica.state === 'LOOKING')))
      judges['E-8'].report(
        event,
        `${who(event.station)} writes ${hex(seen.records[0]?.zxid ?? 0n)} to its log while it looks for a leader`,
        [replica.stopped],
      )
  }

  /** A snapshot cannot be cut: it may hold only what is committed, unless it is the leader's own that came by SNAP. */
  #snapshot(event: TraceEvent, zxid: Zxid): void {
    const { judges, ledger, committed } = this.#world
    const { link, state } = this.#world.replica(event.station)
    if (zxid === 0n || state === 'STANDALONE' || state === 'STARTING') return
    if (link?.mode === 'SNAP' && link.history !== undefined && ledger.contains(link.history, zxid)) return
    if (!judges['D-5'].holds(committed !== undefined && ledger.contains(committed, zxid)))
      judges['D-5'].report(event, `${who(event.station)} takes a snapshot at ${hex(zxid)}, which is not committed`, [
        this.#world.committedBy,
      ])
  }

  #isDurable(event: TraceEvent, zxid: Zxid, does: string): void {
    const replica = this.#world.replica(event.station)
    if (!replica.witnessed) return
    const { head } = replica.disk.durable
    const { judges, ledger } = this.#world
    if (!judges['D-1'].holds(ledger.contains(head, zxid)))
      judges['D-1'].report(
        event,
        `${who(event.station)} ${does} ${hex(zxid)}, and its disk has only ${hex(head)} for sure`,
      )
  }

  #recovered(event: EventOf<'recovered'>): void {
    const { station, zxid } = event
    const { judges, ledger } = this.#world
    const replica = this.#world.replica(station)
    if (!replica.witnessed) return
    const { written } = replica.disk
    const { damaged } = written.replay()
    if (!judges['D-4'].holds(damaged === undefined))
      judges['D-4'].report(
        event,
        `${who(station)} starts with ${hex(zxid)}, though ${damaged} is damaged before its end`,
      )
    const safe = this.#safe.get(station)
    const other = this.#replacing.get(station)
    const isReplaced = other !== undefined && ledger.contains(zxid, other)
    if (safe !== undefined && !judges['D-2'].holds(isReplaced || ledger.contains(zxid, safe.zxid)))
      judges['D-2'].report(
        event,
        `${who(station)} starts with ${hex(zxid)}, and its disk had ${hex(safe.zxid)} for sure`,
        [safe.event],
      )
    else if (!judges['D-2'].holds(ledger.normal(zxid) === ledger.normal(written.head) || zxid < 0n))
      judges['D-2'].report(event, `${who(station)} starts with ${hex(zxid)}, and its files hold ${hex(written.head)}`)
    const { acceptedEpoch, currentEpoch } = event
    const onDisk = { accepted: written.acceptedEpoch ?? acceptedEpoch, current: written.currentEpoch ?? currentEpoch }
    if (!judges['E-2'].holds(onDisk.accepted === acceptedEpoch && onDisk.current === currentEpoch))
      judges['E-2'].report(
        event,
        `${who(station)} starts with epochs ${acceptedEpoch} and ${currentEpoch}, and its files say ${onDisk.accepted} and ${onDisk.current}`,
      )
  }

  /** What is left must be enough, even if nothing else that was written is. */
  #removed(event: EventOf<'fileRemoved'>): void {
    if (event.why !== 'purged') return
    const replica = this.#world.replica(event.station)
    if (!replica.witnessed) return
    const { durable } = replica.disk
    const left = [...durable.files.values()].filter(({ name }) => name !== event.file)
    let start = -1n
    for (const file of left) if (file.kind === 'snapshot' && file.whole && file.zxid > start) start = file.zxid
    const judge = this.#world.judges['D-6']
    if (!judge.holds(start >= 0n))
      return judge.report(event, `${who(event.station)} purges ${event.file}, and no whole snapshot is left for sure`)
    let last = this.#world.ledger.normal(asZxid(start))
    for (const log of left)
      if (log.kind === 'log')
        for (let n = 0; n < log.count; n++) if ((log.zxids[n] as Zxid) > last) last = log.zxids[n] as Zxid
    if (last < this.#world.ledger.normal(durable.head))
      judge.report(
        event,
        `${who(event.station)} purges ${event.file}, and what is left ends with ${hex(last)} before ${hex(durable.head)}`,
      )
  }

  /** A promise after the disk has failed; what was written in the last moment before still leaves. */
  #afterFailure(event: TraceEvent, does: string): void {
    const replica = this.#world.replica(event.station)
    const { failed } = replica
    const judge = this.#world.judges[failed?.code === 'full' ? 'D-10' : 'D-9']
    if (!judge.holds(failed === undefined || failed.at === event.at))
      judge.report(
        event,
        `${who(event.station)} ${does} after its disk has ${failed?.code === 'full' ? 'no room any more' : 'failed'}`,
        [failed],
      )
  }

  /** Only where a server is told not to trust an empty disk does it say so by a zxid of -1: nothing else is wrong here. */
  #voted(event: EventOf<'vote'>): void {
    const { station, vote, reason } = event
    if (reason.why !== 'initial' || !this.#wiped.has(station)) return
    const replica: Replica = this.#world.replica(station)
    if (vote.zxid > 0n && vote.leader === station) this.#wiped.delete(station)
    const judge = this.#world.judges['D-12']
    if (!judge.holds(!this.#world.distrustsEmptyDisks || vote.zxid !== 0n || replica.disk.written.head !== 0n))
      judge.report(event, `${who(station)} votes with an empty disk, and was a member before`)
  }
}
