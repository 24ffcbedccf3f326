/** Checksums of ZooKeeper's files: Adler-32 for log records and snapshots, CRC-32 for the tree's digest of a node.
 *  Both take bytes piece by piece and give an unsigned 32-bit number. */

const ADLER_BASE = 65521
/** The costly remainder is taken once for so many bytes: as many as keep both sums below 2³¹, small integers to the engine. */
const ADLER_RUN = 3800

export class Adler32 {
  #a = 1
  #b = 0

  get value(): number {
    return ((this.#b << 16) | this.#a) >>> 0
  }

  update(bytes: Uint8Array, from = 0, to = bytes.length): this {
    let a = this.#a
    let b = this.#b
    for (let at = from; at < to; ) {
      const end = Math.min(at + ADLER_RUN, to)
      while (at < end) {
        a += bytes[at++] as number
        b += a
      }
      a %= ADLER_BASE
      b %= ADLER_BASE
    }
    this.#a = a
    this.#b = b
    return this
  }
}

export const adler32 = (bytes: Uint8Array): number => new Adler32().update(bytes).value

export class Crc32 {
  #crc = 0xffffffff | 0

  get value(): number {
    return ~this.#crc >>> 0
  }

  update(bytes: Uint8Array, from = 0, to = bytes.length): this {
    let crc = this.#crc
    for (let at = from; at < to; at++) crc = (crc >>> 8) ^ (crcTable[(crc ^ (bytes[at] as number)) & 0xff] as number)
    this.#crc = crc
    return this
  }
}

export const crc32 = (bytes: Uint8Array): number => new Crc32().update(bytes).value

const crcTable = new Int32Array(256).map((_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
