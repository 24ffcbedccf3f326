/** Everything a replica keeps: tree, sessions, the window of committed txns, the log, snapshots, epochs. Source:
 *  ZKDatabase.java, FileTxnSnapLog.java. One way in for txns in all phases: `writer.write` takes them into the log,
 *  `apply` executes them when they are committed. A failing disk is told once, by `onFatal`, and nothing is promised
 *  after it. */
import { Membership } from '../config/membership.ts'
import { maxRecordBytes, type ReplicaConfig } from '../config/replica-config.ts'
import { type Composition, DiskError, type Host } from '../host.ts'
import type { DataTree } from '../tree/data-tree.ts'
import { kindOf, kindOf353 } from '../tree/znode.ts'
import { OpCode } from '../wire/codes.ts'
import { asZxid, follows, hex64, type SessionId, type Sid, ZXID_0, type Zxid } from '../wire/ids.ts'
import { Writer } from '../wire/jute.ts'
import { decodeLogged, type LoggedTxn } from '../wire/txn.ts'
import { toUtf8 } from '../wire/utf8.ts'
import { CommittedLog } from './committed-log.ts'
import { Epochs } from './epochs.ts'
import { listLogs, listSnapshots, pathTo, snapshotName } from './file-names.ts'
import { FileTxnLog } from './file-txn-log.ts'
import { FileWork } from './file-work.ts'
import { LogAhead } from './log-ahead.ts'
import { claim } from './my-id.ts'
import { type Recovered, type RecoveryOptions, readSnapshot, recover } from './recovery.ts'
import { purgeable, removeAll, replacementSteps, resumeReplacement, truncationSteps } from './retire.ts'
import { encodeInSlices, encodeSnapshot } from './snapshot-file.ts'
import { type Applied, State } from './state.ts'
import { StorageError } from './storage-error.ts'
import { SyncProcessor } from './sync-processor.ts'

/** ZooKeeper's properties for unusual directories; all off by default. */
export interface DatabaseOptions extends Omit<RecoveryOptions, 'commitLogCount' | 'upTo'> {
  /** zookeeper.db.autocreate=false: an empty disk is that of a server that has lost its data, unless a file
   *  `initialize` says that it is new. Its zxid is then -1. */
  readonly distrustEmptyDisk?: boolean
}

export type LoadResult = { readonly ok: true } | { readonly ok: false; readonly error: StorageError }

/** Trees of up to so many znodes are written while nothing else happens. */
const ZNODES_AT_ONCE = 5000

export class Database {
  readonly epochs: Epochs
  /** The log's writer. Takes txns from the first `load` on; after `stop` again from `openForWriting` on. */
  readonly writer: SyncProcessor
  readonly #host: Host
  readonly #config: ReplicaConfig
  readonly #membership: Membership
  readonly #options: DatabaseOptions
  readonly #log: FileTxnLog
  /** The epoch whose leader wants something cut off here that only a snapshot holds; SNAP ends it. */
  uncuttableIn: number | undefined
  #state = new State()
  #committedLog: CommittedLog
  #loadedBefore = false
  #synchronizing = false
  /** What the trace knows of the tree; undefined: nothing yet. */
  #told: { readonly zxid: Zxid; readonly digest: bigint } | undefined
  readonly #ahead = new LogAhead()
  /** Of the newest snapshot file. */
  #snapshotZxid: Zxid | undefined
  /** Snapshot files that were written or read whole in this life. */
  readonly #whole = new Set<string>()
  /** A purge waits until there is no work: so many snapshots stay then. */
  #purgeLater: number | undefined
  /** A snapshot that is being written slice by slice. */
  #composition: Composition | undefined
  readonly #work: FileWork

