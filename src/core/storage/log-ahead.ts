/** What the log has and the tree has not: proposals that are not committed. And the log's newest zxids, for the trace. */
import { follows, type Zxid } from '../wire/ids.ts'

/** Of the log's newest zxids so many are told. */
const TAIL = 64
/** What is in the tree is let go of in one go. */
const PASSED_MAX = 1024

interface Taken {
  readonly zxid: Zxid
  readonly bytes: Uint8Array
}

export class LogAhead {
  /** Oldest first, from `#from` on; undefined before. */
  #taken: (Taken | undefined)[] = []
  #from = 0
  /** TAIL of them or more. */
  #tail: Zxid[] = []

  get tail(): readonly Zxid[] {
    return this.#tail.slice(-TAIL)
  }

  /** The log goes on where the tree is. */
  reset(tail: readonly Zxid[]): void {
    this.#taken = []
    this.#from = 0
    this.#tail = [...tail]
  }

  /** The log will have it. */
  take(zxid: Zxid, bytes: Uint8Array): void {
    this.#taken.push({ zxid, bytes })
    this.#tail.push(zxid)
    if (this.#tail.length >= 2 * TAIL) this.#tail = this.#tail.slice(-TAIL)
  }

  /** It is in the tree now. */
  pass(zxid: Zxid): void {
    if (this.#taken[this.#from]?.zxid !== zxid) return
    this.#taken[this.#from++] = undefined
    if (this.#from < PASSED_MAX && this.#from < this.#taken.length) return
    this.#taken = this.#taken.slice(this.#from)
    this.#from = 0
  }

  /** What leads from one to the other; undefined where it does not. */
  between(tree: Zxid, log: Zxid): readonly Taken[] | undefined {
    const taken = this.#taken.slice(this.#from) as Taken[]
    let last = tree
    for (const { zxid } of taken) {
      if (!follows(last, zxid)) return undefined
      last = zxid
    }
    return last === log ? taken : undefined
  }
}
