/** Does a write bring the usage below a path above its quota? Soft limits are only told, hard ones refuse the write.
 *  Source: ZooKeeperServer.checkQuota (data-tree.md section 7). */
import type { DataTree } from '../tree/data-tree.ts'
import type { ServerEvent } from './trace.ts'

type QuotaExceeded = Extract<ServerEvent, { kind: 'quotaExceeded' }>

/** `count`, `bytes`: what the write adds; 0: that limit is not looked at. A hard limit hides the soft one beside it, and
 *  where the count is refused the bytes are not looked at. */
export function exceededQuota(tree: DataTree, path: string, count: number, bytes: number): readonly QuotaExceeded[] {
  const quota = tree.quotaOf(path)
  if (quota === undefined) return []
  const exceeded: QuotaExceeded[] = []
  for (const [what, added] of [['count', count] as const, ['bytes', bytes] as const]) {
    const hard = quota.hard[what] > -1
    const limit = hard ? quota.hard[what] : quota.soft[what]
    const value = quota[what] + added
    if (added === 0 || limit === -1 || value <= limit) continue
    exceeded.push({ kind: 'quotaExceeded', path: quota.path, what, value, limit, hard })
    if (hard) break
  }
  return exceeded
}
