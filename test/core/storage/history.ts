/** Random histories as a leader would make them: every txn is valid where it stands, or an error txn. */
import fc from 'fast-check'
import { State } from '../../../src/core/storage/state.ts'
import { SPECIAL_PATHS } from '../../../src/core/tree/data-tree.ts'
import { kindOf } from '../../../src/core/tree/znode.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { asSession, type SessionId } from '../../../src/core/wire/ids.ts'
import type { LoggedTxn, Txn } from '../../../src/core/wire/txn.ts'
import {
  aclOf,
  check,
  closeSession,
  create,
  createContainer,
  createTTL,
  error,
  headerAt,
  multi,
  OPEN,
  remove,
  setACL,
  setData,
} from '../tree/txns.ts'

/** Each number decides one thing. */
export const decisions = (maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: maxLength * 4, size: 'max' })

class Leader {
  readonly state = new State()
  readonly #decisions: number[]
  #at = 0

  readonly #alwaysListed: boolean

  constructor(numbers: number[], alwaysListed: boolean) {
    this.#decisions = numbers
    this.#alwaysListed = alwaysListed
  }
  get more(): boolean {
    return this.#at < this.#decisions.length
  }
  #pick<T>(from: readonly T[]): T {
    return from[(this.#decisions[this.#at++] ?? 0) % from.length] as T
  }

  next(zxid: bigint): LoggedTxn {
    const session = asSession(zxid <= 2n ? zxid : this.#pick([1n, 2n, 3n]))
    const txn = zxid <= 2n ? this.#session(session) : this.#txn(session)
    const logged: LoggedTxn = { header: headerAt(zxid, txn.type, session), txn, digest: null }
    this.state.apply(logged)
    return { ...logged, digest: { version: 2, treeDigest: this.state.tree.digest } }
  }

  #txn(session: SessionId): Txn {
    const kinds = ['create', 'create', 'create', 'change', 'delete', 'session', 'multi', 'error'] as const
    switch (this.#pick(kinds)) {
      case 'create':
        return this.#create(session)
      case 'change':
        return this.#change()
      case 'delete':
        return this.#delete()
      case 'session':
        return this.#session(session)
      case 'multi':
        // Parts that do not depend on each other: different kinds of thing in different places.
        return this.#pick([true, false])
          ? multi(create(this.#newPath('/'), { parentCVersion: this.#nextCversion('/') }), check('/'), this.#setData())
          : multi(this.#setData(), error(-103), error(-2))
      case 'error':
        return error(-101)
    }
  }

  #session(session: SessionId): Txn {
    if (!this.state.sessions.has(session))
      return { kind: 'createSession', type: OpCode.createSession, body: { timeOut: 4000 + this.#pick([0, 1, 2]) } }
    const listed = this.state.tree.ephemerals(session).sort()
    // Servers with closeSessionTxn.enabled=false write no list.
    return this.#pick([true, true, this.#alwaysListed])
      ? closeSession(...listed)
      : { kind: 'closeSession', type: OpCode.closeSession, body: null }
  }

  #paths(): string[] {
    return [...this.state.tree.walk()].map(([path]) => path || '/').filter((path) => !path.startsWith('/zookeeper'))
  }
  #nextCversion(parent: string): number {
    return (this.state.tree.node(parent)?.cversion ?? 0) + 1
  }
  /** Few names, so that they come back after they were deleted. */
  #newPath(parent: string): string {
    const free = ['a', 'b', 'c', 'd', 'e', 'f'].filter((name) => !this.state.tree.children(parent).includes(name))
    const name = free.length === 0 ? `x${this.#nextCversion(parent)}` : this.#pick(free)
    return parent === '/' ? `/${name}` : `${parent}/${name}`
  }

  #create(session: SessionId): Txn {
    const parents = this.#paths().filter(
      (path) => path.length < 9 && kindOf(this.state.tree.node(path)?.ephemeralOwner ?? 0n) !== 'ephemeral',
    )
    const parent = this.#pick(parents)
    const path = this.#newPath(parent)
    const data = this.#pick([null, '', 'x', 'some more data'])
    const acl = this.#pick([OPEN, OPEN, aclOf('a'), aclOf('b'), aclOf('c'), [...OPEN, ...aclOf('d')]])
    const options = { data, acl, parentCVersion: this.#nextCversion(parent) }
    switch (this.#pick(['create', 'create2', 'ephemeral', 'ephemeral', 'container', 'ttl'] as const)) {
      case 'create':
        return create(path, { ...options, type: OpCode.create })
      case 'create2':
        return create(path, options)
      case 'ephemeral':
        return create(path, { ...options, ephemeral: this.state.sessions.has(session), type: OpCode.create })
      case 'container':
        return createContainer(path, options)
      case 'ttl':
        return createTTL(path, 1000n, options)
    }
  }

  #change(): Txn {
    if (this.#pick([true, true, false])) return this.#setData()
    const path = this.#pick(this.#paths())
    const aversion = this.state.tree.node(path)?.aversion ?? 0
    return setACL(path, this.#pick([OPEN, aclOf('a'), aclOf('e'), aclOf('f')]), aversion + 1)
  }

  #setData(): Txn {
    const path = this.#pick(this.#paths())
    const data = this.#pick([null, '', 'changed', 'changed to something longer'])
    return setData(path, data, (this.state.tree.node(path)?.version ?? 0) + 1)
  }

  #delete(): Txn {
    const leaves = this.#paths().filter(
      (path) => !SPECIAL_PATHS.has(path) && this.state.tree.node(path)?.childCount === 0,
    )
    return leaves.length === 0 ? error(-101) : remove(this.#pick(leaves))
  }
}

/** Zxids 1, 2, …; each txn carries the digest of the tree after it. `alwaysListed`: every closeSession names the nodes
 *  that go with it, as all servers since 3.6 do, because without it a fuzzy snapshot cannot be repaired (ZOOKEEPER-3145). */
export function historyOf(numbers: number[], alwaysListed = false): LoggedTxn[] {
  const leader = new Leader(numbers, alwaysListed)
  const txns: LoggedTxn[] = []
  while (leader.more) txns.push(leader.next(BigInt(txns.length + 1)))
  return txns
}
