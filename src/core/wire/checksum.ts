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
      // Four at a time: they wait for each other less.
      for (; at + 4 <= end; at += 4) {
        const first = bytes[at] as number
        const second = bytes[at + 1] as number
        const third = bytes[at + 2] as number
        const fourth = bytes[at + 3] as number
        b += 4 * (a + first) + 3 * second + 2 * third + fourth
        a += first + second + third + fourth
      }
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

  reset(): this {
    this.#a = 1
    this.#b = 0
    return this
  }
}

const adler = new Adler32()
export const adler32 = (bytes: Uint8Array): number => adler.reset().update(bytes).value

export class Crc32 {
  #crc = 0xffffffff | 0

  get value(): number {
    return ~this.#crc >>> 0
  }

  update(bytes: Uint8Array, from = 0, to = bytes.length): this {
    let crc = this.#crc
    let at = from
    // Four bytes at a time, with a table for each place.
    for (; at + 4 <= to; at += 4) {
      crc ^=
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)
      crc =
        (crcTables[768 + (crc & 0xff)] as number) ^
        (crcTables[512 + ((crc >>> 8) & 0xff)] as number) ^
        (crcTables[256 + ((crc >>> 16) & 0xff)] as number) ^
        (crcTables[crc >>> 24] as number)
    }
    for (; at < to; at++) crc = (crc >>> 8) ^ (crcTables[(crc ^ (bytes[at] as number)) & 0xff] as number)
    this.#crc = crc
    return this
  }

  reset(): this {
    this.#crc = 0xffffffff | 0
    return this
  }
}

const crc = new Crc32()
export const crc32 = (bytes: Uint8Array, from = 0, to = bytes.length): number =>
  crc.reset().update(bytes, from, to).value

/** Four tables in one: the n-th says what a byte does that n more bytes follow. */
const crcTables = new Int32Array(1024)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  crcTables[byte] = crc
}
for (let at = 256; at < 1024; at++) {
  const before = crcTables[at - 256] as number
  crcTables[at] = (before >>> 8) ^ (crcTables[before & 0xff] as number)
}

/** Tells txns apart: of the bytes that a proposal and a log record have in common. A whole number below 2⁵³. */
export const fingerprint = (bytes: Uint8Array): number => bytes.length * 2 ** 32 + adler32(bytes)
