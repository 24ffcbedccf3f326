/** Hunts mutants: each is bundled, and run in a thread until the property that must notice it does. The seed that is known
 *  to kill it comes first, then those of its budget. */
import { Worker } from 'node:worker_threads'
import { bundle } from './bundle.mjs'

/**
 * @typedef {import('./mutants.mjs').Mutant} Mutant
 * @typedef {import('./kill.ts').KillAttempt} KillAttempt
 * @typedef {{ readonly attempts: readonly KillAttempt[], readonly killedBy: KillAttempt | undefined, readonly error?: string }} Hunted
 */

/** Seeds, unless the mutant says otherwise. */
export const BUDGET = 50
/** Virtual seconds of trouble. */
const SECONDS = 30

/** So many threads at once, whoever asks. */
const THREADS = 2
/** @type {(() => void)[]} */
const waiting = []
let running = 0

/** @param {string[]} expect */
const isLiveness = (expect) => expect.some((property) => /^L-|^O-2/.test(property))

/**
 * @param {Mutant} mutant
 * @returns {Promise<Hunted>}
 */
export async function hunt(mutant) {
  const { seed } = mutant
  const budget = budgetFrom(mutant, 1)
  const [hunted] = await hunts(mutant, [
    seed === undefined ? budget : [seed, ...budget.filter((each) => each !== seed)],
  ])
  return /** @type {Hunted} */ (hunted)
}

/**
 * One hunt after the other, each over seeds of its own.
 * @param {Mutant} mutant
 * @param {readonly (readonly number[])[]} lists
 * @returns {Promise<Hunted[]>}
 */
export function hunts(mutant, lists) {
  return inTurn(async () => {
    const address = await bundle(mutant.name, 'kill')
    const hunted = []
    for (const seeds of lists) hunted.push(await run(address, taskOf(mutant, seeds)))
    return hunted
  })
}

/**
 * @param {Mutant} mutant
 * @param {number} start
 */
export const budgetFrom = ({ seeds = BUDGET }, start) => Array.from({ length: seeds }, (_, index) => start + index)

/**
 * The same without the bug: nothing may be found.
 * @param {Mutant} mutant
 * @returns {Promise<Hunted>}
 */
export async function huntSound(mutant) {
  sound ??= bundle(undefined, 'kill')
  const address = await sound
  return inTurn(() => run(address, { ...taskOf(mutant, [mutant.seed ?? 1]), expect: [] }))
}
/** @type {Promise<string> | undefined} */
let sound

/**
 * @param {Mutant} mutant
 * @param {readonly number[]} seeds
 * @returns {import('./kill.ts').KillTask}
 */
const taskOf = ({ expect, seconds = SECONDS, shape }, seeds) => ({
  seeds,
  seconds,
  expect,
  heals: isLiveness([...expect]),
  ...(shape === undefined ? {} : { shape }),
})

/**
 * @param {string} address
 * @param {import('./kill.ts').KillTask} workerData
 * @returns {Promise<Hunted>}
 */
function run(address, workerData) {
  return new Promise((resolve) => {
    /** @type {KillAttempt[]} */
    const attempts = []
    /** @type {string | undefined} */
    let error
    const worker = new Worker(new URL(address), { workerData, execArgv: [] })
    worker.on('message', (attempt) => attempts.push(attempt))
    worker.on('error', (thrown) => {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    })
    worker.on('exit', () =>
      resolve({ attempts, killedBy: attempts.find(({ killed }) => killed), ...(error === undefined ? {} : { error }) }),
    )
  })
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function inTurn(work) {
  if (running >= THREADS) await new Promise((resolve) => waiting.push(() => resolve(undefined)))
  running++
  try {
    return await work()
  } finally {
    running--
    waiting.shift()?.()
  }
}
