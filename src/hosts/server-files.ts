/** The files of a server's machine that people know: zoo.cfg and myid. Written from what the run is configured with. */
import type { Knobs, RunConfig } from './ensemble.ts'
import { CLIENT_PORT, ELECTION_PORT, hostName, QUORUM_PORT } from './names.ts'

/** Of the files on the server's disk. */
export const dataDir = (sid: number): string => `/data/${hostName(sid)}`

/** ZooKeeper knows no hastyElection. */
type Knob = Exclude<keyof Knobs, 'hastyElection'>

/** Lines of zoo.cfg by the setting that they stand for. */
const KEYS: { readonly [knob in Knob]-?: string } = {
  commitLogCount: 'commitLogCount',
  dbAutocreate: 'db.autocreate',
  enforceQuota: 'enforceQuota',
  extendedTypesEnabled: 'extendedTypesEnabled',
  localSessionsEnabled: 'localSessionsEnabled',
  localSessionsUpgradingEnabled: 'localSessionsUpgradingEnabled',
  reconfigEnabled: 'reconfigEnabled',
  superDigest: 'DigestAuthenticationProvider.superDigest',
  minSessionTimeoutMs: 'minSessionTimeout',
  maxSessionTimeoutMs: 'maxSessionTimeout',
  minNotificationIntervalMs: 'fastleader.minNotificationInterval',
  maxNotificationIntervalMs: 'fastleader.maxNotificationInterval',
  cnxTimeoutMs: 'cnxTimeout',
  maxClientCnxns: 'maxClientCnxns',
}
const SNAP_COUNT = 100_000

/** A zoo.cfg that starts a server as this one is started. */
export function zooCfg(sid: number, config: RunConfig): string {
  const { servers, tickTimeMs, initLimit, syncLimit, snapCount, globalOutstandingLimit, knobs = {} } = config
  const { observers = [], hierarchy } = config
  const lines = [
    `tickTime=${tickTimeMs}`,
    `initLimit=${initLimit}`,
    `syncLimit=${syncLimit}`,
    `dataDir=${dataDir(sid)}`,
    `clientPort=${CLIENT_PORT}`,
    '4lw.commands.whitelist=*',
  ]
  if (snapCount !== SNAP_COUNT) lines.push(`snapCount=${snapCount}`)
  if (globalOutstandingLimit !== undefined) lines.push(`globalOutstandingLimit=${globalOutstandingLimit}`)
  for (const [knob, key] of Object.entries(KEYS) as [Knob, string][])
    if (knobs[knob] !== undefined) lines.push(`${key}=${knobs[knob]}`)
  if (observers.includes(sid)) lines.push('peerType=observer')
  // Members that may change are named with their client ports.
  const client = knobs.reconfigEnabled === true ? `;${CLIENT_PORT}` : ''
  for (let peer = 1; servers > 1 && peer <= servers; peer++)
    lines.push(
      `server.${peer}=${hostName(peer)}:${QUORUM_PORT}:${ELECTION_PORT}${observers.includes(peer) ? ':observer' : ''}${client}`,
    )
  for (const [index, members] of (hierarchy?.groups ?? []).entries())
    lines.push(`group.${index + 1}=${members.join(':')}`)
  for (const [voter, weight] of Object.entries(hierarchy?.weights ?? {})) lines.push(`weight.${voter}=${weight}`)
  return lines.join('\n')
}

/** The text of a file of that server's machine. @throws Error there is no such server */
export function serverFile(sid: number, name: 'zoo.cfg' | 'myid', config: RunConfig): string {
  if (!Number.isInteger(sid) || sid < 1 || sid > config.servers) throw new Error(`there is no server ${sid}`)
  return name === 'myid' ? `${sid}` : zooCfg(sid, config)
}
