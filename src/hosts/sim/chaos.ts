/** The hand that breaks things: draws one fault after the other from the families of its run, at random times and places,
 *  rather where it hurts, and undoes what lasts. All that it does are actions of the run, recorded with their times: the list
 *  is a schedule that gives the same run again. */
import type { Random } from '../../core/host.ts'
import type { Action } from '../conductor.ts'
import type { CrashPoint, DiskState, Effect, LinkState, Loss, PortClass } from '../fault.ts'
import { PORT_CLASSES } from '../fault.ts'
import { generator } from '../prng.ts'
import type { Hand } from './hand.ts'
import { hurtfulMoments, partitionShape } from './hurtful.ts'
import type { Lookout } from './lookout.ts'
import type { Simulation } from './sim.ts'
import { type Family, logarithmic, pick, pickAny, range, type SwarmPlan, shuffled } from './swarm.ts'

export interface ChaosParts {
  readonly plan: SwarmPlan
  readonly sim: Simulation
  readonly hand: Hand
  readonly lookout: Lookout
  /** Voters whose disks may be lost for good in this run: what is left of them is always a quorum. */
  readonly expendable: readonly number[]
  readonly voters: readonly number[]
}

export class Chaos {
  readonly #parts: ChaosParts
  readonly #random: Random
  /** What lasts, and when it is undone; in no order. */
  #undo: { readonly atUs: number; readonly actions: readonly Action[] }[] = []
  #nextFaultUs: number
  /** Since when a server is seen to be down, and when it comes back. */
  readonly #backUs = new Map<number, number>()
  constructor(parts: ChaosParts) {
    this.#parts = parts
    this.#random = generator(parts.plan.config.seed, 'chaos')
    this.#nextFaultUs = this.#after(parts.plan.faultEveryUs)
  }

