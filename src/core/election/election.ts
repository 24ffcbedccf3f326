/** FastLeaderElection: every server tells its vote, takes over better ones, and decides when a quorum holds its vote and
 *  nothing better was heard for a while. Source: FastLeaderElection.java; election.md sections 4 and 5.
 *
 *  Java polls its receive queue in a loop; here a message or a timer is one turn of that loop. The poll's timeout is the
 *  timer: set again after every message, 200 ms while a decision is being waited for, backing off otherwise.
 *
 *  Each notification carries the sender's configuration: who looks for a leader under an older one takes the newer one
 *  over, and begins again. While a newer configuration is proposed, a vote needs a quorum of both.
 *
 *  Differences: an observer does not correct voters of older rounds (see #receive). Left out: QuorumOracleMaj,
 *  maxTimeToWaitForEpoch (off by default). */
import { haveQuorums, Membership } from '../config/membership.ts'
import { QuorumVerifier } from '../config/quorum-verifier.ts'
import type { ReplicaConfig } from '../config/replica-config.ts'
import { ConfigError } from '../config/server-spec.ts'
import type { Host, Timer } from '../host.ts'
import type { ServerState } from '../wire/codes.ts'
import { asZxid, LONG_MIN, type Sid, type Zxid } from '../wire/ids.ts'
import {
  decodeNotification,
  encodeNotification,
  NO_CANDIDATE,
  NOTIFICATION_VERSION,
  type Notification,
} from '../wire/notification.ts'
import { QuorumCnxManager } from './quorum-cnx-manager.ts'
import type { VoteReason } from './trace.ts'
import { beats, type CastVote, compareVotes, supporters, type Vote } from './vote.ts'

export type { Vote } from './vote.ts'

/** What the election asks the replica it belongs to. */
interface PeerView {
  state(): ServerState
  /** What this replica tells others while it is not LOOKING: the vote that elected, with the established epoch. While it is
   *  LOOKING, its previous one; at first, itself. Observers and strangers are told that too. */
  currentVote(): Vote
  /** Somebody has a newer configuration than this server, which is LOOKING. True: it is in force now, and another one.
   *  Absent: configurations are not taken over. */
  adopt?(quorum: QuorumVerifier): boolean
}

/** Silence that makes a decision final. */
const FINALIZE_WAIT_MS = 200
/** What may wait between the end of a role and the next search; the oldest are dropped (RECV_CAPACITY). */
const MAX_WAITING = 100
/** An empty database that is not trusted to be complete votes with this zxid, and is not counted. */
const UNTRUSTED = -1n

export class Election {
  readonly #host: Host
  readonly #config: ReplicaConfig
  readonly #peer: PeerView
  readonly #membership: Membership
  readonly #connections: QuorumCnxManager
  /** The text that goes with every notification, and the configuration that it is the text of. */
  #configText: { readonly of: QuorumVerifier; readonly text: string } | undefined
  /** The round. Counts in memory only, and starts at 0 in every process (logicalclock). */
  #round = 0
  #search: Search | undefined
  /** Notifications that wait for the search: while one is handled, and before the search begins. */
  #received: Received[] = []
  /** The timeout of the poll; exactly one while there is a search. */
  #timer: Timer | undefined

