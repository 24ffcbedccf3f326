/** Folds trace events, in run order, into a picture. Nothing else goes in: the present, a recording and another branch of
 *  history are drawn by the same code.
 *
 *  Memory: what it holds is as large as what it shows, whatever the length of the run. Messages leave when they
 *  arrive; logs, firings and words of txns are bounded. */
import type { CoreEvent, HostEvent, Stamp, TraceEvent } from '../core/trace.ts'
import { type Sid, ZXID_0, type Zxid } from '../core/wire/ids.ts'
import { ClientFold } from './fold-client.ts'
import { ServerFold, type Surroundings, type TxnWords } from './fold-server.ts'
import type {
  ClientPicture,
  ConnectionPicture,
  FiringPicture,
  MessagePicture,
  Picture,
  ServerPicture,
} from './picture.ts'
import { SharedList, SharedMap } from './shared.ts'

/** Stations from here on are clients; 1 … 100 are servers, 0 is the conductor. */
export const FIRST_CLIENT = 101

const FIRINGS = 500
const WORDS = 4096
/** In-flight messages are swept when this many more than last time are held. */
const SWEEP = 256

export class Fold implements Surroundings {
  #at = 0
  #revision = 0
  #cached: Picture | undefined
  readonly #servers = new Map<Sid, ServerFold>()
  #serverPictures: ReadonlyMap<Sid, ServerPicture> = new Map()
  readonly #clients = new Map<number, ClientFold>()
  #clientPictures: ReadonlyMap<number, ClientPicture> = new Map()
  readonly #messages = new SharedList<MessagePicture>()
  #firstArrival = Number.POSITIVE_INFINITY
  #sweepAt = SWEEP
  readonly #connections = new SharedMap<string, ConnectionPicture>()
  readonly #firings = new SharedList<FiringPicture>()
  readonly #traffic = new SharedMap<string, number>()
  #lastCommitted: Zxid = ZXID_0
  readonly #words = new Map<Zxid, TxnWords>()

  /** Servers 1 … `servers` are there from the beginning, stopped. */
  constructor(servers: number) {
    for (let sid = 1; sid <= servers; sid++) this.#servers.set(sid, new ServerFold(sid, this))
  }

  get at(): number {
    return this.#at
  }

