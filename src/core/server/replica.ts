/** One server: recovers from its disk, looks for a leader, leads or follows, and looks again.
 *  Source: QuorumPeer.java. Left out: reconfig, read-only mode, standalone mode (a single server is an ensemble of one). */
import type { ReplicaConfig } from '../config/replica-config.ts'
import { Election, type Vote } from '../election/election.ts'
import type { Host } from '../host.ts'
import { Database } from '../storage/database.ts'
import type { ServerState } from '../wire/codes.ts'
import type { RoleContext } from '../zab/context.ts'
import { Leader } from '../zab/leader.ts'
import { Learner } from '../zab/learner.ts'
import { ClientPort } from './client-port.ts'

export class Replica {
  readonly #host: Host
  readonly #config: ReplicaConfig
  readonly #database: Database
  readonly #election: Election
  readonly #clientPort: ClientPort
  #state: ServerState | 'STARTING' = 'STARTING'
  /** What this server advertises while it is not LOOKING; its own last vote otherwise. */
  #vote: Vote
  #role: Leader | Learner | undefined
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
    this.#election = new Election(host, config, {
      state: () => (this.#state === 'STARTING' ? 'LOOKING' : this.#state),
      currentVote: () => this.#vote,
    })
    this.#clientPort = new ClientPort(host, config)
    // Files of ours only: a directory with another server's id is not opened.
    const wrong = this.#database.claim(config.sid)
    if (wrong !== undefined) {
      this.#halt(wrong.reason, wrong.file)
      return
    }
    if (!this.#recover()) return
    this.#vote = { ...this.#vote, zxid: this.#database.lastLoggedZxid, peerEpoch: this.#database.epochs.current }
    this.#clientPort.open()
    this.#election.start()
    this.#becomeLooking('started')
    this.#look()
  }

  // --- the states --------------------------------------------------------------------------------

  #enter(to: ServerState, reason: string): void {
    this.#host.trace.emit({ kind: 'stateChanged', from: this.#state, to, reason })
    this.#state = to
  }

  #becomeLooking(reason: string): void {
    this.#enter('LOOKING', reason)
    this.#host.trace.emit({ kind: 'zabState', to: 'ELECTION' })
  }

  #look(): void {
    const database = this.#database
    this.#election.lookForLeader({ zxid: database.lastLoggedZxid, peerEpoch: database.epochs.current }, (vote) =>
      this.#onElected(vote),
    )
  }

  #onElected(vote: Vote): void {
    if (this.#halted) return
    this.#vote = vote
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
    this.#clientPort.close()
    this.#election.stop()
  }
}
