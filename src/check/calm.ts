/** Whether anything is wrong with the world, and since when not: what must happen in time must do so only while nobody breaks
 *  anything. A host's faults are told by the `action` events that let them in. */
import type { TraceEvent } from '../core/trace.ts'

/** As hosts tell it; only what counts here. */
interface FaultSeen {
  readonly kind: string
  readonly station?: number
  readonly from?: readonly number[]
  readonly to?: readonly number[]
  readonly ports?: readonly string[]
  readonly state?: object
  readonly clock?: object | string
  readonly disk?: object
  readonly stepUs?: number
}

/** What people do without breaking anything. */
const harmless = /^(type|complete|client|workload|load|sh|shell) /
const PORTS = ['client', 'quorum', 'election']

export class Calm {
  /** Nothing has been done to the ensemble since then. */
  sinceUs = 0
  readonly #links = new Set<string>()
  /** By station and what is wrong with it. */
  readonly #stations = new Set<string>()
  /** Stations whose time or disk was ever tampered with. */
  readonly tampered = new Set<number>()

  /** Nothing is wrong now. */
  get isWhole(): boolean {
    return this.#links.size === 0 && this.#stations.size === 0
  }

  /** Everything is as it should be, and has been for so long. */
  lasts(nowUs: number, us: number): boolean {
    return this.isWhole && nowUs - this.sinceUs >= us
  }

  onEvent(event: TraceEvent): void {
    switch (event.kind) {
      case 'action':
        if (event.fault !== undefined) this.#fault(event.fault)
        else if (harmless.test(event.command)) return
        break
      case 'paused':
        this.#stations.add(`${event.station} paused`)
        break
      case 'resumed':
        this.#stations.delete(`${event.station} paused`)
        break
      case 'started':
      case 'killed':
        this.#stations.delete(`${event.station} paused`)
        break
      case 'crashed':
      case 'halted':
      case 'configProposed':
      case 'configActivated':
      case 'diskDamaged':
      case 'diskFailed':
        break
      default:
        return
    }
    this.sinceUs = event.at
  }

  #fault(fault: FaultSeen): void {
    const { station } = fault
    const set = (what: string, is: boolean): void => {
      if (station === undefined) return
      if (is) {
        this.#stations.add(`${station} ${what}`)
        this.tampered.add(station)
      } else this.#stations.delete(`${station} ${what}`)
    }
    switch (fault.kind) {
      case 'heal':
        return this.#links.clear()
      case 'link': {
        const whole = fault.state === undefined || Object.keys(fault.state).length === 0
        for (const from of fault.from ?? [])
          for (const to of fault.to ?? [])
            for (const port of fault.ports ?? PORTS) {
              const link = `${from}>${to}/${port}`
              if (whole) this.#links.delete(link)
              else this.#links.add(link)
            }
        return
      }
      case 'slow':
        return set('slow', (fault.stepUs ?? 0) > 0)
      case 'clock':
        return set('clock', typeof fault.clock === 'object' && Object.keys(fault.clock).length > 0)
      case 'disk':
        return set('disk', fault.disk !== undefined && Object.keys(fault.disk).length > 0)
      case 'crashAt':
        if (station !== undefined) this.#stations.add(`${station} armed`)
    }
  }

  /** An armed crash ends with the life it was meant for. */
  disarm(station: number): void {
    this.#stations.delete(`${station} armed`)
  }
}
