import { expect, test } from 'vitest'
import type { TraceEvent } from '../../src/core/trace.ts'
import { brokenBy, type Case, drop, move, reported, second } from './broken.ts'
import { find, tell } from './story.ts'

const whole: readonly Case[] = [
  [
    'O-2',
    'a server is behind though nothing goes on',
    (events) => {
      const last = events.at(-1) as TraceEvent
      const { event } = find(events, 'applied')
      const { station } = second(events)
      for (let n = 0; n < 3; n++) events.push({ ...event, at: last.at + 400_000_000 * n + 1, station, seq: 1e6 + n })
    },
  ],
  [
    'O-3',
    'an answer that no order explains',
    (events) => {
      const { at, event } = find(events, 'answered', ({ op, told }) => op === 'setData' && told?.stat !== undefined)
      const { told } = event
      events[at] = {
        ...event,
        told: { ...told, stat: { ...(told?.stat as NonNullable<typeof told>['stat'] & object), version: 77 } },
      } as TraceEvent
    },
  ],
  ['R-1', 'an event comes out of turn', (events) => move(events, 500, 700)],
  [
    'R-2',
    'a frame arrives when it leaves',
    (events) => {
      const { at, event } = find(events, 'frameSent')
      events[at] = { ...event, time: event.at }
    },
  ],
  ['R-3', 'a frame is lost', (events) => drop(events, find(events, 'frameCame').at)],
]

reported(whole)

test('nothing is wrong with the story as it is', () => {
  expect([...brokenBy(tell(), () => {})]).toEqual([])
})
