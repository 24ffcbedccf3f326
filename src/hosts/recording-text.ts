/** A recording as text: JSON, in which a 64-bit number is {"n": hex} and bytes are {"b": base64}. */
import type { Recording } from './recorded-ensemble.ts'

export const recordingText = (recording: Recording): string =>
  JSON.stringify(recording, (_, value) => {
    if (typeof value === 'bigint') return { n: value.toString(16) }
    return value instanceof Uint8Array ? { b: toBase64(value) } : value
  })

/** What recordingText gave; anything else gives nonsense. */
export const parseRecording = (text: string): Recording =>
  JSON.parse(text, (_, value) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    const [key, ...others] = Object.keys(value)
    if (others.length > 0) return value
    if (key === 'n' && typeof value.n === 'string') return parseHex(value.n)
    return key === 'b' && typeof value.b === 'string' ? fromBase64(value.b) : value
  }) as Recording

const parseHex = (text: string): bigint => (text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`))

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
