/** `config -c`: the configuration as a connect string. Source: ConfigUtils.java getClientConfigStr, QuorumServer. */
import { readJavaProperties } from '../config/java-properties.ts'
import { propertiesOrder } from './java.ts'

/** `<version> <client address>,…`, in the order of Java's Properties; nothing between commas for a server whose client
 *  address is not in the configuration. */
export function clientConfigText(config: string): string {
  const properties = readJavaProperties(config)
  const servers = propertiesOrder([...properties.keys()]).filter((key) => key.startsWith('server.'))
  const addresses = servers.map((key) => clientAddress(properties.get(key) as string))
  return `${properties.get('version') ?? ''} ${addresses.join(',')}`
}

/** Behind the semicolon: a port alone is on all interfaces. */
function clientAddress(server: string): string {
  const address = server.split(';')[1]
  if (address === undefined || address === '') return ''
  return address.includes(':') ? address : `0.0.0.0:${address}`
}
