/** The conductor's workers: one for each server that runs, one for all clients. Executes the conductor's plans with them.
 *  A kill is `terminate()` of a worker that has reported and is at rest: a busy one would live on for seconds. */
import type { TraceEvent } from '../../core/trace.ts'
import type { Conductor, Plan, Report } from '../conductor.ts'
import type { HostNotice, Storage } from '../ensemble.ts'
import { isClient } from '../names.ts'
import {
  CLIENTS_WORKER,
  type EnsembleId,
  type FromStation,
  type KeptFile,
  type ToStation,
  type TroubleCode,
} from './protocol.ts'

export interface CrewParts extends EnsembleId {
  readonly conductor: Conductor
  readonly storage: Storage
  /** Makes a station worker; a test gives its own. */
  readonly spawn: (name: string) => Worker
  readonly notice: (notice: HostNotice) => void
}

interface Mate {
  readonly number: number
  readonly life: number
  readonly worker: Worker
  /** Resolves when it is ready, or has failed. */
  readonly ready: Promise<void>
  readonly isReady: () => void
  failure: string | undefined
  /** Takes the reports of the window that it executes. */
  answer: ((reports: readonly Report[] | undefined) => void) | undefined
  /** It has told its files, or never will. */
  kept: (() => void) | undefined
}

/** A worker that takes longer than this for a window or a start will never answer. */
const PATIENCE_MS = 30_000

export class Crew {
  readonly #parts: CrewParts
  readonly #mates = new Map<number, Mate>()
  readonly #lives = new Map<number, number>()
  /** Of dead servers, where files are in memory. */
  readonly #files = new Map<number, readonly KeptFile[]>()
  /** Failed since the last window. */
  #fallen: Mate[] = []
  readonly #watch: ReturnType<typeof setInterval>
  #busySinceMs: number | undefined

  constructor(parts: CrewParts) {
    this.#parts = parts
    this.#watch = setInterval(() => this.#look(), 1000)
  }

