/** X, as servers keep sessions: who may expire them, and through whom they may act. What sessions do in the history is judged
 *  with the tree, what their clients see with the clients. */
import { PacketType } from '../core/wire/codes.ts'
import type { ClientChecks } from './clients.ts'
import type { TreeChecks } from './tree.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'

interface Heard {
  readonly at: number
  readonly event: EventOf<'touchesCame' | 'established' | 'sessionAttached'>
}

/** The server by way of which a session acts; any of several to which it went in one moment: what a leader writes in a moment is
 *  told by connection, not in the order in which it was written. */
interface Owner {
  readonly stations: readonly number[]
  readonly event: EventOf<'sessionAttached' | 'packetsSent'>
}

export class SessionChecks {
  readonly #world: World
  readonly #tree: TreeChecks
  readonly #clients: ClientChecks
  /** By leader, then by session: when it was last heard of there. */
  readonly #heard = new Map<number, Map<bigint, Heard>>()
  /** By leader, then by session: to whom the leader has given it, or whose it was when it came to the leader itself. A new
   *  leader knows of no owners. */
  readonly #owners = new Map<number, Map<bigint, Owner>>()

  /** The newest one. */
  #created: { readonly station: number; readonly session: bigint; readonly at: number } | undefined

  constructor(world: World, tree: TreeChecks, clients: ClientChecks) {
    this.#world = world
    this.#tree = tree
    this.#clients = clients
  }

  readonly handlers: Handlers = {
    established: (event) => {
      this.#heard.set(event.station, new Map())
      this.#owners.set(event.station, new Map())
    },
    touchesCame: (event) => this.#touched(event),
    sessionClosing: (event) => this.#closing(event),
    sessionCreated: ({ station, session, at }) => {
      this.#created = { station, session, at }
    },
    sessionAttached: (event) => this.#attached(event),
    proposed: (event) => this.#proposed(event),
    packetsSent: (event) => this.#given(event),
    sessionClosed: ({ session }) => this.#clients.routes.forget(session),
  }

  #touched(event: EventOf<'touchesCame'>): void {
    const heard = this.#heard.get(event.station)
    if (heard === undefined) return
    if (event.sessions !== undefined) {
      for (const session of event.sessions) heard.set(session, { at: event.at, event })
      return
    }
    const session = this.#clients.connections.get(event.connection)?.session
    if (session !== undefined && session !== 0n) heard.set(session, { at: event.at, event })
  }

  /** A leader gives a session up: a whole timeout must have gone by since it last heard of it, and since it leads. */
  #closing(event: EventOf<'sessionClosing'>): void {
    if (event.cause !== 'expired') return
    const { term } = this.#world.replica(event.station)
    const timeoutMs = this.#tree.tree.sessions.get(event.session)
    if (term?.established === undefined || timeoutMs === undefined || this.#world.clocksLie || !this.#tree.isKnown)
      return
    const heard = this.#heard.get(event.station)?.get(event.session)
    const since = Math.max(heard?.at ?? 0, term.established.at)
    const silentMs = (event.at - since) / 1000
    if (!this.#world.judges['X-3'].holds(silentMs >= timeoutMs - SLACK_MS))
      this.#world.judges['X-3'].report(
        event,
        `${who(event.station)} expires session ${hex(event.session)} of ${timeoutMs} ms after ${Math.round(silentMs)} ms in which it heard nothing of it`,
        [heard?.event ?? term.established],
      )
  }

  #attached(event: EventOf<'sessionAttached'>): void {
    const { station, session, at } = event
    // Whose session has just been committed was heard of when it asked for it, not now.
    const created = this.#created
    const isNew = created?.station === station && created.session === session && created.at === at
    if (!isNew) this.#heard.get(station)?.set(session, { at, event })
    this.#owns(station, session, station, event)
  }

  /** A leader lets a learner have a session. */
  #given(event: EventOf<'packetsSent'>): void {
    for (const { type, extra, session } of event.packets)
      if (type === PacketType.REVALIDATE && extra === 1 && session !== undefined)
        this.#owns(event.station, session, event.to, event)
  }

  #owns(leader: number, session: bigint, station: number, event: Owner['event']): void {
    const owners = this.#owners.get(leader)
    const known = owners?.get(session)
    const others = known?.event.at === event.at ? known.stations : []
    owners?.set(session, { stations: [...others, station], event })
  }

  /** What a session asks for by way of a server that it has left must fail. */
  #proposed(event: EventOf<'proposed'>): void {
    const { session, cxid, type, station } = event
    // Of a multi nobody says here whether it failed.
    if (type === 'error' || type === 'multi' || type === 'createSession' || type === 'closeSession' || cxid <= 0) return
    const owner = this.#owners.get(station)?.get(session)
    if (owner === undefined) return
    const ways = this.#clients.routes.of(session, cxid)
    if (ways.length === 0) return
    const judge = this.#world.judges['X-5']
    if (!judge.holds(owner.stations.some((station) => ways.includes(station))))
      judge.report(
        event,
        `${who(station)} proposes request ${cxid} of session ${hex(session)}, which came by way of ${who(ways[0] ?? 0)}, and the session is at ${owner.stations.map(who).join(' or ')}`,
        [owner.event],
      )
  }
}

/** What is told of touches is coarse, and rounded. */
const SLACK_MS = 260
