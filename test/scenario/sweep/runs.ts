/** The runs that are broken off everywhere. Each begins with the same script, so that there are snapshots, several logs and
 *  purged files, and is the same each time, up to the point where it is broken off. */
import type { ReplicaConfig } from '../../../src/core/config/replica-config.ts'
import type { Sid } from '../../../src/core/wire/ids.ts'
import { configureServer } from '../../../src/hosts/configure.ts'
import type { RunConfig } from '../../../src/hosts/ensemble.ts'
import type { Effect, Loss } from '../../../src/hosts/fault.ts'
import type { PageCache } from '../../../src/hosts/page-cache.ts'
import type { Launch } from '../../../src/hosts/process.ts'
import { Station } from '../../../src/hosts/station.ts'
import { withSettings } from '../members.ts'
import { Rig } from '../rig.ts'
import { BURST_AFTER_MS, burstOf, ScriptClient, type Step, scriptOf } from './script.ts'

const CONTAINERS = { containerCheckIntervalMs: 700 }
const KNOBS = { extendedTypesEnabled: true, enforceQuota: true } as const
/** Txns between two snapshots, about. */
const SNAP_COUNT = 24

/** A process is stopped before one of the things that it does to the world; 1: the first one after the run has come to where
 *  it is interesting. */
export interface Crash {
  readonly effect: number
  readonly loss?: Loss
}

export interface Broken {
  readonly rig: SweepRig
  /** Whose process is, or may be, stopped. */
  readonly sid: Sid
  /** From here on. */
  readonly sinceUs: number
}

export class SweepRig extends Rig {
  readonly #clients: ScriptClient[]
  readonly #settings: Partial<ReplicaConfig>

  /** `retain`: so many snapshots are kept. */
  constructor(servers: number, given: Partial<RunConfig> = {}, retain = 3, files?: (station: number) => PageCache) {
    const clients: ScriptClient[] = []
    const settings = { ...CONTAINERS, snapRetainCount: retain }
    const server = withSettings(() => settings)
    const start: Launch = (host, spec) => {
      const [word, connect = '', count, first] = spec.what === 'client' ? spec.connect.split(' ') : []
      if (word !== 'script' && word !== 'burst') return server(host, spec)
      const steps = word === 'script' ? scriptOf(Number(count), Number(first)) : burstOf(Number(count))
      const client = new ScriptClient(host, connect, steps)
      if (word === 'script') clients.push(client)
      return client
    }
    const knobs = { ...KNOBS, ...given.knobs }
    super(servers, { snapCount: SNAP_COUNT, witness: 'all', ...given, knobs }, start, files)
    this.#clients = clients
    this.#settings = settings
  }

