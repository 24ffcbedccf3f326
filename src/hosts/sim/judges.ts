/** Who judges a run in the simulator: all that goes along with its events, and what only a simulator can do. */
import { EnsembleChecker } from '../../check/checker.ts'
import type { RunConfig } from '../ensemble.ts'
import type { Judging } from './run.ts'
import { ShadowRecovery } from './shadow-recovery.ts'
import type { Simulation } from './sim.ts'

/** Of so many seeds one has the histories of its clients explained at the end. */
const EXPLAINED = 100
/** One of so many changes of a disk is followed by a power cut of a copy; of a few seeds, many more. */
const CUTS = 1000
const MANY_CUTS = 10

export interface Thoroughness {
  /** The histories of clients are explained, whatever the seed. */
  readonly histories?: boolean
  /** Copies of disks lose their power often, whatever the seed. */
  readonly cuts?: boolean
}

export function judges({ seed }: RunConfig, sim: Simulation, thorough: Thoroughness = {}): readonly Judging[] {
  const { histories = seed % EXPLAINED === 0, cuts = seed % EXPLAINED === 1 } = thorough
  const checker = new EnsembleChecker({ histories })
  return [checker, new ShadowRecovery(sim, checker, { every: cuts ? MANY_CUTS : CUTS })]
}