  constructor(host: Host, config: ReplicaConfig, peer: PeerView, membership = new Membership(config)) {
    this.#host = host
    this.#config = config
    this.#peer = peer
    this.#membership = membership
    this.#connections = new QuorumCnxManager(host, config, membership, {
      onMessage: (from, bytes) => this.#receive(from, bytes),
      onGone: () => this.#onGone(),
    })
  }

  get round(): number {
    return this.#round
  }

  /** Listens on the election port from now on, whatever the state: those who come later are told who leads. */
  start(): void {
    this.#connections.start()
  }

  /** For good: no port, no connection, no timer is left. */
  stop(): void {
    this.stopLooking()
    this.#connections.stop()
  }

  /** The members are others: all connections end, rounds count from 0 again, and a search begins anew
   *  (QuorumPeer.restartLeaderElection). */
  restart(): void {
    const search = this.#search
    this.stopLooking()
    this.#received = []
    this.#round = 0
    this.#connections.restart()
    if (search) this.lookForLeader(search.init, search.onElected)
  }

  /** Members of the proposed configuration that the one in force does not have are connected to. */
  connectNewPeers(): void {
    this.#connections.connectNewPeers()
  }

  /** A new round. `init`: what the disk holds. `onElected` is called once, in a later step; it must leave LOOKING. */
  lookForLeader(init: { readonly zxid: Zxid; readonly peerEpoch: number }, onElected: (vote: Vote) => void): void {
    this.stopLooking()
    const { sid } = this.#config
    const { committed, isObserver } = this.#membership
    const votes = committed.isVoter(sid)
    const own: Candidate = {
      leader: votes ? sid : NO_CANDIDATE,
      zxid: isObserver ? asZxid(LONG_MIN) : init.zxid,
      peerEpoch: isObserver ? NO_CANDIDATE : init.peerEpoch,
    }
    this.#round++
    const search: Search = {
      init,
      own,
      proposal: own,
      votes: new Map(),
      settled: new Map(),
      patienceMs: this.#config.minNotificationIntervalMs,
      quorumFor: false,
      onElected,
    }
    this.#search = search
    this.#host.trace.emit({ kind: 'roundStarted', round: this.#round })
    const reason: VoteReason = { why: votes ? 'initial' : 'observer' }
    this.#host.trace.emit({ kind: 'vote', vote: this.#vote(own), from: sid, reason })
    const waited = this.#received.length > 0
    this.#sendNotifications(search)
    // What has waited could decide at once, but nobody expects to be elected before this call returns.
    if (waited) this.#timer = this.#host.clock.after(0, () => this.#drain())
    else this.#drain()
  }

  stopLooking(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#search) this.#received = []
    this.#search = undefined
  }

  // --- what arrives, in every state (WorkerReceiver) ----------------------------------------------

  /** @throws JuteError */
  #receive(from: Sid, bytes: Uint8Array): void {
    const received: Received = { ...decodeNotification(bytes), from }
    const { sid } = this.#config
    if (this.#adopt(received)) return
    if (!this.#membership.isVoter(from)) return this.#answerStranger(received)
    if (this.#peer.state() !== 'LOOKING') return this.#answerLooking(received)
    if (this.#received.length === MAX_WAITING) this.#received.shift()
    this.#received.push(received)
    // ZooKeeper's observers answer here too; but a voter answers an observer always, so that two of different rounds
    // would answer each other without end. The voter learns nothing from it: an observer's round counts for nobody.
    const behind = received.state === 'LOOKING' && received.electionEpoch < this.#round
    if (this.#search && behind && this.#membership.committed.isVoter(sid))
      this.#send(from, 'LOOKING', this.#vote(this.#search.proposal))
    // Own notifications are sent from within the search, which looks into the queue afterwards.
    if (from !== sid) this.#drain()
  }

  /** Gossip: a newer configuration is taken over by who is LOOKING. @returns true when the election has begun anew, and
   *  the notification is spent. A text that makes no sense spoils nothing but itself. */
  #adopt({ config }: Received): boolean {
    const { reconfigEnabled, committed } = this.#membership
    if (!reconfigEnabled || config === null || this.#peer.state() !== 'LOOKING') return false
    if (config === this.#configText?.text) return false
    try {
      const quorum = QuorumVerifier.parse(config)
      if (quorum.version <= committed.version || quorum.voters.length === 0) return false
      return this.#peer.adopt?.(quorum) ?? false
    } catch (error) {
      if (error instanceof ConfigError) return false
      throw error
    }
  }

  /** An observer, or somebody whom the configuration does not know: told at once, counted never. */
  #answerStranger(received: Received): void {
    const known = this.#membership.committed.server(received.from) !== undefined
    this.#told(received, false, { why: known ? 'observer' : 'notAVoter' })
    this.#send(received.from, this.#peer.state(), { ...this.#peer.currentVote(), electionEpoch: this.#round })
  }

  /** This server has its leader. Whoever still looks for one is told, with the round of the vote that elected it. */
  #answerLooking(received: Received): void {
    this.#told(received, false, { why: 'leaderElected' })
    if (received.state === 'LOOKING') this.#send(received.from, this.#peer.state(), this.#peer.currentVote())
  }

  // --- the search (lookForLeader) ------------------------------------------------------------------

  /** Handles what has come, then waits anew. Own notifications come back while others are handled: they queue up. */
  #drain(): void {
    while (this.#search) {
      const received = this.#received.shift()
      if (received === undefined) break
      if (this.#search.quorumFor) this.#duringFinalizeWait(this.#search, received)
      else this.#handle(this.#search, received)
    }
    this.#wait()
  }

  #wait(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#search === undefined) return
    const { quorumFor, patienceMs } = this.#search
    const finalizeWaitMs = quorumFor && this.#isUnanimous(this.#search) ? 0 : FINALIZE_WAIT_MS
    this.#timer = quorumFor
      ? this.#host.clock.after(finalizeWaitMs, () => this.#decide(), { name: 'finalizeWait' })
      : this.#host.clock.after(patienceMs, () => this.#onSilence(), { name: 'notification' })
  }

  /** hastyElection: nobody is left from whom a better vote could come now. */
  #isUnanimous(search: Search): boolean {
    if (this.#config.hastyElection !== true) return false
    const { voters } = this.#membership
    const agreed = new Set(supporters(search.votes, this.#ballot(search), voters))
    return voters.every((sid) => agreed.has(sid) || !this.#connections.mayHearFrom(sid))
  }

  #onGone(): void {
    if (this.#config.hastyElection === true && this.#search?.quorumFor === true) this.#wait()
  }

  /** Nothing came: say the vote again if anybody can have heard it, else connect. */
  #onSilence(): void {
    const search = this.#search as Search
    if (this.#connections.haveDelivered()) this.#sendNotifications(search)
    else this.#connections.connectAll()
    search.patienceMs = Math.min(search.patienceMs * 2, this.#config.maxNotificationIntervalMs)
    this.#drain()
  }

  #handle(search: Search, received: Received): void {
    if (!this.#membership.isVoter(received.leader)) return this.#told(received, false, { why: 'notAVoter' })
    if (received.state === 'LOOKING') this.#onLooking(search, received)
    else if (received.state === 'OBSERVING') this.#told(received, false, { why: 'observer' })
    else this.#onSettled(search, received)
  }

  /** The vote of somebody who looks as well. */
  #onLooking(search: Search, received: Received): void {
    const { committed } = this.#membership
    if (search.own.zxid === UNTRUSTED || received.zxid === UNTRUSTED)
      return this.#told(received, false, { why: 'untrusted' })
    if (received.electionEpoch < this.#round) return this.#told(received, false, { why: 'oldRound' })
    if (received.electionEpoch > this.#round) this.#joinRound(search, received)
    else {
      const why = compareVotes(received, this.#vote(search.proposal), committed)
      this.#told(received, true, { why })
      if (beats(why)) this.#propose(search, received, received.from, { why })
    }
    search.votes.set(received.from, { ...voteOf(received), state: 'LOOKING', version: 0 })
    const voters = supporters(search.votes, this.#ballot(search), this.#membership.voters)
    if (!haveQuorums(this.#membership.quorums, new Set(voters))) return
    search.quorumFor = true
    this.#host.trace.emit({ kind: 'quorumForVote', leader: search.proposal.leader, voters })
  }

  /** Votes of earlier rounds count no more, and the own vote begins from oneself again. */
  #joinRound(search: Search, received: Received): void {
    const { electionEpoch: round, from } = received
    this.#round = round
    search.votes.clear()
    this.#host.trace.emit({ kind: 'roundJoined', round, from })
    this.#told(received, true, { why: 'newRound' })
    const better = beats(compareVotes(received, this.#vote(search.own), this.#membership.committed))
    this.#propose(search, better ? received : search.own, from, { why: 'newRound' })
  }

  #propose(search: Search, { leader, zxid, peerEpoch }: Candidate, from: Sid, reason: VoteReason): void {
    const against = this.#vote(search.proposal)
    search.proposal = { leader, zxid, peerEpoch }
    this.#host.trace.emit({ kind: 'vote', vote: this.#vote(search.proposal), from, reason, against })
    this.#sendNotifications(search)
  }

  /** A better vote goes to the end of the queue and is handled like any other; the rest is dropped, whatever it says. */
  #duringFinalizeWait(search: Search, received: Received): void {
    const why = compareVotes(received, this.#vote(search.proposal), this.#membership.committed)
    if (!beats(why)) {
      // Who agrees now need not be waited for; who does not any more may have said so before it agreed.
      const agrees = why === 'same' && received.state === 'LOOKING' && received.electionEpoch === this.#round
      if (this.#config.hastyElection === true && agrees)
        search.votes.set(received.from, { ...voteOf(received), state: 'LOOKING', version: 0 })
      const counted = search.votes.get(received.from)
      // Nothing is lost by dropping what only repeats the vote that lies in the tally.
      return this.#told(received, counted !== undefined && sameFields(counted, received), { why })
    }
    search.quorumFor = false
    this.#host.trace.emit({ kind: 'finalizeInterrupted', by: received.from })
    this.#received.push(received)
  }

  #decide(): void {
    const search = this.#search as Search
    const voters = supporters(search.votes, this.#ballot(search), this.#membership.voters)
    this.#elected(search, this.#vote(search.proposal), voters, false)
  }

  /** Somebody who has a leader tells of it. It counts when a quorum says so and the leader itself does: first among the
   *  votes of the own round, then among all who are settled, in whatever round. */
  #onSettled(search: Search, received: Received): void {
    const { from, state, version, electionEpoch } = received
    const vote: CastVote = { ...voteOf(received), state, version }
    const sameRound = electionEpoch === this.#round
    this.#told(received, sameRound, { why: 'leaderElected' })
    // Version 0, as Java's recvset has it: a settled vote is compared by its leader alone there.
    if (sameRound) search.votes.set(from, { ...vote, version: 0 })
    search.settled.set(from, vote)
    for (const tally of sameRound ? [search.votes, search.settled] : [search.settled]) {
      const voters = supporters(tally, vote, this.#membership.voters)
      if (!haveQuorums(this.#membership.quorums, new Set(voters)) || !this.#leaderAgrees(tally, vote)) continue
      this.#round = electionEpoch
      return this.#elected(search, voteOf(received), voters, true)
    }
  }

  /** Nobody leads because others say so: not this server in another round, and no other before it says LEADING itself. */
  #leaderAgrees(tally: ReadonlyMap<Sid, CastVote>, { leader, electionEpoch }: Vote): boolean {
    if (leader === this.#config.sid) return electionEpoch === this.#round
    return tally.get(leader)?.state === 'LEADING'
  }

  #elected(search: Search, vote: Vote, voters: readonly Sid[], joined: boolean): void {
    this.stopLooking()
    this.#host.trace.emit({ kind: 'elected', leader: vote.leader, round: vote.electionEpoch, voters, joined })
    search.onElected(vote)
  }

  // --- what is said ----------------------------------------------------------------------------------

  /** To every voter, itself included. */
  #sendNotifications(search: Search): void {
    for (const sid of this.#membership.voters) this.#send(sid, 'LOOKING', this.#vote(search.proposal))
  }

  #send(to: Sid, state: ServerState, vote: Vote): void {
    const { leader, zxid, electionEpoch, peerEpoch } = vote
    const { committed } = this.#membership
    if (this.#configText?.of !== committed) this.#configText = { of: committed, text: committed.toString() }
    const bytes = encodeNotification({
      state,
      leader,
      zxid,
      electionEpoch,
      peerEpoch,
      version: NOTIFICATION_VERSION,
      config: this.#configText.text,
    })
    const detail = { leader, zxid, round: electionEpoch, peerEpoch, state }
    this.#connections.toSend(to, { bytes, note: { protocol: 'election', type: 'NOTIFICATION', detail } })
  }

  #told(received: Received, counted: boolean, reason: VoteReason): void {
    const { from, state } = received
    this.#host.trace.emit({ kind: 'notification', from, state, vote: voteOf(received), counted, reason })
  }

  #vote(candidate: Candidate): Vote {
    return { ...candidate, electionEpoch: this.#round }
  }

  /** The own vote as an equal one would lie in the tally. */
  #ballot(search: Search): CastVote {
    return { ...this.#vote(search.proposal), state: 'LOOKING', version: 0 }
  }
}

/** A vote without its round, which is always the present one. */
type Candidate = Omit<Vote, 'electionEpoch'>

interface Received extends Notification {
  readonly from: Sid
}

/** One call of lookForLeader. */
interface Search {
  readonly init: { readonly zxid: Zxid; readonly peerEpoch: number }
  /** The vote for oneself, from the disk; for NO_CANDIDATE from an observer. */
  readonly own: Candidate
  proposal: Candidate
  /** Votes of this round (recvset). */
  readonly votes: Map<Sid, CastVote>
  /** Votes of those who follow or lead, of any round (outofelection). */
  readonly settled: Map<Sid, CastVote>
  /** The next timeout of the poll; doubles with each silence, and is never reset within a search. */
  patienceMs: number
  /** The proposal has a quorum: the finalize wait is on. */
  quorumFor: boolean
  readonly onElected: (vote: Vote) => void
}

const voteOf = ({ leader, zxid, electionEpoch, peerEpoch }: Vote): Vote => ({ leader, zxid, electionEpoch, peerEpoch })

const sameFields = (a: Omit<CastVote, 'version'>, b: Omit<CastVote, 'version'>): boolean =>
  a.state === b.state &&
  a.leader === b.leader &&
  a.zxid === b.zxid &&
  a.electionEpoch === b.electionEpoch &&
  a.peerEpoch === b.peerEpoch
