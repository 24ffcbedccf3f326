/** The shell in an ensemble of the simulator: its order, its trace, its ends. What its commands print is in transcript.test. */
import { expect, test } from 'vitest'
import type { CliResult } from '../../../src/core/cli/result.ts'
import { ZkCli, type ZkCliOptions } from '../../../src/core/cli/zk-cli.ts'
import { Replica } from '../../../src/core/server/replica.ts'
import type { CoreEvent } from '../../../src/core/trace.ts'
import { configureServer } from '../../../src/hosts/configure.ts'
import { Simulation } from '../../../src/hosts/sim/sim.ts'
import { runConfig } from '../../run-config.ts'

const config = runConfig(3, {
  seed: 7,
  latencyUs: { min: 1000, max: 2000 },
  diskSyncUs: { min: 1000, max: 2000 },
  wallStartMs: 0,
})
const ALL = 'zk1:2181,zk2:2181,zk3:2181'

function rig(options: ZkCliOptions = {}, connect = ALL, ready = true) {
  const sim = new Simulation(config, {
    launch: (host, spec) => {
      if (spec.what === 'client') return new ZkCli(host, spec.connect, options)
      new Replica(host, configureServer(spec.sid, config))
      return {}
    },
  })
  if (ready) sim.run(5_000_000)
  const client = sim.openClient(connect)
  if (ready) sim.run(1_000_000)
  const cli = sim.process(client) as ZkCli
  const told = () => sim.events.filter((event) => event.station === client)
  const printed = (stream?: string) =>
    told().flatMap((event) =>
      event.kind === 'printed' && (stream === undefined || event.stream === stream) ? [event.text] : [],
    )
  return { sim, client, cli, told, printed }
}
const texts = ({ lines }: CliResult) => lines.map(({ text }) => text)

test('it greets, and says when it is connected', () => {
  const { cli, printed } = rig()
  expect(printed()).toEqual([
    `Connecting to ${ALL}`,
    'Welcome to ZooKeeper!',
    'JLine support is enabled',
    '',
    'WATCHER::',
    '',
    'WatchedEvent state:SyncConnected type:None path:null',
  ])
  expect(cli.prompt).toBe(`[zk: ${ALL}(CONNECTED) 0] `)
})

test('a line and its answer are in the trace, with the prompt that it was typed at', () => {
  const { sim, client, told } = rig()
  const before = told().length
  const result = sim.type(client, 'create /app hello')
  expect(result).toEqual({ lines: [{ stream: 'err', text: 'Created /app' }], exitCode: 0 })
  const printed = told()
    .slice(before)
    .flatMap((event) => (event.kind === 'printed' ? [{ ...event }] : []))
  expect(printed).toMatchObject([
    { stream: 'in', text: 'create /app hello', prompt: `[zk: ${ALL}(CONNECTED) 0] ` },
    { stream: 'err', text: 'Created /app' },
  ])
})

test('lines typed while one runs are executed after it, in order', () => {
  const { sim, client, cli, printed } = rig()
  const answers: string[] = []
  const lines = ['create /a 1', 'set /a 2', 'get /a', 'history']
  // All in one step of the client.
  const pending = lines.map((line) => sim.begin(client, line))
  expect(cli.prompt).toContain(' 0] ')
  sim.run(1_000_000)
  for (const each of pending) answers.push(...texts(each.result!))
  expect(answers).toEqual(['Created /a', '2', '0 - create /a 1', '1 - set /a 2', '2 - get /a', '3 - history'])
  expect(printed('in')).toEqual(lines)
})

test('an empty line is no command', () => {
  const { sim, client, cli } = rig()
  expect(sim.type(client, '')).toEqual({ lines: [], exitCode: 0 })
  expect(cli.prompt).toContain(' 0] ')
})

test('a command waits for the session, and is lost with the attempt to connect', () => {
  const { sim, client } = rig({ shuffle: false }, 'zk9:2181', true)
  expect(texts(sim.type(client, 'ls /'))).toEqual(['KeeperErrorCode = ConnectionLoss for /'])
})

test('commands typed before the ensemble has a leader are answered when it has one', () => {
  const { sim, client } = rig({ waitForConnection: true }, ALL, false)
  const result = sim.type(client, 'ls /')
  expect(texts(result)).toEqual(['[zookeeper]'])
})

