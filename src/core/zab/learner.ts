/** A follower or an observer of one leader: finds it, takes over its history, then logs, ACKs and applies what it
 *  sends. One object for one time of following; once stopped, nothing of it reaches disk, tree, leader or client.
 *  Source: Learner.java, Follower.java, Observer.java (zab.md sections 6, 8, 9). The order on disk is the fixed one
 *  of 3.9.2 and later (ZOOKEEPER-4646, -4785, -4394): history durable, then currentEpoch, then ACK of NEWLEADER;
 *  proposals that are not committed stay queued until UPTODATE. Left out: observer masters. */
import { QuorumVerifier } from '../config/quorum-verifier.ts'
import { maxRecordBytes } from '../config/replica-config.ts'
import { ConfigError } from '../config/server-spec.ts'
import type { Connection, Timer } from '../host.ts'
import { ClientService } from '../server/client-side.ts'
import type { Outlook } from '../server/monitor.ts'
import type { Request } from '../server/request.ts'
import type { Role } from '../server/role.ts'
import type { ServerMetrics } from '../server/server-metrics.ts'
import { DataTree } from '../tree/data-tree.ts'
import { OpCode, PacketType, packetName } from '../wire/codes.ts'
import { asSession, counterOf, epochOf, makeZxid, type SessionId, type Sid, ZXID_0, type Zxid } from '../wire/ids.ts'
import { JuteError, Reader, Writer } from '../wire/jute.ts'
import type { QuorumPacket } from '../wire/quorum.ts'
import { decodeLogged, type LoggedTxn } from '../wire/txn.ts'
import { decodeUtf8, encodedUtf8 } from '../wire/utf8.ts'
import type { RoleContext } from './context.ts'
import { learnerInfo, requestData, SNAPSHOT_SIGNATURE } from './learner-handler.ts'
import { NO_ZXID, QuorumConnection } from './quorum-connection.ts'
import type { ZabState } from './trace.ts'

interface Received {
  readonly zxid: Zxid
  readonly logged: LoggedTxn
  readonly bytes: Uint8Array
}

type Phase =
  | 'connecting'
  | 'awaitLeaderInfo'
  | 'writingAcceptedEpoch'
  | 'awaitSync' // DIFF, TRUNC or SNAP
  | 'awaitSnapshot' // the raw stream after SNAP
  | 'syncing' // until NEWLEADER
  | 'writingHistory' // NEWLEADER came: history to disk, then currentEpoch
  | 'awaitUpToDate'
  | 'broadcast'
  | 'ended'

const SNAPSHOT_ENDING = encodedUtf8(SNAPSHOT_SIGNATURE)
const CONNECT_TRIES = 5
const CONNECT_DELAY_MS = 100
/** A leader has at least so long to open its port, however soon it is asked again. */
const CONNECT_PATIENCE_MS = CONNECT_TRIES * CONNECT_DELAY_MS

export class Learner implements Role {
  readonly kind = 'learner'
  readonly #context: RoleContext
  readonly #leaderSid: Sid
  readonly #observer: boolean
  #quorum: QuorumConnection | undefined
  #phase: Phase = 'connecting'
  #tries = 0
  /** The leader's epoch, from LEADERINFO. */
  #epoch = -1
  #snapZxid: Zxid | undefined
  /** The membership that came with NEWLEADER: in force from UPTODATE on. */
  #newLeaderQuorum: QuorumVerifier | undefined
  /** Proposed, not committed, in zxid order. In broadcast they are in the log; before UPTODATE they are not. */
  #pending: Received[] = []
  /** Sync phases: committed, not yet in log and tree. */
  #committed: Received[] = []
  /** zxid of the newest proposal received (or of the history it follows): the next one must continue it. */
  #lastQueued: Zxid
  #timers: { silence: Timer | undefined; connect: Timer | undefined } = { silence: undefined, connect: undefined }
  #heardAt = 0
  /** Since when it is being brought up to date. */
  #syncSince = 0
  #clients: ClientService | undefined
  /** Sessions heard of since the last PING, with their timeouts. */
  readonly #touched = new Map<SessionId, number>()

