/** The ensembles that are measured. */
import type { RunConfig } from '../../src/hosts/ensemble.ts'

/** A fast network and a fast disk: what is measured is the machine, not the waiting. */
export const fastConfig = (servers: number): RunConfig => ({
  servers,
  seed: 1,
  latencyUs: { min: 1000, max: 1000 },
  diskSyncUs: { min: 100, max: 100 },
  tickTimeMs: 2000,
  initLimit: 10,
  syncLimit: 5,
  wallStartMs: 1_700_000_000_000,
  snapCount: 100_000,
  // ZooKeeper's own limit would let 250 of a thousand writes wait for the others.
  globalOutstandingLimit: 100_000,
  autostart: Array.from({ length: servers }, (_, index) => index + 1),
})

/** As the page has it. */
export const pageConfig = (seed: number): RunConfig => ({
  ...fastConfig(5),
  seed,
  latencyUs: { min: 20_000, max: 30_000 },
  diskSyncUs: { min: 2000, max: 6000 },
  globalOutstandingLimit: undefined,
})

export const DATA_BYTES = 100
