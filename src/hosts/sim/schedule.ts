/** Runs as data: an ensemble and a script, in JSON. Regression tests, shrunk failures and scenarios of the page are kept so.
 *
 *  {
 *    "name": "the leader dies before it hears its own ACK",
 *    "cluster": { "servers": 3, "seed": 7, "tickTimeMs": 500 },
 *    "script": [
 *      { "after": { "kind": "established" }, "do": { "kind": "client", "name": "c", "servers": [1, 2, 3] } },
 *      { "do": { "kind": "op", "client": "c", "line": "create /a x", "as": "write" } },
 *      { "before": { "station": 3, "kind": "durable", "zxid": "1.2" }, "do": { "kind": "kill", "station": 3 } },
 *      { "at": 40, "do": { "kind": "start", "sid": 3 } },
 *      { "when": { "serving": [1, 2, 3] }, "do": { "kind": "expect", "op": "write", "answer": "Created /a" } },
 *      { "do": { "kind": "mode", "mode": "liveness" } }
 *    ]
 *  }
 *
 *  `cluster` is a RunConfig; what it leaves out is as in `defaults`. A step waits for its trigger, then does its deed; one without a trigger
 *  follows the one before it at once. Steps wait one after the other.
 *
 *  Triggers, one for each step:
 *    at: seconds since the run began          for: seconds since the step before
 *    after: an event (with `nth`: so many)     before: an event of one server; only to kill that server there
 *    when: a state (see State)                 quiesce: so many seconds in which nothing but heartbeats happens
 *  A trigger that does not come `within` seconds (120) fails the run.
 *
 *  Events are matched by the names of the trace: all fields given are equal, fields inside fields as in "note.type", zxids as
 *  "0x100000002" or "1.2". Deeds: every action of hosts/conductor.ts and hosts/fault.ts by its `kind`; and
 *    client, op, expect        a zkCli by name, a line typed into it, what must have come of that
 *    partition                 groups of stations that do not hear each other (`way`: cut, held or reset)
 *    assert                    a State that must hold now
 *    mode                      liveness: heal, and let a core of servers prove that it serves
 *    stop                      the run is over */
import * as v from 'valibot'
import type { RunConfig } from '../ensemble.ts'
import { zxidOf } from './zxid-text.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const positive = v.pipe(v.number(), v.integer(), v.minValue(1))
const seconds = v.pipe(v.number(), v.minValue(0))
const stations = v.array(positive)
const span = v.strictObject({ min: count, max: count })

const value = v.union([v.string(), v.number(), v.boolean()])
const match = v.pipe(
  v.record(v.string(), value),
  v.transform((fields) => Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, zxidOf(text)]))),
)

const state = v.strictObject({
  /** Who leads the newest epoch: a sid, 'any' or 'none'. */
  leader: v.optional(v.union([positive, v.picklist(['any', 'none'])])),
  /** These serve clients; these do not. */
  serving: v.optional(stations),
  notServing: v.optional(stations),
  running: v.optional(stations),
  down: v.optional(stations),
  /** The end of each log on disk, by sid. */
  head: v.optional(v.record(v.string(), v.pipe(v.string(), v.transform(zxidOf)))),
})

const ports = v.optional(v.array(v.picklist(['client', 'quorum', 'election'])))
const way = v.picklist(['held', 'cut', 'reset'])
const link = v.strictObject({
  way: v.optional(way),
  delayUs: v.optional(span),
  usPerKib: v.optional(positive),
  pieceBytes: v.optional(positive),
})
const loss = v.union([v.picklist(['all', 'none']), v.number(), v.array(count)])
const effects = [
  'append',
  'truncate',
  'replace',
  'remove',
  'sync',
  'synced',
  'connect',
  'write',
  'close',
  'timer',
  'any',
]
const clock = v.strictObject({
  rate: v.optional(v.pipe(v.number(), v.minValue(0.01))),
  offsetMs: v.optional(v.number()),
  grainMs: v.optional(positive),
  timerGrainUs: v.optional(positive),
})
const disk = v.strictObject({
  stalled: v.optional(v.boolean()),
  slow: v.optional(positive),
  failWrites: v.optional(v.boolean()),
  failSyncs: v.optional(v.boolean()),
  failReads: v.optional(v.string()),
  roomBytes: v.optional(count),
})
const workload = v.strictObject({
  sessions: positive,
  pauseMs: positive,
  outstanding: positive,
  keys: positive,
  timeoutMs: positive,
  deeds: v.record(v.string(), v.number()),
  skip: v.optional(v.array(count)),
  untilUs: v.optional(positive),
})

