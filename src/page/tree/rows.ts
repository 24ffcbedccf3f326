/** The rows of the tree that are open, in reading order, ready for 100,000 of them: arrays of what a row needs, and only what
 *  changed is listed anew. */
import type { DataTree } from '../../core/tree/data-tree.ts'

/** A directory that has more children than this is closed until someone opens it. */
const OPENS_UP_TO = 50
/** Nobody looks into it unasked. */
const CLOSED = new Set(['/zookeeper'])

export interface Row {
  readonly path: string
  readonly name: string
  /** 1 for the root. */
  readonly level: number
  /** 1 … setSize. */
  readonly position: number
  readonly setSize: number
}

export interface Rows {
  readonly length: number
  at(index: number): Row | undefined
  /** -1 when the path is not among the open rows. */
  indexOf(path: string): number
  /** The next row after `index`, round the end, whose name begins so. */
  find(prefix: string, index: number): number
}

/** What the user opened (true) and closed (false); everything else opens by itself when it is small. */
export type Toggled = ReadonlyMap<string, boolean>

export function isOpen(path: string, childCount: number, toggled: Toggled): boolean {
  if (childCount === 0) return false
  return toggled.get(path) ?? (path === '/' || (childCount <= OPENS_UP_TO && !CLOSED.has(path)))
}

interface Listing {
  readonly names: readonly string[]
  readonly cversion: number
  readonly count: number
  readonly pzxid: bigint
}

/** Keeps what it can from one listing to the next: names stay sorted, and the rows stay the same object while no open
 *  directory changed. */
export class TreeRows {
  #tree: DataTree | undefined
  #toggled: Toggled | undefined
  #listings = new Map<string, Listing>()
  #rows: ArrayRows = new ArrayRows()

  update(tree: DataTree | undefined, toggled: Toggled): Rows {
    if (tree !== this.#tree) this.#listings.clear()
    const same = tree === this.#tree && toggled === this.#toggled
    this.#tree = tree
    this.#toggled = toggled
    if (tree === undefined) this.#rows = new ArrayRows()
    else if (!same || this.#isStale(tree)) this.#rows = this.#list(tree, toggled)
    return this.#rows
  }

  /** Whether the children of any listed directory changed, or a leaf that would open by itself got some. */
  #isStale(tree: DataTree): boolean {
    for (const [path, listing] of this.#listings) {
      const node = tree.node(path)
      if (node === undefined || node.cversion !== listing.cversion || node.childCount !== listing.count) return true
      if (node.pzxid !== listing.pzxid) return true
    }
    return false
  }

  #list(tree: DataTree, toggled: Toggled): ArrayRows {
    const rows = new ArrayRows()
    const listings = new Map<string, Listing>()
    const walk = (path: string, index: number, level: number, crowded: boolean): void => {
      const node = tree.node(path)
      if (node === undefined) return
      const { childCount, cversion, pzxid } = node
      if (!isOpen(path, childCount, toggled)) {
        // A leaf may get children and open by itself, so it is watched like a directory.
        if (!crowded) listings.set(path, { names: [], cversion, count: childCount, pzxid })
        return
      }
      const names = this.#sorted(tree, path, childCount, cversion, pzxid)
      listings.set(path, { names, cversion, count: childCount, pzxid })
      const prefix = path === '/' ? '/' : `${path}/`
      const crowd = names.length > OPENS_UP_TO
      const opened = crowd ? openedBelow(prefix, toggled) : undefined
      for (const [position, name] of names.entries()) {
        const child = rows.add(index, name, level + 1, position + 1, names.length)
        // In a crowd nothing opens by itself, and nobody need look up a hundred thousand leaves.
        if (opened === undefined || opened.has(name)) walk(prefix + name, child, level + 1, crowd)
      }
    }
    walk('/', rows.add(-1, '/', 1, 1, 1), 1, false)
    this.#listings = listings
    return rows
  }

  #sorted(tree: DataTree, path: string, count: number, cversion: number, pzxid: bigint): readonly string[] {
    const old = this.#listings.get(path)
    const current = old !== undefined && old.cversion === cversion && old.count === count && old.pzxid === pzxid
    if (current && old.names.length === count) return old.names
    const names = tree.children(path)
    if (old === undefined || old.names.length !== old.count) return names.sort()
    const created = cversion - old.cversion
    // Names come in order of creation: when nothing was deleted, the new ones are the last ones.
    if (created > 0 && created === count - old.count) return merged(old.names, names.slice(-created).sort())
    // What is still there is sorted already: a run for the sorting algorithm, the new names behind it.
    const left = new Set(names)
    const kept = old.names.filter((name) => left.delete(name))
    return [...kept, ...left].sort()
  }
}

/** Two sorted lists as one. */
function merged(one: readonly string[], other: readonly string[]): readonly string[] {
  const all: string[] = []
  let at = 0
  for (const name of other) {
    const to = firstAfter(one, name, at)
    for (; at < to; at++) all.push(one[at] ?? '')
    all.push(name)
  }
  for (; at < one.length; at++) all.push(one[at] ?? '')
  return all
}

/** Where in the sorted list, from `low` on, the first greater name is. */
function firstAfter(names: readonly string[], name: string, low: number): number {
  let from = low
  let to = names.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((names[middle] ?? '') < name) from = middle + 1
    else to = middle
  }
  return from
}

/** Names below `prefix` that the user opened. */
function openedBelow(prefix: string, toggled: Toggled): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [path, open] of toggled) if (open && path.startsWith(prefix)) names.add(path.slice(prefix.length))
  return names
}

class ArrayRows implements Rows {
  readonly #parents: number[] = []
  readonly #names: string[] = []
  readonly #levels: number[] = []
  readonly #positions: number[] = []
  readonly #setSizes: number[] = []

  get length(): number {
    return this.#names.length
  }
  add(parent: number, name: string, level: number, position: number, setSize: number): number {
    this.#parents.push(parent)
    this.#levels.push(level)
    this.#positions.push(position)
    this.#setSizes.push(setSize)
    return this.#names.push(name) - 1
  }
  at(index: number): Row | undefined {
    const name = this.#names[index]
    if (name === undefined) return undefined
    return {
      path: this.#path(index),
      name,
      level: this.#levels[index] ?? 1,
      position: this.#positions[index] ?? 1,
      setSize: this.#setSizes[index] ?? 1,
    }
  }
  indexOf(path: string): number {
    const name = path === '/' ? '/' : path.slice(path.lastIndexOf('/') + 1)
    for (let at = this.#names.indexOf(name); at !== -1; at = this.#names.indexOf(name, at + 1)) {
      if (this.#path(at) === path) return at
    }
    return -1
  }
  find(prefix: string, index: number): number {
    const wanted = prefix.toLowerCase()
    for (let step = 1; step <= this.length; step++) {
      const at = (index + step) % this.length
      if (this.#names[at]?.toLowerCase().startsWith(wanted)) return at
    }
    return -1
  }

  #path(index: number): string {
    let path = ''
    for (let at = index; at > 0; at = this.#parents[at] ?? 0) path = `/${this.#names[at]}${path}`
    return path === '' ? '/' : path
  }
}
