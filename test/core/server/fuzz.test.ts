/** Whatever comes in on the client port ends in a typed error or a closed connection: recorded frames with something
 *  changed, spliced, cut, and noise. 100,000 frames here; more with VIVARIUM_FUZZ=1000000, another sequence with
 *  VIVARIUM_FUZZ_SEED=7. */
import { expect, test } from 'vitest'
import type { Connection, ConnectionHandlers } from '../../../src/core/host.ts'
import { State } from '../../../src/core/storage/state.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'
import { encode, Reader } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { decodeLogged, encodeLogged, type LoggedTxn } from '../../../src/core/wire/txn.ts'
import { Dice, joined, mutated, recordedFrames, withLength } from './hostile.ts'
import { framed, TestServer, text, World } from './rig.ts'

const FRAMES = Number(process.env.VIVARIUM_FUZZ ?? 100_000)
const SEED = Number(process.env.VIVARIUM_FUZZ_SEED ?? 1)
/** Between two looks at everything. */
const ROUND = 1000
const recorded = recordedFrames()

test.each(['leader', 'learner'] as const)(
  `a %s lives through frames that no client would send (seed ${SEED})`,
  { timeout: 60_000 + FRAMES },
  (kind) => {
    const siege = new Siege(kind, SEED)
    let sent = 0
    for (; sent < FRAMES / 2; sent++) {
      siege.send()
      if (sent % ROUND === 0) siege.inspect()
    }
    siege.inspect()
    siege.end()
    expect(sent).toBeGreaterThanOrEqual(FRAMES / 2)
    // The frames were of all kinds: some were carried out, some refused, and some ended their connection.
    expect(siege.answered.ok).toBeGreaterThan(FRAMES / 100)
    expect(siege.answered.refused).toBeGreaterThan(FRAMES / 100)
    expect(siege.ended).toBeGreaterThan(FRAMES / 100)
    expect(siege.attached).toBeGreaterThan(FRAMES / 1000)
  },
)

/** A connection of somebody with bad manners. */
interface Attacker {
  readonly handlers: ConnectionHandlers
  readonly heard: Uint8Array[]
  session: bigint
  ended: boolean
}

class Siege {
  readonly world = new World()
  readonly server: TestServer
  /** What the txns alone make of an empty server. */
  readonly model = new State()
  readonly dice: Dice
  readonly answered = { ok: 0, refused: 0 }
  ended = 0
  attached = 0
  #attacker: Attacker | undefined
  readonly #others: Attacker[] = []
  /** Named in answers to connects. */
  readonly #sessions = new Set<bigint>()
  /** createSession txns. */
  #sessionsMade = 0
  #checked = 0
  #probes = 0

  constructor(kind: 'leader' | 'learner', seed: number) {
    this.dice = new Dice(seed)
    this.server = new TestServer(this.world, { kind, extendedTypes: true })
  }

  /** One frame, over a connection that may be new, from one that may have a session. */
  send(): void {
    const { dice } = this
    const attacker = this.#pick()
    const state = this.server.state
    const before = state.tree.digest
    const committed = this.server.committed.length
    // Now and then nothing is committed while more comes in, and the client may be gone by then.
    if (dice.chance(0.01)) this.server.prompt = !this.server.prompt
    const bytes = this.#bytes(attacker)
    if (dice.chance(0.1) && bytes.length > 1) {
      const cut = dice.int(bytes.length)
      this.#give(attacker, bytes.slice(0, cut))
      this.#give(attacker, bytes.slice(cut))
    } else this.#give(attacker, bytes)
    if (!this.server.prompt && dice.chance(0.1)) this.server.commit(1 + dice.int(3))
    if (dice.chance(0.02)) this.#leave(attacker)
    if (dice.chance(0.002)) this.world.run(dice.int(20_000))
    this.#judge(before, this.server.committed.slice(committed))
    this.#listen(attacker)
  }

  #pick(): Attacker {
    const { dice } = this
    if (this.#attacker !== undefined && !this.#attacker.ended && dice.chance(0.97)) return this.#attacker
    const idle = this.#others.filter(({ ended }) => !ended)
    if (this.#attacker !== undefined) this.#others.push(this.#attacker)
    this.#attacker = idle.length > 8 ? dice.one(idle) : this.#connect()
    return this.#attacker
  }

  #connect(): Attacker {
    const heard: Uint8Array[] = []
    const connection: Connection = {
      id: 'attacker',
      remote: { host: this.dice.one(['10.0.0.1', '10.0.0.2', '::1']), port: 4711 },
      write: (bytes) => heard.push(bytes),
      close: () => this.#over(attacker),
      abort: () => this.#over(attacker),
    }
    const attacker: Attacker = { handlers: undefined as never, heard, session: 0n, ended: false }
    Object.assign(attacker, { handlers: this.world.onConnection?.(connection) })
    return attacker
  }

