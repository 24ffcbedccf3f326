import type { Sid } from '../../core/wire/ids.ts'
import type { Picture, ServerPicture } from '../../trace/picture.ts'

/** Whose tree is shown: the chosen server's; the leader's, else that of the first server that runs. */
export function shownServer(picture: Picture, choice: Sid | 'leader'): ServerPicture | undefined {
  const sid = choice === 'leader' ? picture.leader : choice
  const chosen = sid === undefined ? undefined : picture.servers.get(sid)
  if (chosen !== undefined) return chosen
  const servers = [...picture.servers.values()]
  return servers.find(({ process }) => process === 'running') ?? servers[0]
}

export type Agreement = 'newest' | 'behind' | 'stopped' | 'differs' | 'none'

/** How a server's tree stands beside the newest one. */
export function agreementOf(server: ServerPicture, servers: ReadonlyMap<Sid, ServerPicture>): Agreement {
  if (server.tree === undefined) return 'none'
  if (server.digestMismatch !== undefined) return 'differs'
  if (server.process !== 'running') return 'stopped'
  let newest = server
  for (const other of servers.values()) {
    if (other.process === 'running' && other.tree !== undefined && other.lastApplied > newest.lastApplied)
      newest = other
  }
  if (newest.lastApplied > server.lastApplied) return 'behind'
  return 'newest'
}
