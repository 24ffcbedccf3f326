/** One server of the ensemble, as a `server.N=` line writes it. Source: QuorumPeer.java QuorumServer.
 *  Left out: several addresses for one server (multiAddress.enabled), name resolution. */
import type { Sid } from '../wire/ids.ts'

type LearnerType = 'participant' | 'observer'

export interface ServerSpec {
  readonly sid: Sid
  /** A name or numeric address, IPv6 without brackets. */
  readonly host: string
  /** Where the leader waits for learners. */
  readonly quorumPort: number
  /** Where notifications arrive. */
  readonly electionPort: number
  readonly type: LearnerType
  /** Present when the line says `;port` or `;host:port`; servers with the static clientPort key have none. */
  readonly clientPort?: number
  /** Absent: 0.0.0.0. Only meaningful beside clientPort. */
  readonly clientHost?: string
}

/** A configuration that makes no sense; the message is ZooKeeper's where it has one. */
export class ConfigError extends Error {}
/** What is an IllegalArgumentException in Java, not a ConfigException: to the client that sent it a marshalling error. */
export class IllegalConfigError extends ConfigError {}

/** Two servers must not share an address. Those by which only the own machine is meant are not compared.
 *  Source: QuorumServer.checkAddressDuplicate. */
export function shareAddress(a: ServerSpec, b: ServerSpec): boolean {
  const others = new Set(publicAddresses(b))
  return publicAddresses(a).some((address) => others.has(address))
}

function publicAddresses({ host, quorumPort, electionPort, clientPort, clientHost }: ServerSpec): string[] {
  const own = isSpecial(host) ? [] : [`${host}:${quorumPort}`, `${host}:${electionPort}`]
  if (clientPort !== undefined && clientHost !== undefined && !isSpecial(clientHost))
    own.push(`${clientHost}:${clientPort}`)
  return own
}

const isSpecial = (host: string): boolean => /^(localhost|127\..*|0\.0\.0\.0|[0:]*:[0:]*1?)$/.test(host)

/** `host:quorumPort:electionPort:type[;clientHost:clientPort]`, the form in dynamic configs and notifications. */
export function printServerSpec(server: ServerSpec): string {
  const { host, quorumPort, electionPort, type, clientPort, clientHost } = server
  const client = clientPort === undefined ? '' : `;${delimited(clientHost ?? ANY_HOST)}:${clientPort}`
  return `${delimited(host)}:${quorumPort}:${electionPort}:${type}${client}`
}

/** Reads what stands after `server.N=`. @throws ConfigError */
export function parseServerSpec(sid: Sid, text: string): ServerSpec {
  const [server = '', client, ...more] = text.split(';')
  const spec = parseServerPart(sid, text, server, more.length > 0)
  return client === undefined || client === '' ? spec : { ...spec, ...parseClientPart(text, client) }
}

const ANY_HOST = '0.0.0.0'
const WRONG_FORMAT =
  ' does not have the form server_config or server_config;client_config where server_config is the pipe separated ' +
  'list of host:port:port or host:port:port:type and client_config is port or host:port'

function parseServerPart(sid: Sid, whole: string, text: string, tooManyParts: boolean): ServerSpec {
  if (text.includes('|'))
    throw new ConfigError(`Multiple address feature is disabled, but multiple addresses were specified for sid ${sid}`)
  const parts = splitAddress(text)
  const [host, quorum, election, type] = parts
  if (tooManyParts || parts.length > 4 || host === undefined || quorum === undefined || election === undefined)
    throw new ConfigError(whole + WRONG_FORMAT)
  const quorumPort = parsePort(quorum, host)
  const electionPort = parsePort(election, host)
  if (quorumPort === electionPort)
    throw new ConfigError(
      `Client and election port must be different! Please update the configuration file on server.${sid}`,
    )
  return { sid, host, quorumPort, electionPort, type: parseType(type ?? 'participant') }
}

function parseClientPart(whole: string, text: string): Pick<ServerSpec, 'clientHost' | 'clientPort'> {
  const parts = splitAddress(text)
  const [first = '', second] = parts
  if (parts.length > 2) throw new ConfigError(whole + WRONG_FORMAT)
  if (second === undefined) return { clientPort: parsePort(first, 'null') }
  return { clientHost: first, clientPort: parsePort(second, first) }
}

function parseType(text: string): LearnerType {
  const type = text.trim().toLowerCase()
  if (type === 'participant' || type === 'observer') return type
  throw new ConfigError(`Unrecognised peertype: ${text}`)
}

function parsePort(text: string, host: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new ConfigError(`Address unresolved: ${host}:${text}`)
  const port = Number(text)
  if (port < 0 || port > 0xffff) throw new IllegalConfigError(`port out of range:${port}`)
  return port
}

/** Splits at colons, but not inside the brackets of an IPv6 address; empty parts at the end do not count. */
function splitAddress(text: string): string[] {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  const parts = bracketed
    ? [bracketed[1] as string, ...(bracketed[2] === undefined ? [] : bracketed[2].split(':'))]
    : text.split(':')
  while (parts.length > 0 && parts.at(-1) === '') parts.pop()
  return parts
}

/** An address with colons in it needs brackets. */
const delimited = (host: string): string => (host.includes(':') ? `[${host}]` : host)
