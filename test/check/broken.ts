/** Cases in which one thing is wrong of a story, and what must be reported then. */
import { beforeAll, describe, expect, test } from 'vitest'
import { EnsembleChecker } from '../../src/check/checker.ts'
import type { PropertyId } from '../../src/check/properties.ts'
import type { TraceEvent } from '../../src/core/trace.ts'
import { PacketType } from '../../src/core/wire/codes.ts'
import { counterOf, epochOf, makeZxid, type Zxid } from '../../src/core/wire/ids.ts'
import { all, change, type EventOf, find, type Story, tell } from './story.ts'

export type Case = readonly [property: PropertyId, what: string, edit: (events: TraceEvent[]) => void]

/** The properties that are broken. */
export function brokenBy(story: Story, edit: (events: TraceEvent[]) => void): Set<PropertyId> {
  const checker = new EnsembleChecker({ histories: true })
  checker.onEvents(change(story, edit))
  checker.end()
  return new Set(checker.violations.map(({ property }) => property))
}

/** A test for each case. */
export function reported(cases: readonly Case[]): void {
  describe('what is wrong is reported', () => {
    let story: Story
    beforeAll(() => {
      story = tell()
    })
    test.each(cases)('%s: %s', (property, _, edit) => {
      expect(brokenBy(story, edit)).toContain(property)
    })
  })
}

export const of = (type: number) => (packet: { readonly type: number }) => packet.type === type
export const isAckOfTxn = ({ type, zxid }: { readonly type: number; readonly zxid: bigint }): boolean =>
  type === PacketType.ACK && counterOf(zxid as Zxid) !== 0
export const second = (events: readonly TraceEvent[]) => {
  const [, established] = all(events, 'established')
  return established as EventOf<'established'>
}
export const afterEstablished = (events: readonly TraceEvent[]): number => events.indexOf(second(events))
/** A learner that gets proposals by DIFF: where it writes its currentEpoch, and where it ACKs NEWLEADER. */
export function learner(events: readonly TraceEvent[]) {
  const { at: synced, event } = find(events, 'applied', ({ phase }) => phase === 'sync')
  const { station } = event
  const isOwn = (each: TraceEvent): boolean => each.station === station
  const current = find(events, 'diskChanged', (each) => isOwn(each) && each.path.endsWith('currentEpoch'), synced).at
  const acked = find(events, 'packetsSent', (each) => isOwn(each) && each.packets.some(of(PacketType.ACK)), synced).at
  return { station, synced, current, acked }
}
export function dropSyncs(events: TraceEvent[], station: number, from: number, to: number): void {
  for (let n = to - 1; n >= from; n--) {
    const event = events[n] as TraceEvent
    if (event.kind === 'diskSynced' && event.station === station) events.splice(n, 1)
  }
}
export const drop = (events: TraceEvent[], at: number): void => void events.splice(at, 1)
export const move = (events: TraceEvent[], from: number, to: number): void => {
  const [event] = events.splice(from, 1)
  events.splice(from < to ? to - 1 : to, 0, event as TraceEvent)
}
/** An epoch is over, and another one goes on: a zxid that is in no history. */
export const nowhere = (events: readonly TraceEvent[]): Zxid => makeZxid(epochOf(second(events).zxid), 9999)
