/** The watches that clients have set at this server: what the tree's changes set off is sent to their connections, and
 *  told to the trace. Source: DataTree.java setWatches, ServerWatcher; with the check of permissions before an event is
 *  delivered that 3.8.4 brought (CVE-2024-23944). */
import type { Host } from '../host.ts'
import type { DataTree, TreeChange } from '../tree/data-tree.ts'
import { missedEvent, type Registration, WatchManager } from '../tree/watch-manager.ts'
import { EventType, eventName, Perms } from '../wire/codes.ts'
import type { Id } from '../wire/data.ts'
import type { SessionId, Zxid } from '../wire/ids.ts'
import { javaTableOrder } from './java-set-order.ts'
import type { SetWatches2Body } from './request-body.ts'
import { Security } from './security.ts'
import type { ServerMetrics } from './server-metrics.ts'
import type { WatchKind } from './trace.ts'

/** Whom events are sent to: the connection, not the session. */
export interface Watcher {
  readonly session: SessionId
  readonly auth: readonly Id[]
  notify(type: number, path: string): void
}

/** Who watches what. `all` counts both tables, everything else the table of data watches alone, as in Java. */
export interface WatchReport {
  readonly all: number
  summary(): { readonly connections: number; readonly paths: number; readonly total: number }
  byPath(): [string, SessionId[]][]
  bySession(): [SessionId, string[]][]
}

export class ServerWatches implements WatchReport {
  readonly #host: Host
  readonly #database: { readonly tree: DataTree }
  readonly #security: Security
  readonly #metrics: ServerMetrics | undefined
  readonly #manager = new WatchManager<Watcher>()

  constructor(
    host: Host,
    database: { readonly tree: DataTree },
    security = new Security(),
    metrics: ServerMetrics | undefined = undefined,
  ) {
    this.#host = host
    this.#database = database
    this.#security = security
    this.#metrics = metrics
  }

  set(watcher: Watcher, kind: WatchKind, path: string): void {
    this.#telling(watcher, path, () => this.#manager.add(watcher, path, kind))
  }

  /** Events for what a txn has changed, in the order of the changes. A one-shot watch is used up even if its client may
   *  not read the node, and so does not hear of it. */
  fire(changes: readonly TreeChange[], zxid: Zxid): void {
    const usedUp = (watch: Registration<Watcher>): void => this.#tellRemoved(watch, 'removed')
    for (const change of changes) {
      const fired = this.#manager.fire(change, usedUp)
      if (fired.length > 0) this.#count(fired)
      for (const { watcher, path, kind, stays, event, eventPath, acl } of fired) {
        if (this.#security.allows(acl, Perms.READ, watcher.auth))
          this.#notify(watcher, path, kind, event, eventPath, zxid, stays)
        else if (!stays) usedUp({ watcher, path, kind })
      }
    }
  }

  #count(fired: readonly { readonly event: EventType }[]): void {
    if (this.#metrics === undefined) return
    const { time } = this.#metrics
    const of = (type: EventType): number => fired.reduce((sum, { event }) => sum + (event === type ? 1 : 0), 0)
    const counts = [
      [time.node_created_watch_count, of(EventType.NodeCreated)],
      [time.node_deleted_watch_count, of(EventType.NodeDeleted)],
      [time.node_changed_watch_count, of(EventType.NodeDataChanged)],
      [time.node_children_watch_count, of(EventType.NodeChildrenChanged)],
    ] as const
    for (const [summary, count] of counts) if (count > 0) summary.add(count)
  }

  /** A client that comes back sets its watches again: what has happened since `relativeZxid` is told at once, and such
   *  a watch is used up. Persistent ones are told nothing that they have missed.
   *  @returns false when it came to a path that is missing; what stands before it has been done then */
  setAgain(watcher: Watcher, request: SetWatches2Body): boolean {
    const { tree } = this.#database
    const again = (kind: WatchKind, paths: readonly (string | null)[]): boolean => {
      for (const path of paths) {
        if (path === null) return false
        const event = missedEvent(kind, tree.node(path), request.relativeZxid)
        if (event === undefined) this.set(watcher, kind, path)
        else this.#notify(watcher, path, kind, event, path, tree.lastProcessedZxid, false)
      }
      return true
    }
    return (
      again('data', request.dataWatches) &&
      again('exists', request.existWatches) &&
      again('child', request.childWatches) &&
      again('persistent', request.persistentWatches) &&
      again('persistentRecursive', request.persistentRecursiveWatches)
    )
  }

  /** checkWatches; `type`: a WatcherType. */
  isWatched(watcher: Watcher, path: string, type: number): boolean {
    return this.#manager.isWatched(watcher, path, type)
  }

  /** @returns false when there was nothing to remove */
  remove(watcher: Watcher, path: string, type: number): boolean {
    return this.#telling(watcher, path, () => this.#manager.remove(watcher, path, type).length > 0)
  }

  // --- report ------------------------------------------------------------------------------------

  get all(): number {
    return this.#manager.size + this.#manager.registrations().children.length
  }
  summary(): { readonly connections: number; readonly paths: number; readonly total: number } {
    const { data } = this.#manager.registrations()
    const connections = new Set(data.map(({ watcher }) => watcher)).size
    return { connections, paths: new Set(data.map(({ path }) => path)).size, total: data.length }
  }
  /** Paths in the order of a Java table. */
  byPath(): [string, SessionId[]][] {
    const paths = grouped(this.#manager.registrations().data, ({ path }) => path)
    return javaTableOrder([...paths.keys()]).map((path) => [
      path,
      (paths.get(path) ?? []).map(({ watcher }) => watcher.session),
    ])
  }
  bySession(): [SessionId, string[]][] {
    const watchers = grouped(this.#manager.registrations().data, ({ watcher }) => watcher)
    return [...watchers].map(([{ session }, watches]) => [session, javaTableOrder(watches.map(({ path }) => path))])
  }

  /** The connection has ended. */
  drop(watcher: Watcher): void {
    for (const watch of this.#manager.removeWatcher(watcher)) this.#tellRemoved(watch, 'disconnected')
  }

  #notify(
    watcher: Watcher,
    path: string,
    watch: WatchKind,
    type: number,
    eventPath: string,
    zxid: Zxid,
    stays: boolean,
  ): void {
    watcher.notify(type, eventPath)
    const event = eventName(type)
    const { session } = watcher
    this.#host.trace.emit({ kind: 'watchFired', session, path, watch, event, eventPath, zxid, stays })
  }

  /** Changes one watcher's watches at one path and tells what that came to: a watch may replace others, and one that
   *  two tables hold is still there when one of them has lost it. */
  #telling<T>(watcher: Watcher, path: string, change: () => T): T {
    const before = this.#manager.kinds(watcher, path)
    const result = change()
    const after = this.#manager.kinds(watcher, path)
    for (const kind of before) if (!after.has(kind)) this.#tellRemoved({ watcher, path, kind }, 'removed')
    for (const kind of after)
      if (!before.has(kind)) this.#host.trace.emit({ kind: 'watchSet', session: watcher.session, path, watch: kind })
    return result
  }

  #tellRemoved({ watcher: { session }, path, kind }: Registration<Watcher>, reason: 'removed' | 'disconnected'): void {
    this.#host.trace.emit({ kind: 'watchRemoved', session, path, watch: kind, reason })
  }
}

function grouped<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else group.push(value)
  }
  return groups
}
