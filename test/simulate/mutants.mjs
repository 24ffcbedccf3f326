/** The deliberate bugs: each a change of one or a few places of the core, the property that must notice it first or second,
 *  and after how many seeds at the latest. With a number of ZooKeeper's tracker: a bug that real servers have had. */

/**
 * @typedef {{ readonly file: string, readonly find: string, readonly replace: string }} Change
 *   `file`: below src; `find`: stands there exactly once.
 * @typedef {{
 *   readonly name: string,
 *   readonly says: string,
 *   readonly expect: readonly string[],
 *   readonly changes: readonly Change[],
 *   readonly bug?: string,
 *   readonly seeds?: number,
 * }} Mutant
 *   `says`: what is wrong, in a sentence. `expect`: ids of check/properties.ts, one of which must be broken.
 *   `seeds`: budget, 50 where it is not given.
 */

/**
 * @param {string} file
 * @param {string} find
 * @param {string} replace
 * @returns {Change}
 */
const change = (file, find, replace) => ({ file, find, replace })

/** @type {readonly Mutant[]} */
export const mutants = [
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
]
