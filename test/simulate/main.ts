/** The hunt: seeds by the thousand, and what they found. Exits with 1 where anything was found. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { keptSchedule, scheduleText } from '../../src/hosts/sim/keep.ts'
import { runSchedule } from '../../src/hosts/sim/replay.ts'
import { parseSchedule, type Schedule } from '../../src/hosts/sim/schedule.ts'
import { shrink } from '../../src/hosts/sim/shrink.ts'
import { FAMILIES, type Family } from '../../src/hosts/sim/swarm.ts'
import { plainText, sentenceOf } from './report.ts'
import { drawn, judges, runOne, type Summary, shower, type Terms } from './seeds.ts'
import { Tally } from './tally.ts'

const OPTIONS = {
  seeds: { type: 'string', default: '1000' },
  from: { type: 'string', default: '1' },
  seed: { type: 'string' },
  seconds: { type: 'string', default: '100' },
  workers: { type: 'string', default: '1' },
  json: { type: 'string' },
  mutant: { type: 'string' },
  quiet: { type: 'boolean', default: false },
  show: { type: 'string' },
  bare: { type: 'boolean', default: false },
  family: { type: 'string', multiple: true },
  servers: { type: 'string' },
  replay: { type: 'string' },
  keep: { type: 'string' },
  shrink: { type: 'boolean', default: false },
  patience: { type: 'string', default: '60' },
  help: { type: 'boolean', default: false },
} as const

const USAGE = `npm run simulate -- [option …]

  --seeds N      so many seeds (1000)          --from N      the first one (1)
  --seed N       this one only                 --seconds N   virtual seconds of trouble in each (100)
  --workers N    threads (1)                   --json FILE   everything found, as JSON
  --mutant NAME  with a deliberate bug         --quiet       nothing while it runs
  --mutants      every deliberate bug: what should find it, what did, after how many seeds
  --family NAME  only these families of faults, may be given several times
  --servers N    so many voters in each, and no observers
  --bare         without the checkers of src/check, for work on the simulator itself
  --show REGEXP  prints the events whose line matches

  --replay FILE  runs a schedule (src/hosts/sim/schedule.ts) instead of seeds
  --keep FILE    with --seed: writes the run as a schedule
  --shrink       with --seed or --replay: leaves out of the run whatever is not needed for it to fail, for --patience N
                 seconds (60), and writes what is left to the file of --keep
`

interface Task {
  readonly seeds: readonly number[]
  readonly terms: Terms
}

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const { seed, replay, show, bare, json } = values
  const servers = values.servers === undefined ? undefined : Number(values.servers)
  const terms: Terms = { seconds: Number(values.seconds), families: familiesOf(values.family), servers, bare, show }
  if (replay !== undefined || values.shrink || values.keep !== undefined) {
    const schedule =
      replay === undefined
        ? keptSchedule(drawn(Number(seed), terms), terms.seconds)
        : parseSchedule(JSON.parse(readFileSync(replay, 'utf8')))
    const kept = values.shrink ? shrunk(schedule, terms, Number(values.patience)) : schedule
    if (values.keep !== undefined) writeFileSync(values.keep, scheduleText(kept))
    return played(kept, terms, json)
  }
  const count = seed === undefined ? Number(values.seeds) : 1
  const seeds = Array.from({ length: count }, (_, index) => Number(seed ?? values.from) + index)
  const tally = new Tally(count, values.quiet || seed !== undefined)
  const workers = Math.min(Number(values.workers) || cpus().length, count)
  if (workers <= 1) for (const each of seeds) tally.add(runOne(each, terms))
  else await inThreads(workers, seeds, terms, tally)
  tally.finish()
  if (json) writeFileSync(json, plainText(tally.all))
  return tally.isClean ? 0 : 1
}

function familiesOf(names: readonly string[] | undefined): readonly Family[] | undefined {
  return names?.map((name) => {
    if (!FAMILIES.includes(name as Family)) throw new Error(`no family ${name}: ${FAMILIES.join(', ')}`)
    return name as Family
  })
}

/** Runs a schedule and tells what came of it. */
function played(schedule: Schedule, terms: Terms, json: string | undefined): number {
  const options = terms.show === undefined ? {} : { onTrace: shower(terms.show) }
  const result = runSchedule(schedule, { checkers: judges(terms), ...options })
  for (const failure of result.failures) console.log(failure)
  for (const { property, sentence, event } of result.findings)
    console.log(`${property} at ${(event.at / 1e6).toFixed(6)} s: ${sentence}`)
  if (result.findings.length > 0 && terms.show === undefined)
    for (const event of result.lastEvents.slice(-50)) console.log(`  ${sentenceOf(event)}`)
  const { events, virtualUs, hash } = result
  console.log(`${events} events in ${(virtualUs / 1e6).toFixed(3)} virtual s, trace ${hash}`)
  if (json) writeFileSync(json, plainText(result))
  return result.findings.length + result.failures.length > 0 ? 1 : 0
}

function shrunk(schedule: Schedule, terms: Terms, patienceS: number): Schedule {
  const untilMs = performance.now() + patienceS * 1000
  const trial = (candidate: Schedule): string | undefined =>
    runSchedule(candidate, { checkers: judges(terms) }).findings[0]?.property
  return shrink(schedule, {
    trial,
    hasTime: () => performance.now() < untilMs,
    onSmaller: ({ script, cluster }, what) =>
      console.log(`${script.length} steps, ${cluster.servers} servers (${what})`),
  })
}

async function inThreads(count: number, seeds: readonly number[], terms: Terms, tally: Tally): Promise<void> {
  const threads = Array.from({ length: count }, (_, index) => {
    const task: Task = { terms: { ...terms, threads: count }, seeds: seeds.filter((_, at) => at % count === index) }
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task })
    return new Promise<void>((resolve, reject) => {
      worker.on('message', (summary: Summary) => tally.add(summary))
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  })
  await Promise.all(threads)
}

if (!isMainThread && parentPort !== null && workerData !== null) {
  const { seeds, terms } = workerData as Task
  for (const seed of seeds) parentPort.postMessage(runOne(seed, terms))
}
