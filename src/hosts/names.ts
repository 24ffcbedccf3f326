/** Who is who in the virtual ensemble. Station 0 is the conductor, 1 … 9 are the servers by sid, 101 and up the clients. */
import type { RunConfig } from './ensemble.ts'

import type { PortClass } from './fault.ts'

export const CONDUCTOR = 0
export const FIRST_CLIENT = 101
export const CLIENT_PORT = 2181
export const QUORUM_PORT = 2888
export const ELECTION_PORT = 3888

export const portClass = (port: number): PortClass =>
  port === QUORUM_PORT ? 'quorum' : port === ELECTION_PORT ? 'election' : 'client'

export const isClient = (station: number): boolean => station >= FIRST_CLIENT

export const hostName = (station: number): string => (isClient(station) ? `client${station}` : `zk${station}`)

/** The station behind a host name, whether it runs or not; undefined for a name that nobody has. */
export const stationNamed = (host: string, config: RunConfig): number | undefined => {
  const [, kind, digits] = /^(zk|client)([1-9][0-9]{0,3})$/.exec(host) ?? []
  if (digits === undefined) return undefined
  const station = Number(digits)
  return kind === 'client' ? (isClient(station) ? station : undefined) : station <= config.servers ? station : undefined
}

/** Where every server takes clients: "zk1:2181,zk2:2181,…". */
export const connectString = (config: RunConfig): string =>
  Array.from({ length: config.servers }, (_, index) => `${hostName(index + 1)}:${CLIENT_PORT}`).join(',')