test('a watch event that comes while a command runs is part of its answer, a later one is in the trace alone', () => {
  const { sim, client, printed } = rig()
  sim.type(client, 'create /a 1')
  sim.type(client, 'get -w /a')
  const event = 'WatchedEvent state:SyncConnected type:NodeDataChanged path:/a'
  expect(texts(sim.type(client, 'set /a 2'))).toEqual(['', 'WATCHER::', '', event])
  sim.type(client, 'get -w /a')
  const other = sim.openClient(ALL)
  sim.run(2_000_000)
  const before = printed().length
  sim.type(other, 'set /a 3')
  sim.run(1_000_000)
  expect(printed().slice(before)).toEqual(['', 'WATCHER::', '', event])
  expect(texts(sim.type(client, 'printwatches off'))).toEqual([])
  sim.type(client, 'get -w /a')
  expect(texts(sim.type(client, 'set /a 4'))).toEqual([])
})

test('the session goes on at another server when its own is killed, with its ephemerals and watches', () => {
  const { sim, client, cli, told } = rig()
  sim.type(client, 'create -e /e')
  sim.type(client, 'get -w /e')
  const connected = stateOf(told().findLast((event) => event.kind === 'clientState'))!
  const first = Number(connected.server!.slice(2))
  sim.kill(first)
  sim.run(20_000_000)
  expect(cli.prompt).toContain('(CONNECTED)')
  const again = stateOf(told().findLast((event) => event.kind === 'clientState'))!
  expect(again.server).not.toBe(connected.server)
  expect(again.session).toBe(connected.session)
  expect(texts(sim.type(client, 'getEphemerals'))).toEqual(['[/e]'])
  expect(texts(sim.type(client, 'set /e x'))).toContain('WatchedEvent state:SyncConnected type:NodeDataChanged path:/e')
})

const stateOf = (event: CoreEvent | undefined) => (event?.kind === 'clientState' ? event : undefined)

test('without a quorum commands end in ConnectionLoss, and the session goes on when the quorum is back', () => {
  const { sim, client, cli, told } = rig()
  sim.type(client, 'create -e /e')
  const { session } = stateOf(told().findLast((event) => event.kind === 'clientState'))!
  sim.kill(1)
  sim.kill(2)
  sim.run(30_000_000)
  expect(sim.type(client, 'create /lost')).toMatchObject({
    lines: [{ stream: 'err', text: 'KeeperErrorCode = ConnectionLoss for /lost' }],
    exitCode: 1,
  })
  expect(cli.prompt).toContain('(CONNECTING)')
  sim.start(1)
  sim.start(2)
  sim.run(20_000_000)
  expect(stateOf(told().findLast((event) => event.kind === 'clientState'))).toMatchObject({ to: 'CONNECTED', session })
  expect(texts(sim.type(client, 'ls /'))).toEqual(['[e, zookeeper]'])
})

test('a client that comes back after the session timeout is told Expired, and the shell is not connected', () => {
  const { sim, client, cli, printed } = rig({ timeoutMs: 6000 }, 'zk1:2181')
  sim.type(client, 'create -e /e')
  sim.kill(1)
  sim.run(15_000_000)
  sim.start(1)
  sim.run(15_000_000)
  expect(printed().filter((text) => text.startsWith('WatchedEvent'))).toEqual([
    'WatchedEvent state:SyncConnected type:None path:null',
    'WatchedEvent state:Disconnected type:None path:null',
    'WatchedEvent state:Expired type:None path:null',
  ])
  expect(cli.prompt).toContain('(CLOSED)')
  expect(texts(sim.type(client, 'ls /'))).toEqual(['Not connected'])
  sim.type(client, 'connect zk1:2181')
  sim.run(1_000_000)
  expect(texts(sim.type(client, 'ls /'))).toEqual(['[zookeeper]'])
})

