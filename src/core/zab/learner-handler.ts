/** The leader's view of one learner: its handshake, how it is brought up to date, and its share of the broadcast.
 *  Source: LearnerHandler.java. Left out: pre-3.4 protocol, sync throttling. */
import { maxRecordBytes } from '../config/replica-config.ts'
import type { CloseCause, Connection, ConnectionHandlers, Timer } from '../host.ts'
import type { LearnerView } from '../server/monitor.ts'
import { PacketType, packetName } from '../wire/codes.ts'
import { asSession, asZxid, epochOf, makeZxid, type SessionId, type Sid, type Zxid } from '../wire/ids.ts'
import { build, decode, encode, JuteError, Reader, Writer } from '../wire/jute.ts'
import { LEARNER_PROTOCOL_VERSION, LearnerInfo, type QuorumPacket } from '../wire/quorum.ts'
import { encodedUtf8 } from '../wire/utf8.ts'
import type { RoleContext } from './context.ts'
import { NO_ZXID, type OutgoingPacket, QuorumConnection } from './quorum-connection.ts'
import { decideSync } from './sync-decision.ts'

/** What the handler asks of its leader. */
export interface LeaderOfHandlers {
  readonly epoch: number
  readonly tick: number
  /** FOLLOWERINFO came. The leader calls `epochDecided` once the epoch is fixed, maybe at once. */
  epochWanted(handler: LearnerHandler, acceptedEpoch: number): void
  /** ACKEPOCH came. The leader calls `epochAcked` once a quorum has answered. False: this learner must be turned away. */
  epochAnswered(handler: LearnerHandler, currentEpoch: number, lastZxid: Zxid): string | undefined
  /** Hands over what is outstanding and forwards everything from now on. Returns nothing lost, nothing twice. */
  startForwarding(handler: LearnerHandler): void
  newLeaderAcked(handler: LearnerHandler): void
  acked(sid: Sid, zxid: Zxid): void
  touch(session: SessionId, timeoutMs: number): void
  revalidateFor(handler: LearnerHandler, session: SessionId, timeoutMs: number): boolean
  requested(handler: LearnerHandler, packet: QuorumPacket): void
  handlerEnded(handler: LearnerHandler): void
  isForwarding(handler: LearnerHandler): boolean
}

type Phase =
  | 'awaitInfo'
  | 'awaitEpoch' // until a quorum of FOLLOWERINFO
  | 'awaitAckEpoch'
  | 'awaitEpochQuorum' // until a quorum of ACKEPOCH
  | 'awaitNewLeaderAck'
  | 'awaitServer' // until the leader itself serves
  | 'broadcast'
  | 'ended'

export const SNAPSHOT_SIGNATURE = 'BenWasHere'

export class LearnerHandler implements LearnerView {
  readonly #context: RoleContext
  readonly #leader: LeaderOfHandlers
  readonly #quorum: QuorumConnection
  #phase: Phase = 'awaitInfo'
  #sid: Sid = -1
  #observer = false
  #peerZxid: Zxid = asZxid(0n)
  /** Synchronization has brought it up to here; all of it is committed. */
  #syncedTo: Zxid = NO_ZXID
  /** Last tick by which the learner must have been heard of. */
  #deadlineTick = 0
  #silence: Timer | undefined
  #heardAt: number
  /** PROPOSALs sent and not all ACKed, oldest first, those of one moment together. SyncLimitCheck of the Java server. */
  readonly #unacked: { upTo: Zxid; readonly sentAt: number }[] = []
  readonly establishedAt: number
  packetsReceived = 0
  requests = 0
  #packetsSentBefore = 0
  lastZxid: Zxid = NO_ZXID

  constructor(context: RoleContext, leader: LeaderOfHandlers, connection: Connection) {
    this.#context = context
    this.#leader = leader
    this.#quorum = new QuorumConnection(connection, context.host.trace, maxRecordBytes(context.config))
    this.#heardAt = context.host.clock.now()
    this.establishedAt = context.host.clock.wallTime()
    this.#watchSilence()
  }