  config(sid: Sid) {
    return { ...configureServer(sid, this.sim.config), ...this.#settings }
  }

  /** A client that goes through so many rounds of the script. */
  beginScript(rounds: number, first = 0, at: readonly Sid[] = this.sim.config.autostart): void {
    this.sim.openClient(`script ${at.map((sid) => `zk${sid}:2181`).join(',')} ${rounds} ${first}`)
  }

  /** Until all scripts are through. A server that is stopped meanwhile starts again a little later. */
  finishScripts(): void {
    for (let n = 0; n < 1200 && !this.#clients.every(({ isDone }) => isDone); n++) {
      this.sim.run(100_000)
      this.revive()
    }
    if (!this.#clients.every(({ isDone }) => isDone)) throw new Error('the script does not come to its end')
  }

  script(rounds: number, first = 0, at?: readonly Sid[]): void {
    this.beginScript(rounds, first, at)
    this.finishScripts()
  }

  /** Arms it, if there is one. */
  arm(sid: Sid, crash: Crash | undefined): void {
    this.armedUs = this.sim.edgeUs
    if (crash === undefined) return
    const point = { before: 'any', nth: crash.effect } as const
    this.sim.act({ kind: 'crashAt', station: sid, point, loss: crash.loss })
  }

  /** All serve, for a while; who has been stopped is started before. */
  end(): void {
    this.sim.run(1_500_000)
    this.revive()
    this.settle()
    this.seconds(2)
  }

  revive(): void {
    for (let sid = 1; sid <= this.sim.config.servers; sid++)
      if (!this.sim.conductor.isRunning(sid) && !this.down.has(sid)) this.sim.start(sid)
  }
  /** When that was. */
  armedUs = 0
  /** Those that are not to run. */
  readonly down = new Set<Sid>()

  stop(sid: Sid): void {
    this.down.add(sid)
    this.kill(sid)
  }
  restart(sid: Sid): void {
    this.down.delete(sid)
    this.start(sid)
  }
}

export type Story = (crash?: Crash) => Broken

/** What the process does to the world, one thing after the other, where it might be stopped. */
export function effectsIn(story: Story): readonly Effect[] {
  const done: { readonly station: Station; readonly at: number; readonly effect: Effect }[] = []
  const { about } = Station.prototype
  Station.prototype.about = function (effect) {
    done.push({ station: this, at: this.nowUs, effect })
    about.call(this, effect)
  }
  try {
    const { rig, sid } = story()
    const own = done.filter(({ station, at }) => station.station === sid && at > rig.armedUs)
    return own.filter(({ station }) => station === own[0]?.station).map(({ effect }) => effect)
  } finally {
    Station.prototype.about = about
  }
}

/** Rounds of the script in the main runs: more than 200 requests. */
export const ROUNDS = 6
export const MAIN_SCRIPT: readonly Step[] = scriptOf(ROUNDS)

const whole =
  (servers: number, sid: Sid, retain: number): Story =>
  (crash) => {
    const rig = new SweepRig(servers, {}, retain)
    rig.arm(sid, crash)
    rig.script(ROUNDS)
    rig.end()
    return { rig, sid, sinceUs: 0 }
  }

/** A learner comes back. */
function returns(rig: SweepRig, sid: Sid, crash: Crash | undefined): Broken {
  const sinceUs = rig.sim.edgeUs
  rig.restart(sid)
  rig.arm(sid, crash)
  rig.end()
  rig.script(1, 90, [1, 2, 3])
  rig.end()
  return { rig, sid, sinceUs }
}

const DEATHS = 6
/** Enough for several logs. */
const UNSHARED = 60

/** Server 3 leads and writes what nobody else gets; then it is gone, and 2 leads. */
function left(): SweepRig {
  const rig = new SweepRig(3)
  rig.settle()
  rig.script(2)
  rig.sim.openClient(`burst zk3:2181 ${UNSHARED}`)
  rig.sim.run((BURST_AFTER_MS - 100) * 1000)
  rig.sim.act({ kind: 'link', from: [3], to: [1, 2], ports: ['quorum'], state: { way: 'held' } })
  rig.sim.run(400_000)
  rig.stop(3)
  rig.sim.act({ kind: 'heal' })
  rig.until('established')
  rig.settle()
  return rig
}

interface Told {
  readonly story: Story
  /** How the learner is brought up to date. */
  readonly mode?: 'DIFF' | 'TRUNC' | 'SNAP'
}

export type StoryName =
  | 'a server alone'
  | 'a server that dies before its syncs'
  | 'a follower'
  | 'a leader'
  | `a learner that gets a ${'DIFF' | 'TRUNC' | 'SNAP'}`
  | 'a learner that gets a SNAP for what it has too much'
  | 'a learner that gets a SNAP of what is older'
  | 'a leader whose epoch begins'

export const STORIES: { readonly [name in StoryName]: Told } = {
  'a server alone': { story: whole(1, 1, 1) },
  'a server that dies before its syncs': {
    story: (crash) => {
      const rig = new SweepRig(1)
      rig.settle()
      rig.beginScript(4)
      const sinceUs = rig.sim.edgeUs
      for (let n = 1; n <= DEATHS; n++) {
        rig.sim.act({ kind: 'crashAt', station: 1, point: { before: 'sync', nth: 4 + n } })
        rig.until('killed', { station: 1 })
        rig.start(1)
      }
      rig.arm(1, crash)
      rig.finishScripts()
      rig.end()
      return { rig, sid: 1, sinceUs }
    },
  },
  'a follower': { story: whole(3, 1, 1) },
  'a leader': { story: whole(3, 3, 3) },
  'a learner that gets a DIFF': {
    mode: 'DIFF',
    story: (crash) => {
      const rig = new SweepRig(3)
      rig.settle()
      rig.script(2)
      rig.stop(1)
      rig.script(2, 10, [2, 3])
      return returns(rig, 1, crash)
    },
  },
  'a learner that gets a TRUNC': { mode: 'TRUNC', story: (crash) => returns(left(), 3, crash) },
  'a learner that gets a SNAP': {
    mode: 'SNAP',
    story: (crash) => {
      const rig = new SweepRig(3, { knobs: { commitLogCount: 8 } })
      rig.settle()
      rig.script(2)
      rig.stop(1)
      rig.script(1, 10, [2, 3])
      return returns(rig, 1, crash)
    },
  },
  'a learner that gets a SNAP for what it has too much': {
    mode: 'SNAP',
    story: (crash) => {
      const rig = left()
      rig.script(1, 10, [1, 2])
      return returns(rig, 3, crash)
    },
  },
  'a learner that gets a SNAP of what is older': {
    mode: 'SNAP',
    story: (crash) => {
      const rig = new SweepRig(3)
      rig.settle()
      rig.script(2)
      rig.stop(3)
      rig.until('established', { station: 2 })
      rig.settle()
      // Sessions that only 2 has: the first txns of its epoch, which never was for the others.
      rig.sim.act({ kind: 'link', from: [2], to: [1], ports: ['quorum'], state: { way: 'held' } })
      for (let n = 0; n < 5; n++) rig.sim.openClient('burst zk2:2181 1')
      rig.sim.run(300_000)
      rig.stop(2)
      rig.sim.act({ kind: 'heal' })
      rig.restart(3)
      rig.until('established')
      rig.settle()
      return returns(rig, 2, crash)
    },
  },
  'a leader whose epoch begins': {
    story: (crash) => {
      const rig = new SweepRig(3)
      rig.settle()
      rig.script(1)
      const sinceUs = rig.sim.edgeUs
      rig.arm(2, crash)
      for (let n = 0; n < 3; n++) {
        const leader = rig.settle()
        rig.kill(leader)
        rig.sim.run(400_000)
        rig.end()
        // So that 2 leads, where it can.
        if (n === 1) rig.script(1, 30)
      }
      rig.end()
      return { rig, sid: 2, sinceUs }
    },
  },
}
