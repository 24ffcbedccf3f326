/** A fixed script of requests of all kinds, for runs that are to be broken off anywhere: always the same requests in the
 *  same order. Some are sent together, so that they share a sync. What the ensemble answers changes nothing, but it must
 *  answer. */
import type { Op } from '../../../src/core/client/multi.ts'
import { ClientSession, type Done } from '../../../src/core/client/session.ts'
import type { Host } from '../../../src/core/host.ts'
import { CreateMode, ErrorCode } from '../../../src/core/wire/codes.ts'
import { type ACL, OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { toUtf8 } from '../../../src/core/wire/utf8.ts'
import type { Process } from '../../../src/hosts/process.ts'

type Call = (zk: ClientSession, done: Done<unknown>) => void
export type Step =
  /** Sent together by the session of this name; the next step comes when all are answered. */
  | { readonly session: string; readonly calls: readonly Call[] }
  /** Its ephemerals go with it; who uses the name again gets a new one. */
  | { readonly close: string }
  /** ms. */
  | { readonly wait: number }

const OPEN = OPEN_ACL_UNSAFE
const READERS: readonly ACL[] = [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }]
const LIMITS = 'count=4,bytes=-1=;countHardLimit=12'
/** More than two pages of the disk. */
const LONG = 9000

const create =
  (path: string, mode: CreateMode = CreateMode.PERSISTENT, data = 'data'): Call =>
  (zk, done) =>
    zk.create(path, toUtf8(data), OPEN, mode, done)
const create2 =
  (path: string, mode: CreateMode, ttlMs?: bigint): Call =>
  (zk, done) =>
    zk.create2(path, null, OPEN, mode, done, ttlMs)
const set =
  (path: string, data: string, version = -1): Call =>
  (zk, done) =>
    zk.setData(path, toUtf8(data), version, done)
const remove =
  (path: string, version = -1): Call =>
  (zk, done) =>
    zk.delete(path, version, done)
const setAcl =
  (path: string, acl: readonly ACL[]): Call =>
  (zk, done) =>
    zk.setACL(path, acl, -1, done)
const multi =
  (...ops: readonly Op[]): Call =>
  (zk, done) =>
    zk.multi([...ops], done)
const opCreate = (path: string, data = ''): Op => ({
  kind: 'create',
  path,
  data: toUtf8(data),
  acl: OPEN,
  mode: CreateMode.PERSISTENT,
})
const opSet = (path: string): Op => ({ kind: 'setData', path, data: toUtf8('by a multi'), version: -1 })
const opCheck = (path: string, version: number): Op => ({ kind: 'check', path, version })
const opDelete = (path: string): Op => ({ kind: 'delete', path, version: -1 })

const LOST: ReadonlySet<number> = new Set([ErrorCode.ConnectionLoss, ErrorCode.SessionExpired])
const AGAIN_MS = 20

