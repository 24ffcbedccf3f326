/** The client's own table of its watches: who is called for which event, and what is set again at the next server.
 *  Source: ZKWatchManager.java, WatchRegistration in ZooKeeper.java. Left out: zookeeper.disableAutoWatchReset. */
import { ErrorCode, EventType, KeeperState, WatcherType } from '../wire/codes.ts'

/** A watch event (ZooKeeper's WatchedEvent): a change of a node, or of the session (type None, path null). */
export interface WatchedEvent {
  readonly state: KeeperState
  readonly type: EventType
  readonly path: string | null
}

/** Identity matters: the same watcher set twice on a path is called once. */
export type Watcher = (event: WatchedEvent) => void

export type WatchTable = 'data' | 'exists' | 'child' | 'persistent' | 'persistentRecursive'
/** In the order of SetWatches2. */
export const WATCH_TABLES: readonly WatchTable[] = ['data', 'exists', 'child', 'persistent', 'persistentRecursive']

/** What to register once the answer is there; 'exists' becomes a data watch when the node exists. */
export interface WatchRegistration {
  readonly table: WatchTable
  readonly path: string
  readonly watcher: Watcher
}

export class ClientWatches {
  readonly #tables: { readonly [table in WatchTable]: Map<string, Set<Watcher>> } = {
    data: new Map(),
    exists: new Map(),
    child: new Map(),
    persistent: new Map(),
    persistentRecursive: new Map(),
  }
  readonly #defaultWatcher: Watcher | undefined

  /** The default watcher hears of every change of the session. */
  constructor(defaultWatcher: Watcher | undefined) {
    this.#defaultWatcher = defaultWatcher
  }

  /** Watched paths, in the order of their registration. */
  paths(table: WatchTable): string[] {
    return [...this.#tables[table].keys()]
  }

  /** Registers a watch if the answer says that the server has set it: on success; exists and addWatch also on NoNode.
   *  Returns the table it went to. */
  register({ table, path, watcher }: WatchRegistration, err: number): WatchTable | undefined {
    const setOnMissingNode = table === 'exists' || table === 'persistent' || table === 'persistentRecursive'
    if (err !== ErrorCode.Ok && !(setOnMissingNode && err === ErrorCode.NoNode)) return undefined
    const into = table === 'exists' && err === ErrorCode.Ok ? 'data' : table
    const watchers = this.#tables[into].get(path)
    if (watchers === undefined) this.#tables[into].set(path, new Set([watcher]))
    else watchers.add(watcher)
    return into
  }

  /** Who is to be called, each once; one-shot watches that this event uses up are gone afterwards. */
  fire(event: WatchedEvent): Set<Watcher> {
    const called = new Set<Watcher>()
    const { type, path } = event
    if (type === EventType.None) {
      if (this.#defaultWatcher !== undefined) called.add(this.#defaultWatcher)
      for (const table of WATCH_TABLES)
        for (const watchers of this.#tables[table].values()) for (const watcher of watchers) called.add(watcher)
      return called
    }
    if (path === null) return called
    if (type === EventType.NodeDataChanged || type === EventType.NodeCreated || type === EventType.NodeDeleted) {
      this.#takeAll('data', path, called)
      this.#takeAll('exists', path, called)
    }
    if (type === EventType.NodeChildrenChanged || type === EventType.NodeDeleted) this.#takeAll('child', path, called)
    for (const watcher of this.#tables.persistent.get(path) ?? []) called.add(watcher)
    for (const ancestor of upwards(path))
      for (const watcher of this.#tables.persistentRecursive.get(ancestor) ?? []) called.add(watcher)
    return called
  }

  /** Removes watches after the server's answer `err`. `watcher` undefined: everybody's. `local`: also when the server could
   *  not be asked. Returns the events to deliver, and the error of the whole. */
  remove(
    path: string,
    watcher: Watcher | undefined,
    type: number,
    local: boolean,
    err: number,
  ): {
    readonly err: number
    readonly removed: readonly { readonly event: WatchedEvent; readonly watchers: Set<Watcher> }[]
  } {
    // A persistent watch satisfies the check for children or data alone, but only 'any' takes it away.
    const looked: readonly WatchTable[] =
      type === WatcherType.Children
        ? ['child', 'persistent', 'persistentRecursive']
        : type === WatcherType.Data
          ? ['data', 'exists', 'persistent', 'persistentRecursive']
          : WATCH_TABLES
    const none = { err: ErrorCode.NoWatcher, removed: [] }
    if (!looked.some((table) => this.#has(table, path, watcher))) return none
    if (err !== ErrorCode.Ok && !local) return { err, removed: [] }
    const state =
      err === ErrorCode.SessionExpired || err === ErrorCode.ConnectionLoss
        ? KeeperState.Disconnected
        : KeeperState.SyncConnected
    const groups: readonly { type: EventType; tables: readonly WatchTable[]; with: readonly number[] }[] = [
      { type: EventType.ChildWatchRemoved, tables: ['child'], with: [WatcherType.Children, WatcherType.Any] },
      { type: EventType.DataWatchRemoved, tables: ['data', 'exists'], with: [WatcherType.Data, WatcherType.Any] },
      {
        type: EventType.PersistentWatchRemoved,
        tables: ['persistent', 'persistentRecursive'],
        with: [WatcherType.Any],
      },
    ]
    const removed = groups
      .filter((group) => group.with.includes(type))
      .map((group) => {
        const watchers = new Set<Watcher>()
        for (const table of group.tables) this.#take(table, path, watcher, watchers)
        return { event: { state, type: group.type, path }, watchers }
      })
      .filter(({ watchers }) => watchers.size > 0)
    return removed.length === 0 ? none : { err: ErrorCode.Ok, removed }
  }

  #has(table: WatchTable, path: string, watcher: Watcher | undefined): boolean {
    const watchers = this.#tables[table].get(path)
    return watchers !== undefined && (watcher === undefined ? watchers.size > 0 : watchers.has(watcher))
  }

  #take(table: WatchTable, path: string, watcher: Watcher | undefined, into: Set<Watcher>): void {
    if (watcher === undefined) return this.#takeAll(table, path, into)
    const watchers = this.#tables[table].get(path)
    if (!watchers?.delete(watcher)) return
    into.add(watcher)
    if (watchers.size === 0) this.#tables[table].delete(path)
  }

  #takeAll(table: WatchTable, path: string, into: Set<Watcher>): void {
    for (const watcher of this.#tables[table].get(path) ?? []) into.add(watcher)
    this.#tables[table].delete(path)
  }
}

/** The path itself, its parent, … and `/`. */
function* upwards(path: string): Iterable<string> {
  let at = path
  while (at.length > 1) {
    yield at
    at = at.slice(0, at.lastIndexOf('/'))
  }
  yield '/'
}
