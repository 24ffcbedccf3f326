/** ACL lists by number: most znodes share a few lists. The numbers are local to a server, but they are written into
 *  its snapshots. Source: ReferenceCountedACLCache.java. */
import { type ACL, AclList, OPEN_ACL_UNSAFE } from '../wire/data.ts'
import type { Reader, Writer } from '../wire/jute.ts'

/** Stands for world:anyone with all permissions without being in the cache. */
export const OPEN_ACL_ID = -1

/** What an unknown number means: nobody may do anything (never: everybody may; ZOOKEEPER-4846). */
const NOBODY: readonly ACL[] = [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }]

interface Entry {
  readonly list: readonly ACL[]
  readonly key: string
  /** Number of znodes that use it. */
  uses: number
}

export class AclCache {
  readonly #entries = new Map<number, Entry>()
  readonly #ids = new Map<string, number>()
  #lastId = 0

  get size(): number {
    return this.#entries.size
  }

  /** The number of a list, counted as used once more. A txn's missing list is read as an empty one: open to all. */
  intern(list: readonly ACL[]): number {
    if (list.length === 0) return OPEN_ACL_ID
    const key = keyOf(list)
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = ++this.#lastId
      this.#put(id, list, key)
    }
    this.claim(id)
    return id
  }

  /** A node read from a snapshot mentions this number. One that is not there stays reserved: it must never come to
   *  mean another list. */
  claim(id: number): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) entry.uses++
    else if (id > this.#lastId) this.#lastId = id
  }

  release(id: number): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined && --entry.uses <= 0) this.#remove(id, entry)
  }

  list(id: number): readonly ACL[] {
    return id === OPEN_ACL_ID ? OPEN_ACL_UNSAFE : (this.#entries.get(id)?.list ?? NOBODY)
  }

  knows(id: number): boolean {
    return id === OPEN_ACL_ID || this.#entries.has(id)
  }

  serialize(out: Writer): void {
    out.int(this.#entries.size)
    this.#writeEntries(out)
  }

  /** With one list more, by which nobody may do anything; returns its number, which is greater than all others. */
  serializeWithNobody(out: Writer): number {
    out.int(this.#entries.size + 1)
    this.#writeEntries(out)
    out.long(BigInt(this.#lastId + 1))
    AclList.write(out, NOBODY)
    return this.#lastId + 1
  }

  #writeEntries(out: Writer): void {
    for (const [id, { list }] of this.#entries) {
      out.long(BigInt(id))
      AclList.write(out, list)
    }
  }

  deserialize(input: Reader): void {
    for (let count = input.int(); count > 0; count--) {
      const id = Number(input.long())
      const list = AclList.read(input)
      this.#put(id, list, keyOf(list))
      if (id > this.#lastId) this.#lastId = id
    }
  }

  /** Drops what no node has claimed after a snapshot was read. */
  purgeUnused(): void {
    for (const [id, entry] of this.#entries) if (entry.uses === 0) this.#remove(id, entry)
  }

  #put(id: number, list: readonly ACL[], key: string): void {
    this.#entries.set(id, { list, key, uses: 0 })
    this.#ids.set(key, id)
  }

  #remove(id: number, entry: Entry): void {
    this.#entries.delete(id)
    if (this.#ids.get(entry.key) === id) this.#ids.delete(entry.key)
  }
}

const keyOf = (list: readonly ACL[]): string => JSON.stringify(list.map(({ perms, id }) => [perms, id.scheme, id.id]))
