/** zkCli as a process: its streams, its exit codes, its prompt. What its commands print is in transcripts.test. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram } from '../chromium.mjs'
import { isFrame, normalised, script } from '../transcript/golden.ts'
import { builtPrograms } from './machine.ts'
import { alone, type Server } from './servers.ts'

/** Nothing else of the tests listens there. */
const PORT = 14_860
const PATIENCE_MS = 120_000

let programs: ReturnType<typeof builtPrograms>
let folder: string
let server: Server

beforeAll(async () => {
  programs = builtPrograms('zkcli')
  folder = mkdtempSync(join(tmpdir(), 'zkcli-'))
  server = alone({ folder, program: programs.server, firstPort: PORT, kind: 'ours' })
  server.start()
  await server.serving()
}, PATIENCE_MS)

afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const SERVER = `127.0.0.1:${PORT}`

/** Runs it to its end. */
function zkcli(words: readonly string[], input = '') {
  const { stdout, stderr, status } = spawnSync(process.execPath, [programs.zkcli, ...words], {
    input,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  })
  return { out: stdout.split('\n').slice(0, -1), err: stderr.split('\n').slice(0, -1), status }
}
const shell = (input: string, ...words: string[]) => zkcli(['-waitforconnection', '-server', SERVER, ...words], input)

const CONNECTED = ['', 'WATCHER::', '', 'WatchedEvent state:SyncConnected type:None path:null']

