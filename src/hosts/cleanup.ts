/** `zkCleanup.sh -n COUNT` on a server's machine. Source: PurgeTxnLog.java, zkCleanup.sh (admin.md section 7). The files here
 *  have no time of change: the date in front of a name is that of its removal. */
import type { CliResult } from '../core/cli/result.ts'
import type { Host } from '../core/host.ts'
import { dataDir } from './server-files.ts'

/** So many snapshots stay at least. */
const LEAST = 3
const USAGE = [
  'Usage:',
  'PurgeTxnLog dataLogDir [snapDir] -n count',
  '\tdataLogDir -- path to the txn log directory',
  '\tsnapDir -- path to the snapshot directory',
  '\tcount -- the number of old snaps/logs you want to keep, value should be greater than or equal to 3',
]

/** `words` behind zkCleanup.sh. `purge`: leaves so many snapshots on this disk, and the logs that they need. */
export function cleanUp(host: Host, sid: number, words: readonly string[], purge: (keep: number) => void): CliResult {
  const [option, count = '', ...more] = words
  if (words.length !== 2 || more.length > 0) return refused()
  // The count is looked at before the option.
  if (!/^[+-]?\d+$/.test(count)) return refused(`'${count}' can not be parsed to integer.`)
  if (Number(count) < LEAST) return refused('count should be greater than or equal to 3')
  if (option !== '-n') return refused()
  const files = (): string[] => host.disk.list('version-2')
  const before = files()
  purge(Number(count))
  const left = new Set(files())
  const date = dateTime(host.clock.wallTime())
  const lines = before
    .filter((file) => !left.has(file))
    .map((file) => ({ stream: 'out' as const, text: `Removing file: ${date}\t${dataDir(sid)}/version-2/${file}` }))
  return { lines, exitCode: 0 }
}

function refused(complaint?: string): CliResult {
  const err = complaint === undefined ? [] : [{ stream: 'err' as const, text: complaint }]
  return { lines: [...err, ...USAGE.map((text) => ({ stream: 'out' as const, text }))], exitCode: 1 }
}

/** DateFormat.getDateTimeInstance() in UTC: `Nov 20, 2026, 6:15:05 PM`. */
const dateTime = (msSince1970: number): string =>
  new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })
    .format(msSince1970)
    .replace(/\u202f/g, ' ')
