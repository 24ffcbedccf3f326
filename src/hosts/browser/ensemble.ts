/** The page's side of the ensemble in its workers. */
import { type Remote, releaseProxy, transfer, wrap } from 'comlink'
import type { CliResult, Completion } from '../../core/cli/result.ts'
import type { TraceEvent } from '../../core/trace.ts'
import type { Action, Outcome } from '../conductor.ts'
import type { Ensemble, EventMatch, HostNotice, LoadSpec, Rate, RunConfig, Storage } from '../ensemble.ts'
import type { Fault } from '../fault.ts'
import { serverFile } from '../server-files.ts'
import type { TraceLevel } from '../station.ts'
import { deleteFiles } from './opfs.ts'
import type { ConductorApi, Reply, TraceBatch } from './protocol.ts'

export interface BrowserOptions {
  readonly storage: Storage
  /** Names the ensemble's files and channels; see claimEnsemble. */
  readonly id: string
  /** Makes the conductor's worker; a test gives its own. */
  readonly spawn?: () => Worker
}

const spawnConductor = (): Worker =>
  new Worker(new URL('./conductor.worker.ts', import.meta.url), { type: 'module', name: 'conductor' })

/** Resolves when the conductor is there; the servers of `autostart` start at once, and time stands still until a rate is
 *  set. Rejects when its worker does not load. */
export const createBrowserEnsemble = async (config: RunConfig, options: BrowserOptions): Promise<BrowserEnsemble> => {
  const worker = (options.spawn ?? spawnConductor)()
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => reject(new Error(event.message || 'the conductor’s worker did not load'))
  })
  const api = wrap<ConductorApi>(worker)
  const { port1, port2 } = new MessageChannel()
  const { storage, id: ensemble } = options
  const begun = api.begin(transfer({ config, ensemble, storage, trace: port2 }, [port2]))
  await Promise.race([begun, failed])
  return new BrowserEnsemble(config, ensemble, worker, api, port1)
}

export class BrowserEnsemble implements Ensemble {
  readonly config: RunConfig
  readonly #id: string
  readonly #worker: Worker
  readonly #api: Remote<ConductorApi>
  readonly #trace: MessagePort
  #onTrace: ((events: readonly TraceEvent[]) => void) | undefined
  #onNotice: ((notice: HostNotice) => void) | undefined
  #read = 0
  /** Answers that wait for their batch. */
  #waiting: { readonly batch: number; readonly resolve: () => void }[] = []

  constructor(config: RunConfig, id: string, worker: Worker, api: Remote<ConductorApi>, trace: MessagePort) {
    this.config = config
    this.#id = id
    this.#worker = worker
    this.#api = api
    this.#trace = trace
    worker.onerror = (event) => this.#onNotice?.({ kind: 'trouble', code: 'workerFailed', message: event.message })
  }

  listen(onTrace: (events: readonly TraceEvent[]) => void, onNotice: (notice: HostNotice) => void): void {
    this.#onTrace = onTrace
    this.#onNotice = onNotice
    // Setting the handler starts the port: nothing was lost before.
    this.#trace.onmessage = ({ data }: MessageEvent<TraceBatch>) => this.#onBatch(data)
  }

  setRate(rate: Rate): void {
    void this.#api.setRate(rate)
  }

  setTraceLevel(level: TraceLevel): void {
    void this.#api.setTraceLevel(level)
  }

  async advance(): Promise<number> {
    return this.#told(await this.#api.advance())
  }

  async runUntil(
    match: EventMatch | readonly EventMatch[],
    limitUs?: number,
    rate?: Rate,
  ): Promise<TraceEvent | undefined> {
    return this.#told(await this.#api.runUntil(match, limitUs, rate))
  }

  async start(sid: number): Promise<void> {
    await this.#enter({ kind: 'start', sid })
  }

  async kill(sid: number): Promise<void> {
    await this.#enter({ kind: 'kill', station: sid })
  }

  async fault(fault: Fault): Promise<void> {
    await this.#enter(fault)
  }

  async openClient(connect: string, load?: LoadSpec): Promise<number> {
    return (await this.#enter({ kind: 'openClient', connect, load })) as number
  }

  async killClient(client: number): Promise<void> {
    await this.#enter({ kind: 'kill', station: client })
  }

  async type(client: number, line: string): Promise<CliResult> {
    return (await this.#enter({ kind: 'type', client, line })) as CliResult
  }

  async complete(client: number, line: string, cursor: number): Promise<Completion> {
    return (await this.#enter({ kind: 'complete', client, line, cursor })) as Completion
  }

  async isRunning(sid: number): Promise<boolean> {
    return await this.#api.isRunning(sid)
  }

  async readFile(sid: number, name: 'zoo.cfg' | 'myid'): Promise<string> {
    return serverFile(sid, name, this.config)
  }

  async dispose(): Promise<void> {
    await this.#api.dispose()
    this.#api[releaseProxy]()
    this.#worker.terminate()
    this.#trace.close()
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  async wipe(): Promise<void> {
    await this.dispose()
    await deleteFiles(this.#id)
  }

  async #enter(action: Action): Promise<Outcome> {
    const result = await this.#told(await this.#api.enter(action))
    if ('error' in result) throw new Error(result.error)
    return result.outcome
  }

  /** An answer counts once the trace that led to it is here: the two come on different ways. */
  async #told<T>({ value, batch }: Reply<T>): Promise<T> {
    if (this.#onTrace && this.#read < batch) {
      await new Promise<void>((resolve) => this.#waiting.push({ batch, resolve }))
    }
    return value
  }

  #onBatch({ batch, events, notices }: TraceBatch): void {
    try {
      if (events.length > 0) this.#onTrace?.(events)
      for (const notice of notices) this.#onNotice?.(notice)
    } finally {
      this.#read = batch
      this.#trace.postMessage(batch)
      const ready = this.#waiting.filter((each) => each.batch <= batch)
      this.#waiting = this.#waiting.filter((each) => each.batch > batch)
      for (const { resolve } of ready) resolve()
    }
  }
}
