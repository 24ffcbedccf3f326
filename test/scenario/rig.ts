/** An ensemble of ours in the simulator, and the words in which the scenarios speak of it. */
import type { CliResult } from '../../src/core/cli/result.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { Sid, Zxid } from '../../src/core/wire/ids.ts'
import type { EventMatch, RunConfig } from '../../src/hosts/ensemble.ts'
import { launch } from '../../src/hosts/launch.ts'
import { matches } from '../../src/hosts/matching.ts'
import type { PageCache } from '../../src/hosts/page-cache.ts'
import type { Launch } from '../../src/hosts/process.ts'
import { type Pending, Simulation } from '../../src/hosts/sim/sim.ts'
import { runConfig } from '../run-config.ts'

export type EventOf<K extends TraceEvent['kind']> = Extract<TraceEvent, { kind: K }>

const SECOND = 1_000_000
/** Nothing in these scenarios takes longer; what does is stuck. */
const LIMIT_US = 120 * SECOND

export class Rig {
  readonly sim: Simulation

  /** `files`: what the servers' disks hold before the run. */
  constructor(
    servers: number,
    given: Partial<RunConfig> = {},
    start: Launch = launch,
    files?: (station: number) => PageCache,
  ) {
    this.sim = new Simulation(runConfig(servers, given), { launch: start, ...(files ? { files } : {}) })
  }

  /** All events of a kind so far. */
  told<K extends TraceEvent['kind']>(kind: K): EventOf<K>[] {
    return this.sim.events.filter((event): event is EventOf<K> => event.kind === kind)
  }

  /** Runs until an event matches that has not happened yet. */
  until<K extends TraceEvent['kind']>(kind: K, match: EventMatch = {}): EventOf<K> {
    const event = this.sim.runUntil({ ...match, kind }, LIMIT_US)
    if (event === undefined) throw new Error(`no ${kind} ${show(match)} within ${LIMIT_US / SECOND} virtual seconds`)
    return event as EventOf<K>
  }

  /** The newest event that matches, whether it has happened already or is still to come. */
  seen<K extends TraceEvent['kind']>(kind: K, match: EventMatch = {}): EventOf<K> {
    const wanted = { ...match, kind }
    return (
      (this.sim.events.findLast((event) => matches(event, wanted)) as EventOf<K> | undefined) ?? this.until(kind, match)
    )
  }

  seconds(count: number): void {
    this.sim.run(count * SECOND)
  }

  /** Runs until a leader is established, unless one is; returns its sid. */
  leader(): Sid {
    if (this.told('stateChanged').length === 0) this.until('stateChanged')
    return this.leading() ?? this.until(this.#alone() ? 'serving' : 'established').station
  }

  /** The server that serves as leader of the newest epoch, as the trace has it. */
  leading(): Sid | undefined {
    const last = this.told(this.#alone() ? 'serving' : 'established').at(-1)
    if (last === undefined) return undefined
    const after = this.sim.events.slice(this.sim.events.indexOf(last) + 1)
    const over = after.some(
      (event) => event.station === last.station && ['killed', 'stopServing', 'halted', 'crashed'].includes(event.kind),
    )
    return over ? undefined : last.station
  }

  /** Runs until every running server serves in the newest epoch. */
  settle(): Sid {
    const leader = this.leader()
    for (let n = 0; n < 600; n++) {
      if ([...this.running()].every((sid) => this.serves(sid))) return this.leading() ?? leader
      this.sim.run(SECOND / 10)
    }
    throw new Error('the ensemble does not settle')
  }

  /** It serves without being elected. */
  #alone(): boolean {
    return this.told('stateChanged').some(({ to }) => to === 'STANDALONE')
  }

  running(): Set<Sid> {
    const running = new Set<Sid>()
    for (const event of this.sim.events) {
      if (event.kind === 'started' && event.what === 'server') running.add(event.station)
      if (event.kind === 'killed' || event.kind === 'halted' || event.kind === 'crashed') running.delete(event.station)
    }
    return running
  }

  serves(sid: Sid): boolean {
    let serving = false
    for (const event of this.sim.events) {
      if (event.station !== sid) continue
      if (event.kind === 'serving') serving = true
      if (['stopServing', 'killed', 'halted', 'crashed', 'started'].includes(event.kind)) serving = false
    }
    return serving
  }

  kill(...sids: Sid[]): void {
    for (const sid of sids) this.sim.kill(sid)
  }

  start(...sids: Sid[]): void {
    for (const sid of sids) this.sim.start(sid)
  }

  /** A zkCli at these servers, in this order of preference as the client shuffles it. */
  client(...sids: Sid[]): ClientOfRig {
    return new ClientOfRig(this.sim, this.sim.openClient(sids.map((sid) => `zk${sid}:2181`).join(',')))
  }

  /** The newest digest of each server's tree, with its zxid: what the servers themselves say after each txn. */
  digestAt(): Map<Sid, { zxid: Zxid; digest: bigint }> {
    const digests = new Map<Sid, { zxid: Zxid; digest: bigint }>()
    for (const event of this.sim.events)
      if (event.kind === 'applied') digests.set(event.station, { zxid: event.zxid, digest: event.digest })
    return digests
  }
}

export class ClientOfRig {
  readonly station: number
  readonly #sim: Simulation
  constructor(sim: Simulation, station: number) {
    this.#sim = sim
    this.station = station
  }

  /** Types a line, runs until it is answered, returns what was printed. */
  type(line: string): string {
    return text(this.#sim.type(this.station, line))
  }

  /** Types a line; the caller makes time go on. */
  begin(line: string): Pending<CliResult> {
    return this.#sim.begin(this.station, line)
  }

  close(): void {
    this.#sim.kill(this.station)
  }
}

export const text = (result: CliResult): string => result.lines.map((line) => line.text).join('\n')

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part))
