/** What the tree will look like once everything proposed is committed: later requests are validated against this, and
 *  the tree's digest after a txn is known before the txn is applied anywhere.
 *  Source: PrepRequestProcessor.java outstandingChanges, addChangeRecord, precalculateDigest. */
import { nodeDigest } from '../tree/digest.ts'
import type { ACL, StatPersisted } from '../wire/data.ts'
import type { SessionId, Zxid } from '../wire/ids.ts'

export interface NodeState {
  readonly stat: StatPersisted
  readonly data: Uint8Array | null
  readonly acl: readonly ACL[]
  readonly childCount: number
}

/** What is needed of the tree as it is applied. Paths are as in requests: the root is '/' or ''. */
export interface AppliedTree {
  state(path: string): NodeState | undefined
  readonly digest: bigint
}

interface ChangeRecord {
  readonly zxid: Zxid
  readonly path: string
  /** null: deleted. */
  readonly state: NodeState | null
  readonly nodeDigest: number
  /** Of the whole tree after this change. */
  readonly treeDigest: bigint
  /** What was outstanding for this path before: it comes back when this change is rolled back. Only the newest txn can
   *  be rolled back, so this is cut where it leads to an older one. */
  previous: ChangeRecord | undefined
}

export class OutstandingChanges {
  readonly #tree: AppliedTree
  /** In the order in which they were made, so also in zxid order; `#start` is the first that is not applied yet. */
  #records: ChangeRecord[] = []
  #start = 0
  /** The newest of each path. */
  readonly #byPath = new Map<string, ChangeRecord>()

  constructor(tree: AppliedTree) {
    this.#tree = tree
  }

  /** How many changes are not applied yet. */
  get size(): number {
    return this.#records.length - this.#start
  }

  /** undefined: no such node. */
  state(path: string): NodeState | undefined {
    const record = this.#byPath.get(keyOf(path))
    return record === undefined ? this.#tree.state(path) : (record.state ?? undefined)
  }

  /** Digest of the tree after all that is outstanding. */
  get treeDigest(): bigint {
    return this.#start === this.#records.length ? this.#tree.digest : (this.#records.at(-1) as ChangeRecord).treeDigest
  }

  /** The node is created or changed; `state` null: deleted. */
  change(zxid: Zxid, path: string, state: NodeState | null): void {
    const key = keyOf(path)
    const previous = this.#byPath.get(key)
    const before = previous?.nodeDigest ?? this.#digestOf(key, this.#tree.state(path) ?? null)
    const after = this.#digestOf(key, state)
    const treeDigest = BigInt.asIntN(64, this.treeDigest + BigInt(after - before))
    if (previous !== undefined && previous.zxid !== zxid) previous.previous = undefined
    const record: ChangeRecord = { zxid, path: key, state, nodeDigest: after, treeDigest, previous }
    this.#records.push(record)
    this.#byPath.set(key, record)
  }

  /** Takes back the newest changes, all of one zxid: a multi has failed. */
  rollback(zxid: Zxid): void {
    for (
      let last = this.#records.at(-1);
      last?.zxid === zxid && this.#records.length > this.#start;
      last = this.#records.at(-1)
    ) {
      this.#records.pop()
      if (last.previous === undefined) this.#byPath.delete(last.path)
      else this.#byPath.set(last.path, last.previous)
    }
  }

  /** Everything up to `zxid` is in the tree now. */
  applied(zxid: Zxid): void {
    for (let first = this.#records[this.#start]; first !== undefined && first.zxid <= zxid; ) {
      if (this.#byPath.get(first.path) === first) this.#byPath.delete(first.path)
      first = this.#records[++this.#start]
    }
    // Many small shifts are avoided; what is applied is let go of in one go.
    if (this.#start === this.#records.length || this.#start > 1024) {
      this.#records = this.#records.slice(this.#start)
      this.#start = 0
    }
  }

  /** The session's ephemerals, once all is applied. `applied`: those in the tree now, in the tree's order. */
  ephemerals(session: SessionId, applied: Iterable<string>): string[] {
    const paths = new Set(applied)
    for (const { path, state } of this.#records.slice(this.#start)) {
      if (state === null) paths.delete(path)
      else if (state.stat.ephemeralOwner === session) paths.add(path)
    }
    return [...paths]
  }

  #digestOf(path: string, state: NodeState | null): number {
    return state === null ? 0 : nodeDigest(path, state.data, state.stat)
  }
}

/** One name for the root, which requests may call by two. */
const keyOf = (path: string): string => (path === '' ? '/' : path)
