/** Servers for one recorded script, fresh and on ports of their own: ours by the program test/node/ensemble, Apache's by Java. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Needs } from '../../transcript/golden.ts'
import { PORTS, zooCfg } from '../../transcript/zoo-cfg.ts'
import { QUIET_JARS } from '../machine.ts'

/** Real ms for a server to serve. */
const PATIENCE_MS = 60_000

export type Kind = 'ours' | 'apache'

export interface Servers {
  start(): Promise<void>
  kill(sid: number): Promise<void>
  up(sid: number): Promise<void>
  stop(): Promise<void>
}

export interface Place {
  /** Is made, and theirs. */
  readonly folder: string
  /** Is added to every port. */
  readonly base: number
  /** Path of our built program. */
  readonly program: string
}

export const servers = (kind: Kind, needs: Needs, place: Place): Servers =>
  kind === 'ours' ? new OurServers(needs, place) : new ApacheServers(needs, place)

const run = promisify(execFile)
const ENSEMBLE = resolve(import.meta.dirname, '../ensemble.mjs')

class OurServers implements Servers {
  readonly #needs: Needs
  readonly #place: Place

  constructor(needs: Needs, place: Place) {
    this.#needs = needs
    this.#place = place
  }

  get #folder(): string {
    return this.#place.folder
  }

  async start(): Promise<void> {
    const { servers: count, cfg, jvm } = this.#needs
    const options = [...cfg.flatMap((line) => ['--cfg', line]), ...jvm.map((flag) => `--jvm=${flag}`)]
    await this.#run('start', String(count), this.#folder, `--base=${this.#place.base}`, ...options)
  }
  async kill(sid: number): Promise<void> {
    await this.#run('kill', this.#folder, String(sid))
  }
  async up(sid: number): Promise<void> {
    await this.#run('up', this.#folder, String(sid))
  }
  async stop(): Promise<void> {
    if (existsSync(join(this.#folder, 'ensemble.json'))) await this.#run('stop', this.#folder)
  }

  async #run(...words: string[]): Promise<void> {
    const env = { ...process.env, VIVARIUM_SERVER: this.#place.program }
    await run(process.execPath, [ENSEMBLE, ...words], { env })
  }
}

class ApacheServers implements Servers {
  readonly #needs: Needs
  readonly #folder: string
  readonly #base: number
  readonly #processes = new Map<number, ChildProcess>()

  constructor(needs: Needs, { folder, base }: Place) {
    this.#needs = needs
    this.#folder = folder
    this.#base = base
  }

  get #ids(): number[] {
    return Array.from({ length: this.#needs.servers }, (_, index) => index + 1)
  }

  async start(): Promise<void> {
    for (const sid of this.#ids) {
      const data = join(this.#folder, `s${sid}`, 'data')
      mkdirSync(data, { recursive: true })
      writeFileSync(join(this.#folder, `s${sid}`, 'zoo.cfg'), zooCfg(this.#needs, sid, this.#base, data))
      if (this.#needs.servers > 1) writeFileSync(join(data, 'myid'), `${sid}\n`)
      this.#spawn(sid)
    }
    for (const sid of this.#ids) await this.#serves(sid)
  }
  async kill(sid: number): Promise<void> {
    await end(this.#processes.get(sid), 'SIGKILL')
  }
  async up(sid: number): Promise<void> {
    this.#spawn(sid)
    await this.#serves(sid)
  }
  async stop(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((child) => end(child, 'SIGKILL')))
  }

  #spawn(sid: number): void {
    const home = join(this.#folder, `s${sid}`)
    const log = openSync(join(home, 'log.txt'), 'a')
    const args = [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dzookeeper.jmx.log4j.disable=true'],
      ...['-Djava.net.preferIPv4Stack=true', ...this.#needs.jvm, '-cp', QUIET_JARS.join(':')],
      ...['org.apache.zookeeper.server.quorum.QuorumPeerMain', join(home, 'zoo.cfg')],
    ]
    this.#processes.set(sid, spawn('java', args, { cwd: home, stdio: ['ignore', log, log] }))
  }

  async #serves(sid: number): Promise<void> {
    const end = Date.now() + PATIENCE_MS
    while (!/^Mode: /m.test(await ask(PORTS.client + sid + this.#base, 'srvr'))) {
      if (Date.now() > end || this.#processes.get(sid)?.exitCode != null)
        throw new Error(`Apache's server ${sid} does not serve: see ${this.#folder}/s${sid}/log.txt`)
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  child.kill(signal)
  await gone
}

/** The answer to a four-letter word; empty when nobody listens. */
function ask(port: number, word: string): Promise<string> {
  return new Promise((done) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(word))
    socket.on('data', (bytes) => {
      answer += bytes.toString()
    })
    // One that comes while the server starts may never be answered.
    socket.setTimeout(1000, () => socket.destroy())
    socket.on('error', () => done(answer))
    socket.on('close', () => done(answer))
  })
}
