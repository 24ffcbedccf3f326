/** Who waits for what. Watches are local to a server, in memory only, and die with the connection that set them.
 *  Source: WatchManager.java, DataTree.java (data-tree.md section 5), with the rule of 3.8.0 that a watcher has one
 *  watch for each path and table: the last registration wins. */
import { EventType, WatcherType } from '../wire/codes.ts'
import type { ACL } from '../wire/data.ts'
import type { Zxid } from '../wire/ids.ts'
import type { TreeChange } from './data-tree.ts'
import { parentOf } from './paths.ts'
import type { NodeView } from './znode.ts'

/** data, exists, child: fire once (STANDARD). persistent: fires for its path as often as it takes.
 *  persistentRecursive: for its path and everything below it, but not for NodeChildrenChanged. */
export type WatchKind = 'data' | 'exists' | 'child' | 'persistent' | 'persistentRecursive'

/** One event for one watcher. */
export interface Firing<W> {
  readonly watcher: W
  /** The watch that fired: where it was set, and as what. */
  readonly path: string
  readonly kind: WatchKind
  /** False: the watch is gone. */
  readonly stays: boolean
  readonly event: EventType
  readonly eventPath: string
  /** Of the znode that the event is about, as it was: only who may READ there should be told (CVE-2024-23944). */
  readonly acl: readonly ACL[]
}

export interface Registration<W> {
  readonly watcher: W
  readonly path: string
  readonly kind: WatchKind
}

const isPersistent = (kind: WatchKind): boolean => kind === 'persistent' || kind === 'persistentRecursive'

/** `W`: the connection; compared by identity. */
export class WatchManager<W extends object> {
  /** Watches of getData and exists. */
  readonly #data = new WatchTable<W>()
  /** Watches of getChildren. Persistent watches are in both. */
  readonly #children = new WatchTable<W>()

  add(watcher: W, path: string, kind: WatchKind): void {
    if (kind !== 'child') this.#data.add(watcher, path, kind)
    if (kind === 'child' || isPersistent(kind)) this.#children.add(watcher, path, kind)
  }

