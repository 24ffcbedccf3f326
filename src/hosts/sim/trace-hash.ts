/** A running hash over all events of a run: two runs with the same one are the same, event for event, as far as times, places,
 *  kinds, zxids and digests go. */
import type { TraceEvent } from '../../core/trace.ts'

export class TraceHash {
  #a = 0x811c9dc5
  #b = 0x9e3779b9
  readonly #kinds = new Map<string, number>()

  onEvents(events: readonly TraceEvent[]): void {
    for (const event of events) {
      // Not told at every level.
      if (event.kind === 'message' || event.kind === 'timerSet' || event.kind === 'timerEnded') continue
      this.#add(event.at)
      this.#add(event.station * 0x1000003 + event.seq)
      this.#add(this.#kind(event.kind))
      switch (event.kind) {
        case 'applied':
          this.#wide(event.digest)
          this.#wide(event.zxid)
          break
        case 'durable':
        case 'proposed':
        case 'committed':
          this.#wide(event.zxid)
          break
        case 'diskChanged':
          this.#add(event.change * 0x10001 + event.sizeBytes)
          break
      }
    }
  }

  toString(): string {
    return hex(this.#a) + hex(this.#b)
  }

  #add(value: number): void {
    const low = value | 0
    const high = (value / 4_294_967_296) | 0
    this.#a = Math.imul(this.#a ^ low ^ Math.imul(high, 0x27d4eb2f), 0x01000193)
    this.#b = (Math.imul(this.#b, 31) + (low ^ (this.#a >>> 15))) | 0
  }

  #wide(value: bigint): void {
    this.#add(Number(BigInt.asUintN(32, value)))
    this.#add(Number(BigInt.asUintN(32, value >> 32n)))
  }

  #kind(kind: string): number {
    let number = this.#kinds.get(kind)
    if (number === undefined) {
      number = 0
      for (let i = 0; i < kind.length; i++) number = Math.imul(number ^ kind.charCodeAt(i), 0x01000193)
      this.#kinds.set(kind, number)
    }
    return number
  }
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
