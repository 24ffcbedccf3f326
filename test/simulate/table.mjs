/** `npm run simulate -- --mutants`: hunts all of them from several first seeds, and says how many seeds each took. */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { budgetFrom, hunts } from './hunt.mjs'
import { mutants } from './mutants.mjs'

/** First seeds of the hunts of one mutant. */
const STARTS = [1, 1001, 2001]

/** @param {readonly string[]} args */
export async function table(args) {
  const { values } = parseArgs({
    args: [...args],
    options: { mutants: { type: 'boolean' }, json: { type: 'string' }, mutant: { type: 'string', multiple: true } },
  })
  const wanted = mutants.filter(({ name }) => values.mutant === undefined || values.mutant.includes(name))
  const rows = await Promise.all(wanted.map(rowOf))
  console.log(`\n${rows.filter(({ took }) => took !== undefined).length} of ${rows.length} mutants noticed`)
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows, null, 2))
  return rows.every(({ took }) => took !== undefined) ? 0 : 1
}

/** @param {import('./mutants.mjs').Mutant} mutant */
async function rowOf(mutant) {
  const lists = STARTS.map((start) => budgetFrom(mutant, start))
  const hunted = (await hunts(mutant, lists)).map(({ attempts, killedBy, error }) => ({
    ...{ took: killedBy === undefined ? undefined : attempts.length, seed: killedBy?.seed, killedBy, error },
  }))
  const { name, expect, bug, says } = mutant
  // The median; a hunt without success counts as the longest.
  const took = hunted.map((each) => each.took ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)[STARTS.length >> 1]
  const best = hunted.find(({ killedBy }) => killedBy !== undefined)?.killedBy
  const row = {
    ...{ name, bug, says, expect, shape: mutant.shape !== undefined },
    fired: best?.broken ?? [],
    sentence: best?.sentence,
    seeds: hunted.map(({ seed }) => seed),
    took: took === Number.POSITIVE_INFINITY ? undefined : took,
    error: hunted.find(({ error }) => error !== undefined)?.error,
  }
  const how = row.took === undefined ? 'SURVIVES' : `${row.took} seeds`
  console.log([name.padEnd(32), expect.join(' ').padEnd(20), row.fired.join(' ').padEnd(24), how].join(' '))
  return row
}
