/** Looks for one order of a znode's operations that explains every answer that clients got, without looking at any zxid: a second
 *  opinion. Source of the search: Wing and Gong 1993, Lowe 2017; histories are taken apart by path, as each znode is a register
 *  of its own.
 *
 *  What ZooKeeper promises: writes are linearizable; a client's own operations happen in its order; a read may be old, but
 *  never older than what this client has seen. So a write stands behind everything that was answered before it began, a
 *  read only behind its own client's operations. What was lost may have happened, at any later time, or not. */

/** What a znode is: undefined where it does not exist. */
export interface Register {
  readonly data: string
  readonly version: number
}
type State = Register | undefined

export interface Operation {
  /** Whose order it is part of. */
  readonly client: string
  readonly from: number
  /** When it was answered; Infinity for what was lost. */
  readonly to: number
  readonly isRead: boolean
  /** What it makes of a state, if it could be answered like this there; 'impossible' if not. */
  readonly step: (state: State) => State | 'impossible'
  /** Of what was lost: operations of the same effect do the same to any state. */
  readonly effect?: string | undefined
  /** For people. */
  readonly text: string
}

export type Verdict =
  | { readonly is: 'linearizable' }
  /** `stuck`: the operations that cannot be explained together, of the order that goes furthest. */
  | { readonly is: 'broken'; readonly stuck: readonly Operation[] }
  /** The search was given up. */
  | { readonly is: 'unknown' }

/** One client's operations that were answered, in its order, and how many of them have happened. */
interface Lane {
  readonly operations: readonly Operation[]
}

interface Position {
  readonly at: readonly number[]
  /** Lost operations that have happened. */
  readonly lost: ReadonlySet<number>
  readonly state: State
}

/** @param limit so many positions are looked at
 *  @param initial what the znode may have been at the beginning; any of them */
export function linearize(
  operations: readonly Operation[],
  limit = 200_000,
  initial: readonly State[] = [undefined],
): Verdict {
  const lanes = lanesOf(operations)
  const lost = operations
    .filter(({ to, isRead }) => to === Number.POSITIVE_INFINITY && !isRead)
    .sort((a, b) => a.from - b.from)
  const seen = new Set<string>()
  const open: Position[] = initial.map((state) => ({ at: lanes.map(() => 0), lost: new Set<number>(), state }))
  let best: Position | undefined
  let bestCount = -1
  for (let looked = 0; open.length > 0; looked++) {
    if (looked >= limit) return { is: 'unknown' }
    const position = open.pop() as Position
    const left = lanes.filter((lane, n) => (position.at[n] as number) < lane.operations.length)
    if (left.length === 0) return { is: 'linearizable' }
    const count = position.at.reduce((sum, n) => sum + n, 0)
    if (count > bestCount) {
      bestCount = count
      best = position
    }
    const options = nextOf(position, lanes, lost)
    // Where there is no choice, nobody comes by another way that matters.
    if (options.length === 1) open.push(options[0] as Position)
    else
      for (const next of options) {
        const key = keyOf(next)
        if (seen.has(key)) continue
        seen.add(key)
        open.push(next)
      }
  }
  const stuck = lanes.flatMap((lane, n) => lane.operations.slice(best?.at[n] ?? 0, (best?.at[n] ?? 0) + 1))
  return { is: 'broken', stuck }
}

function lanesOf(operations: readonly Operation[]): Lane[] {
  const byClient = new Map<string, Operation[]>()
  for (const operation of operations) {
    if (operation.to === Number.POSITIVE_INFINITY) continue
    const lane = byClient.get(operation.client)
    if (lane === undefined) byClient.set(operation.client, [operation])
    else lane.push(operation)
  }
  return [...byClient.values()].map((lane) => ({ operations: lane.sort((a, b) => a.from - b.from || a.to - b.to) }))
}

/** What may happen next. The likeliest comes last, as it is taken first. */
function nextOf({ at, lost, state }: Position, lanes: readonly Lane[], floating: readonly Operation[]): Position[] {
  const heads = lanes.map((lane, n) => lane.operations[at[n] as number])
  /** Everything else that was answered before then has happened. */
  const isFree = (operation: Operation, own: number): boolean =>
    heads.every((head, n) => n === own || head === undefined || head.to >= operation.from)
  const passed = (own: number): number[] => at.map((count, lane) => (lane === own ? count + 1 : count))
  const next: Position[] = []
  for (const [n, operation] of heads.entries()) {
    if (operation === undefined || !(operation.isRead || isFree(operation, n))) continue
    const after = operation.step(state)
    if (after === 'impossible') continue
    const position = { at: passed(n), lost, state: after }
    // What can happen now and changes nothing never stands in anything's way: it does not have to be tried later, too.
    if (after === state) return [position]
    next.push(position)
  }
  // In the order of their answers, the first one last.
  const answered = (position: Position): number => heads[position.at.findIndex((n, lane) => n !== at[lane])]?.to ?? 0
  next.sort((a, b) => answered(b) - answered(a))
  const lostNext: Position[] = []
  const tried = new Set<string>()
  for (const [n, operation] of floating.entries()) {
    if (lost.has(n) || !isFree(operation, -1)) continue
    // Of several that do the same, the oldest: the others can take its place later.
    if (operation.effect !== undefined) {
      if (tried.has(operation.effect)) continue
      tried.add(operation.effect)
    }
    const after = operation.step(state)
    if (after !== 'impossible' && after !== state) lostNext.push({ at, lost: new Set([...lost, n]), state: after })
  }
  return [...lostNext, ...next]
}

const keyOf = ({ at, lost, state }: Position): string =>
  `${at.join(',')}|${[...lost].sort((a, b) => a - b).join(',')}|${state === undefined ? '-' : `${state.version}:${state.data}`}`
