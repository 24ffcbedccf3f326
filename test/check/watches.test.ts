import { expect } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { OpCode } from '../../src/core/wire/codes.ts'
import { type Case, drop, move, reported } from './broken.ts'
import { findRequest, findTxn, isKind, isWatchEvent, rewrite, text, watchFrame, withBody } from './edits.ts'
import { all, before, type EventOf, find } from './story.ts'

const eventFrames = (events: readonly TraceEvent[]): EventOf<'repliesCame'>[] =>
  all(events, 'repliesCame').filter(({ frames }) => frames.some(isWatchEvent))

/** A client that sets its watches again and has missed something: where that is answered. */
function comesBack(events: readonly TraceEvent[]): { readonly at: number; readonly connection: string } {
  const missed = (connection: string, from: number, to: number): boolean =>
    events
      .slice(from, to)
      .some((each) => each.kind === 'repliesCame' && each.connection === connection && each.frames.some(isWatchEvent))
  for (const type of [OpCode.setWatches, OpCode.setWatches2])
    for (let from = 0; ; ) {
      const found = tryFind(() => findRequest(events, type, undefined, from))
      if (found === undefined) break
      if (missed(found.connection, found.sentAt, found.at)) return found
      from = found.sentAt + 1
    }
  throw new Error('nobody comes back in this story')
}

function tryFind<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

const watches: readonly Case[] = [
  [
    'W-1',
    'a state is seen before the event that belongs to it',
    (events) => {
      const event = eventFrames(events)[0] as EventOf<'repliesCame'>
      const next = events.findIndex(
        (each, n) =>
          n > events.indexOf(event) &&
          each.kind === 'repliesCame' &&
          each.connection === event.connection &&
          !each.frames.some(isWatchEvent),
      )
      move(events, events.indexOf(event), next + 1)
    },
  ],
  [
    'W-2',
    'an event never comes',
    (events) => {
      const told = (event: EventOf<'repliesCame'>): string => text(event.frames.find(isWatchEvent))
      const frames = eventFrames(events)
      const lost = frames.find((event, n) => {
        const later = all(events.slice(events.indexOf(event) + 1), 'repliesCame').filter(
          (each) => each.connection === event.connection && !each.frames.some(isWatchEvent),
        )
        return later.length > 5 && !frames.slice(n + 1).some((each) => told(each) === told(event))
      })
      expect(lost).toBeDefined()
      drop(events, events.indexOf(lost as TraceEvent))
    },
  ],
  [
    'W-3',
    'an event comes twice',
    (events) => {
      const event = eventFrames(events)[0] as EventOf<'repliesCame'>
      before(events, events.indexOf(event) + 1, event)
    },
  ],
  [
    'W-4',
    'a client that comes back is not told what it missed',
    (events) => {
      const { at, connection } = comesBack(events)
      const event = eventFrames(events).findLast((each) => each.connection === connection && events.indexOf(each) < at)
      drop(events, events.indexOf(event as TraceEvent))
    },
  ],
  [
    'W-5',
    'events come out of order',
    (events) => {
      const all = eventFrames(events)
      const [one, two] = all.flatMap((event, n) => {
        const next = all
          .slice(n + 1)
          .find(
            (each) =>
              each.connection === event.connection &&
              text(each.frames.find(isWatchEvent)) !== text(event.frames.find(isWatchEvent)) &&
              each.at - event.at < 500_000,
          )
        return next === undefined ? [] : [[event, next] as const]
      })[0] as readonly [EventOf<'repliesCame'>, EventOf<'repliesCame'>]
      const at = [events.indexOf(one), events.indexOf(two)] as const
      events[at[0]] = { ...one, frames: two.frames }
      events[at[1]] = { ...two, frames: one.frames }
    },
  ],
  [
    'W-6',
    'an event is told of a znode that may not be read',
    (events) => {
      const { header, txn } = findTxn(events, isKind('setACL'))
      const { path } = txn.body as { path: string }
      rewrite(events, header.zxid, (logged) =>
        withBody(logged, { acl: [{ perms: 31, id: { scheme: 'digest', id: 'x:y' } }] }),
      )
      const { at } = find(events, 'applied', ({ zxid }) => zxid === header.zxid)
      const { at: told, event } = find(events, 'repliesCame', ({ frames }) => frames.some(isWatchEvent), at)
      before(events, told, { ...event, frames: [watchFrame(2, path)] })
    },
  ],
  [
    'W-7',
    'a watch of an earlier connection fires',
    (events) => {
      const { at, connection } = comesBack(events)
      const { event } = find(events, 'repliesCame', (each) => each.connection === connection, at)
      before(events, events.indexOf(event) + 1, { ...event, frames: [watchFrame(2, '/n2')] })
    },
  ],
]

reported(watches)
