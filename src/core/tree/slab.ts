/** Memory for many small blocks of bytes. To the engine a block is neither an object nor a buffer: it costs what is in it, and
 *  no collector looks at it. Blocks of one size share chunks; a chunk with nothing in it is given back. */

/** A block begins at a multiple of so many bytes. */
const UNIT_BYTES = 8
/** Units of a chunk; an address is the number of a chunk and of a unit in it. */
const CHUNK_BITS = 13
const CHUNK_UNITS = 1 << CHUNK_BITS
/** Sizes up to here, in units, are told apart exactly, those up to the second in steps; a larger block has a chunk of its own. */
const EXACT_UNITS = 64
const SHARED_UNITS = 256
const STEP_UNITS = 8
/** The first chunk of a size is small, for small trees; each further one is twice as large, up to CHUNK_UNITS. */
const FIRST_BLOCKS = 4

export class Chunk {
  readonly bytes: Uint8Array
  readonly ints: Int32Array
  readonly view: DataView
  readonly id: number
  /** Units of each block. */
  readonly size: number
  readonly blocks: number
  used = 0
  /** Blocks that were in use at some time are the first ones. */
  touched = 0
  /** The first unit of a free one among them, whose first int says where the next one is; -1: none. */
  free = -1
  /** Where it stands among those with room, when it has some. */
  place = 0

  constructor(id: number, size: number, blocks: number) {
    const buffer = new ArrayBuffer(size * blocks * UNIT_BYTES)
    this.bytes = new Uint8Array(buffer)
    this.ints = new Int32Array(buffer)
    this.view = new DataView(buffer)
    this.id = id
    this.size = size
    this.blocks = blocks
  }
}

export class Slab {
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #freeIds: number[] = []
  /** By size in units: chunks with room, the last one being used. */
  readonly #open: Chunk[][] = []

  /** An address; its bytes are what they happen to be. */
  take(bytes: number): number {
    const size = sizeOf(bytes)
    if (size > SHARED_UNITS) {
      const chunk = this.#add(size, 1)
      chunk.used = 1
      return chunk.id << CHUNK_BITS
    }
    const chunk = this.#withRoom(size)
    let unit = chunk.free
    if (unit === -1) unit = chunk.touched++ * size
    else chunk.free = chunk.ints[unit * 2] as number
    if (++chunk.used === chunk.blocks) this.#open[size]?.pop()
    return (chunk.id << CHUNK_BITS) | unit
  }

  /** The block counts no more. */
  give(address: number): void {
    const chunk = this.chunk(address)
    const { size } = chunk
    if (size > SHARED_UNITS) return this.#drop(chunk)
    const open = this.#open[size] as Chunk[]
    if (chunk.used-- === chunk.blocks) chunk.place = open.push(chunk) - 1
    // The last one stays, so that a block that comes and goes does not make a chunk each time.
    if (chunk.used === 0 && open.length > 1) {
      const last = open.pop() as Chunk
      if (last !== chunk) {
        open[chunk.place] = last
        last.place = chunk.place
      }
      return this.#drop(chunk)
    }
    const unit = address & (CHUNK_UNITS - 1)
    chunk.ints[unit * 2] = chunk.free
    chunk.free = unit
  }

  chunk(address: number): Chunk {
    return this.#chunks[address >>> CHUNK_BITS] as Chunk
  }
  /** Of the block's first byte in its chunk. */
  at(address: number): number {
    return (address & (CHUNK_UNITS - 1)) * UNIT_BYTES
  }
  /** Would as many bytes fit where the block is, and not be better off elsewhere? */
  suits(address: number, bytes: number): boolean {
    return this.chunk(address).size === sizeOf(bytes)
  }

  #withRoom(size: number): Chunk {
    this.#open[size] ??= []
    const open = this.#open[size]
    const last = open.at(-1)
    if (last !== undefined) return last
    const most = Math.floor(CHUNK_UNITS / size)
    const chunk = this.#add(size, Math.min(most, this.#nextBlocks[size] ?? FIRST_BLOCKS))
    this.#nextBlocks[size] = Math.min(most, chunk.blocks * 2)
    chunk.place = open.push(chunk) - 1
    return chunk
  }
  readonly #nextBlocks: number[] = []

  #add(size: number, blocks: number): Chunk {
    const id = this.#freeIds.pop() ?? this.#chunks.length
    const chunk = new Chunk(id, size, blocks)
    this.#chunks[id] = chunk
    return chunk
  }
  #drop(chunk: Chunk): void {
    this.#chunks[chunk.id] = undefined
    this.#freeIds.push(chunk.id)
  }
}

/** In units. */
function sizeOf(bytes: number): number {
  const units = Math.ceil(bytes / UNIT_BYTES)
  return units <= EXACT_UNITS || units > SHARED_UNITS ? units : Math.ceil(units / STEP_UNITS) * STEP_UNITS
}