/** About 40 requests. */
function round(n: number): Step[] {
  const at = `/r${n}`
  const quota = `/zookeeper/quota${at}`
  const { EPHEMERAL, EPHEMERAL_SEQUENTIAL, PERSISTENT_SEQUENTIAL, CONTAINER } = CreateMode
  return [
    { session: 'a', calls: [create(at), create2(`${at}/a`, CreateMode.PERSISTENT)] },
    { session: 'b', calls: [create(`${at}/e`, EPHEMERAL), create(`${at}/es-`, EPHEMERAL_SEQUENTIAL)] },
    {
      session: 'a',
      calls: [
        create(`${at}/s-`, PERSISTENT_SEQUENTIAL),
        create(`${at}/s-`, PERSISTENT_SEQUENTIAL),
        create(`${at}/box`, CONTAINER),
        create(`${at}/box/x`),
        create2(`${at}/brief`, CreateMode.PERSISTENT_WITH_TTL, 1500n),
      ],
    },
    // In one, so that there is never half a quota.
    {
      session: 'a',
      calls: [
        multi(opCreate(quota), opCreate(`${quota}/zookeeper_limits`, LIMITS), opCreate(`${quota}/zookeeper_stats`)),
      ],
    },
    { session: 'a', calls: [create(`${at}/q`), create(`${at}/q2`), create(`${at}/q3`)] },
    { session: 'a', calls: [create(`${at}/too-much`), remove(`${at}/q2`)] },
    { session: 'a', calls: [set(at, 'v1'), set(`${at}/a`, 'x'.repeat(n % 2 === 0 ? LONG : 600)), set(at, 'stale', 7)] },
    { session: 'a', calls: [multi(opCreate(`${at}/m`), opSet(at), opCheck(`${at}/a`, 1), opDelete(`${at}/q`))] },
    { session: 'a', calls: [multi(opCreate(`${at}/never`), opSet('/missing')), set(`${at}/m`, 'behind it')] },
    { session: 'a', calls: [setAcl(`${at}/m`, READERS), set(`${at}/m`, 'denied'), setAcl(`${at}/a`, READERS)] },
    { session: 'a', calls: Array.from({ length: 7 }, (_, k) => set(at, `${n}.${k}`.repeat(40 * (k + 1)))) },
    { session: 'a', calls: [remove(`${at}/box/x`), remove('/missing'), remove(at)] },
    {
      session: 'c',
      calls: [create(`${at}/e2`, EPHEMERAL), create(`${at}/e3`, EPHEMERAL), create(`${at}/e4`, EPHEMERAL)],
    },
    n % 2 === 0 ? { close: 'b' } : { close: 'c' },
    n % 3 === 2 ? { wait: 2500 } : { wait: 10 },
  ]
}

/** `first`: so that they do other things than those of another script. */
export const scriptOf = (rounds: number, first = 0): readonly Step[] =>
  Array.from({ length: rounds }, (_, n) => round(first + n)).flat()

/** Many requests at once, of a session that has been there for a while. */
export const burstOf = (calls: number): readonly Step[] => [
  { session: 'a', calls: [create('/burst')] },
  { wait: BURST_AFTER_MS },
  { session: 'a', calls: Array.from({ length: calls }, (_, n) => set('/burst', `${n}`.repeat(20 + n))) },
]
export const BURST_AFTER_MS = 500

/** Requests, with the closing of sessions. */
export const requestsIn = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + ('calls' in step ? step.calls.length : 'close' in step ? 1 : 0), 0)

/** A client that goes through it. */
export class ScriptClient implements Process {
  readonly #host: Host
  readonly #connect: string
  readonly #steps: readonly Step[]
  readonly #sessions = new Map<string, ClientSession>()
  #handles = 0
  #next = 0

  constructor(host: Host, connect: string, steps: readonly Step[]) {
    this.#host = host
    this.#connect = connect
    this.#steps = steps
    this.#step()
  }

  /** Takes no lines. */
  type(_line: string, done: Parameters<NonNullable<Process['type']>>[1]): void {
    done({ lines: [], exitCode: 127 })
  }

  get isDone(): boolean {
    return this.#next > this.#steps.length
  }

  #step(): void {
    const step = this.#steps[this.#next++]
    if (step === undefined) return
    const next = (): void => this.#step()
    if ('wait' in step) this.#host.clock.after(step.wait, next)
    else if ('close' in step) {
      const session = this.#sessions.get(step.close)
      this.#sessions.delete(step.close)
      session?.close(() => undefined)
      this.#host.clock.after(1, next)
    } else {
      let left = step.calls.length
      const answered = (): void => {
        if (--left === 0) this.#host.clock.after(0, next)
      }
      for (const call of step.calls) this.#ask(step.session, call, answered)
    }
  }

  /** As often as it takes to get an answer: what nobody answered may have been done all the same. */
  #ask(session: string, call: Call, answered: () => void): void {
    call(this.#session(session), (reply) => {
      if (reply.ok || !LOST.has(reply.err)) answered()
      else this.#host.clock.after(AGAIN_MS, () => this.#ask(session, call, answered))
    })
  }

  #session(name: string): ClientSession {
    const known = this.#sessions.get(name)
    if (known?.isAlive === true) return known
    const handle = ++this.#handles
    const session = new ClientSession(this.#host, this.#connect, { timeoutMs: 6000, history: true, handle })
    this.#sessions.set(name, session)
    return session
  }
}
