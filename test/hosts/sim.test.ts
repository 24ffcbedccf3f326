import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Host } from '../../src/core/host.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import type { Launch } from '../../src/hosts/process.ts'
import { Simulation } from '../../src/hosts/sim/sim.ts'
import { bytesOf, launchEach, launchToys, runConfig, say, textOf } from './toy.ts'

type Servers = { readonly [sid: number]: (host: Host) => void }
const simulate = (servers: Servers, changes = {}): Simulation =>
  new Simulation(runConfig({ servers: 9, autostart: Object.keys(servers).map(Number), ...changes }), {
    launch: launchEach(servers),
  })
const toys = (changes = {}): Simulation => new Simulation(runConfig(changes), { launch: launchToys })
const said = (sim: Simulation, station?: number): string[] =>
  sim.events.flatMap((event) =>
    event.kind === 'printed' && (station === undefined || event.station === station) ? [event.text] : [],
  )
const of = <K extends TraceEvent['kind']>(sim: Simulation, kind: K): Extract<TraceEvent, { kind: K }>[] =>
  sim.events.filter((event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind)
const quorum = (type: string) => ({ protocol: 'quorum', type }) as const

describe('a run', () => {
  const story = (sim: Simulation): readonly TraceEvent[] => {
    sim.run(1_500_000)
    const client = sim.openClient('zk2:2888')
    sim.type(client, 'one')
    sim.kill(3)
    sim.type(client, 'two')
    sim.start(3)
    sim.run(2_000_000)
    return sim.events
  }

  test('with the same configuration, seed and actions is the same, event for event', () => {
    const events = story(toys())
    expect(events.length).toBeGreaterThan(200)
    expect(story(toys())).toEqual(events)
  })

  test('with another seed is another', () => {
    expect(story(toys({ seed: 2 }))).not.toEqual(story(toys()))
  })

  test('does not depend on how its time is cut into windows', () => {
    const whole = toys()
    whole.run(3_000_000)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 100 }), (cuts) => {
        const cut = toys()
        for (const us of cuts) if (cut.edgeUs + us < 3_000_000) cut.run(us)
        cut.runTo(3_000_000)
        expect(cut.events).toEqual(whole.events)
      }),
      { numRuns: 20 },
    )
  })

  test('tells its events by time, then station, then sequence, and counts each station without a gap', () => {
    const events = story(toys())
    const next = new Map<number, number>()
    let before: TraceEvent | undefined
    for (const event of events) {
      const later = before && (event.at - before.at || event.station - before.station || event.seq - before.seq)
      expect(later ?? 1).toBeGreaterThan(0)
      expect(event.seq).toBe(next.get(event.station) ?? 0)
      next.set(event.station, event.seq + 1)
      before = event
    }
  })

  test('is the same whether the messages are told or counted', () => {
    const full = toys()
    const counted = toys()
    counted.setTraceLevel('state')
    for (const sim of [full, counted]) sim.run(3_000_000)
    const hello = (sim: Simulation) => of(sim, 'message').filter(({ note }) => note.type === 'hello').length
    expect(hello(full)).toBeGreaterThan(5)
    expect(hello(counted)).toBe(0)
    expect(of(counted, 'traffic').reduce((sum, { counts }) => sum + (counts.hello ?? 0), 0)).toBe(hello(full))
    const rest = (sim: Simulation) =>
      sim.events.flatMap(({ at, station, kind }) =>
        kind === 'message' || kind === 'traffic' ? [] : [{ at, station, kind }],
      )
    expect(rest(counted)).toEqual(rest(full))
  })

  test('tells nothing when it is asked to be silent, and goes the same way', () => {
    const silent = toys()
    silent.setTraceLevel('off')
    silent.run(2_000_000)
    silent.setTraceLevel('full')
    const full = toys()
    full.run(2_000_000)
    const mark = full.events.length
    for (const sim of [full, silent]) sim.run(1_000_000)
    expect(silent.events).toEqual(full.events.slice(mark))
  })
})

