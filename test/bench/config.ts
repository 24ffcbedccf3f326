/** The ensembles that are measured. */
import type { RunConfig } from '../../src/hosts/ensemble.ts'
import { runConfig, SLOW } from '../run-config.ts'

/** A fast network and a fast disk: what is measured is the machine, not the waiting. */
export const fastConfig = (servers: number): RunConfig =>
  runConfig(servers, {
    latencyUs: { min: 1000, max: 1000 },
    diskSyncUs: { min: 100, max: 100 },
    // ZooKeeper's own limit would let 250 of a thousand writes wait for the others.
    globalOutstandingLimit: 100_000,
  })

/** As the page has it. */
export const pageConfig = (seed: number): RunConfig => runConfig(5, { ...SLOW, seed })

export const DATA_BYTES = 100
