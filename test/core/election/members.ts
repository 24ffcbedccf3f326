/** Servers that do nothing but elect: enough of a replica to see elections from the outside. */
import { Membership } from '../../../src/core/config/membership.ts'
import { QuorumVerifier } from '../../../src/core/config/quorum-verifier.ts'
import { type ReplicaConfig, replicaConfig } from '../../../src/core/config/replica-config.ts'
import type { ServerSpec } from '../../../src/core/config/server-spec.ts'
import { Election, type Vote } from '../../../src/core/election/election.ts'
import { QuorumCnxManager } from '../../../src/core/election/quorum-cnx-manager.ts'
import type { Host } from '../../../src/core/host.ts'
import type { ServerState } from '../../../src/core/wire/codes.ts'
import { asZxid, type Sid } from '../../../src/core/wire/ids.ts'
import { decodeNotification, encodeNotification, type Notification } from '../../../src/core/wire/notification.ts'
import { Rig, type Sent } from '../rig.ts'

export const server = (sid: Sid, type: ServerSpec['type'] = 'participant'): ServerSpec => ({
  sid,
  host: `zk${sid}`,
  quorumPort: 2888,
  electionPort: 3888,
  type,
})
export const servers = (count: number): ServerSpec[] => Array.from({ length: count }, (_, n) => server(n + 1))

/** What a server's disk holds. */
export interface Stored {
  readonly zxid: bigint
  readonly peerEpoch: number
}

export class Member {
  readonly sid: Sid
  readonly host: Host
  readonly election: Election
  stored: Stored
  state: ServerState = 'LOOKING'
  vote: Vote
  /** Results of all elections, in order. */
  readonly elected: Vote[] = []
  readonly #observer: boolean

  constructor(host: Host, config: ReplicaConfig, stored: Stored) {
    this.sid = config.sid
    this.host = host
    this.stored = stored
    this.#observer = !config.quorum.isVoter(config.sid)
    this.vote = { leader: config.sid, zxid: asZxid(stored.zxid), electionEpoch: 0, peerEpoch: stored.peerEpoch }
    this.election = new Election(host, config, { state: () => this.state, currentVote: () => this.vote })
    this.election.start()
  }

  look(): void {
    this.state = 'LOOKING'
    this.election.lookForLeader({ zxid: asZxid(this.stored.zxid), peerEpoch: this.stored.peerEpoch }, (vote) => {
      this.vote = vote
      this.elected.push(vote)
      this.state = vote.leader === this.sid ? 'LEADING' : this.#observer ? 'OBSERVING' : 'FOLLOWING'
    })
  }

  get leader(): Sid | undefined {
    return this.state === 'LOOKING' ? undefined : this.vote.leader
  }
}

export class Ensemble {
  readonly rig: Rig
  readonly quorum: QuorumVerifier
  readonly members = new Map<Sid, Member>()
  readonly #settings: Partial<ReplicaConfig>

  constructor(quorum: QuorumVerifier | number, seed = 1, settings: Partial<ReplicaConfig> = {}) {
    this.rig = new Rig(seed)
    this.quorum = typeof quorum === 'number' ? new QuorumVerifier(servers(quorum)) : quorum
    this.#settings = settings
  }

  start(sid: Sid, stored?: Stored): Member {
    const member = this.create(sid, stored)
    member.look()
    return member
  }

  /** Started, but not looking for a leader yet. */
  create(sid: Sid, stored: Stored = { zxid: 0n, peerEpoch: 0 }): Member {
    const config = replicaConfig({ ...this.#settings, sid, quorum: this.quorum })
    const spec = this.quorum.server(sid)
    const member = new Member(this.rig.start(`zk${sid}`, spec?.host), config, stored)
    this.members.set(sid, member)
    return member
  }

  kill(sid: Sid): void {
    this.rig.kill(`zk${sid}`)
    this.members.delete(sid)
  }

  /** Whom each running server takes for the leader, by sid. */
  get leaders(): (Sid | undefined)[] {
    return [...this.members.values()].sort((a, b) => a.sid - b.sid).map(({ leader }) => leader)
  }

  untilElected(): void {
    this.rig.until(() => this.leaders.every((leader) => leader !== undefined))
  }
}

/** A peer that says what the test wants, over real connections. */
export class Puppet {
  readonly heard: (Notification & { readonly from: Sid })[] = []
  readonly #connections: QuorumCnxManager
  readonly #config: string

  constructor({ rig, quorum }: Ensemble, sid: Sid) {
    this.#config = quorum.toString()
    const config = replicaConfig({ sid, quorum })
    const host = rig.start(`zk${sid}`, quorum.server(sid)?.host)
    this.#connections = new QuorumCnxManager(host, config, new Membership(config), {
      onMessage: (from, bytes) => this.heard.push({ ...decodeNotification(bytes), from }),
      onGone: () => undefined,
    })
    this.#connections.start()
  }

  say(to: Sid, { zxid, ...vote }: Omit<Notification, 'version' | 'config' | 'zxid'> & { readonly zxid: bigint }): void {
    const bytes = encodeNotification({ ...vote, zxid: asZxid(zxid), version: 2, config: this.#config })
    this.#connections.toSend(to, { bytes, note: { protocol: 'election', type: 'NOTIFICATION' } })
  }
}

/** Notifications among what was sent, decoded. */
export function notificationsIn(sent: readonly Sent[], from?: string): (Notification & { readonly at: number })[] {
  return sent
    .filter((one) => one.note?.type === 'NOTIFICATION' && (from === undefined || one.from === from))
    .map(({ bytes, at }) => ({ ...decodeNotification(bytes.subarray(4)), at }))
}
