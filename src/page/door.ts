/** window.vivarium: the ensemble for scripts, for teachers and for tests. Documented in the README. */

import type { DataTree } from '../core/tree/data-tree.ts'
import type { Stat } from '../core/wire/data.ts'
import { hex64 } from '../core/wire/ids.ts'
import type { EventMatch } from '../hosts/ensemble.ts'
import type { Picture, ServerPicture } from '../trace/picture.ts'
import type { Page } from './store/page.ts'
import { type PlainOf, plain } from './store/plain.ts'
import { FASTEST, SLOWEST, type Speed } from './store/state.ts'
import { textOf } from './tree/data-view.ts'

export interface Vivarium {
  /** Types a line into the zkCli in front (one is opened when there is none), or a page's verb behind a colon.
   *  Resolves with what was printed. */
  cli(line: string): Promise<readonly string[]>
  kill(sid: number): Promise<void>
  start(sid: number): Promise<void>
  /** Kills who leads. Resolves with its sid; undefined when nobody leads. */
  crashLeader(): Promise<number | undefined>
  pause(): void
  resume(): void
  /** Virtual per real time, 0.01 … 100, 'max' or 'auto'. */
  speed(rate: Speed): void
  /** Pauses and shows the next event that is not quiet. */
  step(): Promise<void>
  /** Runs until the words come true ("leader", "server 2 leads", "0x100000002 committed") or an event has all the given
   *  fields ({kind: 'established', station: 2}; zxids and sessions as '0x…'), then pauses. Resolves with whether it came to
   *  that; false when someone paused or waited for something else before. At once when the words are true already.
   *  @throws Error with the list of conditions when the words make no sense. */
  until(condition: string | EventFields | readonly EventFields[], speed?: Speed): Promise<boolean>
  /** The picture at the cursor as plain data: what the page shows, with 64-bit numbers as '0x…' strings. */
  picture(): PlainPicture
}

export interface PlainPicture extends Omit<PlainOf<Picture>, 'servers'> {
  readonly servers: { readonly [sid: string]: PlainServer }
}
export interface PlainServer extends PlainOf<Omit<ServerPicture, 'tree'>> {
  /** Null before it is known. */
  readonly tree: PlainTree | null
}
export interface PlainTree {
  readonly zxid: string
  readonly digest: string
  /** By path; data as text where it is text, else as hex. */
  readonly znodes: { readonly [path: string]: { readonly data: string | null; readonly stat: PlainOf<Stat> } }
  /** There are more znodes than are listed. */
  readonly cut: boolean
}

/** Fields that an event must have; 64-bit numbers may be written as '0x…'. */
export interface EventFields {
  readonly [field: string]: string | number | bigint | boolean
}

/** Znodes of each server that `picture` lists. */
const MOST_ZNODES = 1000

declare global {
  interface Window {
    /** There as soon as the ensemble is open. */
    vivarium: Vivarium
  }
}

export function createDoor({ store, playback }: Page): Vivarium {
  const sidOf = (sid: number): number => {
    const { servers } = store.getState().config
    if (!Number.isInteger(sid) || sid < 1 || sid > servers)
      throw new Error(`there is no server ${sid}: servers are 1 to ${servers}`)
    return sid
  }
  const speedFrom = (speed: Speed): Speed => {
    if (speed === 'max' || speed === 'auto') return speed
    if (typeof speed !== 'number' || !(speed >= SLOWEST && speed <= FASTEST))
      throw new Error(`a speed is a number from ${SLOWEST} to ${FASTEST}, 'max' or 'auto', not ${String(speed)}`)
    return speed
  }
  return {
    async cli(line) {
      const state = store.getState()
      const tab = state.tabs.some(({ id }) => id === state.activeTab) ? state.activeTab : await state.openTab()
      return store.getState().type(tab, String(line))
    },
    kill: async (sid) => store.getState().kill(sidOf(sid)),
    start: async (sid) => store.getState().start(sidOf(sid)),
    crashLeader: () => store.getState().crashLeader(),
    pause: () => store.getState().pause(),
    resume: () => store.getState().resume(),
    speed: (rate) => store.getState().setSpeed(speedFrom(rate)),
    step: () => store.getState().step(),
    async until(condition, speed) {
      const wanted = typeof condition === 'string' ? condition : matchesFrom(condition)
      return store.getState().until(wanted, speed === undefined ? undefined : speedFrom(speed))
    },
    picture() {
      const { servers, ...rest } = playback.picture
      const shown = [...servers].map(([sid, { tree, ...server }]): [string, PlainServer] => [
        String(sid),
        { ...(plain(server) as PlainOf<typeof server>), tree: tree === undefined ? null : treeOf(tree) },
      ])
      return { ...(plain(rest) as PlainOf<typeof rest>), servers: Object.fromEntries(shown) }
    },
  }
}

function matchesFrom(condition: EventFields | readonly EventFields[]): EventMatch | readonly EventMatch[] {
  const one = (fields: EventFields): EventMatch =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === 'string' && /^0x[0-9a-f]{1,16}$/i.test(value) ? BigInt.asIntN(64, BigInt(value)) : value,
      ]),
    )
  return Array.isArray(condition) ? condition.map(one) : one(condition as EventFields)
}

function treeOf(tree: DataTree): PlainTree {
  const znodes: Record<string, PlainTree['znodes'][string]> = {}
  let count = 0
  for (const [path, { data }] of tree.walk()) {
    if (++count > MOST_ZNODES) break
    const stat = tree.stat(path)
    if (stat === undefined) continue
    const text = data === null ? null : (textOf(data) ?? String(plain(data)))
    znodes[path === '' ? '/' : path] = { data: text, stat: plain(stat) as PlainOf<Stat> }
  }
  return { zxid: hex64(tree.lastProcessedZxid), digest: hex64(tree.digest), znodes, cut: count > MOST_ZNODES }
}