  constructor(context: RoleContext, leader: Sid, observer: boolean) {
    this.#context = context
    this.#leaderSid = leader
    this.#observer = observer
    this.#lastQueued = context.database.lastLoggedZxid
  }

  /** For who looks at the server from outside. */
  get outlook(): Outlook {
    return { observing: this.#observer, leader: this.#leaderSid }
  }

  get #count(): ServerMetrics['count'] {
    return this.#context.clientPort.metrics.count
  }

  follow(): void {
    this.#setZabState('DISCOVERY')
    // All attempts together have initLimit: nobody may ever answer.
    this.#heardAt = this.#context.host.clock.now()
    this.#watchSilence()
    this.#connect()
  }

  /** Ends following. Idempotent. */
  stop(reason: string): void {
    if (this.#phase === 'ended') return
    const served = this.#phase === 'broadcast'
    this.#phase = 'ended'
    this.#timers.silence?.cancel()
    this.#timers.connect?.cancel()
    this.#quorum?.close()
    this.#clients?.close(reason)
    this.#context.database.writer.stop()
    if (served) this.#context.host.trace.emit({ kind: 'stopServing', reason })
  }

  #resign(reason: string): void {
    if (this.#phase === 'ended') return
    this.stop(reason)
    this.#context.ended(reason)
  }

  #setZabState(to: ZabState): void {
    this.#context.host.trace.emit({ kind: 'zabState', to })
  }

  // --- the connection ----------------------------------------------------------------------------

  #connect(): void {
    const { host, membership } = this.#context
    const leader = membership.committed.server(this.#leaderSid)
    if (leader === undefined) return this.#resign(`leader ${this.#leaderSid} is not in the configuration`)
    this.#tries++
    const connection: Connection = host.network.connect(
      { host: leader.host, port: leader.quorumPort },
      {
        onOpen: () => this.#onOpen(),
        onData: (bytes) => this.#onData(bytes),
        onClose: (cause) => this.#onClose(cause),
      },
    )
    this.#quorum = new QuorumConnection(connection, host.trace, maxRecordBytes(this.#context.config))
  }

