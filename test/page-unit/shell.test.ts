/** The machine's shell beside zkCli: what is understood, and what it does. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createPage, type Page } from '../../src/page/store/page.ts'
import { fileAt, parseShell, serversFrom, shellChoices } from '../../src/page/terminal/shell.ts'
import { FakeEnsemble } from './fake-ensemble.ts'

describe('lines for the machine’s shell', () => {
  it.each([
    ['zkServer.sh status', { program: 'zkServer', verb: 'status', sid: undefined }],
    ['zkServer.sh stop 2', { program: 'zkServer', verb: 'stop', sid: 2 }],
    ['bin/zkServer.sh start zk3', { program: 'zkServer', verb: 'start', sid: 3 }],
    [
      '/usr/share/zookeeper/bin/zkServer.sh --config /conf restart',
      { program: 'zkServer', verb: 'restart', sid: undefined },
    ],
    ['zkServer.sh', { program: 'zkServerUsage' }],
    ['zkServer.sh status everywhere', { program: 'zkServerUsage' }],
    ['zkCli.sh', { program: 'zkCli', words: '', server: 'localhost:2181', hasCommand: false }],
    [
      'zkCli.sh -server zk2:2181',
      { program: 'zkCli', words: '-server zk2:2181', server: 'zk2:2181', hasCommand: false },
    ],
    [
      './zkCli.sh -r -timeout 5000 -server zk2:2181 ls -R /',
      { program: 'zkCli', words: '-r -timeout 5000 -server zk2:2181 ls -R /', server: 'zk2:2181', hasCommand: true },
    ],
    ['echo ruok | nc localhost 2181', { program: 'nc', host: undefined, port: '2181', text: 'ruok' }],
    ['  echo -n "stat"|nc -w 2 zk2 2181', { program: 'nc', host: 'zk2', port: '2181', text: 'stat' }],
    ['nc zk1 2181 <<< srvr', { program: 'nc', host: 'zk1', port: '2181', text: 'srvr' }],
    ['nc zk1 2181', { program: 'ncUsage' }],
    ['echo ruok | grep imok', { program: 'ncUsage' }],
    ['echo hello  there', { program: 'echo', text: 'hello  there' }],
    ['cat conf/zoo.cfg /data/zk2/myid', { program: 'cat', paths: ['conf/zoo.cfg', '/data/zk2/myid'] }],
    ['zkCleanup.sh -n 3', { program: 'zkCleanup', words: '-n 3', sid: undefined }],
    ['zkCleanup.sh -n 3 2', { program: 'zkCleanup', words: '-n 3', sid: 2 }],
  ])('%s', (line, command) => {
    expect(parseShell(line)).toEqual(command)
  })

  it.each(['ls /', 'create /echo x', 'history', 'zkServer', 'catalogue', 'ncat-like', 'get /a cat', ''])(
    '%s is none, or has its name without an ending',
    (line) => {
      expect(parseShell(line)?.program ?? 'none').toBe(line === 'zkServer' ? 'zkServerUsage' : 'none')
    },
  )

  it.each([
    ['conf/zoo.cfg', { name: 'zoo.cfg', sid: undefined }],
    ['../conf/zoo.cfg', { name: 'zoo.cfg', sid: undefined }],
    ['/etc/zookeeper/conf/zoo.cfg', { name: 'zoo.cfg', sid: undefined }],
    ['/conf/zk2/zoo.cfg', { name: 'zoo.cfg', sid: 2 }],
    ['zk3:/data/myid', { name: 'myid', sid: 3 }],
    ['/data/zk4/myid', { name: 'myid', sid: 4 }],
    ['/etc/passwd', undefined],
    ['/secret/zoo.cfg', undefined],
    ['zoo.cfg.bak', undefined],
  ])('%s is a file that people know', (path, file) => {
    expect(fileAt(path)).toEqual(file)
  })

  it('localhost is the server of the machine', () => {
    expect(serversFrom('localhost:2181', 2)).toBe('zk2:2181')
    expect(serversFrom('zk1:2181,127.0.0.1:2181/app', 3)).toBe('zk1:2181,zk3:2181/app')
  })

  it('Tab knows verbs, words, servers and files', () => {
    const fits = (typed: string) => {
      const word = /\S*$/.exec(typed)?.[0] ?? ''
      return shellChoices(typed, 2)?.filter((choice) => choice.startsWith(word))
    }
    expect(fits('zkServer.sh st')).toEqual(['start', 'start-foreground', 'stop', 'status'])
    expect(fits('zkServer.sh stop ')).toEqual(['zk1', 'zk2'])
    expect(fits('echo ru')).toEqual(['ruok'])
    expect(fits('echo ruok | ')).toEqual(['nc'])
    expect(fits('echo ruok | nc l')).toEqual(['localhost'])
    expect(fits('echo ruok | nc zk2 ')).toEqual(['2181'])
    expect(fits('cat /data/')).toEqual(['/data/zk1/myid', '/data/zk2/myid'])
    expect(fits('zkCli.sh -server zk')).toEqual(['zk1:2181', 'zk2:2181'])
    expect(fits('ls /')).toBeUndefined()
  })
})

describe('the machine’s shell', () => {
  let ensemble: FakeEnsemble
  let page: Page
  let tab: number
  beforeEach(async () => {
    ensemble = new FakeEnsemble()
    page = createPage(ensemble, 'memory', () => 0)
    tab = await page.store.getState().openTab()
    ensemble.orders.length = 0
  })
  const type = (line: string) => page.store.getState().type(tab, line)
  const shown = () =>
    page.store
      .getState()
      .tabs.find(({ id }) => id === tab)!
      .lines.map(({ stream, prompt, text }) => `${stream}| ${prompt ?? ''}${text}`)

  it('starts and stops servers, and says it in zkServer.sh’s words', async () => {
    expect(await type('zkServer.sh stop 2')).toEqual([
      'ZooKeeper JMX enabled by default',
      'Using config: /conf/zk2/zoo.cfg',
      'Stopping zookeeper ... STOPPED',
    ])
    ensemble.stopped.add(2)
    expect((await type('zkServer.sh stop 2')).at(-1)).toBe(
      'Stopping zookeeper ... no zookeeper to stop (could not find file /data/zk2/zookeeper_server.pid)',
    )
    expect((await type('zkServer.sh start 2')).at(-1)).toBe('Starting zookeeper ... STARTED')
    ensemble.stopped.delete(2)
    expect((await type('zkServer.sh start 2')).at(-1)).toBe('Starting zookeeper ... already running as process 2.')
    expect(ensemble.orders).toEqual(['kill 2', 'start 2'])
    expect((await type('zkServer.sh start 9')).join()).toContain('Servers are 1 to 3')
    expect((await type('zkServer.sh')).at(-1)).toMatch(/^Usage: zkServer.sh /)
  })

  it('asks a server for its status by a process of its own', async () => {
    ensemble.answer = {
      lines: ['Zookeeper version: 3.8.0', 'Mode: follower'].map((text) => ({ stream: 'out', text })),
      exitCode: 0,
      ended: true,
    }
    expect((await type('zkServer.sh status 3')).slice(2)).toEqual([
      'Client port found: 2181. Client address: localhost. Client SSL: false.',
      'Mode: follower',
    ])
    expect(ensemble.orders).toEqual(['client nc zk3 2181', 'type 102 srvr'])
    ensemble.answer = { lines: [{ stream: 'err', text: 'refused' }], exitCode: 1, ended: true }
    expect((await type('zkServer.sh status 3')).at(-1)).toBe('Error contacting service. It is probably not running.')
  })

  it('pipes a word to a server, localhost being the one whose machine it is', async () => {
    ensemble.answer = { lines: [{ stream: 'out', text: 'imok' }], exitCode: 0, ended: true }
    expect(await type('echo ruok | nc localhost 2181')).toEqual(['imok'])
    expect(ensemble.orders).toEqual(['client nc zk1 2181', 'type 102 ruok'])
    expect(shown()).toEqual(['in| $ echo ruok | nc localhost 2181', 'out| imok'])
  })

  it('reads zoo.cfg and myid, and nothing else', async () => {
    expect(await type('cat conf/zoo.cfg /data/zk2/myid')).toEqual(['tickTime=2000', 'clientPort=2181', '2'])
    expect(await type('cat /etc/passwd zk9:/data/myid')).toEqual([
      'cat: /etc/passwd: No such file or directory',
      'cat: zk9:/data/myid: No such file or directory',
    ])
  })

  it('opens a zkCli in a terminal of its own, or runs its one command here', async () => {
    await type('zkCli.sh -server localhost:2181')
    expect(ensemble.orders[0]).toBe('client zkCli.sh -server zk1:2181')
    expect(page.store.getState().tabs).toHaveLength(2)
    expect(page.store.getState().tabs.at(-1)!.connect).toBe('zk1:2181')
    ensemble.orders.length = 0
    ensemble.answer = { lines: [{ stream: 'out', text: '[zookeeper]' }], exitCode: 0, ended: true }
    expect(await type('zkCli.sh -server zk2:2181 ls /')).toEqual(['[zookeeper]'])
    expect(ensemble.orders[0]).toBe('client zkCli.sh -server zk2:2181 ls /')
    expect(page.store.getState().tabs).toHaveLength(2)
  })

  it('cleans up where the server runs, and says so where it does not', async () => {
    await type('zkCleanup.sh -n 3 2')
    expect(ensemble.orders).toEqual(['type 2 zkCleanup.sh -n 3'])
    ensemble.stopped.add(2)
    expect((await type('zkCleanup.sh -n 3 2')).join()).toContain('Server 2 does not run')
  })

  it('a line waits for the one before, and stands there until it is answered', async () => {
    const answers: string[] = []
    const first = type('ls /').then(() => answers.push('ls'))
    const second = type('echo two').then(() => answers.push('echo'))
    const waiting = () => page.store.getState().tabs.find(({ id }) => id === tab)!.waiting
    expect(waiting()).toEqual(['ls /', 'echo two'])
    await Promise.all([first, second])
    expect(answers).toEqual(['ls', 'echo'])
    expect(waiting()).toEqual(['ls /'])
  })

  it('words that it does not know are zkCli’s', async () => {
    await type('rm -rf /')
    expect(ensemble.orders).toEqual(['type 101 rm -rf /'])
  })

  it('a zkCli that has died begins anew in its terminal', async () => {
    ensemble.answer = {
      lines: [{ stream: 'err', text: 'Exception in thread "main" java.lang.NumberFormatException' }],
      exitCode: 1,
      ended: true,
      died: true,
    }
    await type('set -v x /a b')
    expect(ensemble.orders).toEqual(['type 101 set -v x /a b', 'client zk1:2181,zk2:2181,zk3:2181'])
    const after = page.store.getState().tabs.find(({ id }) => id === tab)!
    expect([after.station, after.former, after.commands]).toEqual([102, [101], 0])
    ensemble.answer = { lines: [], exitCode: 0 }
    await type('ls /')
    expect(ensemble.orders.at(-1)).toBe('type 102 ls /')
  })
})
