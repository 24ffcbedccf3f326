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
export const SECONDS = 30

/** So many threads at once, whoever asks. */
const THREADS = 2
/** @type {(() => void)[]} */
const waiting = []
let running = 0

/** @param {string[]} expect */
const isLiveness = (expect) => expect.some((property) => /^L-|^O-2/.test(property))

/**
 * @param {Mutant} mutant
 * @param {{ readonly seeds?: readonly number[], readonly onAttempt?: (attempt: KillAttempt) => void }} [options] `seeds`: instead of its own
 * @returns {Promise<Hunted>}
 */
export async function hunt(mutant, { seeds, onAttempt } = {}) {
  const budget = Array.from({ length: mutant.seeds ?? BUDGET }, (_, index) => index + 1)
  const own = mutant.seed === undefined ? budget : [mutant.seed, ...budget.filter((seed) => seed !== mutant.seed)]
  return inTurn(async () => {
    const address = await bundle(mutant.name, 'kill')
    return run(address, taskOf(mutant, seeds ?? own), onAttempt)
  })
}

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
export const taskOf = ({ expect, seconds = SECONDS, shape }, seeds) => ({
  seeds,
  seconds,
  expect,
  heals: isLiveness([...expect]),
  ...(shape === undefined ? {} : { shape }),
})

/**
 * @param {string} address
 * @param {import('./kill.ts').KillTask} workerData
 * @param {(attempt: KillAttempt) => void} [onAttempt]
 * @returns {Promise<Hunted>}
 */
function run(address, workerData, onAttempt) {
  return new Promise((resolve) => {
    /** @type {KillAttempt[]} */
    const attempts = []
    /** @type {string | undefined} */
    let error
    const worker = new Worker(new URL(address), { workerData, execArgv: [] })
    worker.on('message', (attempt) => {
      attempts.push(attempt)
      onAttempt?.(attempt)
    })
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
