/** The Speed slider: logarithmic, with a notch at real time. Positions are 0 … 1000. */
import { FASTEST, SLOWEST } from '../store/state.ts'

export const POSITIONS = 1000
const DECADES = Math.log10(FASTEST / SLOWEST)
/** Positions this near to real time mean real time. */
const NOTCH = 15

export const positionOf = (rate: number): number =>
  Math.round((POSITIONS * Math.log10(Math.min(FASTEST, Math.max(SLOWEST, rate)) / SLOWEST)) / DECADES)

export function rateAt(position: number): number {
  if (Math.abs(position - positionOf(1)) <= NOTCH) return 1
  const rate = SLOWEST * 10 ** ((position / POSITIONS) * DECADES)
  return Number(Math.min(FASTEST, Math.max(SLOWEST, rate)).toPrecision(2))
}

export type PaceWords =
  | { readonly kind: 'realTime' | 'max' | 'paused' }
  | { readonly kind: 'slower' | 'faster'; readonly times: string }

/** "12× slower than real time"; two significant digits, no more. */
export function paceWords(pace: number | 'max' | 'paused'): PaceWords {
  if (pace === 'max' || pace === 'paused') return { kind: pace }
  if (pace > 0.95 && pace < 1.05) return { kind: 'realTime' }
  const times = pace < 1 ? 1 / pace : pace
  const text = times < 9.95 ? String(Number(times.toFixed(1))) : String(Number(times.toPrecision(2)))
  return { kind: pace < 1 ? 'slower' : 'faster', times: text }
}

/** One way between two machines of one data centre, µs: what people run ZooKeeper on. */
export const USUAL_LATENCY_US = 250

export function stretchOf(latencyUs: { readonly min: number; readonly max: number }): number {
  return Number(((latencyUs.min + latencyUs.max) / 2 / USUAL_LATENCY_US).toPrecision(2))
}