  constructor(
    host: Host,
    config: ReplicaConfig,
    onFatal: (error: DiskError) => void,
    options: DatabaseOptions = {},
    membership = new Membership(config),
  ) {
    this.#host = host
    this.#config = config
    this.#membership = membership
    const { dbAutocreate = true, snapshotTrustEmpty: trustEmpty = false } = config
    this.#options = { distrustEmptyDisk: !dbAutocreate, trustEmpty, ...options }
    this.epochs = new Epochs(host.disk)
    this.#log = new FileTxnLog(host.disk)
    this.#committedLog = new CommittedLog(config.commitLogCount)
    // Between two roles the tree may hold what was never committed.
    const onRoll = () => {
      if (this.writer.isOpen && !this.#synchronizing) this.takeSnapshot()
    }
    const { clock, disk, random, trace } = host
    this.writer = new SyncProcessor(
      {
        ...{ clock, disk, random, trace, onRoll, onFatal },
        log: this.#log,
        snapCount: config.snapCount,
        onTaken: (zxid, bytes) => this.#ahead.take(zxid, bytes),
      },
      ZXID_0,
    )
    this.#work = new FileWork(disk, this.writer, () => {
      if (this.#purgeLater !== undefined) this.purge(this.#purgeLater)
    })
  }

  get tree(): DataTree {
    return this.#state.tree
  }
  /** All global sessions, with their timeouts in ms. */
  get sessions(): ReadonlyMap<SessionId, number> {
    return this.#state.sessions
  }
  get committedLog(): CommittedLog {
    return this.#committedLog
  }
  /** The newest txn that the log has taken, or that the snapshot holds. Behind a `sync` it is what recovery would find:
   *  this, and not the tree, is what a server may tell others that it has (ZOOKEEPER-2845). */
  get lastLoggedZxid(): Zxid {
    return this.writer.lastTaken
  }
  /** The tree is what recovery would find: everything in the log has been applied, and nothing else ever was. */
  get isReconciled(): boolean {
    return this.tree.lastProcessedZxid === this.lastLoggedZxid
  }
  /** Txns after which the tree had another digest than they announce, since the last load. */
  get digestMismatches(): number {
    return this.#state.mismatches
  }

