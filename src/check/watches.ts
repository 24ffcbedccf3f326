/** W: which events each connection of a client must get, worked out from its own requests and the committed history. A watch
 *  holds from the state that the answer to its request shows. Source: WatchManager.java (data-tree.md section 5), with 3.8.0's
 *  rule that a connection has one watch for each path and table. */
import type { TraceEvent } from '../core/trace.ts'
import { AddWatchMode, ErrorCode, EventType, eventName, OpCode, Perms, WatcherType } from '../core/wire/codes.ts'
import type { Zxid } from '../core/wire/ids.ts'
import { Reader } from '../core/wire/jute.ts'
import { AddWatchRequest, CheckWatchesRequest, SetWatches, SetWatches2, WatcherEvent } from '../core/wire/proto.ts'
import type { ClientConnection, Request } from './connections.ts'
import type { Executed } from './reference-tree.ts'
import type { TreeChecks } from './tree.ts'
import { type Due, type Kind, type Table, Watching, WatchTables } from './watch-tables.ts'
import { type EventOf, type Handlers, hex, type World, who } from './world.ts'

/** Of so many sessions it is known what they watched before. */
const SESSIONS = 1000
/** So many answers after it should have come an event is lost. */
const PATIENCE = 3

export class WatchChecks {
  readonly #world: World
  readonly #tree: TreeChecks
  readonly #tables = new WatchTables()
  readonly #watching = new Map<string, Watching>()
  /** By session: where its last connection had watches. */
  readonly #before = new Map<bigint, Set<string>>()

  constructor(world: World, tree: TreeChecks) {
    this.#world = world
    this.#tree = tree
  }

  readonly handlers: Handlers = {}

