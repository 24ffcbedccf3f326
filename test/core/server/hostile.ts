/** Frames that no client would send: recorded ones with something changed, and noise. One seed, one sequence. */
import { readdirSync, readFileSync } from 'node:fs'
import { OpCode } from '../../../src/core/wire/codes.ts'

/** mulberry32 */
export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed | 0
  }
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  /** Below `limit`. */
  int(limit: number): number {
    return Math.floor(this.float() * limit)
  }
  chance(share: number): boolean {
    return this.float() < share
  }
  one<T>(of: readonly T[]): T {
    return of[this.int(of.length)] as T
  }
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.int(256))
  }
}

interface Recorded {
  /** Without their lengths. */
  readonly connects: readonly Uint8Array[]
  readonly requests: readonly Uint8Array[]
}

/** What clients have sent in all recorded sessions, each frame once. */
export function recordedFrames(): Recorded {
  const folder = new URL('../../golden/wire/', import.meta.url)
  const connects = new Map<string, Uint8Array>()
  const requests = new Map<string, Uint8Array>()
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()) {
    const clients = new Set<number>()
    for (const text of readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n')) {
      const { conn, kind, dir, hex, note, bytes } = JSON.parse(text)
      if (kind === 'client') clients.add(conn)
      const fromClient = dir === 'c>s' && (clients.has(conn) || conn === undefined)
      // Whole frames of one line; a line may be the beginning of a long one.
      if (!fromClient || hex === undefined || bytes !== undefined || hex.length < 8) continue
      const body = new Uint8Array(Buffer.from(hex, 'hex')).subarray(4)
      const kept = note?.op === 'connect' ? connects : requests
      kept.set(hex, body)
    }
  }
  return { connects: [...connects.values()], requests: [...requests.values()] }
}

/** Numbers that are taken for lengths, counts, flags, versions and times. */
const ODD_INTS = [-1, -2, 0, 1, 2, 3, 7, 0x7f, 0xff, 0xfffff, 0x100000, 0x7fffffff, -0x80000000, -0x7fffffff]
const OPS = [...Object.values(OpCode), 10, 23, 99, 108, 0x7fffffff]

/** The recorded frame, with one to three things changed. */
export function mutated(dice: Dice, recorded: readonly Uint8Array[]): Uint8Array {
  let frame = dice.one(recorded).slice()
  for (let n = 1 + dice.int(3); n > 0; n--) frame = change(dice, frame, recorded)
  return frame
}

function change(dice: Dice, frame: Uint8Array, recorded: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const changed = frame.slice()
  const view = new DataView(changed.buffer)
  const at = dice.int(frame.length + 1)
  switch (dice.int(9)) {
    case 0: // a bit
      if (frame.length > 0) changed[at % frame.length] = (changed[at % frame.length] as number) ^ (1 << dice.int(8))
      return changed
    case 1: // a byte
      if (frame.length > 0) changed[at % frame.length] = dice.int(256)
      return changed
    case 2: // the end is missing
      return changed.slice(0, at)
    case 3: // something follows
      return joined(changed, dice.bytes(1 + dice.int(40)))
    case 4: // an int, wherever one may stand
      if (frame.length >= 4) view.setInt32(dice.int(frame.length - 3), dice.one(ODD_INTS))
      return changed
    case 5: // another op with this body
      if (frame.length >= 8) view.setInt32(4, dice.one(OPS))
      return changed
    case 6: // the beginning of this one, the end of that one
      return joined(changed.slice(0, at), dice.one(recorded).slice(dice.int(40)))
    case 7: // something in between
      return joined(changed.slice(0, at), dice.bytes(1 + dice.int(8)), changed.slice(at))
    default: // something is left out
      return joined(changed.slice(0, at), changed.slice(at + 1 + dice.int(8)))
  }
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** With its length in front; a wrong one now and then. */
export function withLength(dice: Dice, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = dice.chance(0.02)
    ? dice.chance(0.5)
      ? dice.one(ODD_INTS)
      : body.length + dice.int(9) - 4
    : body.length
  const head = new Uint8Array(4)
  new DataView(head.buffer).setInt32(0, length)
  return joined(head, body)
}
