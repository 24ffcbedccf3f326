/** Where the znodes of a tree are kept: each is a number, and what it has lies in a block of a slab: half of what objects for it would
 *  take, and nothing for the collector to go through. A handle, made when it is asked for, shows it as an object.
 *
 *  A block: ints, then the stat, then the name, then the data. A znode that nobody has changed since it was made, as most
 *  are, has a short stat (czxid, ctime) and no room for children: the rest of its stat follows from that. */
import { Crc32 } from '../wire/checksum.ts'
import type { StatPersisted } from '../wire/data.ts'
import type { Zxid } from '../wire/ids.ts'
import { decodeUtf8, encodeUtf8, utf8Length } from '../wire/utf8.ts'
import { Slab } from './slab.ts'
import type { NodeView } from './znode.ts'

/** Of a znode; 0 stands for none. */
export type NodeIndex = number
export const ROOT: NodeIndex = 1

/** The ints of a block, by place. */
const HASH = 0
/** The next znode whose hash falls into the same bucket. */
const CHAIN = 1
const PARENT = 2
/** Siblings in order of creation; the first one's PREVIOUS is the last one. */
const NEXT = 3
const PREVIOUS = 4
const ACL = 5
const DIGEST = 6
/** Of the data; -1: null. */
const LENGTH = 7
/** Bytes of the name, and the flags. */
const NAME = 8
/** Only in a whole block. */
const FIRST_CHILD = 9
const CHILDREN = 10
/** It has FIRST_CHILD, CHILDREN and all of the stat. */
const WHOLE = 1
/** Two bytes for each character of the name, which is not ASCII. */
const WIDE = 2
const NAME_SHIFT = 2

/** Bytes before the name. */
const SHORT_STAT_AT = 36
const SHORT_BYTES = 52
const STAT_AT = 44
const WHOLE_BYTES = 104
/** Fields of the whole stat, in the order in which the digest takes them; the short one has the first and CTIME. */
const CZXID = 0
const MZXID = 8
const PZXID = 16
const CTIME = 24
const MTIME = 32
const VERSION = 40
const CVERSION = 44
const AVERSION = 48
const OWNER = 52
const STAT_BYTES = 60
const SHORT_CZXID = 0
const SHORT_CTIME = 8

const SLASH = 0x2f
const FIRST_BUCKETS = 16

export class NodeTable {
  readonly #slab = new Slab()
  /** Of each znode's block; of a free number, the next one. */
  #addresses = new Uint32Array(FIRST_BUCKETS)
  #numbers = 1
  #free: NodeIndex = 0
  /** The first znode of each, by the low bits of the hash. */
  #buckets = new Int32Array(FIRST_BUCKETS)
  #size = 0

  get size(): number {
    return this.#size
  }

  // --- finding -----------------------------------------------------------------------------------

  /** The root's path is ""; 0: there is none. */
  find(path: string): NodeIndex {
    const hash = hashOf(path)
    for (let index = this.#buckets[hash & (this.#buckets.length - 1)] as number; index !== 0; ) {
      const address = this.#addresses[index] as number
      const { ints } = this.#slab.chunk(address)
      const at = this.#slab.at(address) >> 2
      if (ints[at + HASH] === hash && this.#isAt(index, path)) return index
      index = ints[at + CHAIN] as number
    }
    return 0
  }

  #isAt(index: NodeIndex, path: string): boolean {
    let end = path.length
    for (let node = index; node !== ROOT; ) {
      const address = this.#addresses[node] as number
      const { ints, bytes } = this.#slab.chunk(address)
      const at = this.#slab.at(address)
      const name = ints[(at >> 2) + NAME] as number
      const nameBytes = name >> NAME_SHIFT
      const nameAt = at + (name & WHOLE ? WHOLE_BYTES : SHORT_BYTES)
      const from = end - (name & WIDE ? nameBytes >> 1 : nameBytes)
      if (from < 1 || path.charCodeAt(from - 1) !== SLASH) return false
      if (name & WIDE) {
        for (let n = from, b = nameAt; n < end; n++, b += 2)
          if (path.charCodeAt(n) !== ((bytes[b] as number) | ((bytes[b + 1] as number) << 8))) return false
      } else for (let n = from, b = nameAt; n < end; n++, b++) if (path.charCodeAt(n) !== bytes[b]) return false
      end = from - 1
      node = ints[(at >> 2) + PARENT] as number
    }
    return end === 0
  }

