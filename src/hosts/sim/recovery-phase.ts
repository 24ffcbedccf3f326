/** After the troubles: a core with a quorum is made whole, for ever; the others are left as they are, or healed as well. The
 *  core then has to find a leader, serve, answer writes, and stay so (fault-model §7, liveness mode). */
import type { CliResult } from '../../core/cli/result.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { PORT_CLASSES } from '../fault.ts'
import { generator } from '../prng.ts'
import type { Finding, Run } from './run.ts'
import type { Pending } from './sim.ts'
import { range, shuffled } from './swarm.ts'

const SECOND = 1_000_000
const STEP_US = SECOND / 5
/** Of so many seeds one is followed until nothing moves, and for so long beyond the sessions' ends. */
const SETTLED = 4
const REST_US = 35 * SECOND

export function recover(run: Run, leaveBroken: boolean): void {
  const core = chooseCore(run, leaveBroken)
  // More disks are lost than a quorum can bear: nothing is asked of it.
  if (core === undefined) return
  heal(run, core, leaveBroken)
  const boundUs = run.sim.edgeUs + boundOf(run)
  // What was lost before is found out by who hears nothing.
  const silenceUs = run.sim.edgeUs + (run.config.syncLimit + 1) * run.config.tickTimeMs * 1000
  runUntil(run, core, silenceUs, () => false)
  const serves = (): boolean => core.every((sid) => isLost(run, sid) || run.lookout.of(sid).serving)
  if (!runUntil(run, core, boundUs, serves)) {
    if (!run.isOver) run.found(notServing(run, core))
    return
  }
  const left = core.filter((sid) => !isLost(run, sid))
  const probes = left.map((sid) => new Probe(run, sid))
  const answeredUs = run.sim.edgeUs + 2 * boundOf(run)
  // Flipped bits may be found only now.
  const open = (): Probe[] => probes.filter((probe) => !probe.look() && !isLost(run, probe.sid))
  if (!runUntil(run, left, answeredUs, () => open().length === 0)) {
    if (run.isOver) return
    const silent = open().map(({ sid }) => sid)
    run.found(finding(run, 'L-4', `no write is answered at server ${silent.join(', ')}, which the core has healed`))
    return
  }
  stays(run, left)
  if (!leaveBroken && run.config.seed % SETTLED === 0) settle(run)
}

/** Without clients everything comes to rest: their sessions end, and then nothing is written any more (O-2). */
function settle(run: Run): void {
  const { hand, sim, config } = run
  for (const station of sim.conductor.running) if (station > 100) hand.act({ kind: 'kill', station })
  const restUs = (config.knobs?.maxSessionTimeoutMs ?? 20 * config.tickTimeMs) * 1000 + REST_US
  const untilUs = sim.edgeUs + restUs
  while (!run.isOver && sim.edgeUs < untilUs) run.runTo(Math.min(untilUs, sim.edgeUs + STEP_US))
}

/** Its disk is beyond repair, which it has found out. */
const isLost = ({ hand, lookout }: Run, sid: number): boolean =>
  hand.rotten.has(sid) && lookout.of(sid).halted !== undefined

/** All servers that can run again, or just enough of them. */
function chooseCore(run: Run, leaveBroken: boolean): readonly number[] | undefined {
  const { config, quorum } = run
  const servers = range(1, config.servers)
  const able = servers.filter((sid) => !isLost(run, sid))
  if (!quorum.containsQuorum(new Set(able.filter((sid) => quorum.isVoter(sid))))) return undefined
  if (!leaveBroken) return able
  const core: number[] = []
  // One with flipped bits may find them any time.
  const sound = able.filter((sid) => !run.hand.rotten.has(sid))
  for (const sid of shuffled(generator(config.seed, 'core'), sound)) {
    core.push(sid)
    if (quorum.containsQuorum(new Set(core.filter((each) => quorum.isVoter(each))))) break
  }
  return core.sort((a, b) => a - b)
}

function heal(run: Run, core: readonly number[], leaveBroken: boolean): void {
  const { hand, sim } = run
  const clients = sim.conductor.running.filter((station) => station > 100)
  if (!leaveBroken) hand.act({ kind: 'heal' })
  else {
    // Also those that are still to come.
    const all = [...core, ...range(101, Math.max(101, ...clients) + core.length)]
    hand.act({ kind: 'link', from: all, to: all, ports: PORT_CLASSES, state: {} })
  }
  disturb(run, core)
  for (const station of [...core, ...clients]) {
    if (hand.paused.has(station)) hand.act({ kind: 'resume', station, clock: 'ran' })
  }
  for (const station of core) {
    if (hand.unwell.has(station)) {
      hand.act({ kind: 'disk', station, disk: {} })
      hand.act({ kind: 'clock', station, clock: {} })
      hand.act({ kind: 'slow', station, stepUs: 0 })
      hand.unwell.delete(station)
    }
    if (sim.conductor.isRunning(station)) hand.act({ kind: 'disarm', station })
    else hand.act({ kind: 'start', sid: station })
  }
}

