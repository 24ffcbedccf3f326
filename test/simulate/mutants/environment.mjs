/** The world is broken, and the servers are as they should be. */
import { change } from './change.mjs'

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const environmentMutants = [
  {
    name: 'disk-lies',
    says: 'A disk says that a sync is complete, and has not begun it.',
    expect: ['R-5', 'D-2', 'Z-9'],
    changes: [change('hosts/disk-port.ts', 'this.#store.synced(mark)\n', '')],
    shape: { families: ['powerCut', 'kill'], faultEveryMs: 1000 },
  },
  {
    name: 'disk-loses-what-it-has',
    says: 'A wiped server comes back whatever the others have, and votes.',
    bug: 'ZOOKEEPER-261',
    expect: ['E-5', 'Z-9'],
    changes: [
      change('hosts/sim/chaos.ts', 'if (!voters.includes(sid)) return true', 'if (voters.length > 0) return true'),
    ],
    shape: { families: ['wipe', 'kill', 'partition'], faultEveryMs: 700, lastsMs: 2000 },
  },
  {
    name: 'network-reorders',
    says: 'Frames of one connection overtake each other.',
    expect: ['R-3'],
    changes: [
      change(
        'hosts/network-port.ts',
        'this.#lastArrivalUs = Math.max(this.#lastArrivalUs, arrival)\n',
        'this.#lastArrivalUs = arrival\n',
      ),
    ],
    shape: { families: ['delay'], config: { witness: 'all' }, faultEveryMs: 500 },
  },
  {
    name: 'dice-without-a-seed',
    says: 'One draw comes from a generator that nobody has seeded.',
    expect: ['R-1'],
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'return half + this.#ports.random.int(0, half - 1)',
        'return half + Math.floor(Math.random() * half)',
      ),
    ],
    shape: { config: { snapCount: 100 } },
  },
  {
    name: 'frames-before-their-time',
    says: 'A frame comes earlier than the link lets it.',
    expect: ['R-2'],
    changes: [
      change(
        'hosts/station.ts',
        'this.#queue.push({ dueUs: frame.arrivesAtUs, from: frame.from, order, frame })',
        'this.#queue.push({ dueUs: frame.arrivesAtUs - 1, from: frame.from, order, frame })',
      ),
    ],
    shape: { config: { witness: 'all' } },
  },
]
