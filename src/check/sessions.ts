/** X, as servers keep sessions: who may expire them, and through whom they may act. What sessions do in the history is judged
 *  with the tree, what their clients see with the clients. */
import { asSession } from '../core/wire/ids.ts'
import type { ClientChecks } from './clients.ts'
import type { TreeChecks } from './tree.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'

interface Heard {
  readonly at: number
  readonly event: EventOf<'touchesCame' | 'established' | 'sessionAttached'>
}

interface Owner {
  readonly station: number
  readonly connection: string
  readonly at: number
  readonly event: EventOf<'sessionAttached'>
}

export class SessionChecks {
  readonly #world: World
  readonly #tree: TreeChecks
  readonly #clients: ClientChecks
  /** By leader, then by session: when it was last heard of there. */
  readonly #heard = new Map<number, Map<bigint, Heard>>()
  readonly #owners = new Map<bigint, Owner>()
  /** By session: the connections that had it before, with their servers. */
  readonly #before = new Map<string, Owner>()

  constructor(world: World, tree: TreeChecks, clients: ClientChecks) {
    this.#world = world
    this.#tree = tree
    this.#clients = clients
  }

  readonly handlers: Handlers = {
    established: (event) => {
      this.#heard.set(event.station, new Map())
    },
    touchesCame: (event) => this.#touched(event),
    sessionClosing: (event) => this.#closing(event),
    sessionAttached: (event) => this.#attached(event),
    proposed: (event) => this.#proposed(event),
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
    const { station, connection, at } = event
    const session = event.session
    const owner = this.#owners.get(session)
    if (owner !== undefined && owner.station !== station) this.#before.set(owner.connection, owner)
    this.#owners.set(session, { station, connection, at, event })
    this.#heard.get(station)?.set(session, { at, event })
    if (this.#before.size > 4096) this.#before.delete(this.#before.keys().next().value as string)
  }

  /** What a session asks for by way of a server that it has left must fail. */
  #proposed(event: EventOf<'proposed'>): void {
    const { session, cxid, type, station } = event
    // Of a multi nobody says here whether it failed.
    if (type === 'error' || type === 'multi' || type === 'createSession' || type === 'closeSession' || cxid <= 0) return
    const owner = this.#owners.get(session)
    const { term } = this.#world.replica(station)
    // Only what moved in this leader's time: a new leader knows no owners.
    if (owner === undefined || term?.established === undefined || owner.at <= term.established.at) return
    if (this.#world.renumbered.has(session)) return
    const old = this.#clients.sentBy(asSession(session), cxid)
    if (old === undefined) return
    const judge = this.#world.judges['X-5']
    const moved = this.#before.has(old) && old !== owner.connection
    if (!judge.holds(!moved))
      judge.report(
        event,
        `${who(station)} proposes request ${cxid} of session ${hex(session)}, which came by way of ${who(this.#before.get(old)?.station ?? 0)}, and the session is at ${who(owner.station)}`,
        [owner.event],
      )
  }
}

/** What is told of touches is coarse, and rounded. */
const SLACK_MS = 260