  /** Makes the directory this server's, or finds that it is another one's. */
  claim(sid: Sid): StorageError | undefined {
    return claim(this.#host.disk, sid)
  }

  // --- recovery ----------------------------------------------------------------------------------

  /** Recovers from the files, at the start and whenever memory is not to be trusted. Call `sync` before all but the
   *  first. Emits `recovered`, and `treeLoaded` when the trace has not seen this tree. */
  load(): LoadResult {
    const { disk, trace } = this.#host
    this.#abandonComposition()
    const unfinished = resumeReplacement(disk, (file) => this.#removed(file, 'truncated'))
    if (unfinished instanceof StorageError) return { ok: false, error: unfinished }
    const recovered = recover(disk, this.#recoveryOptions())
    if (recovered instanceof StorageError) return { ok: false, error: recovered }
    if (listLogs(disk).length === 0 && listSnapshots(disk).length === 0) {
      const error = this.#prepareEmptyDisk(recovered.state)
      if (error !== undefined) return { ok: false, error }
    } else this.#showConfig(recovered.state.tree)
    // A standalone server has no epochs, and leaves the files of those who have alone.
    const error =
      this.#config.standalone === true ? undefined : this.epochs.load(recovered.state.tree.lastProcessedZxid)
    if (error !== undefined) return { ok: false, error }
    this.#become(recovered)
    const { tree } = recovered.state
    trace.emit({
      kind: 'recovered',
      zxid: tree.lastProcessedZxid,
      snapshotZxid: recovered.snapshot?.zxid ?? ZXID_0,
      records: recovered.records,
      acceptedEpoch: this.epochs.accepted,
      currentEpoch: this.epochs.current,
      tornTail: recovered.tornTail,
    })
    if (this.#told?.zxid !== tree.lastProcessedZxid || this.#told.digest !== tree.digest)
      this.#tellTree(recovered.logTail)
    // What a killed process had written need not be durable yet: nothing new may become durable before it.
    if (!this.#loadedBefore || unfinished.length > 0)
      this.#work.start({ steps: [() => undefined, ...unfinished], replaces: false })
    this.#loadedBefore = true
    return { ok: true }
  }

  #prepareEmptyDisk(state: State): StorageError | undefined {
    const { disk } = this.#host
    if (disk.size('initialize') !== undefined) {
      const error = disk.remove('initialize')
      if (error !== undefined) return StorageError.of(error, 'initialize')
    } else if (this.#options.distrustEmptyDisk === true) {
      state.tree.lastProcessedZxid = asZxid(-1n)
      return undefined
    }
    this.#showConfig(state.tree)
    // From now on the absence of a snapshot means that one was lost (ZOOKEEPER-2325).
    const error = this.#writeSnapshot(state)
    return error === undefined ? undefined : StorageError.of(error, snapshotName(ZXID_0))
  }

  /** The tree becomes what recovery would make of it, by what the log has been given since. Call `sync` before. @returns
   *  false when `load` must find that out */
  catchUp(): boolean {
    const { trace } = this.#host
    const snapshotZxid = this.tree.lastProcessedZxid
    const ahead = this.#ahead.between(snapshotZxid, this.lastLoggedZxid)
    if (ahead === undefined) return false
    for (const { bytes } of ahead) this.apply(decodeLogged(bytes), bytes, false)
    this.#showConfig(this.tree)
    trace.emit({
      kind: 'recovered',
      zxid: this.lastLoggedZxid,
      snapshotZxid,
      records: ahead.length,
      acceptedEpoch: this.epochs.accepted,
      currentEpoch: this.epochs.current,
      tornTail: false,
    })
    this.#tellTree(this.#ahead.tail)
    return true
  }

  #become({ state, committedLog, snapshot, logTail, tornTail }: Recovered): void {
    const last = state.tree.lastProcessedZxid
    this.#state = state
    this.#ahead.reset(logTail)
    this.#committedLog = committedLog
    if (snapshot !== undefined) {
      this.#snapshotZxid = snapshot.zxid
      this.#whole.add(snapshot.name)
    }
    if (tornTail || last !== this.writer.lastTaken || !this.#log.isIntact()) this.writer.restartAt(last)
  }

  #recoveryOptions(upTo?: Zxid): RecoveryOptions {
    const kinds = this.#config.emulate353TTLNodes === true ? kindOf353 : kindOf
    const options = {
      ...this.#options,
      commitLogCount: this.#config.commitLogCount,
      kinds,
      maxRecordBytes: maxRecordBytes(this.#config),
    }
    return upTo === undefined ? options : { ...options, upTo }
  }

  // --- txns --------------------------------------------------------------------------------------

  /** After a `stop` of the writer: a new role begins. */
  openForWriting(): void {
    this.#synchronizing = false
    this.writer.open()
  }

  /** A learner writes the leader's history: from NEWLEADER to UPTODATE the tree may hold what no quorum has, and it may be
   *  ahead of the log. A snapshot of that could not be cut any more (ZOOKEEPER-1549). */
  set synchronizing(on: boolean) {
    this.#synchronizing = on
  }

  /** Executes a committed txn, which `writer` has taken before. The caller tells the trace. `replies`: see DataTree.apply. */
  apply(logged: LoggedTxn, bytes: Uint8Array, replies = true): Applied {
    const { zxid } = logged.header
    const last = this.tree.lastProcessedZxid
    if (!follows(last, zxid)) throw new Error(`${hex64(zxid)} does not follow ${hex64(last)}, the last one applied`)
    if (zxid > this.lastLoggedZxid)
      throw new Error(`${hex64(zxid)} is to be applied, the log ends at ${hex64(this.lastLoggedZxid)}`)
    const applied = this.#state.apply(logged, replies)
    this.#ahead.pass(zxid)
    this.#committedLog.add(zxid, bytes)
    this.#told = { zxid, digest: applied.digest }
    return applied
  }

  /** `done` when everything that was written, truncated or installed before this call is durable. */
  sync(done: (error?: DiskError) => void): void {
    this.writer.barrier(done)
  }

  // --- synchronization ---------------------------------------------------------------------------

  /** TRUNC: back to `zxid`, exactly. In memory at once; on disk in steps, while the writer is held. */
  truncate(zxid: Zxid): LoadResult {
    const { disk } = this.#host
    this.#assertNotReplacing()
    this.#abandonComposition()
    const steps = truncationSteps(disk, zxid, (file) => this.#removed(file, 'truncated'), maxRecordBytes(this.#config))
    if (steps instanceof StorageError) return { ok: false, error: steps }
    const recovered = recover(disk, this.#recoveryOptions(zxid))
    if (recovered instanceof StorageError) return { ok: false, error: recovered }
    const found = recovered.state.tree.lastProcessedZxid
    if (found !== zxid)
      return { ok: false, error: new StorageError(`${hex64(zxid)} is not in the log, which has ${hex64(found)}`) }
    this.#showConfig(recovered.state.tree)
    this.#snapshotZxid = undefined
    this.#become(recovered)
    this.writer.restartAt(zxid)
    this.#tellTree(recovered.logTail)
    this.#work.start({ steps, replaces: true })
    return { ok: true }
  }

  /** What follows a SNAP packet: sessions, ACLs, znodes at `tree.lastProcessedZxid`. The caller adds "BenWasHere". */
  snapshotStream(): Uint8Array {
    const out = new Writer(4096)
    this.tree.serialize(out, this.sessions)
    return out.finish()
  }

  /** SNAP: the leader's tree at `zxid` takes the place of everything here. In memory at once; on disk in steps, while
   *  the writer is held. A crash leaves either the old history or this one, whole. */
  installSnapshot({ tree, sessions }: ReturnType<typeof DataTree.deserialize>, zxid: Zxid): void {
    const { disk } = this.#host
    this.#assertNotReplacing()
    this.#abandonComposition()
    tree.lastProcessedZxid = zxid
    const state = new State(tree, sessions)
    this.#showConfig(state.tree)
    const bytes = encodeSnapshot(state.tree, state.sessions, this.#config.digestEnabled)
    const newest = this.lastLoggedZxid
    const steps = replacementSteps(disk, zxid, bytes, newest, (file) => this.#removed(file, 'truncated'))
    this.#state = state
    this.#ahead.reset([])
    this.#committedLog = new CommittedLog(this.#config.commitLogCount)
    this.writer.restartAt(zxid)
    this.uncuttableIn = undefined
    this.#tellTree([])
    this.#work.start({
      steps,
      replaces: true,
      done: () => {
        const file = snapshotName(zxid)
        this.#snapshotZxid = zxid
        this.#whole.add(file)
        this.#host.trace.emit({ kind: 'snapshotTaken', zxid, file, sizeBytes: bytes.length })
      },
    })
  }

  /** /zookeeper/config says which membership is in force. */
  showConfig(): void {
    this.#showConfig(this.tree)
  }

  // --- snapshots ---------------------------------------------------------------------------------

  /** Takes the ephemerals of sessions away that are not there any more (ZooKeeperServer.loadData). No txn does it, so
   *  only who is alone may: the next snapshot has it. */
  removeEphemeralsOfTheDead(): void {
    const { tree, sessions } = this
    const dead = tree.ephemeralOwners().filter(([session]) => !sessions.has(session))
    if (dead.length === 0) return
    const zxid = tree.lastProcessedZxid
    const time = BigInt(this.#host.clock.wallTime())
    for (const [clientId, paths2Delete] of dead) {
      const header = { clientId, cxid: 0, zxid, time, type: OpCode.closeSession }
      tree.apply(header, { kind: 'closeSession', type: OpCode.closeSession, body: { paths2Delete } })
    }
    this.#snapshotZxid = undefined
    this.#tellTree(this.#ahead.tail)
  }

  /** Writes what the tree is now, then, when that is durable, purges what it makes superfluous. Only for an established
   *  history: a snapshot cannot be cut (ZOOKEEPER-1549). The writer asks for it by itself every snapCount txns or so. */
  takeSnapshot(): void {
    const { disk } = this.#host
    const zxid = this.tree.lastProcessedZxid
    if (!this.#work.isIdle || zxid < ZXID_0 || zxid === this.#snapshotZxid) return
    if (disk.compose !== undefined && this.tree.nodeCount > ZNODES_AT_ONCE) return this.#composeSnapshot()
    const failed = this.#writeSnapshot(this.#state)
    if (failed !== undefined) return this.writer.fail(failed)
    disk.sync((error) => {
      if (error !== undefined) return this.writer.fail(error)
      const keep = this.#config.snapRetainCount ?? 3
      if (keep > 0) this.purge(keep)
    })
  }

  /** Of a large tree: slice by slice, while txns go on. A snapshot that takes longer than to the next one is not
   *  disturbed. */
  #composeSnapshot(): void {
    const { clock, disk, trace } = this.#host
    const zxid = this.tree.lastProcessedZxid
    const file = snapshotName(zxid)
    const composition = this.#composition === undefined ? disk.compose?.(pathTo(file)) : undefined
    if (composition === undefined) return
    this.#composition = composition
    const before = this.#snapshotZxid
    this.#snapshotZxid = zxid
    const pieces = encodeInSlices(this.tree, this.sessions, this.#config.digestEnabled)
    let sizeBytes = 0
    const done = (error?: DiskError): void => {
      if (this.#composition !== composition) return
      this.#composition = undefined
      if (error !== undefined) {
        this.#snapshotZxid = before
        return this.writer.fail(new DiskError(error.code, `write ${file}: ${error.message}`))
      }
      this.#whole.add(file)
      trace.emit({ kind: 'snapshotTaken', zxid, file, sizeBytes })
      const keep = this.#config.snapRetainCount ?? 3
      if (keep > 0) this.purge(keep)
    }
    const next = (): void => {
      if (this.#composition !== composition) return
      const { value: piece, done: isWhole } = pieces.next()
      if (isWhole === true) return composition.finish(done)
      sizeBytes += piece.length
      composition.append(piece)
      clock.after(0, next)
    }
    next()
  }

  /** The tree is about to be another one. */
  #abandonComposition(): void {
    this.#composition?.abandon()
    this.#composition = undefined
  }

  #writeSnapshot({ tree, sessions }: State): DiskError | undefined {
    const { disk, trace } = this.#host
    const zxid = tree.lastProcessedZxid
    const file = snapshotName(zxid)
    const bytes = encodeSnapshot(tree, sessions, this.#config.digestEnabled)
    const error = disk.replace(pathTo(file), bytes)
    if (error !== undefined) return new DiskError(error.code, `write ${file}: ${error.message}`)
    this.#snapshotZxid = zxid
    this.#whole.add(file)
    trace.emit({ kind: 'snapshotTaken', zxid, file, sizeBytes: bytes.length })
    return undefined
  }

  /** Removes the files that the `keep` newest whole snapshots make superfluous, behind other work on the files. */
  purge(keep: number): void {
    this.#purgeLater = this.#work.isIdle ? undefined : keep
    if (!this.#work.isIdle) return
    const { disk } = this.#host
    const files = purgeable(disk, keep, (file) => {
      if (!this.#whole.has(file.name) && readSnapshot(disk, file) instanceof StorageError) return false
      this.#whole.add(file.name)
      return true
    })
    const error = removeAll(disk, files, (file) => this.#removed(file, 'purged'))
    if (error !== undefined) this.writer.fail(error)
  }

  // --- helpers -----------------------------------------------------------------------------------

  /** What is to be cut or replaced must not depend on what is being cut or replaced: a role does it once, and `sync`
   *  waits for it before the next role begins. */
  #assertNotReplacing(): void {
    if (this.#work.isReplacing)
      throw new Error('a history is to be replaced while another replacement is not yet on disk')
  }

  #removed(file: string, why: 'purged' | 'truncated'): void {
    this.#whole.delete(file)
    this.#host.trace.emit({ kind: 'fileRemoved', file, why })
  }

  /** /zookeeper/config says what this server was configured with last (ZKDatabase.initConfigInZKDatabase). Of a standalone
   *  server nobody asks that. */
  #showConfig(tree: DataTree): void {
    if (this.#config.standalone === true) return
    const { committed } = this.#membership
    tree.setConfigNode(toUtf8(committed.toString()), asZxid(committed.version), BigInt(this.#host.clock.wallTime()))
  }

  #tellTree(logTail: readonly Zxid[]): void {
    const zxid = this.tree.lastProcessedZxid
    if (this.#host.trace.off === true) return
    const snapshot = encodeSnapshot(this.tree, this.sessions)
    this.#told = { zxid, digest: this.tree.digest }
    this.#host.trace.emit({ kind: 'treeLoaded', zxid, snapshot, logTail })
  }
}
