/** The museum's pieces: bugs that ZooKeeper had or has, each with a schedule that leads to it, the mutant that has the bug
 *  (test/simulate/mutants), and a property that breaks. What a piece says to visitors is in the page's catalogue. */
import type { ScheduleText } from './schedule.ts'

export interface Exhibit {
  /** As in the address, and of its recording's file. */
  readonly name: string
  readonly mutant: string
  /** An id of check/properties.ts. */
  readonly breaks: string
  readonly schedule: ScheduleText
}

type Step = ScheduleText['script'][number]

/** Servers whose messages take long enough to be seen. Server 3, or the last one, is elected first. */
const ensemble = (servers: number, changes: Partial<ScheduleText['cluster']> = {}): ScheduleText['cluster'] => ({
  servers,
  latencyUs: { min: 20_000, max: 30_000 },
  diskSyncUs: { min: 2000, max: 6000 },
  ...changes,
})

const serve = (...serving: number[]): Pick<Step, 'when'> => ({ when: { serving } })
const client = (name: string, ...servers: number[]): Step => ({ do: { kind: 'client', name, servers } })
const type = (name: string, line: string, as = line): Step => ({ do: { kind: 'op', client: name, line, as } })
/** Types a line and waits for its answer. */
const ask = (name: string, line: string, answer: string): Step[] => [
  type(name, line),
  { do: { kind: 'expect', op: line, answer } },
]
const create = (name: string, ...paths: string[]): Step[] =>
  paths.flatMap((path) => ask(name, `create ${path} x`, 'Created'))
const kill = (station: number): Step => ({ do: { kind: 'kill', station } })
const losePower = (station: number): Step => ({ do: { kind: 'kill', station, loss: 'all' } })
const start = (sid: number): Step => ({ do: { kind: 'start', sid } })
const cutOff = (...groups: number[][]): Step => ({ do: { kind: 'partition', groups, way: 'cut' } })
const heal: Step = { do: { kind: 'heal' } }
/** The step so many seconds later. */
const later = (seconds: number, step: Step): Step => ({ ...step, for: seconds })
const end = (seconds: number): Step => ({ for: seconds, do: { kind: 'stop' } })
const all = { ...serve(1, 2, 3) }

/** The others may still serve the leader that is gone. */
const anotherLeads: Step = { after: { kind: 'established' }, ...heal }

/** Leader 3 logs a write that nobody else has, and its process ends. */
const aTailOnThree: readonly Step[] = [
  { ...all, ...client('c', 3) },
  ...ask('c', 'create /account 100', 'Created'),
  later(1, cutOff([3], [1, 2])),
  type('c', 'set /account 250'),
  later(1, kill(3)),
  heal,
]