  parent(index: NodeIndex): NodeIndex {
    return this.int(index, PARENT)
  }
  firstChild(index: NodeIndex): NodeIndex {
    return this.#isWhole(index) ? this.int(index, FIRST_CHILD) : 0
  }
  nextSibling(index: NodeIndex): NodeIndex {
    return this.int(index, NEXT)
  }
  childCount(index: NodeIndex): number {
    return this.#isWhole(index) ? this.int(index, CHILDREN) : 0
  }
  /** What follows in the order of parents, then children, within `top`; 0 behind the last one. `skip`: what is below it. */
  following(index: NodeIndex, top: NodeIndex, skip = false): NodeIndex {
    const child = skip ? 0 : this.firstChild(index)
    if (child !== 0) return child
    for (let at = index; at !== top; at = this.parent(at)) {
      const next = this.nextSibling(at)
      if (next !== 0) return next
    }
    return 0
  }

  name(index: NodeIndex): string {
    const address = this.#addresses[index] as number
    const { ints, bytes } = this.#slab.chunk(address)
    const at = this.#slab.at(address)
    const name = ints[(at >> 2) + NAME] as number
    const from = at + (name & WHOLE ? WHOLE_BYTES : SHORT_BYTES)
    const to = from + (name >> NAME_SHIFT)
    if ((name & WIDE) === 0) return decodeUtf8(bytes, from, to)
    let text = ''
    for (let b = from; b < to; b += 2)
      text += String.fromCharCode((bytes[b] as number) | ((bytes[b + 1] as number) << 8))
    return text
  }
  path(index: NodeIndex): string {
    let path = ''
    for (let at = index; at !== ROOT; at = this.parent(at)) path = `/${this.name(at)}${path}`
    return path
  }

  // --- coming and going --------------------------------------------------------------------------

  /** The last child of `parent` from now on; the first one of all is the root. Its path must be free. */
  add(path: string, parent: NodeIndex, data: Uint8Array | null, acl: number, stat: StatPersisted): NodeIndex {
    const index = this.#number()
    const name = path.slice(path.lastIndexOf('/') + 1)
    const wide = isWide(name)
    const nameBytes = wide ? name.length * 2 : name.length
    const isFresh =
      parent !== 0 &&
      stat.mzxid === stat.czxid &&
      stat.pzxid === stat.czxid &&
      stat.mtime === stat.ctime &&
      stat.ephemeralOwner === 0n &&
      (stat.version | stat.cversion | stat.aversion) === 0
    const before = isFresh ? SHORT_BYTES : WHOLE_BYTES
    const address = this.#slab.take(before + nameBytes + (data === null ? 0 : data.length))
    this.#addresses[index] = address
    const { ints, view, bytes } = this.#slab.chunk(address)
    const at = this.#slab.at(address)
    ints.fill(0, at >> 2, (at + before) >> 2)
    ints[(at >> 2) + ACL] = acl
    ints[(at >> 2) + LENGTH] = data === null ? -1 : data.length
    ints[(at >> 2) + NAME] = (nameBytes << NAME_SHIFT) | (wide ? WIDE : 0) | (isFresh ? 0 : WHOLE)
    if (isFresh) {
      view.setBigInt64(at + SHORT_STAT_AT + SHORT_CZXID, stat.czxid)
      view.setBigInt64(at + SHORT_STAT_AT + SHORT_CTIME, stat.ctime)
    } else writeStat(view, at + STAT_AT, stat)
    let to = at + before
    for (let n = 0; n < name.length; n++) {
      const code = name.charCodeAt(n)
      bytes[to++] = code
      if (wide) bytes[to++] = code >> 8
    }
    if (data !== null) put(bytes, to, data)
    this.#hang(index, hashOf(path))
    if (parent !== 0) this.#append(parent, index)
    return index
  }

  /** A znode without children. */
  remove(index: NodeIndex): void {
    this.#unhang(index)
    const parent = this.parent(index)
    const next = this.nextSibling(index)
    const previous = this.int(index, PREVIOUS)
    const first = this.int(parent, FIRST_CHILD)
    if (first === index) this.setInt(parent, FIRST_CHILD, next)
    else this.setInt(previous, NEXT, next)
    const isLast = next === 0
    if (!isLast) this.setInt(next, PREVIOUS, previous)
    else if (first !== index) this.setInt(first, PREVIOUS, previous)

    this.setInt(parent, CHILDREN, this.int(parent, CHILDREN) - 1)
    this.#slab.give(this.#addresses[index] as number)
    this.#addresses[index] = this.#free
    this.#free = index
    this.#size--
  }

