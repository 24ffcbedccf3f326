/** The watches that clients have set at this server. They live in memory and end with their connection.
 *  Source: WatchManager.java, WatcherModeManager.java, DataTree.java setWatches (data-tree.md section 5), with the check
 *  of permissions before an event is delivered (CVE-2024-23944). Different on purpose: checkWatches asks for the client's
 *  own watches, where 3.8.0 is content with anybody's. */
import type { Host } from '../host.ts'
import type { DataTree, TreeChange } from '../tree/data-tree.ts'
import { parentOf } from '../tree/paths.ts'
import { EventType, eventName, Perms } from '../wire/codes.ts'
import type { ACL, Id } from '../wire/data.ts'
import type { SessionId, Zxid } from '../wire/ids.ts'
import type { SetWatches2 } from '../wire/proto.ts'
import { isAllowed } from './acl.ts'
import type { WatchKind } from './trace.ts'

/** Whom events are sent to: the connection, not the session. */
export interface Watcher {
  readonly session: SessionId
  readonly auth: readonly Id[]
  notify(type: number, path: string): void
}

/** What a watch is found at, and of which kind it is. */
interface Found {
  readonly path: string
  readonly kind: WatchKind
}

/** Either table holds at most one watch for a watcher and a path; the newest replaces what was there. */
class WatchTable {
  readonly #byPath = new Map<string, Map<Watcher, WatchKind>>()
  readonly #byWatcher = new Map<Watcher, Set<string>>()
  #recursive = 0

  get(watcher: Watcher, path: string): WatchKind | undefined {
    return this.#byPath.get(path)?.get(watcher)
  }

  set(watcher: Watcher, path: string, kind: WatchKind): void {
    this.delete(watcher, path)
    if (kind === 'persistentRecursive') this.#recursive++
    const watchers = this.#byPath.get(path)
    if (watchers === undefined) this.#byPath.set(path, new Map([[watcher, kind]]))
    else watchers.set(watcher, kind)
    const paths = this.#byWatcher.get(watcher)
    if (paths === undefined) this.#byWatcher.set(watcher, new Set([path]))
    else paths.add(path)
  }

  /** @returns false when there was none */
  delete(watcher: Watcher, path: string): boolean {
    const watchers = this.#byPath.get(path)
    const kind = watchers?.get(watcher)
    if (watchers === undefined || kind === undefined) return false
    watchers.delete(watcher)
    if (watchers.size === 0) this.#byPath.delete(path)
    const paths = this.#byWatcher.get(watcher)
    paths?.delete(path)
    if (paths?.size === 0) this.#byWatcher.delete(watcher)
    if (kind === 'persistentRecursive') this.#recursive--
    return true
  }

  pathsOf(watcher: Watcher): string[] {
    return [...(this.#byWatcher.get(watcher) ?? [])]
  }

  /** Who waits for this, each watcher once: those at the path itself, and recursive ones at the path or above it.
   *  One-shot watches are used up by it. */
  trigger(path: string, type: EventType): Map<Watcher, Found> {
    const found = new Map<Watcher, Found>()
    for (let at: string | undefined = path; at !== undefined; at = this.#recursive > 0 ? above(at) : undefined) {
      for (const [watcher, kind] of this.#byPath.get(at) ?? []) {
        const recursive = kind === 'persistentRecursive'
        if (recursive ? type === EventType.NodeChildrenChanged : at !== path) continue
        if (!found.has(watcher)) found.set(watcher, { path: at, kind })
        if (isOneShot(kind)) this.delete(watcher, at)
      }
    }
    return found
  }
}

export class ServerWatches {
  readonly #host: Host
  readonly #database: { readonly tree: DataTree }
  readonly #data = new WatchTable()
  readonly #child = new WatchTable()

  constructor(host: Host, database: { readonly tree: DataTree }) {
    this.#host = host
    this.#database = database
  }

  set(watcher: Watcher, kind: WatchKind, path: string): void {
    this.#telling(watcher, path, 'removed', () => {
      if (kind !== 'child') this.#data.set(watcher, path, kind)
      if (kind !== 'data' && kind !== 'exists') this.#child.set(watcher, path, kind)
    })
  }

  /** Events for what a txn has changed, in the order of the changes. */
  fire(changes: readonly TreeChange[], zxid: Zxid): void {
    for (const change of changes) {
      const { path, acl } = change
      switch (change.type) {
        case 'dataChanged':
          this.#trigger(this.#data, path, EventType.NodeDataChanged, acl, zxid)
          break
        case 'created':
          this.#trigger(this.#data, path, EventType.NodeCreated, acl, zxid)
          this.#trigger(this.#child, above(path) as string, EventType.NodeChildrenChanged, change.parentAcl, zxid)
          break
        case 'deleted': {
          const told = this.#trigger(this.#data, path, EventType.NodeDeleted, acl, zxid)
          this.#trigger(this.#child, path, EventType.NodeDeleted, acl, zxid, told)
          this.#trigger(this.#child, above(path) as string, EventType.NodeChildrenChanged, change.parentAcl, zxid)
          break
        }
      }
    }
  }

