/** The same configuration, seed and actions give the same run in Chromium's workers and in the simulator, event for event. */
import { expect, test } from '@playwright/test'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { Ensemble, EventMatch, RunConfig } from '../../src/hosts/ensemble.ts'
import type { Fault } from '../../src/hosts/fault.ts'
import { launch } from '../../src/hosts/launch.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { runConfig } from '../hosts/toy.ts'
import { plain } from './bare/plain.ts'
import { type DevServer, serveSources } from './dev-server.ts'

let server: DevServer
test.beforeAll(async () => {
  server = await serveSources()
})
test.afterAll(() => server.close())

const SECOND = 1_000_000
const leads: EventMatch = { kind: 'established' }

/** What both hosts can be told to do, one thing after the other. */
type Deed =
  | readonly ['until', EventMatch]
  | readonly ['run', number]
  | readonly ['client', string]
  /** Time stands still until the next deed. */
  | readonly ['type', number, string]
  | readonly ['start' | 'kill', number]
  | readonly ['fault', Fault]
  | readonly ['killLeader' | 'startLast']

const story: readonly Deed[] = [
  ['until', leads],
  ['client', 'zk1:2181,zk2:2181,zk3:2181'],
  ['type', 101, 'create /app hello'],
  ['until', { kind: 'answered', station: 101 }],
  ['type', 101, 'ls -w /app'],
  ['until', { kind: 'answered', station: 101 }],
  ['client', 'zk2:2181'],
  ['type', 102, 'create -e -s /app/worker- x'],
  ['until', { kind: 'answered', station: 102 }],
  ['type', 102, 'set /app again'],
  ['type', 101, 'get -s /app'],
  ['run', SECOND],
  ['type', 101, 'create /app/under-way x'],
  ['killLeader'],
  ['until', leads],
  ['type', 101, 'create /app/after x'],
  ['until', { kind: 'answered', station: 101 }],
  ['startLast'],
  ['run', 3 * SECOND],
  ['kill', 101],
  ['type', 102, 'delete /app/after'],
  ['type', 102, 'ls -R /'],
  ['kill', 1],
  ['start', 1],
  ['run', 30 * SECOND],
]

/** What is broken is broken in the same way: links, disks, clocks, processes inside a step, power. */
const troubles: readonly Deed[] = [
  ['until', leads],
  ['client', 'zk1:2181,zk2:2181,zk3:2181'],
  ['type', 101, 'create /app hello'],
  ['until', { kind: 'answered', station: 101 }],
  ['fault', { kind: 'link', from: [1], to: [3], ports: ['quorum'], state: { way: 'held' } }],
  ['fault', { kind: 'clock', station: 2, clock: { rate: 1.25, offsetMs: 90_000 } }],
  ['type', 101, 'create /app/held x'],
  ['run', 3 * SECOND],
  ['fault', { kind: 'heal' }],
  ['fault', { kind: 'crashAt', station: 2, point: { before: 'append', nth: 2 } }],
  ['type', 101, 'set /app once'],
  ['type', 101, 'set /app twice'],
  ['run', 2 * SECOND],
  ['start', 2],
  ['fault', { kind: 'pause', station: 1 }],
  ['run', 4 * SECOND],
  ['fault', { kind: 'resume', station: 1, clock: 'stood' }],
  ['fault', { kind: 'disk', station: 1, disk: { slow: 20 } }],
  [
    'fault',
    { kind: 'link', from: [1, 2, 3], to: [1, 2, 3], state: { pieceBytes: 30, delayUs: { min: 10, max: 5000 } } },
  ],
  ['type', 101, 'create -e -s /app/n- x'],
  ['run', 5 * SECOND],
  ['fault', { kind: 'kill', station: 3, loss: 5 }],
  ['run', 20 * SECOND],
  ['start', 3],
  ['fault', { kind: 'link', from: [2], to: [1, 3], ports: ['quorum', 'election'], state: { way: 'cut' } }],
  ['run', 20 * SECOND],
  ['fault', { kind: 'heal' }],
  ['fault', { kind: 'reset', a: 1, b: 3 }],
  ['type', 101, 'create /app/after x'],
  ['fault', { kind: 'disk', station: 1, disk: { failSyncs: true } }],
  ['run', 10 * SECOND],
  ['fault', { kind: 'disk', station: 1, disk: {} }],
  ['start', 1],
  ['fault', { kind: 'slow', station: 3, stepUs: 3000 }],
  ['run', 20 * SECOND],
]

