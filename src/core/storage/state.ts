/** What txns act on: the tree and the sessions. Recovery and the running server go through here alike, so that there
 *  is one way in which a txn is executed. Source: ZKDatabase.java processTxn, DataTree.java compareDigest. */

import { type ApplyResult, DataTree } from '../tree/data-tree.ts'
import { DIGEST_VERSION } from '../tree/digest.ts'
import type { SessionId, Zxid } from '../wire/ids.ts'
import type { LoggedTxn } from '../wire/txn.ts'
import type { ZxidDigest } from './snapshot-file.ts'

export interface Applied extends ApplyResult {
  /** The tree's digest afterwards. */
  readonly digest: bigint
  /** False: the txn carries another digest. An incident, not an error: this tree differs from the leader's. */
  readonly digestMatches: boolean
}

export class State {
  readonly tree: DataTree
  /** Timeouts in ms. */
  readonly sessions: Map<SessionId, number>
  /** Digests that were not as announced, since this state was made. */
  mismatches = 0
  /** A fuzzy snapshot holds effects of txns up to this one: no digest can be right before it has been replayed. */
  #fuzzyUpTo: ZxidDigest | undefined

  constructor(tree = new DataTree(), sessions = new Map<SessionId, number>(), digest?: ZxidDigest) {
    this.tree = tree
    this.sessions = sessions
    this.#fuzzyUpTo = digest
    if (digest !== undefined && !this.#compareFuzzy(tree.lastProcessedZxid)) this.mismatches++
  }

  /** `replies`: see DataTree.apply. */
  apply({ header, txn, digest: announced }: LoggedTxn, replies = true): Applied {
    if (txn.kind === 'createSession') this.sessions.set(header.clientId, txn.body.timeOut)
    else if (txn.kind === 'closeSession') this.sessions.delete(header.clientId)
    const result = this.tree.apply(header, txn, replies)
    const { digest } = this.tree
    let digestMatches = true
    if (this.#fuzzyUpTo !== undefined) digestMatches = this.#compareFuzzy(header.zxid)
    else if (announced?.version === DIGEST_VERSION) digestMatches = announced.treeDigest === digest
    if (!digestMatches) this.mismatches++
    const applied = result as { -readonly [K in keyof Applied]: Applied[K] }
    applied.digest = digest
    applied.digestMatches = digestMatches
    return applied
  }

  /** @returns false when the digest of the snapshot is known now and is another one */
  #compareFuzzy(zxid: Zxid): boolean {
    const expected = this.#fuzzyUpTo as ZxidDigest
    if (zxid < expected.zxid) return true
    this.#fuzzyUpTo = undefined
    return zxid > expected.zxid || expected.version !== DIGEST_VERSION || expected.digest === this.tree.digest
  }
}