describe('lockstep', () => {
  test('nothing arrives in the window in which it was sent, and nothing takes less than the shortest latency', () => {
    const sim = toys()
    sim.run(3_000_000)
    for (const { at, arrivesAt } of of(sim, 'message')) {
      expect(arrivesAt - at).toBeGreaterThanOrEqual(20_000)
    }
  })

  test('what several steps do at the same time happens in the order of the stations they come from', () => {
    const heard: string[] = []
    const sender = (host: Host): void => {
      const connection = host.network.connect(
        { host: 'zk2', port: 1 },
        { onOpen: () => connection.write(bytesOf('x'), quorum('x')), onData: () => {}, onClose: () => {} },
      )
    }
    const receiver = (host: Host): void => {
      host.clock.after(60, () => heard.push('own timer'))
      host.disk.sync(() => heard.push('own disk'))
      host.network.listen(1, ({ remote }) => ({
        onData: () => heard.push(remote.host),
        onClose: () => {},
      }))
    }
    const same = { min: 20_000, max: 20_000 }
    const sim = simulate(
      { 3: sender, 1: sender, 2: receiver },
      { latencyUs: same, diskSyncUs: { min: 60_000, max: 60_000 } },
    )
    sim.run(100_000)
    // The timer's place in the program is before the sync; both come between the frames of 1 and 3.
    expect(heard).toEqual(['zk1', 'own timer', 'own disk', 'zk3'])
  })

  test('a timer of no delay runs after the step that set it, at the same time, for the same reason', () => {
    const times: number[] = []
    const sim = simulate({
      1: (host) => {
        host.clock.after(0, () => {
          times.push(host.clock.now())
          say(host, 'put off')
        })
        times.push(-1)
      },
    })
    sim.run(10)
    expect(times).toEqual([-1, 0])
  })

  test('time jumps over what is empty', () => {
    const sim = simulate({ 1: (host) => void host.clock.after(3_600_000, () => say(host, 'an hour')) })
    sim.run(3_600_000_001)
    expect(said(sim)).toEqual(['an hour'])
    expect(sim.windows).toBe(2)
  })

  test('one advance executes one instant', () => {
    const sim = simulate({
      1: (host) => {
        for (const ms of [1, 1, 2]) host.clock.after(ms, () => say(host, `${ms}`))
      },
    })
    sim.advance()
    expect(sim.advance().map((event) => event.at)).toEqual([1000, 1000])
    expect(sim.advance().map((event) => event.at)).toEqual([2000])
    expect(sim.advance()).toEqual([])
  })

  test('a process that never lets time go on is stopped', () => {
    const spin = (host: Host): void => void host.clock.after(0, () => spin(host))
    const sim = simulate({ 1: spin, 2: (host) => void host.clock.after(1, () => say(host, 'alive')) })
    sim.run(2000)
    expect(of(sim, 'crashed').map(({ station }) => station)).toEqual([1])
    expect(said(sim)).toEqual(['alive'])
  })
})