test('quit closes the session and ends the shell: its ephemerals are gone, later lines answer nothing', () => {
  const { sim, client, cli } = rig()
  sim.type(client, 'create -e /e')
  const result = sim.type(client, 'quit')
  expect([result.ended, result.exitCode, cli.ended]).toEqual([true, 0, true])
  expect(texts(result)).toContain('WatchedEvent state:Closed type:None path:null')
  let later: CliResult | undefined
  cli.type('ls /', (answer) => {
    later = answer
  })
  expect(later).toEqual({ lines: [], exitCode: 0, ended: true })
  expect(() => sim.type(client, 'ls /')).toThrow(`client ${client} does not run`)
  const other = sim.openClient(ALL)
  sim.run(1_000_000)
  expect(texts(sim.type(other, 'ls /'))).toContain('[zookeeper]')
})

test('what the real shell dies of ends this one without a farewell: its ephemerals stay until the session expires', () => {
  const { sim, client, cli, told } = rig({ timeoutMs: 10_000 })
  sim.type(client, 'create -e /e')
  const result = sim.type(client, 'set -v abc /e x')
  expect(result).toEqual({
    lines: [
      { stream: 'err', text: 'Exception in thread "main" java.lang.NumberFormatException: For input string: "abc"' },
    ],
    exitCode: 1,
    ended: true,
    died: true,
  })
  expect(cli.prompt).toContain('(CLOSED)')
  expect(told().findLast((event) => event.kind === 'clientState')).toMatchObject({ to: 'CLOSED' })
  const other = sim.openClient(ALL)
  sim.run(2_000_000)
  expect(texts(sim.type(other, 'ls /'))).toEqual(['[e, zookeeper]'])
  sim.run(15_000_000)
  expect(texts(sim.type(other, 'ls /'))).toEqual(['[zookeeper]'])
})

test('a shell whose connect string is none is dead from the start', () => {
  const { sim, client, printed } = rig({}, 'zk1:x')
  expect(printed('err')).toEqual(['Exception in thread "main" java.lang.NumberFormatException: For input string: "x"'])
  expect(sim.type(client, 'ls /')).toEqual({ lines: [], exitCode: 1, ended: true, died: true })
})

test('a timeout that is no number is the death of the shell when it connects', () => {
  const { cli, printed } = rig({ timeoutMs: 'soon' })
  expect(printed()).toEqual([
    `Connecting to ${ALL}`,
    'Exception in thread "main" java.lang.NumberFormatException: For input string: "soon"',
  ])
  expect([cli.ended, cli.exitCode]).toEqual([true, 1])
})

test('client properties come from a file; without that file the shell ends with code 2', () => {
  const readFile = (name: string) =>
    name === '/client' ? 'zookeeper.request.timeout = 1' : { problem: `${name} (No such file or directory)` }
  const slow = rig({ readFile, configuration: '/client' })
  expect(texts(slow.sim.type(slow.client, 'ls /'))).toEqual(['KeeperErrorCode = Unknown error REQUESTTIMEOUT for /'])
  const none = rig({ readFile, configuration: '/none' })
  expect(none.printed()).toEqual([
    `Connecting to ${ALL}`,
    'org.apache.zookeeper.server.quorum.QuorumPeerConfig$ConfigException: Error while processing /none',
    'Caused by: java.lang.IllegalArgumentException: /none file is missing',
  ])
  expect([none.cli.ended, none.cli.exitCode]).toEqual([true, 2])
})

test('a stream gets what is printed as it is printed: what has no end of line stands before the next output', () => {
  const written: string[] = []
  const { sim, client } = rig({ write: (stream, text) => void written.push(`${stream} ${text}`) })
  for (const line of ['create /a', 'setAcl /a world:anyone:r', 'addauth digest u:p']) sim.type(client, line)
  written.length = 0
  expect(texts(sim.type(client, 'setAcl -R /a world:anyone:cdrwa'))).toEqual(['KeeperErrorCode = NoAuth for /a'])
  sim.type(client, 'get /a')
  sim.type(client, 'history')
  expect(written).toEqual([
    'out KeeperErrorCode = NoAuth for /a',
    'out null\n',
    'out 0 - create /a\n',
    'out 1 - setAcl /a world:anyone:r\n',
    'out 2 - addauth digest u:p\n',
    'out 3 - setAcl -R /a world:anyone:cdrwa\n',
    'out 4 - get /a\n',
    'out 5 - history\n',
  ])
})

