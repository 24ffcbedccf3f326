/** The inside of a station worker: its stations, their files, the mesh. It does nothing unasked: the conductor grants a
 *  window, the worker waits until everything sent to it earlier is here, lets its stations live through the window, sends
 *  what they sent, brings their files to storage, and reports. */

import type { Grant, Report } from '../conductor.ts'
import { MemoryStore } from '../file-store.ts'
import type { Frame } from '../frame.ts'
import type { FrameGroup } from '../frame-codec.ts'
import { Inbox } from '../inbox.ts'
import { isClient } from '../names.ts'
import { PageCache } from '../page-cache.ts'
import type { Launch } from '../process.ts'
import { reportOf } from '../report.ts'
import { Station } from '../station.ts'
import { Mesh } from './mesh.ts'
import { hasOpfs, OpfsStore } from './opfs.ts'
import {
  type BeginStation,
  CLIENTS_WORKER,
  type FromStation,
  type KeptFile,
  type ToStation,
  type TroubleCode,
} from './protocol.ts'

type WindowOrder = Extract<ToStation, { kind: 'window' }>

export class StationHost {
  readonly #launch: Launch
  readonly #post: (message: FromStation) => void
  #self: BeginStation | undefined
  #mesh: Mesh | undefined
  readonly #inbox = new Inbox()
  readonly #stations = new Map<number, Station>()
  /** A server's files; clients have none that last. */
  #files: OpfsStore | undefined
  /** A window whose frames are not all here. */
  #waiting: WindowOrder | undefined
  readonly #malformed: { readonly from: number; readonly reason: string }[] = []

  constructor(launch: Launch, post: (message: FromStation) => void) {
    this.#launch = launch
    this.#post = post
  }

  receive(message: ToStation): void {
    const done = this.#handle(message)
    done?.catch((error: unknown) => this.#post({ kind: 'failed', message: String(error) }))
  }

  #handle(message: ToStation): Promise<void> | undefined {
    switch (message.kind) {
      case 'begin':
        return this.#begin(message)
      case 'window':
        for (const station of message.ends) this.#stations.delete(station)
        for (const birth of message.births) {
          this.#stations.set(birth.station, new Station(birth, this.#filesOf(birth.station), this.#launch))
        }
        this.#waiting = message
        return this.#runIfComplete()
      case 'forget':
        this.#mesh?.forget(message.worker)
        return
      case 'files':
        this.#post({ kind: 'files', files: this.#keptFiles() })
        return
    }
  }

  async #begin(begin: BeginStation): Promise<void> {
    this.#self = begin
    const mesh = new Mesh(begin, begin.workers, {
      onFrames: (groups) => this.#onFrames(groups),
      onMalformed: (from, reason) => this.#malformed.push({ from, reason }),
    })
    this.#mesh = mesh
    const opened = begin.storage === 'opfs' && begin.worker !== CLIENTS_WORKER ? this.#openFiles(begin) : undefined
    await Promise.all([opened, ...begin.peers.map((peer) => mesh.connect(peer))])
    this.#post({ kind: 'ready' })
  }

  /** Without storage the server lives on in memory, and the page is told so. */
  async #openFiles(begin: BeginStation): Promise<void> {
    try {
      this.#files = await OpfsStore.open(begin.ensemble, String(begin.worker))
      this.#files.onFull = (message) => this.#trouble('diskFull', message)
    } catch (error) {
      if (!(await hasOpfs())) return this.#trouble('opfsMissing', String(error))
      const busy = error instanceof DOMException && error.name === 'NoModificationAllowedError'
      this.#trouble(busy ? 'storageBusy' : 'workerFailed', String(error))
      throw error
    }
  }

  #onFrames(groups: readonly FrameGroup[]): void {
    for (const group of groups) this.#inbox.accept(group)
    const done = this.#runIfComplete()
    done?.catch((error: unknown) => this.#post({ kind: 'failed', message: String(error) }))
  }

  #runIfComplete(): Promise<void> | undefined {
    const order = this.#waiting
    if (!order?.grants.every((grant) => this.#inbox.has(grant.station, grant.incarnation, grant.expects))) return
    this.#waiting = undefined
    return this.#run(order)
  }

  #run({ grants }: WindowOrder): Promise<void> | undefined {
    const frames: Frame[] = []
    const reports: Report[] = []
    for (const grant of grants) {
      const station = this.#stations.get(grant.station)
      if (!station) throw new Error(`no station ${grant.station} here`)
      this.#deliver(station, grant)
      const output = station.runWindow(grant)
      frames.push(...output.frames)
      reports.push(reportOf(grant.station, output))
    }
    // It travels while the disk works, and counts for nobody before the report: what a server says it has written, it has.
    this.#leave(frames)
    const settling = this.#files?.settle()
    if (settling)
      return settling.then(
        () => this.#post({ kind: 'reports', reports }),
        (error) => this.#diskFailed(error),
      )
    this.#post({ kind: 'reports', reports })
    return
  }

  #deliver(station: Station, grant: Grant): void {
    station.level = grant.level
    const { frames, broken } = this.#inbox.take(grant.station, grant.incarnation, grant.expects)
    station.receive(frames)
    for (const { connection, toOpener = false, reason, from } of broken) {
      station.malformed(from, reason, connection === undefined ? undefined : { connection, toOpener })
    }
    for (const { from, reason } of this.#malformed.splice(0)) station.malformed(from, reason)
  }

  #leave(frames: readonly Frame[]): void {
    const byWorker = new Map<number, Frame[]>()
    for (const frame of frames) {
      const worker = isClient(frame.to) ? CLIENTS_WORKER : frame.to
      const list = byWorker.get(worker)
      if (list) list.push(frame)
      else byWorker.set(worker, [frame])
    }
    for (const [worker, list] of byWorker) {
      if (worker === this.#self?.worker) this.#deliverHere(list)
      else this.#mesh?.send(worker, list)
    }
  }

  /** From one client to another. */
  #deliverHere(frames: readonly Frame[]): void {
    for (const frame of frames) {
      const { from, fromIncarnation: incarnation, to, toIncarnation } = frame
      this.#inbox.accept({ from, incarnation, to, toIncarnation, count: 1, frames: [frame], broken: [] })
    }
  }

  /** What this window wrote may be lost, so nothing that it sent is ever announced: as if killed before it. */
  #diskFailed(error: unknown): never {
    const full = error instanceof DOMException && error.name === 'QuotaExceededError'
    if (full) this.#trouble('diskFull', String(error))
    throw error
  }

  #trouble(code: TroubleCode, message: string): void {
    this.#post({ kind: 'trouble', code, message })
  }

  #filesOf(station: number): PageCache {
    if (isClient(station)) return new PageCache(new MemoryStore())
    this.#cache ??= new PageCache(this.#files ?? memoryStore(this.#self?.files ?? []))
    return this.#cache
  }

  #keptFiles(): KeptFile[] {
    const files: KeptFile[] = []
    // OPFS keeps them itself.
    if (this.#files !== undefined) return files
    for (const path of this.#cache?.paths() ?? []) {
      const bytes = this.#cache?.read(path, 0, undefined)
      if (bytes instanceof Uint8Array) files.push({ path, bytes })
    }
    return files
  }

  #cache: PageCache | undefined
}

function memoryStore(files: readonly KeptFile[]): MemoryStore {
  const store = new MemoryStore()
  for (const { path, bytes } of files) store.replace(path, bytes)
  return store
}
