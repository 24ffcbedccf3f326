/** The inside of the conductor worker: the conductor, its driver and crew, and the doors for the page. */
import { Conductor } from '../conductor.ts'
import { Driver } from '../driver.ts'
import { realClock } from '../real-clock.ts'
import { Crew } from './crew.ts'
import type { BeginConductor, ConductorApi, Reply, TraceBatch } from './protocol.ts'

/** Batches that the page may be behind before the run waits for it. */
const MAX_UNREAD = 8

export const conductorApi = (spawn: (name: string) => Worker): ConductorApi => {
  let host: ConductorHost | undefined
  const begun = (): ConductorHost => {
    if (!host) throw new Error('not begun')
    return host
  }
  return {
    begin: (begin) => {
      host = new ConductorHost(begin, spawn)
    },
    setRate: (rate) => begun().driver.setRate(rate),
    setTraceLevel: (level) => begun().driver.setTraceLevel(level),
    isRunning: (station) => begun().isRunning(station),
    advance: async () => begun().reply(await begun().driver.advance()),
    runUntil: async (...wanted) => begun().reply(await begun().driver.runUntil(...wanted)),
    enter: async (action) => {
      try {
        return begun().reply({ outcome: await begun().driver.enter(action) })
      } catch (error) {
        return begun().reply({ error: error instanceof Error ? error.message : String(error) })
      }
    },
    dispose: () => begun().dispose(),
  }
}

class ConductorHost {
  readonly driver: Driver
  readonly #conductor: Conductor
  readonly #crew: Crew
  #batch = 0
  #read = 0
  #room: (() => void) | undefined

  constructor({ config, ensemble, storage, trace }: BeginConductor, spawn: (name: string) => Worker) {
    trace.onmessage = ({ data }: MessageEvent<number>) => this.#wasRead(data)
    const conductor = new Conductor(config)
    this.#conductor = conductor
    const run = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
    this.#crew = new Crew({ conductor, ensemble, run, storage, spawn, notice: (notice) => this.driver.notice(notice) })
    this.driver = new Driver({
      conductor,
      execute: (plan) => this.#crew.execute(plan),
      clock: realClock,
      sink: {
        tell: (events, notices) => {
          const batch: TraceBatch = { batch: ++this.#batch, events, notices }
          trace.postMessage(batch)
        },
        busy: () => this.#busy(),
      },
    })
  }

  isRunning(station: number): boolean {
    return this.#conductor.isRunning(station)
  }

  reply<T>(value: T): Reply<T> {
    return { value, batch: this.#batch }
  }

  async dispose(): Promise<void> {
    this.#read = Number.POSITIVE_INFINITY
    this.#room?.()
    await this.driver.stop()
    this.#crew.dispose()
  }

  #busy(): Promise<void> | undefined {
    if (this.#batch - this.#read < MAX_UNREAD) return undefined
    return new Promise((resolve) => {
      this.#room = resolve
    })
  }

  #wasRead(batch: number): void {
    this.#read = Math.max(this.#read, batch)
    if (this.#batch - this.#read >= MAX_UNREAD) return
    this.#room?.()
    this.#room = undefined
  }
}
