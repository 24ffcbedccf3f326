/** Usage below paths with a quota. Limits and usage are znodes below /zookeeper/quota; every server keeps the usage up
 *  to date by itself, outside of txns, which is why the tree's digest leaves it out. Enforcement is not here (Prep's).
 *  Source: Quotas.java, StatsTrack.java, DataTree.java updateQuotaStat. */
import { decodeUtf8, encodedUtf8 } from '../wire/utf8.ts'
import type { ZNode } from './node-table.ts'
import { nameOf, parentOf } from './paths.ts'

export const QUOTA_ROOT = '/zookeeper/quota'
export const LIMIT_NODE = 'zookeeper_limits'
export const STATS_NODE = 'zookeeper_stats'

/** `/a/b` → `/zookeeper/quota/a/b/zookeeper_stats`. */
const statsPath = (path: string): string => `${QUOTA_ROOT}${path}/${STATS_NODE}`

/** The text of a limits or stats node: `count=1,bytes=5`, with hard limits `count=1,bytes=5=;byteHardLimit=9`. */
type Usage = ReadonlyMap<string, number>

function parseUsage(data: Uint8Array | null): Usage {
  const values = new Map<string, number>()
  for (const part of decodeUtf8(data ?? new Uint8Array()).split(/[,;]+/)) {
    const [key, value] = part.split('=')
    if (key !== undefined && key !== '' && value !== undefined) values.set(key, Number.parseInt(value, 10))
  }
  return values
}

/** Could Java have read it? Nothing at all is no limit; every part of anything else has a number. */
function isUsage(data: Uint8Array | null): boolean {
  if (data === null) return false
  const parts = decodeUtf8(data).replace(/[,;]+$/, '')
  return parts === '' || parts.split(/[,;]+/).every((part) => /^[^=]*=([+-]?\d+(=.*)?|=.*[^=].*)$/s.test(part))
}

function formatUsage(usage: Usage): Uint8Array {
  const value = (key: string): number => usage.get(key) ?? -1
  const hard = [...usage.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort()
  const limits = hard.map((key) => `${key}=${value(key)}`).join(';')
  return encodedUtf8(`count=${value('count')},bytes=${value('bytes')}${limits === '' ? '' : `=;${limits}`}`)
}

/** The part of a tree that quotas need: its nodes, and to be told when usage texts grow. */
interface QuotaHost {
  node(path: string): ZNode | undefined
  /** Names. */
  children(path: string): readonly string[]
  grown(bytes: number): void
}

/** A path's limits, -1 where there is none, and what is used of them. */
export interface Quota {
  readonly path: string
  readonly count: number
  readonly bytes: number
  readonly soft: { readonly count: number; readonly bytes: number }
  readonly hard: { readonly count: number; readonly bytes: number }
}

export class Quotas {
  readonly #host: QuotaHost
  /** Paths with a quota. */
  readonly #paths = new Set<string>()

  constructor(host: QuotaHost) {
    this.#host = host
  }

  /** After a node was created. */
  created(path: string, node: ZNode): void {
    if (path.startsWith(QUOTA_ROOT)) {
      const covered = coveredBy(path)
      if (nameOf(path) === LIMIT_NODE) this.#paths.add(covered)
      if (nameOf(path) === STATS_NODE) this.#recount(covered)
    }
    this.changed(path, 1, node.dataLength)
  }

  /** After a node was deleted. */
  deleted(path: string, dataLength: number): void {
    if (path.startsWith(QUOTA_ROOT) && nameOf(path) === LIMIT_NODE) this.#paths.delete(coveredBy(path))
    this.changed(path, -1, -dataLength)
  }

  /** Adds to the usage of the deepest quota that covers `path`, if there is one. */
  changed(path: string, count: number, bytes: number): void {
    const covering = this.#covering(path)
    const stats = covering === undefined ? undefined : this.#host.node(statsPath(covering))
    if (stats === undefined) return
    const usage = new Map(parseUsage(stats.data))
    usage.set('count', (usage.get('count') ?? -1) + count)
    usage.set('bytes', (usage.get('bytes') ?? -1) + bytes)
    this.#setUsage(stats, usage)
  }

  /** The deepest quota that covers `path`: limits and usage, as far as their znodes are there. -1: no such limit. */
  of(path: string): Quota | undefined {
    const covering = this.#covering(path)
    if (covering === undefined) return undefined
    const limits = this.#host.node(`${QUOTA_ROOT}${covering}/${LIMIT_NODE}`)
    const stats = this.#host.node(statsPath(covering))
    if (limits === undefined || stats === undefined) return undefined
    const limit = parseUsage(limits.data)
    const used = parseUsage(stats.data)
    const of = (key: string) => limit.get(key) ?? -1
    return {
      path: covering,
      count: used.get('count') ?? -1,
      bytes: used.get('bytes') ?? -1,
      soft: { count: of('count'), bytes: of('bytes') },
      hard: { count: of('countHardLimit'), bytes: of('byteHardLimit') },
    }
  }

  /** False: nobody could say whether a write to `path` is within its limits. */
  isReadable(path: string): boolean {
    const covering = this.#covering(path)
    const limits = covering === undefined ? undefined : this.#host.node(`${QUOTA_ROOT}${covering}/${LIMIT_NODE}`)
    return limits === undefined || isUsage(limits.data)
  }

  /** Finds all quotas and counts anew: a snapshot has been read. */
  load(path = QUOTA_ROOT): void {
    for (const name of this.#host.children(path)) {
      if (name === LIMIT_NODE) {
        const covered = path.slice(QUOTA_ROOT.length)
        this.#recount(covered)
        this.#paths.add(covered)
      } else this.load(`${path}/${name}`)
    }
  }

  /** The deepest path with a quota that `path` is, or is below; a quota of the root is not kept. */
  #covering(path: string): string | undefined {
    if (this.#paths.size === 0) return undefined
    for (let prefix = path; prefix.length > 1; prefix = prefix.slice(0, prefix.lastIndexOf('/')))
      if (this.#paths.has(prefix)) return prefix
    return undefined
  }

  /** Counts everything at and below `path`. */
  #recount(path: string): void {
    const stats = this.#host.node(statsPath(path))
    if (stats === undefined) return
    let count = 0
    let bytes = 0
    const visit = [path]
    for (let at = visit.pop(); at !== undefined; at = visit.pop()) {
      const node = this.#host.node(at)
      if (node === undefined) continue
      count++
      bytes += node.dataLength
      for (const name of this.#host.children(at)) visit.push(`${at}/${name}`)
    }
    this.#setUsage(
      stats,
      new Map([
        ['count', count],
        ['bytes', bytes],
      ]),
    )
  }

  /** Data alone: no stat, no watch, and below /zookeeper/, so no digest. */
  #setUsage(stats: ZNode, usage: Usage): void {
    const data = formatUsage(usage)
    this.#host.grown(data.length - stats.dataLength)
    stats.data = data
  }
}

/** `/zookeeper/quota/a/b/zookeeper_limits` → `/a/b`. */
const coveredBy = (path: string): string => (parentOf(path) ?? '').slice(QUOTA_ROOT.length)