const deed = v.variant('kind', [
  v.strictObject({ kind: v.literal('start'), sid: positive, disk: v.optional(v.picklist(['same', 'wiped'])) }),
  v.strictObject({
    kind: v.literal('kill'),
    station: positive,
    loss: v.optional(loss),
    silent: v.optional(v.boolean()),
  }),
  v.strictObject({
    kind: v.literal('crashAt'),
    station: positive,
    point: v.strictObject({ before: v.union([v.picklist(effects), match]), nth: positive }),
    loss: v.optional(loss),
    silent: v.optional(v.boolean()),
  }),
  v.strictObject({ kind: v.literal('disarm'), station: positive }),
  v.strictObject({ kind: v.literal('powerCut'), loss }),
  v.strictObject({ kind: v.literal('pause'), station: positive }),
  v.strictObject({ kind: v.literal('resume'), station: positive, clock: v.picklist(['stood', 'ran']) }),
  v.strictObject({ kind: v.literal('slow'), station: positive, stepUs: count }),
  v.strictObject({ kind: v.literal('clock'), station: positive, clock }),
  v.strictObject({ kind: v.literal('disk'), station: positive, disk }),
  v.strictObject({ kind: v.literal('rot'), station: positive, path: v.string(), seed: v.number() }),
  v.strictObject({ kind: v.literal('link'), from: stations, to: stations, ports, state: link }),
  v.strictObject({ kind: v.literal('heal') }),
  v.strictObject({ kind: v.literal('reset'), a: positive, b: positive, ports }),
  v.strictObject({ kind: v.literal('openClient'), connect: v.string(), workload: v.optional(workload) }),
  v.strictObject({ kind: v.literal('type'), client: positive, line: v.string() }),

  v.strictObject({ kind: v.literal('client'), name: v.string(), servers: stations }),
  v.strictObject({ kind: v.literal('op'), client: v.string(), line: v.string(), as: v.optional(v.string()) }),
  v.strictObject({
    kind: v.literal('expect'),
    op: v.string(),
    /** Part of what is printed; 'lost': it was not answered by a server. */
    answer: v.string(),
    within: v.optional(seconds),
  }),
  v.strictObject({ kind: v.literal('partition'), groups: v.array(stations), way, ports }),
  v.strictObject({ kind: v.literal('assert'), ...state.entries }),
  v.strictObject({
    kind: v.literal('mode'),
    mode: v.literal('liveness'),
    /** The servers outside the core stay broken. */
    leaveBroken: v.optional(v.boolean()),
  }),
  v.strictObject({ kind: v.literal('stop') }),
])

const triggers = ['at', 'for', 'after', 'before', 'when', 'quiesce'] as const
const step = v.pipe(
  v.strictObject({
    at: v.optional(seconds),
    for: v.optional(seconds),
    after: v.optional(match),
    nth: v.optional(positive),
    before: v.optional(match),
    when: v.optional(state),
    quiesce: v.optional(seconds),
    within: v.optional(seconds),
    do: deed,
  }),
  v.check(
    (given) => triggers.filter((trigger) => given[trigger] !== undefined).length <= 1,
    'a step has one trigger at most',
  ),
  v.check(
    (given) => given.before === undefined || given.do.kind === 'kill',
    'before an event a server can be killed, nothing else',
  ),
  v.check(
    (given) => given.before === undefined || typeof given.before.station === 'number',
    'before names the station',
  ),
)

/** A latency that lets messages pass each other, a disk that takes its time, ZooKeeper's sample zoo.cfg otherwise. */
export const defaults: Omit<RunConfig, 'servers' | 'autostart'> = {
  seed: 1,
  latencyUs: { min: 1000, max: 3000 },
  diskSyncUs: { min: 500, max: 2000 },
  tickTimeMs: 2000,
  initLimit: 10,
  syncLimit: 5,
  wallStartMs: 1_700_000_000_000,
  snapCount: 100_000,
  witness: 'disk',
}

const cluster = v.pipe(
  v.strictObject({
    servers: v.pipe(positive, v.maxValue(9)),
    seed: v.optional(count),
    latencyUs: v.optional(span),
    diskSyncUs: v.optional(span),
    tickTimeMs: v.optional(positive),
    initLimit: v.optional(positive),
    syncLimit: v.optional(positive),
    wallStartMs: v.optional(count),
    snapCount: v.optional(positive),
    globalOutstandingLimit: v.optional(positive),
    firstZxid: v.optional(v.pipe(v.string(), v.transform(zxidOf))),
    autostart: v.optional(stations),
    observers: v.optional(stations),
    hierarchy: v.optional(v.strictObject({ groups: v.array(stations), weights: v.record(v.string(), count) })),
    knobs: v.optional(v.record(v.string(), v.union([count, v.boolean(), v.string()]))),
    witness: v.optional(v.picklist(['disk', 'all'])),
  }),
  v.transform((given): RunConfig => {
    const autostart = Array.from({ length: given.servers }, (_, index) => index + 1)
    const known = Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined))
    return { ...defaults, autostart, ...known } as unknown as RunConfig
  }),
)

const schedule = v.strictObject({
  name: v.optional(v.string(), ''),
  /** What it shows, in a sentence or two. */
  about: v.optional(v.string(), ''),
  cluster,
  script: v.array(step),
  /** The property that it breaks where it is a failure that was kept. */
  breaks: v.optional(v.string()),
})

export type Schedule = v.InferOutput<typeof schedule>
export type Step = Schedule['script'][number]
export type Deed = Step['do']
export type State = v.InferOutput<typeof state>
/** As it stands in a file. */
export type ScheduleText = v.InferInput<typeof schedule>

/** What is wrong with a schedule, each with its place: "script.3.do.station: Invalid type: Expected number but received string". */
export class ScheduleError extends Error {}

/** @throws ScheduleError */
export function parseSchedule(json: unknown): Schedule {
  const parsed = v.safeParse(schedule, json)
  if (parsed.success) return parsed.output
  const wrong = parsed.issues.flatMap((issue) => placesOf(issue))
  throw new ScheduleError(wrong.join('\n'))
}

/** An issue of a union hides what is wrong in the branches; the deepest one says most. */
function placesOf(issue: v.BaseIssue<unknown>): string[] {
  const place = v.getDotPath(issue) ?? ''
  return [`${place === '' ? 'the schedule' : place}: ${issue.message}`]
}
