/** O-3: what clients asked and were told, as the trace has it for sessions that tell their history, put together by path and
 *  looked through for an order that explains it (linearizability.ts). Zxids are not looked at. */
import type { Asked, Told } from '../core/client/history.ts'
import type { TraceEvent } from '../core/trace.ts'
import { CreateMode, ErrorCode } from '../core/wire/codes.ts'
import { linearize, type Operation, type Register, type Verdict } from './linearizability.ts'
import type { EventOf } from './world.ts'

/** Longer ones are not looked through. */
const MANY = 2000
/** So many positions of one path are looked at. */
const LIMIT = 50_000

export interface PathVerdict {
  readonly path: string
  readonly verdict: Verdict
  readonly operations: readonly Operation[]
  /** What ended each, or began it where nothing did. */
  readonly events: ReadonlyMap<Operation, TraceEvent>
}

type Ended = EventOf<'answered' | 'requestLost' | 'killed'>

/** A request, and how it ended. */
interface Exchange {
  readonly invoked: EventOf<'invoked'>
  readonly ended: Ended
}

export class Histories {
  readonly #paths = new Map<string, Exchange[]>()
  readonly #open = new Map<string, EventOf<'invoked'>>()
  /** By client: the session that it has; and by session the clients that have had it. */
  readonly #sessions = new Map<string, bigint>()
  readonly #clients = new Map<bigint, Set<string>>()
  /** What was there at the beginning is not known. */
  readonly #begins: 'empty' | 'unknown'

  constructor(begins: 'empty' | 'unknown' = 'empty') {
    this.#begins = begins
  }

  onEvent(event: TraceEvent): void {
    switch (event.kind) {
      case 'clientState':
        if (event.session !== 0n) this.#has(clientOf(event), event.session)
        return
      case 'invoked':
        if (event.asked !== undefined) this.#open.set(keyOf(event), event)
        return
      case 'answered':
      case 'requestLost': {
        const invoked = this.#open.get(keyOf(event))
        if (invoked === undefined) return
        this.#open.delete(keyOf(event))
        this.#ended(invoked, event)
        return
      }
      case 'killed':
        for (const [key, invoked] of this.#open) {
          if (invoked.station !== event.station) continue
          this.#open.delete(key)
          this.#ended(invoked, event)
        }
    }
  }

  /** Judges all paths now; what has not ended is taken for lost. */
  judge(): PathVerdict[] {
    return [...this.#paths.keys()].map((path) => this.judgePath(path))
  }

  judgePath(path: string): PathVerdict {
    const events = new Map<Operation, TraceEvent>()
    for (const { invoked, ended } of this.#paths.get(path) ?? []) {
      const answered = ended.kind === 'answered' && !this.#isShared(invoked) ? ended : undefined
      for (const each of operationsOf(invoked, answered)) if (each.path === path) events.set(each.operation, ended)
    }
    for (const invoked of this.#open.values())
      for (const each of operationsOf(invoked, undefined)) if (each.path === path) events.set(each.operation, invoked)
    const operations = [...events.keys()]
    if (operations.length > MANY) return { path, operations, events, verdict: { is: 'unknown' } }
    const initial = this.#begins === 'empty' ? [undefined] : [undefined, ...startsOf(operations)]
    return { path, operations, events, verdict: linearize(operations, LIMIT, initial) }
  }

  #has(client: string, session: bigint): void {
    this.#sessions.set(client, session)
    const clients = this.#clients.get(session)
    if (clients === undefined) this.#clients.set(session, new Set([client]))
    else clients.add(client)
  }

  /** Servers tell a session's requests apart by its numbers for them: if two processes have one session, the answers that they
   *  get may be each other's. */
  #isShared(invoked: EventOf<'invoked'>): boolean {
    const session = this.#sessions.get(clientOf(invoked))
    return session !== undefined && (this.#clients.get(session)?.size ?? 0) > 1
  }

  #ended(invoked: EventOf<'invoked'>, ended: Ended): void {
    const paths = new Set<string>()
    for (const { path } of operationsOf(invoked, ended.kind === 'answered' ? ended : undefined)) paths.add(path)
    for (const { path } of operationsOf(invoked, undefined)) paths.add(path)
    for (const path of paths) {
      if (path.startsWith('/zookeeper')) continue
      const known = this.#paths.get(path)
      if (known === undefined) this.#paths.set(path, [{ invoked, ended }])
      else if (known.length <= MANY) known.push({ invoked, ended })
    }
  }
}

