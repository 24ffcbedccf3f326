/** Where the bars of a history stand: arithmetic alone. */
import { scaleBand, scaleLinear } from 'd3'
import type { TraceEvent } from '../../core/trace.ts'
import type { OperationBar, PathHistory } from './judgement.ts'

export const WIDTH = 420
export const LEFT = 30
export const TOP = 16
export const LANE = 16
export const HEIGHT = 10
const LEAST = 3
/** The newest ones are drawn. */
const MOST = 200

export interface Bar {
  readonly operation: OperationBar
  readonly x: number
  readonly width: number
  readonly y: number
  readonly stuck: boolean
}

export interface HistoryLayout {
  /** A client each. */
  readonly lanes: readonly string[]
  readonly bars: readonly Bar[]
  readonly faults: readonly { readonly x: number; readonly event: TraceEvent }[]
  readonly height: number
}

export function barsOf({ operations, stuck }: PathHistory, faults: readonly TraceEvent[]): HistoryLayout {
  const first = Math.max(0, operations.length - MOST)
  const shown = operations.slice(first)
  const from = Math.min(...shown.map((operation) => operation.from))
  const ends = shown.map((operation) => operation.to ?? operation.from)
  const to = Math.max(from + 1, ...ends)
  const xOf = scaleLinear([from, to], [LEFT, WIDTH - LEAST])
  const lanes = [...new Set(shown.map(({ client }) => client))].sort()
  const yOf = scaleBand(lanes, [TOP, TOP + lanes.length * LANE])
  const bars = shown.map((operation, index) => {
    const x = xOf(operation.from)
    const end = operation.to === undefined ? WIDTH : xOf(operation.to)
    return {
      operation,
      x,
      width: Math.max(LEAST, end - x),
      y: yOf(operation.client) ?? TOP,
      stuck: stuck.includes(first + index),
    }
  })
  return {
    lanes,
    bars,
    faults: faults.filter(({ at }) => at >= from && at <= to).map((event) => ({ x: xOf(event.at), event })),
    height: TOP + lanes.length * LANE,
  }
}
