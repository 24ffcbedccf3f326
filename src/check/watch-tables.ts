/** The watches of all connections of clients, in ZooKeeper's two tables, and the events that are due to each. Source:
 *  WatchManager.java (data-tree.md section 5), with 3.8.0's rule that a connection has one watch for each path and table. */
import { EventType, Perms } from '../core/wire/codes.ts'
import type { ACL } from '../core/wire/data.ts'
import type { Zxid } from '../core/wire/ids.ts'
import type { ClientConnection } from './connections.ts'
import type { EventOf } from './world.ts'
import { type Change, parentOf } from './znode-version.ts'

export type Kind = 'once' | 'persistent' | 'recursive'
interface Watch {
  readonly kind: Kind
  readonly since: Zxid
}
/** A connection, and where it watches. */
interface Only {
  readonly watching: Watching
  readonly at: string
}
export type Table = Map<string, Map<Watching, Watch>>

/** An event that must come. */
export interface Due {
  readonly zxid: Zxid
  readonly type: number
  readonly path: string
  /** It may be kept from this client, which may not read there. */
  readonly optional: boolean
  /** The watch that sets it off. */
  readonly table: Table
  readonly at: string
}

export class Watching {
  readonly connection: ClientConnection
  /** In the order of their txns. */
  readonly due: Due[] = []
  /** Came while a setWatches was under way. */
  early: { readonly type: number; readonly path: string; readonly event: EventOf<'repliesCame'> }[] = []
  /** Overtaken by an answer, which is told once; how many more answers have come since. */
  overtaken: { readonly due: Due; answers: number }[] = []
  lastEvent: Zxid | undefined
  /** The checker has lost track. */
  blind = false
  constructor(connection: ClientConnection) {
    this.connection = connection
  }
}

export class WatchTables {
  /** Of getData and exists; persistent watches are in both. */
  readonly data: Table = new Map()
  /** Of getChildren. */
  readonly children: Table = new Map()
  #recursive = 0

  get isEmpty(): boolean {
    return this.data.size === 0 && this.children.size === 0
  }

  /** All of a connection are gone; returns where they were. */
  drop(watching: Watching): Set<string> {
    const paths = new Set<string>()
    for (const table of [this.data, this.children])
      for (const [path, watchers] of table) {
        if (watchers.get(watching)?.kind === 'recursive') this.#recursive--
        if (watchers.delete(watching)) paths.add(path)
        if (watchers.size === 0) table.delete(path)
      }
    return paths
  }

  /** Persistent watches are in both tables. `changes`: what has happened lately, oldest first; the server may have been
   *  behind. */
  add(
    watching: Watching,
    tables: readonly Table[],
    path: string,
    kind: Kind,
    since: Zxid,
    changes: readonly Change[],
  ): void {
    for (const table of tables) {
      this.remove(watching, table, path)
      this.withdraw(watching, table, path, since)
      let watchers = table.get(path)
      if (watchers === undefined) {
        watchers = new Map()
        table.set(path, watchers)
      }
      watchers.set(watching, { kind, since })
      if (kind === 'recursive') this.#recursive++
    }
    // The server was behind: what has happened meanwhile will set it off.
    const from = changes.findLastIndex((change) => change.zxid <= since) + 1
    for (const change of changes.slice(from)) this.trigger(change, { watching, at: path })
  }

  /** The watch there was another one, or none, from this state on. */
  withdraw({ due }: Watching, table: Table, path: string, since: Zxid): void {
    for (let n = due.length - 1; n >= 0; n--) {
      const each = due[n] as Due
      if (each.zxid <= since) return
      if (each.table === table && each.at === path) due.splice(n, 1)
    }
  }

  remove(watching: Watching, table: Table, path: string): void {
    const watchers = table.get(path)
    const watch = watchers?.get(watching)
    if (watchers === undefined || watch === undefined) return
    watchers.delete(watching)
    if (watchers.size === 0) table.delete(path)
    if (watch.kind === 'recursive') this.#recursive--
  }

  /** `only`: for this connection alone, which has just set a watch there. */
  trigger({ type, path, zxid, acl, parentAcl }: Change, only?: Only): void {
    if (type === 'data') return void this.#fire(this.data, path, EventType.NodeDataChanged, zxid, acl, only)
    const parent = parentOf(path) || '/'
    if (type === 'created') this.#fire(this.data, path, EventType.NodeCreated, zxid, acl, only)
    else {
      const told = this.#fire(this.data, path, EventType.NodeDeleted, zxid, acl, only)
      this.#fire(this.children, path, EventType.NodeDeleted, zxid, acl, only, told)
    }
    this.#fire(this.children, parent, EventType.NodeChildrenChanged, zxid, parentAcl, only)
  }

  #fire(
    table: Table,
    path: string,
    type: number,
    zxid: Zxid,
    acl: readonly ACL[] | undefined,
    only: Only | undefined,
    told?: ReadonlySet<Watching>,
  ): ReadonlySet<Watching> {
    const found = new Set<Watching>()
    for (let at = path; ; at = parentOf(at) || '/') {
      for (const [watching, { kind, since }] of [...(table.get(at) ?? [])]) {
        if (since >= zxid || found.has(watching)) continue
        if (only !== undefined && (only.watching !== watching || only.at !== at)) continue
        const hears = kind === 'recursive' ? type !== EventType.NodeChildrenChanged : at === path
        if (!hears) continue
        found.add(watching)
        if (kind === 'once') this.remove(watching, table, at)
        if (told?.has(watching)) continue
        const rights = rightsOf(acl, watching.connection)
        if (rights === 'none') continue
        const same = (due: Due): boolean => due.zxid === zxid && due.type === type && due.path === path
        if (only !== undefined && watching.due.some(same)) continue
        insert(watching.due, { zxid, type, path, optional: rights === 'some', table, at })
      }
      if (at === '/' || this.#recursive === 0) break
    }
    return found
  }
}

/** May this client read there? some: it depends on who it is. */
function rightsOf(acl: readonly ACL[] | undefined, { hasAuthenticated }: ClientConnection): 'all' | 'some' | 'none' {
  if (acl === undefined) return 'some'
  const readers = acl.filter(({ perms }) => (perms & Perms.READ) !== 0)
  if (readers.some(({ id }) => id.scheme === 'world')) return 'all'
  return hasAuthenticated || readers.some(({ id }) => id.scheme === 'ip') ? 'some' : 'none'
}

/** Behind all that are not later. */
function insert(due: Due[], one: Due): void {
  let at = due.length
  while (at > 0 && (due[at - 1] as Due).zxid > one.zxid) at--
  due.splice(at, 0, one)
}
