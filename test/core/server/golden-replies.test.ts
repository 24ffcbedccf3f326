/** What a real ZooKeeper 3.8.0 answered in the recorded sessions, our server answers too: frame for frame, with the same
 *  zxids, session ids and passwords. Only times are taken out, and the order of children, which is left open. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isWrite } from '../../../src/core/server/prep.ts'
import { OpCode, Xid } from '../../../src/core/wire/codes.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { Reader } from '../../../src/core/wire/jute.ts'
import { ConnectResponse, ReplyHeader, RequestHeader, WatcherEvent } from '../../../src/core/wire/proto.ts'
import { hex } from '../wire/golden.ts'
import { replyCodec } from '../wire/requests.ts'
import { type TestClient, TestServer, World } from './rig.ts'

/** Where we differ from 3.8.0 on purpose, and in what. Everything else must be equal. */
const DIFFERENT: { readonly [scene: string]: string } = {
  // 3.8.0 logs a check that stands alone, answers nothing, and cannot read its log any more (ZOOKEEPER-2623).
  check_alone: 'refused with Unimplemented, no txn',
}

interface Line {
  readonly where: string
  readonly dir?: 'c>s' | 's>c'
  readonly hex?: string
  /** The frame is longer than `hex`. */
  readonly bytes?: number
  // biome-ignore lint/suspicious/noExplicitAny: the notes are free JSON
  readonly note?: any
  readonly silent?: number
  readonly end?: 'open' | 'closed'
}

function linesOf(recording: string): (Line & { readonly probe?: string })[] {
  const text = readFileSync(new URL(`../../golden/wire/${recording}`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line, number) => ({ ...JSON.parse(line), where: `${recording}:${number + 1}` }))
}

/** Plays scenes against one server. */
class Player {
  readonly server: TestServer
  #client: TestClient | undefined
  /** The connections of the scene, in the order in which they were opened. */
  #clients: TestClient[] = []
  /** Ops by xid, of requests not answered yet. */
  #asked: { readonly xid: number; readonly type: number }[] = []

  /** The server's sessions get the recorded ids when it starts at the same moment: `firstSession`. */
  constructor(firstSession: bigint, tickTimeMs = 2000, kind: 'leader' | 'learner' = 'leader') {
    const world = new World()
    world.wallStart = Number((firstSession >> 16n) & 0xffffffffffn)
    this.server = new TestServer(world, { extendedTypes: true, tickTimeMs, kind })
  }

  play(scene: readonly Line[]): void {
    this.#clients = []
    this.#asked = []
    this.#client = undefined
    for (const [at, line] of scene.entries()) {
      if (line.dir === 'c>s') this.#send(line, scene.slice(at + 1))
      else if (line.silent !== undefined) expect(this.#clients.at(-1)?.frames, line.where).toEqual([])
      else if (line.dir === 's>c') this.#hear(line)
      else if (line.end !== undefined) this.#end(line)
    }
  }

  #send(line: Line, later: readonly Line[]): void {
    const { note } = line
    if (this.#client === undefined || note.op === 'connect') {
      this.#client = this.server.connect()
      this.#clients.push(this.#client)
    }
    const bytes = bytesOf(line)
    if (this.#client.session !== 0n && bytes.length >= 12) {
      const { xid, type } = RequestHeader.read(new Reader(bytes, 4))
      this.#asked.push({ xid, type })
      this.#catchUp(xid, type, later)
    }
    if (note.sent === 'one byte a segment') for (const byte of bytes) this.#client.send(Uint8Array.of(byte))
    else if (note.sent === 'in two segments') {
      this.#client.send(bytes.slice(0, 2))
      this.#client.send(bytes.slice(2))
    } else this.#client.send(bytes)
  }

  /** Sessions of earlier scenes expired when nobody looked. How many had, the zxid of the answer tells. */
  #catchUp(xid: number, type: number, later: readonly Line[]): void {
    const expected = type === OpCode.ping ? Xid.ping : xid
    const reply = later.find(({ dir, note }) => dir === 's>c' && note.xid === expected && note.reply !== 'connect')
    if (reply === undefined) return
    const zxid = BigInt.asIntN(64, BigInt(reply.note.zxid))
    if (zxid <= 0n) return
    const { server } = this
    const open = new Set(this.#clients.map(({ session }) => session))
    const silent = [...server.state.sessions].filter(([id, timeoutMs]) => timeoutMs <= 6000 && !open.has(id))
    const missing = Number(zxid - (isWrite(type) ? 1n : 0n) - server.state.tree.lastProcessedZxid)
    expect(missing, reply.where).toBeGreaterThanOrEqual(0)
    expect(missing, reply.where).toBeLessThanOrEqual(silent.length)
    for (const [id] of silent.slice(0, missing)) server.expire(id)
  }

