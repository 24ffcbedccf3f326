/** Servers that are broken off anywhere: in a fixed script of more than 200 requests of all kinds, while a learner is brought
 *  up to date in each of the three ways, while epochs begin. A recovery from every state in which a power cut may leave the
 *  disk; and restarts of the process, stopped before each of its effects.
 *
 *  `npm test` pulls the plug at a part of the moments of some runs, and restarts behind a part of the effects; with
 *  SWEEP=full in the environment it is all of them. */
import { describe, expect, test } from 'vitest'
import { EnsembleChecker } from '../../src/check/checker.ts'
import { decodeSnapshot } from '../../src/core/storage/snapshot-file.ts'
import { State } from '../../src/core/storage/state.ts'
import { StorageError } from '../../src/core/storage/storage-error.ts'
import { ZXID_0, type Zxid } from '../../src/core/wire/ids.ts'
import type { Loss } from '../../src/hosts/fault.ts'
import { MemoryStore } from '../../src/hosts/file-store.ts'
import { PageCache } from '../../src/hosts/page-cache.ts'
import { DiskSweep } from './sweep/disk-sweep.ts'
import { type Files, imagesOf } from './sweep/image.ts'
import { Reference, textOf } from './sweep/reference.ts'
import { effectsIn, MAIN_SCRIPT, STORIES, type Story, type StoryName, SweepRig } from './sweep/runs.ts'
import { requestsIn } from './sweep/script.ts'

const { SWEEP } = process.env
const FULL = SWEEP === 'full'
const LIMIT_MS = FULL ? 7_200_000 : 300_000

test('the script has at least 200 requests, of all kinds; snapshots are taken and files purged while it runs', () => {
  expect(requestsIn(MAIN_SCRIPT)).toBeGreaterThanOrEqual(200)
  const { rig } = STORIES['a leader'].story()
  const kinds = new Set(rig.told('answered').map(({ op, err }) => (err === 0 ? op : `${op} ${err}`)))
  const writes = ['create', 'create2', 'createContainer', 'createTTL', 'setData', 'delete', 'multi', 'setACL']
  const refused = ['setData -103', 'setData -102', 'delete -101', 'delete -111', 'create -125']
  expect([...kinds]).toEqual(expect.arrayContaining([...writes, ...refused, 'closeSession']))
  expect(new Set(rig.told('containerDue').map(({ why }) => why))).toEqual(new Set(['emptied', 'ttl']))
  for (const station of [1, 2, 3]) {
    const own = { snapshots: 0, purged: 0, logs: new Set<string>() }
    for (const event of rig.sim.events) {
      if (event.station !== station) continue
      if (event.kind === 'snapshotTaken') own.snapshots++
      if (event.kind === 'fileRemoved' && event.why === 'purged') own.purged++
      if (event.kind === 'logged') own.logs.add(event.file)
    }
    expect(own.snapshots, `snapshots of server ${station}`).toBeGreaterThan(8)
    expect(own.purged).toBeGreaterThan(8)
    expect(own.logs.size).toBeGreaterThan(8)
  }
})

/** At least so many different states of its disk, of every so many moments. */
const DISKS: readonly (readonly [name: StoryName, states: number, every: number])[] = [
  ['a server alone', 3000, 3],
  ['a server that dies before its syncs', 1500, 2],
  ['a follower', 2000, 4],
  ['a leader', 2000, 4],
  ['a learner that gets a DIFF', 2000, 3],
  ['a learner that gets a TRUNC', 1500, 1],
  ['a learner that gets a SNAP', 1500, 1],
  ['a learner that gets a SNAP for what it has too much', 1500, 1],
  ['a learner that gets a SNAP of what is older', 1500, 1],
  ['a leader whose epoch begins', 1500, 1],
]

describe('a power cut leaves a disk from which recovery gets all that was safe, and the tree of that zxid', () => {
  for (const [name, atLeast, every] of DISKS)
    test(
      `${name}: ${atLeast} states`,
      () => {
        const { story, mode } = STORIES[name]
        const { rig, sid, sinceUs } = story()
        if (mode !== undefined) {
          const modes = rig.told('syncReceived').filter(({ station, at }) => station === sid && at >= sinceUs)
          expect(modes.map((event) => event.mode)).toContain(mode)
        }
        const sweep = new DiskSweep(sid, rig.config(sid), new Reference(rig.sim.events))
        sweep.run(rig.sim.events, sinceUs, FULL ? 1 : every)
        const { violations, states, moments, again, refused, stale } = sweep
        expect(violations.slice(0, 10)).toEqual([])
        expect(states).toBeGreaterThanOrEqual(atLeast)
        expect(moments).toBeGreaterThan(100 / every)
        expect(again, 'recoveries that were cut short').toBeGreaterThan(50)
        // Only where something else stands on the disk in the place of what was lost.
        expect(refused).toBeLessThan(stale)
        if (FULL) console.log(`${name}: ${states} states at ${moments} moments; ${refused} of ${stale} stale refused`)
      },
      LIMIT_MS,
    )
})

/** At least so many restarts; and in a full sweep. */
const RESTARTS: readonly (readonly [name: StoryName, restarts: number, effects: number])[] = [
  ['a server alone', 20, 800],
  ['a server that dies before its syncs', 15, 150],
  ['a follower', 20, 800],
  ['a leader', 20, 1500],
  ['a learner that gets a DIFF', 15, 200],
  ['a learner that gets a TRUNC', 15, 150],
  ['a learner that gets a SNAP', 15, 150],
  ['a learner that gets a SNAP for what it has too much', 15, 150],
  ['a learner that gets a SNAP of what is older', 15, 150],
  ['a leader whose epoch begins', 12, 60],
]
/** Of each kind of effect, the first, the last, and one between them. */
const OF_A_KIND = 3

