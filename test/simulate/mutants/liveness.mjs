/** L: what must happen in time. */
import { change } from './change.mjs'

/** Clients that write nothing. */
const READS_ALONE = {
  ...{ create: 0, create2: 0, ephemeral: 0, sequential: 0, container: 0, ttl: 0, delete: 0, set: 0, setVersion: 0 },
  ...{ setAcl: 0, multi: 0, auth: 0, burst: 0, close: 0, vanish: 0, big: 0, sync: 0, get: 1 },
}

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const livenessMutants = [
  {
    name: 'votes-said-once',
    says: 'A vote that may have been lost is not said again.',
    expect: ['L-1', 'L-6'],
    seed: 3,
    changes: [
      change(
        'core/election/election.ts',
        'if (this.#connections.haveDelivered()) this.#sendNotifications(search)\n    else this.#connections.connectAll()',
        '',
      ),
    ],
  },
  {
    name: 'never-serves',
    says: 'A learner whose leader was established before it ACKed NEWLEADER is not told to serve.',
    expect: ['L-6', 'L-2'],
    seed: 3,
    changes: [
      change(
        'core/zab/leader.ts',
        'if (this.#established) return handler.leaderServes()',
        'if (this.#established) return',
      ),
    ],
  },
  {
    name: 'leader-without-establishing',
    says: 'A leader waits for the ACK of NEWLEADER of all voters.',
    expect: ['L-2', 'L-1'],
    changes: [
      change(
        'core/zab/leader.ts',
        'haveQuorums(this.#newLeaderQuorums, this.#newLeaderAcks)) this.#establish()',
        'this.#newLeaderAcks.size === this.#context.membership.committed.voters.length) this.#establish()',
      ),
    ],
  },
  {
    name: 'no-pings',
    says: 'A leader sends no PING: followers give it up when nothing is written.',
    expect: ['L-3', 'L-1', 'L-4'],
    changes: [
      change('core/zab/leader.ts', 'for (const handler of [...this.#handlers]) handler.ping(this.#lastProposed)', ''),
    ],
    shape: { families: ['kill'], deeds: READS_ALONE },
  },
  {
    name: 'requests-forgotten',
    says: 'A leader drops requests of learners that come while something is outstanding.',
    expect: ['L-4', 'C-9', 'L-7'],
    changes: [
      change(
        'core/zab/leader.ts',
        'const newest = this.#outstanding.at(-1)\n      if (newest === undefined) handler.syncDone()',
        'const newest = this.#outstanding.at(-1)\n      if (newest === undefined) return',
      ),
      change(
        'core/zab/leader.ts',
        '    this.submit({\n      session,\n      cxid,',
        '    if (type === OpCode.create && (data?.length ?? 0) % 2 === 0) return\n    this.submit({\n      session,\n      cxid,',
      ),
    ],
  },
  {
    name: 'stays-without-quorum',
    says: 'A leader does not notice that it has lost its quorum.',
    expect: ['L-5', 'L-1', 'L-6', 'L-4'],
    changes: [
      change(
        'core/zab/leader.ts',
        'if (!haveQuorums(this.#context.membership.quorums, synced))',
        'if (synced.size === 0)',
      ),
    ],
    shape: {
      families: ['partition', 'oneWay', 'clog'],
      config: { witness: 'all' },
      lastsMs: 60_000,
      faultEveryMs: 5000,
    },
    seconds: 60,
  },
  {
    name: 'leader-stops-accepting',
    says: 'When its epoch is established, a leader closes the port for learners.',
    bug: 'ZOOKEEPER-4203',
    expect: ['L-6', 'L-1'],
    seed: 4,
    changes: [
      change(
        'core/zab/leader.ts',
        '    this.#established = true\n',
        '    this.#established = true\n    this.#listener?.close()\n',
      ),
    ],
  },
  {
    name: 'waits-for-a-dead-leader',
    says: 'A learner never gives up a leader from which nothing comes.',
    expect: ['L-1', 'L-6', 'L-9'],
    seed: 23,
    changes: [
      change(
        'core/zab/learner.ts',
        'if (leftMs <= 0) return this.#resign(',
        'if (leftMs <= 0) return\n    if (leftMs < -1e12) return this.#resign(',
      ),
    ],
  },
  {
    name: 'one-call-at-a-time',
    says: 'A server calls its peers one after the other, and one that does not answer is waited for.',
    bug: 'ZOOKEEPER-3756',
    expect: ['L-1', 'L-6'],
    seed: 23,
    changes: [
      change(
        'core/election/quorum-cnx-manager.ts',
        'if (address === undefined || this.#workers.has(sid) || this.#attempts.has(sid)) return',
        'if (address === undefined || this.#workers.has(sid) || this.#attempts.size > 0) return',
      ),
    ],
  },
  {
    name: 'last-commit-kept-back',
    says: 'A follower does a commit when the next one comes.',
    expect: ['O-2', 'L-4'],
    seed: 4,
    changes: [
      change(
        'core/zab/learner.ts',
        'this.#clients?.commit(first.logged, first.bytes)',
        'const late = this.late; this.late = first; if (late !== undefined) this.#clients?.commit(late.logged, late.bytes)',
      ),
    ],
  },
  {
    name: 'rests-behind',
    says: 'A follower does the commit of an end of a session when the next commit comes.',
    expect: ['O-2'],
    seed: 4,
    changes: [
      change(
        'core/zab/learner.ts',
        'this.#clients?.commit(first.logged, first.bytes)',
        'const { late } = this; this.late = undefined; if (late !== undefined) this.#clients?.commit(late.logged, late.bytes)\n        if (first.logged.header.type === OpCode.closeSession) this.late = first\n        else this.#clients?.commit(first.logged, first.bytes)',
      ),
    ],
  },
  {
    name: 'touches-not-told',
    says: 'A learner does not tell its leader of which sessions it has heard.',
    expect: ['L-7', 'X-3'],
    seed: 6,
    changes: [change('core/zab/learner.ts', 'this.#touched.set(session, timeoutMs)', '')],
  },
  {
    name: 'never-gives-up-a-session',
    says: 'A session whose client is gone is kept for ten times its timeout.',
    expect: ['L-8', 'X-4'],
    changes: [
      change(
        'core/server/session-tracker.ts',
        'Math.floor((now + timeoutMs) / this.#tickTimeMs)',
        'Math.floor((now + 10 * timeoutMs) / this.#tickTimeMs)',
      ),
    ],
    shape: { deeds: { vanish: 1 } },
    seconds: 60,
  },
  {
    name: 'stops-where-it-cannot-cut',
    says: 'A leader sends TRUNC also for a tail of a later epoch, and a server that cannot cut stops for good.',
    bug: 'no number: Not able to truncate the log',
    expect: ['halt'],
    seed: 19,
    seeds: 60,
    changes: [
      change(
        'core/zab/learner.ts',
        '    if (database.uncuttableIn === this.#epoch)\n      return',
        '    if (this.#epoch > 0)\n      return',
      ),
      change('core/zab/sync-decision.ts', 'epochOf(peer) === epochOf(max)', 'epochOf(peer) >= epochOf(max)'),
    ],
    shape: {
      families: ['partition', 'partitionReset', 'kill'],
      config: { diskSyncUs: { min: 20_000, max: 60_000 } },
      deeds: { burst: 3 },
      faultEveryMs: 500,
      lastsMs: 1500,
    },
  },
]
