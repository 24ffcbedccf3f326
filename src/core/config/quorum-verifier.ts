/** Who takes part, and which sets of servers are a quorum. Source: flexible/QuorumMaj.java, QuorumHierarchical.java,
 *  QuorumPeerConfig.java parseDynamicConfig; election.md sections 7 and 8. Left out: QuorumOracleMaj. */
import type { Sid } from '../wire/ids.ts'
import { ConfigError, IllegalConfigError, parseServerSpec, printServerSpec, type ServerSpec } from './server-spec.ts'

/** Groups of voters with weights. Without it every voter weighs 1 and a majority is a quorum. */
interface Hierarchy {
  /** Group id to its members; each voter is in exactly one group. */
  readonly groups: ReadonlyMap<number, readonly Sid[]>
  /** A voter that is missing here weighs 1. */
  readonly weights: ReadonlyMap<Sid, number>
}

export class QuorumVerifier {
  /** By ascending sid. */
  readonly servers: readonly ServerSpec[]
  /** The zxid at which this configuration was decided; 0 as long as reconfig is never used. */
  readonly version: bigint
  /** Ascending. */
  readonly voters: readonly Sid[]
  readonly observers: readonly Sid[]
  readonly #byId: ReadonlyMap<Sid, ServerSpec>
  readonly #hierarchy: CheckedHierarchy | undefined