describe('a process that is stopped before one of its effects starts again, and serves with all that was acknowledged', () => {
  for (const [name, atLeast, effects] of RESTARTS)
    test(
      `${name}: ${FULL ? effects : atLeast} effects`,
      () => {
        const { story } = STORIES[name]
        const points = pointsOf(story)
        expect(points.length).toBeGreaterThanOrEqual(FULL ? effects : atLeast)
        const wrong: string[] = []
        for (const [index, effect] of points.entries()) {
          const loss = LOSSES[index % LOSSES.length]
          wrong.push(...afterCrash(story, effect, typeof loss === 'number' ? effect : loss))
        }
        expect(wrong.slice(0, 10)).toEqual([])
        if (FULL) console.log(`${name}: ${points.length} restarts`)
      },
      LIMIT_MS,
    )
})

/** In turn. The process alone dies; or its machine loses power, and all, or some, of what no sync has covered. */
const LOSSES: readonly (Loss | undefined)[] = [undefined, 'all', 1]

function pointsOf(story: Story): number[] {
  const byKind = new Map<string, number[]>()
  for (const [index, effect] of effectsIn(story).entries())
    byKind.set(effect, [...(byKind.get(effect) ?? []), index + 1])
  if (FULL) return [...byKind.values()].flat().sort((a, b) => a - b)
  const chosen = [...byKind.values()].flatMap((points) =>
    Array.from(
      { length: OF_A_KIND },
      (_, n) => points[Math.round(((points.length - 1) * n) / (OF_A_KIND - 1))] as number,
    ),
  )
  return [...new Set(chosen)]
}

/** What was wrong in the run that was broken off there, and went on. */
function afterCrash(story: Story, effect: number, loss: Loss | undefined): readonly string[] {
  const { rig, sid } = story({ effect, ...(loss === undefined ? {} : { loss }) })
  const wrong: string[] = []
  const { events } = rig.sim
  const died = rig.told('killed').some((event) => event.station === sid && event.at >= rig.armedUs)
  if (!died) wrong.push('it was never stopped')
  for (const { station, reason } of [...rig.told('crashed'), ...rig.told('halted')])
    wrong.push(`server ${station} ended: ${reason}`)
  const checker = new EnsembleChecker()
  checker.onEvents(events)
  checker.end()
  for (const { property, sentence } of checker.violations) wrong.push(`${property} ${sentence}`)
  const reference = new Reference(events)
  const acknowledged = newest(rig.told('reply'))
  for (const [station, { zxid }] of rig.digestAt())
    if (!reference.contains(zxid, acknowledged)) wrong.push(`server ${station} has lost what was acknowledged`)
  return wrong.map((each) => `before effect ${effect}, loss ${loss}: ${each}`)
}

const newest = (told: readonly { readonly zxid: Zxid }[]): Zxid =>
  told.reduce((zxid, event) => (event.zxid > zxid ? event.zxid : zxid), ZXID_0)

const POWER_CUTS = 40

test(
  `power is cut for all at ${FULL ? 'every moment' : `${POWER_CUTS} moments`} of the script: they find all that was acknowledged, and serve`,
  () => {
    const { rig } = STORIES['a leader'].story()
    const { events } = rig.sim
    const reference = new Reference(events)
    const disks = [1, 2, 3].map((sid) => new DiskSweep(sid, rig.config(sid), reference))
    const changes = events.filter(({ kind }) => kind === 'diskChanged' || kind === 'diskSynced').length
    const every = FULL ? 1 : Math.floor(changes / POWER_CUTS)
    let acknowledged = ZXID_0
    let seen = 0
    let cuts = 0
    for (const event of events) {
      if (event.kind === 'reply' && event.zxid > acknowledged) acknowledged = event.zxid
      disks[event.station - 1]?.take(event)
      if ((event.kind !== 'diskChanged' && event.kind !== 'diskSynced') || ++seen % every !== 0) continue
      const left = disks.map((disk, index) => {
        const images = [...imagesOf(disk.safe, disk.pending)].filter(({ isStale }) => !isStale)
        return images[(cuts * 7 + index) % images.length]?.files as Files
      })
      expect(afterPowerCut(left, acknowledged, reference, ++cuts)).toBe('all there')
    }
    expect(cuts).toBeGreaterThanOrEqual(POWER_CUTS)
    if (FULL) console.log(`${cuts} power cuts for all`)
  },
  LIMIT_MS,
)

function afterPowerCut(left: readonly Files[], acknowledged: Zxid, reference: Reference, seed: number): string {
  const disk = (station: number): PageCache => {
    const store = new MemoryStore()
    for (const [path, bytes] of left[station - 1] ?? []) store.replace(path, bytes)
    return new PageCache(store)
  }
  const rig = new SweepRig(3, { seed }, 3, disk)
  const leader = rig.settle()
  const { zxid } = rig.seen('established')
  if (!reference.contains(zxid, acknowledged)) return `of 0x${acknowledged.toString(16)} only 0x${zxid.toString(16)}`
  const loaded = rig.seen('treeLoaded', { station: leader })
  const snapshot = decodeSnapshot(loaded.snapshot, '', zxid)
  if (loaded.zxid !== zxid || snapshot instanceof StorageError) return 'no tree'
  if (textOf(new State(snapshot.tree, snapshot.sessions)) !== reference.contentAt(zxid)) return 'another tree'
  const answer = rig.client(1, 2, 3).type('create /after x')
  return answer.includes('Created /after') ? 'all there' : answer
}
