/** R: the host's own promises, as far as a run shows them: connections are like TCP, and windows are kept. */
import { type EventOf, type Handlers, type World, who } from './world.ts'

interface Sent {
  readonly sizeBytes: number
  /** When it arrives; -1 while a link holds it back. */
  readonly arrivesAt: number
  readonly at: number
}

interface Direction {
  /** On their way, oldest first. */
  frames: Map<number, Sent>
  next: number
  came: number
  lastArrival: number
  isOver: boolean
}

export class RunChecks {
  readonly #world: World
  readonly #directions = new Map<string, Direction>()
  #last: { readonly at: number; readonly station: number; readonly seq: number } | undefined

  constructor(world: World) {
    this.#world = world
  }

  readonly handlers: Handlers = {
    frameSent: (event) => this.#sent(event),
    frameCame: (event) => this.#came(event),
    disconnected: (event) => {
      // Nothing comes to an end that has ended; what it sent before may still arrive.
      const opener = Number.parseInt(event.connection, 10) === event.station
      const direction = this.#directions.get(`${event.connection}${opener ? '<' : '>'}`)
      if (direction !== undefined) direction.isOver = true
    },
  }

  /** The order of a run. */
  ordered(event: { readonly at: number; readonly station: number; readonly seq: number }): boolean {
    const last = this.#last
    this.#last = event
    if (last === undefined || event.at > last.at) return true
    if (event.at < last.at || event.station < last.station) return false
    return event.station > last.station || event.seq > last.seq
  }

  #of(connection: string, toOpener: boolean): Direction {
    const key = `${connection}${toOpener ? '<' : '>'}`
    let direction = this.#directions.get(key)
    if (direction === undefined) {
      direction = { frames: new Map(), next: 0, came: 0, lastArrival: 0, isOver: false }
      this.#directions.set(key, direction)
      if (this.#directions.size > MANY) this.#sweep()
    }
    return direction
  }

  #sent(event: EventOf<'frameSent'>): void {
    const direction = this.#of(event.connection, event.toOpener)
    const { judges } = this.#world
    const { frame, sizeBytes, time, at, station } = event
    if (!judges['R-3'].holds(frame === direction.next))
      judges['R-3'].report(
        event,
        `frame ${frame} of connection ${event.connection} leaves ${who(station)} after frame ${direction.next - 1}`,
      )
    direction.next = frame + 1
    if (!judges['R-2'].holds(time < 0 || time > at))
      judges['R-2'].report(event, `a frame of connection ${event.connection} arrives at ${time}, and left at ${at}`)
    direction.frames.set(frame, { sizeBytes, arrivesAt: time, at })
  }

  #came(event: EventOf<'frameCame'>): void {
    const direction = this.#of(event.connection, event.toOpener)
    const { judges } = this.#world
    const { frame, sizeBytes, at, station, time } = event
    const sent = direction.frames.get(frame)
    const good =
      sent !== undefined &&
      frame === direction.came &&
      sent.sizeBytes === sizeBytes &&
      sent.at === time &&
      !direction.isOver
    if (!judges['R-3'].holds(good))
      judges['R-3'].report(
        event,
        `frame ${frame} of connection ${event.connection} comes to ${who(station)} ${sent === undefined ? 'and was not sent' : direction.isOver ? 'after its end' : 'out of turn'}`,
      )
    if (sent !== undefined && sent.arrivesAt > at)
      judges['R-2'].report(
        event,
        `frame ${frame} of connection ${event.connection} comes at ${at}, before its time, ${sent.arrivesAt}`,
      )
    direction.came = frame + 1
    direction.frames.delete(frame)
  }

  #sweep(): void {
    for (const [key, direction] of this.#directions) if (direction.isOver) this.#directions.delete(key)
  }
}

const MANY = 4096
