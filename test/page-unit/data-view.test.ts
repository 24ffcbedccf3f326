import { describe, expect, it } from 'vitest'
import { bestForm, hexDump, previewOf, viewOf } from '../../src/page/tree/data-view.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('data of a znode', () => {
  it('is shown in the form that says most', () => {
    expect(bestForm(bytes('hello'))).toBe('text')
    expect(bestForm(bytes('{"a": [1, 2]}'))).toBe('json')
    expect(bestForm(bytes('{not json'))).toBe('text')
    expect(bestForm(new Uint8Array([0, 1, 2, 250]))).toBe('hex')
    expect(bestForm(new Uint8Array([0xff, 0xfe, 0x41]))).toBe('hex')
  })

  it('has no JSON form when it is none', () => {
    expect(viewOf(bytes('hello'), 'json')).toBeUndefined()
    expect(viewOf(bytes('{"a":1}'), 'json')!.text).toBe('{\n  "a": 1\n}')
  })

  it('is cut when it is long, and says how much is hidden', () => {
    const view = viewOf(new Uint8Array(1_000_000), 'hex')!
    expect(view.hidden).toBe(1_000_000 - 16 * 1024)
    expect(view.text.split('\n')).toHaveLength(1024)
    expect(viewOf(bytes('ä'.repeat(100_000)), 'text')!.hidden).toBeGreaterThan(0)
  })

  it('hex has offset, bytes and characters', () => {
    expect(hexDump(bytes('Hello, znode 12345'))).toBe(
      `0000  48 65 6c 6c 6f 2c 20 7a 6e 6f 64 65 20 31 32 33  Hello, znode 123
0010  34 35${' '.repeat(42)}  45`,
    )
  })

  it('a preview is one line of text, or nothing', () => {
    expect(previewOf(bytes('a\n  b'))).toBe('a b')
    expect(previewOf(null)).toBeUndefined()
    expect(previewOf(new Uint8Array([1, 2, 3]))).toBeUndefined()
    expect(previewOf(bytes('ä'.repeat(100)))).toContain('ä')
  })
})
