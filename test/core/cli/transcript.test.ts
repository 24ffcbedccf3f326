/** The stored sessions of the real zkCli, played against an ensemble of ours: the same lines, on the same stream, and the
 *  same exit codes. What differs is listed here, command by command, with its reason. */
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Block, played, wanted } from './transcript.ts'

const OWN_PORTS = 'the configuration has as many bytes as our ports have digits'
const SET_ORDER = 'identities stand in the order of a Java hash table'
const TTL = 'nodes with a TTL and the removal of containers are not built yet'
const QUOTA = 'quotas are kept and warned of; refusing writes (enforceQuota) is not built yet'
const RECONFIG = 'reconfiguration is not built yet: the servers answer as if it were disabled'
const READ_ONLY = 'read-only mode and local sessions are not built yet: the session goes on when the servers come back'
const VERSION = 'the shell says that it is ours'

/** By file: reason and the commands whose output differs for it; `all` for a file that is about what is not there. */
const differences: { readonly [file: string]: readonly (readonly [string, ...string[]])[] | readonly [string, 'all'] } =
  {
    '01-shell': [[VERSION, '> version', '> redo 0x1', '> redo 01']],
    '04-create': [
      [
        TTL,
        '> create -t 5000 /t data',
        '> stat /t',
        '> create -t 5000 /t',
        '> create -t 1099511627775 /tmax1',
        '> stat /tmax1',
        '> create -s -t 5000 /ts-',
      ],
      ['numbers are lower by the TTL nodes that are missing', '> create /y data -s', '> create -s /', '> ls /'],
    ],
    '10-auth': [[SET_ORDER, 'B> whoami', 'B> getAcl /nopw']],
    '12-quota-enforced': [QUOTA, 'all'],
    '21-config-ensemble': [
      [OWN_PORTS, '> config -s', '> get -s /zookeeper/config'],
      [SET_ORDER, '> whoami'],
    ],
    '22-reconfig': [RECONFIG, 'all'],
    '24-ttl-container': [TTL, 'all'],
    '26-one-shot': [[VERSION, '> zkCli.sh -waitforconnection -server <server> version']],
    '30-readonly': [READ_ONLY, 'all'],
    '90-volatile': [
      ['with the real client it depends on its timing whether the line is printed', '> deleteall /zookeeper/quota'],
    ],
  }

/** Real ms, for machines that are busy with other tests. */
const PATIENCE_MS = 60_000

const files = readdirSync(new URL('../../golden/zkcli/', import.meta.url))
  .filter((name) => name.endsWith('.cmd'))
  .map((name) => name.slice(0, -4))

/** Each file is played once. */
const plays = new Map<string, Block[]>()
const playedOnce = (file: string): Block[] => {
  const play = plays.get(file) ?? played(file)
  plays.set(file, play)
  return play
}

const same = (a: Block | undefined, b: Block | undefined): boolean => JSON.stringify(a) === JSON.stringify(b)

const isWhole = (listed: (typeof differences)[string]): listed is readonly [string, 'all'] => listed[1] === 'all'

test.each(files)('%s', { timeout: PATIENCE_MS }, (file) => {
  const [ours, theirs] = [playedOnce(file), wanted(file)]
  expect(ours.map(({ command }) => command)).toEqual(theirs.map(({ command }) => command))
  const listed = differences[file] ?? []
  const differing = theirs.filter((block, index) => !same(block, ours[index]))
  if (isWhole(listed)) {
    expect(differing).not.toEqual([])
    return
  }
  const expected = new Set(listed.flatMap(([, ...commands]) => commands))
  // What is listed is left out on both sides, so that a failure shows the lines.
  const rest = (blocks: readonly Block[]) => blocks.filter(({ command }) => !expected.has(command))
  expect(rest(ours)).toEqual(rest(theirs))
  expect([...new Set(differing.map(({ command }) => command))].sort()).toEqual([...expected].sort())
})

test('nearly all of the recorded commands are answered as the real shell answers them', {
  timeout: PATIENCE_MS,
}, () => {
  const counts = files.map((file) => {
    const [ours, theirs] = [playedOnce(file), wanted(file)]
    return { all: theirs.length, same: theirs.filter((block, index) => same(block, ours[index])).length }
  })
  const sum = (key: 'all' | 'same') => counts.reduce((total, count) => total + count[key], 0)
  expect(sum('all')).toBe(1299)
  expect(sum('same')).toBeGreaterThanOrEqual(1184)
})