  #over(attacker: Attacker): void {
    if (!attacker.ended) this.ended++
    attacker.ended = true
  }
  #leave(attacker: Attacker): void {
    if (attacker.ended) return
    attacker.ended = true
    attacker.handlers.onClose(this.dice.one(['closed', 'reset']))
  }
  #give(attacker: Attacker, bytes: Uint8Array): void {
    if (!attacker.ended) attacker.handlers.onData(bytes)
  }

  #bytes(attacker: Attacker): Uint8Array {
    const { dice } = this
    const kind = dice.float()
    if (kind < 0.02) return dice.bytes(dice.int(64))
    if (kind < 0.03)
      return joined(new Uint8Array(Buffer.from(dice.one(['ruok', 'mntr', 'stmk', 'GET ', '\u0016\u0003'])))) // a word, or TLS
    if (attacker.session === 0n) {
      if (dice.chance(0.1)) return this.#theft()
      const connect = dice.one(recorded.connects)
      return withLength(dice, dice.chance(0.3) ? mutated(dice, recorded.connects) : connect)
    }
    if (kind < 0.2) return withLength(dice, dice.one(recorded.requests))
    if (kind < 0.22) return withLength(dice, joined(dice.bytes(4), this.#op(), dice.bytes(dice.int(64))))
    return withLength(dice, mutated(dice, recorded.requests))
  }
  /** A ConnectRequest for a session that is somebody else's. */
  #theft(): Uint8Array {
    const sessions = [...this.server.state.sessions.keys()]
    if (sessions.length === 0) return new Uint8Array()
    const passwd = this.dice.bytes(this.dice.one([0, 15, 16, 16, 16, 17]))
    const request = { protocolVersion: 0, lastZxidSeen: asZxid(0n), timeOut: 10_000, readOnly: false, passwd }
    return framed(encode(proto.ConnectRequest, { ...request, sessionId: this.dice.one(sessions) }))
  }
  #op(): Uint8Array {
    const op = new Uint8Array(4)
    new DataView(op.buffer).setInt32(0, this.dice.one(Object.values(OpCode)))
    return op
  }

  /** Who was heard of what. */
  #listen(attacker: Attacker): void {
    for (const bytes of attacker.heard.splice(0)) {
      const input = new Reader(bytes)
      // The answer to a word is no frame.
      if (bytes.length < 20 || input.int() !== bytes.length - 4) continue
      if (attacker.session === 0n) {
        input.int()
        const timeoutMs = input.int()
        const session = input.long()
        if (timeoutMs === 0) continue
        // Nobody here knows a password: whoever gets a session gets a new one.
        if (this.#sessions.has(session)) throw new Error('a session was given away without its password')
        this.#sessions.add(session)
        this.attached++
        attacker.session = session
        continue
      }
      input.offset += 12
      if (input.int() === 0) this.answered.ok++
      else this.answered.refused++
    }
  }

  /** The tree is what the txns have made of it, and what failed has changed nothing. */
  #judge(before: bigint, txns: readonly LoggedTxn[]): void {
    for (const logged of txns) {
      const bytes = encodeLogged(logged)
      if (Buffer.compare(encodeLogged(decodeLogged(bytes)), bytes) !== 0)
        throw new Error('a txn that no log could hold')
      this.model.apply(logged)
      if (logged.txn.kind === 'createSession') this.#sessionsMade++
    }
    const { tree } = this.server.state
    if (tree.digest !== before && txns.every(({ txn }) => txn.kind === 'error' || txn.kind === 'createSession'))
      throw new Error('a tree changed without a txn that changes trees')
    if (tree.digest !== this.model.tree.digest) throw new Error('a tree is not what its txns make of it')
    this.world.events.length = 0
    this.server.touches.length = 0
    this.server.committed.length = 0
  }

  inspect(): void {
    const { server, world } = this
    this.server.prompt = true
    const before = server.state.tree.digest
    server.commit()
    this.#judge(before, server.committed.slice())
    for (const attacker of [this.#attacker, ...this.#others]) if (attacker !== undefined) this.#listen(attacker)
    for (const attacker of this.#others.filter(({ ended }) => ended))
      this.#others.splice(this.#others.indexOf(attacker), 1)
    this.#probe()
    expect(server.state.tree.recomputedDigest()).toBe(server.state.tree.digest)
    expect([...server.state.sessions.keys()].sort()).toEqual([...this.model.sessions.keys()].sort())
    // None was made that no connect has asked for.
    expect(this.#sessionsMade).toBeLessThanOrEqual(server.clients.stats.metrics.count.connection_request_count)
    expect(server.outstanding).toEqual([])
    expect(server.clients.outstanding).toBe(0)
    // Timers that are over are of no interest any more.
    world.timers.splice(0, world.timers.length, ...world.timers.filter(({ live }) => live))
    this.#checked++
  }

  /** Somebody new is served as if nothing had happened. */
  #probe(): void {
    const client = this.server.session()
    const path = `/probe-${++this.#probes}`
    client.create(path, 'still here')
    client.get(path)
    client.delete(path)
    client.close()
    expect(client.take()).toMatchObject({ xid: 1, err: 0 })
    const got = client.take()
    expect(got).toMatchObject({ xid: 2, err: 0 })
    expect(text(got.body.slice(4, 14))).toBe('still here')
    expect(client.take()).toMatchObject({ xid: 3, err: 0 })
    expect(client.take()).toMatchObject({ xid: 4, err: 0 })
    expect(client).toMatchObject({ ended: 'closed', frames: [] })
    this.#judge(this.server.state.tree.digest, this.server.committed.slice())
  }

  /** No session is left for good. */
  end(): void {
    const { server, world } = this
    for (const attacker of [this.#attacker, ...this.#others]) if (attacker !== undefined) this.#leave(attacker)
    world.run(60_000)
    expect(server.state.sessions).toEqual(new Map())
    expect(server.state.tree.ephemeralsCount).toBe(0)
    expect(server.clients.watches.all).toBe(0)
    expect(world.timers.filter(({ live }) => live)).toEqual([])
    expect(this.#checked).toBeGreaterThan(FRAMES / 2 / ROUND)
  }
}
