/** D: disks, and what is promised on the strength of them. */
import { change } from './change.mjs'

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const storageMutants = [
  {
    name: 'ack-before-sync',
    says: 'A follower acknowledges a proposal when it is written, not when it is synced.',
    expect: ['D-1', 'Z-8'],
    changes: [
      change(
        'core/zab/learner.ts',
        'this.#context.database.writer.write(zxid, bytes, this.#durable)',
        'this.#context.database.writer.write(zxid, bytes, () => {}); this.#durable(zxid)',
      ),
    ],
  },
  {
    name: 'next-batch-acked',
    says: 'When a sync completes, what was written while it was under way counts as synced, too.',
    expect: ['D-1'],
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'this.#deliver(batch)\n',
        'this.#deliver(batch.concat(this.#appended.splice(0)))\n',
      ),
    ],
  },
  {
    name: 'last-log-skipped',
    says: 'Recovery does not read the newest log file where there are several.',
    expect: ['D-2'],
    changes: [
      change(
        'core/storage/recovery.ts',
        'const files = logsFrom(logs, asZxid(start + 1n))',
        'const files = logsFrom(logs, asZxid(start + 1n)).filter((_, at, all) => at === 0 || at < all.length - 1)',
      ),
    ],
  },
  {
    name: 'behind-the-torn-tail',
    says: 'After a restart the log goes on in the newest file, behind whatever stands at its end.',
    bug: 'ZOOKEEPER-1489',
    expect: ['D-3'],
    changes: [
      change(
        'core/storage/file-txn-log.ts',
        "import { logName, pathTo } from './file-names.ts'",
        "import { listLogs, logName, pathTo } from './file-names.ts'",
      ),
      change(
        'core/storage/file-txn-log.ts',
        'const file = this.#file ?? logName(zxid)',
        'const file = this.#file ?? listLogs(this.#disk).at(-1)?.name ?? logName(zxid)',
      ),
      change('core/storage/file-txn-log.ts', 'this.#disk.replace(path, bytes)', 'this.#disk.append(path, record)'),
    ],
    shape: {
      families: ['powerCut'],
      config: { servers: 1, diskSyncUs: { min: 150_000, max: 300_000 } },
      deeds: { big: 5 },
      faultEveryMs: 400,
      lastsMs: 400,
    },
  },
  {
    name: 'any-error-ends-the-file',
    says: 'Whatever recovery cannot read counts as the end of the file, and the next file is read as if nothing were missing.',
    expect: ['D-4'],
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'if (this.#syncing !== undefined || this.#appended.length > 0) return false\n',
        '',
      ),
      change(
        'core/storage/recovery.ts',
        "if (record.kind === 'damaged') return new StorageError(record.reason, name)",
        '',
      ),
      change('core/storage/recovery.ts', 'if (!follows(last, zxid))', 'if (zxid <= last)'),
      change(
        'core/storage/recovery.ts',
        'if (torn !== undefined && !digestMatches)',
        'if (torn !== undefined && zxid < 0n)',
      ),
    ],
    shape: {
      families: ['powerCut'],
      config: { servers: 1, snapCount: 4, diskSyncUs: { min: 50_000, max: 150_000 } },
      deeds: { big: 3 },
      faultEveryMs: 400,
      lastsMs: 600,
    },
  },
  {
    name: 'snapshot-before-quorum',
    says: 'A server that begins to lead takes a snapshot of what it has, before a quorum has it.',
    bug: 'ZOOKEEPER-1549',
    expect: ['D-5'],
    changes: [
      change(
        'core/zab/leader.ts',
        "this.#limit('Timeout while waiting for epoch from quorum')",
        "database.takeSnapshot(); this.#limit('Timeout while waiting for epoch from quorum')",
      ),
    ],
  },
  {
    name: 'sessions-of-another-instant',
    says: 'A snapshot has the tree of one moment and the sessions of an earlier one.',
    bug: 'ZOOKEEPER-3144',
    expect: ['X-1', 'D-5'],
    changes: [
      change(
        'core/storage/snapshot-file.ts',
        'tree.serialize(out, sessions)',
        'tree.serialize(out, new Map([...sessions].slice(0, -1)))',
      ),
    ],
  },
  {
    name: 'purge-before-sync',
    says: 'Old snapshots are purged before the new one is on disk, and none of them is kept.',
    bug: 'ZOOKEEPER-2872',
    expect: ['D-6'],
    changes: [
      change(
        'core/storage/database.ts',
        'if (failed !== undefined) return this.writer.fail(failed)\n    disk.sync',
        'if (failed !== undefined) return this.writer.fail(failed)\n    this.purge(1)\n    disk.sync',
      ),
    ],
    shape: { config: { snapCount: 4 } },
  },
  {
    name: 'own-mtime',
    says: 'A server writes another time into a znode than stands in the txn.',
    expect: ['D-7', 'T-4'],
    changes: [
      change('core/tree/data-tree.ts', 'node.mtime = time\n', 'node.mtime = time + (zxid % 5n === 0n ? 1n : 0n)\n'),
    ],
  },
  {
    name: 'digest-forgets-the-parent',
    says: 'The digest does not notice that a parent has changed when a child of it is deleted.',
    expect: ['D-7', 'D-8'],
    changes: [
      change(
        'core/tree/data-tree.ts',
        'this.#change(parentPath, parent, () => {\n      if (zxid > parent.pzxid)',
        ';((_path, _node, run) => run())(parentPath, parent, () => {\n      if (zxid > parent.pzxid)',
      ),
    ],
  },
  {
    name: 'digest-foretold-wrongly',
    says: 'The digest that a txn announces does not reckon with what is outstanding for the same znode.',
    expect: ['D-8'],
    seed: 2,
    changes: [change('core/server/outstanding-changes.ts', 'const before = previous?.nodeDigest ??', 'const before =')],
  },
  {
    name: 'sync-tried-again',
    says: 'A sync that has failed is tried again, and counts when it succeeds.',
    expect: ['D-9'],
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'if (error !== undefined) return this.fail(error)\n      this.#syncing = undefined',
        'if (error !== undefined) { this.#appended.unshift(...batch); this.#syncing = undefined; return void this.#ports.clock.after(50, () => this.#planSync()) }\n      this.#syncing = undefined',
      ),
    ],
    shape: { families: ['ioError'], faultEveryMs: 700, lastsMs: 500 },
  },
  {
    name: 'full-disk-ignored',
    says: 'A record that the disk has no room for counts as written.',
    bug: 'ZOOKEEPER-3701',
    expect: ['D-10'],
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'const error = log.append(zxid, bytes)\n',
        'log.append(zxid, bytes)\n    const error = undefined\n',
      ),
    ],
    shape: { families: ['fullDisk'], faultEveryMs: 1500 },
  },
  {
    name: 'wrong-checksum',
    says: 'A record’s checksum covers one byte too few.',
    expect: ['D-11'],
    changes: [change('core/storage/txn-log.ts', 'record.int(adler32(body))', 'record.int(adler32(body.subarray(1)))')],
  },
  {
    name: 'checksum-not-checked',
    says: 'A record that is not whole is replayed, whatever its checksum says.',
    expect: ['D-8', 'D-2', 'D-7', 'T-13'],
    changes: [
      change(
        'core/storage/txn-log.ts',
        'if (this.#view.getBigInt64(offset) !== BigInt(adler32(body)))',
        'if (this.#view.getBigInt64(offset) === -1n)',
      ),
    ],
    shape: {
      families: ['powerCut', 'crashPoint'],
      config: { servers: 1, diskSyncUs: { min: 50_000, max: 150_000 } },
      deeds: { big: 20 },
      faultEveryMs: 400,
      lastsMs: 300,
    },
  },
  {
    name: 'temporary-error-forgiven',
    says: 'A record that the disk refuses for a moment is left out of the log, and the server goes on.',
    bug: 'ZOOKEEPER-4882',
    expect: ['D-9', 'D-1', 'Z-2'],
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'const error = log.append(zxid, bytes)\n',
        'log.append(zxid, bytes)\n    const error = undefined\n',
      ),
    ],
    shape: { families: ['ioError'], faultEveryMs: 1000, lastsMs: 500 },
  },
  {
    name: 'steps-without-syncs',
    says: 'The steps of TRUNC and SNAP follow each other without a sync in between: a power cut may take the first ones alone.',
    expect: ['O-1', 'D-2', 'Z-2'],
    seed: 5,
    changes: [
      change(
        'core/storage/file-work.ts',
        'if (failed !== undefined) return this.#writer.fail(failed)\n    this.#disk.sync((error) => {',
        'if (failed !== undefined) return this.#writer.fail(failed)\n    if (work.replaces && at + 1 < work.steps.length) return this.#step(work, at + 1)\n    this.#disk.sync((error) => {',
      ),
    ],
    shape: { config: { snapCount: 4 }, knobs: { commitLogCount: 1 } },
  },
  {
    name: 'snapshot-in-place',
    says: 'Recovery takes the oldest snapshot, whose logs may be gone.',
    expect: ['O-1', 'D-2', 'D-4'],
    changes: [
      change(
        'core/storage/recovery.ts',
        'candidates.reverse().slice(0, MAX_CANDIDATES)',
        'candidates.slice(0, MAX_CANDIDATES)',
      ),
    ],
    shape: { config: { snapCount: 4 } },
  },
  {
    name: 'wiped-disk-votes',
    says: 'A server that is told not to trust an empty disk votes with one all the same.',
    bug: 'ZOOKEEPER-261',
    expect: ['D-12'],
    changes: [
      change(
        'core/storage/database.ts',
        'else if (this.#options.distrustEmptyDisk === true) {',
        "else if (this.#options.distrustEmptyDisk === 'no') {",
      ),
    ],
    shape: {
      families: ['wipe', 'kill'],
      config: { servers: 3, firstZxid: /** @type {import('../../../src/core/wire/ids.ts').Zxid} */ (0x100000001n) },
      knobs: { dbAutocreate: false },
      faultEveryMs: 700,
      lastsMs: 1500,
    },
  },
]
