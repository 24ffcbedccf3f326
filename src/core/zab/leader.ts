/** Leader of one epoch: discovery, synchronization, then broadcast: proposals in zxid order, commits by quorum of ACKs.
 *  One object for one term of office; once stopped, nothing of it reaches disk, tree, peer or client.
 *  Source: ZooKeeper 3.8 Leader.java lead, propose, processAck, tryToCommit (zab.md sections 4, 5, 9, 10). While a
 *  new membership is on its way, what is proposed needs a quorum of the old one and of the new one; a leader that is
 *  not in it commits it and then nothing more. Left out: observer masters. Different on purpose: no snapshot before the epoch is established (ZOOKEEPER-4837). */
import { haveQuorums } from '../config/membership.ts'
import type { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { Listener, Timer } from '../host.ts'
import { ClientService } from '../server/client-side.ts'
import { ContainerManager } from '../server/container-manager.ts'
import { LeaderSessionTracker } from '../server/local-sessions.ts'
import type { Outlook } from '../server/monitor.ts'
import { PrepRequestProcessor } from '../server/prep.ts'
import type { Request } from '../server/request.ts'
import type { Role } from '../server/role.ts'
import { OpCode, opName, PacketType } from '../wire/codes.ts'
import { asSession, asZxid, counterOf, makeZxid, nextZxid, type SessionId, type Sid, type Zxid } from '../wire/ids.ts'
import { Reader, Writer } from '../wire/jute.ts'
import type { QuorumPacket } from '../wire/quorum.ts'
import { encodeLogged, type LoggedTxn, pathOfTxn } from '../wire/txn.ts'
import type { RoleContext } from './context.ts'
import { type LeaderOfHandlers, LearnerHandler } from './learner-handler.ts'
import { type OutgoingPacket, packet } from './quorum-connection.ts'
import type { ZabState } from './trace.ts'

/** One txn on its way to a quorum. */
interface Proposal {
  readonly zxid: Zxid
  readonly logged: LoggedTxn
  readonly bytes: Uint8Array
  readonly packet: OutgoingPacket
  /** Voters that have it on disk. */
  readonly acks: Set<Sid>
  /** Of the monotonic clock, in ms. */
  readonly proposedAt: number
  /** Each of these memberships must have a quorum among them. */
  readonly quorums: readonly QuorumVerifier[]
}

/** The last counter of an epoch; the next proposal forces a new election (ZOOKEEPER-1277). */
const LAST_COUNTER = 0xfffffffe

export class Leader implements Role, LeaderOfHandlers {
  readonly kind = 'leader'
  readonly #context: RoleContext
  readonly #handlers = new Set<LearnerHandler>()
  #listener: Listener | undefined
  #stopped = false

  /** Discovery: voters whose FOLLOWERINFO has come, with me. */
  readonly #connecting = new Set<Sid>()
  /** Highest acceptedEpoch heard of, plus one. */
  #epoch = -1
  #epochFixed = false
  /** Discovery: voters whose ACKEPOCH has come, with me. */
  readonly #electing = new Set<Sid>()
  #epochAckFixed = false
  /** What I had when my term began: no follower may have more. */
  readonly #summary: { readonly currentEpoch: number; readonly lastZxid: Zxid }
  /** Voters that have ACKed NEWLEADER, with me. */
  readonly #newLeaderAcks = new Set<Sid>()
  /** Whose quorums it needs. */
  #newLeaderQuorums: readonly QuorumVerifier[] = []
  #established = false
  /** When my term began, of the monotonic clock, in ms. */
  readonly #since: number

  /** zxid of the newest proposal; never behind lastCommitted. */
  #lastProposed: Zxid = asZxid(0n)
  #lastCommitted: Zxid = asZxid(0n)
  /** Proposed, not committed, in zxid order; the first one blocks the rest. */
  readonly #outstanding: Proposal[] = []
  /** False: the new membership has another leader, who commits from there on. */
  #allowedToCommit = true
  /** Learners that get every new proposal or commit. */
  readonly #forwarding = new Set<LearnerHandler>()
  /** SYNCs to send once the zxid they wait for is committed. */
  readonly #pendingSyncs: { readonly after: Zxid; readonly handler: LearnerHandler }[] = []

  /** Half ticks since the epoch was established; every second one is a tick. */
  #halfTicks = 0
  #timers: { limit: Timer | undefined; tick: Timer | undefined } = { limit: undefined, tick: undefined }

  #clients: ClientService | undefined
  #prep: PrepRequestProcessor | undefined
  #containers: ContainerManager | undefined
  #sessions: LeaderSessionTracker | undefined

  constructor(context: RoleContext) {
    this.#context = context
    this.#since = context.host.clock.now()
    const { database } = context
    this.#summary = { currentEpoch: database.epochs.current, lastZxid: database.tree.lastProcessedZxid }
  }

  get epoch(): number {
    return this.#epoch
  }
  get tick(): number {
    return this.#halfTicks >> 1
  }
  /** For who looks at the server from outside. */
  get outlook(): Outlook {
    const leading = { learners: [...this.#handlers], pendingSyncs: this.#pendingSyncs.length, since: this.#since }
    return { observing: false, leader: this.#me, leading }
  }
  isForwarding(handler: LearnerHandler): boolean {
    return this.#forwarding.has(handler)
  }
  get #me(): Sid {
    return this.#context.config.sid
  }

  /** Opens the quorum port and waits for a quorum of followers. */
  lead(): void {
    const { host, database, membership } = this.#context
    this.#setZabState('DISCOVERY')
    this.#listener = host.network.listen(membership.self.quorumPort, (connection) => {
      const handler = new LearnerHandler(this.#context, this, connection)
      this.#handlers.add(handler)
      return handler.handlers
    })
    this.#limit('Timeout while waiting for epoch from quorum')
    this.#proposeEpoch(this.#me, database.epochs.accepted)
  }

  /** Ends the term. Idempotent; `ended` is told once. */
  stop(reason: string): void {
    if (this.#stopped) return
    this.#stopped = true
    const served = this.#clients !== undefined
    this.#timers.limit?.cancel()
    this.#timers.tick?.cancel()
    this.#listener?.close()
    this.#sessions?.stop()
    this.#containers?.stop()
    this.#clients?.close(reason)
    for (const handler of this.#handlers) handler.stop()
    this.#handlers.clear()
    this.#forwarding.clear()
    this.#context.database.writer.stop()
    if (served) this.#context.host.trace.emit({ kind: 'stopServing', reason })
  }

  #resign(reason: string): void {
    if (this.#stopped) return
    this.stop(reason)
    this.#context.ended(reason)
  }

  #setZabState(to: ZabState): void {
    this.#context.host.trace.emit({ kind: 'zabState', to })
  }

  /** One limit at a time: initLimit for each step of the way to an established epoch. */
  #limit(reason: string): void {
    const { host, config } = this.#context
    this.#timers.limit?.cancel()
    this.#timers.limit = host.clock.after(config.initLimit * config.tickTimeMs, () => this.#resign(reason), {
      name: 'initLimit',
    })
  }

  // --- discovery ---------------------------------------------------------------------------------

  epochWanted(handler: LearnerHandler, acceptedEpoch: number): void {
    if (this.#epochFixed) {
      // It must not follow, now or ever, and ZooKeeper leaves it outside until something else ends this epoch. The next
      // one is later by one at least.
      if (handler.isVoter && acceptedEpoch > this.#epoch)
        return this.#resign(`server ${handler.sid} has promised itself to epoch ${acceptedEpoch}, past ${this.#epoch}`)
      // Learners that come late are told the epoch once it is durable here; before that the fixing tells them.
      if (this.#context.database.epochs.accepted === this.#epoch) handler.epochDecided()
      return
    }
    this.#proposeEpoch(handler.sid, acceptedEpoch)
  }

  /** Leader.getEpochToPropose: the new epoch is one more than the highest that a quorum has ever accepted. */
  #proposeEpoch(sid: Sid, acceptedEpoch: number): void {
    const { database, host } = this.#context
    const { committed } = this.#context.membership
    if (acceptedEpoch >= this.#epoch) this.#epoch = acceptedEpoch + 1
    // Observers and strangers do not count (ZOOKEEPER-2959).
    if (committed.isVoter(sid)) this.#connecting.add(sid)
    if (!this.#connecting.has(this.#me) || !committed.containsQuorum(this.#connecting)) return
    this.#epochFixed = true
    host.trace.emit({ kind: 'epochProposed', epoch: this.#epoch, from: sorted(this.#connecting) })
    this.#limit('Timeout while waiting for epoch to be acked by quorum')
    database.epochs.setAccepted(this.#epoch, (error) => {
      // A disk that refuses is the end, also where this role has ended meanwhile.
      if (error !== undefined) return this.#context.halt(`acceptedEpoch could not be written: ${error.message}`)
      if (this.#stopped) return
      host.trace.emit({ kind: 'epochAccepted', epoch: this.#epoch })
      this.#versionMembership()
      for (const handler of this.#handlers) handler.epochDecided()
      this.#countEpochAck(this.#me)
    })
  }

  /** A membership that nobody has ever agreed on has version 0. The first leader gives it the zxid of its NEWLEADER, with
   *  which the learners agree, so that it counts more than the ones that strangers bring (ZOOKEEPER-1783). */
  #versionMembership(): void {
    const { membership } = this.#context
    const { committed, lastSeen } = membership
    if (committed.version === 0n && lastSeen.version === 0n)
      this.#context.propose(committed.withVersion(makeZxid(this.#epoch, 0)))
    this.#newLeaderQuorums = membership.quorums
  }

  epochAnswered(handler: LearnerHandler, currentEpoch: number, lastZxid: Zxid): string | undefined {
    if (this.#epochAckFixed) {
      if (this.#context.database.epochs.current === this.#epoch) handler.epochAcked()
      return undefined
    }
    // -1: it had promised this epoch before and does not count again.
    if (currentEpoch === -1) return undefined
    const { currentEpoch: mine, lastZxid: myZxid } = this.#summary
    if (currentEpoch > mine || (currentEpoch === mine && lastZxid > myZxid))
      return `Follower is ahead of the leader: it has epoch ${currentEpoch}`
    if (handler.isVoter) this.#countEpochAck(handler.sid)
    return undefined
  }

  #countEpochAck(sid: Sid): void {
    const { database, host } = this.#context
    const { committed } = this.#context.membership
    this.#electing.add(sid)
    if (this.#epochAckFixed) return
    if (!this.#electing.has(this.#me) || !committed.containsQuorum(this.#electing)) return
    this.#epochAckFixed = true
    this.#limit('Timeout while waiting for NEWLEADER to be acked by quorum')
    database.epochs.setCurrent(this.#epoch, (error) => {
      if (error !== undefined) return this.#context.halt(`currentEpoch could not be written: ${error.message}`)
      if (this.#stopped) return
      host.trace.emit({ kind: 'epochCurrent', epoch: this.#epoch })
      this.#lastProposed = makeZxid(this.#epoch, 0)
      this.#lastCommitted = this.#lastProposed
      this.#setZabState('SYNCHRONIZATION')
      for (const handler of this.#handlers) handler.epochAcked()
      this.#countNewLeaderAck(this.#me)
    })
  }

  // --- synchronization ---------------------------------------------------------------------------

  /** What it has ACKed before does not count any more: it may just have been told to cut that off, and will ACK it again.
   *  (Java's leader counts it: a txn may be committed, then, that no quorum has on disk.) Nor does what is still on its
   *  way over an older connection. */
  startForwarding(handler: LearnerHandler): void {
    for (const other of [...this.#handlers]) if (other !== handler && other.sid === handler.sid) other.replaced()
    for (const { zxid, packet, acks } of this.#outstanding) {
      acks.delete(handler.sid)
      handler.propose(zxid, packet)
    }
    this.#forwarding.add(handler)
  }

  newLeaderAcked(handler: LearnerHandler): void {
    if (this.#established) return handler.leaderServes()
    if (!handler.isObserver) this.#countNewLeaderAck(handler.sid)
  }

  #countNewLeaderAck(sid: Sid): void {
    this.#newLeaderAcks.add(sid)
    if (!this.#established && haveQuorums(this.#newLeaderQuorums, this.#newLeaderAcks)) this.#establish()
  }

  /** A quorum has my history on disk: it is committed, and I serve. Leader.startZkServer. */
  #establish(): void {
    const { config, database, host } = this.#context
    this.#established = true
    this.#timers.limit?.cancel()
    host.trace.emit({
      kind: 'established',
      epoch: this.#epoch,
      zxid: database.tree.lastProcessedZxid,
      ackers: sorted(this.#newLeaderAcks),
    })
    const { membership } = this.#context
    if (membership.reconfigEnabled) this.#activate(membership.lastSeen, this.#newLeaderAcks)
    this.#context.establishedEpoch(this.#epoch)
    this.#sessions = new LeaderSessionTracker(host, config, database.sessions, (session) => this.#expire(session))
    this.#prep = new PrepRequestProcessor({
      database,
      sessions: this.#sessions,
      nextZxid: () => this.#nextZxid(),
      wallTime: () => host.clock.wallTime(),
      config,
      trace: host.trace,
      reconfiguring: {
        get committed() {
          return membership.committed
        },
        get lastSeen() {
          return membership.lastSeen
        },
        isQuorumSynced: (quorum) => this.#isQuorumSynced(quorum),
      },
    })
    this.#clients = new ClientService({
      host,
      config,
      database,
      clientPort: this.#context.clientPort,
      role: this,
      kind: 'leader',
      sessions: this.#sessions,
      prep: this.#prep,
    })
    this.#containers = new ContainerManager({ host, config, database, submit: (request) => this.submit(request) })
    this.#containers.start()
    this.#setZabState('BROADCAST')
    if (config.leaderServes !== false) {
      this.#clients.open()
      host.trace.emit({ kind: 'serving', zxid: database.tree.lastProcessedZxid })
    }
    for (const handler of this.#handlers) handler.leaderServes()
    this.#scheduleTick()
    // Java's leader takes the ephemerals of sessions that are gone out of its own tree alone; here every server does it.
    for (const [session] of database.tree.ephemeralOwners()) if (!database.sessions.has(session)) this.#expire(session)
  }

  // --- broadcast ---------------------------------------------------------------------------------

  #nextZxid(): Zxid {
    // Proposals follow at once, in the same step, so the newest proposal is all there is to know.
    return nextZxid(this.#lastProposed)
  }

  /** Sends a txn to everybody and to the own disk. `quorum`: the membership that it brings. */
  #propose(logged: LoggedTxn, quorum?: QuorumVerifier): void {
    const { database, host, membership } = this.#context
    if (quorum !== undefined) this.#context.propose(quorum)
    const { zxid, type, clientId, cxid } = logged.header
    const bytes = encodeLogged(logged)
    const proposal: Proposal = {
      zxid,
      logged,
      bytes,
      packet: packet(host.trace, PacketType.PROPOSAL, zxid, bytes),
      acks: new Set(),
      proposedAt: host.clock.now(),
      quorums: membership.quorums,
    }
    this.#lastProposed = zxid
    this.#outstanding.push(proposal)
    this.#context.clientPort.metrics.count.proposal_count++
    this.#clients?.stats.proposal.add(bytes.length)
    if (host.trace.off !== true) {
      const path = pathOfTxn(logged.txn)
      const about = path === undefined ? {} : { path }
      host.trace.emit({ kind: 'proposed', zxid, type: opName(type), session: clientId, cxid, ...about })
    }
    for (const handler of this.#forwarding) handler.propose(zxid, proposal.packet)
    database.writer.write(zxid, bytes, this.#durable)
  }

  readonly #durable = (zxid: Zxid): void => this.acked(this.#me, zxid)

  /** Leader.processAck: `sid` has `zxid` on disk. */
  acked(sid: Sid, zxid: Zxid): void {
    if (zxid <= this.#lastCommitted || this.#stopped || !this.#allowedToCommit) return
    // Outstanding proposals are of one epoch and without a gap.
    const first = this.#outstanding[0]
    const proposal = first === undefined ? undefined : this.#outstanding[Number(zxid - first.zxid)]
    if (proposal === undefined || !isVoterOf(proposal.quorums, sid)) return
    proposal.acks.add(sid)
    const { trace } = this.#context.host
    if (trace.off !== true) trace.emit({ kind: 'ackCounted', zxid, from: sid, acks: proposal.acks.size })
    this.#tryToCommit()
  }

  /** Commits from the front, strictly in zxid order. */
  #tryToCommit(): void {
    const { host } = this.#context
    while (!this.#stopped && this.#allowedToCommit) {
      const first = this.#outstanding[0]
      if (first === undefined || !haveQuorums(first.quorums, first.acks)) return
      this.#outstanding.shift()
      this.#lastCommitted = first.zxid
      const { count, spread } = this.#context.clientPort.metrics
      count.commit_count++
      spread.quorum_ack_latency.add(Math.round(host.clock.now() - first.proposedAt))
      if (host.trace.off !== true) host.trace.emit({ kind: 'committed', zxid: first.zxid, ackers: sorted(first.acks) })
      if (first.logged.header.type === OpCode.reconfig) this.#commitReconfig(first)
      else this.#tellCommit(first, PacketType.COMMIT, PacketType.INFORM)
      this.#clients?.commit(first.logged, first.bytes)
      this.#prep?.applied(first.zxid)
      while (this.#pendingSyncs[0] !== undefined && this.#pendingSyncs[0].after <= first.zxid)
        this.#pendingSyncs.shift()?.handler.syncDone()
    }
  }

  /** `leader`: in front of what else the packets say. */
  #tellCommit({ zxid, bytes }: Proposal, commitType: PacketType, informType: PacketType, leader?: Uint8Array): void {
    const { trace } = this.#context.host
    const commit = packet(trace, commitType, zxid, leader ?? null)
    let inform: OutgoingPacket | undefined
    for (const handler of this.#forwarding)
      handler.commit(zxid, commit, () => {
        inform ??= packet(trace, informType, zxid, leader === undefined ? bytes : joined(leader, bytes))
        return inform
      })
  }

  // --- membership --------------------------------------------------------------------------------

  /** The new membership is in force here first; then everybody is told, and who leads. If that is somebody else, the
   *  learners leave by themselves, so that a quorum of them is sure to have heard of it. */
  #commitReconfig(proposal: Proposal): void {
    const leader = new Writer(8)
    leader.long(BigInt(this.#activate(proposal.quorums.at(-1) as QuorumVerifier, proposal.acks)))
    this.#clients?.configShown()
    this.#tellCommit(proposal, PacketType.COMMITANDACTIVATE, PacketType.INFORMANDACTIVATE, leader.finish())
  }

  /** @returns who leads the new membership */
  #activate(quorum: QuorumVerifier, acks: ReadonlySet<Sid>): Sid {
    const leader = this.#designatedLeader(quorum, acks)
    this.#context.reconfigure(quorum, { leader, zxid: this.#lastProposed })
    if (leader !== this.#me) this.#allowedToCommit = false
    return leader
  }

  /** Leader.getDesignatedLeader: this server, if it keeps its vote and its address; else the voter of the new membership
   *  that has ACKed the most. */
  #designatedLeader(quorum: QuorumVerifier, acks: ReadonlySet<Sid>): Sid {
    const { self } = this.#context.membership
    const mine = quorum.server(this.#me)
    if (mine?.type === 'participant' && mine.host === self.host && mine.quorumPort === self.quorumPort) return this.#me
    let candidates = quorum.voters.filter((sid) => sid !== this.#me && acks.has(sid))
    let best = candidates[0]
    for (const later of this.#outstanding)
      for (const voters of later.quorums) {
        candidates = candidates.filter((sid) => later.acks.has(sid) && voters.isVoter(sid))
        if (candidates[0] === undefined) return best ?? this.#me
        best = candidates[0]
      }
    return best ?? this.#me
  }

  /** Is a quorum of it, with me where I am in it, connected and up to date? */
  #isQuorumSynced(quorum: QuorumVerifier): boolean {
    const synced = new Set<Sid>([this.#me])
    for (const handler of this.#forwarding) if (!handler.isObserver && handler.isSynced) synced.add(handler.sid)
    return quorum.containsQuorum(synced)
  }

  // --- requests ----------------------------------------------------------------------------------

  /** A write: validated against what is outstanding, then proposed. Also what cannot succeed becomes an error txn. */
  submit(request: Request): void {
    if (this.#stopped || this.#prep === undefined) return
    if (counterOf(this.#lastProposed) >= LAST_COUNTER)
      return this.#resign('zxid lower 32 bits have rolled over, forcing re-election, and therefore new epoch start')
    this.#prep.prepare(request)
    if (request.logged !== null) this.#propose(request.logged, request.quorum)
  }

  /** A learner's client wants something. */
  requested(handler: LearnerHandler, { data, authinfo }: QuorumPacket): void {
    const input = new Reader(data ?? new Uint8Array())
    const session = asSession(input.long())
    const cxid = input.int()
    const type = input.int()
    if (type === OpCode.sync) {
      const newest = this.#outstanding.at(-1)
      if (newest === undefined) handler.syncDone()
      else this.#pendingSyncs.push({ after: newest.zxid, handler })
      return
    }
    this.submit({
      session,
      cxid,
      type,
      body: input.rest(),
      auth: authinfo ?? [],
      owner: handler,
      reply: null,
      logged: null,
      error: 0,
    })
  }

  #expire(session: SessionId): void {
    this.#context.clientPort.metrics.count.stale_sessions_expired++
    this.#context.host.trace.emit({ kind: 'sessionClosing', session, cause: 'expired' })
    this.submit({
      session,
      cxid: 0,
      type: OpCode.closeSession,
      body: new Uint8Array(),
      auth: [],
      owner: null,
      reply: null,
      logged: null,
      error: 0,
    })
  }

  /** A client takes up its session at this server. */
  revalidate(session: SessionId, timeoutMs: number): void {
    const valid = this.#claim(session, timeoutMs, this)
    this.#clients?.revalidated(session, valid)
  }

  /** A client takes up its session at a learner. */
  revalidateFor(handler: LearnerHandler, session: SessionId, timeoutMs: number): boolean {
    // A session that only this leader knows can be taken up nowhere else (checkIfValidGlobalSession).
    if (this.#sessions?.has(session) !== true) return false
    return this.#claim(session, timeoutMs, handler)
  }

  /** A session that is alive gets a new owner: requests that still come by way of the old one are refused. */
  #claim(session: SessionId, timeoutMs: number, owner: object): boolean {
    const valid = this.#sessions?.touch(session, timeoutMs) ?? false
    if (valid) this.#sessions?.setOwner(session, owner)
    return valid
  }

  touch(session: SessionId, timeoutMs: number): void {
    this.#sessions?.touch(session, timeoutMs)
  }

  // --- failure detection -------------------------------------------------------------------------

  #scheduleTick(): void {
    const { host, config } = this.#context
    this.#timers.tick = host.clock.after(config.tickTimeMs / 2, () => this.#onHalfTick(), { name: 'tick' })
  }

  /** Pings everybody twice a tick; once a tick asks whether a quorum is still in touch. */
  #onHalfTick(): void {
    this.#halfTicks++
    if (this.#halfTicks % 2 === 0) {
      const synced = new Set<Sid>([this.#me])
      for (const handler of this.#handlers) if (!handler.isObserver && handler.isSynced) synced.add(handler.sid)
      if (!haveQuorums(this.#context.membership.quorums, synced))
        return this.#resign(`Not sufficient followers synced, only synced with sids: [ ${sorted(synced).join(', ')} ]`)
    }
    for (const handler of [...this.#handlers]) handler.ping(this.#lastProposed)
    this.#scheduleTick()
  }

  handlerEnded(handler: LearnerHandler): void {
    this.#handlers.delete(handler)
    this.#forwarding.delete(handler)
    for (let i = this.#pendingSyncs.length - 1; i >= 0; i--)
      if (this.#pendingSyncs[i]?.handler === handler) this.#pendingSyncs.splice(i, 1)
  }
}

const isVoterOf = (quorums: readonly QuorumVerifier[], sid: Sid): boolean => {
  for (const quorum of quorums) if (quorum.isVoter(sid)) return true
  return false
}
function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}
const sorted = (sids: Iterable<Sid>): Sid[] => [...sids].sort((a, b) => a - b)