describe('a connection', () => {
  /** 1 connects to 2 and writes; 2 says what it gets. */
  const pair = (write: (host: Host, connection: import('../../src/core/host.ts').Connection) => void, changes = {}) =>
    simulate(
      {
        1: (host) => {
          const connection = host.network.connect(
            { host: 'zk2', port: 7 },
            {
              onOpen: () => write(host, connection),
              onData: (bytes) => say(host, `got ${textOf(bytes)}`),
              onClose: (cause) => say(host, cause),
            },
          )
        },
        2: (host) => {
          host.network.listen(7, (connection) => ({
            onData: (bytes) => {
              say(host, textOf(bytes))
              connection.write(bytes, quorum('echo'))
            },
            onClose: (cause) => say(host, cause),
          }))
        },
      },
      changes,
    )

  test('carries bytes in order both ways, whatever the latencies', () => {
    const words = Array.from({ length: 50 }, (_, index) => `${index}`)
    const sim = pair((host, connection) => {
      for (const [index, word] of words.entries()) {
        host.clock.after(index, () => connection.write(bytesOf(word), quorum('word')))
      }
    })
    sim.run(1_000_000)
    expect(said(sim, 2)).toEqual(words)
    expect(said(sim, 1)).toEqual(words.map((word) => `got ${word}`))
  })

  test('takes the writes of one step as one frame, and tells each as a message that leads to its own answer', () => {
    const sim = pair((_, connection) => {
      connection.write(bytesOf('a'), quorum('a'))
      connection.write(bytesOf('b'), quorum('b'))
    })
    sim.run(1_000_000)
    const [a, b, echoA, echoB] = of(sim, 'message')
    expect([a!.note.type, b!.note.type]).toEqual(['a', 'b'])
    expect(a!.arrivesAt).toBe(b!.arrivesAt)
    expect(echoA!.because).toEqual({ station: 1, seq: a!.seq })
    expect(echoB!.because).toEqual({ station: 1, seq: b!.seq })
    expect(echoA!.arrivesAt).toBe(echoB!.arrivesAt)
  })

  test('sends what was written before it was open once it is open', () => {
    const sim = simulate({
      1: (host) => {
        const connection = host.network.connect(
          { host: 'zk2', port: 7 },
          { onOpen: () => connection.write(bytesOf('after')), onData: () => {}, onClose: () => {} },
        )
        connection.write(bytesOf('before'))
      },
      2: (host) => {
        host.network.listen(7, () => ({ onData: (bytes) => say(host, textOf(bytes)), onClose: () => {} }))
      },
    })
    sim.run(1_000_000)
    expect(said(sim).join('')).toBe('beforeafter')
  })

  test('closed by one side gives the other everything written so far, then the end', () => {
    const sim = pair((_, connection) => {
      connection.write(bytesOf('last words'))
      connection.close()
      connection.write(bytesOf('never'))
    })
    sim.run(1_000_000)
    expect(said(sim, 2)).toEqual(['last words', 'closed'])
    expect(said(sim, 1)).toEqual([])
    expect(of(sim, 'disconnected').map(({ station, cause }) => [station, cause])).toEqual([
      [1, 'own'],
      [2, 'closed'],
    ])
  })

  test('aborted is told in the trace with the reason, and resets the other side', () => {
    const sim = pair((_, connection) => connection.abort('nonsense'))
    sim.run(1_000_000)
    expect(of(sim, 'malformed').map(({ station, from, reason }) => [station, from, reason])).toEqual([
      [1, 2, 'nonsense'],
    ])
    expect(said(sim, 2)).toEqual(['reset'])
  })

  test('to a port where nobody listens is refused; to an unknown host, unreachable', () => {
    const attempt = (host: Host, to: string, port: number): void => {
      host.network.connect(
        { host: to, port },
        {
          onData: () => {},
          onClose: (cause) => say(host, `${to}:${port} ${cause} after ${Math.round(host.clock.now())} ms`),
        },
      )
    }
    const sim = simulate(
      {
        1: (host) => {
          attempt(host, 'zk2', 99)
          attempt(host, 'zk3', 7)
          attempt(host, 'elsewhere.example', 7)
          attempt(host, 'zk10', 7)
        },
        2: () => {},
      },
      { latencyUs: { min: 20_000, max: 20_000 } },
    )
    sim.run(1_000_000)
    expect(said(sim)).toEqual([
      'elsewhere.example:7 unreachable after 20 ms',
      'zk10:7 unreachable after 20 ms',
      'zk3:7 refused after 40 ms',
      'zk2:99 refused after 40 ms',
    ])
  })

  test('to oneself works like any other', () => {
    const sim = simulate({
      1: (host) => {
        host.network.listen(7, (connection) => ({
          onData: (bytes) => connection.write(bytes),
          onClose: (cause) => say(host, cause),
        }))
        const connection = host.network.connect(
          { host: 'zk1', port: 7 },
          {
            onData: (bytes) => {
              say(host, textOf(bytes))
              connection.close()
            },
            onClose: () => say(host, 'wrong'),
          },
        )
        connection.write(bytesOf('echo'))
      },
    })
    sim.run(1_000_000)
    expect(said(sim)).toEqual(['echo', 'closed'])
  })
})

