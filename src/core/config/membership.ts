/** The configurations that a server lives under: the one in force, and the newest that was proposed. As long as the latter
 *  is newer, whatever is decided needs a quorum of both. One object for the life of a replica, shared by all its rooms.
 *  Source: QuorumPeer.java quorumVerifier, lastSeenQuorumVerifier, setQuorumVerifier, setLastSeenQuorumVerifier. */
import type { Sid } from '../wire/ids.ts'
import { configText } from './dynamic-config.ts'
import type { QuorumVerifier } from './quorum-verifier.ts'
import type { DynamicConfigFiles, ReplicaConfig } from './replica-config.ts'
import type { ServerSpec } from './server-spec.ts'

type MembershipConfig = Pick<ReplicaConfig, 'sid' | 'quorum' | 'reconfigEnabled' | 'lastSeenQuorum'> & {
  /** This server's addresses, where `quorum` does not name them. */
  readonly self?: ServerSpec | undefined
}

export class Membership {
  readonly sid: Sid
  /** Without it nothing here ever changes. */
  readonly reconfigEnabled: boolean
  readonly #files: DynamicConfigFiles | undefined
  #committed: QuorumVerifier
  #lastSeen: QuorumVerifier
  #quorums: readonly QuorumVerifier[] = []
  #self: ServerSpec | undefined

  constructor(config: MembershipConfig, files?: DynamicConfigFiles) {
    this.sid = config.sid
    this.reconfigEnabled = config.reconfigEnabled === true
    this.#files = files
    this.#committed = config.quorum
    this.#self = config.quorum.server(config.sid) ?? config.self
    this.#lastSeen = this.reconfigEnabled ? (config.lastSeenQuorum ?? config.quorum) : config.quorum
    this.#settle()
  }

  /** In force. */
  get committed(): QuorumVerifier {
    return this.#committed
  }
  /** The newest that was proposed; the same as `committed` when nothing is on its way. */
  get lastSeen(): QuorumVerifier {
    return this.#lastSeen
  }
  /** Whose quorums are needed now. A new list with each change: who keeps one keeps what was asked for then. */
  get quorums(): readonly QuorumVerifier[] {
    return this.#quorums
  }
  /** This server's own line; the last one it had when it is a member no more. */
  get self(): ServerSpec {
    if (this.#self === undefined) throw new Error(`server ${this.sid} was never in a configuration`)
    return this.#self
  }
  /** An observer is one by its line; who has no line takes part without a vote. */
  get isObserver(): boolean {
    return this.#committed.server(this.sid)?.type === 'observer'
  }
  /** Votes now or will: FastLeaderElection.validVoter. */
  isVoter(sid: Sid): boolean {
    return this.#committed.isVoter(sid) || this.#lastSeen.isVoter(sid)
  }
  /** Ascending: QuorumPeer.getCurrentAndNextConfigVoters. */
  get voters(): readonly Sid[] {
    if (this.#committed === this.#lastSeen) return this.#committed.voters
    return [...new Set([...this.#committed.voters, ...this.#lastSeen.voters])].sort((a, b) => a - b)
  }

  /** A configuration was proposed. @returns false when that was known, or may not be */
  propose(quorum: QuorumVerifier): boolean {
    if (!this.reconfigEnabled || this.#lastSeen.version === quorum.version) return false
    this.#lastSeen = quorum
    this.#files?.next(configText(quorum, true))
    this.#settle()
    return true
  }

  /** A configuration is in force. @returns the one before; this one when it was known, or is older */
  commit(quorum: QuorumVerifier): QuorumVerifier {
    const before = this.#committed
    if (before.version >= quorum.version) return before
    this.#committed = quorum
    this.#self = quorum.server(this.sid) ?? this.#self
    if (quorum.version > this.#lastSeen.version) this.#lastSeen = quorum
    const { clientPort } = quorum.server(this.sid) ?? {}
    this.#files?.committed(quorum.version.toString(16), configText(quorum, false), clientPort !== undefined)
    if (quorum.version === this.#lastSeen.version) this.#files?.next(undefined)
    this.#settle()
    return before
  }

  #settle(): void {
    const both = this.#lastSeen.version > this.#committed.version
    this.#quorums = both ? [this.#committed, this.#lastSeen] : [this.#committed]
  }
}

/** Has every one of these configurations a quorum in `set`? */
export function haveQuorums(quorums: readonly QuorumVerifier[], set: ReadonlySet<Sid>): boolean {
  for (const quorum of quorums) if (!quorum.containsQuorum(set)) return false
  return true
}
