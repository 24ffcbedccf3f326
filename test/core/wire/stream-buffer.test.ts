import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encode, JuteError, Writer } from '../../../src/core/wire/jute.ts'
import { readInitialMessage } from '../../../src/core/wire/notification.ts'
import { FrameLengthError, QuorumPacket, StreamBuffer } from '../../../src/core/wire/quorum.ts'
import { framesOf, hex } from './golden.ts'
import { quorumPacket } from './records.ts'

/** Cuts bytes at some of their edges; empty chunks included. */
const cutUp = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, n) => bytes.subarray(edges[n], edge))
}
const cuts = fc.array(fc.nat(), { maxLength: 30 })
const joined = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

test('packets come out of the stream one by one, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(quorumPacket, { maxLength: 8 }), cuts, (packets, at) => {
      const bytes = joined(packets.map((packet) => encode(QuorumPacket, packet)))
      const stream = new StreamBuffer()
      const out: unknown[] = []
      for (const chunk of cutUp(bytes, at)) {
        stream.push(chunk)
        for (let packet = stream.take(QuorumPacket.read); packet; packet = stream.take(QuorumPacket.read))
          out.push(packet)
      }
      expect(out).toEqual(packets)
      expect(stream.length).toBe(0)
    }),
  )
})

test('frames come out of the stream one by one, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 2000, size: '+1' }), { maxLength: 8 }), cuts, (frames, at) => {
      const out = new Writer()
      for (const frame of frames) out.buffer(frame)
      const stream = new StreamBuffer()
      const got: Uint8Array[] = []
      for (const chunk of cutUp(out.finish(), at)) {
        stream.push(chunk)
        for (let frame = stream.takeFrame(0, 2000); frame; frame = stream.takeFrame(0, 2000)) got.push(frame)
      }
      expect(got).toEqual(frames)
      expect(stream.length).toBe(0)
    }),
  )
})

test('a recorded session is the same frames when it comes byte by byte', () => {
  const frames = framesOf('client_tour.jsonl').filter((frame) => !frame.up)
  const stream = new StreamBuffer()
  const got: string[] = []
  for (const byte of joined(frames.map((frame) => frame.bytes))) {
    stream.push(Uint8Array.of(byte))
    const frame = stream.takeFrame(0, 0xfffff)
    if (frame !== undefined) got.push(hex(frame))
  }
  expect(got).toEqual(frames.map((frame) => hex(frame.bytes.subarray(4))))
})

test('a frame length outside its bounds is refused as soon as it is known', () => {
  for (const length of [-1, 0, 11, 2 ** 31 - 1]) {
    const stream = new StreamBuffer()
    stream.push(encode({ write: (o, v: number) => o.int(v), read: () => 0 }, length))
    expect(() => stream.takeFrame(1, 10)).toThrow(FrameLengthError)
  }
})

test('nothing is consumed by a record that is not whole', () => {
  const bytes = encode(QuorumPacket, { type: 3, zxid: 5n, data: null, authinfo: null } as QuorumPacket)
  const stream = new StreamBuffer()
  stream.push(bytes.subarray(0, bytes.length - 1))
  expect(stream.take(QuorumPacket.read)).toBeUndefined()
  expect(stream.length).toBe(bytes.length - 1)
})

test('random bytes give packets, frames, or a JuteError', () => {
  const readers = [
    (stream: StreamBuffer) => stream.take(QuorumPacket.read),
    (stream: StreamBuffer) => stream.take(readInitialMessage),
    (stream: StreamBuffer) => stream.takeFrame(1, 524288),
  ]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), cuts, fc.constantFrom(...readers), (bytes, at, read) => {
      const stream = new StreamBuffer()
      try {
        for (const chunk of cutUp(bytes, at)) {
          stream.push(chunk)
          while (read(stream) !== undefined);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(JuteError)
      }
    }),
    { numRuns: 500 },
  )
})

test('what was taken stays when later chunks come', () => {
  const stream = new StreamBuffer()
  stream.push(Uint8Array.of(0, 0, 0, 2, 7, 8))
  const frame = stream.takeFrame(0, 10)
  stream.push(Uint8Array.of(0, 0, 0, 2, 9, 9))
  expect(frame).toEqual(Uint8Array.of(7, 8))
})

test('what was taken stays as it is while a long record comes in pieces behind it', () => {
  const buffer = new StreamBuffer()
  buffer.push(Uint8Array.of(0, 0, 0, 2, 7, 8, 0, 0))
  const first = buffer.takeFrame(0, 1000)
  buffer.push(Uint8Array.of(3, 232))
  for (let n = 0; n < 1000; n++) {
    expect(buffer.takeFrame(0, 1000)).toBeUndefined()
    buffer.push(Uint8Array.of(n))
  }
  const long = buffer.takeFrame(0, 1000)
  buffer.push(new Uint8Array(50).fill(9))
  expect(first).toEqual(Uint8Array.of(7, 8))
  expect(long).toEqual(Uint8Array.from({ length: 1000 }, (_, n) => n))
  expect(buffer.length).toBe(50)
})
