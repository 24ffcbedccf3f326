/** Usage below paths with a quota. Limits and usage are znodes below /zookeeper/quota; every server keeps the usage up
 *  to date by itself, outside of txns, which is why the tree's digest leaves it out. Enforcement is not here (Prep's).
 *  Source: Quotas.java, StatsTrack.java, DataTree.java updateQuotaStat. */
import { decodeUtf8, encodedUtf8 } from '../wire/utf8.ts'

export const QUOTA_ROOT = '/zookeeper/quota'
export const LIMIT_NODE = 'zookeeper_limits'
export const STATS_NODE = 'zookeeper_stats'

/** `/a/b` → `/zookeeper/quota/a/b/zookeeper_stats`. */
export const statsPath = (path: string): string => `${QUOTA_ROOT}${path}/${STATS_NODE}`

/** The text of a limits or stats node: `count=1,bytes=5`, with hard limits `count=1,bytes=5=;byteHardLimit=9`. */
export type Usage = ReadonlyMap<string, number>

export function parseUsage(data: Uint8Array | null): Usage {
  const values = new Map<string, number>()
  for (const part of decodeUtf8(data ?? new Uint8Array()).split(/[,;]+/)) {
    const [key, value] = part.split('=')
    if (key !== undefined && key !== '' && value !== undefined) values.set(key, Number.parseInt(value, 10))
  }
  return values
}

export function formatUsage(usage: Usage): Uint8Array {
  const value = (key: string): number => usage.get(key) ?? -1
  const hard = [...usage.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort()
  const limits = hard.map((key) => `${key}=${value(key)}`).join(';')
  return encodedUtf8(`count=${value('count')},bytes=${value('bytes')}${limits === '' ? '' : `=;${limits}`}`)
}

/** The paths that have a quota. */
export class QuotaPaths {
  readonly #paths = new Set<string>()

  add(path: string): void {
    this.#paths.add(path)
  }
  delete(path: string): void {
    this.#paths.delete(path)
  }

  /** The deepest path with a quota that `path` is, or is below; a quota of the root is not kept. */
  covering(path: string): string | undefined {
    if (this.#paths.size === 0) return undefined
    for (let prefix = path; prefix.length > 1; prefix = prefix.slice(0, prefix.lastIndexOf('/')))
      if (this.#paths.has(prefix)) return prefix
    return undefined
  }
}
