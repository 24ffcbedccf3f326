/** C-1, T-5, T-7: what writes are answered with, held against what their txns came to in their place of the history. */
import { CreateMode, ErrorCode, OpCode, opName } from '../core/wire/codes.ts'
import { Stat } from '../core/wire/data.ts'
import { asZxid, type Zxid } from '../core/wire/ids.ts'
import { Reader } from '../core/wire/jute.ts'
import {
  CreateRequest,
  DeleteRequest,
  MultiHeader,
  SetACLRequest,
  SetDataRequest,
  StatResponse,
} from '../core/wire/proto.ts'
import { compareStat } from './compare-stat.ts'
import type { ClientConnection, Request } from './connections.ts'
import type { Outcome } from './reference-step.ts'
import type { Executed } from './reference-tree.ts'
import type { TreeChecks } from './tree.ts'
import { type EventOf, type World, who } from './world.ts'

export class WriteAnswers {
  readonly #world: World
  readonly #tree: TreeChecks

  constructor(world: World, tree: TreeChecks) {
    this.#world = world
    this.#tree = tree
  }

  /** The answer must be that of the txn in its place. */
  compare(
    connection: ClientConnection,
    event: EventOf<'repliesCame'>,
    request: Request,
    { outcome, header: { zxid: own } }: Executed,
    err: number,
    input: Reader,
    name: string,
  ): void {
    const { judges } = this.#world
    // A session that has moved hears nothing: the connection ends instead.
    const expected = outcome.type === OpCode.error ? outcome.err : ErrorCode.Ok
    if (request.type === OpCode.multi) return this.#compareMulti(event, request, outcome, input, name)
    // Whose session is local is known to its server alone: to the leader, which makes the error txn, it is no session.
    const isLocal = err === ErrorCode.EphemeralOnLocalSession && expected === ErrorCode.SessionExpired
    if (!judges['C-1'].holds(err === expected || isLocal))
      return judges['C-1'].report(event, `${name} is answered with ${err}, and its txn came to ${expected}`, [
        request.event,
      ])
    this.#conditional(event, request, outcome, own, name)
    if (err !== ErrorCode.Ok) return
    const where = `${who(connection.server)} answers ${name}`
    switch (request.type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL: {
        // `create` and `createContainer` of old clients are answered with the path alone.
        const path = input.string() ?? ''
        this.#created(event, request, outcome, path, where)
        if (request.type !== OpCode.create) compareStat(this.#world, event, Stat.read(input), outcome.stat, where)
        return
      }
      case OpCode.setData:
      case OpCode.setACL:
        return compareStat(this.#world, event, StatResponse.read(input).stat, outcome.stat, where)
    }
  }

  /** What names a version is done on that version, and refused on every other one. */
  #conditional(event: EventOf<'repliesCame'>, request: Request, { type, err }: Outcome, own: Zxid, name: string): void {
    const asked = versionIn(request)
    const refused = type === OpCode.error
    if (asked === undefined || asked.version === -1 || (refused && err !== ErrorCode.BadVersion)) return
    const node = this.#tree.tree.at(asked.path, asZxid(own - 1n))
    if (node === 'unknown' || node === undefined) return
    const version = request.type === OpCode.setACL ? node.aversion : node.version
    if (!this.#world.judges['C-1'].holds((version === asked.version) !== refused))
      this.#world.judges['C-1'].report(
        event,
        `${name} asks for version ${asked.version} of ${asked.path}, which has ${version}, and is ${refused ? 'refused' : 'done'}`,
        [request.event],
      )
  }

  /** One result for each operation, all of them errors if one is. */
  #compareMulti(event: EventOf<'repliesCame'>, request: Request, outcome: Outcome, input: Reader, name: string): void {
    const { judges } = this.#world
    const got: string[] = []
    for (let header = MultiHeader.read(input); !header.done; header = MultiHeader.read(input)) {
      if (header.type === OpCode.error) got.push(`error ${input.int()}`)
      else {
        got.push(opName(header.type))
        if (header.type === OpCode.create || header.type === OpCode.create2) input.string()
        if (header.type === OpCode.create2 || header.type === OpCode.setData) Stat.read(input)
      }
    }
    const parts = outcome.type === OpCode.error ? [] : (outcome.parts ?? [])
    const wanted = parts.map(({ type, err }) => (type === OpCode.error ? `error ${err}` : nameInMulti(type)))
    if (!judges['T-7'].holds(got.join() === wanted.join()))
      judges['T-7'].report(
        event,
        `${name} is answered with ${got.join(', ')}, and its txn came to ${wanted.join(', ')}`,
        [request.event],
      )
  }

  #created(event: EventOf<'repliesCame'>, request: Request, outcome: Outcome, path: string, where: string): void {
    const { judges } = this.#world
    if (!judges['C-1'].holds(path === outcome.path))
      judges['C-1'].report(event, `${where} with ${path}, and its txn made ${outcome.path}`, [request.event])
    const asked = CreateRequest.read(new Reader(request.body))
    const mode = asked.flags
    const isSequential =
      mode === CreateMode.PERSISTENT_SEQUENTIAL ||
      mode === CreateMode.EPHEMERAL_SEQUENTIAL ||
      mode === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
    if (!isSequential || outcome.sequence === undefined) return
    const suffix = String(outcome.sequence).padStart(10, '0')
    const wanted = `${asked.path}${outcome.sequence < 0 ? `-${String(-outcome.sequence).padStart(9, '0')}` : suffix}`
    if (!judges['T-5'].holds(path === wanted))
      judges['T-5'].report(event, `${where} with ${path}, and ${wanted} was next`, [request.event])
  }
}

/** Containers and TTL nodes are answered as create2. */
const nameInMulti = (type: number): string =>
  opName(type === OpCode.createContainer || type === OpCode.createTTL ? OpCode.create2 : type)

/** Of writes that may name a version. */
function versionIn({ type, body }: Request): { readonly path: string; readonly version: number } | undefined {
  const input = new Reader(body)
  switch (type) {
    case OpCode.delete: {
      const { path, version } = DeleteRequest.read(input)
      return { path: path ?? '', version }
    }
    case OpCode.setData: {
      const { path, version } = SetDataRequest.read(input)
      return { path: path ?? '', version }
    }
    case OpCode.setACL: {
      const { path, version } = SetACLRequest.read(input)
      return { path: path ?? '', version }
    }
    default:
      return undefined
  }
}
