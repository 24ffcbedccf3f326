import { expect } from 'vitest'
import { PacketType } from '../../src/core/wire/codes.ts'
import { asZxid, counterOf, makeZxid, type Zxid } from '../../src/core/wire/ids.ts'
import { type Case, dropSyncs, learner, move, of, reported } from './broken.ts'
import { editPacket, strayRecord, txnOf } from './edits.ts'
import { all, before, type EventOf, find } from './story.ts'

const cases: readonly Case[] = [
  [
    'S-1',
    'NEWLEADER is ACKed before the history is durable',
    (events) => {
      const { station, synced, acked } = learner(events)
      dropSyncs(events, station, synced, acked)
    },
  ],
  ...(['TRUNC', 'SNAP'] as const).map(
    (mode): Case => [
      mode === 'TRUNC' ? 'S-2' : 'S-3',
      `after ${mode} a record is left that the leader does not have`,
      (events) => {
        const { station, synced, current } = learner(events)
        const link = editPacket(
          events,
          ({ type }, { to }) => type === PacketType.DIFF && to === station,
          (packet) => ({ ...packet, type: PacketType[mode] }),
          events.findLastIndex((event, n) => n < synced && event.kind === 'syncStart' && event.peer === station),
        )
        expect(link.to).toBe(station)
        const last = all(events.slice(0, current), 'diskChanged').findLast(
          (each) => each.station === station && txnOf(each),
        ) as EventOf<'diskChanged'>
        const stray = strayRecord(last, makeZxid(1, 5000))
        before(events, events.indexOf(last) + 1, { ...last, bytes: stray, sizeBytes: last.sizeBytes + stray.length })
      },
    ],
  ),
  [
    'S-4',
    'a server votes with what its disk does not have',
    (events) => {
      const { at, event } = find(events, 'vote', ({ reason, vote }) => reason.why === 'initial' && vote.zxid > 0n)
      events[at] = { ...event, vote: { ...event.vote, zxid: asZxid(event.vote.zxid + 1n) } }
    },
  ],
  [
    'S-4',
    'ACKEPOCH names another zxid than the disk has',
    (events) => {
      editPacket(events, of(PacketType.ACKEPOCH), (packet) => ({ ...packet, zxid: packet.zxid + 1n }))
    },
  ],
  [
    'S-5',
    'a leader leaves a txn out',
    (events) => {
      const zxid = makeZxid(1, 6)
      editPacket(
        events,
        (packet) => packet.type === PacketType.PROPOSAL && packet.zxid === zxid,
        () => undefined,
      )
      editPacket(
        events,
        (packet) => packet.type === PacketType.COMMIT && packet.zxid === zxid,
        () => undefined,
      )
    },
  ],
  [
    'S-6',
    'a txn is applied before it is committed',
    (events) => {
      const { event } = find(events, 'proposed')
      const { at } = find(events, 'applied', ({ zxid }) => zxid === event.zxid)
      move(events, at, find(events, 'committed', ({ zxid }) => zxid === event.zxid).at)
    },
  ],
  [
    'S-7',
    'a proposal is ACKed before NEWLEADER',
    (events) => {
      editPacket(
        events,
        ({ type, zxid }) => type === PacketType.ACK && counterOf(zxid as Zxid) === 0,
        () => undefined,
      )
      editPacket(
        events,
        ({ type, zxid }) => type === PacketType.ACK && counterOf(zxid as Zxid) === 0,
        () => undefined,
      )
      editPacket(
        events,
        ({ type, zxid }) => type === PacketType.ACK && counterOf(zxid as Zxid) === 0,
        () => undefined,
      )
      editPacket(
        events,
        ({ type, zxid }) => type === PacketType.ACK && counterOf(zxid as Zxid) === 0,
        () => undefined,
      )
    },
  ],
  [
    'S-8',
    'NEWLEADER is of another epoch than LEADERINFO',
    (events) => {
      editPacket(events, of(PacketType.NEWLEADER), (packet) => ({ ...packet, zxid: makeZxid(9, 0) }))
    },
  ],
]

reported(cases)
