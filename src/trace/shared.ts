/** Collections that change in place and hand out copies which do not: the same copy until the next change. */

export class SharedMap<K, V> {
  readonly #live = new Map<K, V>()
  #copy: ReadonlyMap<K, V> | undefined

  get size(): number {
    return this.#live.size
  }
  get(key: K): V | undefined {
    return this.#live.get(key)
  }
  set(key: K, value: V): void {
    this.#live.set(key, value)
    this.#copy = undefined
  }
  delete(key: K): boolean {
    const had = this.#live.delete(key)
    if (had) this.#copy = undefined
    return had
  }
  clear(): void {
    if (this.#live.size > 0) this.#copy = undefined
    this.#live.clear()
  }
  entries(): IterableIterator<[K, V]> {
    return this.#live.entries()
  }
  values(): IterableIterator<V> {
    return this.#live.values()
  }
  get copy(): ReadonlyMap<K, V> {
    this.#copy ??= new Map(this.#live)
    return this.#copy
  }
}

export class SharedList<T> {
  #live: T[] = []
  #copy: readonly T[] | undefined

  get length(): number {
    return this.#live.length
  }
  at(index: number): T | undefined {
    return this.#live.at(index)
  }
  push(item: T): void {
    this.#live.push(item)
    this.#copy = undefined
  }
  set(index: number, item: T): void {
    this.#live[index] = item
    this.#copy = undefined
  }
  /** Drops the oldest until `count` are left; whether any was dropped. */
  keepNewest(count: number): boolean {
    if (this.#live.length <= count) return false
    this.#live.splice(0, this.#live.length - count)
    this.#copy = undefined
    return true
  }
  replace(items: readonly T[]): void {
    this.#live = [...items]
    this.#copy = undefined
  }
  /** Keeps what passes; costs nothing to views when all does. */
  filter(keep: (item: T) => boolean): void {
    const kept = this.#live.filter(keep)
    if (kept.length !== this.#live.length) this.#copy = undefined
    this.#live = kept
  }
  get copy(): readonly T[] {
    this.#copy ??= [...this.#live]
    return this.#copy
  }
}