  #append(parent: NodeIndex, index: NodeIndex): void {
    this.#makeWhole(parent)
    this.setInt(index, PARENT, parent)
    const first = this.int(parent, FIRST_CHILD)
    if (first === 0) {
      this.setInt(parent, FIRST_CHILD, index)
      this.setInt(index, PREVIOUS, index)
    } else {
      const last = this.int(first, PREVIOUS)
      this.setInt(last, NEXT, index)
      this.setInt(index, PREVIOUS, last)
      this.setInt(first, PREVIOUS, index)
    }
    this.setInt(parent, CHILDREN, this.int(parent, CHILDREN) + 1)
  }

  #number(): NodeIndex {
    const free = this.#free
    if (free !== 0) {
      this.#free = this.#addresses[free] as number
      return free
    }
    const addresses = this.#addresses
    if (this.#numbers === addresses.length) {
      this.#addresses = new Uint32Array(addresses.length * 2)
      this.#addresses.set(addresses)
    }
    return this.#numbers++
  }

  #hang(index: NodeIndex, hash: number): void {
    if (this.#size++ === this.#buckets.length) this.#rehash()
    this.setInt(index, HASH, hash)
    const bucket = hash & (this.#buckets.length - 1)
    this.setInt(index, CHAIN, this.#buckets[bucket] as number)
    this.#buckets[bucket] = index
  }
  #unhang(index: NodeIndex): void {
    const bucket = this.int(index, HASH) & (this.#buckets.length - 1)
    const next = this.int(index, CHAIN)
    let at = this.#buckets[bucket] as number
    if (at === index) {
      this.#buckets[bucket] = next
      return
    }
    for (let chain = this.int(at, CHAIN); chain !== index; chain = this.int(at, CHAIN)) at = chain
    this.setInt(at, CHAIN, next)
  }
  #rehash(): void {
    const old = this.#buckets
    const buckets = new Int32Array(old.length * 2)
    for (let bucket = 0; bucket < old.length; bucket++)
      for (let index = old[bucket] as number; index !== 0; ) {
        const next = this.int(index, CHAIN)
        const to = this.int(index, HASH) & (buckets.length - 1)
        this.setInt(index, CHAIN, buckets[to] as number)
        buckets[to] = index
        index = next
      }
    this.#buckets = buckets
  }

  // --- what a block has --------------------------------------------------------------------------

  int(index: NodeIndex, place: number): number {
    const address = this.#addresses[index] as number
    return this.#slab.chunk(address).ints[(this.#slab.at(address) >> 2) + place] as number
  }
  setInt(index: NodeIndex, place: number, value: number): void {
    const address = this.#addresses[index] as number
    this.#slab.chunk(address).ints[(this.#slab.at(address) >> 2) + place] = value
  }
  #isWhole(index: NodeIndex): boolean {
    return (this.int(index, NAME) & WHOLE) !== 0
  }

  /** `short`: where the short stat has it; -1: there it is `otherwise`. */
  long(index: NodeIndex, field: number, short: number): bigint {
    const address = this.#addresses[index] as number
    const { view } = this.#slab.chunk(address)
    const at = this.#slab.at(address)
    if (this.#isWhole(index)) return view.getBigInt64(at + STAT_AT + field)
    return short === -1 ? 0n : view.getBigInt64(at + SHORT_STAT_AT + short)
  }
  setLong(index: NodeIndex, field: number, value: bigint): void {
    this.#makeWhole(index)
    const address = this.#addresses[index] as number
    this.#slab.chunk(address).view.setBigInt64(this.#slab.at(address) + STAT_AT + field, value)
  }
  /** In a short stat they are all 0. */
  count(index: NodeIndex, field: number): number {
    if (!this.#isWhole(index)) return 0
    const address = this.#addresses[index] as number
    return this.#slab.chunk(address).view.getInt32(this.#slab.at(address) + STAT_AT + field)
  }
  setCount(index: NodeIndex, field: number, value: number): void {
    this.#makeWhole(index)
    const address = this.#addresses[index] as number
    this.#slab.chunk(address).view.setInt32(this.#slab.at(address) + STAT_AT + field, value)
  }

  /** A view, good until the tree changes. */
  data(index: NodeIndex): Uint8Array | null {
    const length = this.int(index, LENGTH)
    if (length === -1) return null
    const { bytes } = this.#slab.chunk(this.#addresses[index] as number)
    const from = this.#dataAt(index)
    return bytes.subarray(from, from + length)
  }
  #dataAt(index: NodeIndex): number {
    const name = this.int(index, NAME)
    const before = name & WHOLE ? WHOLE_BYTES : SHORT_BYTES
    return this.#slab.at(this.#addresses[index] as number) + before + (name >> NAME_SHIFT)
  }
  setData(index: NodeIndex, data: Uint8Array | null): void {
    const length = data === null ? 0 : data.length
    const name = this.int(index, NAME)
    const before = (name & WHOLE ? WHOLE_BYTES : SHORT_BYTES) + (name >> NAME_SHIFT)
    const address = this.#addresses[index] as number
    if (!this.#slab.suits(address, before + length)) {
      const to = this.#slab.take(before + length)
      copy(this.#slab, address, to, before)
      this.#move(index, to)
    }
    this.setInt(index, LENGTH, data === null ? -1 : length)
    if (data !== null) put(this.#slab.chunk(this.#addresses[index] as number).bytes, this.#dataAt(index), data)
  }

  #makeWhole(index: NodeIndex): void {
    if (this.#isWhole(index)) return
    const from = this.#addresses[index] as number
    const name = this.int(index, NAME)
    const behind = (name >> NAME_SHIFT) + Math.max(0, this.int(index, LENGTH))
    const to = this.#slab.take(WHOLE_BYTES + behind)
    const source = this.#slab.chunk(from)
    const target = this.#slab.chunk(to)
    const sourceAt = this.#slab.at(from)
    const targetAt = this.#slab.at(to)
    target.bytes.set(source.bytes.subarray(sourceAt, sourceAt + SHORT_STAT_AT), targetAt)
    target.ints[(targetAt >> 2) + NAME] = name | WHOLE
    target.ints[(targetAt >> 2) + FIRST_CHILD] = 0
    target.ints[(targetAt >> 2) + CHILDREN] = 0
    spread(source.bytes, sourceAt + SHORT_STAT_AT, target.bytes, targetAt + STAT_AT)
    const rest = source.bytes.subarray(sourceAt + SHORT_BYTES, sourceAt + SHORT_BYTES + behind)
    target.bytes.set(rest, targetAt + WHOLE_BYTES)
    this.#move(index, to)
  }
  #move(index: NodeIndex, to: number): void {
    this.#slab.give(this.#addresses[index] as number)
    this.#addresses[index] = to
  }

  /** See digest.ts, which says the same of a znode that is an object. */
  digest(index: NodeIndex, path: string): number {
    if (path.startsWith('/zookeeper/')) return 0
    if (path === '/') return this.digest(index, '')
    const address = this.#addresses[index] as number
    const { bytes } = this.#slab.chunk(address)
    const at = this.#slab.at(address)
    const dataAt = this.#dataAt(index)
    const length = Math.max(0, this.int(index, LENGTH))
    const pathBytes = utf8Length(path)
    if (scratch.length < pathBytes) scratch = new Uint8Array(pathBytes * 2)
    encodeUtf8(path, scratch, 0)
    crc
      .reset()
      .update(scratch, 0, pathBytes)
      .update(bytes, dataAt, dataAt + length)
    if (this.#isWhole(index)) return crc.update(bytes, at + STAT_AT, at + STAT_AT + STAT_BYTES).value
    spread(bytes, at + SHORT_STAT_AT, stat, 0)
    return crc.update(stat).value
  }
}

const crc = new Crc32()
let scratch = new Uint8Array(256)
const stat = new Uint8Array(STAT_BYTES)

/** A whole stat from a short one. */
function spread(from: Uint8Array, at: number, into: Uint8Array, to: number): void {
  for (let n = 0; n < 8; n++) {
    const zxid = from[at + n] as number
    into[to + CZXID + n] = zxid
    into[to + MZXID + n] = zxid
    into[to + PZXID + n] = zxid
    const time = from[at + SHORT_CTIME + n] as number
    into[to + CTIME + n] = time
    into[to + MTIME + n] = time
  }
  into.fill(0, to + VERSION, to + STAT_BYTES)
}

function writeStat(view: DataView, at: number, from: StatPersisted): void {
  view.setBigInt64(at + CZXID, from.czxid)
  view.setBigInt64(at + MZXID, from.mzxid)
  view.setBigInt64(at + PZXID, from.pzxid)
  view.setBigInt64(at + CTIME, from.ctime)
  view.setBigInt64(at + MTIME, from.mtime)
  view.setInt32(at + VERSION, from.version)
  view.setInt32(at + CVERSION, from.cversion)
  view.setInt32(at + AVERSION, from.aversion)
  view.setBigInt64(at + OWNER, from.ephemeralOwner)
}

function copy(slab: Slab, from: number, to: number, length: number): void {
  const at = slab.at(from)
  slab.chunk(to).bytes.set(slab.chunk(from).bytes.subarray(at, at + length), slab.at(to))
}

/** A loop beats `set` on few bytes. */
const FEW_BYTES = 128
function put(into: Uint8Array, at: number, bytes: Uint8Array): void {
  if (bytes.length > FEW_BYTES) into.set(bytes, at)
  else for (let n = 0; n < bytes.length; n++) into[at + n] = bytes[n] as number
}

/** FNV-1a, and the high bits mixed into the low ones. */
function hashOf(path: string): number {
  let hash = 0x811c9dc5
  for (let n = 0; n < path.length; n++) hash = Math.imul(hash ^ path.charCodeAt(n), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

function isWide(name: string): boolean {
  for (let n = 0; n < name.length; n++) if (name.charCodeAt(n) > 0x7f) return true
  return false
}

/** A znode as an object: what it shows and changes is what the table has. Not to be used once the znode is gone. */
export class ZNode implements NodeView {
  readonly index: NodeIndex
  readonly #table: NodeTable

  constructor(table: NodeTable, index: NodeIndex) {
    this.#table = table
    this.index = index
  }

  get data(): Uint8Array | null {
    const data = this.#table.data(this.index)
    return data === null ? null : data.slice()
  }
  set data(data: Uint8Array | null) {
    this.#table.setData(this.index, data)
  }
  get dataNow(): Uint8Array | null {
    return this.#table.data(this.index)
  }
  get dataLength(): number {
    return Math.max(0, this.#table.int(this.index, LENGTH))
  }
  get acl(): number {
    return this.#table.int(this.index, ACL)
  }
  set acl(acl: number) {
    this.#table.setInt(this.index, ACL, acl)
  }
  /** What this node adds to the tree's digest now; kept so that it can be taken away again. Signed. */
  get digest(): number {
    return this.#table.int(this.index, DIGEST)
  }
  set digest(digest: number) {
    this.#table.setInt(this.index, DIGEST, digest)
  }
  get childCount(): number {
    return this.#table.childCount(this.index)
  }

  get czxid(): Zxid {
    return this.#table.long(this.index, CZXID, SHORT_CZXID) as Zxid
  }
  get mzxid(): Zxid {
    return this.#table.long(this.index, MZXID, SHORT_CZXID) as Zxid
  }
  set mzxid(zxid: Zxid) {
    this.#table.setLong(this.index, MZXID, zxid)
  }
  get pzxid(): Zxid {
    return this.#table.long(this.index, PZXID, SHORT_CZXID) as Zxid
  }
  set pzxid(zxid: Zxid) {
    this.#table.setLong(this.index, PZXID, zxid)
  }
  get ctime(): bigint {
    return this.#table.long(this.index, CTIME, SHORT_CTIME)
  }
  get mtime(): bigint {
    return this.#table.long(this.index, MTIME, SHORT_CTIME)
  }
  set mtime(time: bigint) {
    this.#table.setLong(this.index, MTIME, time)
  }
  get ephemeralOwner(): bigint {
    return this.#table.long(this.index, OWNER, -1)
  }
  get version(): number {
    return this.#table.count(this.index, VERSION)
  }
  set version(version: number) {
    this.#table.setCount(this.index, VERSION, version)
  }
  /** Counts creations of children only. */
  get cversion(): number {
    return this.#table.count(this.index, CVERSION)
  }
  set cversion(cversion: number) {
    this.#table.setCount(this.index, CVERSION, cversion)
  }
  get aversion(): number {
    return this.#table.count(this.index, AVERSION)
  }
  set aversion(aversion: number) {
    this.#table.setCount(this.index, AVERSION, aversion)
  }
}