  /** The picture now: the same object until the next change of it. */
  get picture(): Picture {
    if (this.#cached !== undefined) return this.#cached
    this.#sweepMessages()
    const servers = new Map([...this.#servers].map(([sid, server]) => [sid, server.picture]))
    const clients = new Map([...this.#clients].map(([station, client]) => [station, client.picture]))
    this.#serverPictures = sameOr(this.#serverPictures, servers)
    this.#clientPictures = sameOr(this.#clientPictures, clients)
    const leader = this.#leader()
    this.#cached = {
      at: this.#at,
      revision: this.#revision,
      servers: this.#serverPictures,
      clients: this.#clientPictures,
      messages: this.#messages.copy,
      connections: this.#connections.copy,
      leader: leader?.sid,
      hasQuorum: leader !== undefined && this.#hasQuorum(leader),
      lastCommitted: this.#lastCommitted,
      firings: this.#firings.copy,
      traffic: this.#traffic.copy,
    }
    return this.#cached
  }

  /** Moves time on to `atUs`; never back. */
  advance(atUs: number): void {
    if (atUs <= this.#at) return
    this.#at = atUs
    this.#cached = undefined
  }

  apply(event: TraceEvent): void {
    this.advance(event.at)
    this.#revision++
    this.#cached = undefined
    if (event.station >= FIRST_CLIENT) this.#client(event.station).touch()
    else if (event.station > 0) this.#server(event.station).touch()
    this.#dispatch(event)
    const committed = this.#servers.get(event.station)?.lastCommitted
    if (committed !== undefined && committed > this.#lastCommitted) this.#lastCommitted = committed
  }

  wordsOf(zxid: Zxid): TxnWords | undefined {
    return this.#words.get(zxid)
  }

  remember(zxid: Zxid, words: TxnWords): void {
    if (this.#words.has(zxid)) return
    this.#words.set(zxid, words)
    if (this.#words.size <= WORDS) return
    const [oldest] = this.#words.keys()
    if (oldest !== undefined) this.#words.delete(oldest)
  }

  #dispatch(event: TraceEvent): void {
    switch (event.kind) {
      case 'roundStarted':
      case 'roundJoined':
      case 'vote':
      case 'notification':
      case 'quorumForVote':
      case 'finalizeInterrupted':
      case 'elected':
        return this.#server(event.station).election(event)
      case 'syncStart': {
        const learner = this.#server(event.peer)
        learner.syncStarted(event, event.station)
        return learner.touch()
      }
      case 'zabState':
      case 'epochProposed':
      case 'epochAccepted':
      case 'epochCurrent':
      case 'syncReceived':
      case 'truncated':
      case 'snapInstalled':
      case 'newLeaderAck':
      case 'established':
      case 'serving':
      case 'stopServing':
      case 'proposed':
      case 'ackCounted':
      case 'committed':
      case 'learnerLost':
      case 'learnerSynced':
        return this.#server(event.station).zab(event)
      case 'recovered':
      case 'treeLoaded':
      case 'logged':
      case 'durable':
      case 'snapshotTaken':
      case 'fileRemoved':
        return this.#server(event.station).storage(event)
      case 'halted':
        return this.#died(event.station, 'halted', event.reason, event.file)
      case 'watchFired':
        this.#fired(event)
        return this.#server(event.station).server(event)
      case 'configured':
      case 'configProposed':
      case 'configActivated':
      case 'designated':
      case 'quotaExceeded':
      case 'containerDue':
      case 'stateChanged':
      case 'readOnlyMode':
      case 'applied':
      case 'sessionCreated':
      case 'sessionClosing':
      case 'sessionClosed':
      case 'sessionAttached':
      case 'sessionDetached':
      case 'watchSet':
      case 'watchRemoved':
      case 'request':
      case 'reply':
        return this.#server(event.station).server(event)
      case 'watchDelivered':
        this.#delivered(event)
        return this.#client(event.station).apply(event)
      case 'clientState':
      case 'invoked':
      case 'answered':
      case 'requestLost':
      case 'watchRegistered':
      case 'printed':
        return this.#client(event.station).apply(event)
      default:
        return this.#host(event)
    }
  }

  #host(event: Stamp & Exclude<HostEvent, CoreEvent>): void {
    switch (event.kind) {
      case 'started':
        if (event.what === 'client') this.#client(event.station).started()
        else this.#server(event.station).started(event.incarnation)
        return
      case 'killed':
        return this.#died(event.station, 'stopped', 'killed')
      case 'crashed':
        return this.#died(event.station, 'halted', event.reason)
      case 'message':
        return this.#sent(event)
      case 'connecting':
        this.#connections.set(event.connection, connection(event, false))
        return
      case 'connected': {
        const known = this.#connections.get(event.connection)
        this.#connections.set(
          event.connection,
          known === undefined ? connection(event, true) : { ...known, open: true },
        )
        return
      }
      case 'disconnected':
        this.#connections.delete(event.connection)
        return
      case 'timerSet':
        this.#process(event.station).timers.set(event.timer, { note: event.note, setAt: event.at, dueAt: event.dueAt })
        return
      case 'timerEnded':
        this.#process(event.station).timers.delete(event.timer)
        return
      case 'traffic':
        for (const [type, count] of Object.entries(event.counts)) this.#count(type, count)
        return
      case 'action':
      case 'malformed':
      case 'paused':
      case 'resumed':
      case 'released':
      case 'diskChanged':
      case 'diskSynced':
      case 'diskDamaged':
      case 'frameSent':
      case 'frameCame':
      case 'diskFailed':
      case 'packetsSent':
      case 'votesSent':
      case 'touchesCame':
      case 'requestsSent':
      case 'repliesCame':
        return
    }
    const left: never = event
    throw new Error(`unknown trace event ${JSON.stringify(left)}`)
  }

  /** What flies to a dead process is lost at its death; what it sent stays in flight. Its peers hear of the broken
   *  connections one latency later: until then their halves hang open. */
  #died(station: number, process: 'stopped' | 'halted', reason: string, damagedFile?: string): void {
    if (station >= FIRST_CLIENT) this.#client(station).stopped()
    else this.#server(station).stopped(process, reason, damagedFile)
    this.#messages.filter((message) => message.to !== station)
    for (const link of [...this.#connections.values()]) {
      if (link.from !== station && link.to !== station) continue
      if (link.open) this.#connections.set(link.id, { ...link, open: false })
      else this.#connections.delete(link.id)
    }
  }

  #sent(event: Stamp & Extract<HostEvent, { kind: 'message' }>): void {
    const { station, seq, at, to, connection, note, sizeBytes, arrivesAt } = event
    this.#count(note.type, 1)
    this.#messages.push({ id: { station, seq }, from: station, to, connection, note, sizeBytes, sentAt: at, arrivesAt })
    this.#firstArrival = Math.min(this.#firstArrival, arrivesAt)
    if (this.#messages.length >= this.#sweepAt) this.#sweepMessages()
  }

  #sweepMessages(): void {
    if (this.#firstArrival <= this.#at) {
      let first = Number.POSITIVE_INFINITY
      this.#messages.filter((message) => {
        if (message.arrivesAt <= this.#at) return false
        first = Math.min(first, message.arrivesAt)
        return true
      })
      this.#firstArrival = first
    }
    this.#sweepAt = this.#messages.length * 2 + SWEEP
  }

  #fired(event: Stamp & Extract<CoreEvent, { kind: 'watchFired' }>): void {
    const { station, seq, at, session, path, eventPath, watch, zxid } = event
    const id = { station, seq }
    this.#firings.push({
      id,
      at,
      server: station,
      session,
      path,
      eventPath,
      watch,
      event: event.event,
      zxid,
      deliveredAt: undefined,
    })
    this.#firings.keepNewest(FIRINGS)
  }