  /** The history has got a txn. */
  executed({ changes }: Executed): void {
    if (this.#tables.isEmpty) return
    for (const change of changes) this.#tables.trigger(change)
  }

  ended(connection: ClientConnection): void {
    const watching = this.#watching.get(connection.id)
    if (watching === undefined) return
    this.#watching.delete(connection.id)
    this.#before.set(connection.session, this.#tables.drop(watching))
    if (this.#before.size > SESSIONS) this.#before.delete(this.#before.keys().next().value as bigint)
  }

  // --- what comes --------------------------------------------------------------------------------

  event(connection: ClientConnection, event: EventOf<'repliesCame'>, input: Reader): void {
    const { type, path } = WatcherEvent.read(input)
    if (type === EventType.None) return
    const watching = this.#of(connection)
    if (watching.blind) return
    const isCatchingUp = connection.requests.some(
      (each) => each.type === OpCode.setWatches || each.type === OpCode.setWatches2,
    )
    if (isCatchingUp) watching.early.push({ type, path, event })
    else this.#match(watching, event, type, path)
  }

  #match(watching: Watching, event: EventOf<'repliesCame'>, type: number, path: string): void {
    const { judges } = this.#world
    const { due, connection } = watching
    const what = `${eventName(type)} of ${path}`
    const late = watching.overtaken.findIndex((each) => each.due.type === type && each.due.path === path)
    if (late !== -1) {
      watching.overtaken.splice(late, 1)
      return
    }
    const at = due.findIndex((each) => each.type === type && each.path === path)
    judges['W-7'].holds(true)
    if (!judges['W-3'].holds(at !== -1)) {
      if (!connection.hasAuthenticated && this.#isHidden(path))
        judges['W-6'].report(
          event,
          `${who(connection.server)} tells client ${connection.client} ${what}, which it may not read`,
        )
      if (this.#before.get(connection.session)?.has(path))
        judges['W-7'].report(
          event,
          `${who(connection.server)} tells client ${connection.client} ${what}, for which only an earlier connection had a watch`,
        )
      judges['W-3'].report(
        event,
        `${who(connection.server)} tells client ${connection.client} ${what}, and no watch of it waits for that`,
      )
      return
    }
    const own = due[at] as Due
    // Events of one txn may come in any order.
    const passed = due.slice(0, at).find((each) => !each.optional && each.zxid < own.zxid)
    if (!judges['W-5'].holds(passed === undefined))
      judges['W-5'].report(
        event,
        `${who(connection.server)} tells client ${connection.client} ${what} before ${eventName(passed?.type ?? 0)} of ${passed?.path ?? ''}, which happened earlier`,
      )
    due.splice(at, 1)
  }

  /** An answer has come: everything up to its state must have been told before. */
  reply(connection: ClientConnection, event: EventOf<'repliesCame'>, request: Request, zxid: Zxid, err: number): void {
    const known = this.#watching.get(connection.id)
    if (request.type === OpCode.setWatches || request.type === OpCode.setWatches2)
      this.#caughtUp(this.#of(connection), event, request, zxid)
    if (known !== undefined && !known.blind) this.#expectTold(known, event, zxid)
    if (err === ErrorCode.Ok || err === ErrorCode.NoNode) this.#register(connection, event, request, zxid, err)
  }

  #expectTold(watching: Watching, event: EventOf<'repliesCame'>, zxid: Zxid): void {
    const { judges } = this.#world
    const { due, connection } = watching
    const about = (one: Due): string => `${eventName(one.type)} of ${one.path} by ${hex(one.zxid)}`
    for (const each of [...watching.overtaken]) {
      if (++each.answers < PATIENCE) continue
      watching.overtaken.splice(watching.overtaken.indexOf(each), 1)
      judges['W-2'].report(
        event,
        `client ${connection.client} was never told ${about(each.due)}, which it watches for at ${who(connection.server)}`,
      )
    }
    if (due.length === 0 || (due[0] as Due).zxid > zxid) {
      judges['W-1'].holds(true)
      return
    }
    while (due[0] !== undefined && due[0].zxid <= zxid) {
      const first = due.shift() as Due
      if (!judges['W-1'].holds(first.optional)) {
        judges['W-1'].report(
          event,
          `client ${connection.client} sees ${hex(zxid)} at ${who(connection.server)} before it is told ${about(first)}`,
        )
        watching.overtaken.push({ due: first, answers: 0 })
      }
    }
  }

  // --- registration ------------------------------------------------------------------------------

  #register(connection: ClientConnection, event: TraceEvent, request: Request, zxid: Zxid, err: number): void {
    const { type, body } = request
    switch (type) {
      case OpCode.getData:
      case OpCode.exists:
      case OpCode.getChildren:
      case OpCode.getChildren2: {
        if (err === ErrorCode.NoNode && type !== OpCode.exists) return
        const input = new Reader(body)
        const path = input.string() ?? ''
        if (!input.boolean()) return
        const table =
          type === OpCode.getChildren || type === OpCode.getChildren2 ? this.#tables.children : this.#tables.data
        return this.#add(connection, [table], path, 'once', zxid)
      }
      case OpCode.addWatch: {
        const { path, mode } = AddWatchRequest.read(new Reader(body))
        const kind = mode === AddWatchMode.PERSISTENT ? 'persistent' : 'recursive'
        return this.#add(connection, [this.#tables.data, this.#tables.children], path, kind, zxid)
      }
      case OpCode.removeWatches: {
        if (err !== ErrorCode.Ok) return
        const { path, type: which } = CheckWatchesRequest.read(new Reader(body))
        const watching = this.#of(connection)
        for (const table of [this.#tables.data, this.#tables.children]) {
          if (which === (table === this.#tables.data ? WatcherType.Children : WatcherType.Data)) continue
          this.#tables.remove(watching, table, path)
          this.#tables.withdraw(watching, table, path, zxid)
        }
        this.#world.judges['W-6'].holds(true)
        return
      }
      default:
        void event
    }
  }

  #add(connection: ClientConnection, tables: readonly Table[], path: string, kind: Kind, since: Zxid): void {
    const watching = this.#of(connection)
    const { head, changes } = this.#tree.tree
    if (!watching.blind) this.#tables.add(watching, tables, path, kind, since, since < head ? changes : [])
  }

  #of(connection: ClientConnection): Watching {
    let watching = this.#watching.get(connection.id)
    if (watching === undefined) {
      watching = new Watching(connection)
      watching.blind = !this.#tree.isKnown
      this.#watching.set(connection.id, watching)
    }
    return watching
  }

  #isHidden(path: string): boolean {
    const node = this.#tree.tree.now(path)
    return (
      node?.acl !== undefined && !node.acl.some(({ perms, id }) => (perms & Perms.READ) !== 0 && id.scheme === 'world')
    )
  }

  // --- coming back -------------------------------------------------------------------------------

  /** Watches were set again: what the client had missed was to be told before this answer. */
  #caughtUp(watching: Watching, event: EventOf<'repliesCame'>, request: Request, zxid: Zxid): void {
    const { judges } = this.#world
    const { connection } = watching
    const early = watching.early
    watching.early = []
    const { tree } = this.#tree
    if (watching.blind || zxid > tree.head) {
      watching.blind = true
      return
    }
    const input = new Reader(request.body)
    const body =
      request.type === OpCode.setWatches
        ? { ...SetWatches.read(input), persistentWatches: [], persistentRecursiveWatches: [] }
        : SetWatches2.read(input)
    const missed = (path: string, kind: 'data' | 'exists' | 'child'): number | undefined | 'unknown' => {
      const node = tree.at(path, zxid)
      if (node === 'unknown' || path.startsWith('/zookeeper')) return 'unknown'
      if (kind === 'exists') return node === undefined ? undefined : EventType.NodeCreated
      if (node === undefined) return EventType.NodeDeleted
      if (kind === 'data') return node.mzxid > body.relativeZxid ? EventType.NodeDataChanged : undefined
      return node.pzxid > body.relativeZxid ? EventType.NodeChildrenChanged : undefined
    }
    const again = (kind: 'data' | 'exists' | 'child', paths: readonly string[]): void => {
      for (const path of paths) {
        const type = missed(path, kind)
        if (type === 'unknown') watching.blind = true
        else if (type === undefined)
          this.#add(connection, [kind === 'child' ? this.#tables.children : this.#tables.data], path, 'once', zxid)
        else {
          const came = early.findIndex((each) => each.type === type && each.path === path)
          if (!judges['W-4'].holds(came !== -1))
            judges['W-4'].report(
              event,
              `client ${connection.client} comes back to ${who(connection.server)} at ${hex(zxid)} and is not told ${eventName(type)} of ${path}`,
              [request.event],
            )
          else early.splice(came, 1)
        }
      }
    }
    again('data', body.dataWatches)
    again('exists', body.existWatches)
    again('child', body.childWatches)
    for (const [kind, paths] of [
      ['persistent', body.persistentWatches],
      ['recursive', body.persistentRecursiveWatches],
    ] as const)
      for (const path of paths) {
        this.#add(connection, [this.#tables.data, this.#tables.children], path, kind, zxid)
      }
    if (!watching.blind) for (const { type, path, event: by } of early) this.#match(watching, by, type, path)
  }
}
