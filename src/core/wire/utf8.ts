/** UTF-8 without TextEncoder, which is not part of the language. Written as Java's jute writes it: char by char,
 *  so a supplementary character becomes two three-byte surrogates (CESU-8). Read as standard UTF-8. */

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

/** Reads standard UTF-8. Malformed bytes become U+FFFD, one for as many bytes as Java's decoder takes at once: those
 *  that could have begun a character, and the three bytes of a surrogate. (TextDecoder gives three for the latter.) */
export function decodeUtf8(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = ''
  let i = from
  while (i < to) {
    const first = bytes[i] as number
    if (first < 0x80) {
      // Nearly all text is ASCII; eight at a time is the fastest way that the language has.
      if (i + 8 <= to && isAscii8(bytes, i)) {
        const [b0, b1, b2, b3] = [bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]] as [
          number,
          number,
          number,
          number,
        ]
        const [b4, b5, b6, b7] = [bytes[i + 4], bytes[i + 5], bytes[i + 6], bytes[i + 7]] as [
          number,
          number,
          number,
          number,
        ]
        text += String.fromCharCode(b0, b1, b2, b3, b4, b5, b6, b7)
        i += 8
      } else {
        text += String.fromCharCode(first)
        i++
      }
      continue
    }
    const extra = first < 0xc2 || first > 0xf4 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1
    let code = first & (0x3f >> extra)
    let length = 1
    while (length <= extra && i + length < to) {
      const next = bytes[i + length] as number
      // The second byte must not make the character one that fewer bytes could say, nor one beyond U+10FFFF.
      const low = length > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
      const high = length > 1 ? 0xbf : first === 0xf4 ? 0x8f : 0xbf
      if (next < low || next > high) break
      code = (code << 6) | (next & 0x3f)
      length++
    }
    const good = extra > 0 && length > extra && (code < 0xd800 || code > 0xdfff)
    text += good ? String.fromCodePoint(code) : '\ufffd'
    i += length
  }
  return text
}

function isAscii8(bytes: Uint8Array, at: number): boolean {
  let any = 0
  for (let n = at; n < at + 8; n++) any |= bytes[n] as number
  return any < 0x80
}
