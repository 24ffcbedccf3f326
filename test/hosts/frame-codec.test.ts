import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ConnectionKey,
  connectionKey,
  connectionName,
  connectionParts,
  type Frame,
  joined,
} from '../../src/hosts/frame.ts'
import { decodeFrames, encodeFrames, MalformedMessage } from '../../src/hosts/frame-codec.ts'

const u16 = fc.nat(65535)
const i32 = fc.integer({ min: -1, max: 2 ** 31 - 1 })
const connection = fc
  .tuple(fc.nat(2000), fc.integer({ min: 1, max: 65535 }), fc.nat(2 ** 25 - 1))
  .map(([opener, life, count]) => connectionKey(opener, life, count))
const body = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), port: u16, fromPort: u16 }),
  fc.record({ kind: fc.constantFrom('accept' as const, 'refuse' as const, 'close' as const, 'reset' as const) }),
  fc.record({
    kind: fc.constant('data' as const),
    parts: fc.array(fc.record({ message: i32, bytes: fc.uint8Array({ maxLength: 300 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
  }),
)
const frame: fc.Arbitrary<Frame> = fc
  .tuple(
    fc.record({
      connection,
      toOpener: fc.boolean(),
      from: fc.nat(3),
      fromIncarnation: fc.nat(2),
      to: fc.nat(3),
      toIncarnation: fc.nat(2),
      seq: fc.nat(2 ** 31),
      sentAtUs: fc.nat(2 ** 31),
      event: i32,
    }),
    fc.nat(2 ** 31),
    body,
  )
  .map(([head, takes, rest]) => ({ ...head, arrivesAtUs: head.sentAtUs + takes, ...rest }) as Frame)

const accept = (count: number): Frame => ({
  kind: 'accept',
  connection: connectionKey(1, 1, count),
  toOpener: true,
  from: 2,
  fromIncarnation: 1,
  to: 1,
  toIncarnation: 1,
  seq: count,
  sentAtUs: 0,
  arrivesAtUs: 20_000,
  event: -1,
})

test('what was written without notes in one moment arrives in one piece', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
  const { kind: _, ...head } = accept(1)
  const parts = [
    { message: -1, bytes: bytes(1, 2), more: [bytes(3), bytes(), bytes(4, 5)] },
    { message: 7, bytes: bytes(6) },
  ]
  const sent: Frame = { ...head, kind: 'data', parts }
  const [group] = decodeFrames(encodeFrames([sent, accept(2)]))
  const arrived = parts.map((part) => ({ message: part.message, bytes: joined(part) }))
  expect(arrived[0]?.bytes).toEqual(bytes(1, 2, 3, 4, 5))
  expect(group?.frames).toEqual([{ ...sent, parts: arrived }, accept(2)])
  expect(group?.broken).toEqual([])
})

test('a connection’s key holds who opened it, in which life, and its count', () => {
  fc.assert(
    fc.property(connection, (key) => {
      const { opener, incarnation, count } = connectionParts(key)
      expect(connectionKey(opener, incarnation, count)).toBe(key)
      expect(Number.isSafeInteger(key * 2 + 1)).toBe(true)
    }),
  )
  expect(connectionName(connectionKey(3, 1, 7) as ConnectionKey)).toBe('3.1.7')
})

describe('frames as bytes', () => {
  test('come back as they were, grouped by sender and target, in order', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), fc.nat(40), (frames, room) => {
        const groups = decodeFrames(encodeFrames(frames, room).subarray(room))
        for (const group of groups) {
          const { from, incarnation: fromIncarnation, to, toIncarnation } = group
          const sent = frames.filter(
            (each) =>
              each.from === from &&
              each.to === to &&
              each.fromIncarnation === fromIncarnation &&
              each.toIncarnation === toIncarnation,
          )
          expect(group.frames).toEqual(sent)
          expect(group.count).toBe(sent.length)
          expect(group.broken).toEqual([])
        }
        expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(frames.length)
      }),
    )
  })

  test('cut off anywhere are a malformed message, never an endless loop or another error', () => {
    const bytes = encodeFrames([
      accept(1),
      accept(2),
      { ...accept(3), kind: 'data', parts: [{ message: 1, bytes: new Uint8Array(9) }] },
    ])
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeFrames(bytes.subarray(0, length))).toThrow(MalformedMessage)
    }
  })

  test('with any bytes changed are decoded or refused', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.tuple(fc.nat(), fc.nat(255))), (frames, changes) => {
        const bytes = encodeFrames(frames)
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value
        try {
          decodeFrames(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
        }
      }),
    )
  })

  test('with one broken frame keep the others and name the connection of that one', () => {
    const bytes = encodeFrames([accept(1), accept(2), accept(3)])
    // The kind of the second frame.
    bytes[16 + 44 + 4 + 11] = 77
    const [group] = decodeFrames(bytes)
    expect(group!.frames).toEqual([accept(1), accept(3)])
    expect(group!.count).toBe(3)
    expect(group!.broken).toEqual([
      { connection: connectionKey(1, 1, 2), toOpener: true, reason: 'unknown kind of frame: 77' },
    ])
  })
})
