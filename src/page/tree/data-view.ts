/** A znode's data as text, JSON or hex. */

export type DataForm = 'text' | 'json' | 'hex'

export interface DataView {
  readonly text: string
  /** Bytes that are not shown because there are too many. */
  readonly hidden: number
}

const MOST_TEXT = 64 * 1024
const MOST_HEX = 16 * 1024

/** Undefined when the bytes are no UTF-8. */
export function textOf(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    return undefined
  }
}

/** The form that says most: hex only for what is no text. */
export function bestForm(data: Uint8Array): DataForm {
  const text = textOf(data)
  if (text === undefined || hasControls(text)) return 'hex'
  return /^\s*[{[]/.test(text) && jsonOf(text) !== undefined ? 'json' : 'text'
}

/** Undefined when the data has no such form. */
export function viewOf(data: Uint8Array, form: DataForm): DataView | undefined {
  if (form === 'hex') return { text: hexDump(data.subarray(0, MOST_HEX)), hidden: Math.max(0, data.length - MOST_HEX) }
  const text = textOf(data)
  if (text === undefined) {
    if (form === 'json') return undefined
    // A character that is cut at the end of the shown part must not make all of it unreadable.
    return { text: new TextDecoder().decode(data.subarray(0, MOST_TEXT)), hidden: Math.max(0, data.length - MOST_TEXT) }
  }
  const shown = form === 'json' ? jsonOf(text) : text
  if (shown === undefined) return undefined
  return { text: shown.slice(0, MOST_TEXT), hidden: Math.max(0, shown.length - MOST_TEXT) }
}

/** One short line for the row of the tree; undefined for nothing to show. */
export function previewOf(data: Uint8Array | null): string | undefined {
  if (data === null || data.length === 0) return undefined
  const text =
    textOf(data.subarray(0, 64)) ?? (data.length > 64 ? new TextDecoder().decode(data.subarray(0, 60)) : undefined)
  if (text === undefined || hasControls(text)) return undefined
  return text.replace(/\s+/g, ' ')
}

function jsonOf(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return undefined
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const hasControls = (text: string): boolean => /[\0-\x08\x0e-\x1f\x7f]/.test(text)

/** Sixteen bytes a line: offset, bytes, characters. */
export function hexDump(data: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < data.length; at += 16) {
    const bytes = [...data.subarray(at, at + 16)]
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const characters = bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${characters}`)
  }
  return lines.join('\n')
}
