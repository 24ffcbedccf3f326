/** W: watches. */
import { change } from './change.mjs'

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const watchMutants = [
  {
    name: 'events-come-later',
    says: 'Events are sent by a task of their own, a moment after the txn.',
    expect: ['W-1'],
    changes: [
      change(
        'core/server/watches.ts',
        'watcher.notify(type, eventPath)',
        'this.#host.clock.after(2, () => watcher.notify(type, eventPath))',
      ),
    ],
  },
  {
    name: 'creation-not-told',
    says: 'Who waits for a znode to be created is not told.',
    expect: ['W-2'],
    changes: [
      change('core/tree/watch-manager.ts', '...this.#data.trigger(path, EventType.NodeCreated, acl).fired,', ''),
    ],
  },
  {
    name: 'watch-fires-twice',
    says: 'A one-shot watch stays when it has fired.',
    expect: ['W-3'],
    changes: [change('core/tree/watch-manager.ts', 'if (!stays) this.remove(watcher, path)', '')],
  },
  {
    name: 'catch-up-misses-children',
    says: 'Who comes back is told of new children only if the data of their parent have changed.',
    bug: 'ZOOKEEPER-3145',
    expect: ['W-4'],
    changes: [change('core/tree/watch-manager.ts', 'return node.pzxid > lastSeen ?', 'return node.mzxid > lastSeen ?')],
    shape: {
      families: ['reset'],
      config: { servers: 3 },
      deeds: {
        children: 4,
        create: 2,
        delete: 2,
        set: 0,
        setVersion: 0,
        burst: 0,
        big: 0,
        multi: 0,
        close: 0,
        vanish: 0,
        resume: 0,
        twin: 0,
      },
      faultEveryMs: 400,
    },
  },
  {
    name: 'events-backwards',
    says: 'Events wait for the next answer, and leave in the wrong order.',
    expect: ['W-5'],
    changes: [
      change(
        'core/server/client-connection.ts',
        "this.#write(frame, { protocol: 'client', type: 'watchEvent', detail })",
        "this.late.unshift(() => this.#write(frame, { protocol: 'client', type: 'watchEvent', detail }))",
      ),
      change(
        'core/server/client-connection.ts',
        '  /** A watch has fired. */',
        '  late = []\n  /** A watch has fired. */',
      ),
      change(
        'core/server/client-connection.ts',
        'if (this.hasEnded) return 0\n',
        'if (this.hasEnded) return 0\n    for (const write of this.late.splice(0)) write()\n',
      ),
    ],
    shape: {
      families: [],
      config: { servers: 3 },
      deeds: { exists: 3, get: 3, children: 2, addWatch: 1, set: 2, create: 2, delete: 2 },
    },
  },
  {
    name: 'told-without-permission',
    says: 'Events are sent also to those who may not read the znode.',
    bug: 'CVE-2024-23944',
    expect: ['W-6'],
    seed: 9,
    changes: [
      change(
        'core/server/watches.ts',
        'if (this.#security.allows(acl, Perms.READ, watcher.auth))',
        'if (acl !== null)',
      ),
    ],
    shape: { deeds: { setAcl: 0.5, auth: 1, addWatch: 1, get: 1, exists: 2 } },
  },
  {
    name: 'removal-without-effect',
    says: 'removeWatches says ok, and the watch stays.',
    expect: ['W-3', 'W-6'],
    changes: [
      change(
        'core/server/watches.ts',
        'this.#manager.remove(watcher, path, type).length > 0',
        'this.#manager.isWatched(watcher, path, type)',
      ),
    ],
    shape: { deeds: { removeWatches: 1, get: 2, addWatch: 1 } },
  },
]
