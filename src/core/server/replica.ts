/** One server: recovers from its disk, looks for a leader, leads or follows, and looks again; or serves alone.
 *  Source: QuorumPeer.java, ZooKeeperServerMain.java. The members of the ensemble may change while it
 *  runs; what follows from that for this server is decided here (processReconfig). */
import { Membership } from '../config/membership.ts'
import type { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { ReplicaConfig } from '../config/replica-config.ts'
import { Election, type Vote } from '../election/election.ts'
import type { DiskError, Host, Timer } from '../host.ts'
import { Database } from '../storage/database.ts'
import { DynamicConfigOnDisk } from '../storage/dynamic-config-files.ts'
import { CONFIG_PATH } from '../tree/data-tree.ts'
import { asZxid, type Sid, type Zxid } from '../wire/ids.ts'
import type { RoleContext } from '../zab/context.ts'
import { Leader } from '../zab/leader.ts'
import { Learner } from '../zab/learner.ts'
import { ClientPort } from './client-port.ts'
import type { Monitor } from './monitor.ts'
import { ReadOnlyServer } from './read-only.ts'
import { Standalone } from './standalone.ts'
import type { RoleState } from './trace.ts'

/** A server that is cut off waits so long, or a tick, before it serves what it has. */
const READ_ONLY_GRACE_MS = 2000

interface Readers {
  readonly grace: Timer
  server: ReadOnlyServer | undefined
}

export class Replica {
  readonly #host: Host
  readonly #config: ReplicaConfig
  readonly #membership: Membership
  readonly #database: Database
  /** undefined: there is nobody to elect. */
  readonly #election: Election | undefined
  readonly #clientPort: ClientPort
  #state: RoleState | 'STARTING' = 'STARTING'
  /** What this server advertises while it is not LOOKING; its own last vote otherwise. */
  #vote: Vote
  #role: Leader | Learner | Standalone | undefined
  /** An observer in the membership in force (learnerType). */
  #isObserver: boolean
  /** A reconfig has said what comes after the present role: no election (reconfigFlag). */
  #designated = false
  /** Of the monotonic clock, in ms: the present search for a leader; since when there has been none. */
  #lookingSince = 0
  #unavailableSince: number | undefined
  /** While it is LOOKING: what serves those who only read, or the wait for it. */
  #readOnly: Readers | undefined
  #halted = false

  constructor(host: Host, config: ReplicaConfig) {
    this.#host = host
    this.#config = config
    this.#membership = this.#membershipOf(config)
    this.#isObserver = this.#membership.isObserver
    const { committed } = this.#membership
    host.trace.emit({
      kind: 'configured',
      sid: config.sid,
      voters: committed.voters,
      observers: committed.observers,
      tickTimeMs: config.tickTimeMs,
      initLimit: config.initLimit,
      syncLimit: config.syncLimit,
      quorum: committed.toString(),
      ...(config.dbAutocreate === false ? { distrustsEmptyDisk: true } : {}),
    })
    const onFatal = (error: DiskError): void =>
      this.#halt(`the disk failed: ${error.message}. A server that cannot write its log must not go on.`)
    this.#database = new Database(host, config, onFatal, {}, this.#membership)
    this.#vote = { leader: config.sid, zxid: this.#database.lastLoggedZxid, electionEpoch: 0, peerEpoch: 0 }
    this.#clientPort = new ClientPort(host, config, this.#database, this.#membership)
    const { fsynctime, sync_processor_batch_size } = this.#clientPort.metrics.time
    this.#database.writer.onSynced = (durationMs, records) => {
      fsynctime.add(Math.round(durationMs))
      sync_processor_batch_size.add(records)
    }
    if (config.standalone === true) {
      if (this.#recover()) this.#standAlone()
      return
    }
    const peer = {
      state: () => (this.#state === 'STARTING' || this.#state === 'STANDALONE' ? 'LOOKING' : this.#state),
      currentVote: () => this.#vote,
      adopt: (quorum: QuorumVerifier) => this.#adopt(quorum),
    }
    this.#election = new Election(host, config, peer, this.#membership)
    // Files of ours only: a directory with another server's id is not opened.
    const wrong = this.#database.claim(config.sid)
    if (wrong !== undefined) {
      this.#halt(wrong.reason, wrong.file)
      return
    }
    if (!this.#recover()) return
    this.#vote = { ...this.#vote, zxid: this.#database.lastLoggedZxid, peerEpoch: this.#database.epochs.current }
    this.#clientPort.open()
    this.#election?.start()
    this.#becomeLooking('started')
    this.#look()
  }

  /** For who looks at the server from outside: four-letter words, the AdminServer. */
  get monitor(): Monitor {
    return this.#clientPort.monitor
  }

  /** autopurge: so many snapshots stay. */
  purge(keep: number): void {
    if (!this.#halted) this.#database.purge(keep)
  }

  // --- the states --------------------------------------------------------------------------------

  #enter(to: RoleState, reason: string): void {
    this.#host.trace.emit({ kind: 'stateChanged', from: this.#state, to, reason })
    this.#state = to
  }

  #becomeLooking(reason: string): void {
    const { clock } = this.#host
    this.#clientPort.metrics.count.looking_count++
    this.#lookingSince = clock.now()
    this.#unavailableSince ??= clock.now()
    this.#designated = false
    this.#enter('LOOKING', reason)
    this.#host.trace.emit({ kind: 'zabState', to: 'ELECTION' })
  }

  #standAlone(): void {
    this.#enter('STANDALONE', 'its configuration names no other server')
    const { clientPort, config, database, halt, host } = this.#context()
    const alone = new Standalone({ host, config, database, clientPort, halt })
    this.#role = alone
    this.#clientPort.open()
    alone.start()
  }

  #look(): void {
    const database = this.#database
    this.#serveReadersLater()
    this.#election?.lookForLeader({ zxid: database.lastLoggedZxid, peerEpoch: database.epochs.current }, (vote) =>
      this.#onElected(vote),
    )
  }

  /** readonlymode.enabled: after a while without a leader. */
  #serveReadersLater(): void {
    if (this.#config.readOnlyMode !== true) return
    const waiting: Readers = {
      grace: this.#host.clock.after(Math.max(READ_ONLY_GRACE_MS, this.#config.tickTimeMs), () => {
        waiting.server = new ReadOnlyServer(this.#context())
      }),
      server: undefined,
    }
    this.#readOnly = waiting
  }

  /** A leader is established again. */
  #countUnavailable(): void {
    if (this.#unavailableSince === undefined) return
    const { time } = this.#clientPort.metrics
    const unavailableMs = Math.round(this.#host.clock.now() - this.#unavailableSince)
    this.#unavailableSince = undefined
    time.unavailable_time.add(unavailableMs)
    if (this.#state === 'LEADING') time.leader_unavailable_time.add(unavailableMs)
  }

  #stopReadOnly(reason: string): void {
    this.#readOnly?.grace.cancel()
    this.#readOnly?.server?.stop(reason)
    this.#readOnly = undefined
  }

  #onElected(vote: Vote): void {
    if (this.#halted) return
    this.#stopReadOnly('a leader was elected')
    this.#vote = vote
    if (!this.#isObserver)
      this.#clientPort.metrics.time.election_time.add(Math.round(this.#host.clock.now() - this.#lookingSince))
    this.#becomeMember(`elected in round ${vote.electionEpoch}`)
  }

  #becomeMember(why: string): void {
    this.#database.openForWriting()
    const { leader } = this.#vote
    if (leader === this.#config.sid) this.#becomeLeading(why)
    else this.#becomeLearning(leader, `server ${leader} was ${why}`)
  }

  #becomeLeading(reason: string): void {
    this.#enter('LEADING', reason)
    const leader = new Leader(this.#context())
    this.#role = leader
    leader.lead()
  }

  #becomeLearning(leader: Sid, reason: string): void {
    this.#enter(this.#isObserver ? 'OBSERVING' : 'FOLLOWING', reason)
    const learner = new Learner(this.#context(), leader, this.#isObserver)
    this.#role = learner
    learner.follow()
  }

  /** A context for one role; after its end it has no effect any more. */
  #context(): RoleContext {
    const context: RoleContext = {
      host: this.#host,
      config: this.#config,
      membership: this.#membership,
      database: this.#database,
      clientPort: this.#clientPort,
      propose: (quorum) => this.#propose(quorum),
      reconfigure: (quorum, designated) => this.#reconfigure(quorum, designated),
      establishedEpoch: (epoch) => {
        this.#vote = { ...this.#vote, peerEpoch: epoch }
        this.#countUnavailable()
      },
      ended: (reason) => this.#onRoleEnded(reason),
      halt: (reason) => this.#halt(reason),
    }
    return context
  }

  /** Back to LOOKING with exactly what the disk holds: the next vote must name what a restart would find, never
   *  what memory says (ZOOKEEPER-2845, -3642, -4712). So: sync, then recover, then look. */
  #onRoleEnded(reason: string): void {
    this.#role = undefined
    if (this.#halted) return
    const designated = this.#designated
    this.#designated = false
    if (!designated) this.#becomeLooking(reason)
    this.#database.sync((error) => {
      if (this.#halted) return
      if (error !== undefined) return this.#halt(`the disk failed: ${error.message}`)
      // An uncommitted tail of the log becomes part of the tree, as a restart would make it.
      if (!this.#database.isReconciled && !this.#database.catchUp() && !this.#recover()) return
      if (!designated) return this.#look()
      this.#host.trace.emit({ kind: 'designated', leader: this.#vote.leader })
      this.#becomeMember('designated by a reconfig')
    })
  }

  // --- membership --------------------------------------------------------------------------------

  /** What the host knows, or what an earlier life has left on the disk, whatever is newer. A server that was removed may
   *  find a membership there in which it is not: it starts with the addresses that the host knows, where a Java server,
   *  whose zoo.cfg knows nothing else, refuses ("My id N not in the peer list"). */
  #membershipOf(config: ReplicaConfig): Membership {
    if (config.reconfigEnabled !== true) return new Membership(config)
    if (config.dynamicConfig !== undefined) return new Membership(config, config.dynamicConfig)
    const files = new DynamicConfigOnDisk(this.#host.disk, (error) =>
      this.#halt(`the configuration could not be written: ${error.message}`),
    )
    const { committed, lastSeen } = files.load()
    const quorum = committed !== undefined && committed.version > config.quorum.version ? committed : config.quorum
    const lastSeenQuorum = lastSeen ?? config.lastSeenQuorum
    return new Membership(
      {
        ...config,
        quorum,
        self: config.quorum.server(config.sid),
        ...(lastSeenQuorum === undefined ? {} : { lastSeenQuorum }),
      },
      files,
    )
  }

  #propose(quorum: QuorumVerifier): void {
    if (!this.#membership.propose(quorum)) return
    const { version, voters, observers } = quorum
    this.#host.trace.emit({
      kind: 'configProposed',
      version: asZxid(version),
      voters,
      observers,
      quorum: quorum.toString(),
    })
    this.#election?.connectNewPeers()
  }

  /** QuorumPeer.processReconfig. @returns whether the role must end: it is another one now, or has another leader */
  #reconfigure(quorum: QuorumVerifier, designated?: { readonly leader: Sid; readonly zxid: Zxid }): boolean {
    if (!this.#membership.reconfigEnabled) return false
    const before = this.#membership.commit(quorum)
    this.#database.showConfig()
    if (before.version >= quorum.version) return false
    const { version, voters, observers } = quorum
    this.#host.trace.emit({
      kind: 'configActivated',
      version: asZxid(version),
      voters,
      observers,
      quorum: quorum.toString(),
      mtimeMs: Number(this.#database.tree.node(CONFIG_PATH)?.mtime ?? 0n),
    })
    if (before.isSameAs(quorum)) return false
    if (this.#state !== 'LOOKING') this.#election?.restart()
    const { clientPort } = quorum.server(this.#config.sid) ?? {}
    if (clientPort !== undefined) this.#clientPort.move(clientPort)
    const otherRole = this.#membership.isObserver !== this.#isObserver
    this.#isObserver = this.#membership.isObserver
    if (designated === undefined) {
      const { leader } = this.#vote
      const [old, now] = [before.server(leader), quorum.server(leader)]
      const sameLeader =
        before.isVoter(leader) &&
        quorum.isVoter(leader) &&
        old?.host === now?.host &&
        old?.quorumPort === now?.quorumPort
      return otherRole || !sameLeader
    }
    const otherLeader = designated.leader !== this.#vote.leader
    // Nobody has voted: the round and the epoch of such a vote are unknown.
    if (otherLeader) this.#vote = { ...designated, electionEpoch: -1, peerEpoch: -1 }
    this.#designated ||= otherRole || otherLeader
    return otherRole || otherLeader
  }

  /** A newer membership heard of in an election. @returns true when the election has begun anew under it */
  #adopt(quorum: QuorumVerifier): boolean {
    const before = this.#membership.committed
    this.#reconfigure(quorum)
    if (before.isSameAs(quorum)) return false
    const { lastLoggedZxid: zxid, epochs } = this.#database
    this.#vote = { leader: this.#config.sid, zxid, electionEpoch: 0, peerEpoch: epochs.current }
    // Who only reads waits anew for it, as at the beginning of each search.
    this.#stopReadOnly('the ensemble has other members')
    this.#serveReadersLater()
    this.#election?.restart()
    return true
  }

  #recover(): boolean {
    const result = this.#database.load()
    if (result.ok) return true
    this.#halt(result.error.reason, result.error.file)
    return false
  }

  /** Stops for good, with the reason on the page; the process stays so that it can be asked, and does nothing. */
  #halt(reason: string, file?: string): void {
    if (this.#halted) return
    this.#halted = true
    this.#host.trace.emit({ kind: 'halted', reason, ...(file === undefined ? {} : { file }) })
    this.#role?.stop(reason)
    this.#role = undefined
    this.#stopReadOnly(reason)
    this.#clientPort.close()
    this.#election?.stop()
  }
}
