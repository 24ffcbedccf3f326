/** What the benchmarks in Node ask of the browser: bare loops and ensembles in its workers. */
import { createBrowserEnsemble } from '../../../src/hosts/browser/ensemble.ts'
import type { Ensemble, EventMatch, RunConfig } from '../../../src/hosts/ensemble.ts'
import { connectString } from '../../../src/hosts/names.ts'
import type { BareFigures, BareRun, BareShape } from './bare.ts'
import { type BareLoop, startBareLoop } from './bare-loop.ts'

export interface OwnFigures {
  readonly writes: number
  readonly ms: number
  readonly virtualMs: number
}

export interface Failover {
  readonly ms: number
  readonly virtualMs: number
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** An ensemble of ours, with what the notices tell. */
class Own {
  readonly ensemble: Ensemble
  edgeUs = 0
  readonly #troubles: string[] = []

  constructor(ensemble: Ensemble) {
    this.ensemble = ensemble
    ensemble.listen(
      () => {},
      (notice) => {
        if (notice.kind === 'time') this.edgeUs = notice.edgeUs
        else this.#troubles.push(notice.message)
      },
    )
  }

  /** Runs at full speed until it happens; the sid of the server where it did. */
  async until(match: EventMatch): Promise<{ readonly station: number; readonly at: number }> {
    const event = await this.ensemble.runUntil(match, 60_000_000)
    if (!event) throw new Error(`${JSON.stringify(match)} did not happen ${this.#troubles.join(', ')}`)
    return event
  }

  async run(us: number): Promise<void> {
    await this.ensemble.runUntil({ kind: 'none' }, us)
  }

  /** A second behind the first leader, when all follow. */
  async settle(): Promise<number> {
    const { station } = await this.until({ kind: 'established' })
    await this.run(1_000_000)
    return station
  }
}

let count = 0
const open = async (config: RunConfig): Promise<Own> => {
  const id = `bench-${++count}`
  return new Own(await createBrowserEnsemble(config, { storage: 'opfs', id }))
}

let bare: BareLoop | undefined
let own: (Own & { leader?: number }) | undefined

export const bench = {
  async startBare(shape: BareShape): Promise<void> {
    bare = await startBareLoop(shape, String(++count))
  },
  async measureBare(run: BareRun): Promise<BareFigures> {
    if (!bare) throw new Error('not started')
    return bare.measure(run)
  },

  /** Starts an ensemble that tells no trace, and says who leads it. */
  async startOwn(config: RunConfig): Promise<number> {
    own = await open(config)
    const leader = await own.settle()
    own.ensemble.setTraceLevel('off')
    return leader
  },
  /** One client at one server writes, always so many at once. */
  async measureOwn(server: number, dataBytes: number, { outstanding, warmMs, ms }: BareRun): Promise<OwnFigures> {
    if (!own) throw new Error('not started')
    const { ensemble } = own
    const client = await ensemble.openClient(`zk${server}:2181`, { outstanding, dataBytes })
    const look = async () => {
      const { lines } = await ensemble.type(client, '')
      return { writes: Number.parseInt(lines[0]?.text ?? '', 10), ms: performance.now(), us: own?.edgeUs ?? 0 }
    }
    ensemble.setRate('max')
    await pause(warmMs)
    const before = await look()
    await pause(ms)
    const after = await look()
    ensemble.setRate('paused')
    await ensemble.killClient(client)
    await own.run(1_000_000)
    const virtualMs = (after.us - before.us) / 1000
    return { writes: after.writes - before.writes, ms: after.ms - before.ms, virtualMs }
  },
  async end(): Promise<void> {
    await bare?.end()
    await own?.ensemble.wipe()
    bare = undefined
    own = undefined
  },

  /** Kills the leader; the next write that is typed into a client of a follower is tried until it succeeds. */
  async failover(config: RunConfig): Promise<Failover> {
    const it = await open(config)
    const { ensemble } = it
    const leader = await it.settle()
    const client = await ensemble.openClient(connectString({ ...config, servers: config.servers - 1 }))
    ensemble.setRate('max')
    await ensemble.type(client, 'create /a')
    ensemble.setRate('paused')
    await ensemble.kill(leader)
    const fromUs = it.edgeUs
    const fromMs = performance.now()
    const written = it.until({ kind: 'answered', station: client, op: 'setData', err: 0 })
    let done = false
    const ended = written.finally(() => {
      done = true
    })
    while (!done) await Promise.race([ended, ensemble.type(client, 'set /a x')])
    const { at } = await written
    const ms = performance.now() - fromMs
    await ensemble.wipe()
    return { ms, virtualMs: (at - fromUs) / 1000 }
  },
}

declare global {
  interface Window {
    bench: typeof bench
  }
}
window.bench = bench