  /** A client that comes back sets its watches again: what has happened since `relativeZxid` is told at once, and such
   *  a watch is used up. Persistent ones are told nothing that they have missed. */
  setAgain(watcher: Watcher, request: SetWatches2): void {
    const { tree } = this.#database
    const { relativeZxid } = request
    const missed = (kind: WatchKind, path: string, type: EventType): void => {
      watcher.notify(type, path)
      this.#tellFired(watcher, { kind, path }, type, path, tree.lastProcessedZxid)
    }
    for (const path of request.dataWatches) {
      const node = tree.node(path)
      if (node === undefined) missed('data', path, EventType.NodeDeleted)
      else if (node.mzxid > relativeZxid) missed('data', path, EventType.NodeDataChanged)
      else this.set(watcher, 'data', path)
    }
    for (const path of request.existWatches) {
      if (tree.node(path) !== undefined) missed('exists', path, EventType.NodeCreated)
      else this.set(watcher, 'exists', path)
    }
    for (const path of request.childWatches) {
      const node = tree.node(path)
      if (node === undefined) missed('child', path, EventType.NodeDeleted)
      else if (node.pzxid > relativeZxid) missed('child', path, EventType.NodeChildrenChanged)
      else this.set(watcher, 'child', path)
    }
    for (const path of request.persistentWatches) this.set(watcher, 'persistent', path)
    for (const path of request.persistentRecursiveWatches) this.set(watcher, 'persistentRecursive', path)
  }

  /** In any of the tables. */
  has(watcher: Watcher, path: string, tables: { readonly data: boolean; readonly child: boolean }): boolean {
    return (
      (tables.data && this.#data.get(watcher, path) !== undefined) ||
      (tables.child && this.#child.get(watcher, path) !== undefined)
    )
  }

  /** @returns false when there was nothing to remove */
  remove(watcher: Watcher, path: string, tables: { readonly data: boolean; readonly child: boolean }): boolean {
    const had = this.has(watcher, path, tables)
    this.#telling(watcher, path, 'removed', () => {
      if (tables.data) this.#data.delete(watcher, path)
      if (tables.child) this.#child.delete(watcher, path)
    })
    return had
  }

  /** The connection has ended. */
  drop(watcher: Watcher): void {
    for (const path of new Set([...this.#data.pathsOf(watcher), ...this.#child.pathsOf(watcher)]))
      this.#telling(watcher, path, 'disconnected', () => {
        this.#data.delete(watcher, path)
        this.#child.delete(watcher, path)
      })
  }

  /** @returns whom this concerned, whether they may know of it or not */
  #trigger(
    table: WatchTable,
    path: string,
    type: EventType,
    acl: readonly ACL[],
    zxid: Zxid,
    suppressed?: ReadonlyMap<Watcher, Found>,
  ): ReadonlyMap<Watcher, Found> {
    const found = table.trigger(path, type)
    for (const [watcher, watch] of found) {
      if (!suppressed?.has(watcher) && isAllowed(acl, Perms.READ, watcher.auth)) {
        watcher.notify(type, path)
        this.#tellFired(watcher, watch, type, path, zxid)
      } else if (isOneShot(watch.kind)) this.#tellRemoved(watcher, watch, 'removed')
    }
    return found
  }

  // --- the trace: one watch of a kind, whichever tables hold it --------------------------------------

  /** Runs a change of one watcher's watches at one path and tells what it came to. */
  #telling(watcher: Watcher, path: string, reason: 'removed' | 'disconnected', change: () => void): void {
    const before = this.#kinds(watcher, path)
    change()
    const after = this.#kinds(watcher, path)
    for (const kind of before) if (!after.has(kind)) this.#tellRemoved(watcher, { path, kind }, reason)
    for (const kind of after)
      if (!before.has(kind)) this.#host.trace.emit({ kind: 'watchSet', session: watcher.session, path, watch: kind })
  }

  #kinds(watcher: Watcher, path: string): Set<WatchKind> {
    const kinds = new Set<WatchKind>()
    for (const table of [this.#data, this.#child]) {
      const kind = table.get(watcher, path)
      if (kind !== undefined) kinds.add(kind)
    }
    return kinds
  }

  #tellFired({ session }: Watcher, { path, kind }: Found, type: EventType, eventPath: string, zxid: Zxid): void {
    this.#host.trace.emit({
      kind: 'watchFired',
      session,
      path,
      watch: kind,
      event: eventName(type),
      eventPath,
      zxid,
      stays: !isOneShot(kind),
    })
  }

  #tellRemoved({ session }: Watcher, { path, kind }: Found, reason: 'removed' | 'disconnected'): void {
    this.#host.trace.emit({ kind: 'watchRemoved', session, path, watch: kind, reason })
  }
}

const isOneShot = (kind: WatchKind): boolean => kind !== 'persistent' && kind !== 'persistentRecursive'

/** `/a/b` → `/a` → `/` → nothing. */
const above = (path: string): string | undefined => (path === '/' ? undefined : parentOf(path) || '/')
