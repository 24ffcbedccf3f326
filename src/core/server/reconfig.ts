/** What a reconfig asks for, and whether it may be. The checks stand in ZooKeeper's order.
 *  Source: PrepRequestProcessor.pRequest2Txn, case reconfig; QuorumPeerConfig.parseDynamicConfig
 *  (request-pipeline.md section 3.5). */
import { QuorumVerifier } from '../config/quorum-verifier.ts'
import {
  ConfigError,
  IllegalConfigError,
  parseServerSpec,
  type ServerSpec,
  shareAddress,
} from '../config/server-spec.ts'
import { ErrorCode } from '../wire/codes.ts'
import type { Sid, Zxid } from '../wire/ids.ts'
import type { Of } from '../wire/jute.ts'
import type { ReconfigRequest } from '../wire/proto.ts'

/** Who can change the membership: the leader of a quorum. */
export interface Reconfiguring {
  /** The configuration in force. */
  readonly committed: QuorumVerifier
  /** The newest that was proposed. */
  readonly lastSeen: QuorumVerifier
  /** A quorum of it is connected and up to date. */
  isQuorumSynced(quorum: QuorumVerifier): boolean
}

type Asked = Of<typeof ReconfigRequest>

/** The members from `zxid` on, which is their version; or why not: ReconfigInProgress, BadVersion, BadArguments,
 *  MarshallingError, NewConfigNoQuorum. */
export function nextQuorum(
  asked: Asked,
  { committed, lastSeen, isQuorumSynced }: Reconfiguring,
  zxid: Zxid,
  standaloneEnabled: boolean,
): QuorumVerifier | ErrorCode {
  if (lastSeen.version !== committed.version) return ErrorCode.ReconfigInProgress
  if (asked.curConfigId !== -1n && asked.curConfigId !== lastSeen.version) return ErrorCode.BadVersion
  try {
    const quorum =
      asked.newMembers === null
        ? incremental(asked, lastSeen, zxid)
        : nonIncremental(asked.newMembers, zxid, standaloneEnabled)
    if (quorum === undefined) return ErrorCode.BadArguments
    if (quorum.voters.length < (standaloneEnabled ? 2 : 1)) return ErrorCode.BadArguments
    return isQuorumSynced(quorum) ? quorum : ErrorCode.NewConfigNoQuorum
  } catch (error) {
    if (error instanceof IllegalConfigError) return ErrorCode.MarshallingError
    if (error instanceof ConfigError) return ErrorCode.BadArguments
    throw error
  }
}

/** Who leaves first leaves, then who joins joins; who is a member already gets the new line.
 *  @returns undefined when the arguments make no sense @throws ConfigError */
function incremental(asked: Asked, lastSeen: QuorumVerifier, zxid: Zxid): QuorumVerifier | undefined {
  if (!lastSeen.isMajority) return undefined
  const next = new Map<Sid, ServerSpec>(lastSeen.servers.map((server) => [server.sid, server]))
  for (const leaving of parts(asked.leavingServers, ',')) next.delete(parseSid(leaving))
  for (const joining of parts(asked.joiningServers, ',')) {
    const [name, spec, ...more] = parts(joining, '=')
    if (name === undefined || spec === undefined || more.length > 0) return undefined
    const sid = parseSid(name.slice(name.lastIndexOf('.') + 1))
    const server = parseServerSpec(sid, spec)
    if (server.clientPort === undefined) return undefined
    for (const other of next.values()) if (other.sid !== sid && shareAddress(server, other)) return undefined
    next.set(sid, server)
  }
  const servers = [...next.values()]
  // Without a voter there is no configuration, and the caller says so.
  if (!servers.some(({ type }) => type === 'participant')) return undefined
  return new QuorumVerifier(servers, zxid)
}

/** The lines of a whole configuration, with commas or line ends between them. @throws ConfigError */
function nonIncremental(members: string, zxid: Zxid, standaloneEnabled: boolean): QuorumVerifier {
  const quorum = QuorumVerifier.parse(members.replaceAll(',', '\n'))
  if (quorum.voters.length === 0 && !standaloneEnabled)
    throw new IllegalConfigError('standaloneEnabled = false then number of participants should be >0')
  if (quorum.voters.length === 1 && quorum.observers.length > 0 && standaloneEnabled)
    throw new IllegalConfigError('Observers w/o quorum is an invalid configuration')
  return quorum.withVersion(zxid)
}

/** StringUtils.split: trimmed, without the empty ones. */
const parts = (text: string | null, separator: string): string[] =>
  (text ?? '')
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** Long.parseLong. @throws IllegalConfigError */
function parseSid(text: string): Sid {
  const sid = Number(text)
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(sid))
    throw new IllegalConfigError(`For input string: "${text}"`)
  return sid
}
