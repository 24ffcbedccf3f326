/** Whole servers on one machine, as the golden answers to four-letter words and AdminServer commands were taken: the same
 *  ports, the same clients with the same requests, the same questions in the same order. */
import { readFileSync } from 'node:fs'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { type ReplicaConfig, replicaConfig } from '../../../src/core/config/replica-config.ts'
import type { Connection, Host } from '../../../src/core/host.ts'
import { Replica } from '../../../src/core/server/replica.ts'
import { AddWatchMode, OpCode } from '../../../src/core/wire/codes.ts'
import { type Codec, Reader, Writer } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { MemoryDisk } from '../memory-disk.ts'
import { Rig } from '../rig.ts'
import { framed, Nothing, utf8 } from './rig.ts'

export const MACHINE = '127.0.0.1'

export interface WordsOptions {
  readonly voters?: number
  readonly observers?: number
  /** Ports are these plus the sid. */
  readonly ports?: { readonly client: number; readonly quorum: number; readonly election: number }
  readonly settings?: Partial<ReplicaConfig>
}

const PORTS = { client: 21810, quorum: 28880, election: 38880 }

export class WordsRig {
  readonly rig = new Rig()
  readonly replicas = new Map<number, Replica>()
  readonly #ports: typeof PORTS
  readonly #client: Host

  constructor({ voters = 1, observers = 0, ports = PORTS, settings = {} }: WordsOptions) {
    this.#ports = ports
    // On one machine a message takes no time worth telling.
    this.rig.latency = () => 0.25
    const sids = Array.from({ length: voters + observers }, (_, index) => index + 1)
    const quorum = new QuorumVerifier(
      sids.map((sid) => ({
        sid,
        host: MACHINE,
        quorumPort: ports.quorum + sid,
        electionPort: ports.election + sid,
        type: sid > voters ? 'observer' : 'participant',
      })),
    )
    const files = { openFiles: () => 40, maxFiles: () => 20_000 }
    for (const sid of sids) {
      const host = this.#machine(`s${sid}`)
      const given = { sid, quorum, clientPort: ports.client + sid, maxClientCnxns: 0, fourLetterWords: ['*'] }
      const dataDir = `DIR/s${sid}/data`
      const surroundings = { dataDir, clientPortAddress: MACHINE, initialConfig: `dataDir=${dataDir}\n`, ...files }
      const config = { ...given, extendedTypesEnabled: true, surroundings, standalone: sids.length === 1, ...settings }
      this.replicas.set(sid, new Replica(host, replicaConfig(config)))
    }
    this.#client = this.rig.start(MACHINE)
  }

