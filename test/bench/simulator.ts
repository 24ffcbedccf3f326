/** How fast the simulator is: in Node, one thread, the whole trace told and counted. */
import { launch } from '../../src/hosts/launch.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { DATA_BYTES, fastConfig } from './config.ts'
import type { Options } from './options.ts'
import { printTable } from './table.ts'

interface Variant {
  readonly servers: number
  /** Writes under way; 0: the ensemble is idle. */
  readonly outstanding: number
}

interface Figures {
  readonly events: number[]
  readonly virtual: number[]
  readonly writes: number[]
}

const SLICE_US = 20_000

export async function simulator({ repeat, seconds }: Options): Promise<void> {
  const variants: Variant[] = [3, 5].flatMap((servers) => [0, 1, 100].map((outstanding) => ({ servers, outstanding })))
  const figures = new Map<Variant, Figures>(
    variants.map((variant) => [variant, { events: [], virtual: [], writes: [] }]),
  )
  for (let n = 0; n < repeat; n++) {
    for (const [variant, { events, virtual, writes }] of figures) {
      const measured = measure(variant, seconds * 1000)
      events.push(measured.events)
      virtual.push(measured.virtual)
      writes.push(measured.writes)
    }
  }
  printTable(
    'Simulator (1 ms latency)',
    ['ensemble', 'events/s', 'virtual s per s', 'writes/s'],
    [...figures].map(([{ servers, outstanding }, { events, virtual, writes }]) => [
      `${servers} servers, ${outstanding === 0 ? 'idle' : `${outstanding} writes at once`}`,
      events,
      virtual,
      outstanding === 0 ? '' : writes,
    ]),
  )
}

/** Figures per second of real time. */
function measure({ servers, outstanding }: Variant, ms: number): { events: number; virtual: number; writes: number } {
  let events = 0
  const simulation = new Simulation(fastConfig(servers), {
    launch,
    record: false,
    onTrace: (told) => {
      events += told.length
    },
  })
  if (!simulation.runUntil({ kind: 'established' })) throw new Error('no leader')
  simulation.run(1_000_000)
  const load = { outstanding, dataBytes: DATA_BYTES }
  const client = outstanding === 0 ? undefined : simulation.openClient('zk1:2181', load)
  const written = () =>
    client === undefined ? 0 : Number.parseInt(simulation.type(client, '').lines[0]?.text ?? '', 10)
  const run = (forMs: number): void => {
    const endMs = performance.now() + forMs
    while (performance.now() < endMs) simulation.run(SLICE_US)
  }
  run(ms / 4)
  const before = { ms: performance.now(), events, us: simulation.edgeUs, writes: written() }
  run(ms)
  const took = (performance.now() - before.ms) / 1000
  return {
    events: (events - before.events) / took,
    virtual: (simulation.edgeUs - before.us) / 1e6 / took,
    writes: (written() - before.writes) / took,
  }
}