  /** The oldest firing of this kind that its client has not had yet. Watch events of a session arrive in order. */
  #delivered(event: Stamp & Extract<CoreEvent, { kind: 'watchDelivered' }>): void {
    const { session } = this.#client(event.station)
    for (let index = 0; index < this.#firings.length; index++) {
      const firing = this.#firings.at(index)
      if (firing === undefined || firing.deliveredAt !== undefined) continue
      if (firing.session !== session || firing.event !== event.event || firing.eventPath !== event.path) continue
      return this.#firings.set(index, { ...firing, deliveredAt: event.at })
    }
  }

  #count(type: string, count: number): void {
    this.#traffic.set(type, (this.#traffic.get(type) ?? 0) + count)
  }

  #leader(): { readonly sid: Sid; readonly epoch: number; readonly server: ServerFold } | undefined {
    let newest: { readonly sid: Sid; readonly epoch: number; readonly server: ServerFold } | undefined
    for (const [sid, server] of this.#servers) {
      const epoch = server.leadsEpoch
      if (epoch !== undefined && (newest === undefined || epoch > newest.epoch)) newest = { sid, epoch, server }
    }
    return newest
  }

  #hasQuorum(leader: { readonly sid: Sid; readonly server: ServerFold }): boolean {
    const { voters } = leader.server
    let together = 0
    for (const sid of voters) if (sid === leader.sid || this.#servers.get(sid)?.inBroadcastWith(leader.sid)) together++
    return together * 2 > voters.length
  }

  #server(sid: Sid): ServerFold {
    const known = this.#servers.get(sid)
    if (known !== undefined) return known
    const server = new ServerFold(sid, this)
    this.#servers.set(sid, server)
    return server
  }

  #client(station: number): ClientFold {
    const known = this.#clients.get(station)
    if (known !== undefined) return known
    const client = new ClientFold(station)
    this.#clients.set(station, client)
    return client
  }

  #process(station: number): ServerFold | ClientFold {
    return station >= FIRST_CLIENT ? this.#client(station) : this.#server(station)
  }
}

const PORTS: { readonly [port: number]: ConnectionPicture['port'] } = {
  2181: 'client',
  2888: 'quorum',
  3888: 'election',
}

function connection(
  event: Stamp & Extract<HostEvent, { kind: 'connecting' | 'connected' }>,
  open: boolean,
): ConnectionPicture {
  return { id: event.connection, from: event.station, to: event.to, port: PORTS[event.port] ?? 'client', open }
}

/** The old map when the new one holds the same. */
function sameOr<K, V>(old: ReadonlyMap<K, V>, now: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  if (old.size !== now.size) return now
  for (const [key, value] of now) if (old.get(key) !== value) return now
  return old
}
