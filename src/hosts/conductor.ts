/** Hands out virtual time in windows and lets orders in at their edges. A state machine without workers and without a
 *  clock: the simulator drives it in a loop, the browser's conductor worker by messages, and both get the same run.
 *
 *  A window [from, to) is never longer than the shortest latency, so nothing sent inside it can arrive inside it. When
 *  nothing is due, time jumps. Orders get a window of one microsecond of their own, so that they take effect at once,
 *  paused or not. */

import type { CliResult, Completion } from '../core/cli/result.ts'
import { withoutSecrets } from '../core/cli/words.ts'
import type { EventId, HostEvent, TraceEvent } from '../core/trace.ts'
import type { LoadSpec, RunConfig } from './ensemble.ts'
import { type Conditions, type Fault, faultCommand, type LinkState, linkName, PORT_CLASSES } from './fault.ts'
import { CONDUCTOR, FIRST_CLIENT, isClient } from './names.ts'
import type { StatusChange } from './network-port.ts'
import type { ProcessSpec, WorkloadSpec } from './process.ts'
import type { Birth, DiskDeed, StationOrder, TraceLevel, WindowInput, WindowOutput } from './station.ts'

/** What may be done to a run from outside. */
export type Action =
  /** `disk` wiped: with nothing on it. */
  | { readonly kind: 'start'; readonly sid: number; readonly disk?: 'same' | 'wiped' | undefined }
  | Fault
  | {
      readonly kind: 'openClient'
      readonly connect: string
      readonly load?: LoadSpec | undefined
      readonly workload?: WorkloadSpec | undefined
    }
  | { readonly kind: 'type'; readonly client: number; readonly line: string }
  | { readonly kind: 'complete'; readonly client: number; readonly line: string; readonly cursor: number }

/** start, kill: nothing to tell; openClient: its station; type and complete: the answer. */
export type Outcome = undefined | number | CliResult | Completion

export interface Settle {
  done(outcome: Outcome): void
  failed(reason: string): void
}

/** So many frames has one life of a station sent to another station's present life, in all. */
export interface FrameCount {
  readonly from: number
  readonly incarnation: number
  readonly frames: number
}

export interface Grant extends WindowInput {
  readonly station: number
  readonly incarnation: number
  readonly level: TraceLevel
  /** The station may begin once it has received these. */
  readonly expects: readonly FrameCount[]
}

/** What the host has to do for one window, in this order. */
export interface Plan {
  readonly fromUs: number
  readonly toUs: number
  /** Processes to end now; they are at rest. */
  readonly ends: readonly { readonly station: number; readonly incarnation: number }[]
  readonly births: readonly Birth[]
  readonly grants: readonly Grant[]
}

/** How many frames went where in a window. */
export interface Sent {
  readonly to: number
  readonly toIncarnation: number
  readonly frames: number
  readonly firstArrivesUs: number
}

/** A station's answer to its grant. */
export interface Report extends Omit<WindowOutput, 'frames'> {
  readonly station: number
  readonly sent: readonly Sent[]
}

/** What the actions of a window lead to, as it is gathered. */
interface Opening {
  readonly atUs: number
  readonly births: Birth[]
  readonly ends: { readonly station: number; readonly incarnation: number }[]
  readonly status: StatusChange[]
  readonly orders: Map<number, StationOrder[]>
}

interface Member {
  readonly station: number
  readonly incarnation: number
  running: boolean
  dueUs: number
  /** First arrival among the frames sent to it since its last grant. */
  inboundUs: number
  nextSeq: number
  changes: number
  /** By sender and life, since it was born. */
  readonly received: Map<number, { readonly count: FrameCount; told: boolean }>
  /** Since when it does nothing, and what it is to be told then. */
  paused: { readonly atUs: number; status: StatusChange[]; orders: StationOrder[] } | undefined
}

const NEVER = Number.POSITIVE_INFINITY
const NONE: readonly never[] = []
const LIVES = 2 ** 16
/** A connection's key has room for this many stations. */
const MAX_STATION = 2000

