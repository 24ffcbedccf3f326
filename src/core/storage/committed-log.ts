/** The newest committed txns, kept in memory so that learners can be brought up to date by DIFF.
 *  Source: ZKDatabase.java committedLog (zab.md section 7). It has no holes: every txn that the tree processes goes
 *  through here, whichever phase it comes from (ZOOKEEPER-4925). An empty window is an empty window, not a zxid of 0. */
import type { Zxid } from '../wire/ids.ts'

export interface CommittedTxn {
  readonly zxid: Zxid
  /** Header, txn, digest as in the log. */
  readonly bytes: Uint8Array
}

export class CommittedLog {
  readonly #limit: number
  /** Ascending; up to twice the limit, of which the newest `#limit` count. */
  #txns: CommittedTxn[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return Math.min(this.#txns.length, this.#limit)
  }
  /** undefined: empty. */
  get min(): Zxid | undefined {
    return this.#txns[this.#txns.length - this.length]?.zxid
  }
  get max(): Zxid | undefined {
    return this.#txns.at(-1)?.zxid
  }

  /** Oldest first; a copy. */
  entries(): readonly CommittedTxn[] {
    return this.#txns.slice(this.#txns.length - this.length)
  }

  /** The newest txn at or before `zxid` that is in the window. */
  floor(zxid: Zxid): CommittedTxn | undefined {
    const found = this.#txns.findLastIndex((txn) => txn.zxid <= zxid)
    return found < this.#txns.length - this.length ? undefined : this.#txns[found]
  }

  add(zxid: Zxid, bytes: Uint8Array): void {
    this.#txns.push({ zxid, bytes })
    if (this.#txns.length >= 2 * this.#limit) this.#txns = this.#txns.slice(-this.#limit)
  }

  /** As long as a txn's bytes are a view into a whole log file, they keep all of it in memory. */
  detach(): void {
    this.#txns = this.#txns.slice(-this.#limit).map(({ zxid, bytes }) => ({ zxid, bytes: bytes.slice() }))
  }
}
