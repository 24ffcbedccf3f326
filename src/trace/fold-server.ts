/** The part of the fold that is about one server. */
import type { ElectionEvent } from '../core/election/trace.ts'
import type { RoleState, ServerEvent } from '../core/server/trace.ts'
import type { StorageEvent } from '../core/storage/trace.ts'
import type { DataTree } from '../core/tree/data-tree.ts'
import { opName } from '../core/wire/codes.ts'
import { type SessionId, type Sid, ZXID_0, type Zxid } from '../core/wire/ids.ts'
import { decodeLogged, type LoggedTxn, pathOfTxn } from '../core/wire/txn.ts'
import { encodedUtf8 } from '../core/wire/utf8.ts'
import type { ZabEvent, ZabState } from '../core/zab/trace.ts'
import type { LogEntryPicture, ServerPicture } from './picture.ts'
import { SharedList, SharedMap } from './shared.ts'
import { emptyTree, loadTree } from './tree-of.ts'

/** Records of a log that are kept for the log strip. */
const LOG_LENGTH = 64

export interface TxnWords {
  readonly type: string
  readonly path: string | undefined
}

/** What one server needs to know from the others' events. */
export interface Surroundings {
  /** What a zxid stands for, as far as the trace has told. */
  wordsOf(zxid: Zxid): TxnWords | undefined
  remember(zxid: Zxid, words: TxnWords): void
}

export class ServerFold {
  readonly sid: Sid
  readonly #around: Surroundings
  #cached: ServerPicture | undefined

  #process: ServerPicture['process'] = 'stopped'
  #incarnation = 0
  #stopReason: string | undefined
  #damagedFile: string | undefined
  #state: RoleState | 'STOPPED' = 'STOPPED'
  #zabState: ZabState = 'ELECTION'
  #round = 0
  #vote: ServerPicture['vote']
  #voteReason: ServerPicture['voteReason']
  readonly #ballot = new SharedMap<Sid, NonNullable<ReturnType<ServerPicture['ballot']['get']>>>()
  #quorumForVote: readonly Sid[] | undefined
  #leader: Sid | undefined
  #acceptedEpoch = 0
  #currentEpoch = 0
  #lastApplied = ZXID_0
  #lastLogged = ZXID_0
  #lastDurable = ZXID_0
  #lastCommitted = ZXID_0
  readonly #log = new SharedList<LogEntryPicture>()
  #logIsCut = false
  #sync: ServerPicture['sync']
  #serving = false
  #readOnly = false
  readonly timers = new SharedMap<number, NonNullable<ReturnType<ServerPicture['timers']['get']>>>()
  readonly #attached = new SharedMap<SessionId, { readonly connection: string; readonly timeoutMs: number }>()
  readonly #watches = new SharedMap<string, ServerPicture['watches'][number]>()
  /** Undefined: to be listed anew. */
  #watchList: ServerPicture['watches'] | undefined
  readonly #sessions = new SharedMap<SessionId, number>()
  #tree: DataTree | undefined
  #treeRevision = 0
  #digestMismatch: Zxid | undefined
  /** Epoch in which it was established as leader, while it still is. */
  #establishedIn: number | undefined
  #voters: readonly Sid[] = []

  constructor(sid: Sid, around: Surroundings) {
    this.sid = sid
    this.#around = around
  }

  get running(): boolean {
    return this.#process === 'running'
  }
  get voters(): readonly Sid[] {
    return this.#voters
  }
  get lastCommitted(): Zxid {
    return this.#lastCommitted
  }
  /** The epoch that it leads with a quorum's consent. Who is alone leads himself, in none. */
  get leadsEpoch(): number | undefined {
    if (this.running && this.#state === 'STANDALONE' && this.#serving) return 0
    return this.running && this.#state === 'LEADING' ? this.#establishedIn : undefined
  }
  inBroadcastWith(leader: Sid): boolean {
    return this.running && this.#zabState === 'BROADCAST' && this.#leader === leader
  }

  get picture(): ServerPicture {
    this.#watchList ??= [...this.#watches.values()]
    this.#cached ??= {
      sid: this.sid,
      process: this.#process,
      incarnation: this.#incarnation,
      stopReason: this.#stopReason,
      damagedFile: this.#damagedFile,
      state: this.#state,
      zabState: this.#zabState,
      round: this.#round,
      vote: this.#vote,
      voteReason: this.#voteReason,
      ballot: this.#ballot.copy,
      quorumForVote: this.#quorumForVote,
      leader: this.#leader,
      acceptedEpoch: this.#acceptedEpoch,
      currentEpoch: this.#currentEpoch,
      lastApplied: this.#lastApplied,
      lastLogged: this.#lastLogged,
      lastDurable: this.#lastDurable,
      lastCommitted: this.#lastCommitted,
      log: this.#log.copy,
      logIsCut: this.#logIsCut,
      sync: this.#sync,
      serving: this.#serving,
      readOnly: this.#readOnly,
      timers: this.timers.copy,
      attached: this.#attached.copy,
      watches: this.#watchList,
      sessions: this.#sessions.copy,
      tree: this.#tree,
      treeRevision: this.#treeRevision,
      digestMismatch: this.#digestMismatch,
    }
    return this.#cached
  }

