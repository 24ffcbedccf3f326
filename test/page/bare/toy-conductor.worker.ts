import { expose } from 'comlink'
import { conductorApi } from '../../../src/hosts/browser/conductor-host.ts'

expose(
  conductorApi((name) => new Worker(new URL('./toy-station.worker.ts', import.meta.url), { type: 'module', name })),
)