  #onOpen(): void {
    const { config, database, host, membership } = this.#context
    this.#phase = 'awaitLeaderInfo'
    this.#heardAt = host.clock.now()
    this.#watchSilence()
    this.#quorum?.send(
      this.#observer ? PacketType.OBSERVERINFO : PacketType.FOLLOWERINFO,
      makeZxid(database.epochs.accepted, 0),
      learnerInfo(config.sid, membership.committed.version),
    )
  }

  #onClose(cause: string): void {
    if (this.#phase === 'ended') return
    // The leader may not have opened its quorum port yet.
    const delayMs = this.#context.config.leaderConnectDelayMs ?? CONNECT_DELAY_MS
    const tries = Math.max(CONNECT_TRIES, Math.ceil(CONNECT_PATIENCE_MS / Math.max(1, delayMs)))
    if (this.#phase === 'connecting' && this.#tries < tries) {
      this.#timers.connect = this.#context.host.clock.after(delayMs, () => this.#connect())
      return
    }
    this.#resign(`connection to leader ${this.#leaderSid} ${cause}`)
  }

  /** Socket read timeout: initLimit until NEWLEADER, then syncLimit. */
  #watchSilence(): void {
    const { host, config } = this.#context
    const settled = this.#phase === 'awaitUpToDate' || this.#phase === 'broadcast'
    const limitMs = (settled ? config.syncLimit : config.initLimit) * config.tickTimeMs
    const leftMs = this.#heardAt + limitMs - host.clock.now()
    this.#timers.silence?.cancel()
    if (leftMs <= 0) return this.#resign(`leader ${this.#leaderSid} silent for ${settled ? 'syncLimit' : 'initLimit'}`)
    this.#timers.silence = host.clock.after(leftMs, () => this.#watchSilence(), {
      name: settled ? 'syncLimit' : 'initLimit',
      about: String(this.#leaderSid),
    })
  }

  #onData(bytes: Uint8Array): void {
    if (this.#phase === 'ended' || this.#quorum === undefined) return
    this.#heardAt = this.#context.host.clock.now()
    try {
      this.#quorum.receive(bytes)
      while ((this.#phase as Phase) !== 'ended') {
        if (this.#phase === 'awaitSnapshot') {
          if (!this.#takeSnapshot()) return
          continue
        }
        const packet = this.#quorum.next()
        if (packet === undefined) return
        this.#onPacket(packet)
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#quorum.abort(error.message)
      this.#resign(`leader ${this.#leaderSid} sent what is no packet: ${error.message}`)
    }
  }

  #onPacket(packet: QuorumPacket): void {
    switch (this.#phase) {
      case 'awaitLeaderInfo':
        return this.#onLeaderInfo(packet)
      case 'awaitSync':
        return this.#onSyncMode(packet)
      case 'syncing':
      case 'writingHistory':
      case 'awaitUpToDate':
        return this.#onSyncPacket(packet)
      case 'broadcast':
        return this.#observer ? this.#onObserverPacket(packet) : this.#onFollowerPacket(packet)
      default:
        return this.#resign(`${packetName(packet.type)} from the leader out of turn`)
    }
  }

  // --- discovery ---------------------------------------------------------------------------------

  #onLeaderInfo(packet: QuorumPacket): void {
    const { database, host } = this.#context
    if (packet.type !== PacketType.LEADERINFO) return this.#resign('First packet should have been NEWLEADER')
    const epoch = epochOf(packet.zxid)
    const accepted = database.epochs.accepted
    if (epoch < accepted) return this.#resign(`Leaders epoch, ${epoch} is less than accepted epoch, ${accepted}`)
    this.#epoch = epoch
    // The promise was given before, possibly to another try of the same leader: it must not count twice.
    if (epoch === accepted) return this.#ackEpoch(-1)
    this.#phase = 'writingAcceptedEpoch'
    database.epochs.setAccepted(epoch, (error) => {
      // A disk that refuses is the end, also where this role has ended meanwhile.
      if (error !== undefined) return this.#context.halt(`acceptedEpoch could not be written: ${error.message}`)
      if (this.#phase !== 'writingAcceptedEpoch') return
      host.trace.emit({ kind: 'epochAccepted', epoch })
      this.#ackEpoch(database.epochs.current)
    })
  }

  #ackEpoch(currentEpoch: number): void {
    this.#phase = 'awaitSync'
    this.#syncSince = this.#context.host.clock.now()
    const data = new Writer(4)
    data.int(currentEpoch)
    const { database } = this.#context
    const asksForAll = currentEpoch === -1 && database.uncuttableIn === this.#epoch
    this.#quorum?.send(PacketType.ACKEPOCH, asksForAll ? ZXID_0 : database.lastLoggedZxid, data.finish())
  }

  // --- synchronization ---------------------------------------------------------------------------

  #onSyncMode(packet: QuorumPacket): void {
    const { database, host } = this.#context
    this.#setZabState('SYNCHRONIZATION')
    const mode = packetName(packet.type)
    if (mode !== 'DIFF' && mode !== 'TRUNC' && mode !== 'SNAP')
      return this.#resign(`${mode} instead of DIFF, TRUNC or SNAP`)
    host.trace.emit({ kind: 'syncReceived', mode, zxid: packet.zxid })
    if (mode === 'SNAP') {
      this.#snapZxid = packet.zxid
      this.#phase = 'awaitSnapshot'
      return
    }
    if (mode === 'TRUNC') {
      const result = database.truncate(packet.zxid)
      if (!result.ok) return this.#cannotTruncate(result.error.reason)
      host.trace.emit({ kind: 'truncated', zxid: packet.zxid })
    }
    if (mode === 'DIFF' && database.uncuttableIn === this.#epoch)
      return this.#context.halt('the leader sends DIFF where it was asked for everything')
    database.showConfig()
    this.#lastQueued = database.lastLoggedZxid
    this.#phase = 'syncing'
  }

  /** What is to be cut off is in a snapshot, which cannot be cut: a leader whose epoch was never established has sent it.
   *  Java's server stops here, at each start anew. This one leaves and comes back to the same leader, with nothing, and is
   *  sent everything. In an epoch that it has accepted before its answer does not count, so that it hides nothing. */
  #cannotTruncate(reason: string): void {
    const { database } = this.#context
    if (database.uncuttableIn === this.#epoch)
      return this.#context.halt(`cannot truncate to the leader's history: ${reason}`)
    database.uncuttableIn = this.#epoch
    this.#resign(`cannot truncate to the leader's history: ${reason}`)
  }

  /** @returns false while the stream is not whole. The snapshot replaces tree and files at once, in memory and on
   *  disk; what makes it durable is the sync before the ACK of NEWLEADER, and until then a restart finds either. */
  #takeSnapshot(): boolean {
    const { database, host } = this.#context
    const zxid = this.#snapZxid as Zxid
    const snapshot = this.#quorum?.takeRaw(SNAPSHOT_ENDING, (input) => {
      const content = DataTree.deserialize(input, database.tree.kinds)
      const signature = input.string()
      if (signature !== SNAPSHOT_SIGNATURE) throw new JuteError(`snapshot ends with ${signature}`)
      return content
    })
    if (snapshot === undefined) return false
    database.installSnapshot(snapshot, zxid)
    host.trace.emit({ kind: 'snapInstalled', zxid })
    this.#lastQueued = zxid
    this.#phase = 'syncing'
    return true
  }

  #onSyncPacket(packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.PROPOSAL:
        this.#queue(packet)
        return
      case PacketType.COMMIT:
        return this.#onSyncCommit(packet.zxid)
      case PacketType.COMMITANDACTIVATE:
        return this.#activate(packet, () => this.#onSyncCommit(packet.zxid))
      case PacketType.INFORM:
        if (this.#queue(packet)) this.#onSyncCommit(packet.zxid)
        return
      case PacketType.INFORMANDACTIVATE: {
        const { leader, inform } = informed(packet)
        if (this.#queue(inform)) this.#activate(leader, () => this.#onSyncCommit(packet.zxid))
        return
      }
      case PacketType.NEWLEADER:
        return this.#onNewLeader(packet)
      case PacketType.UPTODATE:
        return this.#onUpToDate()
      // Pings and whatever else is skipped until the learner is up to date.
      default:
        return
    }
  }

  /** @returns false when the proposal does not continue the history, and the connection has been given up for it. */
  #queue(packet: QuorumPacket): boolean {
    const bytes = packet.data ?? new Uint8Array()
    const logged = decodeLogged(bytes)
    const { zxid } = logged.header
    const last = this.#lastQueued
    const continues = zxid === last + 1n || (epochOf(zxid) > epochOf(last) && counterOf(zxid) === 1)
    if (!continues) {
      this.#resign(`PROPOSAL 0x${zxid.toString(16)} does not follow 0x${last.toString(16)}`)
      return false
    }
    this.#lastQueued = zxid
    this.#pending.push({ zxid, logged, bytes })
    if (logged.header.type === OpCode.reconfig) this.#context.propose(quorumOf(logged))
    return true
  }

  #onSyncCommit(zxid: Zxid): void {
    const first = this.#pending[0]
    if (first === undefined || first.zxid !== zxid)
      return this.#resign(`COMMIT 0x${zxid.toString(16)} of what is not the oldest proposal`)
    this.#pending.shift()
    this.#committed.push(first)
  }

  /** History first, then currentEpoch, then the ACK: nothing overtakes (ZOOKEEPER-4643, -4646). */
  #onNewLeader(packet: QuorumPacket): void {
    const { database, host } = this.#context
    if (this.#phase !== 'syncing') return this.#resign('NEWLEADER twice')
    const epoch = epochOf(packet.zxid)
    if (epoch !== this.#epoch) return this.#resign(`NEWLEADER of epoch ${epoch}, LEADERINFO of epoch ${this.#epoch}`)
    this.#phase = 'writingHistory'
    this.#watchSilence()
    this.#newLeaderQuorum = quorumFromNewLeader(packet.data)
    if (this.#newLeaderQuorum !== undefined) this.#context.propose(this.#newLeaderQuorum)
    database.synchronizing = true
    const committed = this.#committed
    this.#committed = []
    for (const { zxid, logged, bytes } of committed) {
      database.writer.write(zxid, bytes, () => {})
      // The disk may have refused it, which ends everything.
      if ((this.#phase as Phase) === 'ended') return
      const { digest } = database.apply(logged, bytes)
      host.trace.emit({ kind: 'applied', zxid, phase: 'sync', logged: bytes, digest })
    }
    database.sync((historyError) => {
      if (historyError !== undefined) return this.#context.halt(`the log could not be written: ${historyError.message}`)
      if (this.#phase !== 'writingHistory') return
      database.epochs.setCurrent(epoch, (error) => {
        if (error !== undefined) return this.#context.halt(`currentEpoch could not be written: ${error.message}`)
        if (this.#phase !== 'writingHistory') return
        host.trace.emit({ kind: 'epochCurrent', epoch })
        host.trace.emit({ kind: 'newLeaderAck', epoch, zxid: database.lastLoggedZxid })
        this.#phase = 'awaitUpToDate'
        this.#watchSilence()
        this.#quorum?.send(PacketType.ACK, makeZxid(epoch, 0))
      })
    })
  }

  #onUpToDate(): void {
    const { clientPort, config, database, host } = this.#context
    if (this.#phase !== 'awaitUpToDate') return this.#resign('UPTODATE before NEWLEADER')
    // Another role than I have, or another leader: look for one under the new membership.
    if (this.#newLeaderQuorum !== undefined && this.#context.reconfigure(this.#newLeaderQuorum))
      return this.#resign(ROLE_CHANGES)
    this.#phase = 'broadcast'
    database.synchronizing = false
    const { follower_sync_time, observer_sync_time } = clientPort.metrics.time
    const syncMs = Math.round(host.clock.now() - this.#syncSince)
    if (this.#observer) observer_sync_time.add(syncMs)
    else follower_sync_time.add(syncMs)
    this.#quorum?.send(PacketType.ACK, makeZxid(this.#epoch, 0))
    this.#context.establishedEpoch(this.#epoch)
    this.#clients = new ClientService({ host, config, database, clientPort, role: this, kind: 'learner' })
    const committed = this.#committed
    this.#committed = []
    for (const received of committed) {
      this.#log(received)
      if ((this.#phase as Phase) === 'ended') return
      this.#clients.commit(received.logged, received.bytes)
    }
    for (const received of this.#pending) this.#log(received)
    if ((this.#phase as Phase) === 'ended') return
    this.#setZabState('BROADCAST')
    this.#clients.open()
    host.trace.emit({ kind: 'serving', zxid: database.tree.lastProcessedZxid })
  }

  // --- broadcast ---------------------------------------------------------------------------------

  /** To the log; the ACK follows when it is on disk, never before. Observers log and do not ACK. */
  readonly #durable = (zxid: Zxid): void => {
    if (!this.#observer) this.#quorum?.send(PacketType.ACK, zxid)
  }
  #log({ zxid, bytes }: Received): void {
    this.#context.database.writer.write(zxid, bytes, this.#durable)
  }

  #onFollowerPacket(packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.PROPOSAL:
        this.#count.learner_proposal_received_count++
        if (this.#queue(packet)) this.#log(this.#pending.at(-1) as Received)
        return
      case PacketType.COMMIT: {
        this.#count.learner_commit_received_count++
        const first = this.#pending[0]
        // The Java server exits with 12 here; we give up the connection and synchronize anew.
        if (first === undefined || first.zxid !== packet.zxid)
          return this.#resign(`COMMIT 0x${packet.zxid.toString(16)} of what is not the oldest proposal`)
        this.#pending.shift()
        this.#clients?.commit(first.logged, first.bytes)
        return
      }
      case PacketType.COMMITANDACTIVATE:
        return this.#activate(packet, () => this.#commitOldest())
      default:
        return this.#onCommonPacket(packet)
    }
  }

  #onObserverPacket(packet: QuorumPacket): void {
    if (packet.type === PacketType.INFORMANDACTIVATE) {
      const { leader, inform } = informed(packet)
      if (!this.#queue(inform)) return
      this.#log(this.#pending.at(-1) as Received)
      return this.#activate(leader, () => this.#commitOldest())
    }
    if (packet.type !== PacketType.INFORM) return this.#onCommonPacket(packet)
    this.#count.learner_commit_received_count++
    if (!this.#queue(packet)) return
    this.#log(this.#pending.at(-1) as Received)
    this.#commitOldest()
  }

  #commitOldest(): void {
    const { logged, bytes } = this.#pending.shift() as Received
    this.#clients?.commit(logged, bytes)
  }

  /** COMMITANDACTIVATE: the membership that the oldest proposal brings is in force, and the packet says who leads it. The
   *  txn is committed before the role ends, if it has to: its client gets its answer. (With the Java server that is a race.) */
  #activate({ zxid, data }: Pick<QuorumPacket, 'zxid' | 'data'>, commit: () => void): void {
    const first = this.#pending[0]
    if (first === undefined || first.zxid !== zxid || first.logged.header.type !== OpCode.reconfig)
      return this.#resign(`COMMITANDACTIVATE 0x${zxid.toString(16)} of what is not the oldest proposal, or no reconfig`)
    const leader = Number(new Reader(data ?? new Uint8Array()).long())
    const roleChanges = this.#context.reconfigure(quorumOf(first.logged), { leader, zxid })
    this.#clients?.configShown()
    commit()
    if (roleChanges) this.#resign(ROLE_CHANGES)
  }

  #onCommonPacket(packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.PING:
        return this.#onPing(packet)
      case PacketType.SYNC:
        return this.#clients?.synced()
      case PacketType.REVALIDATE: {
        const input = new Reader(packet.data ?? new Uint8Array())
        const session = asSession(input.long())
        return this.#clients?.revalidated(session, input.boolean())
      }
      default:
        // Unknown in this phase: warned about and skipped, as the Java server does.
        return
    }
  }

  #onPing(packet: QuorumPacket): void {
    const data = new Writer(12 * this.#touched.size)
    for (const [session, timeoutMs] of this.#touched) {
      data.long(session)
      data.int(timeoutMs)
    }
    this.#touched.clear()
    this.#quorum?.send(PacketType.PING, packet.zxid, data.finish())
  }

  // --- for the client side -----------------------------------------------------------------------

  submit(request: Request): void {
    this.#quorum?.send(
      PacketType.REQUEST,
      NO_ZXID,
      requestData(request.session, request.cxid, request.type, request.body),
      request.auth.length === 0 ? null : request.auth,
    )
  }

  revalidate(session: SessionId, timeoutMs: number): void {
    const data = new Writer(12)
    data.long(session)
    data.int(timeoutMs)
    this.#quorum?.send(PacketType.REVALIDATE, NO_ZXID, data.finish())
  }

  touch(session: SessionId, timeoutMs: number): void {
    this.#touched.set(session, timeoutMs)
  }

  forget(session: SessionId): void {
    this.#touched.delete(session)
  }
}

const ROLE_CHANGES = 'changes proposed in reconfig'

/** The membership that a reconfig brings. @throws JuteError when its text makes no sense */
function quorumOf({ txn }: LoggedTxn): QuorumVerifier {
  const data = txn.kind === 'setData' ? txn.body.data : null
  try {
    return QuorumVerifier.parse(decodeUtf8(data ?? new Uint8Array()))
  } catch (error) {
    if (error instanceof ConfigError) throw new JuteError(`a reconfig that makes no sense: ${error.message}`)
    throw error
  }
}

/** NEWLEADER's data; what makes no sense there, or is missing, counts as not said. */
function quorumFromNewLeader(data: Uint8Array | null): QuorumVerifier | undefined {
  if (data === null || data.length <= 1) return undefined
  try {
    return QuorumVerifier.parse(decodeUtf8(data))
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

/** INFORMANDACTIVATE in its two parts: who leads, and what INFORM would have said. */
function informed(packet: QuorumPacket): {
  readonly leader: Pick<QuorumPacket, 'zxid' | 'data'>
  readonly inform: QuorumPacket
} {
  const { zxid, data } = packet
  return { leader: { zxid, data }, inform: { ...packet, data: (data ?? new Uint8Array()).subarray(8) } }
}
