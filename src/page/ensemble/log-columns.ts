/** The log strips share their columns: the same column is the same zxid on every server. */
import type { Zxid } from '../../core/wire/ids.ts'
import type { LogEntryPicture, ServerPicture } from '../../trace/picture.ts'

export type CellStage = 'missing' | LogEntryPicture['stage']

export interface LogCell {
  readonly zxid: Zxid
  readonly stage: CellStage
  readonly type: string
  readonly path: string | undefined
}

/** The newest zxids that any server's log holds, oldest first, at most `count`. */
export function logColumns(servers: Iterable<ServerPicture>, count: number): Zxid[] {
  const all = new Set<Zxid>()
  for (const server of servers) for (const { zxid } of server.log.slice(-count)) all.add(zxid)
  return [...all].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).slice(-count)
}

/** What this server has in each column. A record that came to it within a snapshot is in its tree, not in its log: it counts as
 *  committed there. */
export function logCells(server: ServerPicture, columns: readonly Zxid[]): LogCell[] {
  const entries = new Map(server.log.map((entry) => [entry.zxid, entry]))
  const first = server.log[0]?.zxid
  return columns.map((zxid) => {
    const entry = entries.get(zxid)
    if (entry !== undefined) return { zxid, stage: entry.stage, type: entry.type, path: entry.path }
    // Older than its log picture goes back, or than its snapshot.
    const before = first === undefined ? zxid <= server.lastApplied : zxid < first && zxid <= server.lastApplied
    return { zxid, stage: before ? 'committed' : 'missing', type: '', path: undefined }
  })
}