interface OnPath {
  readonly path: string
  readonly operation: Operation
}

type Step = Operation['step']

/** What a request says of one znode. */
interface OfPath {
  readonly steps: Step[]
  isRead: boolean
  readonly texts: string[]
  readonly effects: string[]
  register: Register | undefined
}

const NEVER = Number.POSITIVE_INFINITY
const goes: Step = () => undefined
/** A register that holds what was read of it. */
const registers = new WeakMap<Operation, Register>()

function operationsOf(invoked: EventOf<'invoked'>, answered: EventOf<'answered'> | undefined): OnPath[] {
  const { asked, at: from } = invoked
  if (asked === undefined) return []
  const client = clientOf(invoked)
  const to = answered?.at ?? NEVER
  const found: OnPath[] = []
  const add = (path: string, rest: Omit<Operation, 'client' | 'from'>, register?: Register): void => {
    const operation: Operation = { client, from, ...rest }
    if (register !== undefined) registers.set(operation, register)
    found.push({ path, operation })
  }
  const parts = asked.ops === undefined ? [asked] : asked.ops
  if (asked.ops !== undefined && answered !== undefined) {
    // A multi that failed says little of its znodes.
    const results = answered.told?.results
    if (answered.err !== ErrorCode.Ok || results === undefined) return []
    if (asked.op === 'multi' && results.some(({ err }) => err !== ErrorCode.Ok)) return []
  }
  const byPath = new Map<string, OfPath>()
  parts.forEach((part, n) => {
    const told =
      answered === undefined ? undefined : asked.ops === undefined ? (answered.told ?? {}) : answered.told?.results?.[n]
    const err =
      answered === undefined
        ? undefined
        : asked.ops === undefined
          ? answered.err
          : (answered.told?.results?.[n]?.err ?? 0)
    const made = stepOf(part, told, err)
    if (made === undefined) return
    const known = byPath.get(made.path) ?? { steps: [], isRead: true, texts: [], effects: [], register: undefined }
    known.steps.push(made.step)
    known.effects.push(`${part.op} ${part.mode} ${part.version} ${textOf(part.data)}`)
    known.texts.push(`${part.op}${err === undefined ? ' (lost)' : err === 0 ? '' : ` (${err})`}`)
    known.isRead &&= made.isRead
    known.register ??= made.register
    byPath.set(made.path, known)
    // It may go by itself: with its session, as an empty container, or when its time has come.
    if (made.vanishes) add(made.path, { to: NEVER, isRead: false, step: goes, text: 'goes by itself', effect: 'goes' })
  })
  for (const [path, { steps, isRead, texts, effects, register }] of byPath) {
    const step: Step = (state) => {
      let at: ReturnType<Step> = state
      for (const one of steps) {
        if (at === 'impossible') return at
        at = one(at)
      }
      return at
    }
    const effect = answered === undefined ? effects.join(', ') : undefined
    add(path, { to, isRead, step, text: texts.join(', '), effect }, register)
  }
  return found
}

interface Made {
  readonly path: string
  readonly isRead: boolean
  readonly step: Step
  readonly vanishes?: boolean
  readonly register?: Register
}

/** What an answer says of a znode; undefined: nothing. `err` undefined: it was lost. */
function stepOf(asked: Asked, told: Told | undefined, err: number | undefined): Made | undefined {
  const path = told?.path ?? asked.path
  if (path === undefined) return undefined
  switch (asked.op) {
    case 'create':
    case 'create2':
    case 'createContainer':
    case 'createTTL':
      return creation(asked, path, err)
    case 'delete':
      return deletion(path, asked.version ?? -1, err)
    case 'setData':
      return change(asked, path, told, err)
    case 'check':
    case 'getData':
    case 'exists':
      return reading(asked, path, told, err)
    default:
      return undefined
  }
}

const sequential = new Set<number>([
  CreateMode.PERSISTENT_SEQUENTIAL,
  CreateMode.EPHEMERAL_SEQUENTIAL,
  CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL,
])