  #hear(line: Line): void {
    const client = this.#client as TestClient
    if (line.note.answer !== undefined) {
      expect(Buffer.from(client.raw).toString(), line.where).toBe(line.note.answer)
      return
    }
    const frame = client.frames.shift()
    if (frame === undefined) throw new Error(`${line.where}: no answer but ${JSON.stringify(line.note)}`)
    if (line.note.reply === 'connect') client.session = ConnectResponse.read(new Reader(frame)).sessionId
    const recorded = bytesOf(line).slice(4)
    // Both are told apart by what was asked.
    const type = this.#typeOf(line)
    expect({ where: line.where, ...shown(frame, type) }).toEqual({ where: line.where, ...shown(recorded, type) })
  }

  #typeOf({ note }: Line): number | 'connect' | 'event' {
    if (note.reply === 'connect') return 'connect'
    // One probe uses xid -1 for a request: then there is no event.
    const at = this.#asked.findIndex(({ xid, type }) => xid === note.xid || (type === OpCode.ping && note.xid === -2))
    if (at === -1) return 'event'
    return (this.#asked.splice(at, 1)[0] as { type: number }).type
  }

  #end({ end, where }: Line): void {
    const client = this.#clients.shift()
    if (end === 'closed') expect(client?.ended, where).toBeDefined()
    else expect(client?.ended, where).toBeUndefined()
    expect(client?.frames, where).toEqual([])
    client?.vanish()
  }
}

function bytesOf({ hex: text, bytes, note }: Line): Uint8Array {
  const start = new Uint8Array(Buffer.from(text as string, 'hex'))
  if (bytes === undefined) return start
  // A path of very many x and no watch.
  expect(note.path).toMatch(/^\/x+$/)
  const whole = new Uint8Array(bytes).fill('x'.charCodeAt(0))
  whole.set(start)
  whole[bytes - 1] = 0
  return whole
}

/** A frame in a form that can be compared. */
function shown(frame: Uint8Array, type: number | 'connect' | 'event'): object {
  const input = new Reader(frame)
  if (type === 'connect') return { bytes: hex(frame) }
  const header = ReplyHeader.read(input)
  if (type === 'event') return { header, event: WatcherEvent.read(input), rest: hex(input.rest()) }
  const multi = type === OpCode.multi || type === OpCode.multiRead
  // The answer to sync gives back whatever was sent, and it may have been null.
  const decoded = input.remaining > 0 && (header.err === 0 || multi) && type !== OpCode.sync
  const body = decoded ? replyCodec(type).read(input) : undefined
  return { header, body: timeless(body), rest: hex(input.rest()) }
}

function timeless(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return value.map(timeless)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      if (field === 'ctime' || field === 'mtime') return [field, inner === 0n ? 'never' : 'a time']
      if (field === 'children') return [field, [...inner].sort()]
      return [field, timeless(inner)]
    }),
  )
}

test.each([
  ['client_tour.jsonl', 'leader', 2000],
  ['client_tour.jsonl', 'learner', 2000],
  ['client_kazoo.jsonl', 'leader', 2000],
  ['client_c.jsonl', 'leader', 2000],
  ['client_pings.jsonl', 'leader', 1000],
] as const)('the client of %s hears from a %s what it heard then', (recording, kind, tickTimeMs) => {
  const lines = linesOf(recording)
  const connected = lines.find(({ note }) => note?.reply === 'connect')
  const player = new Player(BigInt(connected?.note.sessionId), tickTimeMs, kind)
  player.play(lines)
  // Every line was played: nothing is left unanswered or unasked.
  expect(player.server.outstanding).toEqual([])
})

describe('raw_probes.jsonl', () => {
  const lines = linesOf('raw_probes.jsonl')
  const player = new Player(0x10000318c4d0000n)
  const probes = [...new Set(lines.map(({ probe }) => probe as string))]
  // One server for all of them, as it was: in order.
  for (const probe of probes) {
    const scene = lines.filter((line) => line.probe === probe)
    const difference = DIFFERENT[probe]
    if (difference === undefined) test(probe, () => player.play(scene))
    else
      test(`${probe}: ${difference}`, () => {
        const { server } = player
        const before = server.state.tree.lastProcessedZxid
        const client = server.session(6000)
        for (const { dir, note, hex: bytes } of scene) {
          if (dir !== 'c>s' || note.op === 'connect') continue
          client.send(new Uint8Array(Buffer.from(bytes as string, 'hex')))
          expect(client.take()).toMatchObject({ err: -6, body: new Uint8Array() })
        }
        expect(server.state.tree.lastProcessedZxid).toBe(before + 1n)
        client.vanish()
        // 3.8.0 took two zxids for them.
        server.state.tree.lastProcessedZxid = asZxid(0x90n)
        server.lastProposed = asZxid(0x90n)
      })
  }
})
