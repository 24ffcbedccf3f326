/** L: what must happen in time. Looked at now and then in virtual time, and only while nothing is wrong with the world (see
 *  calm.ts) but for L-5 and X-4, which hold at any time for servers that nobody has tampered with. */
import type { TraceEvent } from '../core/trace.ts'
import { PacketType } from '../core/wire/codes.ts'
import { Calm } from './calm.ts'
import type { ClientChecks } from './clients.ts'
import type { PropertyId } from './properties.ts'
import type { Replica } from './replica.ts'
import type { TreeChecks } from './tree.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'

const SECOND = 1_000_000
/** How often deadlines are looked at, µs. */
const LOOK_US = SECOND / 2
/** FastLeaderElection backs off up to this, ms. */
const BACK_OFF_MS = 60_000
/** A write, and a client that looks for a server, in a calm ensemble. */
const WRITE_US = 30 * SECOND

/** So long after the last write everybody has it. */
const QUIET_US = 20 * SECOND

interface Waiting {
  readonly since: number
  readonly event: TraceEvent
}

export class LivenessChecks {
  readonly #world: World
  readonly #tree: TreeChecks
  readonly #clients: ClientChecks
  readonly #calm = new Calm()
  #nextLookUs = 0
  #lastWriteUs = 0
  /** By leader: when each learner was last heard of there; only where frames are told. */
  readonly #heard = new Map<number, Map<number, number>>()
  /** By leader: since when what it hears counts. */
  readonly #countsFrom = new Map<number, number>()
  /** That has been established. */
  #newestEpoch = 0
  /** Sessions by when they were last heard of, anywhere. */
  readonly #sessions = new Map<bigint, Waiting>()
  /** By connection: the session that its server has for it. */
  readonly #attached = new Map<string, bigint>()
  readonly #closing = new Set<bigint>()
  readonly #connecting = new Map<string, Waiting>()
  readonly #entered = new Map<number, Waiting>()
  readonly #told = new Set<string>()
  #establishedInCalm: EventOf<'established'> | undefined

  constructor(world: World, tree: TreeChecks, clients: ClientChecks) {
    this.#world = world
    this.#tree = tree
    this.#clients = clients
  }

  readonly handlers: Handlers = {
    established: (event) => this.#established(event),
    proposed: ({ at }) => {
      this.#lastWriteUs = at
    },
    frameCame: (event) => {
      const link = this.#world.links.get(event.connection)
      if (link?.leader === event.station) this.#heard.get(event.station)?.set(event.peer, event.at)
    },
    resumed: (event) => {
      this.#countsFrom.set(event.station, event.at)
    },
    touchesCame: (event) => {
      for (const session of event.sessions ?? []) this.#touched(session, event)
      // What a client sent comes after its end, too.
      const own = event.sessions === undefined ? this.#attached.get(event.connection) : undefined
      if (own !== undefined) this.#touched(own, event)
    },
    sessionAttached: (event) => {
      this.#attached.set(event.connection, event.session)
      this.#touched(event.session, event)
    },
    sessionDetached: ({ connection }) => {
      this.#attached.delete(connection)
    },
    packetsSent: (event) => {
      // A leader that lets a learner have a session has heard of it, whether the learner hears that or not.
      for (const { type, extra, session } of event.packets)
        if (type === PacketType.REVALIDATE && extra === 1 && session !== undefined) this.#touched(session, event)
    },
    sessionCreated: (event) => this.#touched(event.session, event),
    sessionClosing: (event) => {
      this.#closing.add(event.session)
      if (event.cause === 'expired') this.#expired(event)
    },
    sessionClosed: (event) => {
      this.#closing.delete(event.session)
      this.#sessions.delete(event.session)
    },
    clientState: (event) => {
      const key = `${event.station}/${event.handle ?? 0}`
      if (event.to === 'CONNECTING') this.#connecting.set(key, { since: event.at, event })
      else this.#connecting.delete(key)
    },
    stateChanged: (event) => {
      this.#entered.set(event.station, { since: event.at, event })
    },
    started: ({ station }) => {
      this.#calm.disarm(station)
      this.#forget(station)
    },
    killed: ({ station }) => this.#forget(station),
  }