export class Conductor {
  readonly config: RunConfig
  level: TraceLevel = 'full'
  #edgeUs = 0
  readonly #members = new Map<number, Member>()
  #entering: { readonly action: Action; readonly settle: Settle; readonly boot: boolean }[] = []
  /** Deaths that the others do not know yet. */
  #deaths: StatusChange[] = []
  /** What is wrong with stations, over all their lives. */
  readonly #conditions = new Map<number, Conditions>()
  /** By station: the links from it or to it that are not as they should be. */
  readonly #links = new Map<number, { readonly [link: string]: LinkState }>()
  /** What has become of the disks of those that do not run. */
  readonly #deeds = new Map<number, DiskDeed[]>()
  /** Dead with their machine: who asks there gets no answer, not even that nobody listens. */
  readonly #believed = new Set<number>()
  /** Ended by themselves; the host has not been told to clear them away. */
  #remains: { readonly station: number; readonly incarnation: number }[] = []
  #seq = 0
  #nextClient = FIRST_CLIENT
  #nextOrder = 1
  readonly #unanswered = new Map<number, { readonly station: number; readonly settle: Settle }>()
  /** Of the window that is being executed. */
  #own: TraceEvent[] = []
  #settled: (() => void)[] = []
  #open: Plan | undefined

  constructor(config: RunConfig) {
    this.config = config
    const settle = { done: () => {}, failed: () => {} }
    for (const sid of config.autostart) this.#entering.push({ action: { kind: 'start', sid }, settle, boot: true })
  }

  /** Everything before this has happened. */
  get edgeUs(): number {
    return this.#edgeUs
  }

