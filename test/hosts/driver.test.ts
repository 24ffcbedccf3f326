import { afterEach, describe, expect, test } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { RealClock } from '../../src/hosts/driver.ts'
import type { HostNotice } from '../../src/hosts/ensemble.ts'
import { SimulatedEnsemble } from '../../src/hosts/sim/ensemble.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { launchEach, launchToys, runConfig, say } from './toy.ts'

/** A real clock that stands still until the test moves it. */
class HandClock implements RealClock {
  #ms = 0
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = []

  now(): number {
    return this.#ms
  }

  wait(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ untilMs: this.#ms + ms, wake }))
  }

  /** Moves on in steps of at most one sleep, letting everything react. */
  async go(ms: number): Promise<void> {
    const untilMs = this.#ms + ms
    let rounds = 0
    for (;;) {
      await settle()
      const next = Math.min(untilMs, ...this.#sleepers.map((each) => each.untilMs))
      this.#ms = Math.max(this.#ms, next)
      // Work takes time too.
      this.#ms += 0.01
      const due = this.#sleepers.filter((each) => each.untilMs <= this.#ms)
      this.#sleepers = this.#sleepers.filter((each) => each.untilMs > this.#ms)
      if (this.#ms >= untilMs && (due.length === 0 || rounds++ > 3)) {
        this.#sleepers.push(...due)
        return
      }
      for (const { wake } of due) wake()
    }
  }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

const ticker = launchEach({
  1: (host) => {
    const tick = (): void => {
      say(host, `${host.clock.now()}`)
      host.clock.after(100, tick)
    }
    tick()
  },
})

const open: SimulatedEnsemble[] = []
const begin = (launch = ticker, changes = {}) => {
  const clock = new HandClock()
  const ensemble = new SimulatedEnsemble(runConfig({ servers: 1, autostart: [1], ...changes }), launch, clock)
  const events: TraceEvent[] = []
  const notices: HostNotice[] = []
  ensemble.listen(
    (more) => events.push(...more),
    (notice) => notices.push(notice),
  )
  open.push(ensemble)
  const said = (): string[] => events.flatMap((event) => (event.kind === 'printed' ? [event.text] : []))
  return { clock, ensemble, events, notices, said }
}
afterEach(async () => {
  for (const ensemble of open.splice(0)) void ensemble.dispose()
})

describe('the pace', () => {
  test('is paused at first: the servers start, and no time goes by', async () => {
    const { clock, said, notices } = begin()
    await clock.go(5000)
    expect(said()).toEqual(['0'])
    expect(notices.at(-1)).toEqual({ kind: 'time', edgeUs: 1, rate: 'paused', idle: false })
  })

  test('of 1 lets a virtual second go by in a real one, of a half half of that', async () => {
    const { clock, ensemble, said } = begin()
    ensemble.setRate(1)
    await clock.go(950)
    expect(said().at(-1)).toBe('900')
    ensemble.setRate(0.5)
    await clock.go(1000)
    expect(said().at(-1)).toBe('1400')
    ensemble.setRate('paused')
    await clock.go(1000)
    expect(said().at(-1)).toBe('1400')
  })

  test('tells how far the run has come even when nothing happens', async () => {
    const { clock, ensemble, notices } = begin(launchEach({}), { autostart: [] })
    ensemble.setRate(1)
    await clock.go(160)
    const edges = notices.flatMap((notice) => (notice.kind === 'time' ? [notice.edgeUs] : []))
    expect(edges.length).toBeGreaterThan(5)
    expect(edges.at(-1)).toBeGreaterThan(140_000)
    expect(notices.at(-1)).toMatchObject({ idle: true })
  })

  test('does not run after time that was lost in one long gap', async () => {
    const { clock, ensemble, said } = begin()
    ensemble.setRate(1)
    await clock.go(200)
    const before = said().length
    const now = clock.now.bind(clock)
    clock.now = () => now() + 60_000
    await clock.go(50)
    expect(said().length).toBeLessThanOrEqual(before + 2)
  })

  test('of max is as fast as it goes and tells no more often than once a frame', async () => {
    const { clock, ensemble, events } = begin()
    let batches = 0
    ensemble.listen(
      (more) => {
        batches++
        events.push(...more)
      },
      () => {},
    )
    const found = ensemble.runUntil({ kind: 'printed', text: '1000000' })
    await clock.go(10)
    expect(await found).toMatchObject({ at: 1_000_000_000 })
    expect(events.length).toBe(10_002)
    expect(batches).toBeLessThan(5)
  })
})

describe('while paused', () => {
  test('a step executes the next instant only', async () => {
    const { clock, ensemble, said } = begin()
    await clock.go(1)
    const edge = ensemble.advance()
    await clock.go(1)
    expect(await edge).toBe(100_001)
    expect(said()).toEqual(['0', '100'])
  })

  test('a kill and a start take effect at once', async () => {
    const { clock, ensemble, events } = begin()
    const killed = ensemble.kill(1)
    await clock.go(1)
    await killed
    expect(events.at(-1)).toMatchObject({ kind: 'killed', at: 1 })
    const started = ensemble.start(1)
    await clock.go(1)
    await started
    expect(events.filter(({ kind }) => kind === 'started')).toHaveLength(2)
  })

  test('what cannot be done is rejected with the reason', async () => {
    const { clock, ensemble } = begin()
    const failed = ensemble.start(4).catch((error: Error) => error.message)
    await clock.go(1)
    expect(await failed).toBe('there is no server 4')
  })
})

describe('running until something happens', () => {
  test('pauses there, and the event has been told when the answer comes', async () => {
    const { clock, ensemble, said } = begin()
    const found = ensemble.runUntil([{ kind: 'halted' }, { kind: 'printed', text: '500' }])
    let toldBefore: string[] = []
    void found.then(() => (toldBefore = said()))
    await clock.go(1)
    expect(await found).toMatchObject({ at: 500_000 })
    expect(toldBefore.at(-1)).toBe('500')
    await clock.go(1000)
    expect(said().at(-1)).toBe('500')
  })

  test('gives up at the limit, exactly there', async () => {
    const { clock, ensemble, notices } = begin()
    await clock.go(1)
    const found = ensemble.runUntil({ kind: 'halted' }, 250_000)
    await clock.go(1)
    expect(await found).toBeUndefined()
    expect(notices.at(-1)).toMatchObject({ edgeUs: 250_001, rate: 'paused' })
  })

  test('ends with nothing when somebody pauses', async () => {
    const { clock, ensemble } = begin()
    const found = ensemble.runUntil({ kind: 'halted' }, undefined, 1)
    await clock.go(100)
    ensemble.setRate('paused')
    expect(await found).toBeUndefined()
  })
})

test('an ensemble at a pace and a bare simulation with the same actions give the same trace', async () => {
  const { clock, ensemble, events } = begin(launchToys, { servers: 3, autostart: [1, 2, 3] })
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    await clock.go(1)
    return promise
  }
  await settled(ensemble.runUntil({ kind: 'printed', text: 'ack 1' }))
  const client = await settled(ensemble.openClient('zk2:2888'))
  const answer = ensemble.type(client, 'hello')
  ensemble.setRate(1)
  await clock.go(3000)
  await answer
  ensemble.setRate('paused')
  await settled(ensemble.kill(3))
  await settled(ensemble.runUntil({ kind: 'printed', station: 1, text: 'zk3: reset' }))

  const sim = new Simulation(ensemble.config, { launch: launchToys })
  for (const event of events.filter(({ kind }) => kind === 'action')) {
    if (event.kind !== 'action') continue
    sim.runTo(event.at)
    const [verb, ...words] = event.command.split(' ')
    if (verb === 'client') sim.openClient(words[0]!)
    if (verb === 'type') sim.begin(Number(words[0]), words.slice(1).join(' '))
    if (verb === 'kill') sim.kill(Number(words[0]))
  }
  sim.runTo(events.at(-1)!.at + 1)
  expect(sim.events.slice(0, events.length)).toEqual(events)
})
