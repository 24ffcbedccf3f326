/** The browser host without the product's page, for its own tests: hands its doors to the test, and keeps the trace. */
import type { TraceEvent } from '../../../src/core/trace.ts'
import { claimEnsemble } from '../../../src/hosts/browser/claim.ts'
import { type BrowserEnsemble, createBrowserEnsemble } from '../../../src/hosts/browser/ensemble.ts'
import { storageState } from '../../../src/hosts/browser/opfs.ts'
import type { HostNotice, RunConfig, Storage } from '../../../src/hosts/ensemble.ts'
import { plain } from './plain.ts'

export interface Opened {
  readonly ensemble: BrowserEnsemble
  readonly events: TraceEvent[]
  readonly notices: HostNotice[]
  batches: number
}

const openWith =
  (spawn?: () => Worker) =>
  async (config: RunConfig, storage: Storage, id: string): Promise<Opened> => {
    const ensemble = await createBrowserEnsemble(config, { storage, id, ...(spawn ? { spawn } : {}) })
    const opened: Opened = { ensemble, events: [], notices: [], batches: 0 }
    ensemble.listen(
      (events) => {
        opened.batches++
        for (const event of events) opened.events.push(event)
      },
      (notice) => opened.notices.push(notice),
    )
    return opened
  }

const spawnToys = (): Worker => new Worker(new URL('./toy-conductor.worker.ts', import.meta.url), { type: 'module' })

const bare = { open: openWith(), openToys: openWith(spawnToys), claimEnsemble, storageState, plain }
export type Bare = typeof bare
Object.assign(window, { bare })
