/** What the ensemble is up to, as one of a few sentences. */
import type { Sid } from '../../core/wire/ids.ts'
import type { Picture, ServerPicture } from '../../trace/picture.ts'

export type Status =
  | { readonly kind: 'starting' }
  | { readonly kind: 'leads'; readonly sid: Sid; readonly epoch: number }
  /** A server without an ensemble. */
  | { readonly kind: 'standalone'; readonly sid: Sid }
  /** Elected, and not yet followed by a quorum. */
  | { readonly kind: 'synchronizing'; readonly sid: Sid; readonly epoch: number }
  | { readonly kind: 'electing' }
  | { readonly kind: 'quorumLost'; readonly running: number; readonly servers: number; readonly needed: number }
  | { readonly kind: 'allStopped' }

export const majority = (servers: number): number => Math.floor(servers / 2) + 1

const isUntouched = (server: ServerPicture): boolean => server.process === 'stopped' && server.stopReason === undefined

export function statusOf(picture: Picture): Status {
  const servers = [...picture.servers.values()]
  const running = servers.filter(({ process }) => process === 'running').length
  const needed = majority(servers.length)
  if (servers.every(isUntouched)) return { kind: 'starting' }
  if (running === 0) return { kind: 'allStopped' }
  if (running < needed && !servers.some(isUntouched))
    return { kind: 'quorumLost', running, servers: servers.length, needed }
  const leader = picture.leader === undefined ? undefined : picture.servers.get(picture.leader)
  if (leader?.state === 'STANDALONE') return { kind: 'standalone', sid: leader.sid }
  if (leader !== undefined) return { kind: 'leads', sid: leader.sid, epoch: leader.currentEpoch }
  const elected = servers.find(({ state }) => state === 'LEADING')
  if (elected !== undefined) return { kind: 'synchronizing', sid: elected.sid, epoch: elected.acceptedEpoch }
  // A server alone that reads its disk.
  if (servers.some(({ state }) => state === 'STANDALONE')) return { kind: 'starting' }
  return running < needed ? { kind: 'starting' } : { kind: 'electing' }
}