describe('a kill', () => {
  /** 1 sends a numbered word to 2 every 5 ms, for ever; 2 answers each. */
  const stream = (changes = {}): Simulation =>
    simulate(
      {
        1: (host) => {
          let count = 0
          const connection = host.network.connect(
            { host: 'zk2', port: 7 },
            {
              onOpen: () => next(),
              onData: (bytes) => say(host, `heard ${textOf(bytes)}`),
              onClose: (cause) => say(host, cause),
            },
          )
          const next = (): void => {
            connection.write(bytesOf(`${++count}`), quorum('word'))
            host.clock.after(5, next)
          }
        },
        2: (host) => {
          host.network.listen(7, (connection) => ({
            onData: (bytes) => {
              say(host, textOf(bytes))
              connection.write(bytes, quorum('echo'))
            },
            onClose: (cause) => say(host, cause),
          }))
        },
      },
      changes,
    )

  test('loses what is in flight to the process', () => {
    const sim = stream()
    sim.run(200_000)
    sim.kill(2)
    const mark = sim.events.length
    const inFlight = of(sim, 'message').filter(({ to, arrivesAt }) => to === 2 && arrivesAt >= 200_000)
    expect(inFlight.length).toBeGreaterThan(2)
    sim.start(2)
    sim.run(200_000)
    expect(sim.events.slice(mark).filter(({ station, kind }) => station === 2 && kind === 'printed')).toEqual([])
  })

  test('keeps what the process has sent, and resets its peers behind it, at least one latency later', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const sim = stream({ seed, latencyUs: { min: 20_000, max: 100_000 } })
      sim.run(400_000)
      const echoes = of(sim, 'message').filter(({ station, arrivesAt }) => station === 2 && arrivesAt >= 400_000)
      expect(echoes.length).toBeGreaterThan(2)
      sim.kill(2)
      sim.run(400_000)
      const after = sim.events.filter(({ at, station, kind }) => at >= 400_000 && station === 1 && kind === 'printed')
      expect(after.length).toBe(echoes.length + 1)
      expect(after.at(-1)).toMatchObject({ text: 'reset' })
      expect(after.at(-1)!.at).toBeGreaterThanOrEqual(420_000)
    }
  })

  test('of a process that is being connected to refuses the connection', () => {
    const sim = stream()
    sim.run(10_000)
    sim.kill(2)
    sim.run(200_000)
    expect(said(sim)).toEqual(['refused'])
  })

  test('and a restart refuse a connection that was under way to the old life', () => {
    const sim = stream()
    sim.run(10_000)
    sim.kill(2)
    sim.start(2)
    sim.run(200_000)
    expect(said(sim)).toEqual(['refused'])
    expect(of(sim, 'connected')).toEqual([])
  })

  test('is told with the action that caused it, as the process’s last event', () => {
    const sim = stream()
    sim.run(100_000)
    sim.kill(2)
    const [action] = of(sim, 'action')
    expect(action).toMatchObject({ at: 100_000, station: 0, command: 'kill 2' })
    expect(of(sim, 'killed')).toMatchObject([{ at: 100_000, station: 2, because: { station: 0, seq: action!.seq } }])
    sim.run(500_000)
    expect(sim.events.filter(({ station }) => station === 2).at(-1)!.kind).toBe('killed')
  })

  test('of what does not run, and a start of what does, change nothing', () => {
    const sim = stream()
    sim.run(100_000)
    sim.kill(5)
    sim.start(1)
    expect(of(sim, 'action')).toEqual([])
    expect(of(sim, 'started')).toHaveLength(2)
    expect(() => sim.start(10)).toThrow('there is no server 10')
  })

  test('and a restart keep the files, written or synced, and nothing else', () => {
    const sim = simulate(
      {
        1: (host) => {
          const text = textOf(host.disk.read('log') as Uint8Array) || 'nothing'
          say(host, `finds ${text}, listens ${host.clock.now()}`)
          host.disk.append('log', bytesOf(`life${text.length}`))
          host.disk.sync(() => say(host, 'synced'))
        },
      },
      { diskSyncUs: { min: 5000, max: 5000 } },
    )
    sim.files(1).replace('log', bytesOf(''))
    sim.run(1000)
    sim.kill(1)
    sim.run(10_000)
    sim.start(1)
    sim.run(10_000)
    expect(said(sim)).toEqual(['finds nothing, listens 0', 'finds life7, listens 11.001', 'synced'])
    expect(of(sim, 'started').map(({ incarnation }) => incarnation)).toEqual([1, 2])
  })

  test('and a restart in the same instant still reset the connections of the old life', () => {
    const sim = stream()
    sim.run(200_000)
    sim.kill(2)
    sim.start(2)
    sim.run(200_000)
    expect(said(sim, 1).at(-1)).toBe('reset')
  })
})

