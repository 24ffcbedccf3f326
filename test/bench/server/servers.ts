/** Ensembles for the comparison: servers of ours and of Apache, each a process of its own on loopback, from the same zoo.cfg. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { findProgram } from '../../chromium.mjs'

export type Kind = 'ours' | 'apache'

const JARS = process.env.ZK_JAR_DIR ?? '/usr/share/java'
const OURS = resolve('dist/node/server.js')

/** Why this kind cannot be run here, or undefined. */
export function missing(kind: Kind): string | undefined {
  if (kind === 'ours') return existsSync(OURS) ? undefined : 'dist/node/server.js is not built: npm run build'
  if (findProgram('java') === undefined) return 'no java'
  return existsSync(join(JARS, 'zookeeper.jar')) ? undefined : 'Apache ZooKeeper is not installed (package zookeeper)'
}

/** Ports that nothing else of this project's tests uses. */
const PORTS = { client: 23_900, quorum: 23_910, election: 23_920 }

export interface Settings {
  readonly servers: number
  readonly forceSync: boolean
  /** Ours can be asked for `liveBytes`, which costs a module more at its start. */
  readonly probe: boolean
}

export class Servers {
  readonly kind: Kind
  readonly #directory = mkdtempSync(join(tmpdir(), 'zk-bench-'))
  readonly #settings: Settings
  readonly #processes = new Map<number, ChildProcess>()

  constructor(kind: Kind, settings: Settings) {
    this.kind = kind
    this.#settings = settings
    for (const sid of this.ids) this.#configure(sid)
  }

  get ids(): number[] {
    return Array.from({ length: this.#settings.servers }, (_, index) => index + 1)
  }
  port(sid: number): number {
    return PORTS.client + sid
  }
  pid(sid: number): number {
    return this.#processes.get(sid)?.pid as number
  }

  #configure(sid: number): void {
    const data = join(this.#directory, `s${sid}`, 'data')
    mkdirSync(data, { recursive: true })
    const lines = [
      'tickTime=2000',
      'initLimit=10',
      'syncLimit=5',
      `dataDir=${data}`,
      `clientPort=${this.port(sid)}`,
      'clientPortAddress=127.0.0.1',
      'maxClientCnxns=0',
      '4lw.commands.whitelist=*',
      'admin.enableServer=false',
      `forceSync=${this.#settings.forceSync ? 'yes' : 'no'}`,
    ]
    if (this.#settings.servers > 1) {
      for (const peer of this.ids)
        lines.push(`server.${peer}=127.0.0.1:${PORTS.quorum + peer}:${PORTS.election + peer}`)
      writeFileSync(join(data, 'myid'), `${sid}\n`)
    }
    writeFileSync(this.#file(sid, 'zoo.cfg'), `${lines.join('\n')}\n`)
  }
  #file(sid: number, name: string): string {
    return join(this.#directory, `s${sid}`, name)
  }

  start(sid: number): void {
    const config = this.#file(sid, 'zoo.cfg')
    const [program, args] = this.kind === 'ours' ? this.#ours(sid, config) : apache(config)
    const log = openSync(this.#file(sid, 'log.txt'), 'a')
    this.#processes.set(sid, spawn(program, args, { stdio: ['ignore', log, log], cwd: this.#directory }))
  }

  /** Told to, it collects its garbage and writes down what is left. */
  #ours(sid: number, config: string): [string, string[]] {
    if (!this.#settings.probe) return [process.execPath, [OURS, config]]
    const probe = this.#file(sid, 'probe.mjs')
    writeFileSync(
      probe,
      `import { writeFileSync } from 'node:fs'
process.on('SIGUSR2', () => {
  gc()
  const { heapUsed, external } = process.memoryUsage()
  writeFileSync(${JSON.stringify(this.#file(sid, 'live.txt'))}, String(heapUsed + external) + '\\n')
})`,
    )
    return [process.execPath, ['--expose-gc', '--import', probe, OURS, config]]
  }

  /** Resolves when it answers srvr with a mode. */
  async serves(sid: number): Promise<void> {
    while ((await this.mode(sid)) === undefined) await pause(2)
  }
  /** leader, follower, standalone …; undefined while it serves nobody. */
  async mode(sid: number): Promise<string | undefined> {
    return /^Mode: (.*)$/m.exec(await this.ask(sid, 'srvr'))?.[1]
  }
  async leader(): Promise<number> {
    for (const sid of this.ids) if ((await this.mode(sid)) === 'leader') return sid
    throw new Error('no server leads')
  }
  ask(sid: number, word: string): Promise<string> {
    return new Promise((done) => {
      let answer = ''
      const socket = connect(this.port(sid), '127.0.0.1', () => socket.write(word))
      socket.on('data', (bytes) => {
        answer += bytes.toString()
      })
      socket.on('error', () => done(answer))
      socket.on('close', () => done(answer))
    })
  }

  async startAll(): Promise<void> {
    for (const sid of this.ids) this.start(sid)
    for (const sid of this.ids) await this.serves(sid)
  }

  async kill(sid: number, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#processes.get(sid)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    await gone
  }

  /** Bytes that live on the heap, garbage not counted; undefined where the machine has no tool for it. */
  async liveBytes(sid: number): Promise<number | undefined> {
    const pid = this.pid(sid)
    if (this.kind === 'apache') {
      if (findProgram('jmap') === undefined) return undefined
      const histogram = execFileSync('jmap', ['-histo:live', String(pid)], { maxBuffer: 1e9, encoding: 'utf8' })
      return Number(/^Total\s+\d+\s+(\d+)/m.exec(histogram)?.[1])
    }
    const file = this.#file(sid, 'live.txt')
    rmSync(file, { force: true })
    process.kill(pid, 'SIGUSR2')
    for (;;) {
      await pause(5)
      if (existsSync(file)) {
        const text = readFileSync(file, 'utf8')
        if (text.endsWith('\n')) return Number(text)
      }
    }
  }
  /** Of the process, everything counted. */
  residentBytes(sid: number): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid(sid)}/status`, 'utf8'))?.[1]) * 1024
  }

  async dispose(): Promise<void> {
    for (const sid of this.ids) await this.kill(sid)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function apache(config: string): [string, string[]] {
  const classpath = [join(JARS, 'zookeeper.jar'), join(JARS, 'slf4j-nop.jar')].join(':')
  const flags = [
    '-Xmx1500m',
    '-XX:+UseSerialGC',
    '-Dzookeeper.jmx.log4j.disable=true',
    '-Djava.net.preferIPv4Stack=true',
  ]
  return ['java', [...flags, '-cp', classpath, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', config]]
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
