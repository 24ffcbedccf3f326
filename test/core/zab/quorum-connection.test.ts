import { expect, test } from 'vitest'
import type { Connection } from '../../../src/core/host.ts'
import { Writer } from '../../../src/core/wire/jute.ts'
import { encodedUtf8 } from '../../../src/core/wire/utf8.ts'
import { QuorumConnection } from '../../../src/core/zab/quorum-connection.ts'

const ENDING = encodedUtf8('BenWasHere')

const connection: Connection = {
  id: 'a>b',
  remote: { host: 'a', port: 1 },
  write: () => undefined,
  close: () => undefined,
  abort: () => undefined,
}

/** A stream that is taken chunk by chunk; says with how many tries, and what is left behind. */
function taken(stream: Uint8Array, chunkBytes: number) {
  const quorum = new QuorumConnection(connection, { emit: () => undefined, off: true }, 0xfffff)
  let tries = 0
  let text: string | null | undefined
  for (let at = 0; at < stream.length; at += chunkBytes) {
    quorum.receive(stream.slice(at, at + chunkBytes))
    text ??= quorum.takeRaw(ENDING, (input) => {
      tries++
      const content = input.string()
      return input.string() === 'BenWasHere' ? content : null
    })
  }
  return { text, tries, next: quorum.next()?.zxid }
}

function streamOf(text: string): Uint8Array {
  const out = new Writer()
  out.string(text)
  out.string('BenWasHere')
  // A packet: type, zxid, no data, no authinfo.
  out.int(5)
  out.long(77n)
  out.int(-1)
  out.int(-1)
  return out.finish()
}

test.each([1, 3, 10, 100, 10_000])(
  'a raw stream in chunks of %i bytes is read once, when its ending is there',
  (bytes) => {
    expect(taken(streamOf('x'.repeat(5000)), bytes)).toEqual({ text: 'x'.repeat(5000), tries: 1, next: 77n })
  },
)

test('what looks like the ending, in the midst of a stream, costs one more try', () => {
  const text = `${'x'.repeat(500)}BenWasHere${'BenWas'.repeat(100)}BenWasHere${'y'.repeat(500)}`
  expect(taken(streamOf(text), 7)).toEqual({ text, tries: 3, next: 77n })
})
