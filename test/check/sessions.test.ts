import { PacketType } from '../../src/core/wire/codes.ts'
import { asSession } from '../../src/core/wire/ids.ts'
import { type Case, drop, reported } from './broken.ts'
import { findTxn, isKind, rewrite, withBody, withHeader } from './edits.ts'
import { all, before, type EventOf, find } from './story.ts'

const sessions: readonly Case[] = [
  [
    'X-1',
    'a session does something after its end',
    (events) => {
      const { header } = findTxn(events, isKind('closeSession'))
      const later = findTxn(events, (each) => each.txn.kind === 'setData' && each.header.zxid > header.zxid)
      rewrite(events, later.header.zxid, (logged) => withHeader(logged, { clientId: header.clientId }))
    },
  ],
  [
    'X-2',
    'the close of a session leaves an ephemeral',
    (events) => {
      const close = findTxn(
        events,
        ({ txn }) => txn.kind === 'closeSession' && (txn.body?.paths2Delete.length ?? 0) > 0,
      )
      rewrite(events, close.header.zxid, (logged) => withBody(logged, { paths2Delete: [] }))
    },
  ],
  [
    'X-3',
    'a session expires that was just heard of',
    (events) => {
      const [leader] = all(events, 'established') as [EventOf<'established'>]
      const isKnown = (connection: string, n: number): EventOf<'sessionAttached'> | undefined =>
        all(events.slice(0, n), 'sessionAttached').find((each) => each.connection === connection)
      const at = events.findIndex(
        (event, n) =>
          event.kind === 'touchesCame' &&
          event.station === leader.station &&
          isKnown(event.connection, n - 100) !== undefined,
      )
      const { session } = isKnown((events[at] as EventOf<'touchesCame'>).connection, at) as EventOf<'sessionAttached'>
      before(events, at + 1, { kind: 'sessionClosing', session, cause: 'expired', station: leader.station })
    },
  ],
  [
    'X-4',
    'a session does not expire though nobody hears of it',
    (events) => {
      for (let n = events.length - 1; n >= 0; n--) if (events[n]?.kind === 'touchesCame') drop(events, n)
    },
  ],
  [
    'X-5',
    'what came by way of the old server is done',
    (events) => {
      const { at, event } = find(events, 'proposed', ({ type, cxid }) => type === 'setData' && cxid > 0)
      const { event: attached } = find(events, 'sessionAttached', ({ session }) => session === event.session)
      const packets = [{ type: PacketType.REVALIDATE, zxid: 0n, extra: 1, session: event.session }]
      const [kind, connection, to] = ['packetsSent', 'elsewhere', (attached.station % 3) + 1] as const
      before(events, at, { kind, connection, to, packets, station: event.station })
    },
  ],
  [
    'X-6',
    'a server takes up a session whose client has seen more',
    (events) => {
      const { at, event } = find(
        events,
        'requestsSent',
        ({ proof, frames }) => proof !== undefined && (frames[0]?.[11] ?? 0) > 0,
      )
      const frame = (event.frames[0] as Uint8Array).slice()
      frame[4] = 0x10
      events[at] = { ...event, frames: [frame] }
    },
  ],
  [
    'X-6',
    'a session is taken up with another password',
    (events) => {
      const { at, event } = find(
        events,
        'requestsSent',
        ({ proof, frames }) => proof !== undefined && (frames[0]?.[11] ?? 0) > 0,
      )
      events[at] = { ...event, proof: 4711 }
    },
  ],
  [
    'X-7',
    'a session id is given again',
    (events) => {
      const { header } = findTxn(events, isKind('closeSession'))
      const later = findTxn(events, (each) => each.txn.kind === 'createSession' && each.header.zxid > header.zxid)
      rewrite(events, later.header.zxid, (logged) => withHeader(logged, { clientId: header.clientId }))
    },
  ],
  [
    'X-8',
    'a session gets a longer timeout than it may',
    (events) => {
      const { at, event } = find(events, 'repliesCame', ({ proof }) => proof !== undefined)
      const frame = (event.frames[0] as Uint8Array).slice()
      new DataView(frame.buffer).setInt32(4, 1_000_000)
      events[at] = { ...event, frames: [frame] }
    },
  ],
  [
    'X-9',
    'an ephemeral belongs to a session that nobody knows',
    (events) => {
      const ephemeral = findTxn(events, ({ txn }) => txn.kind === 'create' && txn.body.ephemeral)
      rewrite(events, ephemeral.header.zxid, (logged) => withHeader(logged, { clientId: asSession(0x1234n) }))
    },
  ],
]

reported(sessions)