  /** @throws ConfigError when the servers or groups make no sense together. */
  constructor(servers: readonly ServerSpec[], version = 0n, hierarchy?: Hierarchy) {
    this.servers = [...servers].sort((a, b) => a.sid - b.sid)
    this.version = version
    this.#byId = new Map(this.servers.map((server) => [server.sid, server]))
    if (this.#byId.size !== servers.length) throw new ConfigError('two servers have the same id')
    this.voters = this.servers.filter(({ type }) => type === 'participant').map(({ sid }) => sid)
    this.observers = this.servers.filter(({ type }) => type === 'observer').map(({ sid }) => sid)
    if (this.observers.length > 0 && this.voters.length === 0)
      throw new IllegalConfigError('Observers w/o participants is an invalid configuration')
    this.#hierarchy = hierarchy && checkedHierarchy(hierarchy, this.voters)
  }

  server(sid: Sid): ServerSpec | undefined {
    return this.#byId.get(sid)
  }

  isVoter(sid: Sid): boolean {
    return this.#byId.get(sid)?.type === 'participant'
  }

  /** 0 for a voter that may never lead, and for whoever is no voter. */
  weight(sid: Sid): number {
    if (!this.isVoter(sid)) return 0
    return this.#hierarchy?.weights.get(sid) ?? 1
  }

  /** Whoever in `set` is no voter does not count, so that no tally can forget to ask (ZOOKEEPER-2959). */
  containsQuorum(set: ReadonlySet<Sid>): boolean {
    if (this.#hierarchy)
      return hierarchicalQuorum(
        this.#hierarchy,
        this.voters.filter((sid) => set.has(sid)),
      )
    // Asked for every ACK: nothing is made for it.
    let present = 0
    for (const sid of this.voters) if (set.has(sid)) present++
    return present > Math.floor(this.voters.length / 2)
  }

  /** Every voter weighs the same. */
  get isMajority(): boolean {
    return this.#hierarchy === undefined
  }

  /** The same servers with the same addresses, roles, groups and weights, whatever the version. */
  isSameAs(other: QuorumVerifier): boolean {
    return this.#lines().join('\n') === other.#lines().join('\n')
  }

  /** The same members under another version. */
  withVersion(version: bigint): QuorumVerifier {
    return QuorumVerifier.parse([...this.#lines(), `version=${hexVersion(version)}`].join('\n'))
  }

  /** The text that notifications and NEWLEADER carry: lines ended by \n, but none after the version. */
  toString(): string {
    return [...this.#lines(), `version=${hexVersion(this.version)}`].join('\n')
  }

  #lines(): string[] {
    const lines = inJavaOrder(this.servers.map(({ sid }) => sid)).map(
      (sid) => `server.${sid}=${printServerSpec(this.#byId.get(sid) as ServerSpec)}`,
    )
    if (this.#hierarchy) lines.push(...printHierarchy(this.#hierarchy))
    return lines
  }

  /** Reads such a text; blank lines and # comments are allowed. @throws ConfigError */
  static parse(text: string): QuorumVerifier {
    const servers: ServerSpec[] = []
    const groups = new Map<number, Sid[]>()
    const weights = new Map<Sid, number>()
    let hierarchical = false
    let version = 0n
    for (const [key, value] of readProperties(text)) {
      if (key.startsWith('server.')) {
        const sid = parseLong(key.slice('server.'.length))
        servers.push(parseServerSpec(sid, value))
      } else if (key.startsWith('group.')) {
        hierarchical = true
        groups.set(parseLong(key.slice('group.'.length)), value.split(':').map(parseLong))
      } else if (key.startsWith('weight.')) {
        hierarchical = true
        weights.set(parseLong(key.slice('weight.'.length)), parseLong(value))
      } else if (key === 'version') version = parseHex(value)
      else throw new ConfigError(`Unrecognised parameter: ${key}`)
    }
    return new QuorumVerifier(servers, version, hierarchical ? { groups, weights } : undefined)
  }
}

const hexVersion = (version: bigint): string => BigInt.asUintN(64, version).toString(16)

interface CheckedHierarchy {
  /** Each grouped server's group. */
  readonly groupOf: ReadonlyMap<Sid, number>
  /** Total, with every voter in it. */
  readonly weights: ReadonlyMap<Sid, number>
  readonly groupWeights: ReadonlyMap<number, number>
  /** Groups whose weight is 0 do not count. */
  readonly countingGroups: number
}

function checkedHierarchy({ groups, weights: given }: Hierarchy, voters: readonly Sid[]): CheckedHierarchy {
  const groupOf = new Map<Sid, number>()
  for (const [group, members] of groups)
    for (const sid of members) {
      if (groupOf.has(sid)) throw new ConfigError(`Server ${sid}is in multiple groups`)
      groupOf.set(sid, group)
    }
  const weights = new Map(given)
  for (const sid of voters) {
    if (!groupOf.has(sid)) throw new ConfigError(`Server ${sid}is not in a group`)
    if (!weights.has(sid)) weights.set(sid, 1)
  }
  const groupWeights = new Map<number, number>()
  for (const [sid, group] of groupOf) {
    const weight = weights.get(sid)
    // ZooKeeper dies of a NullPointerException here.
    if (weight === undefined) throw new ConfigError(`Server ${sid} is in group ${group}, but no voter`)
    groupWeights.set(group, (groupWeights.get(group) ?? 0) + weight)
  }
  const countingGroups = [...groupWeights.values()].filter((weight) => weight !== 0).length
  return { groupOf, weights, groupWeights, countingGroups }
}

/** More than half of the weight in more than half of the groups. */
function hierarchicalQuorum(hierarchy: CheckedHierarchy, present: readonly Sid[]): boolean {
  const { groupOf, weights, groupWeights, countingGroups } = hierarchy
  const weightPresent = new Map<number, number>()
  for (const sid of present) {
    const group = groupOf.get(sid) as number
    weightPresent.set(group, (weightPresent.get(group) ?? 0) + (weights.get(sid) as number))
  }
  let won = 0
  for (const [group, weight] of weightPresent) if (weight > Math.floor((groupWeights.get(group) as number) / 2)) won++
  return present.length > 0 && won > Math.floor(countingGroups / 2)
}

function printHierarchy({ groupOf, weights }: CheckedHierarchy): string[] {
  const members = new Map<number, Sid[]>()
  for (const sid of inJavaOrder([...groupOf.keys()])) {
    const group = groupOf.get(sid) as number
    members.set(group, [...(members.get(group) ?? []), sid])
  }
  return [
    ...inJavaOrder([...members.keys()]).map((group) => `group.${group}=${(members.get(group) as Sid[]).join(':')}`),
    ...inJavaOrder([...weights.keys()]).map((sid) => `weight.${sid}=${weights.get(sid)}`),
  ]
}

/** The order of Java's HashMap: by bucket. Ascending up to id 15; ids in one bucket stand in the order in which they were
 *  put there, which a reader cannot know: ascending here. */
function inJavaOrder(ids: readonly number[]): number[] {
  let buckets = 16
  while (ids.length > buckets * 0.75) buckets *= 2
  const bucket = (id: number): number => (id ^ (id >>> 16)) & (buckets - 1)
  return [...ids].sort((a, b) => bucket(a) - bucket(b) || a - b)
}

/** The later line wins where a key stands twice, as in java.util.Properties. Escapes and continuation lines are not read. */
function readProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith('!')) continue
    const [, key = '', value = ''] = /^([^\s=:]*)\s*[=:]?\s*(.*)$/.exec(line) as RegExpExecArray
    properties.set(key, value)
  }
  return properties
}

function parseLong(text: string): number {
  const number = Number(text.trim())
  if (!/^[+-]?\d+$/.test(text.trim()) || !Number.isSafeInteger(number))
    throw new IllegalConfigError(`For input string: "${text}"`)
  return number
}

function parseHex(text: string): bigint {
  if (!/^[0-9a-fA-F]{1,16}$/.test(text)) throw new IllegalConfigError(`For input string: "${text}" under radix 16`)
  return BigInt(`0x${text}`)
}