  async execute(plan: Plan): Promise<readonly TraceEvent[]> {
    const { conductor } = this.#parts
    this.#busySinceMs = performance.now()
    for (const { station } of plan.ends) if (!isClient(station)) await this.#end(station)
    const starting = new Set(plan.births.map(({ station }) => workerOf(station)))
    for (const number of starting) if (!this.#mates.has(number)) this.#hire(number)
    for (const number of starting) await this.#mates.get(number)?.ready
    const orders = this.#ordersOf(plan)
    const answers = await Promise.all([...orders].map(([number, order]) => this.#ask(number, order)))
    const reports = answers.flat()
    const missing = this.#stationsOf(this.#fallen.splice(0)).filter(
      ({ station }) => conductor.isRunning(station) && !reports.some((report) => report.station === station),
    )
    this.#busySinceMs = undefined
    return conductor.close([...reports, ...missing.map(({ station, reason }) => conductor.lost(station, reason))])
  }

  dispose(): void {
    clearInterval(this.#watch)
    for (const number of [...this.#mates.keys()]) this.#dismiss(number)
  }

  #ordersOf(plan: Plan): Map<number, Extract<ToStation, { kind: 'window' }>> {
    const orders = new Map<
      number,
      { kind: 'window'; births: Plan['births'][number][]; ends: number[]; grants: Plan['grants'][number][] }
    >()
    const order = (station: number) => {
      const number = workerOf(station)
      let known = orders.get(number)
      if (!known) {
        known = { kind: 'window', births: [], ends: [], grants: [] }
        orders.set(number, known)
      }
      return known
    }
    for (const { station } of plan.ends) if (isClient(station)) order(station).ends.push(station)
    for (const birth of plan.births) order(birth.station).births.push(birth)
    for (const grant of plan.grants) order(grant.station).grants.push(grant)
    return orders
  }

  /** The reports of its stations; none when it fails, or has failed. */
  async #ask(number: number, order: Extract<ToStation, { kind: 'window' }>): Promise<readonly Report[]> {
    const mate = this.#mates.get(number)
    if (!mate) return []
    const reports = await new Promise<readonly Report[] | undefined>((resolve) => {
      mate.answer = resolve
      send(mate, order)
    })
    return reports ?? []
  }

  #hire(number: number): void {
    const { ensemble, run, storage, spawn, conductor } = this.#parts
    const life = (this.#lives.get(number) ?? 0) + 1
    this.#lives.set(number, life)
    const worker = spawn(number === CLIENTS_WORKER ? 'clients' : `server ${number}`)
    let isReady = (): void => {}
    const ready = new Promise<void>((resolve) => {
      isReady = resolve
    })
    const mate: Mate = { number, life, worker, ready, isReady, failure: undefined, answer: undefined, kept: undefined }
    worker.onmessage = ({ data }: MessageEvent<FromStation>) => this.#onMessage(mate, data)
    worker.onerror = (event) => this.#fail(mate, event.message || 'the worker did not load')
    worker.onmessageerror = () => this.#fail(mate, 'the worker sent what cannot be read')
    const peers = [...this.#mates.values()].map((each) => ({ worker: each.number, life: each.life }))
    this.#mates.set(number, mate)
    const workers = [...Array.from({ length: conductor.config.servers }, (_, index) => index + 1), CLIENTS_WORKER]
    send(mate, {
      kind: 'begin',
      ensemble,
      run,
      worker: number,
      life,
      storage,
      workers,
      peers,
      files: this.#files.get(number),
    })
  }

  /** Ends the process of a server; its disk stays. */
  async #end(number: number): Promise<void> {
    const mate = this.#mates.get(number)
    if (mate !== undefined) {
      await new Promise<void>((resolve) => {
        mate.kept = resolve
        send(mate, { kind: 'files' })
      })
      mate.kept = undefined
    }
    this.#dismiss(number)
  }

  /** Ends a worker that is at rest. */
  #dismiss(number: number): void {
    const mate = this.#mates.get(number)
    this.#mates.delete(number)
    mate?.worker.terminate()
  }

  #onMessage(mate: Mate, message: FromStation): void {
    switch (message.kind) {
      case 'ready':
        return mate.isReady()
      case 'reports': {
        const { answer } = mate
        mate.answer = undefined
        return answer?.(message.reports)
      }
      case 'files':
        this.#files.set(mate.number, message.files)
        return mate.kept?.()
      case 'trouble':
        return this.#trouble(mate, message.code, message.message)
      case 'failed':
        return this.#fail(mate, message.message)
    }
  }

  /** The worker can do nothing more; its stations are dead, the others go on. */
  #fail(mate: Mate, failure: string): void {
    if (mate.failure !== undefined || this.#mates.get(mate.number) !== mate) return
    mate.failure = failure
    this.#dismiss(mate.number)
    this.#fallen.push(mate)
    for (const other of this.#mates.values()) send(other, { kind: 'forget', worker: mate.number })
    this.#trouble(mate, 'workerFailed', failure)
    mate.isReady()
    mate.answer?.(undefined)
    mate.answer = undefined
    mate.kept?.()
  }

  #trouble(mate: Mate, code: TroubleCode, message: string): void {
    const station = mate.number === CLIENTS_WORKER ? {} : { station: mate.number }
    this.#parts.notice({ kind: 'trouble', code, ...station, message })
  }

  #stationsOf(fallen: readonly Mate[]): { station: number; reason: string }[] {
    const stations = this.#parts.conductor.running
    return fallen.flatMap(({ number, failure: reason = '' }) =>
      stations.filter((station) => workerOf(station) === number).map((station) => ({ station, reason })),
    )
  }

  #look(): void {
    if (this.#busySinceMs === undefined || performance.now() - this.#busySinceMs < PATIENCE_MS) return
    this.#busySinceMs = performance.now()
    for (const mate of [...this.#mates.values()])
      if (mate.answer || mate.kept) this.#fail(mate, 'the worker does not answer')
  }
}

const workerOf = (station: number): number => (isClient(station) ? CLIENTS_WORKER : station)

const send = (mate: Mate, message: ToStation): void => mate.worker.postMessage(message)
