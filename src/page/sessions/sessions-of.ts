/** The sessions of the ensemble as the picture knows them: each server knows the global ones, and its own local ones. */
import { hex64, type SessionId, type Sid } from '../../core/wire/ids.ts'
import type { Picture, ServerPicture } from '../../trace/picture.ts'

export interface SessionView {
  readonly session: SessionId
  /** Undefined for a local session that has lost its connection: only its server remembers, and says no more than when it ends. */
  readonly timeoutMs: number | undefined
  /** Known to its server alone. */
  readonly local: boolean
  /** Where its connection ends. */
  readonly server: Sid | undefined
  /** The client on the stage that holds it. */
  readonly client: number | undefined
  /** Nothing may be heard of it until then, or it expires. Undefined while nobody counts: there is no leader. */
  readonly deadline: { readonly setAt: number; readonly dueAt: number } | undefined
  readonly ephemerals: readonly string[]
  readonly watches: number
}

interface Draft {
  session: SessionId
  timeoutMs: number | undefined
  local: boolean
  server: Sid | undefined
  deadline: SessionView['deadline']
  watches: number
}

/** In the order in which they began, as far as the page can tell. */
export function sessionsOf(picture: Picture): SessionView[] {
  const drafts = new Map<SessionId, Draft>()
  const draft = (session: SessionId): Draft => {
    const known = drafts.get(session)
    if (known !== undefined) return known
    const fresh = { session, timeoutMs: undefined, local: true, server: undefined, deadline: undefined, watches: 0 }
    drafts.set(session, fresh)
    return fresh
  }
  const running = [...picture.servers.values()].filter(({ process }) => process === 'running')
  const newest = newestOf(picture, running)
  for (const [session, timeoutMs] of newest?.sessions ?? []) Object.assign(draft(session), { timeoutMs, local: false })
  for (const { sid, attached, watches, timers, sessions } of running) {
    for (const [session, { timeoutMs }] of attached) {
      const one = draft(session)
      one.timeoutMs ??= timeoutMs
      one.server = sid
      if (sessions.has(session)) one.local = false
    }
    for (const { session } of watches) draft(session).watches++
    for (const { note, setAt, dueAt } of timers.values())
      if (note.name === 'session' && note.about !== undefined) {
        const one = draft(BigInt(note.about) as SessionId)
        if (one.deadline === undefined || dueAt > one.deadline.dueAt) one.deadline = { setAt, dueAt }
      }
  }
  const clients = new Map<string, { readonly station: number; readonly server: Sid | undefined }>()
  for (const client of picture.clients.values()) if (client.running) clients.set(hex64(client.session), client)
  return [...drafts.values()].map((one) => {
    const client = clients.get(hex64(one.session))
    return {
      ...one,
      // Two servers hold it for a moment when it has moved: its client knows where it is.
      server: client?.server ?? one.server,
      client: client?.station,
      ephemerals: newest?.tree?.ephemerals(one.session) ?? [],
    }
  })
}

/** Who knows most of the global sessions: the leader, else whoever is furthest. */
function newestOf(picture: Picture, running: readonly ServerPicture[]): ServerPicture | undefined {
  const leader = picture.leader === undefined ? undefined : picture.servers.get(picture.leader)
  if (leader !== undefined) return leader
  return running.reduce<ServerPicture | undefined>(
    (best, server) => (best === undefined || server.lastApplied > best.lastApplied ? server : best),
    undefined,
  )
}
