/** The zoo.cfg of a server of a recorded script, as the tool that recorded it wrote them. */
import type { Needs } from './golden.ts'

export const PORTS = { client: 21_810, quorum: 28_880, election: 38_880 } as const

const DEFAULTS: readonly (readonly [string, string])[] = [
  ['tickTime', '2000'],
  ['initLimit', '10'],
  ['syncLimit', '5'],
  ['4lw.commands.whitelist', '*'],
  ['admin.enableServer', 'false'],
  ['maxClientCnxns', '0'],
]

/** `base`: added to every port. */
export function zooCfg({ servers, cfg }: Needs, sid: number, base: number, dataDir: string): string {
  const settings = new Map(DEFAULTS)
  for (const line of cfg) settings.set(line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1))
  const dynamic = settings.get('reconfigEnabled') === 'true'
  const lines = [`dataDir=${dataDir}`]
  if (!dynamic || servers === 1) lines.push(`clientPort=${PORTS.client + sid + base}`, 'clientPortAddress=127.0.0.1')
  for (const [key, value] of settings) lines.push(`${key}=${value}`)
  for (let peer = 1; servers > 1 && peer <= servers; peer++) {
    const address = `127.0.0.1:${PORTS.quorum + peer + base}:${PORTS.election + peer + base}`
    const client = dynamic ? `:participant;127.0.0.1:${PORTS.client + peer + base}` : ''
    lines.push(`server.${peer}=${address}${client}`)
  }
  return `${lines.join('\n')}\n`
}
