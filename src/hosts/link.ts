/** How long a frame takes from one station to another. One generator for each directed pair of stations (and life of the
 *  sender), so that what happens on one link never changes the times of another. */
import type { Random } from '../core/host.ts'
import { drawFrom, generator, type Span } from './prng.ts'

export class Link {
  readonly #latencyUs: Span
  readonly #random: Random

  constructor(seed: number, latencyUs: Span, from: number, incarnation: number, to: number) {
    this.#latencyUs = latencyUs
    this.#random = generator(seed, `link/${from}.${incarnation}>${to}`)
  }

  /** When a frame sent now arrives. `previousUs`: arrival of the frame before it on the same connection, which it may not overtake. */
  arrival(nowUs: number, previousUs: number): number {
    return Math.max(previousUs, nowUs + drawFrom(this.#random, this.#latencyUs))
  }
}
