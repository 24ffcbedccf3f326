/** A stage in the simulator: servers and shells in one thread, in virtual time. Addresses are those of the recording. */
import { tmpdir } from 'node:os'
import { parseInvocation } from '../../src/core/cli/words.ts'
import { ZkCli, type ZkCliOptions } from '../../src/core/cli/zk-cli.ts'
import { readZooCfg } from '../../src/core/config/zoo-cfg.ts'
import type { Address, Connection, Host } from '../../src/core/host.ts'
import { Replica } from '../../src/core/server/replica.ts'
import type { Launch } from '../../src/hosts/process.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { runConfig } from '../run-config.ts'
import type { Needs } from './golden.ts'
import { fromBytes, type Shell, type Stage } from './player.ts'
import { Streams } from './streams.ts'
import { zooCfg } from './zoo-cfg.ts'

/** Virtual time for late output after each command. */
const SETTLE_US = 80_000

interface Starting {
  readonly options: ZkCliOptions
  readonly streams: Streams
}

export class SimStage implements Stage {
  readonly server = '127.0.0.1:21811'
  readonly folder = `${tmpdir()}/no-such-folder`
  readonly #sim: Simulation
  #starting: Starting | undefined

  constructor(needs: Needs) {
    const properties = new Map(needs.jvm.map((flag) => /^-D([^=]*)=?(.*)$/.exec(flag)?.slice(1) as [string, string]))
    const config = runConfig(needs.servers, {
      latencyUs: { min: 1000, max: 1000 },
      diskSyncUs: { min: 1000, max: 1000 },
      wallStartMs: Date.UTC(2026, 10, 20),
    })
    const launch: Launch = (host, spec) => {
      if (spec.what === 'client') {
        const { options, streams } = this.#starting as Starting
        const write: ZkCliOptions['write'] = (stream, text) => streams.write(stream === 'out' ? '1' : '2', text)
        return new ZkCli(onLoopback(host, undefined), spec.connect, { ...options, write })
      }
      const readFile = (path: string) => (path.endsWith('/myid') ? `${spec.sid}` : undefined)
      const { replica } = readZooCfg(zooCfg(needs, spec.sid, 0, '/data'), { path: '/zoo.cfg', readFile, properties })
      new Replica(onLoopback(host, spec.sid), replica)
      return {}
    }
    this.#sim = new Simulation(config, { launch, record: false })
    this.#sim.run(5_000_000)
  }

  async open(words: readonly string[]): Promise<Shell> {
    const { server, timeout, command, complaints, ...options } = parseInvocation([
      ...['-waitforconnection', '-server', this.server],
      ...words,
    ])
    const streams = new Streams()
    for (const complaint of complaints) streams.write('2', `${complaint}\n`)
    const { readOnly, waitForConnection } = options
    this.#starting = {
      options: { timeoutMs: timeout, readOnly, waitForConnection, jline: false, ...(command ? { command } : {}) },
      streams,
    }
    const station = this.#sim.openClient(server)
    this.#sim.run(SETTLE_US)
    return new SimShell(this.#sim, station, streams)
  }

  async settle(): Promise<void> {
    this.#sim.run(SETTLE_US)
  }
  async sleep(ms: number): Promise<void> {
    this.#sim.run(ms * 1000)
  }
  async kill(sid: number): Promise<void> {
    this.#sim.kill(sid)
  }
  async up(sid: number): Promise<void> {
    this.#sim.start(sid)
    this.#sim.run(5_000_000)
  }
  inward(text: string): string {
    return text
  }
  outward(text: string): string {
    return text
  }
}

class SimShell implements Shell {
  readonly #sim: Simulation
  readonly #station: number
  readonly #streams: Streams
  readonly #cli: ZkCli
  exitCode: number | undefined

  constructor(sim: Simulation, station: number, streams: Streams) {
    this.#sim = sim
    this.#station = station
    this.#streams = streams
    this.#cli = sim.process(station) as ZkCli
    this.#look()
  }

  async type(line: string): Promise<void> {
    this.#sim.type(this.#station, fromBytes(line))
    this.#look()
  }

  async finish(): Promise<void> {
    // An empty line is answered when everything before it is, and is no command.
    if (!this.#cli.ended) this.#sim.type(this.#station, '')
    this.#look(true)
  }

  take(rest: boolean): string[] {
    return this.#streams.take(rest)
  }

  #look(over = false): void {
    if (this.exitCode !== undefined || !(over || this.#cli.ended)) return
    this.exitCode = this.#cli.exitCode
    this.#sim.kill(this.#station)
    this.#sim.run(SETTLE_US)
  }
}

/** Servers and clients have the addresses that they had when the transcripts were recorded: 127.0.0.1, and ports that end
 *  in the server's id. `sid`: of the server that this host is. */
function onLoopback(host: Host, sid: number | undefined): Host {
  const there = ({ host: name, port }: Address): Address =>
    name !== '127.0.0.1'
      ? { host: name, port }
      : { host: `zk${port % 10}`, port: realPorts.get(port - (port % 10)) ?? 1 }
  const network: Host['network'] = {
    connect: (to, handlers) => host.network.connect(there(to), handlers),
    listen: (port, onConnection) =>
      host.network.listen(realPorts.get(port - (sid ?? 0)) ?? port, (connection) =>
        onConnection(new LoopbackConnection(connection)),
      ),
  }
  return { clock: host.clock, network, disk: host.disk, random: host.random, trace: host.trace }
}

/** By the port's first digits. */
const realPorts = new Map([
  [21810, 2181],
  [28880, 2888],
  [38880, 3888],
])

class LoopbackConnection implements Connection {
  readonly id: string
  readonly remote: Address
  readonly #inner: Connection
  constructor(inner: Connection) {
    this.#inner = inner
    this.id = inner.id
    this.remote = { host: '127.0.0.1', port: inner.remote.port }
  }
  write: Connection['write'] = (bytes, note) => this.#inner.write(bytes, note)
  close: Connection['close'] = () => this.#inner.close()
  abort: Connection['abort'] = (reason) => this.#inner.abort(reason)
}
