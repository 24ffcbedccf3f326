/** A tiny world with a virtual clock and a network in memory, to hold a client against scripted servers byte by byte. */
import type {
  Address,
  CloseCause,
  Connection,
  ConnectionHandlers,
  Disk,
  Host,
  MessageNote,
  TimerNote,
} from '../../../src/core/host.ts'
import type { CoreEvent } from '../../../src/core/trace.ts'
import { StreamBuffer } from '../../../src/core/wire/quorum.ts'
import { toUtf8 } from '../../../src/core/wire/utf8.ts'

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

export interface Timed {
  readonly note: TimerNote
  readonly setAtMs: number
  readonly delayMs: number
}

export class World {
  /** Virtual ms. */
  nowMs = 0
  /** One way, ms. */
  latencyMs = 1
  readonly #due: Due[] = []
  #order = 0
  readonly #listeners = new Map<string, (connection: Connection) => ConnectionHandlers>()
  /** Hosts that swallow everything. */
  readonly silent = new Set<string>()
  readonly events: CoreEvent[] = []
  readonly notes: MessageNote[] = []
  readonly timers: Timed[] = []
  /** Every attempt to connect: host and virtual ms. */
  readonly attempts: { readonly host: string; readonly atMs: number }[] = []
  readonly aborts: string[] = []
  /** Numbers that the client's random port gives, in turn. */
  random: number[] = [0]
  #draws = 0

  after(delayMs: number, run: () => void): Due {
    const due = { at: this.nowMs + delayMs, order: this.#order++, run, cancelled: false }
    this.#due.push(due)
    return due
  }

  /** Lets so much virtual time pass. */
  run(forMs: number): void {
    const end = this.nowMs + forMs
    for (;;) {
      const next = this.#due
        .filter((due) => !due.cancelled && due.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (next === undefined) break
      this.#due.splice(this.#due.indexOf(next), 1)
      this.nowMs = next.at
      next.run()
    }
    this.nowMs = end
  }

  listen(host: string, port: number, onConnection: (connection: Connection) => ConnectionHandlers): void {
    this.#listeners.set(`${host}:${port}`, onConnection)
  }
  unlisten(host: string, port: number): void {
    this.#listeners.delete(`${host}:${port}`)
  }

  host(name: string): Host {
    return {
      clock: {
        now: () => this.nowMs,
        wallTime: () => Math.floor(this.nowMs),
        after: (delayMs, run, note) => {
          if (note !== undefined) this.timers.push({ note, setAtMs: this.nowMs, delayMs })
          const due = this.after(delayMs, run)
          return {
            cancel: () => {
              due.cancelled = true
            },
          }
        },
      },
      network: {
        listen: () => {
          throw new Error('only clients here')
        },
        connect: (to, handlers) => this.#connect(name, to, handlers),
      },
      disk: undefined as unknown as Disk,
      random: {
        float: () => 0.5,
        int: (from, to) => from + ((this.random[this.#draws++ % this.random.length] as number) % (to - from + 1)),
      },
      trace: { emit: (event) => this.events.push(event) },
    }
  }

  #connect(from: string, to: Address, handlers: ConnectionHandlers): Connection {
    this.attempts.push({ host: to.host, atMs: this.nowMs })
    const id = `${from}#${this.attempts.length}`
    const near = new End(this, id, to, handlers)
    const onConnection = this.#listeners.get(`${to.host}:${to.port}`)
    if (this.silent.has(to.host)) return near
    if (onConnection === undefined) {
      this.after(this.latencyMs, () => near.hear('refused'))
      return near
    }
    const far = new End(this, id, { host: from, port: 0 }, undefined)
    near.peer = far
    far.peer = near
    this.after(this.latencyMs, () => {
      if (near.gone) return
      far.handlers = onConnection(far)
      this.after(this.latencyMs, () => {
        if (!near.gone) near.handlers?.onOpen?.()
      })
    })
    return near
  }
}

class End implements Connection {
  readonly #world: World
  readonly id: string
  readonly remote: Address
  handlers: ConnectionHandlers | undefined
  peer: End | undefined
  /** Closed by this side, or told that it is closed. */
  gone = false

  constructor(world: World, id: string, remote: Address, handlers: ConnectionHandlers | undefined) {
    this.#world = world
    this.id = id
    this.remote = remote
    this.handlers = handlers
  }

  write(bytes: Uint8Array, note?: MessageNote): void {
    if (this.gone) return
    if (note !== undefined) this.#world.notes.push(note)
    const peer = this.peer
    this.#world.after(this.#world.latencyMs, () => {
      if (peer !== undefined && !peer.gone && !this.#world.silent.has(this.remote.host)) peer.handlers?.onData(bytes)
    })
  }
  close(): void {
    this.#leave('closed')
  }
  abort(reason: string): void {
    this.#world.aborts.push(reason)
    this.#leave('reset')
  }
  hear(cause: CloseCause): void {
    if (this.gone) return
    this.gone = true
    this.handlers?.onClose(cause)
  }

  #leave(cause: CloseCause): void {
    if (this.gone) return
    this.gone = true
    const peer = this.peer
    this.#world.after(this.#world.latencyMs, () => peer?.hear(cause))
  }
}

/** The four-letter word, in hex. */
const ISRO = '6973726f'

/** A server that follows a script: what it received as frames in hex, and what to answer with. */
export class FakeServer {
  readonly received: string[] = []
  readonly connections: Connection[] = []
  /** How each connection ended, as this server heard it. */
  readonly closes: CloseCause[] = []
  /** Called with each frame (without its length); answers with frames (without their length) to send. */
  answer: (frame: Uint8Array, nth: number) => readonly Uint8Array[] = () => []
  /** Called when it is asked `isro`; answers with a word, or not at all. */
  isro: () => string | undefined = () => undefined

  constructor(world: World, host: string, port = 2181) {
    world.listen(host, port, (connection) => {
      this.connections.push(connection)
      const input = new StreamBuffer()
      let nth = 0
      return {
        onData: (bytes) => {
          if (nth === 0 && hex(bytes) === ISRO) {
            const word = this.isro()
            if (word === undefined) return
            connection.write(toUtf8(word))
            connection.close()
            return
          }
          input.push(bytes)
          for (;;) {
            const frame = input.takeFrame(0, 1 << 21)
            if (frame === undefined) break
            this.received.push(hex(framed(frame)))
            for (const reply of this.answer(frame, nth++)) connection.write(framed(reply))
          }
        },
        onClose: (cause) => {
          this.closes.push(cause)
        },
      }
    })
  }

  get connection(): Connection {
    return this.connections.at(-1)!
  }
  send(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.connection.write(framed(frame))
  }
}

export function framed(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + frame.length)
  new DataView(bytes.buffer).setInt32(0, frame.length)
  bytes.set(frame, 4)
  return bytes
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
