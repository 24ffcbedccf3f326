/** E: votes, epochs, and who leads. */
import { change } from './change.mjs'

/** The vote for oneself and the answer to LEADERINFO say what the log has; and a leader turns away who has more. */
const TAKES_ANY_FOLLOWER = change(
  'core/zab/leader.ts',
  'if (currentEpoch > mine || (currentEpoch === mine && lastZxid > myZxid))',
  'if (currentEpoch > mine + 1e6)',
)

/** @type {readonly import('../mutants.mjs').Mutant[]} */
export const electionMutants = [
  {
    name: 'epoch-not-raised',
    says: 'A new leader takes the highest accepted epoch for its own, not the next one.',
    expect: ['E-1'],
    changes: [
      change('core/zab/leader.ts', 'this.#epoch = acceptedEpoch + 1', 'this.#epoch = Math.max(1, acceptedEpoch)'),
    ],
    shape: { families: ['kill'], config: { servers: 3 }, faultEveryMs: 2000, lastsMs: 6000 },
  },
  {
    name: 'accepted-epoch-not-written',
    says: 'acceptedEpoch is kept in memory alone: who restarts has promised nothing.',
    bug: 'ZOOKEEPER-1291',
    expect: ['E-1', 'E-2', 'E-3'],
    changes: [
      change(
        'core/storage/epochs.ts',
        'const failed = this.#disk.replace(pathTo(file), toUtf8(String(epoch)))',
        'const failed = file === ACCEPTED ? undefined : this.#disk.replace(pathTo(file), toUtf8(String(epoch)))',
      ),
    ],
  },
  {
    name: 'current-epoch-before-accepted',
    says: 'A learner writes currentEpoch as soon as it hears of the epoch, before acceptedEpoch.',
    bug: 'ZOOKEEPER-1653',
    expect: ['E-2'],
    changes: [
      change(
        'core/zab/learner.ts',
        'database.epochs.setAccepted(epoch, (error) => {',
        'database.epochs.setCurrent(epoch, () => {}); database.epochs.setAccepted(epoch, (error) => {',
      ),
    ],
  },
  {
    name: 'promise-forgotten',
    says: 'A new leader goes back by an epoch, and learners follow it though they have accepted a newer one.',
    expect: ['E-3'],
    changes: [
      change(
        'core/zab/leader.ts',
        'this.#epoch = acceptedEpoch + 1',
        'this.#epoch = acceptedEpoch + (acceptedEpoch > 1 ? -1 : 1)',
      ),
      change(
        'core/zab/leader.ts',
        'database.epochs.setAccepted(this.#epoch, (error) => {',
        'database.epochs.setAccepted(Math.max(this.#epoch, database.epochs.accepted), (error) => {',
      ),
      change(
        'core/zab/learner.ts',
        'if (epoch < accepted) return this.#resign(',
        'this.#epoch = epoch\n    if (epoch < accepted) return this.#ackEpoch(database.epochs.current)\n    if (epoch < 0) return this.#resign(',
      ),
    ],
    shape: { families: ['kill'], config: { servers: 3 }, faultEveryMs: 2000, lastsMs: 1500 },
  },
  {
    name: 'epoch-before-history',
    says: 'currentEpoch is written before the history that it stands for is on disk.',
    bug: 'ZOOKEEPER-4643',
    expect: ['E-4'],
    changes: [
      change(
        'core/zab/learner.ts',
        'database.sync((historyError) => {',
        'database.epochs.setCurrent(epoch, () => {}); database.sync((historyError) => {',
      ),
    ],
  },
  {
    name: 'weakest-vote-wins',
    says: 'Of two votes with the same epoch the one with the smaller zxid wins, and the leader takes followers that have more.',
    expect: ['E-5'],
    seed: 4,
    changes: [
      change('core/election/vote.ts', 'vote.zxid > other.zxid ?', 'vote.zxid < other.zxid ?'),
      TAKES_ANY_FOLLOWER,
    ],
  },
  {
    name: 'votes-without-epoch',
    says: 'Votes are compared by zxid, whatever the epoch of the history.',
    expect: ['E-6'],
    seed: 9,
    changes: [change('core/election/vote.ts', 'if (vote.peerEpoch !== other.peerEpoch)', 'if (vote.peerEpoch > 1e9)')],
  },
  {
    name: 'old-rounds-count',
    says: 'Votes of earlier rounds are counted.',
    expect: ['E-6'],
    seed: 4,
    changes: [
      change(
        'core/election/election.ts',
        'if (received.electionEpoch < this.#round) return this.#told',
        'if (received.electionEpoch < -1) return this.#told',
      ),
    ],
  },
  {
    name: 'half-is-a-quorum',
    says: 'Half of the voters are taken for a quorum.',
    expect: ['E-6', 'Z-8'],
    changes: [
      change(
        'core/config/quorum-verifier.ts',
        'return present > Math.floor(this.voters.length / 2)',
        'return present >= this.voters.length / 2',
      ),
    ],
    shape: { config: { servers: 4 } },
  },
  {
    name: 'expires-after-the-end',
    says: 'A leader that has resigned goes on expiring sessions.',
    expect: ['E-7', 'E-8'],
    seed: 2,
    changes: [
      change('core/zab/leader.ts', '    this.#sessions?.stop()\n', ''),
      change(
        'core/zab/leader.ts',
        'if (this.#stopped || this.#prep === undefined) return',
        'if (this.#prep === undefined) return',
      ),
    ],
  },
  {
    name: 'log-queue-survives',
    says: 'The log has a queue of its own that is written after its role has ended, while the server votes already.',
    bug: 'ZOOKEEPER-4712',
    expect: ['E-8', 'S-4'],
    seed: 18,
    changes: [
      change(
        'core/storage/sync-processor.ts',
        'const direct = this.#waiting.length === 0 && this.#holds === 0',
        'const direct = this.#holds > 1e9',
      ),
      change(
        'core/storage/sync-processor.ts',
        'this.#waiting.push(entry)\n      return this.#pump()',
        'this.#waiting.push(entry)\n      return void this.#ports.clock.after(2, () => this.#pump())',
      ),
      change('core/server/replica.ts', '    this.#database.sync((error) => {', '    ;((done) => done())((error) => {'),
    ],
  },
]
