/** The hunt: seeds by the thousand, and what they found.
 *
 *  --seeds N      so many seeds (1000)          --from N      the first one (1)
 *  --seed N       this one only                 --seconds N   virtual seconds of trouble in each (100)
 *  --workers N    threads (1)                   --json FILE   everything found, as JSON
 *  --mutant NAME  with a deliberate bug         --quiet       nothing while it runs
 *  --show REGEXP  prints the events whose line matches
 *  --bare         without the checkers of src/check, for work on the simulator itself
 *  --family NAME  only these families of faults, may be given several times */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { EnsembleChecker } from '../../src/check/checker.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import { allMarks } from '../../src/hosts/sim/marks.ts'
import { runSeed, type SeedResult } from '../../src/hosts/sim/run-seed.ts'
import { FAMILIES, type Family } from '../../src/hosts/sim/swarm.ts'
import { plainText, sentenceOf } from './report.ts'

interface Task {
  readonly seeds: readonly number[]
  readonly seconds: number
  readonly families: readonly Family[] | undefined
  readonly bare: boolean
  readonly show: string | undefined
}

/** What is kept of a seed; plain data. */
interface Summary {
  readonly seed: number
  readonly hash: string
  readonly events: number
  readonly virtualUs: number
  readonly cpuMs: number
  readonly marks: readonly string[]
  readonly findings: readonly { readonly property: string; readonly sentence: string; readonly atUs: number }[]
  readonly lastEvents: readonly string[]
}

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
} as const

/** Findings of so many seeds are printed as they come; all are in the JSON. */
const TOLD_SEEDS = 25
/** Each hundredth seed is run twice. */
const SAMPLE = 100

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const { seed, family } = values
  const from = Number(seed ?? values.from)
  const count = seed === undefined ? Number(values.seeds) : 1
  const families = family?.map((name) => {
    if (!FAMILIES.includes(name as Family)) throw new Error(`no family ${name}: ${FAMILIES.join(', ')}`)
    return name as Family
  })
  const task = { seconds: Number(values.seconds), families, bare: values.bare, show: values.show }
  const seeds = Array.from({ length: count }, (_, index) => from + index)
  const tally = new Tally(count, values.quiet || seed !== undefined)
  const workers = Math.min(Number(values.workers) || cpus().length, count)
  if (workers <= 1) for (const each of seeds) tally.add(runOne(each, task))
  else await inThreads(workers, seeds, task, tally)
  tally.finish()
  if (values.json) writeFileSync(values.json, plainText(tally.all))
  return tally.all.some(({ findings }) => findings.length > 0) ? 1 : 0
}

function runOne(seed: number, { seconds, families, bare, show }: Omit<Task, 'seeds'>): Summary {
  const run = (): SeedResult =>
    runSeed(seed, {
      seconds,
      checkers: () => (bare ? [] : [new EnsembleChecker()]),
      ...(show === undefined ? {} : { onTrace: shower(show) }),
      ...(families ? { shape: (plan) => ({ ...plan, families }) } : {}),
    })
  const before = process.cpuUsage()
  const result = run()
  const used = process.cpuUsage(before)
  const findings = result.findings.map(({ property, sentence, event }) => ({ property, sentence, atUs: event.at }))
  if (seed % SAMPLE === 0) {
    const again = run().hash
    if (again !== result.hash)
      findings.push({ property: 'R-1', sentence: `a second run gave ${again}, the first ${result.hash}`, atUs: 0 })
  }
  return {
    seed,
    hash: result.hash,
    events: result.events,
    virtualUs: result.virtualUs,
    cpuMs: (used.user + used.system) / 1000,
    marks: result.marks,
    findings,
    lastEvents: findings.length === 0 ? [] : result.lastEvents.map(sentenceOf),
  }
}

/** Prints what matches. */
function shower(pattern: string): (events: readonly TraceEvent[]) => void {
  const wanted = new RegExp(pattern)
  return (events) => {
    for (const event of events) {
      const line = sentenceOf(event)
      if (wanted.test(line)) console.log(line)
    }
  }
}

async function inThreads(
  count: number,
  seeds: readonly number[],
  task: Omit<Task, 'seeds'>,
  tally: Tally,
): Promise<void> {
  const threads = Array.from({ length: count }, (_, index) => {
    const mine: Task = { ...task, seeds: seeds.filter((_, at) => at % count === index) }
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: mine })
    return new Promise<void>((resolve, reject) => {
      worker.on('message', (summary: Summary) => tally.add(summary))
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  })
  await Promise.all(threads)
}

/** Counts what comes in, and tells of it. */
class Tally {
  readonly all: Summary[] = []
  readonly #count: number
  readonly #quiet: boolean
  readonly #startMs = performance.now()
  #toldMs = performance.now()

  constructor(count: number, quiet: boolean) {
    this.#count = count
    this.#quiet = quiet
  }

  add(summary: Summary): void {
    this.all.push(summary)
    // The first says most; and where nearly every seed finds something, a few tell it.
    const bad = this.all.filter(({ findings }) => findings.length > 0).length
    for (const { property, sentence, atUs } of summary.findings.slice(0, bad > TOLD_SEEDS ? 0 : 1))
      console.log(`seed ${summary.seed}: ${property} at ${(atUs / 1e6).toFixed(6)} s: ${sentence}`)
    const nowMs = performance.now()
    if (this.#quiet || nowMs - this.#toldMs < 2000) return
    this.#toldMs = nowMs
    console.log(this.#line())
  }

  finish(): void {
    const bad = this.all.filter(({ findings }) => findings.length > 0)
    for (const { seed, lastEvents } of bad.slice(0, 1)) {
      console.log(`\nthe last events of seed ${seed}:`)
      for (const event of lastEvents) console.log(`  ${event}`)
    }
    console.log(`\n${this.#line()}`)
    const reached = new Map<string, number>(allMarks.map((mark) => [mark, 0]))
    for (const { marks } of this.all) for (const mark of marks) reached.set(mark, (reached.get(mark) ?? 0) + 1)
    console.log('reached, in so many seeds:')
    for (const [mark, seeds] of reached) console.log(`  ${String(seeds).padStart(6)}  ${mark}`)
    const byProperty = new Map<string, number[]>()
    for (const { seed, findings } of bad)
      for (const { property } of findings) byProperty.set(property, [...(byProperty.get(property) ?? []), seed])
    for (const [property, seeds] of byProperty)
      console.log(`broken: ${property} by ${seeds.length} seeds, as ${seeds.slice(0, 10).join(', ')}`)
  }

  #line(): string {
    const seconds = (performance.now() - this.#startMs) / 1000
    const cpu = this.all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1000
    const virtual = this.all.reduce((sum, { virtualUs }) => sum + virtualUs, 0) / 1e6
    const events = this.all.reduce((sum, each) => sum + each.events, 0)
    const bad = this.all.filter(({ findings }) => findings.length > 0).length
    const figures = [
      `${this.all.length}/${this.#count} seeds`,
      `${(this.all.length / seconds).toFixed(1)} seeds/s`,
      `${Math.round(virtual / cpu)} virtual s per s of one core`,
      `${Math.round(events / cpu / 1000)} k events/s`,
      `${bad} with findings`,
    ]
    return figures.join(', ')
  }
}

if (!isMainThread && parentPort !== null && workerData !== null) {
  const task = workerData as Task
  for (const seed of task.seeds) parentPort.postMessage(runOne(seed, task))
}
