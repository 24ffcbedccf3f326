/** What a server tells of its process and its machine when it is asked: `conf`, `envi`, `mntr`, the AdminServer. */
import { readdirSync, readFileSync } from 'node:fs'
import { arch, homedir, hostname, release, totalmem, type, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { Surroundings } from '../../core/config/replica-config.ts'
import type { ServerSettings } from '../../core/config/zoo-cfg.ts'

export function surroundingsOf(settings: ServerSettings): Surroundings {
  const { clientHost, clientPortListenBacklog, initialConfig, properties } = settings
  return {
    dataDir: resolve(settings.dataDir),
    dataLogDir: resolve(settings.dataLogDir),
    ...(clientHost === undefined ? {} : { clientPortAddress: clientHost }),
    clientPortListenBacklog,
    initialConfig,
    environment,
    systemProperties: () => ({ ...environment(), ...Object.fromEntries([...properties].filter(isNoSecret)) }),
    openFiles: () => countOf('/proc/self/fd'),
    maxFiles,
  }
}

/** Under the names that the JVM has for them. There is no Java to be told of. */
function environment(): { readonly [name: string]: string } {
  const { heap_size_limit, total_heap_size, used_heap_size } = getHeapStatistics()
  return {
    'host.name': hostname(),
    'os.name': type(),
    'os.arch': arch() === 'x64' ? 'amd64' : arch(),
    'os.version': release(),
    'user.name': userName(),
    'user.home': homedir(),
    'user.dir': process.cwd(),
    'os.memory.free': megabytes(total_heap_size - used_heap_size),
    'os.memory.max': megabytes(Math.min(heap_size_limit, totalmem())),
    'os.memory.total': megabytes(total_heap_size),
  }
}

const megabytes = (bytes: number): string => `${Math.floor(Math.max(0, bytes) / 2 ** 20)}MB`

/** A process may run as somebody whom nobody knows. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}

/** The AdminServer shows the properties to everybody. ZooKeeper's shows these as well. */
const isNoSecret = ([name]: readonly [string, string]): boolean => !/password|passwd|digest|secret/i.test(name)

/** -1 where the system does not tell. */
function countOf(folder: string): number {
  try {
    return readdirSync(folder).length
  } catch {
    return -1
  }
}

function maxFiles(): number {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === undefined ? -1 : Number(limit)
  } catch {
    return -1
  }
}
