/** Servers in processes of their own, ours and Apache's, alone or in one ensemble. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { JARS } from './machine.ts'

type Kind = 'ours' | 'apache'

export interface ServerPlan {
  /** Of the whole ensemble; each server's files lie below. */
  readonly folder: string
  readonly id: number
  readonly kind: Kind
  /** Path of our built program. */
  readonly program: string
  /** zoo.cfg. */
  readonly lines: readonly string[]
  readonly clientPort: number
  /** `name=value`, for the JVM and for ours. */
  readonly properties?: readonly string[] | undefined
}

export class Server {
  readonly plan: ServerPlan
  kind: Kind
  #process: ChildProcess | undefined

  constructor(plan: ServerPlan) {
    this.plan = plan
    this.kind = plan.kind
    mkdirSync(join(this.folder, 'data'), { recursive: true })
    writeFileSync(join(this.folder, 'zoo.cfg'), `${plan.lines.join('\n')}\n`)
  }

  get id(): number {
    return this.plan.id
  }
  get address(): string {
    return `127.0.0.1:${this.plan.clientPort}`
  }
  get folder(): string {
    return join(this.plan.folder, `s${this.plan.id}`)
  }
  get dataDir(): string {
    return join(this.folder, 'data')
  }
  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Does not wait until it serves. */
  start(): void {
    const log = openSync(join(this.folder, 'log.txt'), 'a')
    const cfg = join(this.folder, 'zoo.cfg')
    const properties = (this.plan.properties ?? []).map((property) => `-D${property}`)
    const [command, args] =
      this.kind === 'ours'
        ? [process.execPath, [this.plan.program, ...properties, cfg]]
        : ['java', [...JVM, ...properties, MAIN, cfg]]
    this.#process = spawn(command, args, { cwd: this.folder, stdio: ['ignore', log, log] })
    closeSync(log)
  }

  /** Resolves with the exit code once the process is gone; null after a kill. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process
    if (child === undefined) return null
    if (this.isRunning) {
      const gone = new Promise((settle) => child.once('exit', settle))
      child.kill(signal)
      await gone
    }
    this.#process = undefined
    return child.exitCode
  }

  kill(): Promise<number | null> {
    return this.end('SIGKILL')
  }
  stop(): Promise<number | null> {
    return this.end('SIGTERM')
  }

  get log(): string {
    const file = join(this.folder, 'log.txt')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /** The file that txns are being logged to. */
  newestLog(): string {
    const zxid = (name: string): bigint => BigInt(`0x${name.slice('log.'.length)}`)
    const logs = readdirSync(join(this.dataDir, 'version-2')).filter((name) => name.startsWith('log.'))
    return logs.reduce((newest, each) => (zxid(each) > zxid(newest) ? each : newest))
  }

  /** leader, follower, observer, standalone; undefined while it does not serve. */
  async mode(): Promise<string | undefined> {
    const answer = await fourLetterWord(this.plan.clientPort, 'srvr')
    return /^Mode: (.*)$/m.exec(answer ?? '')?.[1]
  }

  /** Resolves once somebody listens on that port of its. */
  async listening(port: number = this.plan.clientPort): Promise<void> {
    while ((await fourLetterWord(port, '')) === undefined) {
      this.#mustRun()
      await pause(20)
    }
  }

  /** Resolves with the mode once it serves. */
  async serving(): Promise<string> {
    for (;;) {
      const mode = await this.mode()
      if (mode !== undefined) return mode
      this.#mustRun()
      await pause(50)
    }
  }

  #mustRun(): void {
    if (this.isRunning) return
    throw new Error(`server ${this.id} has ended:\n${this.log.split('\n').slice(-12).join('\n')}`)
  }
}

const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
const JVM = [
  ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.net.preferIPv4Stack=true'],
  ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=info', '-Dorg.slf4j.simpleLogger.showDateTime=true'],
  ...['-Dzookeeper.jmx.log4j.disable=true', '-Dzookeeper.preAllocSize=64', '-cp', JARS.join(':')],
]

export interface EnsemblePlan {
  readonly folder: string
  readonly program: string
  /** Server 1 listens on this port for clients, server 2 on the next … */
  readonly firstPort: number
  readonly kinds: readonly Kind[]
  /** So many of the last ones. */
  readonly observers?: number
  /** Lines of zoo.cfg for everybody. */
  readonly lines?: readonly string[]
  /** System properties for everybody, `name=value`. */
  readonly properties?: readonly string[]
}

const QUICK = ['tickTime=1000', 'initLimit=10', 'syncLimit=4', 'maxClientCnxns=0']
const ALWAYS = ['admin.enableServer=false', '4lw.commands.whitelist=*', 'snapCount=100000']

/** Ports: clients from `firstPort` on, quorum 10 above, election 20 above. */
export function ensembleOf(plan: EnsemblePlan): Server[] {
  const { folder, program, firstPort, kinds, observers = 0, lines = [], properties } = plan
  const voters = kinds.length - observers
  const members = kinds.map(
    (_kind, at) =>
      `server.${at + 1}=127.0.0.1:${firstPort + 10 + at}:${firstPort + 20 + at}${at < voters ? '' : ':observer'}`,
  )
  return kinds.map((kind, at) => {
    const id = at + 1
    const clientPort = firstPort + at
    const dataDir = join(folder, `s${id}`, 'data')
    const own = [`dataDir=${dataDir}`, `clientPort=${clientPort}`, 'clientPortAddress=127.0.0.1']
    const role = at < voters ? [] : ['peerType=observer']
    const server = new Server({
      ...{ folder, id, kind, program, clientPort, properties },
      lines: [...QUICK, ...ALWAYS, ...own, ...role, ...lines, ...members],
    })
    writeFileSync(join(dataDir, 'myid'), `${id}\n`)
    return server
  })
}

/** A standalone server. */
export function alone(plan: Omit<EnsemblePlan, 'kinds'> & { readonly kind: Kind }): Server {
  const { folder, program, firstPort, kind, lines = [], properties } = plan
  const own = [`dataDir=${join(folder, 's1/data')}`, `clientPort=${firstPort}`, 'clientPortAddress=127.0.0.1']
  return new Server({
    ...{ folder, id: 1, kind, program, clientPort: firstPort, properties },
    lines: [...QUICK, ...ALWAYS, ...own, ...lines],
  })
}

/** Resolves with the leader once one of them leads. */
export async function leaderOf(servers: readonly Server[]): Promise<Server> {
  for (;;) {
    for (const server of servers) {
      const mode = server.isRunning ? await server.mode() : undefined
      if (mode === 'leader' || mode === 'standalone') return server
    }
    await pause(50)
  }
}

export const connectTo = (servers: readonly Server[]): string => servers.map(({ address }) => address).join(',')

/** Nothing is asked with an empty word. undefined: nobody listens. */
export function fourLetterWord(port: number, word: string): Promise<string | undefined> {
  return new Promise((settle) => {
    let answer = ''
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      if (word === '') socket.destroy()
      else socket.write(word)
    })
    socket.setTimeout(5000, () => socket.destroy())
    socket.setEncoding('utf8')
    socket.on('data', (text) => {
      answer += text
    })
    socket.on('close', () => settle(answer))
    socket.on('error', () => settle(undefined))
  })
}

/** Between two looks at a process that gives no sign by itself. */
export const pause = (ms: number): Promise<void> => new Promise((settle) => setTimeout(settle, ms))
