/** The fold on the trace of a real run: what the page shows is what the servers have. */
import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { launch } from '../../src/hosts/launch.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { trace } from '../../src/page/i18n/en/trace.ts'
import { Fold } from '../../src/trace/fold.ts'
import type { ServerPicture } from '../../src/trace/picture.ts'
import { wordsOf } from '../../src/trace/words.ts'
import { CONFIG } from '../page-unit/fake-ensemble.ts'

const SECOND = 1_000_000

class Run {
  readonly fold: Fold
  readonly sim: Simulation
  readonly events: TraceEvent[] = []
  constructor(servers: number, seed: number) {
    const autostart = Array.from({ length: servers }, (_, index) => index + 1)
    this.fold = new Fold(servers)
    this.sim = new Simulation(
      { ...CONFIG, servers, seed, autostart },
      {
        launch,
        record: false,
        onTrace: (events) => {
          for (const event of events) {
            this.events.push(event)
            this.fold.apply(event)
          }
        },
      },
    )
  }
  seconds(count: number): void {
    this.sim.run(count * SECOND)
    this.fold.advance(this.sim.edgeUs)
  }
  server(sid: number): ServerPicture {
    return this.fold.picture.servers.get(sid)!
  }
  /** What the replica itself said of its tree last, unless it has got a new one since. */
  said(sid: number): Extract<TraceEvent, { kind: 'applied' }> | undefined {
    const last = this.events.findLast(({ station, kind }) => station === sid && /^(applied|treeLoaded)$/.test(kind))
    return last?.kind === 'applied' ? last : undefined
  }
  running(): number[] {
    return [...this.fold.picture.servers.values()].filter(({ process }) => process === 'running').map(({ sid }) => sid)
  }
  expectSameTrees(): void {
    for (const sid of this.running()) {
      const { tree, digestMismatch, lastApplied } = this.server(sid)
      expect(digestMismatch, `server ${sid}`).toBeUndefined()
      expect(tree!.recomputedDigest(), `server ${sid}`).toBe(tree!.digest)
      const said = this.said(sid)
      if (said === undefined) continue
      expect(tree!.digest, `server ${sid}`).toBe(said.digest)
      expect(lastApplied, `server ${sid}`).toBe(said.zxid)
    }
  }
}

describe('the fold of a simulated run', () => {
  it('shows the first start, writes, a crash of the leader and its return as they were', () => {
    const run = new Run(5, 1)
    run.seconds(5)
    expect(run.fold.picture).toMatchObject({ leader: 5, hasQuorum: true })
    for (const sid of run.running())
      expect(run.server(sid)).toMatchObject({ serving: true, zabState: 'BROADCAST', currentEpoch: 1 })
    run.expectSameTrees()

    const client = run.sim.openClient('zk1:2181,zk2:2181')
    for (const line of [
      'create /app hello',
      'create -e -s /app/worker- x',
      'ls -w /app',
      'create /app/cfg y',
      'set /app bye',
      'delete /app/cfg',
    ])
      run.sim.type(client, line)
    run.seconds(1)
    run.expectSameTrees()
    const { clients, firings, servers } = run.fold.picture
    expect(clients.get(client)).toMatchObject({ state: 'CONNECTED', running: true, pending: [] })
    expect([1, 2]).toContain(clients.get(client)!.server)
    expect(firings).toMatchObject([
      { event: 'NodeChildrenChanged', eventPath: '/app', server: clients.get(client)!.server },
    ])
    expect(firings[0]!.deliveredAt).toBeGreaterThan(firings[0]!.at)
    expect([...servers.values()].flatMap(({ watches }) => watches)).toEqual([])
    const newest = run.server(5).log.at(-1)!
    expect(newest).toMatchObject({ stage: 'committed', type: 'delete', path: '/app/cfg' })
    for (const sid of run.running())
      expect(run.server(sid).log.at(-1), `server ${sid}`).toMatchObject({
        zxid: newest.zxid,
        stage: 'committed',
        path: '/app/cfg',
      })

    run.sim.kill(5)
    run.seconds(10)
    expect(run.server(5)).toMatchObject({ state: 'STOPPED', stopReason: 'killed' })
    expect(run.fold.picture).toMatchObject({ leader: 4, hasQuorum: true })
    run.sim.type(client, 'create /after-crash z')
    run.sim.start(5)
    run.seconds(10)
    expect(run.server(5)).toMatchObject({
      state: 'FOLLOWING',
      leader: 4,
      incarnation: 2,
      sync: { mode: 'DIFF', from: 4 },
    })
    expect(run.server(5).tree!.stat('/after-crash')).toBeDefined()
    run.expectSameTrees()
  })

  it('shows that without a quorum nobody leads and nobody serves', () => {
    const run = new Run(3, 2)
    run.seconds(5)
    run.sim.kill(1)
    run.sim.kill(2)
    run.seconds(20)
    expect(run.fold.picture).toMatchObject({ leader: undefined, hasQuorum: false })
    expect(run.server(3)).toMatchObject({ state: 'LOOKING', serving: false, leader: undefined })
    run.sim.start(1)
    run.seconds(10)
    expect(run.fold.picture).toMatchObject({ leader: 3, hasQuorum: true })
    run.expectSameTrees()
  })

  it('keeps trees equal to the replicas over random kills, starts and writes', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const run = new Run(3, seed)
      let random = seed
      const next = (below: number): number => {
        random = (random * 1103515245 + 12345) % 2 ** 31
        return Math.floor((random / 2 ** 31) * below)
      }
      run.seconds(4)
      const client = run.sim.openClient('zk1:2181,zk2:2181,zk3:2181')
      for (let step = 0; step < 12; step++) {
        const sid = next(3) + 1
        if (run.running().includes(sid) && run.running().length > 2) run.sim.kill(sid)
        else run.sim.start(sid)
        for (let n = 0; n < 5; n++) run.sim.begin(client, `create /s${step}-${n} data`)
        run.seconds(2 + next(6))
        run.expectSameTrees()
      }
      for (const sid of [1, 2, 3]) run.sim.start(sid)
      run.seconds(15)
      run.expectSameTrees()
      const digests = new Set([1, 2, 3].map((sid) => run.server(sid).tree!.digest))
      expect(digests.size, `seed ${seed}`).toBe(1)
    }
  })

  it('leaves nothing behind: no message, connection or timer of what is dead', () => {
    const run = new Run(3, 3)
    run.seconds(5)
    for (const sid of [1, 2, 3]) run.sim.kill(sid)
    run.seconds(5)
    const { messages, connections, servers } = run.fold.picture
    expect(messages).toEqual([])
    expect([...connections.values()]).toEqual([])
    for (const server of servers.values()) expect(server.timers.size).toBe(0)
  })

  it('has a sentence for each event', () => {
    const run = new Run(3, 4)
    run.seconds(5)
    const client = run.sim.openClient('zk1:2181')
    run.sim.type(client, 'create /a b')
    run.sim.kill(3)
    run.seconds(10)
    const missing = new Set(
      run.events.map((event) => wordsOf(event).key).filter((key) => !(key in trace || `${key}_other` in trace)),
    )
    expect([...missing]).toEqual([])
  })
})