/** The servers outside the core stay as they are, and at best hear it. One that is heard, be it by way of another one, could be
 *  elected again and again for what it says, and would never know: FastLeaderElection has no answer to that. */
function disturb({ hand, config }: Run, core: readonly number[]): void {
  const random = generator(config.seed, 'outsiders')
  const outside = range(1, config.servers).filter((sid) => !core.includes(sid))
  if (outside.length > 1)
    hand.act({ kind: 'link', from: outside, to: outside, ports: PORT_CLASSES, state: { way: 'cut' } })
  for (const sid of outside) {
    const fate = random.int(0, 3)
    if (fate === 0) hand.act({ kind: 'kill', station: sid, silent: random.int(0, 1) === 0 })
    const way = random.int(0, 1) === 0 ? 'cut' : 'held'
    if (fate !== 1) hand.act({ kind: 'link', from: core, to: [sid], ports: PORT_CLASSES, state: { way } })
    hand.act({ kind: 'link', from: [sid], to: core, ports: PORT_CLASSES, state: { way } })
  }
}

/** Until the next look: servers of the core that stop with an armed crash point, or of a fault that was healed too late for
 *  them, are started again. */
function runUntil(run: Run, core: readonly number[], untilUs: number, good: () => boolean): boolean {
  const { sim, hand } = run
  const down = new Set<number>()
  while (!run.isOver) {
    if (good()) return true
    if (sim.edgeUs >= untilUs) return false
    run.runTo(Math.min(untilUs, sim.edgeUs + STEP_US))
    for (const sid of core) {
      if (sim.conductor.isRunning(sid) || down.has(sid) || isLost(run, sid)) continue
      down.add(sid)
      hand.act({ kind: 'start', sid })
    }
  }
  return false
}

/** Time to find out that something is wrong, to elect (with back-off), to synchronize; each may have to be done twice. */
function boundOf({ config }: Run): number {
  const tickMs = config.tickTimeMs
  const backOffMs = config.knobs?.maxNotificationIntervalMs ?? 60_000
  const connectMs = (config.knobs?.cnxTimeoutMs ?? 5000) * config.servers
  return (2 * backOffMs + 3 * config.initLimit * tickMs + 2 * config.syncLimit * tickMs + 2 * connectMs + 20_000) * 1000
}

function notServing(run: Run, core: readonly number[]): Finding {
  const { lookout } = run
  const out = core.filter((sid) => !lookout.of(sid).serving)
  const property = lookout.leader === undefined ? 'L-1' : out.length === core.length ? 'L-2' : 'L-6'
  const halted = out.flatMap((sid) => {
    const reason = lookout.of(sid).halted
    return reason === undefined ? [] : [`server ${sid} has stopped: ${reason}`]
  })
  const who = `server ${out.join(', ')} of the core ${core.join(', ')} does not serve in time`
  return finding(run, property, [who, ...halted].join('; '))
}

/** Without a new election, for longer than anybody can be silent unnoticed. */
function stays(run: Run, core: readonly number[]): void {
  const { syncLimit, tickTimeMs } = run.config
  const untilUs = run.sim.edgeUs + 2 * syncLimit * tickTimeMs * 1000 + 2 * SECOND
  const before = run.lookout.newestEpoch
  while (!run.isOver && run.sim.edgeUs < untilUs) run.runTo(Math.min(untilUs, run.sim.edgeUs + STEP_US))
  if (run.isOver) return
  const fallen = core.filter((sid) => !run.lookout.of(sid).serving && !isLost(run, sid))
  if (run.lookout.newestEpoch !== before)
    run.found(finding(run, 'L-3', `epoch ${run.lookout.newestEpoch} follows ${before} without a new fault`))
  else if (fallen.length > 0)
    run.found(finding(run, 'L-3', `server ${fallen.join(', ')} stopped serving without a new fault`))
}

/** A client at one server that tries to write until it has written. */
class Probe {
  readonly sid: number
  readonly #run: Run
  #client: number
  #answer: Pending<CliResult>

  constructor(run: Run, sid: number) {
    this.sid = sid
    this.#run = run
    this.#client = this.#open()
    this.#answer = this.#write()
  }

  /** Whether its write is done; tries again where it failed. */
  look(): boolean {
    const { result } = this.#answer
    if (result?.lines.some(({ text }) => text.startsWith('Created'))) return true
    if (result === undefined) return false
    // A session that is over does not begin again by itself.
    if (result.lines.some(({ text }) => /Not connected|Session expired/.test(text))) this.#client = this.#open()
    this.#answer = this.#write()
    return false
  }

  #open(): number {
    return this.#run.hand.act({ kind: 'openClient', connect: `zk${this.sid}:2181` }) as number
  }

  #write(): Pending<CliResult> {
    return this.#run.hand.type(this.#client, `create -s /probe ${this.sid}`)
  }
}

function finding(run: Run, property: string, sentence: string): Finding {
  const event: TraceEvent = {
    at: run.sim.edgeUs,
    station: 0,
    seq: Number.MAX_SAFE_INTEGER,
    kind: 'action',
    command: 'a bound has passed',
  }
  return { property, sentence, event }
}
