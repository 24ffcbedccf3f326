/** Seeded random numbers. One seed makes a tree of generators, each named by what it is for, so that a draw in one
 *  subsystem never shifts the draws of another: the same name under the same seed gives the same numbers. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { Random } from '../core/host.ts'

/** An inclusive range of whole numbers. */
export interface Span {
  readonly min: number
  readonly max: number
}

/** The generator called `name` of the run with this seed. */
export const generator = (seed: number, name: string): Random => {
  const state = xoroshiro128plusFromState(hash128(`${seed}/${name}`))
  // The first numbers of a xoroshiro started from similar states are similar: let it run in.
  for (let i = 0; i < 16; i++) state.next()
  return {
    float: () => uniformFloat64(state),
    int: (from, to) => uniformInt(state, from, to),
  }
}

/** A draw from a span; a span of one value takes no number from the generator. */
export const drawFrom = (random: Random, span: Span): number =>
  span.min === span.max ? span.min : random.int(span.min, span.max)

/** Four FNV-1a hashes with different offsets, mixed; never all zero, which xoroshiro could not leave. */
const hash128 = (text: string): number[] =>
  [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((offset, index) => {
    let hash = offset
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    hash ^= hash >>> 16
    hash = Math.imul(hash, 0x85ebca6b)
    hash ^= hash >>> 13
    return hash === 0 ? index + 1 : hash | 0
  })