test.each([
  ['/none', 'Error processing /none/none (No such file or directory)'],
  ['/odd', 'Error processing /oddUnrecognised parameter: dataDir'],
  ['/lonely', 'Error processing /lonelyObservers w/o quorum is an invalid configuration'],
  ['/good', 'KeeperErrorCode = Reconfig is disabled'],
])('reconfig reads the members from the file %s: %s', (path, said) => {
  const files = new Map([
    ['/odd', 'dataDir=/tmp'],
    ['/lonely', 'server.1=a:1:2\nserver.2=b:1:2:observer'],
    ['/good', 'server.1=zk1:2888:3888;2181\n'],
  ])
  const readFile = (name: string) => files.get(name) ?? { problem: `${name} (No such file or directory)` }
  const { sim, client } = rig({ readFile })
  expect(texts(sim.type(client, `reconfig -file ${path}`))).toEqual([said])
})

test('what addauth authenticates with reaches neither the trace nor the notes of messages', () => {
  const { sim, client, told } = rig()
  sim.type(client, 'addauth digest bob:hunter2')
  sim.type(client, '  AddAuth digest bob:hunter2')
  sim.type(client, 'redo 0')
  // The person who typed it may see it.
  expect(texts(sim.type(client, 'history'))).toContain('0 - addauth digest bob:hunter2')
  expect(texts(sim.type(client, 'whoami'))).toContain('digest: bob')
  const trace = JSON.stringify(told(), (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  expect(trace).toContain('addauth digest ***')
  expect(trace).not.toContain('hunter2')
})

test('Tab offers commands, and paths by asking the server', () => {
  const { sim, client } = rig()
  for (const path of ['/app', '/apple', '/app/b', '/app/a']) sim.type(client, `create ${path}`)
  const offered = (line: string, cursor = line.length) => sim.complete(client, line, cursor)
  expect(offered('de')).toEqual({ candidates: ['delete', 'deleteall', 'delquota'], from: 0 })
  expect(offered('ls /ap')).toEqual({ candidates: ['app', 'apple'], from: 4 })
  expect(offered('ls /app/')).toEqual({ candidates: ['a', 'b'], from: 8 })
  expect(offered('ls /app/a more', 9)).toEqual({ candidates: ['a'], from: 8 })
  expect(offered('ls /none/x').candidates).toEqual([])
  expect(offered('ls /a//').candidates).toEqual([])
  expect(offered('ls ').candidates).toContain('create')
  expect(offered('').candidates.length).toBe(28)
})

test('Tab offers no paths without a session', () => {
  const { sim, client } = rig()
  sim.type(client, 'close')
  expect(sim.complete(client, 'ls /').candidates).toEqual([])
  sim.type(client, 'connect zk2:2181')
  sim.run(1_000_000)
  expect(sim.complete(client, 'ls /').candidates).toEqual(['zookeeper'])
})

test('connect to another server ends the session and begins another there', () => {
  const { sim, client, cli, told } = rig({}, 'zk1:2181')
  sim.type(client, 'create -e /e')
  sim.type(client, 'connect zk3:2181')
  sim.run(1_000_000)
  expect(cli.prompt).toBe('[zk: zk3:2181(CONNECTED) 2] ')
  expect(told().findLast((event) => event.kind === 'clientState')).toMatchObject({ to: 'CONNECTED', server: 'zk3' })
  expect(texts(sim.type(client, 'ls /'))).toEqual(['[zookeeper]'])
})

test('deleteall of a big tree sends multis of a thousand, at most ten at once, and leaves nothing', () => {
  const { sim, client } = rig()
  sim.type(client, 'create /big')
  for (let i = 0; i < 25; i++) sim.begin(client, `create /big/${i}`)
  sim.type(client, 'ls /big')
  const before = sim.events.length
  expect(sim.type(client, 'deleteall /big -b 2').lines).toEqual([])
  const multis = sim.events.slice(before).filter((event) => event.kind === 'invoked' && event.op === 'multi')
  expect(multis.length).toBe(13)
  let underWay = 0
  let most = 0
  for (const event of sim.events.slice(before)) {
    if (event.kind === 'invoked' && event.op === 'multi') most = Math.max(most, ++underWay)
    if (event.kind === 'answered' && event.op === 'multi') underWay--
  }
  expect(most).toBe(10)
  expect(texts(sim.type(client, 'ls /'))).toEqual(['[zookeeper]'])
})
