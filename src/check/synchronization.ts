/** S: how a learner gets the leader's history, and nothing else. */
import type { PacketSeen } from '../core/trace.ts'
import { PacketType, packetName } from '../core/wire/codes.ts'
import { asZxid, epochOf, type Zxid } from '../core/wire/ids.ts'
import type { Link } from './links.ts'
import { type EventOf, type Handlers, hex, isRecord, type World, who } from './world.ts'

export class SynchronizationChecks {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  readonly handlers: Handlers = {
    vote: (event) => this.#voted(event),
  }

  /** One packet, before the world knows of it; the world has those before it. */
  packet(event: EventOf<'packetsSent'>, link: Link, packet: PacketSeen): void {
    if (event.station === link.learner) this.#fromLearner(event, link, packet)
    else this.#fromLeader(event, link, packet)
  }

  #fromLearner(event: EventOf<'packetsSent'>, link: Link, { type, zxid: number }: PacketSeen): void {
    const zxid = asZxid(number)
    const { judges, ledger } = this.#world
    const replica = this.#world.replica(event.station)
    if (type === PacketType.ACKEPOCH) {
      // Who says that he has nothing is sent everything.
      if (!replica.witnessed || zxid <= 0n) return
      const { head } = replica.disk.written
      if (!judges['S-4'].holds(ledger.normal(zxid) === ledger.normal(head)))
        judges['S-4'].report(
          event,
          `${who(event.station)} tells its leader that it has ${hex(zxid)}, and a restart would find ${hex(head)}`,
        )
    } else if (type === PacketType.ACK) {
      if (isRecord(zxid)) {
        if (!judges['S-7'].holds(link.acked || link.newLeader === undefined))
          judges['S-7'].report(event, `${who(event.station)} ACKs ${hex(zxid)} before NEWLEADER`, [
            link.newLeader?.event,
          ])
        return
      }
      if (link.acked || link.newLeader === undefined) return
      if (!judges['S-7'].holds(zxid === BigInt(link.newLeader.epoch) << 32n))
        judges['S-7'].report(
          event,
          `${who(event.station)} ACKs ${hex(zxid)} for NEWLEADER of epoch ${link.newLeader.epoch}`,
          [link.newLeader.event],
        )
      this.#landed(event, link)
    }
  }

  /** NEWLEADER is acknowledged: the leader's history, and nothing else, is on disk. */
  #landed(event: EventOf<'packetsSent'>, link: Link): void {
    const { judges, ledger } = this.#world
    const learner = this.#world.replica(event.station)
    const leader = this.#world.replica(link.leader)
    if (!learner.witnessed || link.history === undefined || link.newLeader === undefined) return
    const { head } = learner.disk.durable
    const { epoch, event: cause } = link.newLeader
    const judge = judges[link.mode === 'TRUNC' ? 'S-2' : link.mode === 'SNAP' ? 'S-3' : 'S-1']
    if (judge !== judges['S-1']) judges['S-1'].holds(true)
    const has = `${who(event.station)} ACKs NEWLEADER of epoch ${epoch} after ${link.mode} with ${hex(head)} on its disk`
    const term = leader.term
    const leads = term !== undefined && !term.over && term.epoch === epoch && leader.up
    if (!judge.holds(ledger.contains(head, link.history))) {
      const missing = ledger.contains(link.history, head)
      ;(missing ? judges['S-1'] : judge).report(
        event,
        `${has}, and the history it was sent ends with ${hex(link.history)}`,
        [cause],
      )
    } else if (
      leads &&
      leader.witnessed &&
      !ledger.contains(leader.disk.written.head, head) &&
      !this.#isCommitted(head)
    )
      judge.report(event, `${has}, which its leader with ${hex(leader.disk.written.head)} does not have`, [cause])
    else if (learner.disk.written.head !== head && !ledger.contains(learner.disk.written.head, head))
      judge.report(event, `${has}, and a restart would find ${hex(learner.disk.written.head)}`, [cause])
    const current = learner.disk.durable.currentEpoch
    if (current !== undefined && !judges['S-8'].holds(current === epoch))
      judges['S-8'].report(
        event,
        `${who(event.station)} ACKs NEWLEADER of epoch ${epoch}, and its currentEpoch on disk is ${current}`,
        [cause],
      )
  }

  /** A leader with a slow disk may be behind its own commits. */
  #isCommitted(zxid: Zxid): boolean {
    const { committed, ledger } = this.#world
    return committed !== undefined && ledger.contains(committed, zxid)
  }

  #fromLeader(event: EventOf<'packetsSent'>, link: Link, { type, zxid: number }: PacketSeen): void {
    const zxid = asZxid(number)
    const { judges, ledger } = this.#world
    if (type === PacketType.NEWLEADER) {
      if (link.epoch !== undefined && !judges['S-8'].holds(epochOf(zxid) === link.epoch))
        judges['S-8'].report(
          event,
          `${who(event.station)} sends NEWLEADER of epoch ${epochOf(zxid)} after LEADERINFO of epoch ${link.epoch}`,
        )
      return
    }
    if (type !== PacketType.PROPOSAL && type !== PacketType.INFORM && type !== PacketType.INFORMANDACTIVATE) return
    if (link.newLeader !== undefined && !judges['S-8'].holds(epochOf(zxid) === link.newLeader.epoch))
      judges['S-8'].report(
        event,
        `${who(event.station)} sends ${hex(zxid)} after NEWLEADER of epoch ${link.newLeader.epoch}`,
        [link.newLeader.event],
      )
    const prev = ledger.prev(zxid)
    if (link.last === undefined || prev === undefined) return
    if (!judges['S-5'].holds(ledger.normal(link.last) === prev))
      judges['S-5'].report(
        event,
        `${who(event.station)} sends ${packetName(type)} ${hex(zxid)} to ${who(event.to)} behind ${hex(link.last)}, and it belongs behind ${hex(prev)}`,
      )
  }

  /** The first vote of a round is for oneself, and says what one has. */
  #voted(event: EventOf<'vote'>): void {
    const { station, vote, reason } = event
    const { judges, ledger } = this.#world
    const replica = this.#world.replica(station)
    if (reason.why !== 'initial' || !replica.witnessed || vote.leader !== station || vote.zxid < 0n) return
    const { head } = replica.disk.written
    if (!judges['S-4'].holds(ledger.normal(vote.zxid) === ledger.normal(head)))
      judges['S-4'].report(
        event,
        `${who(station)} votes for itself with ${hex(vote.zxid)}, and a restart would find ${hex(head)}`,
      )
  }
}
