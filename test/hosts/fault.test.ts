import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Connection, DiskError, type Host } from '../../src/core/host.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { Action } from '../../src/hosts/conductor.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { bytesOf, launchEach, launchToys, runConfig, say, textOf } from './toy.ts'

const SECOND = 1_000_000
const CLIENT = 2181
const QUORUM = 2888

const simulate = (servers: { readonly [sid: number]: (host: Host) => void }, changes = {}): Simulation =>
  new Simulation(runConfig({ servers: 9, autostart: Object.keys(servers).map(Number), witness: 'all', ...changes }), {
    launch: launchEach(servers),
  })
const said = (sim: Simulation, station?: number): string[] =>
  sim.events.flatMap((event) =>
    event.kind === 'printed' && (station === undefined || event.station === station) ? [event.text] : [],
  )
const of = <K extends TraceEvent['kind']>(sim: Simulation, kind: K): Extract<TraceEvent, { kind: K }>[] =>
  sim.events.filter((event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind)
const quorum = (type: string) => ({ protocol: 'quorum', type }) as const

/** Says what it hears and how connections to it end. */
const listener =
  (port = QUORUM) =>
  (host: Host): void => {
    host.network.listen(port, () => ({
      onData: (bytes) => say(host, `hears ${textOf(bytes)}`),
      onClose: (cause) => say(host, `lost: ${cause}`),
    }))
  }
/** Counts to its peer, a number each 100 ms, over one connection; says how that ends. */
const counter =
  (to: number, port = QUORUM) =>
  (host: Host): void => {
    const connection: Connection = host.network.connect(
      { host: `zk${to}`, port },
      {
        onOpen: () => say(host, 'open'),
        onData: () => {},
        onClose: (cause) => {
          over = true
          say(host, `lost: ${cause}`)
        },
      },
    )
    let over = false
    const next = (n: number): void => {
      if (over) return
      connection.write(bytesOf(`${n} `), quorum(`n${n}`))
      host.clock.after(100, () => next(n + 1))
    }
    next(0)
  }
/** All numbers that came, in order. */
const heard = (sim: Simulation, station: number): number[] =>
  said(sim, station).flatMap((text) =>
    text.startsWith('hears ') ? text.slice(6).trim().split(/\s+/).filter(Boolean).map(Number) : [],
  )
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const link = (state: object, from = [1], to = [2]): Action => ({ kind: 'link', from, to, state })

describe('a link', () => {
  test('that is cut loses what is sent; the connection breaks at the first write after it is whole again', () => {
    const sim = simulate({ 1: counter(2), 2: listener() })
    sim.run(SECOND)
    const before = heard(sim, 2).length
    sim.act(link({ way: 'cut' }))
    sim.run(5 * SECOND)
    expect(heard(sim, 2)).toEqual(upTo(before))
    expect(of(sim, 'message').filter(({ arrivesAt }) => arrivesAt === -1).length).toBeGreaterThan(45)
    expect(said(sim)).not.toContain('lost: reset')
    sim.act({ kind: 'heal' })
    sim.run(SECOND)
    expect(heard(sim, 2)).toEqual(upTo(before))
    expect(said(sim, 1)).toContain('lost: reset')
    expect(said(sim, 2)).toContain('lost: reset')
  })

  test('that is cut one way still carries the other way', () => {
    const sim = simulate({ 1: counter(2), 2: listener() })
    sim.run(SECOND)
    sim.act(link({ way: 'cut' }, [2], [1]))
    sim.run(SECOND)
    expect(heard(sim, 2).length).toBeGreaterThan(15)
  })

  test('that is held delivers everything later, in order, and tells when', () => {
    const sim = simulate({ 1: counter(2), 2: listener() })
    sim.run(SECOND)
    const before = heard(sim, 2).length
    sim.act(link({ way: 'held' }))
    sim.run(2 * SECOND)
    expect(heard(sim, 2)).toHaveLength(before)
    sim.act(link({}))
    sim.run(SECOND)
    expect(heard(sim, 2)).toEqual(upTo(heard(sim, 2).length))
    expect(heard(sim, 2).length).toBeGreaterThan(before + 25)
    expect(of(sim, 'released').flatMap(({ messages }) => messages).length).toBeGreaterThan(18)
    expect(said(sim)).not.toContain('lost: reset')
  })

  test('that is whole again while its sender is busy lets go what that one writes just before it learns it', () => {
    const sim = simulate({ 1: counter(2), 2: listener() })
    sim.run(SECOND)
    sim.act({ kind: 'slow', station: 1, stepUs: SECOND })
    sim.act(link({ way: 'held' }))
    sim.run(3 * SECOND)
    // Its next timer comes between the two, and all three are handled in the same moment.
    sim.runUntil({ kind: 'message', station: 1 })
    sim.act({ kind: 'slow', station: 1, stepUs: 0 })
    sim.run(300_000)
    sim.act({ kind: 'heal' })
    sim.run(3 * SECOND)
    expect(heard(sim, 2)).toEqual(upTo(heard(sim, 2).length))
    expect(heard(sim, 2).length).toBeGreaterThan(30)
  })

  test('that is reset breaks connections at once on both sides, and lets none be opened', () => {
    const sim = simulate({ 1: counter(2), 2: listener() })
    sim.run(SECOND)
    sim.act(link({ way: 'reset' }))
    sim.run(SECOND / 10)
    expect(said(sim, 1).at(-1)).toBe('lost: reset')
    expect(said(sim, 2).at(-1)).toBe('lost: reset')
    sim.kill(1)
    sim.start(1)
    sim.run(SECOND)
    expect(said(sim, 1).at(-1)).toBe('lost: unreachable')
  })

  test('is a matter of the port: quorum connections stay when the client port is cut', () => {
    const sim = simulate({
      1: counter(2, CLIENT),
      3: counter(2),
      2: (host) => [listener(CLIENT)(host), listener()(host)],
    })
    sim.run(SECOND)
    sim.act({ kind: 'link', from: [1, 3], to: [2], ports: ['client'], state: { way: 'cut' } })
    const before = sim.edgeUs
    sim.run(SECOND)
    const arrived = of(sim, 'frameCame').filter(({ at, time }) => at > before && time > before)
    expect(new Set(arrived.map(({ peer }) => peer))).toEqual(new Set([3]))
  })

  test('that is cut hides even the death of a server, until it is whole', () => {
    const sim = simulate({ 1: counter(2), 2: listener() })
    sim.run(SECOND)
    sim.act(link({ way: 'cut' }, [1, 2], [1, 2]))
    sim.kill(2)
    sim.run(10 * SECOND)
    expect(said(sim, 1)).toEqual(['open'])
    sim.act({ kind: 'heal' })
    sim.run(SECOND)
    expect(said(sim, 1).at(-1)).toBe('lost: reset')
  })

  test('delays, is narrow, or cuts bytes into pieces; nothing is lost, doubled or out of order', () => {
    for (const state of [{ delayUs: { min: 1000, max: 300_000 } }, { usPerKib: 5_000_000 }, { pieceBytes: 2 }]) {
      const sim = simulate({ 1: counter(2), 2: listener() })
      sim.run(SECOND)
      sim.act(link(state))
      sim.run(5 * SECOND)
      sim.act({ kind: 'heal' })
      sim.run(3 * SECOND)
      const text = said(sim, 2).flatMap((line) => (line.startsWith('hears ') ? [line.slice(6)] : []))
      const numbers = text.join('').trim().split(/\s+/).map(Number)
      expect(numbers).toEqual(upTo(numbers.length))
      expect(numbers.length).toBeGreaterThan(80)
    }
  })

  test('whatever befalls it, gives each connection a beginning of what was written, in order', () => {
    const fault = fc.oneof(
      fc.constantFrom<Action>(link({ way: 'cut' }), link({ way: 'held' }), link({ way: 'reset' }), link({})),
      fc.constantFrom<Action>(link({ pieceBytes: 1 }), link({ delayUs: { min: 0, max: 400_000 } }), { kind: 'heal' }),
      fc.constantFrom<Action>({ kind: 'pause', station: 2 }, { kind: 'resume', station: 2, clock: 'ran' }),
      fc.constantFrom<Action>({ kind: 'pause', station: 1 }, { kind: 'resume', station: 1, clock: 'stood' }),
      fc.constantFrom<Action>({ kind: 'slow', station: 2, stepUs: 70_000 }, { kind: 'slow', station: 2, stepUs: 0 }),
      fc.constantFrom<Action>({ kind: 'slow', station: 1, stepUs: 150_000 }, { kind: 'slow', station: 1, stepUs: 0 }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fault, fc.integer({ min: 1, max: 700_000 })), { maxLength: 12 }), (faults) => {
        const sim = simulate({ 1: counter(2), 2: listener() })
        for (const [action, us] of faults) {
          sim.act(action)
          sim.run(us)
        }
        const text = said(sim, 2).flatMap((line) => (line.startsWith('hears ') ? [line.slice(6)] : []))
        const numbers = text.join('').split(' ').slice(0, -1).map(Number)
        expect(numbers).toEqual(upTo(numbers.length))
        for (const { at, time } of of(sim, 'frameCame')) expect(at - time).toBeGreaterThanOrEqual(20_000)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a reset', () => {
  test('ends the connections between two, and only those', () => {
    const sim = simulate({ 1: counter(2), 3: counter(2), 2: listener() })
    sim.run(SECOND)
    sim.act({ kind: 'reset', a: 2, b: 1 })
    sim.run(SECOND)
    expect(said(sim, 1).at(-1)).toBe('lost: reset')
    expect(said(sim, 3)).toEqual(['open'])
  })
})

describe('a process', () => {
  test('whose machine is gone leaves its peers with half a connection; they learn it when it is back', () => {
    const sim = simulate({ 1: counter(2), 2: listener() })
    sim.run(SECOND)
    sim.act({ kind: 'kill', station: 2, silent: true })
    sim.run(20 * SECOND)
    expect(said(sim, 1)).toEqual(['open'])
    sim.start(2)
    sim.run(SECOND)
    expect(said(sim, 1).at(-1)).toBe('lost: reset')
  })

  test('can be stopped before any of its effects: what is before has happened, the rest never does', () => {
    const writer = (host: Host): void => {
      for (let n = 0; n < 5; n++) {
        host.disk.append('log', bytesOf(`${n}`))
        host.disk.sync(() => say(host, `durable ${n}`))
      }
      say(host, 'done')
    }
    for (let nth = 1; nth <= 10; nth++) {
      const sim = simulate({ 1: writer }, { autostart: [] })
      sim.start(1)
      sim.kill(1)
      sim.start(1)
      // Armed in the microsecond in which it starts, before its first step.
      sim.act({ kind: 'crashAt', station: 1, point: { before: 'any', nth }, loss: 'none' })
      sim.run(SECOND)
      expect(sim.files(1).size('log')).toBeGreaterThanOrEqual(5)
    }
    const counts = upTo(11).map((nth) => {
      const sim = simulate({
        1: (host) => void host.clock.after(100, () => writer(host)),
      })
      sim.run(1)
      sim.act({ kind: 'crashAt', station: 1, point: { before: 'any', nth: nth + 1 } })
      sim.run(SECOND)
      expect(of(sim, 'killed')).toHaveLength(nth < 15 ? 1 : 0)
      return sim.files(1).size('log') ?? 0
    })
    // append, sync, append, sync …
    expect(counts).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
  })

  test('can be stopped before one of its events, the n-th of its kind, also where the core catches what is thrown', () => {
    const sim = simulate({
      1: (host) => {
        const next = (n: number): void => {
          try {
            say(host, `step ${n}`)
            host.disk.append('log', bytesOf(`${n}`))
          } catch {
            say(host, 'never said')
          }
          host.clock.after(100, () => next(n + 1))
        }
        next(1)
      },
    })
    sim.act({ kind: 'crashAt', station: 1, point: { before: { kind: 'printed', text: 'step 4' }, nth: 1 } })
    sim.run(SECOND)
    expect(said(sim)).toEqual(['step 1', 'step 2', 'step 3'])
    expect(sim.files(1).size('log')).toBe(3)
    expect(sim.conductor.isRunning(1)).toBe(false)
  })

  test('that is paused does nothing, and afterwards everything at once; its clock ran on, or stood still', () => {
    for (const clock of ['ran', 'stood'] as const) {
      const ticks = (host: Host): void => {
        const next = (n: number): void => {
          say(host, `${n} at ${Math.round(host.clock.now())}`)
          host.clock.after(1000, () => next(n + 1))
        }
        next(0)
      }
      const sim = simulate({ 1: ticks })
      sim.run(2_500_000)
      sim.act({ kind: 'pause', station: 1 })
      sim.run(10 * SECOND)
      expect(said(sim)).toHaveLength(3)
      sim.act({ kind: 'resume', station: 1, clock })
      sim.run(600_000)
      expect(said(sim).at(-1)).toBe(clock === 'ran' ? '3 at 12500' : '3 at 3000')
      expect(of(sim, 'printed').at(-1)?.at).toBe(clock === 'ran' ? 12_500_001 : 13_000_001)
    }
  })

  test('that is paused takes in what came meanwhile, each connection in order', () => {
    const sim = simulate({ 1: counter(3), 2: counter(3), 3: listener() })
    sim.run(SECOND)
    sim.act({ kind: 'pause', station: 3 })
    sim.run(3 * SECOND)
    sim.act({ kind: 'resume', station: 3, clock: 'ran' })
    sim.run(SECOND)
    const counted = heard(sim, 3)
    expect(counted.length).toBeGreaterThan(90)
    for (const n of upTo(40)) expect(counted.filter((each) => each === n)).toHaveLength(2)
    expect(said(sim)).not.toContain('lost: reset')
  })

  test('that is slow handles one thing after the other, however they come', () => {
    const sim = simulate({ 1: counter(2), 3: counter(2), 2: listener() })
    sim.act({ kind: 'slow', station: 2, stepUs: 30_000 })
    sim.run(2 * SECOND)
    const at = of(sim, 'printed').flatMap((event) => (event.station === 2 ? [event.at] : []))
    for (const [index, each] of at.slice(1).entries())
      expect(each - (at[index] as number)).toBeGreaterThanOrEqual(30_000)
    expect(at.length).toBeGreaterThan(20)
  })

  test('sees a clock of its own: another rate, another day, coarse', () => {
    const sim = simulate({
      1: (host) => {
        const next = (): void => {
          say(host, `${host.clock.now()} ${host.clock.wallTime()}`)
          host.clock.after(1000, next)
        }
        host.clock.after(0, next)
      },
    })
    const { wallStartMs } = sim.config
    sim.act({ kind: 'clock', station: 1, clock: { rate: 2, offsetMs: -3_600_000 } })
    sim.run(2 * SECOND)
    expect(of(sim, 'printed').map(({ at }) => at)).toEqual([0, 1_000_000, 1_500_000, 2_000_000])
    expect(
      said(sim)
        .slice(1)
        .map((text) => Math.round(Number(text.split(' ')[0]))),
    ).toEqual([2000, 3000, 4000])
    expect(said(sim).at(-1)).toBe(`3999.999 ${wallStartMs + 3999 - 3_600_000}`)
    sim.act({ kind: 'clock', station: 1, clock: { timerGrainUs: 700_000, grainMs: 100 } })
    sim.run(3 * SECOND)
    expect(of(sim, 'printed').at(-1)?.at).toBe(4_900_000)
    expect(Number(said(sim).at(-1)?.split(' ')[0]) % 100).toBe(0)
  })
})

describe('a disk', () => {
  /** Appends one byte and syncs, each 100 ms; says what comes of it. */
  const writer = (host: Host): void => {
    const before = host.disk.size('log') ?? 0
    if (before > 0) say(host, `has ${before}`)
    const next = (n: number): void => {
      const failed = host.disk.append('log', bytesOf('x'.repeat(10)))
      if (failed) say(host, `write: ${failed.code}`)
      host.disk.sync((error) => say(host, error instanceof DiskError ? `sync: ${error.code}` : `synced ${n}`))
      host.clock.after(100, () => next(n + 1))
    }
    next(1)
  }
  const disk = (state: object): Action => ({ kind: 'disk', station: 1, disk: state })

  test('that stalls completes no sync until it goes on, then all in order', () => {
    const sim = simulate({ 1: writer })
    sim.run(SECOND)
    sim.act(disk({ stalled: true }))
    sim.run(2 * SECOND)
    const before = said(sim).length
    sim.act(disk({}))
    sim.run(SECOND)
    const synced = said(sim).map((text) => Number(text.slice(7)))
    expect(synced).toEqual(upTo(synced.length + 1).slice(1))
    expect(before).toBeLessThan(12)
    expect(synced.length).toBeGreaterThan(35)
  })

  test('that is slow takes so many times longer', () => {
    const sim = simulate({ 1: writer }, { diskSyncUs: { min: 5000, max: 5000 } })
    sim.act(disk({ slow: 15 }))
    sim.run(SECOND)
    expect(
      of(sim, 'printed')
        .slice(0, 2)
        .map(({ at }) => at),
    ).toEqual([5000, 175_000])
  })

  test('that is full takes what there is room for, and fails until there is more', () => {
    const sim = simulate({ 1: writer })
    sim.run(50_000)
    sim.act(disk({ roomBytes: 34 }))
    sim.run(SECOND)
    expect(said(sim).filter((text) => text === 'write: full')).toHaveLength(7)
    expect(sim.files(1).size('log')).toBe(44)
    sim.act(disk({}))
    sim.run(SECOND)
    expect(sim.files(1).size('log')).toBe(144)
  })

  test('that fails a sync has lost it: what it covered is gone at the next start', () => {
    const sim = simulate({ 1: writer })
    sim.run(SECOND)
    const safe = Math.max(...of(sim, 'diskSynced').map(({ change }) => change)) * 10
    sim.act(disk({ failSyncs: true }))
    sim.run(500_000)
    expect(said(sim)).toContain('sync: io')
    sim.kill(1)
    sim.act(disk({}))
    sim.start(1)
    sim.run(50_000)
    // The last append came after the last sync that failed, or with it.
    const now = Number(
      said(sim)
        .find((text) => text.startsWith('has '))
        ?.slice(4),
    )
    expect(now).toBeLessThanOrEqual(safe + 60)
    const kept = sim.files(1).read('log', 0, safe) as Uint8Array
    expect(textOf(kept)).toBe('x'.repeat(safe))
  })

  test('refuses reads and writes when it is told to, over the lives of its server', () => {
    const sim = simulate({ 1: writer })
    sim.run(500_000)
    sim.act(disk({ failWrites: true }))
    sim.kill(1)
    sim.start(1)
    sim.run(500_000)
    expect(said(sim).filter((text) => text === 'write: io').length).toBeGreaterThan(3)
    expect(of(sim, 'diskFailed').every(({ code }) => code === 'io')).toBe(true)
  })

  test('loses with the power what no sync has covered, alive or dead, and what it lost is told', () => {
    const sim = simulate({ 1: writer })
    sim.run(SECOND)
    sim.act(disk({ stalled: true }))
    sim.run(SECOND)
    const safe = Math.max(...of(sim, 'diskSynced').map(({ change }) => change)) * 10
    expect(sim.files(1).size('log')).toBeGreaterThan(safe + 50)
    sim.act({ kind: 'kill', station: 1, loss: 'all' })
    expect(sim.files(1).size('log')).toBe(safe)
    expect(of(sim, 'diskDamaged')).toMatchObject([{ cause: 'powerCut', declared: false, files: [{ path: 'log' }] }])

    const dead = simulate({ 1: writer })
    dead.act(disk({ stalled: true }))
    dead.run(SECOND)
    dead.kill(1)
    dead.act({ kind: 'powerCut', loss: 'all' })
    dead.act(disk({}))
    dead.start(1)
    dead.run(1)
    expect(said(dead).filter((text) => text.startsWith('has '))).toEqual([])
  })

  test('can be another one when the server starts again', () => {
    const sim = simulate({ 1: writer })
    sim.run(SECOND)
    sim.kill(1)
    sim.act({ kind: 'start', sid: 1, disk: 'wiped' })
    sim.run(1)
    expect(said(sim).filter((text) => text.startsWith('has '))).toEqual([])
    expect(of(sim, 'diskDamaged')).toMatchObject([{ cause: 'wiped', declared: true }])
  })
})

describe('a run with faults', () => {
  const story: readonly Action[] = [
    { kind: 'link', from: [1], to: [2, 3], state: { way: 'held' } },
    { kind: 'pause', station: 3 },
    { kind: 'crashAt', station: 2, point: { before: 'append', nth: 3 }, loss: 7 },
    { kind: 'heal' },
    { kind: 'resume', station: 3, clock: 'stood' },
    { kind: 'start', sid: 2 },
    { kind: 'powerCut', loss: 3 },
    { kind: 'start', sid: 1 },
    { kind: 'clock', station: 1, clock: { rate: 1.5 } },
    { kind: 'start', sid: 3 },
  ]
  const run = (cuts: readonly number[] = []): readonly TraceEvent[] => {
    const sim = new Simulation(runConfig({ witness: 'all' }), { launch: launchToys })
    for (const [index, action] of story.entries()) {
      const atUs = (index + 1) * 700_000
      for (const cut of cuts) if (sim.edgeUs + cut < atUs) sim.run(cut)
      sim.runTo(atUs)
      sim.act(action)
    }
    sim.runTo(12 * SECOND)
    return sim.events
  }

  test('is the same each time, and however its time is cut', () => {
    const events = run()
    expect(events.length).toBeGreaterThan(400)
    expect(run()).toEqual(events)
    expect(run([1, 333, 20_000, 123_456])).toEqual(events)
  })

  test('tells each fault as an action, with its data', () => {
    const told = run().flatMap((event) => (event.kind === 'action' && event.fault ? [event.fault.kind] : []))
    expect(told).toEqual(story.flatMap(({ kind }) => (kind === 'start' ? [] : [kind])))
  })

  test('without faults costs nothing: no event more, none less', () => {
    const plain = new Simulation(runConfig(), { launch: launchToys })
    plain.run(3 * SECOND)
    const witnessed = new Simulation(runConfig({ witness: 'all' }), { launch: launchToys })
    witnessed.run(3 * SECOND)
    const witnesses = /^(disk|frame|packets|votes|touches|requests|replies)/
    expect(plain.events.some(({ kind }) => witnesses.test(kind))).toBe(false)
    expect(witnessed.events.filter(({ kind }) => !witnesses.test(kind)).map(({ at, kind }) => [at, kind])).toEqual(
      plain.events.map(({ at, kind }) => [at, kind]),
    )
  })
})
