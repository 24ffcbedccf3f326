/** The part of the fold that is about one client process. */
import type { ClientEvent } from '../core/client/trace.ts'
import { SESSION_0, type SessionId, type Sid } from '../core/wire/ids.ts'
import type { ClientPicture } from './picture.ts'
import { SharedMap } from './shared.ts'

export class ClientFold {
  readonly station: number
  #cached: ClientPicture | undefined
  #running = false
  #state: ClientPicture['state'] = 'NOT_CONNECTED'
  #session: SessionId = SESSION_0
  #server: Sid | undefined
  readonly #watches = new SharedMap<string, ClientPicture['watches'][number]>()
  #watchList: ClientPicture['watches'] | undefined
  readonly #pending = new SharedMap<number, ClientPicture['pending'][number]>()
  #pendingList: ClientPicture['pending'] | undefined
  readonly timers = new SharedMap<number, NonNullable<ReturnType<ClientPicture['timers']['get']>>>()

  constructor(station: number) {
    this.station = station
  }

  get session(): SessionId {
    return this.#session
  }

  get picture(): ClientPicture {
    this.#watchList ??= [...this.#watches.values()]
    this.#pendingList ??= [...this.#pending.values()]
    this.#cached ??= {
      station: this.station,
      running: this.#running,
      state: this.#state,
      session: this.#session,
      server: this.#server,
      watches: this.#watchList,
      pending: this.#pendingList,
      timers: this.timers.copy,
    }
    return this.#cached
  }

  touch(): void {
    this.#cached = undefined
  }

  started(): void {
    this.stopped()
    this.#running = true
    this.#state = 'CONNECTING'
  }

  stopped(): void {
    this.#running = false
    this.#state = 'CLOSED'
    this.#session = SESSION_0
    this.#server = undefined
    this.#forgetWork()
    this.timers.clear()
  }

  apply(event: ClientEvent): void {
    switch (event.kind) {
      case 'clientState':
        this.#state = event.to
        this.#session = event.session
        this.#server = event.to === 'CONNECTED' || event.to === 'CONNECTEDREADONLY' ? sidOf(event.server) : undefined
        if (event.to === 'CLOSED') this.#forgetWork()
        return
      case 'invoked':
        this.#pending.set(event.xid, { xid: event.xid, op: event.op, path: event.path })
        this.#pendingList = undefined
        return
      case 'answered':
      case 'requestLost':
        if (this.#pending.delete(event.xid)) this.#pendingList = undefined
        return
      case 'watchRegistered':
        this.#watches.set(`${event.watch} ${event.path}`, { path: event.path, watch: event.watch })
        this.#watchList = undefined
        return
      case 'watchDelivered':
        for (const watch of firedBy(event.event)) {
          if (this.#watches.delete(`${watch} ${event.path}`)) this.#watchList = undefined
        }
        return
      case 'printed':
        return
    }
    const left: never = event
    throw new Error(`unknown trace event ${JSON.stringify(left)}`)
  }

  #forgetWork(): void {
    this.#watches.clear()
    this.#watchList = undefined
    this.#pending.clear()
    this.#pendingList = undefined
  }
}

/** One-shot watches that an event uses up. Source: ZKWatchManager.materialize. */
function firedBy(event: string): readonly string[] {
  switch (event) {
    case 'NodeCreated':
    case 'NodeDataChanged':
      return ['data', 'exists']
    case 'NodeChildrenChanged':
      return ['child']
    case 'NodeDeleted':
      return ['data', 'exists', 'child']
    case 'DataWatchRemoved':
      return ['data', 'exists']
    case 'ChildWatchRemoved':
      return ['child']
    case 'PersistentWatchRemoved':
      return ['persistent', 'persistentRecursive']
    default:
      return []
  }
}

/** 2 for "zk2:2181". */
function sidOf(server: string | undefined): Sid | undefined {
  const digits = /^zk(\d+)(?::|$)/.exec(server ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}
