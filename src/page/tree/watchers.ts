import type { WatchKind } from '../../core/server/trace.ts'
import type { SessionId, Sid } from '../../core/wire/ids.ts'
import type { ServerPicture } from '../../trace/picture.ts'

export interface Watcher {
  readonly server: Sid
  readonly session: SessionId
  readonly watch: WatchKind
}

/** Who watches which path, on all servers: a watch is kept by the server that its session is connected to. */
export function watchersByPath(servers: Iterable<ServerPicture>): ReadonlyMap<string, readonly Watcher[]> {
  const found = new Map<string, Watcher[]>()
  for (const { sid, watches } of servers) {
    for (const { path, session, watch } of watches) {
      const list = found.get(path)
      if (list === undefined) found.set(path, [{ server: sid, session, watch }])
      else list.push({ server: sid, session, watch })
    }
  }
  return found
}

/** The znodes above a path, the nearest first. */
export function ancestorsOf(path: string): string[] {
  const above: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) above.push(path.slice(0, at))
  return path === '/' ? above : [...above, '/']
}
