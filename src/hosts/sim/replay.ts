/** Runs a schedule: waits for each step's trigger, does its deed, and says what did not come true. */
import type { CliResult } from '../../core/cli/result.ts'
import type { TraceEvent } from '../../core/trace.ts'
import type { Action } from '../conductor.ts'
import type { EventMatch } from '../ensemble.ts'
import { PORT_CLASSES } from '../fault.ts'
import { matches } from '../matching.ts'
import { recover } from './recovery-phase.ts'
import { Run, type RunOptions, type RunResult } from './run.ts'
import type { Deed, Schedule, State, Step } from './schedule.ts'
import type { Pending } from './sim.ts'

export interface ReplayResult extends RunResult {
  /** Steps whose trigger did not come, and deeds that could not be done or did not hold. */
  readonly failures: readonly string[]
}

const SECOND = 1_000_000
const PATIENCE_S = 120
const SLICE_US = 10_000
/** What goes on all the time. */
const HEARTBEATS = new Set(['ping', 'PING'])

export function runSchedule(schedule: Schedule, options: RunOptions = {}): ReplayResult {
  const replay = new Replay(schedule, options)
  return replay.run()
}

class Replay {
  readonly #schedule: Schedule
  readonly #run: Run
  readonly #failures: string[] = []
  readonly #clients = new Map<string, number>()
  readonly #ops = new Map<string, Pending<CliResult>>()
  /** Told in the window that was executed last. */
  #latest: readonly TraceEvent[] = []
  #isOver = false

