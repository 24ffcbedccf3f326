/** What there is on this machine to try our servers with, and what a test says that cannot be run. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findProgram } from '../chromium.mjs'

export const JARS = ['zookeeper', 'slf4j-simple'].map((name) => `/usr/share/java/${name}.jar`)
/** The same without a log: what a process says is then its own. */
export const QUIET_JARS = ['zookeeper', 'slf4j-nop'].map((name) => `/usr/share/java/${name}.jar`)
/** Debian's C client. */
export const CLI_MT = '/usr/lib/zookeeper/bin/cli_mt'
/** The one that Debian's packages are for. */
export const PYTHON = '/usr/bin/python3'

const root = resolve(import.meta.dirname, '../..')

export const missing = {
  apache: [...JARS.filter((jar) => !existsSync(jar)), ...(findProgram('java') === undefined ? ['java'] : [])],
  cliMt: existsSync(CLI_MT) ? [] : [CLI_MT],
  kazoo: spawnSync(PYTHON, ['-c', 'import kazoo']).status === 0 ? [] : ['kazoo'],
}

/** Behind the title of a test that needs these. */
export const skippedFor = (names: readonly string[]): string =>
  names.length === 0
    ? ''
    : ` (skipped: ${names.join(', ')} not found; apt-get install zookeeper zookeeper-bin python3-kazoo)`

/** The programs, built from the sources as they are now. Each test file builds a copy of its own: they run at the same
 *  time. */
export function builtPrograms(name: string): { readonly server: string; readonly zkcli: string } {
  const folder = join(root, 'node_modules/.cache/test-node', name)
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--mode', 'node', '--logLevel', 'error', '--outDir', folder],
    { cwd: root, encoding: 'utf8' },
  )
  return { server: join(folder, 'server.js'), zkcli: join(folder, 'zkcli.js') }
}
