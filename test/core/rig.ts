/** A small world of its own for tests of core rooms: virtual time in milliseconds, a network with latency, and the
 *  trace in order. One seed, one history. */
import type {
  Address,
  CloseCause,
  Connection,
  ConnectionHandlers,
  Disk,
  Host,
  MessageNote,
} from '../../src/core/host.ts'
import type { CoreEvent } from '../../src/core/trace.ts'

export interface Sent {
  readonly at: number
  readonly from: string
  readonly connection: string
  readonly bytes: Uint8Array
  readonly note: MessageNote | undefined
}
export type Told = CoreEvent & { readonly at: number; readonly station: string }

export class Rig {
  now = 0
  readonly told: Told[] = []
  readonly sent: Sent[] = []
  /** Connections that were aborted, with the reason. */
  readonly aborted: { readonly by: string; readonly connection: string; readonly reason: string }[] = []
  /** Connections as they were asked for: `a>b:port`. */
  readonly dialled: string[] = []
  /** One way, in ms. Replace it to shape a scenario. */
  latency: (from: string, to: string) => number = () => 20 + this.#random() * 10
  /** Addresses `host:port` from which no answer comes. */
  readonly blackHoles = new Set<string>()
  readonly #due: { at: number; order: number; run: () => void }[] = []
  readonly #processes = new Map<string, Process>()
  readonly #listeners = new Map<string, { process: Process; onConnection: (c: Connection) => ConnectionHandlers }>()
  #order = 0
  #connections = 0
  #seed: number

  constructor(seed = 1) {
    this.#seed = seed
  }

  /** A process named `name` on a machine with the host name `host`. */
  start(name: string, host = name): Host {
    const process: Process = { name, alive: true, ends: new Set() }
    this.#processes.set(name, process)
    return {
      clock: {
        now: () => this.now,
        wallTime: () => Math.floor(this.now),
        after: (delayMs, run) => {
          let cancelled = false
          this.at(this.now + delayMs, () => process.alive && !cancelled && run())
          return { cancel: () => (cancelled = true) }
        },
      },
      network: {
        listen: (port, onConnection) => {
          const key = `${host}:${port}`
          if (this.#listeners.has(key)) throw new Error(`${key} is taken`)
          this.#listeners.set(key, { process, onConnection })
          return { close: () => this.#listeners.delete(key) }
        },
        connect: (to, handlers) => this.#connect(process, to, handlers),
      },
      disk: noDisk,
      random: { float: () => this.#random(), int: (from, to) => from + Math.floor(this.#random() * (to - from + 1)) },
      trace: { emit: (event) => this.told.push({ ...event, at: this.now, station: name }) },
    }
  }

  /** The process is gone; who was connected to it hears of it one latency later. */
  kill(name: string): void {
    const process = this.#processes.get(name)
    if (!process) return
    process.alive = false
    for (const [key, listener] of this.#listeners) if (listener.process === process) this.#listeners.delete(key)
    for (const end of process.ends) end.end('reset')
  }

  at(time: number, run: () => void): void {
    this.#due.push({ at: time, order: this.#order++, run })
  }

  /** One event; false when there is none. */
  step(): boolean {
    let next = this.#due[0]
    if (!next) return false
    for (const due of this.#due) if (due.at < next.at || (due.at === next.at && due.order < next.order)) next = due
    this.#due.splice(this.#due.indexOf(next), 1)
    this.now = next.at
    next.run()
    return true
  }

  run(forMs: number): void {
    const until = this.now + forMs
    this.at(until, () => {})
    while (this.now < until) this.step()
  }

  /** @throws when it does not come true within `limitMs`. */
  until(condition: () => boolean, limitMs = 120_000): void {
    const limit = this.now + limitMs
    while (!condition()) if (this.now > limit || !this.step()) throw new Error(`not true until ${this.now} ms`)
  }

  of<K extends CoreEvent['kind']>(kind: K, station?: string): Extract<Told, { kind: K }>[] {
    return this.told.filter(
      (event): event is Extract<Told, { kind: K }> =>
        event.kind === kind && (station === undefined || event.station === station),
    )
  }

  #connect(process: Process, to: Address, handlers: ConnectionHandlers): Connection {
    const key = `${to.host}:${to.port}`
    const id = `c${++this.#connections}`
    this.dialled.push(`${process.name}>${key}`)
    const near = new End(this, id, process, to)
    near.handlers = handlers
    const far = () => this.#listeners.get(key)
    const there = this.latency(process.name, far()?.process.name ?? to.host)
    if (this.blackHoles.has(key)) return near
    this.at(this.now + there, () => {
      const listener = far()
      if (!listener) return this.at(this.now + there, () => near.hear('refused'))
      const end = new End(this, id, listener.process, { host: process.name, port: 0 })
      end.other = near
      end.open = true
      end.handlers = listener.onConnection(end)
      this.at(this.now + this.latency(listener.process.name, process.name), () => near.opened(end))
    })
    return near
  }

  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Process {
  readonly name: string
  alive: boolean
  readonly ends: Set<End>
}

/** One side of a connection. What it sends arrives in order. */
class End implements Connection {
  readonly id: string
  readonly remote: Address
  handlers: ConnectionHandlers | undefined
  other: End | undefined
  open = false
  over = false
  readonly #rig: Rig
  readonly #process: Process
  #early: (() => void)[] = []
  #lastArrival = 0

  constructor(rig: Rig, id: string, process: Process, remote: Address) {
    this.#rig = rig
    this.id = id
    this.#process = process
    this.remote = remote
    process.ends.add(this)
  }

  write(bytes: Uint8Array, note?: MessageNote): void {
    if (this.over) return
    this.#rig.sent.push({ at: this.#rig.now, from: this.#process.name, connection: this.id, bytes, note })
    this.#carry((to) => to.over || !to.#process.alive || to.handlers?.onData(bytes))
  }
  close(): void {
    this.end('closed')
  }
  abort(reason: string): void {
    this.#rig.aborted.push({ by: this.#process.name, connection: this.id, reason })
    this.end('reset')
  }

  end(cause: CloseCause): void {
    if (this.over) return
    this.#carry((to) => to.hear(cause))
    this.over = true
    this.#process.ends.delete(this)
  }
  opened(other: End): void {
    this.other = other
    this.open = true
    if (!this.over && this.#process.alive) this.handlers?.onOpen?.()
    for (const send of this.#early) send()
  }
  hear(cause: CloseCause): void {
    if (this.over) return
    this.over = true
    this.#process.ends.delete(this)
    if (this.#process.alive) this.handlers?.onClose(cause)
  }

  #carry(deliver: (to: End) => unknown): void {
    if (!this.open) {
      this.#early.push(() => this.#carry(deliver))
      return
    }
    const other = this.other as End
    const arrival = this.#rig.now + this.#rig.latency(this.#process.name, other.#process.name)
    this.#lastArrival = Math.max(this.#lastArrival, arrival)
    this.#rig.at(this.#lastArrival, () => deliver(other))
  }
}

const noDisk = new Proxy({} as Disk, {
  get: () => () => {
    throw new Error('this rig has no disk')
  },
})