  constructor(schedule: Schedule, options: RunOptions) {
    this.#schedule = schedule
    this.#run = new Run(schedule.cluster, {
      ...options,
      full: true,
      onTrace: (events) => {
        this.#latest = events
        options.onTrace?.(events)
      },
    })
  }

  run(): ReplayResult {
    const run = this.#run
    for (const [index, step] of this.#schedule.script.entries()) {
      if (this.#isOver || run.isOver || this.#failures.length > 0) break
      if (!this.#await(step)) {
        if (!run.isOver) this.#failures.push(`step ${index + 1}: ${triggerText(step)} did not come in time`)
        break
      }
      const failure = this.#do(step)
      if (failure !== undefined) this.#failures.push(`step ${index + 1}: ${failure}`)
    }
    if (!run.isOver) run.end()
    return { ...run.result(), failures: this.#failures }
  }

  // --- triggers ----------------------------------------------------------------------------------

  #await(step: Step): boolean {
    const run = this.#run
    const { edgeUs } = run.sim
    const limitUs = edgeUs + (step.within ?? PATIENCE_S) * SECOND
    if (step.at !== undefined) return this.#passTo(Math.round(step.at * SECOND))
    if (step.for !== undefined) return this.#passTo(edgeUs + Math.round(step.for * SECOND))
    if (step.after !== undefined) return this.#awaitEvents(step.after, step.nth ?? 1, limitUs)
    if (step.before !== undefined) return this.#killBefore(step, step.before, limitUs)
    const { when, quiesce } = step
    if (when !== undefined) return this.#awaitTrue(() => this.#isSo(when) === undefined, limitUs)
    return quiesce === undefined || this.#awaitQuiet(quiesce * SECOND, limitUs)
  }

  #passTo(us: number): boolean {
    this.#run.runTo(us)
    return !this.#run.isOver
  }

  /** One window after the other, as long as there is time. */
  #windows(limitUs: number, enough: () => boolean): boolean {
    const { sim } = this.#run
    while (!this.#run.isOver && sim.edgeUs < limitUs) {
      this.#latest = []
      sim.runTo(limitUs, () => true)
      if (enough()) return true
    }
    return false
  }

  #awaitEvents(match: EventMatch, nth: number, limitUs: number): boolean {
    let seen = 0
    return this.#windows(limitUs, () => {
      for (const event of this.#latest) if (matches(event, match)) seen++
      return seen >= nth
    })
  }

  #killBefore(step: Step, match: EventMatch, limitUs: number): boolean {
    if (step.do.kind !== 'kill') return false
    const { station, loss, silent = false } = step.do
    const { station: _, ...before } = match
    this.#run.hand.act({ kind: 'crashAt', station, point: { before, nth: step.nth ?? 1 }, loss, silent })
    return this.#awaitEvents({ kind: 'killed', station }, 1, limitUs)
  }

  #awaitTrue(good: () => boolean, limitUs: number): boolean {
    return good() || this.#windows(limitUs, good)
  }

  #awaitQuiet(us: number, limitUs: number): boolean {
    const { sim } = this.#run
    let sinceUs = sim.edgeUs
    while (!this.#run.isOver && sim.edgeUs < limitUs) {
      if (sim.edgeUs - sinceUs >= us) return true
      this.#latest = []
      sim.runTo(Math.min(limitUs, sim.edgeUs + SLICE_US), () => this.#latest.length > 0)
      if (this.#latest.some(isNews)) sinceUs = sim.edgeUs
    }
    return false
  }

  // --- deeds -------------------------------------------------------------------------------------

  /** Says what is wrong, if anything is. */
  #do(step: Step): string | undefined {
    const deed = step.do
    const { hand } = this.#run
    switch (deed.kind) {
      case 'client': {
        const connect = deed.servers.map((sid) => `zk${sid}:2181`).join(',')
        this.#clients.set(deed.name, hand.act({ kind: 'openClient', connect }) as number)
        return undefined
      }
      case 'op':
        return this.#type(deed)
      case 'expect':
        return this.#expect(deed)
      case 'partition':
        return this.#partition(deed)
      case 'assert': {
        const { kind: _, ...state } = deed
        return this.#isSo(state)
      }
      case 'mode':
        recover(this.#run, deed.leaveBroken ?? false)
        return undefined
      case 'stop':
        this.#isOver = true
        return undefined
      case 'kill':
        // Done already, where its trigger was to be before an event.
        if (step.before === undefined) hand.act(deed as Action)
        return undefined
      default:
        hand.act(deed as Action)
        return undefined
    }
  }

  #type({ client, line, as = line }: Extract<Deed, { kind: 'op' }>): string | undefined {
    const station = this.#clients.get(client)
    if (station === undefined) return `there is no client ${client}`
    this.#ops.set(as, this.#run.hand.type(station, line))
    return undefined
  }

  #expect({ op, answer, within = PATIENCE_S }: Extract<Deed, { kind: 'expect' }>): string | undefined {
    const pending = this.#ops.get(op)
    if (pending === undefined) return `nothing was typed as ${op}`
    const limitUs = this.#run.sim.edgeUs + within * SECOND
    const over = (): boolean => pending.result !== undefined || pending.failure !== undefined
    if (!this.#awaitTrue(over, limitUs)) return answer === 'lost' ? undefined : `${op} was never answered`
    const text = pending.failure ?? pending.result?.lines.map((line) => line.text).join('\n') ?? ''
    const isLost = pending.failure !== undefined || /ConnectionLoss|Session expired|SessionExpired/.test(text)
    if (answer === 'lost') return isLost ? undefined : `${op} was answered: ${text}`
    return text.includes(answer) ? undefined : `${op} was answered ${JSON.stringify(text)}, not ${answer}`
  }

  #partition({ groups, way, ports }: Extract<Deed, { kind: 'partition' }>): undefined {
    for (const [index, from] of groups.entries()) {
      const to = groups.filter((_, other) => other !== index).flat()
      this.#run.hand.act({ kind: 'link', from, to, ports: ports ?? PORT_CLASSES, state: { way } })
    }
  }

  /** Undefined where everything is as it should be; else what is not. */
  #isSo(state: State): string | undefined {
    const { lookout, sim } = this.#run
    const { leader } = lookout
    if (state.leader === 'any' && leader === undefined) return 'nobody leads'
    if (state.leader === 'none' && leader !== undefined) return `server ${leader} leads`
    if (typeof state.leader === 'number' && leader !== state.leader) return `server ${leader ?? 'none'} leads`
    const not = (sids: readonly number[] | undefined, good: (sid: number) => boolean): number | undefined =>
      sids?.find((sid) => !good(sid))
    const silent = not(state.serving, (sid) => lookout.of(sid).serving)
    if (silent !== undefined) return `server ${silent} does not serve`
    const serving = not(state.notServing, (sid) => !lookout.of(sid).serving)
    if (serving !== undefined) return `server ${serving} serves`
    const down = not(state.running, (sid) => sim.conductor.isRunning(sid))
    if (down !== undefined) return `server ${down} does not run`
    const running = not(state.down, (sid) => !sim.conductor.isRunning(sid))
    if (running !== undefined) return `server ${running} runs`
    for (const [sid, head] of Object.entries(state.head ?? {})) {
      const has = lookout.of(Number(sid)).head
      if (has !== head) return `the log of server ${sid} ends at 0x${has.toString(16)}`
    }
    return undefined
  }
}

const isNews = (event: TraceEvent): boolean => {
  switch (event.kind) {
    case 'timerSet':
    case 'timerEnded':
    case 'packetsSent':
    case 'touchesCame':
    case 'requestsSent':
    case 'repliesCame':
    case 'frameSent':
    case 'frameCame':
      return false
    case 'message':
      return !HEARTBEATS.has(event.note.type) && event.note.quiet !== true
    case 'request':
    case 'reply':
      return event.op !== 'ping'
    default:
      return true
  }
}

function triggerText({ at, for: forS, after, before, when, quiesce }: Step): string {
  const given = { at, for: forS, after, before, when, quiesce }
  return JSON.stringify(given, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value))
}