  /** Something in it changed: the next picture is a new one. */
  touch(): void {
    this.#cached = undefined
  }

  started(incarnation: number): void {
    this.#forgetMemory()
    this.#process = 'running'
    this.#incarnation = incarnation
    this.#stopReason = undefined
    this.#damagedFile = undefined
    this.#state = 'LOOKING'
  }

  /** The process is gone. What it had in memory is gone; what it had on disk, and the tree as last seen, stay readable. */
  stopped(process: 'stopped' | 'halted', reason: string, damagedFile?: string): void {
    this.#forgetMemory()
    this.#process = process
    this.#stopReason = reason
    this.#damagedFile = damagedFile
    this.#state = 'STOPPED'
  }

  /** Leader's decision about this server. */
  syncStarted(event: Extract<ZabEvent, { kind: 'syncStart' }>, leader: Sid): void {
    const { mode, reason, peerZxid, to } = event
    this.#sync = { mode, reason, from: leader, peerZxid, to }
  }

  election(event: ElectionEvent): void {
    switch (event.kind) {
      case 'roundStarted':
      case 'roundJoined':
        this.#round = event.round
        this.#ballot.clear()
        this.#quorumForVote = undefined
        if (event.kind === 'roundStarted') {
          this.#vote = undefined
          this.#voteReason = undefined
        }
        return
      case 'vote':
        this.#vote = event.vote
        this.#voteReason = { reason: event.reason, from: event.from, against: event.against }
        this.#quorumForVote = undefined
        return
      case 'notification': {
        const { vote, state, counted, reason } = event
        this.#ballot.set(event.from, { vote, state, counted, reason })
        return
      }
      case 'quorumForVote':
        this.#quorumForVote = event.voters
        return
      case 'finalizeInterrupted':
        this.#quorumForVote = undefined
        return
      case 'elected':
        this.#leader = event.leader
        this.#round = event.round
        return
    }
    unreachable(event)
  }

  zab(event: Exclude<ZabEvent, { kind: 'syncStart' }>): void {
    switch (event.kind) {
      case 'zabState':
        this.#zabState = event.to
        return
      case 'epochAccepted':
        this.#acceptedEpoch = event.epoch
        return
      case 'epochCurrent':
        this.#currentEpoch = event.epoch
        return
      case 'truncated':
        this.#log.filter((entry) => entry.zxid <= event.zxid)
        this.#lastLogged = event.zxid
        this.#lastDurable = event.zxid
        this.#lastApplied = event.zxid
        return
      case 'snapInstalled':
        this.#log.replace([])
        this.#logIsCut = true
        this.#lastLogged = event.zxid
        this.#lastDurable = event.zxid
        this.#lastApplied = event.zxid
        return
      case 'established':
        this.#establishedIn = event.epoch
        this.#committedUpTo(event.zxid)
        return
      case 'serving':
        this.#serving = true
        this.#committedUpTo(event.zxid)
        return
      case 'stopServing':
        this.#serving = false
        this.#establishedIn = undefined
        return
      case 'proposed':
        this.#around.remember(event.zxid, { type: event.type, path: event.path })
        this.#append({ zxid: event.zxid, stage: 'proposed', type: event.type, path: event.path, acks: [] })
        return
      case 'ackCounted':
        this.#change(event.zxid, (entry) => ({ ...entry, acks: [...entry.acks, event.from] }))
        return
      case 'committed':
        this.#committedUpTo(event.zxid)
        return
      case 'epochProposed':
      case 'syncReceived':
      case 'newLeaderAck':
      case 'learnerLost':
      case 'learnerSynced':
        return
    }
    unreachable(event)
  }

