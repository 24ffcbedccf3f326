/** A client process of the simulator's: several sessions that read, write, watch, close and vanish by the dice of the run,
 *  on few paths, so that they get in each other's way. Each deed has dice of its own, named by its count: when some are
 *  left out, the others stay as they were. */
import type { Op } from '../core/client/multi.ts'
import type { Reply } from '../core/client/reply.ts'
import { ClientSession } from '../core/client/session.ts'
import type { Host, Random } from '../core/host.ts'
import { CreateMode, WatcherType } from '../core/wire/codes.ts'
import { type ACL, OPEN_ACL_UNSAFE } from '../core/wire/data.ts'
import type { SessionId } from '../core/wire/ids.ts'
import { toUtf8 } from '../core/wire/utf8.ts'
import { generator } from './prng.ts'
import type { Process, WorkloadSpec } from './process.ts'

/** One after the other in a place of the process; the next one follows when one is over. */
interface Slot {
  readonly number: number
  session: ClientSession
  /** Since its session was opened, requests not yet answered. */
  underWay: number
  /** The same session by another connection, while the first may still have it. */
  twin: ClientSession | undefined
}

interface Deed {
  readonly count: number
  readonly random: Random
  readonly slot: Slot
  readonly path: string
}

const READ_ONLY_FOR_ALL: readonly ACL[] = [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }]
const CREATOR_ALL: readonly ACL[] = [{ perms: 31, id: { scheme: 'auth', id: '' } }]
const BIG_BYTES = 900_000
const TTL_MS = 2000n

export class Workload implements Process {
  readonly #host: Host
  readonly #connect: string
  readonly #spec: WorkloadSpec
  readonly #name: string
  readonly #seed: number
  readonly #choices: readonly (readonly [deed: string, weight: number])[]
  readonly #skip: ReadonlySet<number>
  #count = 0
  #handles = 0

