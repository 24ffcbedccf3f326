/** E: votes, epochs, and who leads. */
import type { EventId, VoteSeen } from '../core/trace.ts'
import { PacketType, ServerState } from '../core/wire/codes.ts'
import { asZxid, epochOf, type Zxid } from '../core/wire/ids.ts'
import type { Replica } from './replica.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'

interface Candidate {
  readonly epoch: number
  readonly zxid: Zxid
  readonly leader: number
}

/** What one server knows of the election that goes on. */
interface Search {
  round: number
  incarnation: number
  own: Candidate | undefined
  /** The best vote that was counted in this round. */
  best: Candidate | undefined
  bestBy: EventId | undefined
}

/** Of so many different votes from one server to another the newest are remembered. */
const VOTES = 512

export class ElectionChecks {
  readonly #world: World
  readonly #establishedBy = new Map<number, EventOf<'established'>>()
  readonly #newLeaderBy = new Map<number, EventOf<'packetsSent'>>()
  readonly #epochs = new Map<number, { accepted: number; current: number }>()
  readonly #searches = new Map<number, Search>()
  /** By from * 1000 + to. */
  readonly #votes = new Map<number, Set<string>>()

  constructor(world: World) {
    this.#world = world
  }

  readonly handlers: Handlers = {
    established: (event) => this.#established(event),
    packetsSent: (event) => this.#packets(event),
    diskSynced: (event) => this.#epochsOnDisk(event),
    diskChanged: (event) => this.#currentEpoch(event),
    diskDamaged: ({ station, declared }) => {
      if (declared) this.#epochs.delete(station)
    },
    roundStarted: (event) => this.#round(event, event.round, false),
    roundJoined: (event) => this.#round(event, event.round, false),
    vote: ({ station, vote }) => {
      const search = this.#searches.get(station)
      if (search) search.own = { epoch: vote.peerEpoch, zxid: vote.zxid, leader: vote.leader }
    },
    notification: (event) => this.#notification(event),
    votesSent: (event) => this.#voted(event),
    elected: (event) => this.#elected(event),
    proposed: (event) => this.#proposed(event),
    committed: (event) => this.#afterTheEnd(event, 'commits'),
    applied: (event) => {
      if (event.phase === 'serving') this.#afterTheEnd(event, 'applies a txn')
    },
    ackCounted: (event) => this.#afterTheEnd(event, 'counts an ACK'),
    serving: (event) => this.#afterTheEnd(event, 'opens to clients'),
    reply: (event) => this.#afterTheEnd(event, 'answers a client'),
  }

  // --- E-1, E-5 ----------------------------------------------------------------------------------

