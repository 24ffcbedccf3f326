/** UTF-8 without TextEncoder, which is not part of the language. Written as Java's jute writes it: char by char,
 *  so a supplementary character becomes two three-byte surrogates (CESU-8). Read as standard UTF-8; malformed
 *  bytes become U+FFFD. */

export function utf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : 3
  }
  return length
}

/** Writes `text` into `into` at `at`; there must be room for utf8Length(text). */
export function encodeUtf8(text: string, into: Uint8Array, at: number): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) into[at++] = code
    else if (code < 0x800) {
      into[at++] = 0xc0 | (code >> 6)
      into[at++] = 0x80 | (code & 0x3f)
    } else {
      into[at++] = 0xe0 | (code >> 12)
      into[at++] = 0x80 | ((code >> 6) & 0x3f)
      into[at++] = 0x80 | (code & 0x3f)
    }
  }
}

/** The bytes jute would write. For what a person typed use `toUtf8`, which keeps supplementary characters whole. */
export function encodedUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text))
  encodeUtf8(text, bytes, 0)
  return bytes
}

/** Standard UTF-8 (znode data typed into zkCli: String.getBytes("UTF-8")). Lone surrogates become '?', as in Java. */
export function toUtf8(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f))
    else if (code >= 0xd800 && code <= 0xdfff) bytes.push(0x3f)
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
    else
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
  }
  return Uint8Array.from(bytes)
}

export function decodeUtf8(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = ''
  let i = from
  while (i < to) {
    const first = bytes[i] as number
    if (first < 0x80) {
      text += String.fromCharCode(first)
      i++
      continue
    }
    const extra = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0
    if (extra === 0 || first >= 0xf5) {
      text += '\ufffd'
      i++
      continue
    }
    let code = first & (0x3f >> extra)
    let good = 1
    while (good <= extra && i + good < to) {
      const next = bytes[i + good] as number
      const low = good === 1 ? (first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80) : 0x80
      const high = good === 1 ? (first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf) : 0xbf
      if (next < low || next > high) break
      code = (code << 6) | (next & 0x3f)
      good++
    }
    text += good > extra ? String.fromCodePoint(code) : '\ufffd'
    i += good
  }
  return text
}
