/** Counts what seeds found and reached, and tells of it while they run and at the end. */
import { allMarks } from '../../src/hosts/sim/marks.ts'
import type { Summary } from './seeds.ts'

/** Findings of so many seeds are printed as they come; all are in the JSON. */
const TOLD_SEEDS = 25
const TELL_MS = 2000
const TOLD_EVENTS = 50

export class Tally {
  readonly all: Summary[] = []
  readonly #count: number
  readonly #quiet: boolean
  readonly #startMs = performance.now()
  #toldMs = performance.now()
  #bad = 0

  constructor(count: number, quiet: boolean) {
    this.#count = count
    this.#quiet = quiet
  }

  get isClean(): boolean {
    return this.#bad === 0
  }

  add(summary: Summary): void {
    this.all.push(summary)
    const [first] = summary.findings
    if (first !== undefined && this.#bad++ < TOLD_SEEDS)
      console.log(`seed ${summary.seed}: ${first.property} at ${(first.atUs / 1e6).toFixed(6)} s: ${first.sentence}`)
    const nowMs = performance.now()
    if (this.#quiet || nowMs - this.#toldMs < TELL_MS) return
    this.#toldMs = nowMs
    console.log(this.#line())
  }

  finish(): void {
    const bad = this.all.filter(({ findings }) => findings.length > 0)
    const [first] = bad
    if (first !== undefined) {
      console.log(`\nthe last events of seed ${first.seed}:`)
      for (const event of first.lastEvents.slice(-TOLD_EVENTS)) console.log(`  ${event}`)
    }
    console.log(`\n${this.#line()}`)
    const reached = new Map<string, number>(allMarks.map((mark) => [mark, 0]))
    for (const { marks } of this.all) for (const mark of marks) reached.set(mark, (reached.get(mark) ?? 0) + 1)
    console.log('reached, in so many seeds:')
    for (const [mark, seeds] of reached) console.log(`  ${String(seeds).padStart(6)}  ${mark}`)
    const byProperty = new Map<string, number[]>()
    for (const { seed, findings } of bad)
      for (const property of new Set(findings.map((finding) => finding.property)))
        byProperty.set(property, [...(byProperty.get(property) ?? []), seed])
    for (const [property, seeds] of byProperty)
      console.log(`broken: ${property} by ${seeds.length} seeds, as ${seeds.slice(0, 10).join(', ')}`)
  }

  #line(): string {
    const seconds = (performance.now() - this.#startMs) / 1000
    const cpu = this.all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1000
    const virtual = this.all.reduce((sum, { virtualUs }) => sum + virtualUs, 0) / 1e6
    const events = this.all.reduce((sum, each) => sum + each.events, 0)
    const figures = [
      `${this.all.length}/${this.#count} seeds`,
      `${(this.all.length / seconds).toFixed(1)} seeds/s`,
      `${Math.round(virtual / cpu)} virtual s per s of one core`,
      `${Math.round(events / cpu / 1000)} k events/s`,
      `${this.#bad} with findings`,
    ]
    return figures.join(', ')
  }
}
