/** An ensemble that does nothing by itself: a test hands it events and time. */
import type { CliResult, Completion } from '../../src/core/cli/result.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { Ensemble, EventMatch, HostNotice, Rate } from '../../src/hosts/ensemble.ts'
import type { Fault } from '../../src/hosts/fault.ts'
import { runConfig, SLOW } from '../run-config.ts'

export const CONFIG = runConfig(3, { ...SLOW, wallStartMs: 0, snapCount: 1000 })

export class FakeEnsemble implements Ensemble {
  readonly config = CONFIG
  readonly orders: string[] = []
  rates: Rate[] = []
  /** What `advance` does. */
  onAdvance: () => number = () => this.edgeUs
  onRunUntil: () => TraceEvent | undefined = () => undefined
  answer: CliResult | Error = { lines: [], exitCode: 0 }
  edgeUs = 0
  #onTrace: (events: readonly TraceEvent[]) => void = () => {}
  #onNotice: (notice: HostNotice) => void = () => {}
  #clients = 100

  listen(onTrace: (events: readonly TraceEvent[]) => void, onNotice: (notice: HostNotice) => void): void {
    this.#onTrace = onTrace
    this.#onNotice = onNotice
  }
  /** Events, and that the trace is complete up to `edgeUs`. */
  tell(events: readonly TraceEvent[], edgeUs: number): void {
    this.edgeUs = edgeUs
    if (events.length > 0) this.#onTrace(events)
    this.#onNotice({ kind: 'time', edgeUs, rate: 1, idle: false })
  }
  notice(notice: HostNotice): void {
    this.#onNotice(notice)
  }

  get rate(): Rate | undefined {
    return this.rates.at(-1)
  }
  setRate(rate: Rate): void {
    this.rates.push(rate)
  }
  advance(): Promise<number> {
    return Promise.resolve(this.onAdvance())
  }
  runUntil(
    _match: EventMatch | readonly EventMatch[],
    _limitUs?: number,
    rate?: Rate,
  ): Promise<TraceEvent | undefined> {
    this.orders.push(`runUntil ${rate}`)
    return Promise.resolve(this.onRunUntil())
  }
  start(sid: number): Promise<void> {
    return this.#order(`start ${sid}`)
  }
  kill(sid: number): Promise<void> {
    return this.#order(`kill ${sid}`)
  }
  fault({ kind }: Fault): Promise<void> {
    return this.#order(kind)
  }
  openClient(connect: string): Promise<number> {
    this.orders.push(`client ${connect}`)
    return Promise.resolve(++this.#clients)
  }
  killClient(client: number): Promise<void> {
    return this.#order(`close ${client}`)
  }
  type(client: number, line: string): Promise<CliResult> {
    this.orders.push(`type ${client} ${line}`)
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer)
  }
  complete(_client: number, _line: string, cursor: number): Promise<Completion> {
    return Promise.resolve({ candidates: [], from: cursor })
  }
  /** Servers that do not run. */
  readonly stopped = new Set<number>()
  isRunning(sid: number): Promise<boolean> {
    return Promise.resolve(!this.stopped.has(sid))
  }
  readFile(sid: number, name: 'zoo.cfg' | 'myid'): Promise<string> {
    this.orders.push(`read ${sid} ${name}`)
    return Promise.resolve(name === 'myid' ? `${sid}` : `tickTime=2000\nclientPort=2181`)
  }
  setTraceLevel(level: 'full' | 'state' | 'off'): void {
    this.orders.push(`trace ${level}`)
  }
  dispose(): Promise<void> {
    return Promise.resolve()
  }
  wipe(): Promise<void> {
    return Promise.resolve()
  }
  #order(words: string): Promise<void> {
    this.orders.push(words)
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve()
  }
}
