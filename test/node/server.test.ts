/** One server in a process of its own: what it serves, how it ends, and what it says when it cannot begin. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { builtPrograms, JARS, missing, PYTHON, skippedFor } from './machine.ts'
import { alone, fourLetterWord, pause, type Server } from './servers.ts'
import { Session } from './session.ts'

const PORT = 23300
const ADMIN_PORT = 23301

let program: string
let folder: string
const running: Server[] = []
beforeAll(() => {
  program = builtPrograms('server').server
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vivarium-server-'))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()))
  rmSync(folder, { recursive: true, force: true })
})

function server(lines: readonly string[] = []): Server {
  const made = alone({ folder, program, firstPort: PORT, kind: 'ours', lines })
  running.push(made)
  return made
}

/** Runs the program until it ends by itself. */
function run(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 20_000 })
}

function zooCfg(...lines: string[]): string {
  const path = join(folder, 'zoo.cfg')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('a server', () => {
  test('started from a zoo.cfg serves; SIGTERM ends it with 143, and what was written is there again', async () => {
    const ours = server()
    ours.start()
    expect(await ours.serving()).toBe('standalone')
    const session = await Session.open(ours.address)
    await session.create('/kept', 'value')
    expect(await ours.stop()).toBe(143)
    ours.start()
    await ours.serving()
    const later = await Session.open(ours.address)
    expect(await later.get('/kept')).toBe('value')
    expect(ours.log).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}STARTING -> STANDALONE: /m)
    expect(ours.log).toMatch(/^\S+ INFO {2}SIGTERM: stopping$/m)
    await Promise.all([session.close(), later.close()])
  })

  test('takes system properties and arguments in place of a zoo.cfg', async () => {
    const args = ['-Dzookeeper.4lw.commands.whitelist=conf', String(PORT), join(folder, 'data'), '700', '9']
    const child = spawn(process.execPath, [program, '-Dzookeeper.admin.enableServer=false', ...args])
    let answer: string | undefined
    while (!answer?.includes('clientPort')) {
      await pause(20)
      answer = await fourLetterWord(PORT, 'conf')
    }
    expect(answer).toContain('tickTime=700\nmaxClientCnxns=9\n')
    const ended = new Promise((settle) => child.once('exit', settle))
    child.kill('SIGTERM')
    expect(await ended).toBe(143)
  })

  test('keeps its logs where they are to be kept', async () => {
    const ours = server([`dataLogDir=${join(folder, 'logs')}`])
    ours.start()
    await ours.serving()
    const session = await Session.open(ours.address)
    await session.create('/a')
    await session.close()
    expect(readdirSync(join(folder, 'logs/version-2'))).toEqual(['log.1'])
    expect(readdirSync(join(ours.dataDir, 'version-2'))).toEqual(['snapshot.0'])
  })

  test('purges old snapshots and logs when it is told to, and only then', async () => {
    const ours = server()
    const write = async (): Promise<void> => {
      ours.start()
      await ours.serving()
      const session = await Session.open(ours.address)
      await session.create(`/n${Date.now()}`)
      await session.close()
      await ours.stop()
    }
    const snapshots = (): string[] =>
      readdirSync(join(ours.dataDir, 'version-2')).filter((name) => name.startsWith('snapshot.'))
    for (let n = 0; n < 5; n++) await write()
    expect(snapshots()).toHaveLength(5)
    const cfg = join(ours.folder, 'zoo.cfg')
    writeFileSync(cfg, `${readFileSync(cfg, 'utf8')}autopurge.purgeInterval=1\n`)
    await write()
    expect(snapshots().length).toBeLessThanOrEqual(4)
    expect(ours.log).toMatch(/file snapshot\.0 purged/)
  })

  test('answers the AdminServer’s commands over HTTP', async () => {
    const ours = server(['admin.enableServer=true', `admin.serverPort=${ADMIN_PORT}`, 'admin.serverAddress=127.0.0.1'])
    ours.start()
    await ours.serving()
    const get = async (
      path: string,
      method = 'GET',
    ): Promise<{ status: number; type: string | null; body: string }> => {
      const response = await fetch(`http://127.0.0.1:${ADMIN_PORT}${path}`, { method })
      return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
    }
    const ruok = await get('/commands/ruok')
    expect(ruok).toMatchObject({ status: 200, type: 'application/json' })
    expect(JSON.parse(ruok.body)).toEqual({ command: 'ruok', error: null })
    expect(JSON.parse((await get('/commands/conf')).body)).toMatchObject({
      client_port: PORT,
      data_dir: join(ours.dataDir, 'version-2'),
      command: 'configuration',
    })
    expect(JSON.parse((await get('/commands/stmk?traceMask=306')).body)).toMatchObject({ tracemask: 306 })
    expect(JSON.parse((await get('/commands/icfg')).body).initial_configuration).toContain(`clientPort=${PORT}\n`)
    expect(JSON.parse((await get('/commands/no%20such')).body)).toEqual({
      command: 'no such',
      error: 'Unknown command: no such',
    })
    expect((await get('/commands')).body).toContain('<a href="/commands/ruok">ruok</a>')
    expect((await get('/commands/')).body).toContain('<a href="/commands/stats">stats</a>')
    expect((await get('/elsewhere')).status).toBe(404)
    expect((await get('/commandsruok')).status).toBe(404)
    expect((await get('/commands/ruok', 'POST')).status).toBe(405)
  })

  test('goes on without its AdminServer when the port of that is taken', async () => {
    const other = createServer()
    await new Promise<void>((settle) => other.listen(ADMIN_PORT, settle))
    const ours = server(['admin.enableServer=true', `admin.serverPort=${ADMIN_PORT}`])
    ours.start()
    expect(await ours.serving()).toBe('standalone')
    expect(ours.log).toMatch(/WARN {2}Problem starting AdminServer on address 0\.0\.0\.0, port 23301 .*EADDRINUSE/)
    other.close()
  })
})

