import type { TraceEvent } from '../../src/core/trace.ts'
import { PacketType } from '../../src/core/wire/codes.ts'
import { counterOf, epochOf, makeZxid } from '../../src/core/wire/ids.ts'
import { afterEstablished, type Case, drop, move, nowhere, of, reported } from './broken.ts'
import { editPacket, txnOf } from './edits.ts'
import { all, before, find } from './story.ts'

const cases: readonly Case[] = [
  [
    'Z-0',
    'a leader proposes another txn under a known zxid',
    (events) => {
      editPacket(events, of(PacketType.PROPOSAL), (packet) => ({ ...packet, extra: packet.extra + 1 }))
    },
  ],
  [
    'Z-1',
    'a txn is applied that was never proposed',
    (events) => {
      const last = all(events, 'proposed').findLast(({ zxid }) => epochOf(zxid) === 1) as TraceEvent
      drop(events, events.indexOf(last))
    },
  ],
  [
    'Z-2',
    'a log lacks a record',
    (events) => {
      const records = all(events, 'diskChanged').filter((event) => (txnOf(event)?.header.zxid ?? 0n) === makeZxid(1, 4))
      drop(events, events.indexOf(records[0] as TraceEvent))
    },
  ],
  [
    'Z-2',
    'a txn is not applied',
    (events) => {
      const { at } = find(events, 'applied', ({ zxid }) => counterOf(zxid) === 5)
      drop(events, at)
    },
  ],
  [
    'Z-3',
    'a server serves what is in no history',
    (events) => {
      const { at, event } = find(events, 'serving', () => true, afterEstablished(events))
      events[at] = { ...event, zxid: nowhere(events) }
    },
  ],
  [
    'Z-4',
    'what is committed does not go with what was committed',
    (events) => {
      const { at, event } = find(events, 'committed', () => true, afterEstablished(events))
      before(events, at + 1, { ...event, zxid: nowhere(events) })
    },
  ],
  [
    'Z-5',
    'a txn is committed twice',
    (events) => {
      const { at, event } = find(events, 'committed', ({ zxid }) => counterOf(zxid) > 3)
      before(events, at + 1, event)
    },
  ],
  [
    'Z-6',
    'a txn is applied again',
    (events) => {
      const { at, event } = find(events, 'applied')
      before(events, at + 1, event)
    },
  ],
  ['Z-7', 'a leader proposes before a quorum has its history', (events) => drop(events, afterEstablished(events))],
  [
    'Z-8',
    'a txn is committed that is on one disk',
    (events) => {
      const { at, event } = find(events, 'proposed')
      move(events, find(events, 'committed', ({ zxid }) => zxid === event.zxid).at, at + 1)
    },
  ],
  [
    'Z-9',
    'two disks lose what is committed',
    (events) => {
      const { at, event } = find(events, 'applied', ({ zxid }) => counterOf(zxid) === 8)
      for (const station of [1, 2, 3].filter((sid) => sid !== event.station)) {
        const log = all(events, 'diskChanged').find((each) => each.station === station && txnOf(each))?.path
        before(events, at + 1, {
          kind: 'diskDamaged',
          station,
          cause: 'powerCut',
          declared: false,
          files: [{ path: log, bytes: null }],
        })
      }
    },
  ],
  [
    'Z-10',
    'a follower is told to commit what it was never sent',
    (events) => {
      editPacket(events, of(PacketType.PROPOSAL), () => undefined)
    },
  ],
  [
    'Z-11',
    'a zxid is left out',
    (events) => {
      const { at, event } = find(events, 'proposed', ({ zxid }) => counterOf(zxid) === 4)
      events[at] = { ...event, zxid: makeZxid(1, 5) }
    },
  ],
]

reported(cases)