function creation(asked: Asked, path: string, err: number | undefined): Made | undefined {
  const mode = asked.mode ?? CreateMode.PERSISTENT
  // Nobody knows the name of one that was lost.
  if (sequential.has(mode) && err !== ErrorCode.Ok) return undefined
  const fresh: Register = { data: textOf(asked.data), version: 0 }
  const vanishes = mode !== CreateMode.PERSISTENT && mode !== CreateMode.PERSISTENT_SEQUENTIAL
  if (err === undefined) return { path, isRead: false, vanishes, step: (state) => state ?? fresh }
  if (err === ErrorCode.Ok)
    return { path, isRead: false, vanishes, step: (state) => (state === undefined ? fresh : 'impossible') }
  return err === ErrorCode.NodeExists ? mustExist(path) : undefined
}

function deletion(path: string, version: number, err: number | undefined): Made | undefined {
  const fits = (state: Register): boolean => version === -1 || state.version === version
  if (err === undefined)
    return { path, isRead: false, step: (state) => (state !== undefined && fits(state) ? undefined : state) }
  if (err === ErrorCode.Ok)
    return { path, isRead: false, step: (state) => (state !== undefined && fits(state) ? undefined : 'impossible') }
  if (err === ErrorCode.NoNode) return mustLack(path)
  if (err === ErrorCode.NotEmpty) return mustExist(path)
  return err === ErrorCode.BadVersion ? mustDiffer(path, version) : undefined
}

function change(asked: Asked, path: string, told: Told | undefined, err: number | undefined): Made | undefined {
  const version = asked.version ?? -1
  const data = textOf(asked.data)
  const after = (state: Register): Register => ({ data, version: (state.version + 1) | 0 })
  const fits = (state: Register | undefined): state is Register =>
    state !== undefined && (version === -1 || state.version === version)
  if (err === undefined) return { path, isRead: false, step: (state) => (fits(state) ? after(state) : state) }
  if (err === ErrorCode.Ok) {
    const said = told?.stat?.version
    const step: Step = (state) =>
      fits(state) && (said === undefined || after(state).version === said) ? after(state) : 'impossible'
    return { path, isRead: false, step }
  }
  if (err === ErrorCode.NoNode) return mustLack(path)
  return err === ErrorCode.BadVersion ? mustDiffer(path, version) : undefined
}

function reading(asked: Asked, path: string, told: Told | undefined, err: number | undefined): Made | undefined {
  if (err === undefined) return undefined
  if (err === ErrorCode.NoNode) return { ...mustLack(path), isRead: true }
  if (err !== ErrorCode.Ok) return undefined
  if (asked.op === 'check') {
    const step: Step = (state) =>
      state !== undefined && (asked.version === -1 || state.version === asked.version) ? state : 'impossible'
    return { path, isRead: false, step }
  }
  const version = told?.stat?.version
  const data = asked.op === 'getData' && told?.data !== undefined ? textOf(told.data) : undefined
  const step: Step = (state) =>
    state !== undefined &&
    (version === undefined || state.version === version) &&
    (data === undefined || state.data === data)
      ? state
      : 'impossible'
  const register = version === undefined || data === undefined ? undefined : { register: { data, version } }
  return { path, isRead: true, step, ...register }
}

const mustExist = (path: string): Made => ({ path, isRead: false, step: (state) => state ?? 'impossible' })
const mustLack = (path: string): Made => ({
  path,
  isRead: false,
  step: (state) => (state === undefined ? undefined : 'impossible'),
})
const mustDiffer = (path: string, version: number): Made => ({
  path,
  isRead: false,
  step: (state) => (state !== undefined && state.version !== version ? state : 'impossible'),
})

/** What a znode may have been before anybody of these looked at it. */
const startsOf = (operations: readonly Operation[]): Register[] =>
  operations.flatMap((operation) => {
    const register = registers.get(operation)
    return register === undefined ? [] : [register]
  })

const textOf = (data: Uint8Array | null | undefined): string =>
  data === null || data === undefined ? 'null' : data.join(' ')

const clientOf = ({ station, handle = 0 }: EventOf<'invoked' | 'clientState'>): string => `${station}/${handle}`

const keyOf = (event: EventOf<'invoked' | 'answered' | 'requestLost'>): string =>
  `${event.station}/${event.handle ?? 0}/${event.xid}`