  /** When something happens next; Infinity for never. */
  get dueUs(): number {
    if (this.isEntered) return this.#edgeUs
    let due = NEVER
    for (const { atUs } of this.#deaths) due = Math.min(due, atUs)
    for (const member of this.#members.values()) {
      if (member.running && !member.paused) due = Math.min(due, member.dueUs, member.inboundUs)
    }
    return Math.max(due, this.#edgeUs)
  }

  /** Actions wait to be let in. */
  get isEntered(): boolean {
    return this.#entering.length > 0
  }

  /** The stations with a process. */
  get running(): readonly number[] {
    return [...this.#members.values()].filter(({ running }) => running).map(({ station }) => station)
  }

  isRunning(station: number): boolean {
    return this.#members.get(station)?.running ?? false
  }

  /** An action from outside; it enters with the next window. */
  enter(action: Action, settle: Settle): void {
    this.#entering.push({ action, settle, boot: false })
  }

  /** The next window before `untilUs`. Undefined when nothing is due until then: the edge moves there (but not to Infinity). */
  plan(untilUs: number): Plan | undefined {
    if (this.#open) throw new Error('the last window is not closed')
    const fromUs = this.dueUs
    const entering = this.isEntered
    if (!entering && fromUs >= untilUs) {
      if (untilUs !== NEVER) this.#edgeUs = Math.max(this.#edgeUs, untilUs)
      return undefined
    }
    const toUs = entering ? fromUs + 1 : Math.min(fromUs + this.config.latencyUs.min, untilUs)
    this.#edgeUs = fromUs
    this.#open = this.#compose(fromUs, toUs)
    return this.#open
  }

  /** All grants of the window are answered. Returns what happened in it, in run order. */
  close(reports: readonly Report[]): TraceEvent[] {
    const plan = this.#open
    if (!plan) throw new Error('no window is open')
    this.#open = undefined
    this.#edgeUs = plan.toUs
    for (const report of reports) this.#take(report)
    const events = inRunOrder([this.#own, ...reports.map((report) => report.events)])
    this.#own = []
    const settled = this.#settled
    this.#settled = []
    for (const settle of settled) settle()
    return events
  }

  /** The report for a station that the host lost: it counts as crashed at the window's beginning. */
  lost(station: number, reason: string): Report {
    const seq = this.#members.get(station)?.nextSeq ?? 0
    const atUs = this.#edgeUs
    const crashed: TraceEvent = { at: atUs, station, seq, kind: 'crashed', reason }
    const ended = { atUs, reason }
    const changes = this.#members.get(station)?.changes ?? 0
    return { station, nextDueUs: NEVER, nextSeq: seq + 1, changes, events: [crashed], answers: [], sent: [], ended }
  }

  #compose(fromUs: number, toUs: number): Plan {
    const opening: Opening = { atUs: fromUs, births: [], ends: this.#remains, status: [], orders: new Map() }
    this.#remains = []
    this.#admit(opening)
    const { births, ends, status, orders } = opening
    if (this.#deaths.length > 0) {
      this.#deaths = this.#deaths.filter((death) => {
        if (death.atUs < toUs) status.push(death)
        return death.atUs >= toUs
      })
    }
    const grants: Grant[] = []
    for (const member of this.#members.values()) {
      if (!member.running) continue
      const { station, incarnation } = member
      // The newborn know from the first who lives.
      let told: readonly StatusChange[] = births.some((birth) => birth.station === station) ? [] : status
      let given: readonly StationOrder[] = orders.get(station) ?? NONE
      if (member.paused) {
        const now = holdBack(member.paused, told, given)
        if (now === undefined) continue
        if (now.resumed) member.paused = undefined
        told = now.told
        given = now.given
      }
      const due = Math.min(member.dueUs, member.inboundUs) < toUs
      if (!due && told.length === 0 && given.length === 0) continue
      const expects = this.#expects(member)
      grants.push({ station, incarnation, fromUs, toUs, level: this.level, status: told, orders: given, expects })
      member.inboundUs = NEVER
    }
    if (births.length === 0) return { fromUs, toUs, ends, births, grants }
    const peers = this.#up()
    return { fromUs, toUs, ends, births: births.map((birth) => ({ ...birth, peers })), grants }
  }

  /** Lets in one action, so that each has a time of its own; those of the configuration all at once. */
  #admit(opening: Opening): void {
    const boots = this.#entering.filter(({ boot }) => boot).length
    for (const { action, settle, boot } of this.#entering.splice(0, boots || 1)) {
      const done = (outcome: Outcome): void => void this.#settled.push(() => settle.done(outcome))
      const failed = (reason: string): void => void this.#settled.push(() => settle.failed(reason))
      switch (action.kind) {
        case 'start':
          if (!this.#isServer(action.sid)) failed(`there is no server ${action.sid}`)
          else done(this.#start(opening, action, boot))
          break
        case 'openClient':
          if (this.#nextClient > MAX_STATION) failed('too many clients in one run')
          else done(this.#openClient(opening, action))
          break
        case 'type':
        case 'complete':
          if (!this.isRunning(action.client)) failed(`client ${action.client} does not run`)
          else this.#order(opening, action, settle)
          break
        default:
          done(this.#break(opening, action))
      }
    }
  }

  #isServer(sid: number): boolean {
    return Number.isInteger(sid) && sid >= 1 && sid <= this.config.servers
  }

  #start(opening: Opening, { sid, disk }: Extract<Action, { kind: 'start' }>, boot: boolean): undefined {
    if (this.isRunning(sid)) return
    const wiped = disk === 'wiped'
    const cause = boot ? undefined : this.#record(opening.atUs, `start ${sid}${wiped ? ' wiped' : ''}`)
    if (wiped) this.#deed(sid, { kind: 'wipe' })
    this.#bear(opening, sid, { what: 'server', sid, config: this.config }, cause)
  }

  // --- faults ------------------------------------------------------------------------------------

  /** Nothing is recorded where nothing can be done. */
  #break(opening: Opening, fault: Fault): undefined {
    switch (fault.kind) {
      case 'kill':
        return this.#kill(opening, fault)
      case 'powerCut':
        return this.#powerCut(opening, fault)
      case 'crashAt':
      case 'disarm':
        return this.#breakRunning(opening, fault)
      case 'pause':
      case 'resume':
        return this.#pause(opening, fault)
      case 'rot':
        if (this.isRunning(fault.station)) return this.#breakRunning(opening, fault)
        if (!this.#isServer(fault.station)) return
        this.#recordFault(opening, fault)
        return this.#deed(fault.station, fault)
      case 'reset': {
        const [from, peer] = this.isRunning(fault.a) ? [fault.a, fault.b] : [fault.b, fault.a]
        if (!this.isRunning(from)) return
        const cause = this.#recordFault(opening, fault)
        return this.#tell(opening, from, { kind: 'reset', peer, ports: fault.ports ?? PORT_CLASSES, id: 0, cause })
      }
      case 'slow':
        return this.#condition(opening, fault, { stepUs: fault.stepUs })
      case 'clock':
        return this.#condition(opening, fault, { clock: fault.clock })
      case 'disk':
        return this.#condition(opening, fault, { disk: fault.disk })
      case 'link':
      case 'heal':
        return this.#relink(opening, fault)
    }
  }

  #kill(opening: Opening, fault: Extract<Fault, { kind: 'kill' }>): undefined {
    const { station, loss, silent } = fault
    const { atUs } = opening
    const member = this.#members.get(station)
    if (!member?.running) {
      if (loss === undefined || !this.#isServer(station)) return
      this.#recordFault(opening, fault)
      return this.#deed(station, { kind: 'losePower', loss })
    }
    if (loss !== undefined || silent) {
      const cause = this.#recordFault(opening, fault)
      return this.#tell(opening, station, { kind: 'stop', loss, silent, id: 0, cause })
    }
    const because = this.#record(atUs, `${isClient(station) ? 'close' : 'kill'} ${station}`)
    this.#own.push({ at: atUs, station, seq: member.nextSeq++, because, kind: 'killed' })
    opening.ends.push({ station, incarnation: member.incarnation })
    opening.status.push({ station, incarnation: 0, atUs })
    this.#bury(member, 'the process was killed')
  }

  #powerCut(opening: Opening, fault: Extract<Fault, { kind: 'powerCut' }>): undefined {
    const cause = this.#recordFault(opening, fault)
    for (let sid = 1; sid <= this.config.servers; sid++) {
      // Not the same part everywhere.
      const loss = typeof fault.loss === 'number' ? fault.loss * 16 + sid : fault.loss
      if (this.isRunning(sid)) this.#tell(opening, sid, { kind: 'stop', loss, id: 0, cause })
      else this.#deed(sid, { kind: 'losePower', loss })
    }
  }

  #pause(opening: Opening, fault: Extract<Fault, { kind: 'pause' | 'resume' }>): undefined {
    const { station } = fault
    const member = this.#members.get(station)
    if (!member?.running || (fault.kind === 'pause') === (member.paused !== undefined)) return
    const cause = this.#recordFault(opening, fault)
    if (fault.kind === 'pause') {
      member.paused = { atUs: opening.atUs, status: [], orders: [] }
      return this.#tell(opening, station, { kind: 'pause', id: 0, cause })
    }
    const pausedUs = opening.atUs - (member.paused?.atUs ?? 0)
    return this.#tell(opening, station, { kind: 'resume', clock: fault.clock, pausedUs, id: 0, cause })
  }

  #breakRunning(opening: Opening, fault: Extract<Fault, { kind: 'crashAt' | 'disarm' | 'rot' }>): undefined {
    const { station, ...order } = fault
    if (!this.isRunning(station)) return
    const cause = this.#recordFault(opening, fault)
    this.#tell(opening, station, { ...order, id: 0, cause })
  }

  #condition(opening: Opening, fault: Fault & { readonly station: number }, changed: Conditions): undefined {
    const cause = this.#recordFault(opening, fault)
    const { station } = fault
    this.#become(opening, cause, station, { ...this.#conditions.get(station), ...changed })
  }

  #become(opening: Opening, cause: EventId, station: number, conditions: Conditions): void {
    this.#conditions.set(station, conditions)
    if (this.isRunning(station)) this.#tell(opening, station, { kind: 'become', conditions, id: 0, cause })
  }

  #relink(opening: Opening, fault: Extract<Fault, { kind: 'link' | 'heal' }>): undefined {
    const cause = this.#recordFault(opening, fault)
    const before = new Map(this.#links)
    if (fault.kind === 'heal') this.#links.clear()
    else this.#setLinks(fault)
    for (const station of new Set([...before.keys(), ...this.#links.keys()])) {
      const links = this.#links.get(station)
      if (links === before.get(station)) continue
      const { links: _, ...others } = this.#conditions.get(station) ?? {}
      this.#become(opening, cause, station, links ? { ...others, links } : others)
    }
  }

  #setLinks({ state, from, to, ports = PORT_CLASSES }: Extract<Fault, { kind: 'link' }>): void {
    const heals = Object.keys(state).length === 0
    const changed = new Map<number, { [link: string]: LinkState }>()
    const ownOf = (station: number): { [link: string]: LinkState } => {
      let own = changed.get(station)
      if (own === undefined) {
        own = { ...this.#links.get(station) }
        changed.set(station, own)
      }
      return own
    }
    for (const a of from)
      for (const b of to)
        for (const port of a === b ? [] : ports) {
          const link = linkName(a, b, port)
          if (heals && this.#links.get(a)?.[link] === undefined) continue
          for (const own of [ownOf(a), ownOf(b)]) {
            if (heals) delete own[link]
            else own[link] = state
          }
        }
    for (const [station, own] of changed) {
      if (Object.keys(own).length === 0) this.#links.delete(station)
      else this.#links.set(station, own)
    }
  }

  #tell(opening: Opening, station: number, order: StationOrder): undefined {
    opening.orders.set(station, [...(opening.orders.get(station) ?? []), order])
  }

  #deed(station: number, deed: DiskDeed): undefined {
    this.#deeds.set(station, [...(this.#deeds.get(station) ?? []), deed])
  }

  #recordFault(opening: Opening, fault: Fault): EventId {
    const id = { station: CONDUCTOR, seq: this.#seq++ }
    this.#own.push({ at: opening.atUs, ...id, kind: 'action', command: faultCommand(fault), fault })
    return id
  }

  // --- processes ---------------------------------------------------------------------------------

  #openClient(opening: Opening, { connect, load, workload }: Extract<Action, { kind: 'openClient' }>): number {
    const station = this.#nextClient++
    const command = load
      ? `load ${connect} ${load.outstanding} ${load.dataBytes}`
      : `${workload ? 'workload' : 'client'} ${withoutSecrets(connect)}`
    const cause = this.#record(opening.atUs, command)
    const more = workload ? { workload } : {}
    this.#bear(opening, station, { what: 'client', station, connect, config: this.config, load, ...more }, cause)
    return station
  }

  #order(opening: Opening, action: Extract<Action, { kind: 'type' | 'complete' }>, settle: Settle): void {
    const { client: station, line } = action
    const typed = action.kind === 'type'
    // What addauth is given stays between the client and its server.
    const shown = withoutSecrets(line)
    const cause = this.#record(
      opening.atUs,
      typed ? `type ${station} ${shown}` : `complete ${station} ${action.cursor} ${shown}`,
    )
    const id = this.#nextOrder++
    this.#unanswered.set(id, { station, settle })
    opening.orders.set(station, [
      ...(opening.orders.get(station) ?? []),
      typed ? { id, cause, kind: 'type', line } : { id, cause, kind: 'complete', line, cursor: action.cursor },
    ])
  }

  #bear(opening: Opening, station: number, spec: ProcessSpec, cause: EventId | undefined): void {
    const known = this.#members.get(station)
    const { atUs } = opening
    const incarnation = (known?.incarnation ?? 0) + 1
    const firstSeq = known?.nextSeq ?? 0
    const firstChange = known?.changes ?? 0
    this.#members.set(station, {
      station,
      incarnation,
      running: true,
      dueUs: atUs,
      inboundUs: NEVER,
      nextSeq: firstSeq,
      changes: firstChange,
      received: new Map(),
      paused: undefined,
    })
    this.#believed.delete(station)
    // The others learn of the new life at once, which says that the old one is over.
    this.#deaths = this.#deaths.filter((death) => death.station !== station)
    const conditions = this.#conditions.get(station)
    const before = this.#deeds.get(station)
    this.#deeds.delete(station)
    const broken = { ...(conditions ? { conditions } : {}), ...(before ? { before } : {}) }
    opening.births.push({
      station,
      incarnation,
      spec,
      atUs,
      firstSeq,
      firstChange,
      peers: [],
      ...(cause ? { cause } : {}),
      ...broken,
    })
    opening.status.push({ station, incarnation, atUs })
  }

  #bury(member: Member, reason: string): void {
    member.running = false
    for (const [id, { station, settle }] of this.#unanswered) {
      if (station !== member.station) continue
      this.#unanswered.delete(id)
      this.#settled.push(() => settle.failed(reason))
    }
  }

  #take(report: Report): void {
    const member = this.#members.get(report.station)
    if (!member?.running) return
    member.dueUs = report.nextDueUs
    member.nextSeq = report.nextSeq
    member.changes = report.changes
    for (const { to, toIncarnation, frames, firstArrivesUs } of report.sent) {
      const target = this.#members.get(to)
      if (!target?.running || target.incarnation !== toIncarnation) continue
      target.inboundUs = Math.min(target.inboundUs, firstArrivesUs)
      const key = member.station * LIVES + member.incarnation
      const before = target.received.get(key)?.count.frames ?? 0
      const count = { from: member.station, incarnation: member.incarnation, frames: before + frames }
      target.received.set(key, { count, told: false })
    }
    for (const answer of report.answers) {
      const waiting = this.#unanswered.get(answer.id)
      this.#unanswered.delete(answer.id)
      if (waiting) {
        this.#settled.push(() =>
          'error' in answer ? waiting.settle.failed(answer.error) : waiting.settle.done(answer.result),
        )
      }
    }
    if (report.ended) {
      this.#bury(member, report.ended.reason)
      this.#remains.push({ station: member.station, incarnation: member.incarnation })
      // One latency later, so that it makes no difference where the window ended.
      const atUs = report.ended.atUs + this.config.latencyUs.min
      if (report.ended.silent) this.#believed.add(member.station)
      else this.#deaths.push({ station: member.station, incarnation: 0, atUs })
    }
  }

  #record(at: number, command: string): EventId {
    const id = { station: CONDUCTOR, seq: this.#seq++ }
    const event: HostEvent = { kind: 'action', command: command }
    this.#own.push({ at, ...id, ...event })
    return id
  }

  #expects(member: Member): FrameCount[] {
    const counts: FrameCount[] = []
    for (const entry of member.received.values()) {
      if (entry.told) continue
      entry.told = true
      counts.push(entry.count)
    }
    return counts
  }

  #up(): StatusChange[] {
    const up: StatusChange[] = []
    for (const { station, incarnation, running } of this.#members.values()) {
      if (running || this.#believed.has(station)) up.push({ station, incarnation, atUs: this.#edgeUs })
    }
    return up
  }
}

