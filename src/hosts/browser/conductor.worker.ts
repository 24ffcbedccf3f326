/// <reference lib="webworker" />
import { expose } from 'comlink'
import { conductorApi } from './conductor-host.ts'

expose(conductorApi((name) => new Worker(new URL('./station.worker.ts', import.meta.url), { type: 'module', name })))
