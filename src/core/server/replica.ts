/** One server: recovers from its disk, looks for a leader, leads or follows, and looks again; or serves alone.
 *  Source: QuorumPeer.java, ZooKeeperServerMain.java. Left out: reconfig. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import { Election, type Vote } from '../election/election.ts'
import type { Host, Timer } from '../host.ts'
import { Database } from '../storage/database.ts'
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
  readonly #database: Database
  /** undefined: there is nobody to elect. */
  readonly #election: Election | undefined
  readonly #clientPort: ClientPort
  #state: RoleState | 'STARTING' = 'STARTING'
  /** What this server advertises while it is not LOOKING; its own last vote otherwise. */
  #vote: Vote
  #role: Leader | Learner | Standalone | undefined
  /** Of the monotonic clock, in ms: the present search for a leader; since when there has been none. */
  #lookingSince = 0
  #unavailableSince: number | undefined
  /** While it is LOOKING: what serves those who only read, or the wait for it. */
  #readOnly: Readers | undefined
  #halted = false

  constructor(host: Host, config: ReplicaConfig) {
    this.#host = host
    this.#config = config
    const { quorum } = config
    host.trace.emit({
      kind: 'configured',
      sid: config.sid,
      voters: quorum.voters,
      observers: quorum.observers,
      tickTimeMs: config.tickTimeMs,
      initLimit: config.initLimit,
      syncLimit: config.syncLimit,
    })
    this.#database = new Database(host, config, (error) =>
      this.#halt(`the disk failed: ${error.message}. A server that cannot write its log must not go on.`),
    )
    this.#vote = { leader: config.sid, zxid: this.#database.lastLoggedZxid, electionEpoch: 0, peerEpoch: 0 }
    this.#clientPort = new ClientPort(host, config, this.#database)
    if (config.standalone === true) {
      if (this.#recover()) this.#standAlone()
      return
    }
    this.#election = new Election(host, config, {
      state: () => (this.#state === 'STARTING' || this.#state === 'STANDALONE' ? 'LOOKING' : this.#state),
      currentVote: () => this.#vote,
    })
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
    this.#clientPort.metrics.time.election_time.add(Math.round(this.#host.clock.now() - this.#lookingSince))
    this.#database.openForWriting()
    if (vote.leader === this.#config.sid) this.#becomeLeading()
    else this.#becomeLearning(vote.leader)
  }

  #becomeLeading(): void {
    this.#enter('LEADING', `elected in round ${this.#vote.electionEpoch}`)
    const leader = new Leader(this.#context())
    this.#role = leader
    leader.lead()
  }

  #becomeLearning(leader: number): void {
    const observer = !this.#config.quorum.isVoter(this.#config.sid)
    this.#enter(
      observer ? 'OBSERVING' : 'FOLLOWING',
      `server ${leader} was elected in round ${this.#vote.electionEpoch}`,
    )
    const learner = new Learner(this.#context(), leader, observer)
    this.#role = learner
    learner.follow()
  }

  /** A context for one role; after its end it has no effect any more. */
  #context(): RoleContext {
    const context: RoleContext = {
      host: this.#host,
      config: this.#config,
      database: this.#database,
      clientPort: this.#clientPort,
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
    this.#becomeLooking(reason)
    this.#database.sync((error) => {
      if (this.#halted) return
      if (error !== undefined) return this.#halt(`the disk failed: ${error.message}`)
      // An uncommitted tail of the log becomes part of the tree, as a restart would make it.
      if (this.#database.isReconciled || this.#recover()) this.#look()
    })
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