  get #hand(): Hand {
    return this.#parts.hand
  }

  /** When there is something to do next. */
  get nextUs(): number {
    let next = this.#nextFaultUs
    for (const { atUs } of this.#undo) next = Math.min(next, atUs)
    for (const atUs of this.#backUs.values()) next = Math.min(next, atUs)
    return next
  }

  /** Something delicate is going on: now and then the next fault comes right into it. */
  hasten(): void {
    if (this.#random.int(0, 7) !== 0) return
    const soonUs = this.#parts.sim.edgeUs + this.#random.int(1, 40_000)
    this.#nextFaultUs = Math.min(this.#nextFaultUs, soonUs)
  }

  /** Does what is due by now. */
  step(): void {
    const { sim } = this.#parts
    const due = this.#undo.filter(({ atUs }) => atUs <= sim.edgeUs)
    this.#undo = this.#undo.filter((each) => !due.includes(each))
    for (const { actions } of due) for (const action of actions) this.#hand.act(action)
    this.#raise()
    if (this.#nextFaultUs > sim.edgeUs) return
    this.#nextFaultUs = this.#after(this.#parts.plan.faultEveryUs)
    const { families } = this.#parts.plan
    if (families.length > 0) this.#break(pick(this.#random, families))
  }

  // --- the dead come back ------------------------------------------------------------------------

  #raise(): void {
    const { sim, plan } = this.#parts
    for (let sid = 1; sid <= plan.config.servers; sid++) {
      if (sim.conductor.isRunning(sid)) {
        this.#backUs.delete(sid)
        continue
      }
      const backUs = this.#backUs.get(sid)
      if (backUs === undefined) this.#backUs.set(sid, this.#after(plan.lastsUs * 0.5))
      else if (backUs <= sim.edgeUs) this.#start(sid)
    }
  }

  #start(sid: number): void {
    const { plan, lookout } = this.#parts
    // A disk that cannot be written or read does not get better by itself.
    if (lookout.of(sid).halted !== undefined) this.#healDisk(sid)
    const wipe = this.mayLose(sid) && (this.#hand.rotten.has(sid) || this.#wants('wipe'))
    const lost = this.#hand.rotten.has(sid) && lookout.of(sid).halted !== undefined && !wipe
    this.#backUs.set(sid, this.#after(plan.lastsUs))
    // It would only stop again, for the same reason.
    if (lost) return
    this.#hand.act({ kind: 'start', sid, ...(wipe ? { disk: 'wiped' } : {}) })
  }

  #wants(family: Family): boolean {
    return this.#parts.plan.families.includes(family) && this.#random.int(0, 3) === 0
  }

  #healDisk(sid: number): void {
    if (this.#hand.isSick(sid)) this.#hand.act({ kind: 'disk', station: sid, disk: {} })
  }

  /** Whether everything that this server has ever acknowledged, and every epoch that it has promised, is with all other
   *  voters: then a quorum without its disk knows as much as one with it. */
  mayLose(sid: number): boolean {
    const { lookout, voters, expendable } = this.#parts
    if (!voters.includes(sid)) return true
    if (!expendable.includes(sid)) return false
    const own = lookout.of(sid)
    return voters.every((other) => {
      if (other === sid) return true
      const { head, acceptedEpoch } = lookout.of(other)
      return !this.#hand.rotten.has(other) && head >= own.head && acceptedEpoch >= own.acceptedEpoch
    })
  }

  // --- faults ------------------------------------------------------------------------------------

  #break(family: Family): void {
    switch (family) {
      case 'kill':
        return this.#kill({})
      case 'silentKill':
        return this.#kill({ silent: true })
      case 'crashPoint':
        return this.#crashPoint()
      case 'powerCut':
        return this.#powerCut()
      case 'pause':
        return this.#pause()
      case 'slow':
        return this.#slow()
      case 'slowDisk':
        return this.#disk(
          this.#random.int(0, 1) === 0 ? { stalled: true } : { slow: logarithmic(this.#random, 2, 200) },
        )
      case 'ioError':
        return this.#disk(pick(this.#random, [{ failWrites: true }, { failSyncs: true }, { failReads: 'version-2/' }]))
      case 'fullDisk':
        return this.#disk({ roomBytes: logarithmic(this.#random, 1, 50_000) })
      case 'rot':
        return this.#rot()
      case 'wipe':
        return this.#wipe()
      case 'partition':
        return this.#partition('cut')
      case 'partitionReset':
        return this.#partition('reset')
      case 'oneWay':
        return this.#oneWay()
      case 'delay':
        return this.#delay()
      case 'clog':
        return this.#clog()
      case 'reset':
        return this.#reset()
      case 'pieces':
        return this.#someLinks({ pieceBytes: logarithmic(this.#random, 1, 2000) })
      case 'clock':
        return this.#clock()
      case 'clientCrash':
        return this.#clientCrash()
    }
  }

  #kill(how: { silent?: boolean; loss?: Loss }): void {
    const station = this.#victim()
    if (station !== undefined) this.#hand.act({ kind: 'kill', station, ...how })
  }

  #crashPoint(): void {
    const station = this.#victim()
    if (station === undefined) return
    const random = this.#random
    const effects: readonly (Effect | 'any')[] = [
      'append',
      'sync',
      'synced',
      'replace',
      'truncate',
      'remove',
      'write',
      'any',
    ]
    const point: CrashPoint =
      random.int(0, 1) === 0
        ? { before: pick(random, effects), nth: logarithmic(random, 1, 40) }
        : { before: pick(random, hurtfulMoments), nth: logarithmic(random, 1, 4) }
    const loss = this.#parts.plan.families.includes('powerCut') && random.int(0, 1) === 0 ? { loss: this.#loss() } : {}
    this.#hand.act({ kind: 'crashAt', station, point, ...loss, silent: random.int(0, 5) === 0 })
  }

  #powerCut(): void {
    if (this.#random.int(0, 2) === 0) this.#hand.act({ kind: 'powerCut', loss: this.#loss() })
    else this.#kill({ loss: this.#loss() })
  }

  #loss(): Loss {
    const way = this.#random.int(0, 3)
    return way === 0 ? 'all' : this.#random.int(1, 2 ** 30)
  }

  #pause(): void {
    const station = this.#victim()
    if (station === undefined || this.#hand.paused.has(station)) return
    this.#hand.act({ kind: 'pause', station })
    const clock = this.#random.int(0, 1) === 0 ? 'stood' : 'ran'
    this.#undoLater({ kind: 'resume', station, clock })
  }

  #slow(): void {
    const station = this.#victim()
    if (station === undefined) return
    this.#hand.act({ kind: 'slow', station, stepUs: logarithmic(this.#random, 50, 20_000) })
    this.#undoLater({ kind: 'slow', station, stepUs: 0 })
  }

  #disk(disk: DiskState): void {
    const station = this.#victim()
    if (station === undefined) return
    this.#hand.act({ kind: 'disk', station, disk })
    this.#undoLater({ kind: 'disk', station, disk: {} })
  }

  #rot(): void {
    const { expendable, plan } = this.#parts
    const observers = plan.config.observers ?? []
    const station = pickAny(this.#random, [...expendable, ...observers])
    if (station === undefined || !this.mayLose(station)) return
    const path = pick(this.#random, ['version-2/log.', 'version-2/snapshot.'])
    this.#hand.act({ kind: 'rot', station, path, seed: this.#random.int(1, 2 ** 30) })
    if (this.#random.int(0, 1) === 0) this.#hand.act({ kind: 'kill', station })
  }

  #wipe(): void {
    const { expendable, sim } = this.#parts
    const sid = pickAny(this.#random, expendable)
    if (sid === undefined) return
    if (sim.conductor.isRunning(sid)) this.#hand.act({ kind: 'kill', station: sid })
    if (this.mayLose(sid)) this.#hand.act({ kind: 'start', sid, disk: 'wiped' })
  }

  #partition(way: 'cut' | 'reset'): void {
    const ports = this.#ports()
    const links = partitionShape(this.#random, this.#servers(), this.#clients(), this.#parts.lookout.leader)
    this.#link(links, { way }, ports)
  }

  #oneWay(): void {
    const all = [...this.#servers(), ...this.#clients()]
    const one = this.#victim()
    if (one === undefined) return
    const others =
      this.#random.int(0, 1) === 0 ? all : shuffled(this.#random, all).slice(0, this.#random.int(1, all.length))
    const deaf = this.#random.int(0, 1) === 0
    const links = [deaf ? { from: others, to: [one] } : { from: [one], to: others }]
    this.#link(links, { way: this.#random.int(0, 3) === 0 ? 'held' : 'cut' }, this.#ports())
  }

  #delay(): void {
    const random = this.#random
    const min = logarithmic(random, 100, 200_000)
    const delayUs = { min, max: min * random.int(1, 4) }
    this.#someLinks(random.int(0, 2) === 0 ? { usPerKib: logarithmic(random, 10, 100_000) } : { delayUs })
  }

  /** Some links stop one by one, and go on in another order. */
  #clog(): void {
    const all = [...this.#servers(), ...this.#clients()]
    const ports = this.#ports()
    for (let n = this.#random.int(1, 4); n > 0; n--) {
      const from = pick(this.#random, all)
      const to = pick(this.#random, all)
      if (from !== to) this.#link([{ from: [from], to: [to] }], { way: 'held' }, ports)
    }
  }

  #reset(): void {
    const all = [...this.#servers(), ...this.#clients()]
    const one = this.#victim()
    if (one === undefined) return
    const churn = this.#random.int(0, 3) === 0 ? this.#random.int(5, 30) : 1
    for (let n = 0; n < churn; n++) {
      const b = pick(this.#random, all)
      if (b === one) continue
      const action: Action = { kind: 'reset', a: one, b, ports: this.#ports() }
      if (n === 0) this.#hand.act(action)
      else this.#undo.push({ atUs: this.#parts.sim.edgeUs + n * this.#random.int(2000, 200_000), actions: [action] })
    }
  }

  #someLinks(state: LinkState): void {
    const all = [...this.#servers(), ...this.#clients()]
    const some =
      this.#random.int(0, 1) === 0 ? all : shuffled(this.#random, all).slice(0, this.#random.int(1, all.length))
    this.#link([{ from: some, to: all }], state, this.#ports())
  }

  #link(
    links: readonly { readonly from: readonly number[]; readonly to: readonly number[] }[],
    state: LinkState,
    ports: readonly PortClass[],
  ): void {
    for (const { from, to } of links) this.#hand.act({ kind: 'link', from, to, ports, state })
    const whole = links.map(({ from, to }): Action => ({ kind: 'link', from, to, ports, state: {} }))
    this.#undoLater(...whole)
  }

  #clock(): void {
    const station = this.#victim()
    if (station === undefined) return
    const random = this.#random
    const clock = pick(random, [
      { rate: 0.5 + random.float() * 1.5 },
      { rate: 1 + (random.float() - 0.5) / 1000, offsetMs: random.int(-5000, 5000) },
      { offsetMs: random.int(-3_600_000, 3_600_000) },
      { grainMs: pick(random, [1, 16, 100]) },
      { timerGrainUs: pick(random, [16_000, 250_000, 1_000_000]) },
    ])
    this.#hand.act({ kind: 'clock', station, clock })
    this.#undoLater({ kind: 'clock', station, clock: {} })
  }

  /** The process is gone with its sessions; another one like it comes. */
  #clientCrash(): void {
    const { plan, sim } = this.#parts
    const station = pickAny(this.#random, this.#clients())
    if (station === undefined) return
    this.#hand.act({ kind: 'kill', station, ...(this.#random.int(0, 1) === 0 ? { silent: true } : {}) })
    const { connect, workload } = pick(this.#random, plan.clients)
    const servers = connect.map((sid) => `zk${sid}:2181`).join(',')
    this.#undo.push({
      atUs: sim.edgeUs + this.#exponential(plan.lastsUs * 0.3),
      actions: [{ kind: 'openClient', connect: servers, workload }],
    })
  }

  // --- where and when ----------------------------------------------------------------------------

  /** A running server; the one that leads twice as likely as all others together. */
  #victim(): number | undefined {
    const { lookout, sim } = this.#parts
    const up = this.#servers().filter((sid) => sim.conductor.isRunning(sid))
    const { leader } = lookout
    if (leader !== undefined && this.#random.int(0, 2) === 0) return leader
    return up.length === 0 ? undefined : pick(this.#random, up)
  }

  #ports(): readonly PortClass[] {
    const some = PORT_CLASSES.filter(() => this.#random.int(0, 1) === 0)
    return this.#random.int(0, 9) < 7 || some.length === 0 ? PORT_CLASSES : some
  }

  #servers(): number[] {
    return range(1, this.#parts.plan.config.servers)
  }

  #clients(): number[] {
    return this.#parts.sim.conductor.running.filter((station) => station > 100)
  }

  #undoLater(...actions: Action[]): void {
    this.#undo.push({ atUs: this.#after(this.#parts.plan.lastsUs), actions })
  }

  #exponential(meanUs: number): number {
    return Math.ceil(-Math.log(1 - this.#random.float()) * meanUs)
  }

  #after(meanUs: number): number {
    return this.#parts.sim.edgeUs + 1 + this.#exponential(meanUs)
  }
}
