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
  const lost = operations.filter(({ to }) => to === Number.POSITIVE_INFINITY).filter(({ isRead }) => !isRead)
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
    for (const next of nextOf(position, lanes, lost)) {
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
  const next: Position[] = []
  for (const [n, operation] of floating.entries()) {
    if (lost.has(n) || !isFree(operation, -1)) continue
    const after = operation.step(state)
    if (after !== 'impossible' && after !== state) next.push({ at, lost: new Set([...lost, n]), state: after })
  }
  const candidates = heads
    .map((operation, n) => ({ operation, n }))
    .filter((each): each is { operation: Operation; n: number } => each.operation !== undefined)
    .sort((a, b) => b.operation.to - a.operation.to)
  for (const { operation, n } of candidates) {
    if (!operation.isRead && !isFree(operation, n)) continue
    const after = operation.step(state)
    if (after === 'impossible') continue
    next.push({ at: at.map((count, lane) => (lane === n ? count + 1 : count)), lost, state: after })
  }
  return next
}

const keyOf = ({ at, lost, state }: Position): string =>
  `${at.join(',')}|${[...lost].sort((a, b) => a - b).join(',')}|${state === undefined ? '-' : `${state.version}:${state.data}`}`