describe('zkCli as a process', () => {
  test('reads commands from standard input, and its exit code is that of the last one', () => {
    const { out, err, status } = shell('create /p data\nget /p\nget /none\n')
    expect(out).toEqual([
      `Connecting to ${SERVER}`,
      ...CONNECTED,
      'Welcome to ZooKeeper!',
      'JLine support is disabled',
      'data',
    ])
    expect(err).toEqual(['Created /p', 'Node does not exist: /none'])
    expect(status).toBe(1)
    expect(shell('get /none\nget /p\n').status).toBe(0)
    expect(shell('nonsense\n').status).toBe(127)
  })

  test('runs the command on its command line and reads no input', () => {
    const { out, err, status } = shell('delete /q\n', 'create', '/q', 'two words')
    expect([out.slice(-1), err, status]).toEqual([CONNECTED.slice(-1), ['Created /q'], 0])
    expect(shell('', 'get', '/q').out.at(-1)).toBe('two words')
    expect(shell('', 'get', '/none').status).toBe(1)
    expect(shell('', 'nonsense').status).toBe(127)
  })

  test('ends a line as Java does: at \\n, \\r or both, and at the end of its input', () => {
    const { out } = shell('create /l \u2028\r\nget /l\rget /l\n\nget /l')
    expect(out.slice(-3)).toEqual(['\u2028', '\u2028', '\u2028'])
  })

  test('dies of a version that is no number with a stack trace and code 1', () => {
    const { err, status } = shell('set -v abc /p x\nget /p\n')
    expect(err[0]).toBe('Exception in thread "main" java.lang.NumberFormatException: For input string: "abc"')
    expect(err.length).toBeGreaterThan(2)
    for (const line of err.slice(1)) expect(line).toMatch(/^\tat \S+\([\w-]+\.js:\d+\)$/)
    expect(err.slice(1).every((line) => isFrame(`2| ${line}`))).toBe(true)
    expect(status).toBe(1)
  })

  test('dies when it cannot connect for as long as its timeout, if it was told to wait', () => {
    const { out, err, status } = zkcli(['-timeout', '300', '-server', '127.0.0.1:1', '-waitforconnection', 'ls', '/'])
    expect(out.at(-1)).toBe('WatchedEvent state:Closed type:None path:null')
    expect(err[0]).toMatch(/^Exception in thread "main" java.io.IOException: .*ConnectionLoss$/)
    expect(status).toBe(1)
    const without = zkcli(['-timeout', '300', '-server', '127.0.0.1:1', 'ls', '/'])
    expect([without.err, without.status]).toEqual([['KeeperErrorCode = ConnectionLoss for /'], 1])
  })

  test('complains about what its command line lacks', () => {
    expect(zkcli(['-waitforconnection', '-server', SERVER, '-timeout'], 'ls /\n').err).toEqual([
      'Error: no argument found for option -timeout',
    ])
    const { out, err, status } = zkcli(['-server', SERVER, '-client-configuration', '/none', 'ls', '/'])
    expect([out, status]).toEqual([[`Connecting to ${SERVER}`], 2])
    expect(err[0]).toContain('ConfigException: Error while processing /none')
  })

  test('reads the members for reconfig from a file of its machine', () => {
    writeFileSync(join(folder, 'members'), 'server.1=127.0.0.1:1:2;3\nserver.2=nonsense\n')
    const { err } = shell(`reconfig -file ${folder}/members\nreconfig -file ${folder}\n`)
    expect(err[0]).toContain(`Error processing ${folder}/membersnonsense does not have the form server_config`)
    expect(err[1]).toBe(`Error processing ${folder}${folder} (Is a directory)`)
  })

  /** Scripts of one client that take no time: the whole of their input at once. */
  const SCRIPTS = ['01-shell', '02-ls', '03-get-set', '05-sequential', '06-delete', '18-quoting']

  test.each(SCRIPTS)(
    'prints the recorded script %s on the recorded streams',
    async (name) => {
      const { lines, recorded } = script(name)
      const typed = lines.filter((line) => !line.startsWith('##'))
      const fresh = alone({ folder: join(folder, name), program: programs.server, firstPort: PORT + 1, kind: 'ours' })
      fresh.start()
      try {
        await fresh.serving()
        const at = `127.0.0.1:${PORT + 1}`
        const input = typed.map((line) => `${line.replaceAll('{SERVER}', at)}\n`).join('')
        const { out, err, status } = zkcli(['-waitforconnection', '-server', at], input)
        // Which client's event stands where among the lines is a matter of threads.
        const plain = (list: readonly string[]) =>
          normalised(list).filter((line) => !/E\| |^(1\|( WATCHER::)?)$/.test(line))
        const stream = (mark: string) => plain(recorded.filter((line) => line.startsWith(`${mark}| `)))
        expect(plain(out.map((line) => `1| ${line}`.trimEnd()))).toEqual(stream('1').map((line) => line.trimEnd()))
        expect(plain(err.map((line) => `2| ${line}`))).toEqual(stream('2'))
        expect(`= exit ${status}`).toBe(recorded.at(-1))
      } finally {
        await fresh.kill()
      }
    },
    PATIENCE_MS,
  )

  test.skipIf(findProgram('script') === undefined)(
    'at a terminal there is a prompt, and Tab completes',
    async () => {
      shell('create /terminal\n')
      const command = `${process.execPath} ${programs.zkcli} -waitforconnection -server ${SERVER}`
      const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...process.env, TERM: 'xterm' } })
      let seen = ''
      const waiters: { readonly text: string; readonly done: () => void }[] = []
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        seen += text
        for (const waiter of waiters.splice(0)) {
          if (seen.includes(waiter.text)) waiter.done()
          else waiters.push(waiter)
        }
      })
      const shows = (text: string) =>
        new Promise<void>((done) => {
          if (seen.includes(text)) done()
          else waiters.push({ text, done })
        })
      const gone = new Promise((done) => child.once('close', done))
      await shows(`[zk: ${SERVER}(CONNECTED) 0] `)
      expect(seen).toContain('JLine support is enabled')
      child.stdin.write('create /other x\r')
      await shows('Created /other')
      await shows(`[zk: ${SERVER}(CONNECTED) 1] `)
      child.stdin.write('get -w /term\t')
      await shows('get -w /terminal')
      child.stdin.write('\r')
      await shows(`(CONNECTED) 2] `)
      // What comes by itself stands above the prompt.
      shell('', 'set', '/terminal', 'y')
      await shows('type:NodeDataChanged path:/terminal')
      child.stdin.write('quit\r')
      expect(await gone).toBe(0)
    },
    PATIENCE_MS,
  )
})