  /** What this watcher has set at exactly this path and still has, whichever tables hold it. */
  kinds(watcher: W, path: string): Set<WatchKind> {
    const kinds = [this.#data.kindOf(watcher, path), this.#children.kindOf(watcher, path)]
    return new Set(kinds.filter((kind) => kind !== undefined))
  }

  /** What a change of the tree sets off, in the order in which it must be queued. Standard watches that fire are gone.
   *  `onUsedUp`: one that is gone without an event of its own. */
  fire(change: TreeChange, onUsedUp: (watch: Registration<W>) => void = () => {}): readonly Firing<W>[] {
    const { path, type, acl } = change
    if (type === 'dataChanged') return this.#data.trigger(path, EventType.NodeDataChanged, acl).fired
    const parent = parentOf(path) || '/'
    if (type === 'created')
      return [
        ...this.#data.trigger(path, EventType.NodeCreated, acl).fired,
        ...this.#children.trigger(parent, EventType.NodeChildrenChanged, change.parentAcl).fired,
      ]
    const deleted = this.#data.trigger(path, EventType.NodeDeleted, acl)
    return [
      ...deleted.fired,
      // Who has heard of it already does not hear it twice; its child watch is used up all the same.
      ...this.#children.trigger(path, EventType.NodeDeleted, acl, deleted.watchers, onUsedUp).fired,
      ...this.#children.trigger(parent, EventType.NodeChildrenChanged, change.parentAcl).fired,
    ]
  }

  /** removeWatches. `type`: a WatcherType. @returns the watches that are gone; none: NoWatcher */
  remove(watcher: W, path: string, type: number): Registration<W>[] {
    const kinds = new Set<WatchKind>()
    for (const table of this.#tables(type)) {
      const kind = table.remove(watcher, path)
      if (kind !== undefined) kinds.add(kind)
    }
    return [...kinds].map((kind) => ({ watcher, path, kind }))
  }

  /** checkWatches, with the answer that 3.8.0 gives: yes, too, when it is somebody else who watches that path. */
  isWatched(watcher: W, path: string, type: number): boolean {
    return this.#tables(type).some((table) => table.has(path) || table.kindOf(watcher, path) === 'persistentRecursive')
  }

  /** The connection has ended. @returns its watches, a persistent one once */
  removeWatcher(watcher: W): Registration<W>[] {
    const data = this.#data.removeWatcher(watcher)
    const children = this.#children.removeWatcher(watcher)
    const inData = new Set(data.filter(({ kind }) => isPersistent(kind)).map(({ path, kind }) => `${kind} ${path}`))
    return [...data, ...children.filter(({ path, kind }) => !inData.has(`${kind} ${path}`))]
  }

  /** Of both tables; a persistent watch twice. */
  registrations(): { readonly data: Registration<W>[]; readonly children: Registration<W>[] } {
    return { data: this.#data.registrations(), children: this.#children.registrations() }
  }

  /** As `wchs` counts: the data table alone. */
  get size(): number {
    return this.#data.size
  }

  #tables(type: number): WatchTable<W>[] {
    if (type === WatcherType.Children) return [this.#children]
    if (type === WatcherType.Data) return [this.#data]
    return [this.#children, this.#data]
  }
}

/** A watch that a client sets again after a reconnect: the event that it has missed, or undefined when the watch is
 *  to be registered. `lastSeen`: the newest zxid that the client knows of. */
export function missedEvent(
  kind: WatchKind,
  node: Pick<NodeView, 'mzxid' | 'pzxid'> | undefined,
  lastSeen: Zxid,
): EventType | undefined {
  switch (kind) {
    case 'data':
      if (node === undefined) return EventType.NodeDeleted
      return node.mzxid > lastSeen ? EventType.NodeDataChanged : undefined
    case 'exists':
      return node === undefined ? undefined : EventType.NodeCreated
    case 'child':
      if (node === undefined) return EventType.NodeDeleted
      return node.pzxid > lastSeen ? EventType.NodeChildrenChanged : undefined
    case 'persistent':
    case 'persistentRecursive':
      return undefined
  }
}

interface Triggered<W> {
  readonly fired: readonly Firing<W>[]
  readonly watchers: ReadonlySet<W>
}
const NOTHING: Triggered<never> = { fired: [], watchers: new Set() }

class WatchTable<W extends object> {
  /** By path, then by watcher in order of registration. */
  readonly #byPath = new Map<string, Map<W, WatchKind>>()
  readonly #paths = new Map<W, Set<string>>()
  /** Without recursive watches there is no need to look at a path's ancestors. */
  #recursive = 0

  get size(): number {
    let size = 0
    for (const watchers of this.#byPath.values()) size += watchers.size
    return size
  }
  has(path: string): boolean {
    return this.#byPath.has(path)
  }
  kindOf(watcher: W, path: string): WatchKind | undefined {
    return this.#byPath.get(path)?.get(watcher)
  }
  registrations(): Registration<W>[] {
    return [...this.#byPath].flatMap(([path, watchers]) =>
      [...watchers].map(([watcher, kind]) => ({ watcher, path, kind })),
    )
  }

  add(watcher: W, path: string, kind: WatchKind): void {
    this.remove(watcher, path)
    const watchers = this.#byPath.get(path)
    if (watchers === undefined) this.#byPath.set(path, new Map([[watcher, kind]]))
    else watchers.set(watcher, kind)
    const paths = this.#paths.get(watcher)
    if (paths === undefined) this.#paths.set(watcher, new Set([path]))
    else paths.add(path)
    if (kind === 'persistentRecursive') this.#recursive++
  }

  /** @returns what it was */
  remove(watcher: W, path: string): WatchKind | undefined {
    const watchers = this.#byPath.get(path)
    const kind = watchers?.get(watcher)
    if (watchers === undefined || kind === undefined) return undefined
    watchers.delete(watcher)
    if (watchers.size === 0) this.#byPath.delete(path)
    const paths = this.#paths.get(watcher)
    paths?.delete(path)
    if (paths?.size === 0) this.#paths.delete(watcher)
    if (kind === 'persistentRecursive') this.#recursive--
    return kind
  }

  removeWatcher(watcher: W): Registration<W>[] {
    return [...(this.#paths.get(watcher) ?? [])].map((path) => {
      const kind = this.remove(watcher, path) as WatchKind
      return { watcher, path, kind }
    })
  }

  /** Each watcher at most once: by its watch on the path itself, else by the recursive one that is nearest above. */
  trigger(
    eventPath: string,
    event: EventType,
    acl: readonly ACL[],
    suppress?: ReadonlySet<W>,
    onUsedUp?: (watch: Registration<W>) => void,
  ): Triggered<W> {
    if (this.#recursive === 0 && !this.#byPath.has(eventPath)) return NOTHING
    const found = new Map<W, { path: string; kind: WatchKind }>()
    for (const path of this.#recursive === 0 ? [eventPath] : lineage(eventPath))
      for (const [watcher, kind] of this.#byPath.get(path) ?? []) {
        const hears = kind === 'persistentRecursive' ? event !== EventType.NodeChildrenChanged : path === eventPath
        if (hears && !found.has(watcher)) found.set(watcher, { path, kind })
      }
    const fired: Firing<W>[] = []
    for (const [watcher, { path, kind }] of found) {
      const stays = isPersistent(kind)
      if (!stays) this.remove(watcher, path)
      if (suppress?.has(watcher)) {
        if (!stays) onUsedUp?.({ watcher, path, kind })
        continue
      }
      fired.push({ watcher, path, kind, stays, event, eventPath, acl })
    }
    return { fired, watchers: new Set(found.keys()) }
  }
}

/** The path and all above it, up to `/`. */
function* lineage(path: string): Generator<string> {
  for (let at = path; at.length > 1; at = parentOf(at) || '/') yield at
  yield '/'
}
