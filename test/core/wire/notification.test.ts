import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ServerState } from '../../../src/core/wire/codes.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { JuteError, Reader, Writer } from '../../../src/core/wire/jute.ts'
import {
  ANONYMOUS_OBSERVER,
  decodeNotification,
  encodeInitialMessage,
  encodeNotification,
  type InitialMessage,
  NO_CANDIDATE,
  type Notification,
  readInitialMessage,
} from '../../../src/core/wire/notification.ts'
import { encodedUtf8 } from '../../../src/core/wire/utf8.ts'
import { hex } from './golden.ts'
import { zxid } from './records.ts'

const vote: Notification = {
  state: 'FOLLOWING',
  leader: 1,
  zxid: asZxid(0x100000000n),
  electionEpoch: 1,
  peerEpoch: 2,
  version: 2,
  config: 'server.1=127.0.0.1:22281:22381:participant\nversion=100000000',
}

describe('a notification', () => {
  const number = fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.constant(NO_CANDIDATE))
  const anyVote = fc.record({
    state: fc.constantFrom(...(Object.keys(ServerState) as ServerState[])),
    leader: number,
    zxid,
    electionEpoch: number,
    peerEpoch: number,
    version: fc.integer({ min: 2, max: 9 }),
    config: fc.string({ unit: 'grapheme-ascii' }),
  })

  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(anyVote, (sent) => {
        expect(decodeNotification(encodeNotification(sent))).toEqual(sent)
      }),
    )
  })

  test('of 28 bytes has the epoch of its zxid and no version', () => {
    const got = decodeNotification(encodeNotification(vote).subarray(0, 28))
    expect(got).toEqual({ ...vote, peerEpoch: 1, version: 0, config: null })
  })

  test('of 40 bytes has no version, whatever its last four bytes say', () => {
    const old = encodeNotification({ ...vote, version: 1, config: null })
    expect(old.length).toBe(40)
    expect(decodeNotification(old)).toEqual({ ...vote, version: 0, config: null })
  })

  test('of version 1 with more bytes has no config', () => {
    const long = Uint8Array.of(...encodeNotification({ ...vote, version: 1, config: null }), 0)
    expect(decodeNotification(long)).toEqual({ ...vote, version: 1, config: null })
  })

  test('may have bytes after its config', () => {
    expect(decodeNotification(Uint8Array.of(...encodeNotification(vote), 1, 2, 3))).toEqual(vote)
  })

  test('of any other length is dropped', () => {
    const bytes = encodeNotification({ ...vote, config: '' })
    expect(bytes.length).toBe(44)
    for (let length = 0; length < 44; length++)
      if (length !== 28 && length !== 40) expect(() => decodeNotification(bytes.subarray(0, length))).toThrow(JuteError)
  })

  test('with a config length below zero, beyond the message, or beyond its end is dropped', () => {
    const bytes = encodeNotification({ ...vote, config: 'abc' })
    for (const length of [-1, bytes.length + 1, bytes.length, 4]) {
      new DataView(bytes.buffer, bytes.byteOffset).setInt32(40, length)
      expect(() => decodeNotification(bytes)).toThrow(JuteError)
    }
  })

  test('with a state that does not exist is dropped', () => {
    const bytes = encodeNotification(vote)
    for (const state of [-1, 4, 0x7fffffff]) {
      new DataView(bytes.buffer, bytes.byteOffset).setInt32(0, state)
      expect(() => decodeNotification(bytes)).toThrow(JuteError)
    }
  })

  test('with an id that no server has is dropped', () => {
    const bytes = encodeNotification(vote)
    new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(4, 2n ** 60n + 1n)
    expect(() => decodeNotification(bytes)).toThrow('leader 1152921504606846977 is out of range')
  })

  test('of random bytes is a vote or a JuteError', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      // A good one with a few bytes changed.
      fc.tuple(anyVote, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })).map(([sent, changes]) => {
        const good = encodeNotification(sent)
        for (const [at, byte] of changes) good[at % good.length] = byte
        return good
      }),
    )
    fc.assert(
      fc.property(bytes, (input) => valueOrJuteError(() => decodeNotification(input))),
      { numRuns: 1000 },
    )
  })
})

describe('an initial message', () => {
  const read = (bytes: Uint8Array) => {
    const input = new Reader(bytes)
    const message = readInitialMessage(input)
    expect(input.remaining).toBe(0)
    return message
  }
  /** A message with any text in the place of the address. */
  const withText = (text: string, version = -65536n) => {
    const out = new Writer()
    out.long(version)
    out.long(3n)
    out.buffer(encodedUtf8(text))
    return out.finish()
  }

  test('comes back as it was sent', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4().filter((ip) => ip !== '0.0.0.0'),
      fc.constant('fe80::1'),
    )
    const address = fc.record({ host, port: fc.integer({ min: 0, max: 65535 }) })
    const sid = fc.oneof(fc.nat(255), fc.constant(ANONYMOUS_OBSERVER))
    const message = fc.oneof(
      fc.record({ version: fc.constant(0 as const), sid, addresses: fc.constant([]) }),
      fc.record({ version: fc.constant(1 as const), sid, addresses: address.map((one) => [one]) }),
      fc.record({
        version: fc.constant(2 as const),
        sid,
        addresses: fc.array(address, { minLength: 1, maxLength: 4 }),
      }),
    )
    fc.assert(
      fc.property(message, (sent: InitialMessage) => {
        expect(read(encodeInitialMessage(sent))).toEqual(sent)
      }),
    )
  })

  test('of a peer before 3.5 is its sid alone', () => {
    expect(read(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3))).toEqual({ version: 0, sid: 3, addresses: [] })
  })

  test('has the bytes of a real server', () => {
    const bytes = encodeInitialMessage({ version: 1, sid: 3, addresses: [{ host: '127.0.0.1', port: 3888 }] })
    expect(hex(bytes)).toBe(`ffffffffffff000000000000000000030000000e${Buffer.from('127.0.0.1:3888').toString('hex')}`)
  })

  test('of an unknown protocol version is refused', () => {
    expect(() => read(withText('a:1', -65534n))).toThrow('Got unrecognized protocol version -65534')
    expect(() => read(withText('a:1', -1n))).toThrow(JuteError)
  })

  test.each(['', 'x'.repeat(2049)])('with an address of a length outside 1 … 2048 is refused', (text) => {
    expect(() => read(withText(text))).toThrow('Unreasonable buffer length')
  })

  test.each([
    'host',
    ':1:',
    'a:b',
    'a:1:2',
    'a:',
    'a:-1',
    'a:65536',
    'a:1||b:2',
    '|a:1',
    '[::1]',
    '[::1',
    '[]:1',
    '[::1]1',
    'a:99999999999',
  ])('with the address %j is refused', (text) => expect(() => read(withText(text, -65535n))).toThrow(JuteError))

  test.each(['0.0.0.0:1', '[::]:1', '[0:0:0:0:0:0:0:0]:1'])('with the wildcard %s has no address', (text) => {
    expect(read(withText(text)).addresses).toEqual([])
  })

  test('may have an IPv6 address', () => {
    expect(read(withText('[fe80::1]:3888')).addresses).toEqual([{ host: 'fe80::1', port: 3888 }])
  })
})

function valueOrJuteError(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof JuteError)) throw error
  }
}