describe('a client that was written for Apache ZooKeeper is served:', () => {
  test.skipIf(missing.apache.length > 0)(`zkCli${skippedFor(missing.apache)}`, { timeout: 60_000 }, async () => {
    const ours = server()
    ours.start()
    await ours.serving()
    const lines = [
      'create /a 1',
      'create -e /a/ephemeral',
      'create -s /a/n- x',
      'set /a 2',
      'get /a',
      'ls /a',
      'ls -R /',
      'deleteall /a',
      'stat /a',
      'addauth digest user:password',
      'create /b',
      'setAcl /b auth:user:cdrwa',
      'getAcl /b',
      'whoami',
      'quit',
    ]
    const { stdout, stderr } = spawnSync(
      'java',
      [
        '-Xmx64m',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        JARS.join(':').replace('simple', 'nop'),
        'org.apache.zookeeper.ZooKeeperMain',
        '-server',
        ours.address,
      ],
      { input: `${lines.join('\n')}\n`, encoding: 'utf8', timeout: 50_000 },
    )
    expect(stderr.split('\n').filter((line) => line !== '')).toEqual([
      'Created /a',
      'Created /a/ephemeral',
      'Created /a/n-0000000001',
      'Node does not exist: /a',
      'Created /b',
    ])
    for (const line of ['2', '[ephemeral, n-0000000001]', '/a/n-0000000001', '/zookeeper/quota', ': cdrwa'])
      expect(stdout.split('\n'), line).toContain(line)
    expect(stdout).toMatch(/^'digest,'user:/m)
    expect(stdout).toMatch(/^digest: user$/m)
  })

  test.skipIf(missing.kazoo.length > 0)(`kazoo${skippedFor(missing.kazoo)}`, { timeout: 30_000 }, async () => {
    const ours = server()
    ours.start()
    await ours.serving()
    const { stdout, stderr, status } = spawnSync(
      PYTHON,
      [join(import.meta.dirname, 'kazoo-session.py'), ours.address],
      {
        encoding: 'utf8',
      },
    )
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    expect(stdout).toBe('all is well\n')
  })
})

