/** Does things to a run and notes them: the list of what it did, with the times, is a schedule that gives the same run
 *  again. Also remembers what is broken. */
import type { CliResult } from '../../core/cli/result.ts'
import type { Action } from '../conductor.ts'
import type { Pending, Simulation } from './sim.ts'

export interface Choice {
  readonly atUs: number
  readonly action: Action
}

const LINGERS_US = 60_000_000

export class Hand {
  readonly choices: Choice[] = []
  readonly paused = new Set<number>()
  /** Servers whose disk, clock or pace has ever been at fault since they were last healed. */
  readonly unwell = new Set<number>()
  /** Until when a disk's fault may still come to light, µs: what it refused is sometimes told only behind a sync. */
  readonly #sickUntil = new Map<number, number>()
  /** Servers with flipped bits on a disk that has not been wiped since. */
  readonly rotten = new Set<number>()
  readonly #sim: Simulation

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Whether a fault of its disk explains that this server stops now. */
  isSick(sid: number): boolean {
    return (this.#sickUntil.get(sid) ?? 0) >= this.#sim.edgeUs
  }

  act(action: Action): unknown {
    this.#note(action)
    if (action.kind !== 'type') return this.#sim.act(action)
    return this.#sim.begin(action.client, action.line)
  }

  /** Types a line into a zkCli; the answer comes with time. */
  type(client: number, line: string): Pending<CliResult> {
    return this.act({ kind: 'type', client, line }) as Pending<CliResult>
  }

  #note(action: Action): void {
    this.choices.push({ atUs: this.#sim.edgeUs, action })
    switch (action.kind) {
      case 'pause':
        this.paused.add(action.station)
        return
      case 'resume':
        this.paused.delete(action.station)
        return
      case 'disk':
        this.#sickUntil.set(
          action.station,
          Object.keys(action.disk).length > 0 ? Number.POSITIVE_INFINITY : this.#sim.edgeUs + LINGERS_US,
        )
        this.unwell.add(action.station)
        return
      case 'clock':
      case 'slow':
        this.unwell.add(action.station)
        return
      case 'rot':
        this.rotten.add(action.station)
        return
      case 'start':
        this.paused.delete(action.sid)
        if (action.disk === 'wiped') this.rotten.delete(action.sid)
        return
    }
  }
}
