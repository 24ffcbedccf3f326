/** Z: one history, agreed on, safe on a quorum of disks. */
import { change } from './change.mjs'

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const orderMutants = [
  {
    name: 'own-time-in-the-log',
    says: 'A follower writes a proposal to its log with another time in it.',
    expect: ['Z-0'],
    changes: [
      change(
        'core/zab/learner.ts',
        'this.#context.database.writer.write(zxid, bytes, this.#durable)',
        'const own = bytes.slice(); own[27] ^= 1; this.#context.database.writer.write(zxid, own, this.#durable)',
      ),
    ],
  },
  {
    name: 'error-zxid-reused',
    says: 'A write that fails gives its zxid back, and the next one gets it.',
    expect: ['Z-11', 'Z-0'],
    changes: [
      change(
        'core/zab/leader.ts',
        'this.#lastProposed = zxid\n    this.#outstanding.push(proposal)',
        'if (type !== -1) this.#lastProposed = zxid\n    this.#outstanding.push(proposal)',
      ),
    ],
  },
  {
    name: 'follower-closes-alone',
    says: 'A follower whose client closes its session does so at once, in a txn of its own.',
    expect: ['Z-1'],
    seed: 5,
    changes: [
      change(
        'core/zab/learner.ts',
        '  submit(request: Request): void {',
        `  submit(request: Request): void {
    if (request.type === OpCode.closeSession) {
      const { database } = this.#context
      const zxid = (database.tree.lastProcessedZxid + 1n) as Zxid
      const header = { clientId: request.session, cxid: request.cxid, zxid, time: 0n, type: OpCode.closeSession }
      const logged = { header, txn: { kind: 'closeSession', type: OpCode.closeSession, body: { paths2Delete: [] } }, digest: null }
      const bytes = encodeLogged(logged)
      if (zxid > database.lastLoggedZxid) this.#log({ zxid, logged, bytes })
      this.#clients?.commit(logged, bytes)
    }`,
      ),
      change(
        'core/zab/learner.ts',
        "import { decodeLogged, type LoggedTxn } from '../wire/txn.ts'",
        "import { decodeLogged, encodeLogged, type LoggedTxn } from '../wire/txn.ts'",
      ),
    ],
  },
  {
    name: 'roll-before-sync',
    says: 'A new log file is begun while the end of the old one is not on disk yet, and recovery takes the hole for nothing.',
    bug: 'no number: a missing log file is not noticed',
    expect: ['Z-2'],
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'if (this.#syncing !== undefined || this.#appended.length > 0) return false\n',
        '',
      ),
      change('core/storage/recovery.ts', 'if (!follows(last, zxid))', 'if (zxid <= last)'),
    ],
    shape: {
      families: ['powerCut'],
      config: { servers: 1, snapCount: 4, diskSyncUs: { min: 20_000, max: 60_000 } },
      deeds: { burst: 3 },
      faultEveryMs: 400,
      lastsMs: 600,
    },
  },
  {
    name: 'applies-on-proposal',
    says: 'A follower applies a txn when it is on its own disk, without waiting for its COMMIT.',
    expect: ['S-6', 'Z-3'],
    changes: [
      change(
        'core/zab/learner.ts',
        'if (!this.#observer) this.#quorum?.send(PacketType.ACK, zxid)',
        `if (!this.#observer) this.#quorum?.send(PacketType.ACK, zxid)
    while (!this.#observer && this.#phase === 'broadcast' && (this.#pending[0]?.zxid ?? zxid + 1n) <= zxid) this.#commitOldest()`,
      ),
      change(
        'core/zab/learner.ts',
        '// The Java server exits with 12 here; we give up the connection and synchronize anew.',
        'if (packet.zxid <= this.#context.database.tree.lastProcessedZxid) return',
      ),
    ],
  },
  {
    name: 'minority-commits',
    says: 'A leader commits when one voter has it on disk.',
    expect: ['Z-8'],
    changes: [
      change(
        'core/zab/leader.ts',
        'if (first === undefined || !haveQuorums(first.quorums, first.acks)) return',
        'if (first === undefined || first.acks.size === 0) return',
      ),
    ],
  },
  {
    name: 'two-histories',
    says: 'A leader commits alone, and is elected by its sid alone.',
    expect: ['Z-4', 'Z-7'],
    seed: 3,
    changes: [
      change(
        'core/zab/leader.ts',
        'if (first === undefined || !haveQuorums(first.quorums, first.acks)) return',
        'if (first === undefined || first.acks.size === 0) return',
      ),
    ],
    shape: { families: ['partition', 'oneWay', 'pause', 'kill'], faultEveryMs: 1000 },
  },
  {
    name: 'builds-on-less',
    says: 'A leader commits alone, and the next one builds its epoch on what it has.',
    expect: ['Z-7'],
    changes: [
      change(
        'core/zab/leader.ts',
        'if (first === undefined || !haveQuorums(first.quorums, first.acks)) return',
        'if (first === undefined || first.acks.size === 0) return',
      ),
    ],
    shape: { families: ['partition', 'oneWay', 'pause', 'kill'], faultEveryMs: 1000 },
  },
  {
    name: 'later-first',
    says: 'A proposal that waits behind another one is committed before it.',
    expect: ['Z-5'],
    changes: [
      change(
        'core/zab/leader.ts',
        'while (!this.#stopped && this.#allowedToCommit) {\n      const first = this.#outstanding[0]',
        'while (!this.#stopped && this.#allowedToCommit) {\n      const first = this.#outstanding[this.#outstanding.length > 1 ? 1 : 0]',
      ),
      change(
        'core/zab/leader.ts',
        'this.#outstanding.shift()\n',
        'this.#outstanding.splice(this.#outstanding.indexOf(first), 1)\n',
      ),
    ],
  },
  {
    name: 'applied-twice',
    says: 'What a learner has applied at NEWLEADER it applies again at UPTODATE.',
    expect: ['Z-6', 'Z-2'],
    changes: [
      change(
        'core/zab/learner.ts',
        'for (const { zxid, logged, bytes } of committed) {',
        'this.#committed = [...committed]\n    for (const { zxid, logged, bytes } of committed) {',
      ),
      change(
        'core/zab/learner.ts',
        'this.#context.database.writer.write(zxid, bytes, this.#durable)',
        'if (zxid > this.#context.database.lastLoggedZxid) this.#context.database.writer.write(zxid, bytes, this.#durable)',
      ),
      change('core/storage/database.ts', 'if (!follows(last, zxid)) throw', 'if (zxid < 0n) throw'),
    ],
  },
  {
    name: 'leads-on-less',
    says: 'A server with a smaller sid and a shorter log is preferred, and nobody minds.',
    expect: ['E-5', 'Z-7'],
    changes: [
      change(
        'core/election/vote.ts',
        "  if (vote.zxid !== other.zxid) return vote.zxid > other.zxid ? 'higherZxid' : 'lowerZxid'\n",
        '',
      ),
      change(
        'core/zab/leader.ts',
        'if (currentEpoch > mine || (currentEpoch === mine && lastZxid > myZxid))',
        'if (currentEpoch > mine + 1e6)',
      ),
    ],
    shape: {
      families: ['partition', 'partitionReset', 'kill'],
      config: { servers: 3, diskSyncUs: { min: 5000, max: 40_000 } },
      deeds: { burst: 2 },
      faultEveryMs: 700,
      lastsMs: 2000,
    },
  },
  {
    name: 'leader-counts-itself-early',
    says: 'A leader counts its own ACK when it has handed a proposal to its log.',
    expect: ['D-1', 'Z-8'],
    changes: [
      change(
        'core/zab/leader.ts',
        'database.writer.write(zxid, bytes, this.#durable)',
        'database.writer.write(zxid, bytes, () => {}); this.acked(this.#me, zxid)',
      ),
    ],
  },
  {
    name: 'tail-is-cut',
    says: 'A server that loses its role cuts off what it has logged and not applied, though it has ACKed it.',
    expect: ['Z-9', 'S-4'],
    seed: 5,
    changes: [
      change(
        'core/server/replica.ts',
        'if (!this.#database.isReconciled && !this.#database.catchUp() && !this.#recover()) return',
        'if (!this.#database.isReconciled && !this.#database.truncate(this.#database.tree.lastProcessedZxid).ok) return',
      ),
    ],
  },
  {
    name: 'forwards-too-late',
    says: 'New proposals go to a learner only after it has ACKed NEWLEADER.',
    bug: 'Zab paper: to whom proposals are sent',
    expect: ['S-5', 'Z-10'],
    seed: 4,
    changes: [
      change('core/zab/learner-handler.ts', '    this.#leader.startForwarding(this)\n', ''),
      change(
        'core/zab/learner-handler.ts',
        'this.#leader.newLeaderAcked(this)\n',
        'this.#leader.startForwarding(this); this.#leader.newLeaderAcked(this)\n',
      ),
    ],
  },
  {
    name: 'outstanding-not-handed-over',
    says: 'What is outstanding when a learner joins is not sent to it.',
    bug: 'Zab paper: the initial history and what is proposed meanwhile',
    expect: ['Z-10', 'S-5'],
    changes: [change('core/zab/leader.ts', '      handler.propose(zxid, packet)\n', '')],
  },
  {
    name: 'acks-outlive-trunc',
    says: 'What a learner has ACKed counts on when it is told to cut that off, and it comes back to the same leader.',
    bug: 'no number: found by this simulator, also in Java’s leader',
    expect: ['Z-8', 'Z-9'],
    changes: [change('core/zab/leader.ts', '      acks.delete(handler.sid)\n', '')],
    shape: {
      families: ['reset', 'slowDisk', 'delay'],
      config: { servers: 5, diskSyncUs: { min: 20_000, max: 60_000 } },
      deeds: { burst: 3 },
      faultEveryMs: 150,
      lastsMs: 1000,
    },
  },
  {
    name: 'counter-carries',
    says: 'The counter of zxids carries into the epoch when it is used up (after 32 txns here).',
    bug: 'ZOOKEEPER-1277',
    expect: ['Z-11'],
    changes: [
      change(
        'core/wire/ids.ts',
        'asZxid(zxid + 1n)',
        'asZxid((zxid & 0x1fn) === 0x1fn ? ((zxid >> 32n) + 1n) << 32n : zxid + 1n)',
      ),
    ],
  },
]