  get sid(): Sid {
    return this.#sid
  }
  /** Does not count in any quorum; gets INFORM instead of PROPOSAL and COMMIT. */
  get isObserver(): boolean {
    return this.#observer
  }
  get isVoter(): boolean {
    return !this.#observer && this.#context.membership.committed.isVoter(this.#sid)
  }
  get remote(): string {
    return this.#quorum.remote
  }
  get packetsSent(): number {
    return this.#quorum.packetsSent - this.#packetsSentBefore
  }
  get isForwarding(): boolean {
    return this.#leader.isForwarding(this)
  }
  /** Of what monitoring shows. */
  resetStats(): void {
    this.packetsReceived = 0
    this.requests = 0
    this.#packetsSentBefore = this.#quorum.packetsSent
    this.lastZxid = NO_ZXID
  }
  /** In touch recently enough to count for the leader's own quorum (LearnerHandler.synced). */
  get isSynced(): boolean {
    return this.#phase === 'broadcast' && this.#leader.tick <= this.#deadlineTick
  }

  readonly handlers: ConnectionHandlers = {
    onData: (bytes) => this.#onData(bytes),
    onClose: (cause: CloseCause) => this.#end(`connection ${cause}`),
  }

  // --- what the leader tells -------------------------------------------------------------------

  /** The new epoch is fixed and durable at the leader. */
  epochDecided(): void {
    if (this.#phase !== 'awaitEpoch') return
    this.#phase = 'awaitAckEpoch'
    const version = new Writer(4)
    version.int(LEARNER_PROTOCOL_VERSION)
    this.#quorum.send(PacketType.LEADERINFO, makeZxid(this.#leader.epoch, 0), version.finish())
  }

  /** A quorum has answered with ACKEPOCH: synchronization begins. */
  epochAcked(): void {
    if (this.#phase !== 'awaitEpochQuorum') return
    this.#phase = 'awaitNewLeaderAck'
    this.#synchronize()
  }

  /** The leader serves: learners that have ACKed NEWLEADER may serve too. */
  leaderServes(): void {
    if (this.#phase !== 'awaitServer') return
    const { config, host } = this.#context
    this.#phase = 'broadcast'
    this.#deadlineTick = this.#leader.tick + config.syncLimit
    this.#quorum.send(PacketType.UPTODATE, NO_ZXID)
    host.trace.emit({ kind: 'learnerSynced', peer: this.#sid })
  }

  /** A new proposal: for those who vote. */
  propose(zxid: Zxid, proposal: OutgoingPacket): void {
    if (this.#observer) return
    this.lastZxid = zxid
    const now = this.#context.host.clock.now()
    const newest = this.#unacked.at(-1)
    if (newest?.sentAt === now) newest.upTo = zxid
    else this.#unacked.push({ upTo: zxid, sentAt: now })
    this.#quorum.post(proposal)
  }

  /** It is committed: voters have it, observers get it now. */
  commit(zxid: Zxid, commit: OutgoingPacket, inform: () => OutgoingPacket): void {
    this.lastZxid = zxid
    this.#quorum.post(this.#observer ? inform() : commit)
  }

  syncDone(): void {
    this.#quorum.send(PacketType.SYNC, asZxid(0n))
  }

  /** @returns false when the learner has been too slow with its ACKs and was dropped. */
  ping(lastProposed: Zxid): boolean {
    if (this.#phase !== 'awaitServer' && this.#phase !== 'broadcast') return true
    const oldest = this.#unacked[0]
    const limitMs = this.#context.config.syncLimit * this.#context.config.tickTimeMs
    if (oldest !== undefined && this.#context.host.clock.now() - oldest.sentAt > limitMs) {
      this.#end('no ACK of a proposal within syncLimit')
      return false
    }
    this.lastZxid = lastProposed
    this.#quorum.send(PacketType.PING, lastProposed)
    return true
  }

  /** The leader's role ends: closes the connection, tells nobody. */
  stop(): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    this.#silence?.cancel()
    this.#quorum.close()
  }

  /** The learner has come anew, over another connection. */
  replaced(): void {
    this.#end('the learner has connected anew')
  }

  // --- what the learner says -------------------------------------------------------------------

  #onData(bytes: Uint8Array): void {
    if (this.#phase === 'ended') return
    this.#heardAt = this.#context.host.clock.now()
    try {
      this.#quorum.receive(bytes)
      for (;;) {
        const packet = this.#quorum.next()
        if (packet === undefined) return
        this.#onPacket(packet)
        // A handler may have ended this connection.
        if ((this.#phase as Phase) === 'ended') return
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#refuse(error.message)
    }
  }

  /** @throws JuteError for a body that cannot be read */
  #onPacket(packet: QuorumPacket): void {
    this.packetsReceived++
    if (this.#phase === 'broadcast') this.#deadlineTick = this.#leader.tick + this.#context.config.syncLimit
    switch (packet.type) {
      case PacketType.FOLLOWERINFO:
      case PacketType.OBSERVERINFO:
        return this.#onInfo(packet)
      case PacketType.ACKEPOCH:
        return this.#onAckEpoch(packet)
      case PacketType.ACK:
        return this.#onAck(packet.zxid)
      case PacketType.PING:
        return this.#onPing(packet)
      case PacketType.REVALIDATE:
        return this.#onRevalidate(packet)
      case PacketType.REQUEST:
        if (this.#phase !== 'broadcast') return
        this.requests++
        return this.#leader.requested(this, packet)
      default:
        return this.#refuse(`${packetName(packet.type)} from a learner`)
    }
  }

  #onInfo(packet: QuorumPacket): void {
    if (this.#phase !== 'awaitInfo') return this.#refuse(`${packetName(packet.type)} twice`)
    if (packet.data === null) return this.#refuse('learner without an id')
    const info = decode(LearnerInfo, packet.data)
    this.#sid = Number(info.serverid)
    this.#observer = packet.type === PacketType.OBSERVERINFO
    if (info.configVersion > this.#context.membership.committed.version)
      return this.#refuse('Follower is ahead of the leader (has a later activated configuration)')
    this.#phase = 'awaitEpoch'
    this.#leader.epochWanted(this, epochOf(packet.zxid))
  }

  #onAckEpoch(packet: QuorumPacket): void {
    if (this.#phase !== 'awaitAckEpoch') return this.#refuse('ACKEPOCH out of turn')
    if (packet.data === null || packet.data.length < 4) return this.#refuse('ACKEPOCH without an epoch')
    this.#phase = 'awaitEpochQuorum'
    this.#peerZxid = packet.zxid
    const refusal = this.#leader.epochAnswered(this, new Reader(packet.data).int(), packet.zxid)
    if (refusal !== undefined) this.#end(refusal)
  }

  #synchronize(): void {
    const { database, host, membership } = this.#context
    const head = database.tree.lastProcessedZxid
    this.#syncedTo = head
    const decision = decideSync(this.#peerZxid, head, database.committedLog.entries())
    const { count, learners } = this.#context.clientPort.metrics
    if (decision.mode === 'SNAP') count.snap_count++
    else count.diff_count++
    learners.add(this.#sid)
    const snapshot = decision.mode === 'SNAP' ? database.snapshotStream() : undefined
    host.trace.emit({
      kind: 'syncStart',
      peer: this.#sid,
      mode: decision.mode,
      peerZxid: this.#peerZxid,
      to: head,
      proposals: decision.mode === 'SNAP' ? 0 : decision.proposals.length,
      reason: decision.reason,
    })
    if (decision.mode === 'SNAP') {
      this.#quorum.send(PacketType.SNAP, head)
      const stream = new Writer((snapshot as Uint8Array).length + 14)
      stream.raw(snapshot as Uint8Array)
      stream.string(SNAPSHOT_SIGNATURE)
      this.#quorum.sendRaw(stream.finish(), head)
    } else {
      this.#quorum.send(PacketType[decision.mode], decision.zxid)
      for (const { zxid, bytes } of decision.proposals) {
        this.#quorum.send(PacketType.PROPOSAL, zxid, bytes)
        this.#quorum.send(PacketType.COMMIT, zxid)
      }
    }
    this.#quorum.send(
      PacketType.NEWLEADER,
      makeZxid(this.#leader.epoch, 0),
      encodedUtf8(membership.lastSeen.toString()),
    )
    // Behind NEWLEADER, at which ZooKeeper's learners forget what is proposed: they die of its COMMIT before UPTODATE
    // (ZOOKEEPER-4394).
    this.#leader.startForwarding(this)
  }

  #onAck(zxid: Zxid): void {
    if (this.#phase === 'awaitNewLeaderAck') {
      if (zxid !== makeZxid(this.#leader.epoch, 0)) {
        // ZooKeeper's learners ACK what they log for the synchronization, and that may overtake the ACK of NEWLEADER.
        if (zxid <= this.#syncedTo) return
        return this.#refuse('ACK of something else than NEWLEADER')
      }
      this.#phase = 'awaitServer'
      this.#silence?.cancel()
      this.#watchSilence()
      this.#leader.newLeaderAcked(this)
      return
    }
    // The second ACK of the epoch follows UPTODATE and means nothing: it is older than every proposal.
    for (let oldest = this.#unacked[0]; oldest !== undefined && oldest.upTo <= zxid; oldest = this.#unacked[0])
      this.#unacked.shift()
    this.#leader.acked(this.#sid, zxid)
  }

  #onPing(packet: QuorumPacket): void {
    if (packet.data === null) return
    const input = new Reader(packet.data)
    while (input.remaining > 0) {
      const session = asSession(input.long())
      this.#leader.touch(session, input.int())
    }
  }

  #onRevalidate(packet: QuorumPacket): void {
    if (packet.data === null) return this.#refuse('REVALIDATE without a session')
    this.#context.clientPort.metrics.count.revalidate_count++
    const input = new Reader(packet.data)
    const session = asSession(input.long())
    const valid = this.#leader.revalidateFor(this, session, input.int())
    const answer = new Writer(9)
    answer.long(session)
    answer.boolean(valid)
    this.#quorum.send(PacketType.REVALIDATE, packet.zxid, answer.finish())
  }

  // --- its end ---------------------------------------------------------------------------------

  /** SO_TIMEOUT of the Java server: initLimit until NEWLEADER is ACKed, then syncLimit. */
  #watchSilence(): void {
    const { host, config } = this.#context
    const settled = this.#phase === 'awaitServer' || this.#phase === 'broadcast'
    const limitMs = (settled ? config.syncLimit : config.initLimit) * config.tickTimeMs
    const leftMs = this.#heardAt + limitMs - host.clock.now()
    if (leftMs <= 0) return this.#end(`silent for ${settled ? 'syncLimit' : 'initLimit'}`)
    this.#silence = host.clock.after(leftMs, () => this.#watchSilence())
  }

  #refuse(reason: string): void {
    this.#quorum.abort(reason)
    this.#end(reason)
  }

  #end(reason: string): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    this.#silence?.cancel()
    this.#quorum.close()
    this.#context.host.trace.emit({ kind: 'learnerLost', peer: this.#sid, reason })
    this.#leader.handlerEnded(this)
  }
}

/** REQUEST's data: long sessionId, int cxid, int opcode, then the client's body. */
export function requestData(session: SessionId, cxid: number, type: number, body: Uint8Array): Uint8Array {
  return build((out) => {
    out.long(session)
    out.int(cxid)
    out.int(type)
    out.raw(body)
  })
}

export const learnerInfo = (sid: Sid, configVersion: bigint): Uint8Array =>
  encode(LearnerInfo, { serverid: BigInt(sid), protocolVersion: LEARNER_PROTOCOL_VERSION, configVersion })
