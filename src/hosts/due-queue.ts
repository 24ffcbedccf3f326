/** What a station has to do and when: a binary heap in the fixed order of a run. Ties are never left to arrival: time, then
 *  the station it comes from, then that station's sequence. A pair of stations and lives never uses a sequence twice. */
export interface Due {
  /** Virtual µs. */
  dueUs: number
  /** Station that caused it: 0 for the conductor, the own number for timers and the disk, else a frame's sender. */
  from: number
  order: number
  /** Taken or cancelled. */
  gone?: boolean
}

export class DueQueue<T extends Due> {
  readonly #heap: T[] = []
  #cancelled = 0

  push(item: T): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as T
      if (!before(item, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = item
  }

  /** The first item, not yet taken. */
  peek(): T | undefined {
    while (this.#heap[0]?.gone) {
      this.#cancelled--
      this.#take()
    }
    return this.#heap[0]
  }

  /** Takes the first item if it is due before `limitUs`. */
  popBefore(limitUs: number): T | undefined {
    const first = this.peek()
    if (first === undefined || first.dueUs >= limitUs) return undefined
    this.#take()
    first.gone = true
    return first
  }

  /** The item stays in the heap until it comes up, or until cancelled ones outnumber the live. */
  cancel(item: T): void {
    if (item.gone) return
    item.gone = true
    if (++this.#cancelled < 64 || this.#cancelled * 2 < this.#heap.length) return
    const live = this.#heap.filter((each) => !each.gone)
    this.#heap.length = 0
    this.#cancelled = 0
    for (const each of live) this.push(each)
  }

  /** Lets `change` give the waiting items, which it gets in order, other times and orders. */
  reorder(change: (items: readonly T[]) => void): void {
    const live = this.#heap.filter((each) => !each.gone).sort((a, b) => (before(a, b) ? -1 : 1))
    this.#heap.length = 0
    this.#cancelled = 0
    change(live)
    for (const each of live) this.push(each)
  }

  /** All waiting items, in no order. */
  *items(): Iterable<T> {
    for (const item of this.#heap) if (!item.gone) yield item
  }

  #take(): void {
    const heap = this.#heap
    const last = heap.pop() as T
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as T, heap[child] as T)) child++
      if (!before(heap[child] as T, last)) break
      heap[at] = heap[child] as T
      at = child
    }
    heap[at] = last
  }
}

const before = (a: Due, b: Due): boolean =>
  a.dueUs !== b.dueUs ? a.dueUs < b.dueUs : a.from !== b.from ? a.from < b.from : a.order < b.order
