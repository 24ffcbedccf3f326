/** The runs of the tests: an ensemble of so many servers, all started at once; each test says what it wants otherwise. */
import type { RunConfig } from '../src/hosts/ensemble.ts'

export const runConfig = (servers: number, given: Partial<RunConfig> = {}): RunConfig => ({
  servers,
  seed: 1,
  latencyUs: { min: 1000, max: 3000 },
  diskSyncUs: { min: 500, max: 2000 },
  tickTimeMs: 2000,
  initLimit: 10,
  syncLimit: 5,
  wallStartMs: 1_700_000_000_000,
  snapCount: 100_000,
  autostart: Array.from({ length: servers }, (_, index) => index + 1),
  ...given,
})

/** Network and disk as slow as the page has them. */
export const SLOW = { latencyUs: { min: 20_000, max: 30_000 }, diskSyncUs: { min: 2000, max: 6000 } }
