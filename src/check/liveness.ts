/** L: what must happen in time. Armed when the run says that from now on a core of servers is whole (`mode`), and judged when a
 *  deadline has passed. */
import type { TraceEvent } from '../core/trace.ts'
import type { ClientChecks } from './clients.ts'
import type { TreeChecks } from './tree.ts'
import type { Handlers, World } from './world.ts'

export class LivenessChecks {
  readonly #world: World
  readonly handlers: Handlers = {}

  constructor(world: World, _tree: TreeChecks, _clients: ClientChecks) {
    this.#world = world
  }

  passed(_event: TraceEvent): void {}

  end(): void {
    void this.#world
  }
}
