/** C-6, T-11: what is read, held against what the znode was at the zxid that stands in the answer. */
import { ErrorCode, OpCode } from '../core/wire/codes.ts'
import { Stat } from '../core/wire/data.ts'
import type { Zxid } from '../core/wire/ids.ts'
import { Reader } from '../core/wire/jute.ts'
import { GetACLResponse, GetChildrenResponse, GetDataResponse, StatResponse } from '../core/wire/proto.ts'
import { compareStat } from './compare-stat.ts'
import { sameAcl, sameBytes } from './compare-trees.ts'
import type { ClientConnection, Request } from './connections.ts'
import type { TreeChecks } from './tree.ts'
import { type EventOf, hex, type World, who } from './world.ts'
import { statOf, type Version } from './znode-version.ts'

export class ReadAnswers {
  readonly #world: World
  readonly #tree: TreeChecks

  constructor(world: World, tree: TreeChecks) {
    this.#world = world
    this.#tree = tree
  }

  compare(
    connection: ClientConnection,
    event: EventOf<'repliesCame'>,
    request: Request,
    zxid: Zxid,
    err: number,
    input: Reader,
  ): void {
    const path = pathIn(request)
    if (path === undefined || path.startsWith('/zookeeper') || !this.#tree.isKnown || connection.readOnly) return
    const at = this.#world.ledger.normal(zxid)
    if (at > this.#tree.tree.head) return
    const node = this.#tree.tree.at(path, at)
    if (node === 'unknown') return
    const { judges } = this.#world
    const where = `${who(connection.server)} at ${hex(zxid)} says of ${path}`
    if (err === ErrorCode.NoNode || node === undefined) {
      if (!judges['C-6'].holds((err === ErrorCode.NoNode) === (node === undefined)))
        judges['C-6'].report(
          event,
          `${where} that it ${err === ErrorCode.NoNode ? 'does not exist, and it does' : 'exists, and it does not'}`,
          [request.event],
        )
      return
    }
    this.#compareRead(event, request, node, input, where, at, path)
  }

  #compareRead(
    event: EventOf<'repliesCame'>,
    request: Request,
    node: Version,
    input: Reader,
    where: string,
    at: Zxid,
    path: string,
  ): void {
    const { judges } = this.#world
    const wrong = (what: string): void => judges['C-6'].report(event, `${where} ${what}`, [request.event])
    const stat = statOf(node)
    switch (request.type) {
      case OpCode.exists:
        judges['C-6'].holds(true)
        return compareStat(this.#world, event, StatResponse.read(input).stat, stat, where)
      case OpCode.getData: {
        const answer = GetDataResponse.read(input)
        if (!judges['C-6'].holds(sameBytes(answer.data, node.data))) wrong('other data than it has')
        return compareStat(this.#world, event, answer.stat, stat, where)
      }
      case OpCode.getACL: {
        const answer = GetACLResponse.read(input)
        // Hashes of passwords are shown to administrators only.
        const shown = answer.acl.some(({ id }) => id.id.endsWith(':x'))
        if (!judges['T-11'].holds(shown || sameAcl(answer.acl, node.acl)))
          judges['T-11'].report(event, `${where} another ACL than was last set`)
        return compareStat(this.#world, event, answer.stat, stat, where)
      }
      case OpCode.getChildren:
      case OpCode.getChildren2: {
        const names = GetChildrenResponse.read(input).children
        const wanted = this.#tree.tree.childrenAt(path, at)
        if (wanted !== 'unknown') {
          const got = new Set(names)
          const good =
            got.size === wanted.size && got.size === names.length && [...got].every((name) => wanted.has(name))
          if (!judges['C-6'].holds(good)) wrong('other children than it has')
        }
        if (request.type === OpCode.getChildren2) {
          const answer = { stat: Stat.read(input) }
          if (!judges['T-2'].holds(answer.stat.numChildren === names.length))
            judges['T-2'].report(
              event,
              `${where} that it has ${answer.stat.numChildren} children, and names ${names.length}`,
            )
          compareStat(this.#world, event, answer.stat, stat, where)
        }
      }
    }
  }
}

/** Of reads that name one. */
function pathIn({ type, body }: Request): string | undefined {
  switch (type) {
    case OpCode.exists:
    case OpCode.getData:
    case OpCode.getACL:
    case OpCode.getChildren:
    case OpCode.getChildren2:
      return new Reader(body).string() ?? undefined
    default:
      return undefined
  }
}
