import type { TraceEvent } from '../../src/core/trace.ts'
import { asZxid, counterOf, makeZxid } from '../../src/core/wire/ids.ts'
import { type Case, drop, isAckOfTxn, reported } from './broken.ts'
import { findTxn, isKind, joined, resealed, rewrite, txnOf } from './edits.ts'
import { all, before, type EventOf, find } from './story.ts'

const storage: readonly Case[] = [
  [
    'D-1',
    'a proposal is ACKed before the sync',
    (events) => {
      const { event } = find(events, 'packetsSent', ({ packets }) => packets.some(isAckOfTxn))
      const syncs = all(events, 'diskSynced').filter(({ station, at }) => station === event.station && at <= event.at)
      drop(events, events.indexOf(syncs.at(-1) as TraceEvent))
    },
  ],
  [
    'D-2',
    'a restart finds less than was safe',
    (events) => {
      const { at, event } = find(events, 'recovered', ({ zxid }) => counterOf(zxid) > 2)
      events[at] = { ...event, zxid: makeZxid(1, 2) }
    },
  ],
  [
    'D-3',
    'a log is written anew',
    (events) => {
      const log = all(events, 'diskChanged').filter((each) => txnOf(each))[4] as EventOf<'diskChanged'>
      const header = (
        all(events, 'diskChanged').find(
          (each) => each.path === log.path && each.station === log.station,
        ) as EventOf<'diskChanged'>
      ).bytes
      events[events.indexOf(log)] = {
        ...log,
        how: 'replace',
        bytes: header as Uint8Array,
        sizeBytes: (header as Uint8Array).length,
      }
    },
  ],
  [
    'D-4',
    'a server starts though a log ends in its midst',
    (events) => {
      const { at, event } = find(events, 'started', ({ incarnation, what }) => what === 'server' && incarnation > 1)
      const logs = new Map<string, EventOf<'diskChanged'>[]>()
      for (const each of all(events.slice(0, at), 'diskChanged'))
        if (each.station === event.station && txnOf(each)) logs.set(each.path, [...(logs.get(each.path) ?? []), each])
      const [path, records] = [...logs].at(-2) as [string, EventOf<'diskChanged'>[]]
      const whole = joined(records.map(({ bytes }) => bytes as Uint8Array))
      before(events, at + 1, {
        kind: 'diskDamaged',
        station: event.station,
        cause: 'powerCut',
        declared: false,
        files: [{ path, bytes: whole.slice(0, -60) }],
      })
      const snapshots = all(events.slice(0, at), 'diskChanged').filter(
        (each) => each.station === event.station && each.path.includes('snapshot'),
      )
      const files = snapshots.slice(1).map((each) => ({ path: each.path, bytes: null }))
      before(events, at + 1, { kind: 'diskDamaged', station: event.station, cause: 'powerCut', declared: false, files })
    },
  ],
  [
    'D-5',
    'a snapshot is taken of what is not committed',
    (events) => {
      const { at, event } = find(events, 'diskChanged', ({ path }) => /snapshot\.[1-9]/.test(path))
      events[at] = { ...event, path: 'version-2/snapshot.100000fff' }
    },
  ],
  [
    'D-5',
    'a snapshot has other data',
    (events) => {
      const { at, event } = find(events, 'diskChanged', ({ path }) => /snapshot\.[1-9]/.test(path))
      events[at] = { ...event, bytes: resealed(event.bytes as Uint8Array, 'three', 'thrEE') }
    },
  ],
  [
    'D-6',
    'the newest log is purged',
    (events) => {
      const { at, event } = find(events, 'applied', ({ zxid }) => counterOf(zxid) === 9)
      const log = all(events.slice(0, at), 'diskChanged').findLast(
        (each) => each.station === event.station && txnOf(each),
      ) as EventOf<'diskChanged'>
      before(events, at, {
        kind: 'fileRemoved',
        station: event.station,
        file: log.path.slice('version-2/'.length),
        why: 'purged',
      })
    },
  ],
  [
    'D-7',
    'a tree is another one than the others',
    (events) => {
      const { at, event } = find(events, 'applied', ({ zxid }) => counterOf(zxid) === 6)
      events[at] = { ...event, digest: event.digest + 1n }
    },
  ],
  [
    'D-8',
    'a txn foretells another digest',
    (events) => {
      const { header } = findTxn(events, isKind('create'))
      rewrite(events, header.zxid, (logged) => ({ ...logged, digest: { version: 2, treeDigest: 77n } }))
    },
  ],
  [
    'D-9',
    'a server ACKs after its disk has failed',
    (events) => {
      const { at, event } = find(events, 'packetsSent', ({ packets }) => packets.some(isAckOfTxn))
      before(events, at, { kind: 'diskFailed', code: 'io', at: event.at - 1 })
    },
  ],
  [
    'D-10',
    'a server ACKs though its disk is full',
    (events) => {
      const { at, event } = find(events, 'packetsSent', ({ packets }) => packets.some(isAckOfTxn))
      before(events, at, { kind: 'diskFailed', code: 'full', at: event.at - 1 })
    },
  ],
  [
    'D-11',
    'a record is written with a wrong checksum',
    (events) => {
      const log = all(events, 'diskChanged').filter((each) => txnOf(each))[3] as EventOf<'diskChanged'>
      const bytes = (log.bytes as Uint8Array).slice()
      bytes[40] = (bytes[40] as number) ^ 1
      events[events.indexOf(log)] = { ...log, bytes }
    },
  ],
  [
    'D-11',
    'a snapshot is written without its seal',
    (events) => {
      const { at, event } = find(events, 'diskChanged', ({ path }) => /snapshot\.[1-9]/.test(path))
      events[at] = { ...event, bytes: (event.bytes as Uint8Array).slice(0, -5) }
    },
  ],
  [
    'D-12',
    'a server with a wiped disk votes',
    (events) => {
      for (const [n, event] of events.entries())
        if (event.kind === 'configured') events[n] = { ...event, distrustsEmptyDisk: true }
      const { at, event } = find(events, 'started', ({ incarnation, what }) => what === 'server' && incarnation > 1)
      const paths = new Set(
        all(events.slice(0, at), 'diskChanged')
          .filter(({ station }) => station === event.station)
          .map(({ path }) => path),
      )
      before(events, at + 1, {
        kind: 'diskDamaged',
        station: event.station,
        cause: 'wiped',
        declared: true,
        files: [...paths].map((path) => ({ path, bytes: null })),
      })
      const vote = find(
        events,
        'vote',
        ({ station, reason }) => station === event.station && reason.why === 'initial',
        at,
      )
      events[vote.at] = { ...vote.event, vote: { ...vote.event.vote, zxid: asZxid(0n) } }
    },
  ],
]

reported(storage)
