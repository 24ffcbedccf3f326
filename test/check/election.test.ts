import type { TraceEvent } from '../../src/core/trace.ts'
import { PacketType } from '../../src/core/wire/codes.ts'
import { type Case, drop, dropSyncs, learner, of, reported, second } from './broken.ts'
import { editPacket, txnOf } from './edits.ts'
import { before, find } from './story.ts'

const cases: readonly Case[] = [
  [
    'E-1',
    'another server establishes the same epoch',
    (events) => {
      const { at, event } = find(events, 'established')
      before(events, at + 1, { ...event, station: (event.station % 3) + 1 })
    },
  ],
  [
    'E-2',
    'acceptedEpoch is written with a smaller number',
    (events) => {
      const { at, event } = find(events, 'serving')
      const { station } = event
      const change = {
        kind: 'diskChanged',
        change: 1e6,
        path: 'version-2/acceptedEpoch',
        how: 'replace',
        sizeBytes: 1,
        bytes: Uint8Array.of(48),
      }
      before(events, at, { ...change, station })
      before(events, at + 1, { kind: 'diskSynced', change: 1e6, station })
    },
  ],
  [
    'E-3',
    'a follower ACKs to a leader of an older epoch than it has accepted',
    (events) => {
      editPacket(events, of(PacketType.LEADERINFO), (packet) => ({ ...packet, zxid: 0n }))
    },
  ],
  [
    'E-4',
    'currentEpoch is written before the history is durable',
    (events) => {
      const { station, synced, current } = learner(events)
      dropSyncs(events, station, synced, current)
    },
  ],
  [
    'E-5',
    'a leader lacks a committed txn',
    (events) => {
      const { station, at } = second(events)
      for (let n = events.length - 1; n >= 0; n--) {
        const event = events[n] as TraceEvent
        if (
          event.kind === 'diskChanged' &&
          event.station === station &&
          event.at < at &&
          txnOf(event)?.header.zxid === second(events).zxid
        )
          drop(events, n)
      }
    },
  ],
  [
    'E-6',
    'a server is elected by itself alone',
    (events) => {
      const { at, event } = find(events, 'elected', ({ joined }) => !joined)
      events[at] = { ...event, voters: [event.station] }
    },
  ],
  [
    'E-6',
    'a vote is counted that was never sent',
    (events) => {
      const { event } = find(events, 'elected', ({ joined, voters }) => !joined && voters.length > 1)
      const other = event.voters.find((sid) => sid !== event.station)
      for (let n = events.length - 1; n >= 0; n--) {
        const each = events[n] as TraceEvent
        if (each.kind === 'votesSent' && each.station === other && each.to === event.station) drop(events, n)
      }
    },
  ],
  [
    'E-7',
    'a follower proposes',
    (events) => {
      const { at, event } = find(events, 'proposed')
      before(events, at + 1, { ...event, station: (event.station % 3) + 1 })
    },
  ],
  [
    'E-8',
    'a server applies a txn while it looks for a leader',
    (events) => {
      const { at, event } = find(events, 'stateChanged', ({ from, to }) => from === 'FOLLOWING' && to === 'LOOKING')
      before(events, at + 1, {
        ...find(events, 'applied', ({ phase }) => phase === 'serving').event,
        station: event.station,
        at: event.at,
      })
    },
  ],
]

reported(cases)