const inSimulator = (config: RunConfig, story: readonly Deed[]): readonly TraceEvent[] => {
  const sim = new Simulation(config, { launch })
  let last = 0
  for (const deed of story) {
    if (deed[0] === 'until') sim.runUntil(deed[1], 60 * SECOND)
    else if (deed[0] === 'run') sim.run(deed[1])
    else if (deed[0] === 'client') sim.openClient(deed[1])
    else if (deed[0] === 'type') sim.begin(deed[1], deed[2])
    else if (deed[0] === 'start') sim.start(deed[1])
    else if (deed[0] === 'kill') sim.kill(deed[1])
    else if (deed[0] === 'fault') sim.act(deed[1])
    else if (deed[0] === 'killLeader') {
      last = sim.events.findLast(({ kind }) => kind === 'established')!.station
      sim.kill(last)
    } else sim.start(last)
  }
  return sim.events
}

const COMMON = ['established', 'committed', 'applied', 'killed', 'syncStart']
const stories = [
  ...[1, 2, 3].map((seed) => ({
    name: `seed ${seed}: start, writes, crash of the leader, restart, writes`,
    config: runConfig({ seed }),
    story,
    kinds: [...COMMON, 'watchFired'],
  })),
  {
    name: 'whatever is broken: links, disks, clocks, a process inside a step, power',
    config: runConfig({ seed: 4, witness: 'all' }),
    story: troubles,
    kinds: [...COMMON, 'paused', 'resumed', 'released', 'diskSynced', 'diskFailed', 'frameCame', 'halted'],
  },
]

for (const { name, config, story, kinds } of stories) {
  test(`in workers and in the simulator, ${name}`, async ({ page }) => {
    const expected = inSimulator(config, story)
    await page.goto(`${server.url}test/page/bare/index.html`)
    await page.waitForFunction(() => 'bare' in window)
    const got = await page.evaluate(
      async ([config, story, second]) => {
        const opened = await window.bare.open(config, 'opfs', `lockstep-${config.seed}`)
        const ensemble: Ensemble = opened.ensemble
        let last = 0
        for (const deed of story) {
          if (deed[0] === 'until') await ensemble.runUntil(deed[1], 60 * second)
          else if (deed[0] === 'run') await ensemble.runUntil({ kind: 'never' }, deed[1])
          else if (deed[0] === 'client') await ensemble.openClient(deed[1])
          else if (deed[0] === 'type') ensemble.type(deed[1], deed[2]).catch(() => {})
          else if (deed[0] === 'start') await ensemble.start(deed[1])
          else if (deed[0] === 'kill') await ensemble.kill(deed[1])
          else if (deed[0] === 'fault') await ensemble.fault(deed[1])
          else if (deed[0] === 'killLeader') {
            last = opened.events.findLast(({ kind }) => kind === 'established')?.station ?? 0
            await ensemble.kill(last)
          } else await ensemble.start(last)
        }
        return [
          window.bare.plain(opened.events),
          window.bare.plain(opened.notices.filter(({ kind }) => kind === 'trouble')),
        ]
      },
      [config, story, SECOND] as const,
    )
    expect(got[1]).toBe('[]')
    const inWorkers: TraceEvent[] = JSON.parse(got[0]!)
    const wanted: TraceEvent[] = JSON.parse(plain(expected))
    // The first difference says more than two lists of thousands.
    const at = wanted.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(inWorkers[index]))
    if (at >= 0) expect(inWorkers.slice(at, at + 3)).toEqual(wanted.slice(at, at + 3))
    expect(inWorkers.length).toBe(wanted.length)
    for (const kind of kinds) {
      expect(
        wanted.some((event) => event.kind === kind),
        kind,
      ).toBe(true)
    }
  })
}