  /** Time goes on. */
  passed(event: TraceEvent): void {
    this.#calm.onEvent(event)
    if (event.at < this.#nextLookUs) return
    this.#nextLookUs = event.at + LOOK_US
    for (const replica of this.#world.replicas.values()) {
      if (!replica.up || replica.paused || this.#calm.tampered.has(replica.sid)) continue
      const { term } = replica
      if (term?.established !== undefined && !term.over) {
        this.#hasQuorum(event, replica)
        this.#expires(event, replica)
      }
    }
    if (this.#world.replicas.size > 0) this.#lookInCalm(event)
  }

  /** Nothing is wrong, and nobody has written anything for a while. */
  isQuiet({ at }: TraceEvent): boolean {
    return this.#calm.lasts(at, QUIET_US) && at - this.#lastWriteUs >= QUIET_US
  }

  #forget(station: number): void {
    this.#entered.delete(station)
    for (const key of this.#connecting.keys()) if (key.startsWith(`${station}/`)) this.#connecting.delete(key)
  }

  #touched(session: bigint, event: TraceEvent): void {
    this.#sessions.set(session, { since: event.at, event })
  }

  // --- at any time -------------------------------------------------------------------------------

  /** L-5: a leader that has not heard of a quorum for syncLimit ticks is none any more. */
  #hasQuorum(event: TraceEvent, replica: Replica): void {
    const heard = this.#heard.get(replica.sid)
    const { established } = replica.term ?? {}
    if (heard === undefined || heard.size === 0 || established === undefined) return
    const limitUs = (replica.syncLimit + 3) * replica.tickMs * 1000
    const from = Math.max(established.at, this.#countsFrom.get(replica.sid) ?? 0)
    const present = new Set([replica.sid])
    for (const [peer, at] of heard) if (event.at - at <= limitUs) present.add(peer)
    const good = event.at - from <= limitUs || this.#world.isQuorum(present)
    this.#hold('L-5', `${replica.sid} ${established.epoch}`, good, event, () => [
      `${who(replica.sid)} still leads epoch ${established.epoch}, and has heard of no quorum for more than ${limitUs / SECOND} s`,
      [established],
    ])
  }

  /** X-4, L-8: a session that nobody hears of is given up, by the leader of the newest epoch; others cannot. */
  #expires(event: TraceEvent, leader: Replica): void {
    const { established } = leader.term ?? {}
    if (!this.#tree.isKnown || established === undefined || established.epoch < this.#newestEpoch) return
    const from = Math.max(established.at, this.#countsFrom.get(leader.sid) ?? 0)
    for (const [session, timeoutMs] of this.#tree.tree.sessions) {
      if (this.#closing.has(session)) continue
      const last = this.#sessions.get(session)
      const silentMs = (event.at - Math.max(from, last?.since ?? 0)) / 1000
      const good = silentMs <= timeoutMs + 2 * leader.tickMs + 1000
      const tell = (): readonly [string, readonly (TraceEvent | undefined)[]] => [
        `session ${hex(session)} of ${timeoutMs} ms is still alive at ${who(leader.sid)}, and nothing was heard of it for ${Math.round(silentMs)} ms`,
        [last?.event],
      ]
      this.#hold('X-4', `${hex(session)} ${established.epoch}`, good, event, tell)
      if (this.#calm.lasts(event.at, timeoutMs * 1000)) this.#hold('L-8', hex(session), good, event, tell)
    }
  }

  // --- while nothing is wrong --------------------------------------------------------------------

  /** L-7: whose client is heard of somewhere does not expire, whoever hears of it. */
  #expired(event: EventOf<'sessionClosing'>): void {
    const { tickMs } = this.#world.replica(event.station)
    const timeoutMs = this.#tree.tree.sessions.get(event.session)
    const last = this.#sessions.get(event.session)
    if (timeoutMs === undefined || last === undefined || !this.#tree.isKnown) return
    if (!this.#calm.lasts(event.at, (2 * timeoutMs + 4 * tickMs) * 1000)) return
    const silentMs = (event.at - last.since) / 1000
    this.#hold('L-7', `${hex(event.session)} expired`, silentMs >= timeoutMs - 2 * tickMs - 1000, event, () => [
      `${who(event.station)} expires session ${hex(event.session)} of ${timeoutMs} ms, of which a server heard ${Math.round(silentMs)} ms ago, and nothing is wrong`,
      [last.event],
    ])
  }

  #established(event: EventOf<'established'>): void {
    this.#newestEpoch = Math.max(this.#newestEpoch, event.epoch)
    this.#heard.set(event.station, new Map())
    this.#countsFrom.set(event.station, event.at)
    const before = this.#establishedInCalm
    this.#establishedInCalm = undefined
    if (!this.#calm.lasts(event.at, this.#boundUs())) return
    // It was already calm for long when the last leader came; nobody has done anything since.
    const good = before === undefined || before.at < this.#calm.sinceUs + this.#boundUs()
    this.#hold('L-3', `${event.epoch}`, good, event, () => [
      `epoch ${event.epoch} of ${who(event.station)} follows epoch ${before?.epoch} of ${who(before?.station ?? 0)}, and nothing had happened`,
      [before],
    ])
    this.#establishedInCalm = event
  }

