/** Commands on whole subtrees. Source: ZKUtil.java. The walks are many requests: what others change meanwhile shows. */
import type { Reply } from '../client/reply.ts'
import type { ClientSession } from '../client/session.ts'
import { ErrorCode } from '../wire/codes.ts'
import { KeeperError } from './errors.ts'
import { byCodeUnits } from './java.ts'
import { ask, call, type Steps } from './steps.ts'

/** deleteall keeps no more than this many multis under way. */
const MAX_MULTIS = 10

const below = (path: string, child: string): string => (path === '/' ? `/${child}` : `${path}/${child}`)

/** undefined when there is nothing to wait for. */
type Visit = (path: string) => Steps<void> | undefined

/** Visits a node, then all its children sorted, then what is below each of them: siblings come before grandchildren. */
export function* visitSubtree(zk: ClientSession, path: string, watch: boolean, visit: Visit): Steps<void> {
  yield* call((done) => zk.getData(path, watch, done))
  yield* visit(path) ?? []
  yield* visitBelow(zk, path, watch, visit)
}

function* visitBelow(zk: ClientSession, path: string, watch: boolean, visit: Visit): Steps<void> {
  try {
    const { children } = yield* call<{ readonly children: readonly string[] }>((done) =>
      zk.getChildren2(path, watch, done),
    )
    const paths = [...children].sort(byCodeUnits).map((child) => below(path, child))
    for (const child of paths) yield* visit(child) ?? []
    for (const child of paths) yield* visitBelow(zk, child, watch, visit)
  } catch (error) {
    // It was listed, and is gone already.
    if (!(error instanceof KeeperError && error.err === ErrorCode.NoNode)) throw error
  }
}

/** Deletes a node and all below it, the deepest first, in multis of `batchSize`; false when one of them failed. */
export function* deleteSubtree(zk: ClientSession, root: string, batchSize: number): Steps<boolean> {
  const tree = [root]
  for (let at = 0; at < tree.length; at++) {
    const path = tree[at] as string
    const children = yield* call<readonly string[]>((done) => zk.getChildren(path, false, done))
    for (const child of children) tree.push(below(path, child))
  }

  let success = true
  let underWay = 0
  let wake: (() => void) | undefined
  const answered = (reply: Reply<unknown>) => {
    underWay--
    if (!reply.ok) success = false
    wake?.()
  }
  /** Until fewer than `count` are under way. */
  function* fewerThan(count: number): Steps<void> {
    while (underWay >= count)
      yield* ask<undefined>((done) => {
        wake = () => done(undefined)
      })
    wake = undefined
  }
  let batch: string[] = []
  for (let at = tree.length - 1; at >= 0; at--) {
    batch.push(tree[at] as string)
    if (batch.length !== batchSize && at !== 0) continue
    if (!success) break
    yield* fewerThan(MAX_MULTIS)
    const ops = batch.map((path) => ({ kind: 'delete', path, version: -1 }) as const)
    batch = []
    underWay++
    zk.multi(ops, answered)
  }
  yield* fewerThan(1)
  return success
}