describe('a server that cannot begin says why, and ends with the exit code of Apache’s:', () => {
  const DATA = (): string => `dataDir=${join(folder, 'data')}`
  const CLIENT = `clientPort=${PORT}`
  const MEMBERS = ['initLimit=5', 'syncLimit=5', ...[1, 2, 3].map((id) => `server.${id}=127.0.0.1:2${id}888:2${id}999`)]
  const QUIET = 'admin.enableServer=false'

  test('no arguments', () => {
    const { status, stderr } = run()
    expect(status).toBe(2)
    expect(stderr).toContain('Usage: ')
  })

  test('an option that is none', () => {
    const { status, stderr } = run('-Xmx1g', zooCfg(DATA()))
    expect(status).toBe(2)
    expect(stderr).toContain('Unknown option -Xmx1g\nUsage: ')
  })

  test.each<[string, () => string, string]>([
    ['a zoo.cfg that is not there', () => join(folder, 'nosuch.cfg'), 'nosuch.cfg file is missing'],
    ['a zoo.cfg that is a directory', () => folder, 'EISDIR'],
    ['a zoo.cfg that makes no sense', () => zooCfg(DATA(), 'tickTime=soon'), 'For input string: "soon"'],
    ['no data directory', () => zooCfg(CLIENT), 'dataDir is not set'],
    ['a missing myid', () => zooCfg(DATA(), CLIENT, ...MEMBERS), 'myid file is missing'],
  ])('%s', (_what, cfg, sentence) => {
    const { status, stdout, stderr } = run(cfg())
    expect(status).toBe(2)
    expect(stderr).toContain('Invalid config, exiting abnormally\n')
    expect(stderr).toContain(sentence)
    expect(stdout).toMatch(new RegExp(`ERROR Invalid config, exiting abnormally: .*${sentence}`))
  })

  test('another server’s id', () => {
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'data/myid'), '7\n')
    const { status, stderr } = run(zooCfg(DATA(), CLIENT, ...MEMBERS))
    expect(status).toBe(2)
    expect(stderr).toContain('My id 7 not in the peer list')
  })

  test('a directory that cannot be made', () => {
    writeFileSync(join(folder, 'file'), '')
    const { status, stderr } = run(zooCfg(`dataDir=${join(folder, 'file/data')}`, CLIENT, QUIET))
    expect(status).toBe(3)
    expect(stderr).toMatch(/^Unable to access datadir, exiting abnormally\nUnable to create data directory .*ENOTDIR/)
  })

  test('a directory that must not be made', () => {
    const { status, stderr } = run(zooCfg(DATA(), CLIENT, 'datadir.autocreate=false', QUIET))
    expect(status).toBe(3)
    expect(stderr).toContain('automatic data directory creation is disabled (zookeeper.datadir.autocreate is false)')
  })

  test('logs among the snapshots', () => {
    mkdirSync(join(folder, 'data/version-2'), { recursive: true })
    writeFileSync(join(folder, 'data/version-2/log.1'), '')
    const { status, stderr } = run(zooCfg(DATA(), `dataLogDir=${join(folder, 'logs')}`, CLIENT, QUIET))
    expect(status).toBe(3)
    expect(stderr).toContain(
      'Snapshot directory has log files. Check if dataLogDir and dataDir configuration is correct.',
    )
  })

  test.each([
    ['client', CLIENT, 1],
    ['election', `clientPort=${PORT + 2}`, 14],
  ])('a %s port that is taken', async (what, client, code) => {
    const other = createServer()
    await new Promise<void>((settle) => other.listen(PORT, '127.0.0.1', settle))
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'data/myid'), '1\n')
    const members = [`server.1=127.0.0.1:${PORT + 3}:${what === 'client' ? PORT + 4 : PORT}`, ...MEMBERS.slice(3)]
    const cfg = zooCfg(DATA(), client, 'clientPortAddress=127.0.0.1', 'initLimit=5', 'syncLimit=5', ...members, QUIET)
    // The test's own listener must live on meanwhile.
    const child = spawn(process.execPath, [program, cfg])
    let said = ''
    child.stderr.on('data', (text) => {
      said += text
    })
    expect(await new Promise((settle) => child.once('close', settle))).toBe(code)
    expect(said).toContain(`Unable to listen on the ${what} port ${PORT}: listen EADDRINUSE`)
    other.close()
  })

  test('a damaged log', async () => {
    const ours = server()
    ours.start()
    await ours.serving()
    const session = await Session.open(ours.address)
    for (let n = 0; n < 20; n++) await session.create(`/n${n}`)
    await session.close()
    await ours.kill()
    const log = join(ours.dataDir, 'version-2', ours.newestLog())
    const bytes = readFileSync(log)
    bytes[bytes.indexOf('/n3')] = 0x7e
    writeFileSync(log, bytes)
    const { status, stdout, stderr } = run(join(ours.folder, 'zoo.cfg'))
    expect(status).toBe(1)
    expect(stderr).toMatch(/CRC check failed.*log\.1/)
    expect(stdout).toMatch(/ERROR .*CRC check failed/)
  })

  test('a lost snapshot', async () => {
    const ours = server()
    ours.start()
    await ours.serving()
    const session = await Session.open(ours.address)
    await session.create('/a')
    await session.close()
    await ours.stop()
    rmSync(join(ours.dataDir, 'version-2/snapshot.0'))
    const { status, stderr } = run(join(ours.folder, 'zoo.cfg'))
    expect(status).toBe(1)
    expect(stderr).toContain('No snapshot found, but there are log entries. Something is broken!')
  })
})