  #established(event: EventOf<'established'>): void {
    const { station, epoch } = event
    const { judges, ledger, committed, committedBy } = this.#world
    const other = this.#establishedBy.get(epoch)
    if (!judges['E-1'].holds(other === undefined || other.station === station))
      judges['E-1'].report(event, `${who(station)} establishes epoch ${epoch}, as ${who(other?.station ?? 0)} did`, [
        other,
      ])
    this.#establishedBy.set(epoch, other ?? event)
    const replica = this.#world.replica(station)
    const head = replica.witnessed ? replica.disk.written.head : event.zxid
    // Who comes too late, when later epochs have begun, owes nothing to what was committed in those.
    if (committed === undefined || epochOf(committed) > epoch) return
    if (!judges['E-5'].holds(ledger.contains(head, committed)))
      judges['E-5'].report(
        event,
        `${who(station)} leads epoch ${epoch} with a history that ends at ${hex(head)}, without ${hex(committed)}, which was committed`,
        [committedBy],
      )
  }

  #packets(event: EventOf<'packetsSent'>): void {
    const { judges } = this.#world
    const link = this.#world.links.get(event.connection)
    for (const { type, zxid } of event.packets) {
      if (type === PacketType.NEWLEADER) {
        const epoch = epochOf(asZxid(zxid))
        const other = this.#newLeaderBy.get(epoch)
        if (!judges['E-1'].holds(other === undefined || other.station === event.station))
          judges['E-1'].report(
            event,
            `${who(event.station)} sends NEWLEADER of epoch ${epoch}, as ${who(other?.station ?? 0)} did`,
            [other],
          )
        if (other === undefined) this.#newLeaderBy.set(epoch, event)
      } else if (type === PacketType.ACK && link !== undefined && link.learner === event.station) {
        const replica = this.#world.replica(event.station)
        const accepted = replica.disk.durable.acceptedEpoch
        if (!replica.witnessed || link.epoch === undefined || accepted === undefined) continue
        if (!judges['E-3'].holds(link.epoch >= accepted))
          judges['E-3'].report(
            event,
            `${who(event.station)} ACKs ${hex(zxid)} to a leader of epoch ${link.epoch}, and has accepted epoch ${accepted}`,
          )
      }
    }
    if (event.packets.some(({ type }) => type === PacketType.PROPOSAL || type === PacketType.COMMIT))
      this.#afterTheEnd(event, 'sends what only a leader may')
  }

  // --- E-2, E-4 ----------------------------------------------------------------------------------

  #epochsOnDisk(event: EventOf<'diskSynced'>): void {
    const { station } = event
    const { durable } = this.#world.replica(station).disk
    const { acceptedEpoch: accepted, currentEpoch: current } = durable
    if (accepted === undefined || current === undefined || !this.#world.replica(station).witnessed) return
    let known = this.#epochs.get(station)
    if (known === undefined) {
      known = { accepted, current }
      this.#epochs.set(station, known)
    }
    const judge = this.#world.judges['E-2']
    if (!judge.holds(accepted >= known.accepted))
      judge.report(event, `acceptedEpoch of ${who(station)} goes back from ${known.accepted} to ${accepted}`)
    else if (current < known.current)
      judge.report(event, `currentEpoch of ${who(station)} goes back from ${known.current} to ${current}`)
    else if (current > accepted)
      judge.report(event, `${who(station)} has currentEpoch ${current} on disk, and acceptedEpoch ${accepted}`)
    else if (epochOf(durable.head) > accepted)
      judge.report(event, `${who(station)} has ${hex(durable.head)} on disk, and acceptedEpoch ${accepted}`)
    known.accepted = accepted
    known.current = current
  }

  #currentEpoch(event: EventOf<'diskChanged'>): void {
    if (!event.path.endsWith('/currentEpoch')) return
    const { judges, ledger } = this.#world
    const replica = this.#world.replica(event.station)
    const { link } = replica
    const epoch = replica.disk.written.currentEpoch
    if (link?.newLeader === undefined || link.newLeader.epoch !== epoch || link.history === undefined) return
    if (!replica.witnessed || (replica.state !== 'FOLLOWING' && replica.state !== 'OBSERVING')) return
    const { head } = replica.disk.durable
    if (!judges['E-4'].holds(ledger.contains(head, link.history)))
      judges['E-4'].report(
        event,
        `${who(event.station)} writes currentEpoch ${epoch} while its disk has only ${hex(head)} for sure, not ${hex(link.history)}`,
        [link.newLeader.event],
      )
  }

  // --- E-6 ---------------------------------------------------------------------------------------

  #round(event: EventOf<'roundStarted' | 'roundJoined'>, round: number, joined: boolean): void {
    const { incarnation } = this.#world.replica(event.station)
    const known = this.#searches.get(event.station)
    const judge = this.#world.judges['E-6']
    // A server that has joined a running ensemble takes over its round, which may be a lower one.
    if (!joined && known?.incarnation === incarnation && !judge.holds(round > known.round))
      judge.report(event, `${who(event.station)} begins round ${round}, and was in round ${known.round} already`)
    this.#searches.set(event.station, { round, incarnation, own: undefined, best: undefined, bestBy: undefined })
  }

  #notification(event: EventOf<'notification'>): void {
    const { station, from, vote, counted, state } = event
    const search = this.#searches.get(station)
    if (!counted || search === undefined) return
    const { judges } = this.#world
    if (!judges['E-6'].holds(this.#world.isVoter(from)))
      judges['E-6'].report(event, `${who(station)} counts the vote of ${who(from)}, which is no voter`)
    if (state !== 'LOOKING') return
    if (vote.electionEpoch < search.round)
      judges['E-6'].report(
        event,
        `${who(station)} counts a vote of round ${vote.electionEpoch} in round ${search.round}`,
      )
    const candidate = { epoch: vote.peerEpoch, zxid: vote.zxid, leader: vote.leader }
    if (this.#world.weight(vote.leader) === 0) return
    if (vote.electionEpoch === search.round && (search.best === undefined || isBetter(candidate, search.best))) {
      search.best = candidate
      search.bestBy = event
    }
  }

  #voted(event: EventOf<'votesSent'>): void {
    const key = event.station * 1000 + event.to
    let votes = this.#votes.get(key)
    if (votes === undefined) {
      votes = new Set()
      this.#votes.set(key, votes)
    }
    for (const vote of event.votes) {
      const text = textOf(vote)
      votes.delete(text)
      votes.add(text)
      if (votes.size > VOTES) votes.delete(votes.values().next().value as string)
    }
  }

  #elected(event: EventOf<'elected'>): void {
    const { station, leader, voters, joined, round } = event
    const { judges } = this.#world
    const search = this.#searches.get(station)
    if (search) search.round = round
    const judge = judges['E-6']
    if (!judge.holds(this.#world.isQuorum(new Set(voters))))
      return judge.report(
        event,
        `${who(station)} takes server ${leader} for elected by ${voters.join(', ')}, which is no quorum`,
      )
    if (this.#world.weight(leader) === 0)
      return judge.report(event, `${who(station)} takes server ${leader} for elected, which may not lead`)
    const witnessed = this.#votes.size > 0
    for (const voter of voters) {
      if (voter === station || !witnessed) continue
      const heard = this.#votes.get(voter * 1000 + station)
      const said = heard !== undefined && [...heard].some((text) => supports(text, leader, joined ? undefined : round))
      if (!said)
        return judge.report(
          event,
          `${who(station)} counts server ${voter} for server ${leader}, which has never said so to it`,
        )
    }
    if (joined) {
      const own = this.#votes.get(leader * 1000 + station)
      const leads = own !== undefined && [...own].some((text) => text.startsWith(`${ServerState.LEADING}/${leader}/`))
      if (leader !== station && witnessed && !leads)
        judge.report(event, `${who(station)} joins server ${leader}, which has not said that it leads`)
      return
    }
    const { own, best, bestBy } = search ?? {}
    if (own && best && own.leader === leader && isBetter(best, own))
      judge.report(
        event,
        `${who(station)} takes server ${leader} at ${hex(own.zxid)} for elected and has counted a better vote, for server ${best.leader} at ${hex(best.zxid)}`,
        [bestBy],
      )
  }

  // --- E-7, E-8 ----------------------------------------------------------------------------------

  #proposed(event: EventOf<'proposed'>): void {
    const { station, zxid } = event
    const replica = this.#world.replica(station)
    const judge = this.#world.judges['E-7']
    const { term } = replica
    if (replica.state === 'STANDALONE') return
    const good = term !== undefined && !term.over && term.established !== undefined && term.epoch === epochOf(zxid)
    if (!judge.holds(good && replica.state === 'LEADING'))
      judge.report(event, `${who(station)} proposes ${hex(zxid)} and does not lead that epoch`, [
        term?.established,
        replica.stopped,
      ])
    this.#afterTheEnd(event, 'proposes')
  }

  /** Between two roles a server is silent. What it wrote to its connections in the last moment of a role still leaves. */
  #afterTheEnd(
    event: EventOf<'committed' | 'applied' | 'ackCounted' | 'serving' | 'reply' | 'proposed' | 'packetsSent'>,
    does: string,
  ): void {
    const replica = this.#world.replica(event.station)
    if (event.kind === 'packetsSent' && event.at === replica.leftAt) return
    const between = replica.state === 'LOOKING' || !replica.up
    if (this.#world.judges['E-8'].holds(!between || this.#readsOnly(event, replica))) return
    this.#world.judges['E-8'].report(event, `${who(event.station)} ${does} after it has left its role`, [
      replica.stopped,
    ])
  }

  #readsOnly(event: { readonly kind: string }, replica: Replica): boolean {
    return event.kind === 'reply' && replica.state === 'LOOKING' && replica.readOnly
  }
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.epoch !== b.epoch) return a.epoch > b.epoch
  if (a.zxid !== b.zxid) return a.zxid > b.zxid
  return a.leader > b.leader
}

const textOf = ({ state, leader, zxid, round, epoch }: VoteSeen): string =>
  `${state}/${leader}/${round}/${zxid}/${epoch}`

/** `round`: undefined where any will do. */
function supports(text: string, leader: number, round: number | undefined): boolean {
  const [, votedFor, inRound] = text.split('/')
  return Number(votedFor) === leader && (round === undefined || Number(inRound) === round)
}
