/** A short run in which everything happens once that the checkers judge, and ways to make something wrong of it. */
import type { TraceEvent } from '../../src/core/trace.ts'
import type { RunConfig } from '../../src/hosts/ensemble.ts'
import { launch } from '../../src/hosts/launch.ts'
import { Hand } from '../../src/hosts/sim/hand.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { runConfig } from '../run-config.ts'

export type EventOf<K extends TraceEvent['kind']> = TraceEvent & { readonly kind: K }
export type Story = readonly TraceEvent[]

const SECOND = 1_000_000
const leads = { kind: 'established' }

const witnessed = (servers: number, given: Partial<RunConfig> = {}): RunConfig => ({
  ...runConfig(servers, { seed: 7, snapCount: 12, ...given }),
  witness: 'all',
})

/** Three servers: writes of all kinds, watches, a follower that misses some and comes back, a new leader, a client that
 *  changes its server, an expiry. */
export function tell(): Story {
  const sim = new Simulation(witnessed(3), { launch })
  const leader = (): number => sim.events.findLast(({ kind }) => kind === 'established')?.station as number
  const others = (): number[] => [1, 2, 3].filter((sid) => sid !== leader())
  sim.runUntil(leads, 60 * SECOND)
  sim.run(SECOND)
  const [follower, third] = others() as [number, number]
  const first = sim.openClient(`zk${follower}:2181,zk${leader()}:2181`)
  const second = sim.openClient('zk1:2181,zk2:2181,zk3:2181')
  const type = (client: number, ...lines: string[]): void => {
    for (const line of lines) sim.type(client, line)
  }
  type(
    first,
    'create /a one',
    'create /a/b two',
    'create -s /a/s- x',
    'create -e /mine x',
    'create /a again',
    'get -w /a',
  )
  type(
    second,
    'set /a three',
    'get -s /a',
    'ls -s /a',
    'stat /a',
    'getAcl -s /a',
    'setAcl /a/b auth:me:cdrwa',
    'sync /a',
  )
  type(first, 'get -w /a', 'ls -w /a', 'addWatch -m PERSISTENT /a')
  type(second, 'set /a four', 'create /a/c x', 'delete /a/c', 'set /a five', 'get /a', 'get /nowhere')
  const worker = new Hand(sim).act({
    kind: 'openClient',
    connect: `zk${leader()}:2181`,
    workload: {
      sessions: 2,
      pauseMs: 300,
      outstanding: 1,
      keys: 3,
      timeoutMs: 8000,
      deeds: { multi: 3, create: 1, ephemeral: 1 },
    },
  }) as number
  sim.run(5 * SECOND)
  sim.kill(worker)
  sim.kill(third)
  for (let n = 0; n < 16; n++) type(second, `set /a ${n}`)
  sim.start(third)
  sim.run(8 * SECOND)
  for (let n = 0; n < 4; n++) type(second, `create /n${n} x`)
  type(first, 'stat -w /a', 'get -w /n1')
  const old = leader()
  sim.kill(old)
  sim.runUntil(leads, 60 * SECOND)
  sim.run(4 * SECOND)
  type(second, 'set /n1 y', 'create -e /later x', 'setAcl /n2 world:anyone:r')
  sim.start(old)
  sim.run(6 * SECOND)
  // The first client loses its server, and what it watches changes before it has another one.
  type(first, 'get -w /n2', 'ls -w /')
  const now = sim.events.findLast(
    (event) => event.kind === 'repliesCame' && event.station === first,
  ) as EventOf<'repliesCame'>
  const careful = sim.openClient(
    [1, 2, 3]
      .filter((sid) => sid !== now.server)
      .map((sid) => `zk${sid}:2181`)
      .join(','),
  )
  type(careful, 'get /n2')
  sim.kill(now.server)
  type(careful, 'set /n2 missed', 'create /missed x')
  sim.start(now.server)
  sim.run(8 * SECOND)
  sim.kill(first)
  type(careful, 'get -w /n3')
  for (let n = 0; n < 12; n++) type(second, `set /n3 ${n}`)
  for (let n = 0; n < 8; n++) type(careful, 'get /n3')
  sim.run(50 * SECOND)
  type(second, 'set /a six', 'get /a', 'close')
  sim.run(2 * SECOND)
  return sim.events
}

/** Copies, so that what is changed is changed for this reader alone. */
export const change = (story: Story, edit: (events: TraceEvent[]) => void): Story => {
  const events = story.map((event) => ({ ...event }))
  edit(events)
  return events
}

export function find<K extends TraceEvent['kind']>(
  events: readonly TraceEvent[],
  kind: K,
  wanted: (event: EventOf<K>) => boolean = () => true,
  from = 0,
): { readonly at: number; readonly event: EventOf<K> } {
  const at = events.findIndex((event, n) => n >= from && event.kind === kind && wanted(event as EventOf<K>))
  if (at === -1) throw new Error(`the story has no such ${kind}`)
  return { at, event: events[at] as EventOf<K> }
}

export const all = <K extends TraceEvent['kind']>(events: readonly TraceEvent[], kind: K): EventOf<K>[] =>
  events.filter((event): event is EventOf<K> => event.kind === kind)

/** Another event of the moment right before `events[at]`. */
export const before = (events: TraceEvent[], at: number, added: object): void =>
  void events.splice(at, 0, { ...(events[at] as TraceEvent), ...added } as TraceEvent)