  #machine(name: string): Host {
    const base = this.rig.start(name, MACHINE)
    const disk = new MemoryDisk()
    const sync = disk.sync.bind(disk)
    disk.sync = (done) => {
      sync(done)
      base.clock.after(0.5, () => disk.step())
    }
    return { ...base, disk }
  }

  monitor(sid: number): Replica['monitor'] {
    return (this.replicas.get(sid) as Replica).monitor
  }
  kill(...sids: number[]): void {
    for (const sid of sids) this.rig.kill(`s${sid}`)
  }
  untilServing(...sids: number[]): void {
    this.rig.until(() => sids.every((sid) => this.monitor(sid).serving !== undefined))
  }

  /** Sends bytes, waits for the end of the connection, returns what came back; null: it does not end within a second. */
  send(sid: number, bytes: Uint8Array): string | null {
    let answer = ''
    let ended = false
    const connection = this.#client.network.connect(
      { host: MACHINE, port: this.#ports.client + sid },
      {
        onData: (data) => {
          answer += Buffer.from(data).toString()
        },
        onClose: () => {
          ended = true
        },
      },
    )
    connection.write(bytes)
    const limit = this.rig.now + 1000
    while (!ended && this.rig.now < limit && this.rig.step());
    if (!ended) connection.close()
    return ended ? answer : null
  }
  ask(sid: number, word: string): string | null {
    return this.send(sid, utf8(word))
  }

  client(sid: number): WordsClient {
    return new WordsClient(this.rig, this.#client, this.#ports.client + sid)
  }

  /** `Tour znodes`: the requests of a recorded session up to its last create, then its end. */
  tour(sid: number): void {
    const client = this.client(sid)
    client.connect()
    const text = readFileSync(new URL('../../golden/wire/client_tour.jsonl', import.meta.url), 'utf8')
    for (const line of text.trimEnd().split('\n')) {
      const { dir, hex, note } = JSON.parse(line)
      if (dir !== 'c>s' || note.op === 'connect') continue
      client.send(new Uint8Array(Buffer.from(hex, 'hex')))
      if (note.path === '/parent/counted') break
    }
    client.request(OpCode.closeSession, Nothing, {})
    this.rig.until(() => client.ended)
  }

  /** `Tour wait`: a client with watches and an ephemeral that stays. */
  waitingClient(sid: number): WordsClient {
    const client = this.client(sid)
    client.connect()
    const acl = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]
    client.request(OpCode.create, proto.CreateRequest, { path: '/w', data: utf8('0'), acl, flags: 0 })
    client.request(OpCode.create, proto.CreateRequest, { path: '/w-ephemeral', data: utf8('0'), acl, flags: 1 })
    client.request(OpCode.getData, proto.WatchableRequest, { path: '/w', watch: true })
    client.request(OpCode.exists, proto.WatchableRequest, { path: '/w-later', watch: true })
    client.request(OpCode.getChildren, proto.WatchableRequest, { path: '/w', watch: true })
    for (const [path, mode] of [
      ['/w-p', AddWatchMode.PERSISTENT],
      ['/w-r', AddWatchMode.PERSISTENT_RECURSIVE],
    ] as const)
      client.request(OpCode.addWatch, proto.AddWatchRequest, { path, mode })
    return client
  }
}

/** Speaks when it has been answered. */
export class WordsClient {
  readonly #rig: Rig
  readonly #connection: Connection
  #received = new Uint8Array(0)
  frames: Uint8Array[] = []
  ended = false
  #xid = 0

  constructor(rig: Rig, host: Host, port: number) {
    this.#rig = rig
    this.#connection = host.network.connect(
      { host: MACHINE, port },
      {
        onData: (bytes) => this.#hear(bytes),
        onClose: () => {
          this.ended = true
        },
      },
    )
  }

  connect(): void {
    const out = new Writer()
    proto.ConnectRequest.write(out, {
      protocolVersion: 0,
      lastZxidSeen: 0n as never,
      timeOut: 10_000,
      sessionId: 0n as never,
      passwd: new Uint8Array(16),
      readOnly: false,
    })
    this.send(framed(out.finish()))
  }
  request<T>(type: number, codec: Codec<T>, value: T): void {
    const out = new Writer()
    proto.RequestHeader.write(out, { xid: ++this.#xid, type })
    codec.write(out, value)
    this.send(framed(out.finish()))
  }
  create(path: string): void {
    const acl = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]
    this.request(OpCode.create, proto.CreateRequest, { path, data: new Uint8Array(), acl, flags: 0 })
  }
  exists(path: string): void {
    this.request(OpCode.exists, proto.WatchableRequest, { path, watch: true })
  }
  /** Whole frames, one after another. */
  send(frame: Uint8Array): void {
    const before = this.frames.length
    this.#connection.write(frame)
    this.#rig.until(() => this.ended || this.frames.length > before)
  }

  #hear(bytes: Uint8Array): void {
    const all = new Uint8Array([...this.#received, ...bytes])
    const input = new Reader(all)
    let at = 0
    while (all.length - at >= 4) {
      input.offset = at
      const length = input.int()
      if (all.length - at - 4 < length) break
      this.frames.push(all.slice(at + 4, at + 4 + length))
      at += 4 + length
    }
    this.#received = all.slice(at)
  }
}
