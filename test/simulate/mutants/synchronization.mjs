/** S: how a learner gets the leader's history. */
import { change } from './change.mjs'

/** What a server tells of itself is what its tree has, and between two roles nothing is read anew. */
const TRUSTS_MEMORY = [
  change(
    'core/server/replica.ts',
    'if (!this.#database.isReconciled && !this.#database.catchUp() && !this.#recover()) return',
    '',
  ),
  change(
    'core/server/replica.ts',
    'lookForLeader({ zxid: database.lastLoggedZxid,',
    'lookForLeader({ zxid: database.tree.lastProcessedZxid,',
  ),
  change('core/zab/learner.ts', 'asksForAll ? ZXID_0 : database.lastLoggedZxid', 'database.tree.lastProcessedZxid'),
]

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const synchronizationMutants = [
  {
    name: 'ack-before-history',
    says: 'A learner ACKs NEWLEADER when its history is handed to the log, not when it is on disk.',
    bug: 'ZOOKEEPER-3911',
    expect: ['S-1', 'Z-8'],
    changes: [
      change(
        'core/zab/learner.ts',
        'database.sync((historyError) => {',
        'this.#quorum?.send(PacketType.ACK, makeZxid(epoch, 0)); database.sync((historyError) => {',
      ),
    ],
  },
  {
    name: 'diff-by-number',
    says: 'A learner whose last zxid lies within the window is sent a DIFF, also where it is not on the leader’s history.',
    bug: 'ZOOKEEPER-1154',
    expect: ['S-5', 'S-1'],
    changes: [
      change(
        'core/zab/sync-decision.ts',
        'if (before?.zxid === peer || newEpochPeer)',
        'if (before !== undefined || newEpochPeer)',
      ),
    ],
    shape: {
      families: ['kill', 'partitionReset', 'partition'],
      config: { servers: 3, snapCount: 100_000, diskSyncUs: { min: 5000, max: 40_000 } },
      knobs: { commitLogCount: 500 },
      deeds: { burst: 2 },
      faultEveryMs: 600,
      lastsMs: 2000,
    },
  },
  {
    name: 'diff-drops-one',
    says: 'A DIFF leaves its second txn out, and nobody looks.',
    expect: ['S-5', 'Z-2'],
    changes: [
      change(
        'core/zab/learner-handler.ts',
        'for (const { zxid, bytes } of decision.proposals) {',
        'for (const { zxid, bytes } of decision.proposals.filter((_, at) => at !== 1)) {',
      ),
    ],
  },
  {
    name: 'hole-in-the-window',
    says: 'Txns applied during synchronization are not in the window of committed txns, and the next leader passes the hole on.',
    bug: 'ZOOKEEPER-4925',
    expect: ['S-5', 'Z-2'],
    changes: [
      change(
        'core/zab/learner.ts',
        'const { digest } = database.apply(logged, bytes)',
        'const { digest } = database.apply(logged, new Uint8Array(0))',
      ),
      change(
        'core/storage/database.ts',
        'this.#committedLog.add(zxid, bytes)\n    this.#told',
        'if (bytes.length > 0) this.#committedLog.add(zxid, bytes)\n    this.#told',
      ),
    ],
    shape: {
      families: ['kill', 'partition', 'reset'],
      config: { servers: 3, snapCount: 100_000 },
      knobs: { commitLogCount: 500 },
      faultEveryMs: 400,
      lastsMs: 1500,
    },
  },
  {
    name: 'trunc-keeps-snapshot',
    says: 'TRUNC leaves a snapshot that is newer than the cut; and a server that begins to lead takes one at once.',
    bug: 'ZOOKEEPER-4837',
    expect: ['S-2'],
    changes: [
      change(
        'core/storage/retire.ts',
        'if (snapshots.length > 0) steps.push',
        'if (snapshots.length > 1e6) steps.push',
      ),
      change(
        'core/zab/leader.ts',
        "this.#limit('Timeout while waiting for epoch from quorum')",
        "database.takeSnapshot(); this.#limit('Timeout while waiting for epoch from quorum')",
      ),
    ],
    shape: {
      families: ['crashPoint', 'kill', 'partitionReset'],
      config: { servers: 3, diskSyncUs: { min: 5000, max: 40_000 } },
      deeds: { burst: 2 },
      faultEveryMs: 400,
      lastsMs: 2500,
    },
    seconds: 60,
    seeds: 100,
  },
  {
    name: 'snap-keeps-log',
    says: 'A learner with a tail of its own is sent SNAP, keeps its old log, and replays the tail on top of the snapshot.',
    bug: 'ZOOKEEPER-2832',
    expect: ['S-3'],
    changes: [
      change(
        'core/storage/retire.ts',
        'return [write(staged), remove, write(file), () => disk.remove(pathTo(staged))]',
        'return [write(file)]',
      ),
      change(
        'core/zab/sync-decision.ts',
        "return { mode: 'TRUNC', zxid: max, proposals: [], reason: 'aheadOfLeader' }",
        "return { mode: 'SNAP', reason: 'aheadOfLeader' }",
      ),
    ],
    shape: {
      families: ['kill', 'partitionReset', 'partition'],
      config: { servers: 3, diskSyncUs: { min: 5000, max: 40_000 } },
      deeds: { burst: 2 },
      faultEveryMs: 600,
      lastsMs: 2000,
    },
  },
  {
    name: 'retained-database',
    says: 'The tree stays in memory from one role to the next, and votes name what it has, not what the log has.',
    bug: 'ZOOKEEPER-2845',
    expect: ['S-4'],
    changes: TRUSTS_MEMORY,
  },
  {
    name: 'interrupted-snap',
    says: 'A snapshot of the leader is in memory alone until NEWLEADER (which is looked at late); when the connection ends before, memory counts.',
    bug: 'ZOOKEEPER-3642',
    expect: ['S-4'],
    changes: [
      change(
        'core/zab/learner.ts',
        '  #onNewLeader(packet: QuorumPacket): void {\n',
        `  #onNewLeader(packet: QuorumPacket): void {
    if (this.#phase === 'syncing' && this.looked !== true) {
      this.looked = true
      return void this.#context.host.clock.after(150, () => this.#phase === 'syncing' && this.#onNewLeader(packet))
    }
`,
      ),
      change(
        'core/storage/database.ts',
        '    this.#tellTree([])\n    this.#work.start({',
        '    this.#tellTree([])\n    this.late = () => this.#work.start({',
      ),
      change(
        'core/storage/database.ts',
        '    this.writer.barrier(done)',
        '    const late = this.late\n    this.late = undefined\n    late?.()\n    this.writer.barrier(done)',
      ),
      change(
        'core/server/replica.ts',
        '    this.#database.sync((error) => {',
        '    this.#database.writer.barrier((error) => {',
      ),
    ],
    shape: {
      families: ['kill', 'partitionReset', 'reset'],
      knobs: { commitLogCount: 1 },
      faultEveryMs: 400,
      lastsMs: 2000,
    },
  },
  {
    name: 'interrupted-trunc',
    says: 'During synchronization txns are applied when they are committed and logged at NEWLEADER; memory counts if it ends before.',
    bug: 'ZOOKEEPER-5094',
    expect: ['S-4'],
    changes: [
      ...TRUSTS_MEMORY,
      change('core/storage/database.ts', 'if (zxid > this.lastLoggedZxid)', 'if (zxid < 0n)'),
      change(
        'core/zab/learner.ts',
        '    this.#committed.push(first)',
        "    this.#committed.push(first)\n    if (this.#phase === 'syncing') this.#context.database.apply(first.logged, first.bytes)",
      ),
      change(
        'core/zab/learner.ts',
        'const { digest } = database.apply(logged, bytes)',
        'const { digest } = database.tree.lastProcessedZxid >= zxid ? database.tree : database.apply(logged, bytes)',
      ),
    ],
  },
  {
    name: 'snapshot-behind-its-label',
    says: 'The snapshot that a leader sends is older than the zxid that it says it has.',
    bug: 'ZOOKEEPER-3104',
    expect: ['D-8', 'D-5', 'D-7'],
    changes: [
      change(
        'core/storage/database.ts',
        'snapshotStream(): Uint8Array {',
        `stale?: Uint8Array
  snapshotStream(): Uint8Array {
    const older = this.stale
    if (older !== undefined) return older`,
      ),
      change('core/storage/database.ts', '    return out.finish()', '    return (this.stale = out.finish())'),
    ],
  },
  {
    name: 'applies-all-at-uptodate',
    says: 'At UPTODATE a learner applies all that it was sent, committed or not.',
    expect: ['S-6'],
    changes: [
      change(
        'core/zab/learner.ts',
        'for (const received of this.#pending) this.#log(received)',
        'for (const received of this.#pending.splice(0)) { this.#log(received); this.#clients.commit(received.logged, received.bytes) }',
      ),
    ],
  },
  {
    name: 'ack-overtakes',
    says: 'What a learner logs for its synchronization is ACKed as soon as it is on disk, before NEWLEADER.',
    bug: 'ZOOKEEPER-4685',
    expect: ['S-7'],
    changes: [
      change(
        'core/zab/learner.ts',
        'database.writer.write(zxid, bytes, () => {})',
        'database.writer.write(zxid, bytes, this.#durable)',
      ),
    ],
  },
  {
    name: 'epoch-stays-behind',
    says: 'A learner ACKs NEWLEADER, and writes the epoch before it to currentEpoch.',
    expect: ['S-8'],
    changes: [
      change(
        'core/zab/learner.ts',
        'database.epochs.setCurrent(epoch, (error) => {',
        'database.epochs.setCurrent(Math.max(0, epoch - 1), (error) => {',
      ),
    ],
  },
]
