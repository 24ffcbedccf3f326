/** X: sessions and ephemerals. */
import { change } from './change.mjs'

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const sessionMutants = [
  {
    name: 'closing-forgotten',
    says: 'A session whose end is proposed may go on writing until that is committed.',
    expect: ['X-1', 'X-2'],
    seed: 14,
    changes: [
      change(
        'core/server/session-tracker.ts',
        'if (tracked === undefined || tracked.closing) return ErrorCode.SessionExpired',
        'if (tracked === undefined) return ErrorCode.SessionExpired',
      ),
    ],
    shape: {
      families: ['slowDisk'],
      config: { diskSyncUs: { min: 20_000, max: 80_000 } },
      deeds: { twin: 2, close: 1, set: 3 },
    },
  },
  {
    name: 'close-misses-creates-in-flight',
    says: 'The close of a session lists the ephemerals that are applied, not those on their way.',
    expect: ['X-2'],
    seed: 10,
    changes: [
      change(
        'core/server/prep.ts',
        'this.#changes.ephemerals(request.session, database.tree.ephemerals(request.session)),',
        'database.tree.ephemerals(request.session),',
      ),
    ],
    shape: { deeds: { ephemeral: 3, close: 1 } },
  },
  {
    name: 'close-missed-in-sync',
    says: 'A learner that is sent the close of a session by DIFF leaves its ephemerals where they are.',
    bug: 'ZOOKEEPER-2355',
    expect: ['D-7', 'X-2'],
    seed: 2,
    changes: [
      change(
        'core/zab/learner.ts',
        'const { digest } = database.apply(logged, bytes)',
        "const { digest } = database.apply(logged.txn.kind === 'closeSession' ? { ...logged, txn: { kind: 'error', type: OpCode.error, body: { err: 0 } } } : logged, bytes)",
      ),
    ],
    shape: { deeds: { ephemeral: 2, close: 0.5 } },
  },
  {
    name: 'stale-deadlines',
    says: 'A new leader expires sessions that the last one had not heard of for long, without waiting itself.',
    expect: ['X-3'],
    changes: [
      change(
        'core/server/session-tracker.ts',
        'for (const [session, timeoutMs] of sessions) this.add(session, timeoutMs)',
        'for (const [session] of sessions) this.add(session, 0)',
      ),
    ],
  },
  {
    name: 'never-expires',
    says: 'Whatever a learner says in a PING is taken for a sign of life of all sessions.',
    expect: ['X-4', 'L-8'],
    changes: [
      change(
        'core/server/session-tracker.ts',
        '    if (this.#stopped || tracked.closing) return\n    this.#close(tracked)\n    this.#onExpire',
        '    if (this.#stopped || tracked.closing) return\n    return this.#postpone(tracked, 1e6)\n    this.#onExpire',
      ),
    ],
    shape: { deeds: { vanish: 1 } },
    seconds: 60,
  },
  {
    name: 'owner-not-checked',
    says: 'Whatever server a request comes by, it is done, also when its session is at another one.',
    expect: ['X-5'],
    seed: 8,
    changes: [
      change(
        'core/server/session-tracker.ts',
        'return tracked.owner === owner ? ErrorCode.Ok : ErrorCode.SessionMoved',
        'return ErrorCode.Ok',
      ),
    ],
    shape: { deeds: { twin: 1, resume: 0.3 } },
  },
  {
    name: 'takes-who-has-seen-more',
    says: 'A server takes up sessions whose clients have seen what it has not.',
    expect: ['X-6', 'C-5'],
    changes: [
      change('core/server/client-side.ts', 'if (request.lastZxidSeen > this.lastApplied) return client.close()', ''),
    ],
    shape: {
      families: ['pause', 'reset'],
      config: { servers: 3, latencyUs: { min: 200, max: 2000 } },
      deeds: { set: 3, burst: 2 },
      faultEveryMs: 150,
      lastsMs: 700,
    },
    seconds: 60,
  },
  {
    name: 'ids-from-a-constant',
    says: 'Session ids begin with the same number each time a server starts.',
    expect: ['X-7'],
    seed: 5,
    changes: [change('core/server/session-id.ts', 'BigInt(wallTimeMs) << 24n', '1n << 24n')],
  },
  {
    name: 'everybody-gets-the-maximum',
    says: 'Every session gets the longest timeout, whatever it asks for.',
    expect: ['X-8'],
    changes: [
      change(
        'core/server/client-side.ts',
        'Math.min(Math.max(request.timeOut, minSessionTimeoutMs), maxSessionTimeoutMs)',
        'maxSessionTimeoutMs + 0 * minSessionTimeoutMs',
      ),
    ],
  },
  {
    name: 'ephemeral-before-upgrade',
    says: 'An ephemeral is created for a local session that has not become a global one.',
    bug: 'ZOOKEEPER-3471',
    expect: ['X-9'],
    changes: [
      change('core/server/client-side.ts', '    this.#upgrade(request)\n', ''),
      change(
        'core/server/prep.ts',
        'mode.ephemeral ? this.#checkGlobalSession(request) : this.#checkSession(request)',
        'this.#checkSession(request)',
      ),
    ],
    shape: { knobs: { localSessionsEnabled: true, localSessionsUpgradingEnabled: true }, deeds: { ephemeral: 1 } },
  },
]
