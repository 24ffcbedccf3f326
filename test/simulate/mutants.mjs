/** The deliberate bugs: each a change of one or a few places of the sources, the property that must notice it, and after how
 *  many seeds at the latest. With a number of ZooKeeper's tracker: a bug that real servers have had. */
import { clientMutants } from './mutants/clients.mjs'
import { electionMutants } from './mutants/election.mjs'
import { environmentMutants } from './mutants/environment.mjs'
import { livenessMutants } from './mutants/liveness.mjs'
import { orderMutants } from './mutants/order.mjs'
import { sessionMutants } from './mutants/sessions.mjs'
import { storageMutants } from './mutants/storage.mjs'
import { synchronizationMutants } from './mutants/synchronization.mjs'
import { treeMutants } from './mutants/tree.mjs'
import { watchMutants } from './mutants/watches.mjs'

/**
 * @typedef {{ readonly file: string, readonly find: string, readonly replace: string }} Change
 *   `file`: below src; `find`: stands there exactly once.
 * @typedef {{
 *   readonly name: string,
 *   readonly says: string,
 *   readonly expect: readonly (import('../../src/check/properties.ts').PropertyId | 'halt')[],
 *   readonly changes: readonly Change[],
 *   readonly bug?: string,
 *   readonly seed?: number,
 *   readonly seeds?: number,
 *   readonly seconds?: number,
 *   readonly shape?: import('./kill.ts').Shape,
 * }} Mutant
 *   `says`: what is wrong, in a sentence. `expect`: ids of check/properties.ts, the first one the one that must be broken,
 *   the others as good; 'halt': a server stops itself without
 *   need. `bug`: as in ZooKeeper's tracker. `seed`: one that is known to kill it. `seeds`: budget, 50 where it
 *   is not given. `seconds`: of trouble, 30 where it is not given. `shape`: what is not left to the dice, where these would
 *   come to it too rarely.
 */

/** @type {readonly Mutant[]} */
export const mutants = [
  ...electionMutants,
  ...orderMutants,
  ...synchronizationMutants,
  ...storageMutants,
  ...treeMutants,
  ...sessionMutants,
  ...clientMutants,
  ...watchMutants,
  ...livenessMutants,
  ...environmentMutants,
]