  storage(event: StorageEvent): void {
    switch (event.kind) {
      case 'recovered':
        this.#acceptedEpoch = event.acceptedEpoch
        this.#currentEpoch = event.currentEpoch
        this.#lastLogged = event.zxid
        this.#lastDurable = event.zxid
        this.#lastApplied = event.zxid
        if (this.#lastCommitted > event.zxid) this.#lastCommitted = event.zxid
        this.#log.filter((entry) => entry.zxid <= event.zxid && entry.stage !== 'proposed')
        if (event.records > this.#log.length) this.#logIsCut = true
        this.#promote(event.zxid, 'durable')
        if (this.#tree === undefined && event.zxid === ZXID_0) this.#showTree(emptyTree())
        return
      case 'treeLoaded': {
        const loaded = loadTree(event.snapshot)
        this.#showTree(loaded?.tree)
        this.#sessions.clear()
        for (const [session, timeoutMs] of loaded?.sessions ?? []) this.#sessions.set(session, timeoutMs)
        this.#digestMismatch = loaded === undefined ? event.zxid : undefined
        this.#lastApplied = event.zxid
        this.#setLog(event.logTail)
        return
      }
      case 'logged': {
        this.#lastLogged = event.zxid
        if (this.#change(event.zxid, (entry) => (entry.stage === 'proposed' ? { ...entry, stage: 'logged' } : entry)))
          return
        this.#append(this.#entry(event.zxid, 'logged'))
        return
      }
      case 'durable':
        this.#lastDurable = event.zxid
        this.#promote(event.zxid, 'durable')
        return
      case 'snapshotTaken':
      case 'fileRemoved':
        return
    }
    unreachable(event)
  }

  server(event: Exclude<ServerEvent, { kind: 'halted' }>): void {
    switch (event.kind) {
      case 'configured':
        this.#voters = event.voters
        return
      case 'configProposed':
        return
      case 'configActivated':
        this.#voters = event.voters
        // Not by a txn: each server writes it for itself.
        this.#tree?.setConfigNode(encodedUtf8(event.quorum), event.version, BigInt(event.mtimeMs))
        this.#treeRevision++
        return
      case 'designated':
        this.#leader = event.leader
        this.#establishedIn = undefined
        this.#sync = undefined
        this.#log.filter((entry) => entry.stage !== 'proposed')
        return
      case 'quotaExceeded':
      case 'containerDue':
        return
      case 'stateChanged':
        this.#state = event.to
        if (event.to === 'LOOKING') {
          this.#leader = undefined
          this.#serving = false
          this.#establishedIn = undefined
          this.#sync = undefined
          this.#zabState = 'ELECTION'
          this.#log.filter((entry) => entry.stage !== 'proposed')
        }
        return
      case 'readOnlyMode':
        this.#readOnly = event.on
        return
      case 'applied':
        this.#apply(event)
        return
      case 'sessionCreated':
        this.#sessions.set(event.session, event.timeoutMs)
        return
      case 'sessionClosed':
        this.#sessions.delete(event.session)
        return
      case 'sessionAttached':
        this.#attached.set(event.session, { connection: event.connection, timeoutMs: event.timeoutMs })
        return
      case 'sessionDetached':
        if (this.#attached.get(event.session)?.connection === event.connection) this.#attached.delete(event.session)
        return
      case 'watchSet': {
        const { session, path, watch } = event
        this.#watches.set(watchKey(event), { session, path, watch })
        this.#watchList = undefined
        return
      }
      case 'watchFired':
        if (!event.stays && this.#watches.delete(watchKey(event))) this.#watchList = undefined
        return
      case 'watchRemoved':
        if (this.#watches.delete(watchKey(event))) this.#watchList = undefined
        return
      case 'sessionClosing':
      case 'request':
      case 'reply':
        return
    }
    unreachable(event)
  }

  #apply(event: Extract<ServerEvent, { kind: 'applied' }>): void {
    this.#lastApplied = event.zxid
    const logged = decoded(event.logged)
    const words = logged === undefined ? undefined : wordsOfTxn(logged)
    if (words !== undefined) this.#around.remember(event.zxid, words)
    this.#change(event.zxid, (entry) => (entry.type === '' && words !== undefined ? { ...entry, ...words } : entry))
    this.#committedUpTo(event.zxid)
    if (this.#tree === undefined) return
    // What cannot be decoded leaves the tree behind the replica's: the digests differ, and the page says so.
    if (logged !== undefined) this.#tree.apply(logged.header, logged.txn)
    this.#treeRevision++
    if (this.#tree.digest !== event.digest) this.#digestMismatch ??= event.zxid
  }

  #committedUpTo(zxid: Zxid): void {
    if (zxid > this.#lastCommitted) this.#lastCommitted = zxid
    this.#promote(zxid, 'committed')
  }

  /** Stages only go up. The leader commits what a quorum has, so its own entry may not be durable yet. */
  #promote(upTo: Zxid, stage: 'durable' | 'committed'): void {
    for (let index = this.#log.length - 1; index >= 0; index--) {
      const entry = this.#log.at(index)
      if (entry === undefined || entry.stage === 'committed') return
      if (entry.zxid > upTo || entry.stage === stage) continue
      if (stage === 'durable' && entry.stage === 'proposed') continue
      this.#log.set(index, { ...entry, stage })
    }
  }

  #entry(zxid: Zxid, stage: LogEntryPicture['stage']): LogEntryPicture {
    const words = this.#around.wordsOf(zxid)
    return { zxid, stage, type: words?.type ?? '', path: words?.path, acks: [] }
  }

  #append(entry: LogEntryPicture): void {
    this.#log.push(entry)
    if (this.#log.keepNewest(LOG_LENGTH)) this.#logIsCut = true
  }

  /** The log as its files have it. What was known of the records stays known. */
  #setLog(tail: readonly Zxid[]): void {
    const known = new Map(this.#log.copy.map((entry) => [entry.zxid, entry]))
    this.#log.replace(
      tail
        .slice(-LOG_LENGTH)
        .map((zxid) => known.get(zxid) ?? this.#entry(zxid, zxid <= this.#lastCommitted ? 'committed' : 'durable')),
    )
    if (tail.length > LOG_LENGTH) this.#logIsCut = true
    const newest = tail.at(-1)
    if (newest !== undefined) this.#lastLogged = newest
  }

  #change(zxid: Zxid, change: (entry: LogEntryPicture) => LogEntryPicture): boolean {
    for (let index = this.#log.length - 1; index >= 0; index--) {
      const entry = this.#log.at(index)
      if (entry === undefined || entry.zxid < zxid) return false
      if (entry.zxid > zxid) continue
      const changed = change(entry)
      if (changed !== entry) this.#log.set(index, changed)
      return true
    }
    return false
  }

  #showTree(tree: DataTree | undefined): void {
    this.#tree = tree
    this.#treeRevision++
  }

  #forgetMemory(): void {
    this.#zabState = 'ELECTION'
    this.#round = 0
    this.#vote = undefined
    this.#voteReason = undefined
    this.#ballot.clear()
    this.#quorumForVote = undefined
    this.#leader = undefined
    this.#sync = undefined
    this.#serving = false
    this.#readOnly = false
    this.#establishedIn = undefined
    this.timers.clear()
    this.#attached.clear()
    this.#watches.clear()
    this.#watchList = undefined
    this.#sessions.clear()
    this.#log.filter((entry) => entry.stage !== 'proposed')
  }
}

const watchKey = (watch: { readonly session: SessionId; readonly path: string; readonly watch: string }): string =>
  `${watch.session} ${watch.watch} ${watch.path}`

function decoded(bytes: Uint8Array): LoggedTxn | undefined {
  try {
    return decodeLogged(bytes)
  } catch {
    return undefined
  }
}

/** The operation and the path that a txn is about; several parts of a multi are told by their number. */
export function wordsOfTxn({ header, txn }: LoggedTxn): TxnWords {
  const type = opName(header.type)
  return { type: txn.kind === 'multi' ? `${type} of ${txn.body.length}` : type, path: pathOfTxn(txn) }
}

function unreachable(event: never): never {
  throw new Error(`unknown trace event ${JSON.stringify(event)}`)
}