  #lookInCalm(event: TraceEvent): void {
    const boundUs = this.#boundUs()
    if (!this.#calm.lasts(event.at, boundUs)) return
    const up = [...this.#world.replicas.values()].filter((replica) => replica.up)
    if (!this.#world.isQuorum(new Set(up.map(({ sid }) => sid))) || up.some(({ rotten }) => rotten)) return
    const leader = up.find(({ serving, term }) => serving && term?.established !== undefined && !term.over)
    const isAlone = up.some(({ state }) => state === 'STANDALONE')
    const since = `${this.#calm.sinceUs}`
    const elected = leader !== undefined || up.some(({ state }) => state === 'LEADING') || isAlone
    this.#hold('L-1', since, elected, event, () => [
      `nobody leads after ${boundUs / SECOND} s in which nothing was wrong`,
      [],
    ])
    if (!elected || isAlone) return
    this.#hold('L-2', since, leader !== undefined, event, () => [
      `no leader serves after ${boundUs / SECOND} s in which nothing was wrong`,
      [],
    ])
    for (const replica of up) {
      const entered = this.#entered.get(replica.sid)
      this.#hold('L-6', `${since} ${replica.sid}`, replica.serving, event, () => [
        `${who(replica.sid)} is ${replica.state} after ${boundUs / SECOND} s in which nothing was wrong, and does not serve`,
        [entered?.event],
      ])
      const inTime = replica.serving || entered === undefined || event.at - entered.since < boundUs
      this.#hold('L-9', `${since} ${replica.sid}`, inTime, event, () => [
        `${who(replica.sid)} has been ${replica.state} for more than ${boundUs / SECOND} s`,
        [entered?.event],
      ])
    }
    if (leader !== undefined) this.#clientsInCalm(event, since)
  }

  #clientsInCalm(event: TraceEvent, since: string): void {
    for (const [key, waiting] of this.#connecting) {
      const from = Math.max(waiting.since, this.#calm.sinceUs)
      this.#hold('L-7', `${since} ${key}`, event.at - from < this.#boundUs() + WRITE_US, event, () => [
        `client ${key} finds no server, and nothing is wrong`,
        [waiting.event],
      ])
    }
    for (const [key, invoked] of this.#clients.open) {
      const from = Math.max(invoked.at, this.#calm.sinceUs)
      this.#hold('L-4', `${since} ${key}`, event.at - from < this.#boundUs() + WRITE_US, event, () => [
        `request ${invoked.xid} (${invoked.op}) of client ${invoked.station} has no outcome, and nothing is wrong`,
        [invoked],
      ])
    }
  }

  /** Time to find out that something is wrong, to elect (with back-off), to synchronize; each may have to be done twice. */
  #boundUs(): number {
    let us = 0
    for (const { tickMs, initLimit, syncLimit } of this.#world.replicas.values())
      us = Math.max(us, (2 * BACK_OFF_MS + 3 * initLimit * tickMs + 2 * syncLimit * tickMs) * 1000)
    return us + (20 + 10 * this.#world.replicas.size) * SECOND
  }

  /** Each case is told once. */
  #hold(
    property: PropertyId,
    key: string,
    good: boolean,
    event: TraceEvent,
    tell: () => readonly [string, readonly (TraceEvent | undefined)[]],
  ): void {
    const judge = this.#world.judges[property]
    if (judge.holds(good)) return
    const told = `${property} ${key}`
    if (this.#told.has(told)) return
    this.#told.add(told)
    const [sentence, causes] = tell()
    judge.report(event, sentence, causes)
  }
}