export const exhibits: readonly Exhibit[] = [
  {
    name: 'ack-before-history',
    mutant: 'ack-before-history',
    breaks: 'S-1',
    schedule: {
      cluster: ensemble(3),
      script: [
        ...aTailOnThree,
        kill(1),
        kill(2),
        { do: { kind: 'disk', station: 1, disk: { slow: 300 } } },
        later(1, start(3)),
        start(1),
        { after: { kind: 'established', station: 3 }, ...client('d', 3) },
        type('d', 'get /account'),
        later(0.5, losePower(1)),
        kill(3),
        { do: { kind: 'disk', station: 1, disk: {} } },
        later(1, start(1)),
        start(2),
        { ...serve(1, 2), ...client('e', 1) },
        type('e', 'get /account', 'at last'),
        end(3),
      ],
    },
  },
  {
    name: 'epoch-before-history',
    mutant: 'epoch-before-history',
    breaks: 'E-4',
    schedule: {
      cluster: ensemble(3),
      script: [
        { ...all, ...kill(1) },
        client('c', 2, 3),
        ...create('c', '/a', '/b', '/c', '/d'),
        later(1, kill(3)),
        { do: { kind: 'disk', station: 1, disk: { slow: 100 } } },
        later(1, start(1)),
        { ...serve(1, 2), within: 60, do: { kind: 'disk', station: 1, disk: {} } },
        end(3),
      ],
    },
  },
  {
    name: 'diff-by-number',
    mutant: 'diff-by-number',
    breaks: 'S-5',
    schedule: {
      cluster: ensemble(3),
      script: [
        ...aTailOnThree,
        anotherLeads,
        { ...serve(1, 2), ...client('d', 1) },
        ...create('d', '/other'),
        later(1, start(3)),
        { for: 5, ...client('e', 3) },
        type('e', 'get /account'),
        end(3),
      ],
    },
  },
  {
    name: 'retained-database',
    mutant: 'retained-database',
    breaks: 'S-4',
    schedule: {
      cluster: ensemble(3),
      script: [
        { ...all, ...client('c', 3) },
        ...ask('c', 'create /account 100', 'Created'),
        later(1, cutOff([3], [1, 2])),
        type('c', 'set /account 250'),
        { after: { kind: 'stateChanged', station: 3, to: 'LOOKING' }, ...heal },
        { for: 10, ...client('d', 3) },
        type('d', 'get /account'),
        end(3),
      ],
    },
  },
  {
    name: 'trunc-keeps-snapshot',
    mutant: 'trunc-keeps-snapshot',
    breaks: 'S-2',
    schedule: {
      cluster: ensemble(3),
      script: [
        ...aTailOnThree,
        kill(1),
        kill(2),
        later(1, start(3)),
        start(1),
        { after: { kind: 'stateChanged', station: 3, to: 'LEADING' }, ...kill(1) },
        later(1, kill(3)),
        later(1, start(1)),
        start(2),
        { ...serve(1, 2), ...start(3) },
        { for: 5, ...client('e', 3) },
        type('e', 'get /account'),
        end(3),
      ],
    },
  },
  {
    name: 'snapshot-before-quorum',
    mutant: 'snapshot-before-quorum',
    breaks: 'D-5',
    schedule: {
      cluster: ensemble(3),
      script: [
        ...aTailOnThree,
        kill(1),
        kill(2),
        later(1, start(3)),
        start(1),
        { after: { kind: 'stateChanged', station: 3, to: 'LEADING' }, ...kill(1) },
        later(1, kill(3)),
        later(1, start(1)),
        start(2),
        { ...serve(1, 2), ...client('d', 1) },
        ...create('d', '/other'),
        later(1, start(3)),
        end(6),
      ],
    },
  },
  {
    name: 'snap-keeps-log',
    mutant: 'snap-keeps-log',
    breaks: 'S-3',
    schedule: {
      cluster: ensemble(3),
      script: [
        ...aTailOnThree,
        anotherLeads,
        { ...serve(1, 2), ...start(3) },
        later(5, kill(3)),
        later(1, start(3)),
        { for: 5, ...client('e', 3) },
        type('e', 'get /account'),
        end(3),
      ],
    },
  },
  {
    name: 'interrupted-snap',
    mutant: 'interrupted-snap',
    breaks: 'S-4',
    schedule: {
      cluster: ensemble(3, { knobs: { commitLogCount: 1 } }),
      script: [
        { ...all, ...kill(1) },
        client('c', 2, 3),
        ...create('c', '/a', '/b', '/c', '/d'),
        { for: 1, do: { kind: 'link', from: [3], to: [1], ports: ['quorum'], state: { pieceBytes: 40 } } },
        start(1),
        { after: { kind: 'snapInstalled', station: 1 }, ...kill(3) },
        heal,
        end(8),
      ],
    },
  },
  {
    name: 'snapshot-behind-its-label',
    mutant: 'snapshot-behind-its-label',
    breaks: 'D-5',
    schedule: {
      cluster: ensemble(3, { knobs: { commitLogCount: 1 } }),
      script: [
        { ...all, ...kill(1) },
        client('c', 2, 3),
        ...create('c', '/a', '/b', '/c'),
        later(1, start(1)),
        { ...all, ...kill(1) },
        ...create('c', '/d', '/e', '/f'),
        later(1, start(1)),
        { ...all, ...client('d', 1) },
        type('d', 'ls /'),
        ...create('c', '/d/child'),
        end(3),
      ],
    },
  },
  {
    name: 'hole-in-the-window',
    mutant: 'hole-in-the-window',
    breaks: 'S-5',
    schedule: {
      cluster: ensemble(5),
      script: [
        { ...serve(1, 2, 3, 4, 5), ...client('c', 2, 3) },
        ...create('c', '/before'),
        kill(1),
        ...create('c', '/foo-1', '/foo-2'),
        kill(4),
        ...create('c', '/bar-1', '/bar-2'),
        later(1, start(4)),
        { ...serve(2, 3, 4, 5), ...type('c', 'create /baz x') },
        later(2, kill(5)),
        { ...serve(2, 3, 4), ...start(1) },
        { for: 5, ...client('d', 1) },
        type('d', 'ls /'),
        end(3),
      ],
    },
  },
  {
    name: 'counter-carries',
    mutant: 'counter-carries',
    breaks: 'Z-11',
    schedule: {
      cluster: ensemble(3),
      script: [
        { ...all, ...client('c', 1, 2, 3) },
        ...Array.from({ length: 33 }, (_, n) => type('c', `create /n-${n} x`)),
        end(6),
      ],
    },
  },
  {
    name: 'temporary-error-forgiven',
    mutant: 'temporary-error-forgiven',
    breaks: 'D-9',
    schedule: {
      cluster: ensemble(3),
      script: [
        { ...all, ...client('c', 2, 3) },
        ...create('c', '/a'),
        { for: 1, do: { kind: 'disk', station: 1, disk: { failWrites: true } } },
        ...create('c', '/b', '/c'),
        { for: 1, do: { kind: 'disk', station: 1, disk: {} } },
        ...create('c', '/d'),
        later(1, kill(1)),
        later(1, start(1)),
        { for: 4, ...client('d', 1) },
        type('d', 'ls /'),
        end(3),
      ],
    },
  },
  {
    name: 'full-disk-ignored',
    mutant: 'full-disk-ignored',
    breaks: 'D-1',
    schedule: {
      cluster: ensemble(3),
      script: [
        { ...all, ...client('c', 1, 2) },
        ...create('c', '/a'),
        { for: 1, do: { kind: 'disk', station: 3, disk: { roomBytes: 0 } } },
        type('c', 'create /b x'),
        later(5, type('c', 'create /c x')),
        end(10),
      ],
    },
  },
  {
    name: 'close-missed-in-sync',
    mutant: 'close-missed-in-sync',
    breaks: 'D-7',
    schedule: {
      cluster: ensemble(3),
      script: [
        { ...all, ...client('owner', 2, 3) },
        ...ask('owner', 'create -e /lock mine', 'Created'),
        later(1, kill(1)),
        type('owner', 'close'),
        later(1, start(1)),
        { ...all, ...client('d', 1) },
        type('d', 'ls /'),
        end(3),
      ],
    },
  },
  {
    name: 'close-leaves-pzxid',
    mutant: 'close-leaves-pzxid',
    breaks: 'D-7',
    schedule: {
      cluster: ensemble(3),
      script: [
        { ...all, ...client('owner', 2, 3) },
        ...create('owner', '/group'),
        ...ask('owner', 'create -e /group/member x', 'Created'),
        later(1, type('owner', 'close')),
        later(1, client('d', 1)),
        type('d', 'stat /group'),
        end(3),
      ],
    },
  },
  {
    name: 'sessions-of-another-instant',
    mutant: 'sessions-of-another-instant',
    breaks: 'X-1',
    schedule: {
      cluster: ensemble(3, { snapCount: 4 }),
      script: [
        { ...all, ...client('one', 2, 3) },
        ...ask('one', 'create -e /one x', 'Created'),
        client('two', 2, 3),
        ...ask('two', 'create -e /two x', 'Created'),
        ...create('one', '/a', '/b', '/c', '/d'),
        end(3),
      ],
    },
  },
  {
    name: 'multi-in-two-steps',
    mutant: 'multi-in-two-steps',
    breaks: 'T-7',
    schedule: {
      cluster: ensemble(3),
      script: [
        {
          ...all,
          do: {
            kind: 'openClient',
            connect: 'zk1:2181,zk2:2181',
            workload: {
              sessions: 1,
              pauseMs: 500,
              outstanding: 1,
              keys: 3,
              timeoutMs: 30_000,
              deeds: { create: 1, multi: 1, get: 1 },
            },
          },
        },
        end(12),
      ],
    },
  },
  {
    name: 'wiped-disk-votes',
    mutant: 'wiped-disk-votes',
    breaks: 'D-12',
    schedule: {
      cluster: ensemble(3, { firstZxid: '1.1', knobs: { dbAutocreate: false } }),
      script: [
        { ...all, ...kill(1) },
        client('c', 2, 3),
        ...create('c', '/account'),
        later(1, kill(2)),
        kill(3),
        later(1, start(1)),
        { do: { kind: 'start', sid: 2, disk: 'wiped' } },
        later(10, start(3)),
        { for: 8, ...client('d', 3) },
        type('d', 'get /account'),
        end(3),
      ],
    },
  },
  {
    name: 'log-queue-survives',
    mutant: 'log-queue-survives',
    breaks: 'S-4',
    schedule: {
      cluster: ensemble(5),
      script: [
        {
          ...serve(1, 2, 3, 4, 5),
          do: {
            kind: 'openClient',
            connect: 'zk1:2181,zk2:2181',
            workload: {
              sessions: 3,
              pauseMs: 30,
              outstanding: 20,
              keys: 3,
              timeoutMs: 30_000,
              deeds: { create: 1, set: 3, burst: 2 },
            },
          },
        },
        later(3, kill(5)),
        later(6, start(5)),
        end(3),
      ],
    },
  },
]