describe('a crash of the core', () => {
  const bomb = (host: Host): void => {
    host.network.listen(7, () => ({ onData: () => {}, onClose: () => {} }))
    host.clock.after(100, () => {
      say(host, 'last')
      throw new Error('broken invariant')
    })
    host.clock.after(101, () => say(host, 'never'))
  }
  const peer = (host: Host): void => {
    host.network.connect({ host: 'zk1', port: 7 }, { onData: () => {}, onClose: (cause) => say(host, cause) })
    host.clock.after(110, () =>
      host.network.connect(
        { host: 'zk1', port: 7 },
        { onData: () => {}, onClose: (cause) => say(host, `then ${cause}`) },
      ),
    )
    host.clock.after(300, () => say(host, 'alive'))
  }

  test('is told with its reason, resets the peers, and the others go on', () => {
    const sim = simulate({ 1: bomb, 2: peer })
    sim.run(400_000)
    expect(of(sim, 'crashed')).toMatchObject([{ at: 100_000, station: 1, reason: 'Error: broken invariant' }])
    expect(said(sim, 1)).toEqual(['last'])
    expect(said(sim, 2).sort()).toEqual(['alive', 'reset', 'then refused'])
    const reset = of(sim, 'disconnected').find(({ cause }) => cause === 'reset')
    expect(reset!.at).toBeGreaterThanOrEqual(140_000)
  })

  test('does not depend on how time is cut into windows', () => {
    const whole = simulate({ 1: bomb, 2: peer })
    whole.run(400_000)
    const cut = simulate({ 1: bomb, 2: peer })
    for (let us = 0; us < 400_000; us += 1000) cut.run(1000)
    expect(cut.events).toEqual(whole.events)
  })

  test('and a halt leave a server that can be started again', () => {
    const lives: number[] = []
    const sim = simulate({
      1: (host) => {
        lives.push(host.clock.now())
        host.clock.after(1, () => host.trace.emit({ kind: 'halted', reason: 'the disk failed' }))
        host.clock.after(2, () => say(host, 'never'))
      },
    })
    sim.run(10_000)
    sim.start(1)
    sim.run(10_000)
    expect(lives).toEqual([0, 10])
    expect(said(sim)).toEqual([])
  })
})

describe('a client', () => {
  test('answers what is typed into it, and every action is recorded', () => {
    const sim = toys()
    const client = sim.openClient('zk2:2888')
    expect(client).toBe(101)
    expect(sim.type(client, 'hello').lines).toEqual([{ stream: 'out', text: 'ack 2' }])
    expect(of(sim, 'action').map(({ command }) => command)).toEqual(['client zk2:2888', 'type 101 hello'])
  })

  test('that is gone answers nothing more', () => {
    const sim = toys()
    const client = sim.openClient('zk2:2888')
    const pending = sim.begin(client, 'hello')
    sim.kill(client)
    expect(pending.failure).toBe('the process was killed')
    expect(() => sim.type(client, 'hello')).toThrow('client 101 does not run')
    expect(() => sim.complete(sim.openClient('zk1:2888'), 'he')).toThrow('takes no commands')
  })
})

test('a shell that has ended takes its process with it', () => {
  const shell: Launch = () => ({
    type: (line, done) => done({ lines: [], exitCode: 0, ...(line === 'quit' ? { ended: true as const } : {}) }),
  })
  const sim = new Simulation(runConfig({ autostart: [] }), { launch: shell })
  const client = sim.openClient('')
  sim.type(client, 'ls /')
  expect(sim.type(client, 'quit').ended).toBe(true)
  expect(of(sim, 'halted')).toMatchObject([{ station: 101, reason: 'zkCli has ended' }])
  expect(() => sim.type(client, 'ls /')).toThrow('client 101 does not run')
})
