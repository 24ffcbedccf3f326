/** Goes along the trace of a run and pulls the plug of one server at every moment of it: whatever its disk may be left with,
 *  recovery must bring back a state of the history, with all that was safe and nothing that was not logged [D-2, D-5, O-1]. */
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import type { TraceEvent } from '../../../src/core/trace.ts'
import { hex64, ZXID_0, type Zxid } from '../../../src/core/wire/ids.ts'
import { type Change, type Files, type Image, imagesOf, withAll } from './image.ts'
import { type Recovery, recoverFrom } from './recovery.ts'
import { type Reference, recordsIn } from './reference.ts'

/** A history that ends somewhere between these two. */
interface Range {
  readonly lower: Zxid
  readonly upper: Zxid
}

export class DiskSweep {
  /** Moments at which the plug was pulled. */
  moments = 0
  /** Different states of the disk from which a recovery was made. */
  states = 0
  /** Of those: with something else in the place of what was not written; and those where recovery, rightly, refused that. */
  stale = 0
  refused = 0
  /** States in which the recovery itself was cut short. */
  again = 0
  /** Oldest first. */
  readonly violations: string[] = []
  /** What a completed sync covers. */
  safe: Files = new Map()
  pending: Change[] = []
  readonly #sid: number
  readonly #config: ReplicaConfig
  readonly #reference: Reference
  /** Everything that has been logged, and may be found, in one of these histories. */
  #ranges: readonly Range[] = [{ lower: ZXID_0, upper: ZXID_0 }]
  #acceptedEpoch = 0
  #currentEpoch = 0
  #known = new Map<string, Recovery>()
  #cut = new Map<string, readonly Recovery[]>()

  constructor(sid: number, config: ReplicaConfig, reference: Reference) {
    this.#sid = sid
    this.#config = config
    this.#reference = reference
  }

  /** All events of a run, in its order. `from`: before it, nothing is tried; `every`: at one of so many moments. */
  run(events: readonly TraceEvent[], from = 0, every = 1): void {
    let moments = 0
    for (const event of events)
      if (event.station === this.#sid && this.take(event) && event.at >= from && moments++ % every === 0)
        this.#pullPlug(event)
  }

  /** @returns whether it matters to what may be left, or to what must be */
  take(event: TraceEvent): boolean {
    switch (event.kind) {
      case 'diskChanged': {
        const { change, how, path, sizeBytes, bytes } = event
        this.pending.push({ change, how, path, sizeBytes, bytes })
        const newest = recordsIn(event).at(-1)?.zxid
        if (newest !== undefined)
          this.#ranges = [...this.#ranges.slice(0, -1), { ...(this.#ranges.at(-1) as Range), upper: newest }]
        return true
      }
      case 'diskSynced': {
        const done = this.pending.filter(({ change }) => change <= event.change)
        this.safe = withAll(this.safe, done)
        this.pending = this.pending.slice(done.length)
        this.#known = new Map()
        this.#cut = new Map()
        return true
      }
      // What it says to others, or says that it can say.
      case 'durable':
      case 'newLeaderAck':
        this.#ranges = [{ lower: event.zxid, upper: (this.#ranges.at(-1) as Range).upper }]
        return true
      case 'message':
        if (event.note.protocol !== 'quorum' || event.note.type !== 'ACK' || event.note.zxid === undefined) return false
        if ((event.note.zxid & 0xffffffffn) !== 0n) this.#promised(event.note.zxid as Zxid)
        return true
      case 'reply':
        if (this.#config.standalone === true) this.#promised(event.zxid)
        return this.#config.standalone === true
      // Another history takes the place of this one: until that is safe, either may be found, and nothing of both.
      case 'syncReceived': {
        const [now] = this.#ranges as [Range]
        const { zxid, mode } = event
        if (mode === 'TRUNC')
          this.#ranges = [
            { lower: now.lower < zxid ? now.lower : zxid, upper: now.upper },
            { lower: zxid, upper: zxid },
          ]
        else if (mode === 'SNAP') this.#ranges = [now, { lower: zxid, upper: zxid }]
        return mode !== 'DIFF'
      }
      case 'epochAccepted':
        this.#acceptedEpoch = event.epoch
        return true
      case 'epochCurrent':
        this.#currentEpoch = event.epoch
        return true
      default:
        return false
    }
  }

  #promised(zxid: Zxid): void {
    this.#ranges = this.#ranges.map((range) => (range.lower < zxid ? { ...range, lower: zxid } : range))
  }

  #pullPlug(event: TraceEvent): void {
    this.moments++
    for (const image of imagesOf(this.safe, this.pending)) {
      const recovery = this.#recover(image)
      this.#judge(event, image, recovery, '')
      if (!recovery.ok || recovery.deeds.length === 0) continue
      for (const second of this.#cutShort(image, recovery)) this.#judge(event, image, second, ', and again in recovery')
    }
  }

  #recover(image: Image): Recovery {
    const known = this.#known.get(image.name)
    if (known !== undefined) return known
    const recovery = recoverFrom(image.files, this.#config, true)
    this.#known.set(image.name, recovery)
    this.states++
    if (image.isStale) this.stale++
    if (!recovery.ok) this.refused++
    return recovery
  }

  /** What recovery does to the disk is cut short as well: once for each kind of thing that it does. */
  #cutShort(image: Image, { deeds }: Extract<Recovery, { ok: true }>): readonly Recovery[] {
    const key = `${image.name}: ${deeds.map((deed) => (deed === 'synced' ? deed : `${deed.how} ${deed.path}`)).join()}`
    const known = this.#cut.get(key)
    if (known !== undefined) return known
    const recoveries: Recovery[] = []
    let safe = image.files
    let pending: Change[] = []
    for (const deed of deeds) {
      if (deed === 'synced') {
        safe = withAll(safe, pending)
        pending = []
        continue
      }
      pending.push(deed)
      for (const { files } of imagesOf(safe, pending)) {
        recoveries.push(recoverFrom(files, this.#config, false))
        this.again++
      }
    }
    this.#cut.set(key, recoveries)
    return recoveries
  }

  #judge(event: TraceEvent, image: Image, recovery: Recovery, more: string): void {
    const complaint = this.#complaint(image, recovery)
    if (complaint === undefined) return
    const at = `${event.kind} at ${event.at} (${event.seq})`
    this.violations.push(`server ${this.#sid}, power cut behind ${at} with [${image.name}]${more}: ${complaint}`)
  }

  #complaint(image: Image, recovery: Recovery): string | undefined {
    if (!recovery.ok) return image.isStale ? undefined : `does not start: ${recovery.reason}`
    const { zxid, content, flaw, acceptedEpoch, currentEpoch } = recovery
    const reference = this.#reference
    if (!this.#ranges.some(({ lower, upper }) => reference.contains(upper, zxid) && reference.contains(zxid, lower))) {
      const ranges = this.#ranges.map(({ lower, upper }) => `${hex64(lower)} to ${hex64(upper)}`)
      return `has ${hex64(zxid)} instead of ${ranges.join(' or ')}`
    }
    if (content !== reference.contentAt(zxid)) return `has not the tree of ${hex64(zxid)}`
    if (this.#config.standalone !== true && (acceptedEpoch < this.#acceptedEpoch || currentEpoch < this.#currentEpoch))
      return `has epochs ${acceptedEpoch}, ${currentEpoch} instead of ${this.#acceptedEpoch}, ${this.#currentEpoch}`
    return flaw
  }
}
