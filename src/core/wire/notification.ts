/** The two messages of the election port, which are not jute records but use its primitives: who is calling, and a vote.
 *  Source: QuorumCnxManager.InitialMessage, FastLeaderElection.WorkerReceiver, FastLeaderElection.buildMsg.
 *
 *  On the wire: the side that opened the connection sends one initial message, not framed; then both sides send
 *  notifications as `int length + bytes`. Everything that is refused here is a JuteError in ZooKeeper's words; the
 *  receiver drops the notification, or closes the connection after a bad initial message. */
import { ServerState } from './codes.ts'
import { asZxid, epochOf, LONG_MAX, LONG_MIN, type Sid, type Zxid } from './ids.ts'
import { JuteError, Reader, Writer } from './jute.ts'
import { decodeUtf8, encodedUtf8 } from './utf8.ts'

/** A vote with its sender's state. Sids, round and epoch of an observer are NO_CANDIDATE. */
export interface Notification {
  readonly state: ServerState
  /** Whom the sender proposes. */
  readonly leader: Sid
  /** The last logged zxid of the proposed leader. */
  readonly zxid: Zxid
  /** The sender's round, `logicalclock`. */
  readonly electionEpoch: number
  /** currentEpoch of the proposed leader. */
  readonly peerEpoch: number
  /** 2 today; below that there is no config. */
  readonly version: number
  /** Text of the sender's QuorumVerifier; null when the version has none. */
  readonly config: string | null
}
export const NOTIFICATION_VERSION = 2
/** Of the frame around it: 1 … this, else the connection is torn down (PACKETMAXSIZE). */
export const MAX_NOTIFICATION_LENGTH = 524288

/** Long.MIN_VALUE as a number: what one who is not a voter gives for leader and peerEpoch. */
export const NO_CANDIDATE = Number(LONG_MIN)

export function encodeNotification(notification: Notification): Uint8Array {
  const out = new Writer(64)
  out.int(ServerState[notification.state])
  out.long(toLong(notification.leader))
  out.long(notification.zxid)
  out.long(toLong(notification.electionEpoch))
  out.long(toLong(notification.peerEpoch))
  out.int(notification.version)
  if (notification.version > 1) out.buffer(encodedUtf8(notification.config ?? ''))
  return out.finish()
}

/** The bytes of one frame. Old forms are told by the length alone: 28 bytes have no peerEpoch, 40 bytes no version.
 *  @throws JuteError when the notification must be dropped. */
export function decodeNotification(bytes: Uint8Array): Notification {
  const length = bytes.length
  if (length < 28) throw new JuteError(`Got a short response from server: ${length}`)
  const input = new Reader(bytes)
  const state = stateNames.get(input.int())
  const leader = fromLong(input.long(), 'leader')
  const zxid = asZxid(input.long())
  const electionEpoch = fromLong(input.long(), 'electionEpoch')
  const old = { leader, zxid, electionEpoch, version: 0, config: null }
  if (state === undefined) throw new JuteError('a notification with a state that does not exist')
  if (length === 28) return { ...old, state, peerEpoch: epochOf(zxid) }
  const peerEpoch = fromLong(input.long(), 'peerEpoch')
  if (length === 40) return { ...old, state, peerEpoch }
  const version = input.int()
  if (version <= 1) return { ...old, state, peerEpoch, version }
  const configLength = input.int()
  if (configLength < 0 || configLength > length)
    throw new JuteError(`Invalid configLength in notification message! configLength=${configLength}`)
  const config = decodeUtf8(input.raw(configLength))
  return { ...old, state, peerEpoch, version, config }
}

const stateNames = new Map<number, ServerState>(
  Object.entries(ServerState).map(([name, code]) => [code, name as ServerState]),
)

/** What the connecting side says first. */
export interface InitialMessage {
  /** 0: a peer older than 3.5, which sends its sid and no address. 1: one address. 2: several, for multiAddress. */
  readonly version: 0 | 1 | 2
  /** ANONYMOUS_OBSERVER for one without an id. */
  readonly sid: Sid
  /** The sender's election addresses; wildcard addresses are left out when read. */
  readonly addresses: readonly ElectionAddress[]
}
export interface ElectionAddress {
  readonly host: string
  readonly port: number
}
/** Long.MAX_VALUE as a number. */
export const ANONYMOUS_OBSERVER = Number(LONG_MAX)

const PROTOCOL_V1 = -65536n
const PROTOCOL_V2 = -65535n
const MAX_ADDRESS_LENGTH = 2048

export function encodeInitialMessage({ version, sid, addresses }: InitialMessage): Uint8Array {
  const out = new Writer(64)
  if (version > 0) out.long(version === 1 ? PROTOCOL_V1 : PROTOCOL_V2)
  out.long(toLong(sid))
  if (version > 0) {
    const texts = addresses.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    out.buffer(encodedUtf8(texts.join('|')))
  }
  return out.finish()
}

/** For StreamBuffer.take: EndOfInput while bytes are missing. @throws JuteError when the connection must be closed. */
export function readInitialMessage(input: Reader): InitialMessage {
  const first = input.long()
  if (first >= 0n) return { version: 0, sid: fromLong(first, 'sid'), addresses: [] }
  if (first !== PROTOCOL_V1 && first !== PROTOCOL_V2) throw new JuteError(`Got unrecognized protocol version ${first}`)
  const sid = fromLong(input.long(), 'sid')
  const length = input.int()
  if (length <= 0 || length > MAX_ADDRESS_LENGTH) throw new JuteError(`Unreasonable buffer length: ${length}`)
  const addresses = javaSplit(decodeUtf8(input.raw(length)), '|').map(readAddress)
  return { version: first === PROTOCOL_V1 ? 1 : 2, sid, addresses: addresses.filter(({ host }) => !isWildcard(host)) }
}

function readAddress(text: string): ElectionAddress {
  const [host, portText, more] = hostAndPort(text)
  if (!host || portText === undefined || more !== undefined) throw new JuteError(`Badly formed address: ${text}`)
  const port = /^[+-]?\d+$/.test(portText) ? Number(portText) : -1
  if (port < 0 || port > 65535) throw new JuteError(`Bad port number: ${portText}`)
  return { host, port }
}

/** As ConfigUtils.getHostAndPort: `[ipv6]:port` or whatever stands between colons. */
function hostAndPort(text: string): string[] {
  if (!text.startsWith('[')) return javaSplit(text, ':')
  const end = text.indexOf(']')
  // Nothing but `:port` may follow the bracket, and an empty pair names no host.
  if (end <= 1 || text[end + 1] !== ':') return []
  return [text.slice(1, end), ...javaSplit(text.slice(end + 2), ':')]
}

/** String.split leaves out empty strings at the end. */
function javaSplit(text: string, separator: string): string[] {
  const parts = text.split(separator)
  while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  return parts
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || /^[0:]*:[0:]*$/.test(host)

/** Longs that the core holds as numbers: the two ends of the range have a meaning, what else is not exact is refused,
 *  because no server has such an id or epoch. */
function fromLong(value: bigint, field: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) && value !== LONG_MIN && value !== LONG_MAX)
    throw new JuteError(`${field} ${value} is out of range`)
  return number
}
const toLong = (value: number): bigint => (value === ANONYMOUS_OBSERVER ? LONG_MAX : BigInt(value))
