/** O-1: at moments of a run a server's disk is copied as a power cut would leave it, and the real recovery is let loose on the
 *  copy. Whatever is lost, what comes out must be a state of the history: all that was safe, with the tree that it makes. */
import type { EnsembleChecker } from '../../check/checker.ts'
import type { Host } from '../../core/host.ts'
import { Database } from '../../core/storage/database.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { hex64 } from '../../core/wire/ids.ts'
import { configureServer } from '../configure.ts'
import type { FileStore } from '../file-store.ts'
import type { PageCache } from '../page-cache.ts'
import { generator } from '../prng.ts'
import type { Simulation } from './sim.ts'

export interface ShadowOptions {
  /** One of so many moments at which a disk has changed is looked at; those at which something was taken away or put in the
   *  place of something are all looked at when it is 1. */
  readonly every?: number
}

/** To be fed behind the checker, with the same events. What it finds is among the checker's violations. */
export class ShadowRecovery {
  readonly violations: readonly never[] = []
  readonly #sim: Simulation
  readonly #checker: EnsembleChecker
  readonly #every: number
  #moments = 0

  constructor(sim: Simulation, checker: EnsembleChecker, { every = 50 }: ShadowOptions = {}) {
    this.#sim = sim
    this.#checker = checker
    this.#every = every
  }

  onEvents(events: readonly TraceEvent[]): void {
    const looked = new Set<number>()
    for (const event of events) {
      if (event.kind !== 'diskSynced' && event.kind !== 'diskChanged') continue
      const isRare = event.kind === 'diskChanged' && event.how !== 'append'
      if (this.#moments++ % (isRare ? Math.max(1, Math.floor(this.#every / 10)) : this.#every) !== 0) continue
      if (looked.has(event.station)) continue
      looked.add(event.station)
      this.look(event)
    }
  }

  /** The disk of the event's station, as it is now. */
  look(event: TraceEvent): void {
    const sid = event.station
    const replica = this.#checker.world.replica(sid)
    if (!replica.witnessed || replica.rotten || replica.failed !== undefined) return
    const disk = this.#sim.files(sid)
    const losses = disk.pieces === 0 ? (['none'] as const) : (['all', this.#sim.config.seed + this.#moments] as const)
    for (const loss of losses) {
      const copy = disk.fork()
      copy.losePower(loss)
      this.#recover(event, copy, `a power cut (loss ${loss})`)
    }
  }

  #recover(event: TraceEvent, copy: PageCache, what: string): void {
    const sid = event.station
    const { world, tree } = this.#checker
    const judge = this.#checker.judge('O-1')
    const replica = world.replica(sid)
    const { durable } = replica.disk
    const database = new Database(hostOf(copy), configureServer(sid, this.#sim.config), () => {})
    const loaded = database.load()
    if (!judge.holds(loaded.ok)) {
      if (!loaded.ok) judge.report(event, `after ${what} server ${sid} could not start: ${loaded.error.reason}`)
      return
    }
    const zxid = database.tree.lastProcessedZxid
    // A history that is being replaced may be found as it was or as it will be.
    const { link } = replica
    const isReplacing = link !== undefined && link.mode !== 'DIFF' && !link.acked
    if (!judge.holds(isReplacing || zxid < 0n || world.ledger.contains(zxid, durable.head)))
      judge.report(event, `after ${what} server ${sid} has ${hex64(zxid)}, and ${hex64(durable.head)} was safe`)
    const { acceptedEpoch = 0, currentEpoch = 0 } = durable
    if (!judge.holds(database.epochs.accepted >= acceptedEpoch && database.epochs.current >= currentEpoch))
      judge.report(
        event,
        `after ${what} server ${sid} has epochs ${database.epochs.accepted} and ${database.epochs.current}, and ${acceptedEpoch} and ${currentEpoch} were safe`,
      )
    const isKnown = world.committed !== undefined && world.ledger.contains(world.committed, zxid)
    const digest = isKnown && tree.isKnown ? tree.tree.digestAt(world.ledger.normal(zxid)) : undefined
    if (digest === undefined) return
    if (!judge.holds(database.tree.digest === digest || database.tree.digest === 0n))
      judge.report(
        event,
        `after ${what} the tree of server ${sid} at ${hex64(zxid)} is not what the history makes of it`,
      )
  }
}

/** Nothing but a disk. */
function hostOf(files: FileStore): Host {
  const none = (): never => {
    throw new Error('recovery needs a disk and nothing else')
  }
  return {
    clock: { now: () => 0, wallTime: () => 0, after: () => ({ cancel: () => {} }) },
    network: { listen: none, connect: none },
    disk: {
      list: (directory) => files.list(directory),
      size: (path) => files.size(path),
      read: (path, offset = 0, length) => files.read(path, offset, length),
      append: (path, bytes) => files.append(path, bytes),
      truncate: (path, sizeBytes) => files.truncate(path, sizeBytes),
      replace: (path, bytes) => files.replace(path, bytes),
      remove: (path) => files.remove(path),
      sync: () => {},
    },
    random: generator(0, 'shadow'),
    trace: { emit: () => {}, off: true },
  }
}
