import { ErrorCode, OpCode } from '../../src/core/wire/codes.ts'
import { counterOf, makeZxid } from '../../src/core/wire/ids.ts'
import type { LoggedTxn } from '../../src/core/wire/txn.ts'
import { type Case, reported } from './broken.ts'
import { editReply, findRequest, findTxn, rewrite, withHeader } from './edits.ts'
import { before, type EventOf, find } from './story.ts'

const clients: readonly Case[] = [
  [
    'C-1',
    'a write is answered with another error than its txn',
    (events) => editReply(events, OpCode.setData, (_, view) => view.setInt32(12, ErrorCode.BadVersion)),
  ],
  [
    'C-1',
    'a write comes before one that was answered before it began',
    (events) => {
      // Two writes change places in the history.
      const isWrite = (each: LoggedTxn): boolean => each.txn.kind === 'setData' && each.header.cxid > 0
      const early = findTxn(events, isWrite)
      const late = findTxn(events, (each) => isWrite(each) && each.header.zxid > early.header.zxid + 10n)
      const swap = (one: LoggedTxn, other: LoggedTxn): void =>
        rewrite(events, one.header.zxid, (logged) =>
          withHeader(logged, { clientId: other.header.clientId, cxid: other.header.cxid }),
        )
      swap(early, late)
      swap(late, early)
    },
  ],
  [
    'C-2',
    'a request becomes two txns',
    (events) => {
      const { header } = findTxn(events, ({ header, txn }) => txn.kind === 'setData' && header.cxid > 0)
      const next = findTxn(
        events,
        (each) =>
          each.txn.kind !== 'error' && each.header.zxid > header.zxid && each.header.clientId === header.clientId,
      )
      rewrite(events, next.header.zxid, (logged) => withHeader(logged, { cxid: header.cxid }))
    },
  ],
  [
    'C-3',
    'a write is answered that is no txn',
    (events) => {
      const { header } = findTxn(events, ({ header, txn }) => txn.kind === 'setData' && header.cxid > 0)
      rewrite(events, header.zxid, (logged) => withHeader(logged, { cxid: 30_000 }))
    },
  ],
  [
    'C-4',
    'an answer overtakes another one',
    (events) => {
      const first = findRequest(events, OpCode.create)
      const frame = (events[first.at] as EventOf<'repliesCame'>).frames[0] as Uint8Array
      const early = frame.slice()
      new DataView(early.buffer).setInt32(0, 40)
      const event = events[first.sentAt] as EventOf<'requestsSent'>
      const later = (event.frames[0] as Uint8Array).slice()
      new DataView(later.buffer).setInt32(0, 40)
      events[first.sentAt] = { ...event, frames: [...event.frames, later] }
      const answer = events[first.at] as EventOf<'repliesCame'>
      events[first.at] = { ...answer, frames: [early, ...answer.frames] }
    },
  ],
  [
    'C-5',
    'a session sees an older state',
    (events) =>
      editReply(
        events,
        OpCode.getData,
        (_, view) => view.setBigInt64(4, makeZxid(1, 1)),
        ({ zxid }) => counterOf(zxid) > 10,
      ),
  ],
  [
    'C-6',
    'data are read that the znode never had',
    (events) =>
      editReply(events, OpCode.getData, (frame) => {
        frame[20] = 0x58
      }),
  ],
  [
    'C-6',
    'a znode is not found that exists',
    (events) => editReply(events, OpCode.exists, (_, view) => view.setInt32(12, ErrorCode.NoNode)),
  ],
  [
    'C-7',
    'a read does not see the write before it',
    (events) =>
      editReply(
        events,
        OpCode.getData,
        (_, view) => view.setBigInt64(4, makeZxid(1, 1)),
        ({ zxid, err }) => err === 0 && counterOf(zxid) > 10,
      ),
  ],
  [
    'C-8',
    'sync ends at an older state than the leader had',
    (events) => editReply(events, OpCode.sync, (_, view) => view.setBigInt64(4, makeZxid(1, 1))),
  ],
  [
    'C-9',
    'a request is answered twice',
    (events) => {
      const { at, event } = find(events, 'answered')
      before(events, at + 1, event)
    },
  ],
  [
    'C-10',
    'a read-only server answers a write',
    (events) => {
      for (const [n, event] of events.entries()) {
        if (event.kind !== 'repliesCame' || event.proof === undefined) continue
        const frame = (event.frames[0] as Uint8Array).slice()
        frame[frame.length - 1] = 1
        events[n] = { ...event, frames: [frame] }
      }
    },
  ],
]

reported(clients)
