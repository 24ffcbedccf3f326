/** What study notes do besides zkCli: nc, zkCli.sh with options, zkCleanup.sh, and a look at zoo.cfg. */
import { expect, test } from 'vitest'
import type { CliResult } from '../../src/core/cli/result.ts'
import { readZooCfg } from '../../src/core/config/zoo-cfg.ts'
import { Replica } from '../../src/core/server/replica.ts'
import { cleanUp } from '../../src/hosts/cleanup.ts'
import { configureServer } from '../../src/hosts/configure.ts'
import type { RunConfig } from '../../src/hosts/ensemble.ts'
import { launch } from '../../src/hosts/launch.ts'
import type { Launch } from '../../src/hosts/process.ts'
import { serverFile } from '../../src/hosts/server-files.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { runConfig } from '../run-config.ts'

function started(config: RunConfig, launching = launch): Simulation {
  const sim = new Simulation(config, { launch: launching })
  sim.run(6_000_000)
  return sim
}
const texts = ({ lines }: CliResult) => lines.map(({ text }) => text)
const errors = ({ lines }: CliResult) => lines.flatMap(({ stream, text }) => (stream === 'err' ? [text] : []))
const runs = (sim: Simulation, station: number) => sim.conductor.isRunning(station)

test('nc takes a four-letter word to a server, prints the answer and ends', () => {
  const sim = started(runConfig(3))
  const ask = (to: string, line: string) => {
    const nc = sim.openClient(`nc ${to}`)
    const answer = sim.type(nc, line)
    expect(runs(sim, nc)).toBe(false)
    return answer
  }
  expect(ask('zk2 2181', 'ruok')).toEqual({ lines: [{ stream: 'out', text: 'imok' }], exitCode: 0, ended: true })
  expect(texts(ask('zk3 2181', 'srvr'))).toContain('Mode: leader')
  expect(texts(ask('zk1 2181', 'srvr'))).toContain('Mode: follower')
  expect(ask('zk1 2181', 'hello there')).toMatchObject({ lines: [], exitCode: 0 })
  sim.kill(2)
  expect(ask('zk2 2181', 'ruok')).toMatchObject({ exitCode: 1 })
  expect(errors(ask('zk2 2181', 'ruok'))).toEqual(['nc: connect to zk2 port 2181 (tcp) failed: Connection refused'])
  expect(errors(ask('zk1 80', 'ruok'))).toEqual(['nc: connect to zk1 port 80 (tcp) failed: Connection refused'])
  expect(errors(ask('elsewhere 2181', 'ruok'))).toEqual([
    'nc: connect to elsewhere port 2181 (tcp) failed: No route to host',
  ])
})

test('what nc asks travels over the network, and is an action of the run', () => {
  const sim = started(runConfig(3))
  const nc = sim.openClient('nc zk1 2181')
  sim.type(nc, 'ruok')
  const told = sim.events.filter(({ station }) => station === nc)
  expect(told.find((event) => event.kind === 'message')).toMatchObject({ to: 1, note: { type: 'ruok' } })
  const actions = sim.events.flatMap((event) => (event.kind === 'action' ? [event.command] : []))
  expect(actions).toEqual(['client nc zk1 2181', `type ${nc} ruok`])
})

test('zkCli.sh runs one command, or stays', () => {
  const sim = started(runConfig(3))
  const once = sim.openClient('zkCli.sh -server zk2:2181 create /a "two words"')
  expect(sim.type(once, '')).toEqual({
    lines: [
      { stream: 'out', text: 'Connecting to zk2:2181' },
      ...['', 'WATCHER::', '', 'WatchedEvent state:SyncConnected type:None path:null'].map((text) => ({
        stream: 'out',
        text,
      })),
      { stream: 'err', text: 'Created /a' },
    ],
    exitCode: 0,
    ended: true,
  })
  expect(runs(sim, once)).toBe(false)
  const shell = sim.openClient('zkCli.sh -timeout 9000 -server zk2:2181')
  expect(texts(sim.type(shell, 'get /a'))).toContain('two words')
  expect(runs(sim, shell)).toBe(true)
  const wrong = sim.openClient('zkCli.sh -server')
  sim.run(1_000_000)
  const printed = sim.events.filter(({ station }) => station === wrong)
  expect(printed.find((event) => event.kind === 'printed')).toMatchObject({
    stream: 'err',
    text: 'Error: no argument found for option -server',
  })
})