  constructor(host: Host, station: number, seed: number, connect: string, spec: WorkloadSpec) {
    this.#host = host
    this.#connect = connect
    this.#spec = spec
    this.#seed = seed
    this.#name = String(station)
    this.#choices = Object.entries(spec.deeds).filter(([, weight]) => weight > 0)
    this.#skip = new Set(spec.skip)
    for (let number = 0; number < spec.sessions; number++) {
      const slot: Slot = { number, session: this.#open(), underWay: 0, twin: undefined }
      this.#next(slot)
    }
  }

  /** Whatever is typed, the answer is how many deeds there have been. */
  type(_line: string, done: Parameters<NonNullable<Process['type']>>[1]): void {
    done({ lines: [{ stream: 'out', text: String(this.#count) }], exitCode: 0 })
  }

  #open(resume?: { readonly sessionId: SessionId; readonly password: Uint8Array }): ClientSession {
    // What else a program would do about its session is done when the next deed finds it over.
    const watcher = (): void => undefined
    const { timeoutMs } = this.#spec
    const handle = ++this.#handles
    return new ClientSession(this.#host, this.#connect, {
      timeoutMs,
      watcher,
      history: true,
      handle,
      ...(resume ? { resume } : {}),
    })
  }

  /** Deeds follow at random distances; now and then there is a burst, or nothing for a long time. */
  #next(slot: Slot): void {
    const count = this.#count++
    const random = generator(this.#seed, `deed/${this.#name}/${count}`)
    const { pauseMs, untilUs } = this.#spec
    const mood = random.float()
    const stretch = mood < 0.3 ? 0.02 : mood > 0.97 ? 10 : 1
    const delayMs = -Math.log(1 - random.float()) * pauseMs * stretch
    this.#host.clock.after(delayMs, () => {
      if (untilUs !== undefined && this.#host.clock.now() * 1000 >= untilUs) return this.#farewell(slot)
      this.#next(slot)
      if (!this.#skip.has(count)) this.#act(slot, count, random)
    })
  }

  #farewell(slot: Slot): void {
    slot.twin?.abandon('done')
    slot.session.close(() => undefined)
  }

  #act(slot: Slot, count: number, random: Random): void {
    if (!slot.session.isAlive) {
      slot.session = this.#open()
      slot.underWay = 0
    }
    if (slot.twin && !slot.twin.isAlive) slot.twin = undefined
    if (slot.underWay >= this.#spec.outstanding) return
    const deed = this.#choose(random)
    if (deed === undefined) return
    const key = `/k${random.int(0, this.#spec.keys - 1)}`
    const path = random.int(0, 2) === 0 ? `${key}/c${random.int(0, 2)}` : key
    this.#do(deed, { count, random, slot, path })
  }

  #choose(random: Random): string | undefined {
    const total = this.#choices.reduce((sum, [, weight]) => sum + weight, 0)
    let left = random.float() * total
    for (const [deed, weight] of this.#choices) {
      left -= weight
      if (left < 0) return deed
    }
    return undefined
  }

  #do(deed: string, at: Deed): void {
    const { slot, random, path, count } = at
    const session = slot.twin && random.int(0, 1) === 0 ? slot.twin : slot.session
    const done = this.#done(slot)
    const data = toUtf8(`${this.#name}.${count}`)
    const watch = random.int(0, 3) === 0
    switch (deed) {
      case 'create':
        return session.create(path, data, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, done())
      case 'create2':
        return session.create2(path, data, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, done())
      case 'ephemeral':
        return session.create(path, data, OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL, done())
      case 'sequential': {
        const mode = random.int(0, 1) === 0 ? CreateMode.PERSISTENT_SEQUENTIAL : CreateMode.EPHEMERAL_SEQUENTIAL
        return session.create(`/k${random.int(0, 1)}/s-`, data, OPEN_ACL_UNSAFE, mode, done())
      }
      case 'container':
        return session.create(path, null, OPEN_ACL_UNSAFE, CreateMode.CONTAINER, done())
      case 'ttl':
        return session.create2(path, data, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, done(), TTL_MS)
      case 'delete':
        return session.delete(path, random.int(0, 3) === 0 ? random.int(0, 2) : -1, done())
      case 'set':
        return session.setData(path, data, -1, done())
      case 'setVersion':
        return session.setData(path, data, random.int(0, 3), done())
      case 'big':
        return session.setData(path, new Uint8Array(random.int(1, BIG_BYTES)).fill(count & 0xff), -1, done())
      case 'get':
        return session.getData(path, watch, done())
      case 'exists':
        return session.exists(path, watch, done())
      case 'children':
        return random.int(0, 1) === 0
          ? session.getChildren(path, watch, done())
          : session.getChildren2(random.int(0, 1) === 0 ? '/' : path, watch, done())
      case 'sync':
        session.sync(path, done())
        return session.getData(path, false, done())
      case 'setAcl':
        return session.setACL(path, random.int(0, 3) === 0 ? READ_ONLY_FOR_ALL : OPEN_ACL_UNSAFE, -1, done())
      case 'getAcl':
        return session.getACL(path, done())
      case 'multi':
        return session.multi(this.#multi(at, data), done())
      case 'multiRead':
        return session.multiRead(
          [
            { kind: 'getData', path },
            { kind: 'getChildren', path: '/' },
          ],
          done(),
        )
      default:
        return this.#doToSession(deed, at, data)
    }
  }

  /** What is done to sessions and watches rather than nodes. */
  #doToSession(deed: string, { slot, random, path }: Deed, data: Uint8Array): void {
    const { session } = slot
    const done = this.#done(slot)
    switch (deed) {
      case 'addWatch':
        return session.addWatch(path, random.int(0, 1) === 0 ? 'PERSISTENT' : 'PERSISTENT_RECURSIVE', done())
      case 'removeWatches':
        return session.removeAllWatches(path, WatcherType.Any, random.int(0, 1) === 0, done())
      case 'auth': {
        session.addAuth('digest', toUtf8(`user${random.int(0, 1)}:secret`))
        return session.create(path, data, CREATOR_ALL, CreateMode.PERSISTENT, done())
      }
      case 'burst':
        for (let n = random.int(2, 8); n > 0; n--) {
          if (n % 3 === 0) session.getData(path, false, done())
          else session.setData(path, toUtf8(`${this.#name}.${n}.${random.int(0, 1e6)}`), -1, done())
        }
        return
      case 'close':
        return session.close(() => undefined)
      case 'vanish':
        return session.abandon('vanished')
      case 'resume': {
        const { sessionId, password } = session
        if (sessionId === 0n) return
        session.abandon('goes on elsewhere')
        slot.session = this.#open({ sessionId, password })
        slot.underWay = 0
        return
      }
      case 'twin': {
        const { sessionId, password } = session
        if (sessionId !== 0n && !slot.twin) slot.twin = this.#open({ sessionId, password })
        return
      }
    }
  }

  /** Some parts will fail: then none may happen. */
  #multi({ random, path }: Deed, data: Uint8Array): Op[] {
    const ops: Op[] = []
    const create = (at: string): Op => ({
      kind: 'create',
      path: at,
      data,
      acl: OPEN_ACL_UNSAFE,
      mode: CreateMode.PERSISTENT,
    })
    for (let n = random.int(1, 4); n > 0; n--) {
      const other = random.int(0, 1) === 0 ? path : `/k${random.int(0, this.#spec.keys - 1)}`
      const kind = random.int(0, 3)
      if (kind === 0) ops.push(create(other))
      else if (kind === 1) ops.push({ kind: 'delete', path: other, version: -1 })
      else if (kind === 2) ops.push({ kind: 'setData', path: other, data, version: -1 })
      else ops.push({ kind: 'check', path: other, version: random.int(-1, 2) })
    }
    return ops
  }

  #done(slot: Slot): () => (reply: Reply<unknown>) => void {
    const { session } = slot
    return () => {
      slot.underWay++
      return () => {
        if (slot.session === session) slot.underWay--
      }
    }
  }
}