/** What a station that does nothing is to be told in this window all the same: undefined for nothing. The rest waits until it
 *  goes on. */
function holdBack(
  paused: NonNullable<Member['paused']>,
  told: readonly StatusChange[],
  given: readonly StationOrder[],
): { told: readonly StatusChange[]; given: readonly StationOrder[]; resumed: boolean } | undefined {
  const urgent = given.filter(({ kind }) => kind === 'pause' || kind === 'stop')
  paused.status.push(...told)
  paused.orders.push(...given.filter((order) => !urgent.includes(order)))
  if (given.some(({ kind }) => kind === 'resume')) return { told: paused.status, given: paused.orders, resumed: true }
  return urgent.length === 0 ? undefined : { told: [], given: urgent, resumed: false }
}

/** Merges the stations' events of one window, each list in order: by time, station, sequence. */
function inRunOrder(lists: readonly (readonly TraceEvent[])[]): TraceEvent[] {
  const filled = lists.filter((list) => list.length > 0)
  if (filled.length === 0) return []
  if (filled.length === 1) return filled[0] as TraceEvent[]
  let merged = filled[0] as readonly TraceEvent[]
  for (let index = 1; index < filled.length; index++) merged = mergedOf(merged, filled[index] as readonly TraceEvent[])
  return merged as TraceEvent[]
}

function mergedOf(left: readonly TraceEvent[], right: readonly TraceEvent[]): TraceEvent[] {
  const merged: TraceEvent[] = []
  let at = 0
  for (const event of left) {
    for (let other = right[at]; other !== undefined && isBefore(other, event); other = right[at]) {
      merged.push(other)
      at++
    }
    merged.push(event)
  }
  for (; at < right.length; at++) merged.push(right[at] as TraceEvent)
  return merged
}

const isBefore = (a: TraceEvent, b: TraceEvent): boolean =>
  a.at !== b.at ? a.at < b.at : a.station !== b.station ? a.station < b.station : a.seq < b.seq