test('zkCleanup.sh leaves as many snapshots as it is told, and what recovery from them needs', () => {
  const config = runConfig(1, { snapCount: 4, wallStartMs: Date.UTC(2026, 10, 20, 18, 15) })
  // The page's servers clean up by themselves; this one does not.
  const keeping: Launch = (host, spec) => {
    if (spec.what === 'client') return launch(host, spec)
    const replica = new Replica(host, { ...configureServer(1, config), snapRetainCount: 0 })
    return {
      type: (line, done) => done(cleanUp(host, 1, line.split(' ').slice(1), (keep) => replica.purge(keep))),
    }
  }
  const sim = started(config, keeping)
  const files = () => sim.files(1).list('version-2')
  const snapshots = () => files().filter((file) => file.startsWith('snapshot.'))
  const shell = sim.openClient('zk1:2181')
  for (let i = 0; i < 60; i++) sim.type(shell, `create /n${i}`)
  sim.run(1_000_000)
  expect(snapshots().length).toBeGreaterThan(5)
  const before = files()
  const answer = sim.type(1, 'zkCleanup.sh -n 3')
  const gone = before.filter((file) => !files().includes(file))
  expect(snapshots()).toHaveLength(3)
  expect(gone.length).toBeGreaterThan(2)
  expect(texts(answer)).toHaveLength(gone.length)
  for (const line of texts(answer))
    expect(line).toMatch(
      /^Removing file: Nov 20, 2026, 6:15:\d\d PM\t\/data\/zk1\/version-2\/(log|snapshot)\.[0-9a-f]+$/,
    )
  sim.kill(1)
  sim.start(1)
  sim.run(5_000_000)
  const again = sim.openClient('zk1:2181')
  expect(texts(sim.type(again, 'getAllChildrenNumber /'))).toContain('63')
})

test.each([
  ['', undefined],
  ['-n 2', 'count should be greater than or equal to 3'],
  ['-n many', "'many' can not be parsed to integer."],
  ['-x 3', undefined],
  ['-n 3 4', undefined],
])('zkCleanup.sh %s is answered with its usage', (words, complaint) => {
  const sim = started(runConfig(1))
  const answer = sim.type(1, `zkCleanup.sh ${words}`)
  expect(errors(answer)).toEqual(complaint === undefined ? [] : [complaint])
  expect(texts(answer)).toContain('PurgeTxnLog dataLogDir [snapDir] -n count')
  expect(answer.exitCode).toBe(1)
})

const configs: readonly [string, RunConfig][] = [
  ['five servers', runConfig(5)],
  ['one server', runConfig(1, { snapCount: 77 })],
  ['observers', runConfig(4, { observers: [4], globalOutstandingLimit: 10 })],
  ['groups', runConfig(3, { hierarchy: { groups: [[1, 2], [3]], weights: { 1: 2 } } })],
  [
    'knobs',
    runConfig(3, {
      knobs: {
        commitLogCount: 600,
        extendedTypesEnabled: true,
        localSessionsEnabled: true,
        localSessionsUpgradingEnabled: true,
        minSessionTimeoutMs: 3000,
        maxSessionTimeoutMs: 50_000,
        minNotificationIntervalMs: 100,
        maxNotificationIntervalMs: 1000,
        cnxTimeoutMs: 700,
        maxClientCnxns: 5,
      },
    }),
  ],
]
test.each(configs)('zoo.cfg starts a server as the page starts it: %s', (_name, config) => {
  for (let sid = 1; sid <= config.servers; sid++) {
    const readFile = (path: string) => (path === `/data/zk${sid}/myid` ? serverFile(sid, 'myid', config) : undefined)
    const { replica, warnings } = readZooCfg(serverFile(sid, 'zoo.cfg', config), {
      path: '/conf/zoo.cfg',
      readFile,
      properties: new Map(),
    })
    const { surroundings, standalone, quorum, ...ours } = configureServer(sid, config)
    expect(warnings.filter((warning) => warning.includes('no meaning'))).toEqual([])
    expect(replica).toMatchObject(ours)
    if (config.servers > 1) expect(`${replica.quorum}`).toBe(`${quorum}`)
    expect(replica.standalone ?? false).toBe(standalone)
    expect(surroundings).toMatchObject({ dataDir: `/data/zk${sid}` })
  }
})
