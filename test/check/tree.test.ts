import { OpCode } from '../../src/core/wire/codes.ts'
import { counterOf } from '../../src/core/wire/ids.ts'
import { encodeLogged } from '../../src/core/wire/txn.ts'
import { type Case, reported } from './broken.ts'
import { editReply, findTxn, isKind, resealed, rewrite, text, withBody, withNode } from './edits.ts'
import { find } from './story.ts'

const tree: readonly Case[] = [
  [
    'T-1',
    'a znode is created below one that does not exist',
    (events) => {
      const { header } = findTxn(events, isKind('create'))
      rewrite(events, header.zxid, (logged) => withBody(logged, { path: '/nowhere/x' }))
    },
  ],
  [
    'T-1',
    'a znode is deleted that does not exist',
    (events) => {
      const { header } = findTxn(events, isKind('delete'))
      rewrite(events, header.zxid, (logged) => withBody(logged, { path: '/nowhere' }))
    },
  ],
  [
    'T-2',
    'numChildren is not the number of names',
    (events) => editReply(events, OpCode.getChildren2, (frame, view) => view.setInt32(frame.length - 12, 55)),
  ],
  [
    'T-3',
    'a version is skipped',
    (events) => {
      const { header } = findTxn(events, isKind('setData'))
      rewrite(events, header.zxid, (logged) => withBody(logged, { version: 9 }))
    },
  ],
  [
    'T-3',
    'an answer has another version than the znode',
    (events) => editReply(events, OpCode.getData, (frame, view) => view.setInt32(frame.length - 68 + 32, 99)),
  ],
  [
    'T-4',
    'an answer has another mzxid than the znode',
    (events) => editReply(events, OpCode.getData, (frame, view) => view.setBigInt64(frame.length - 68 + 8, 99n)),
  ],
  [
    'T-5',
    'a child is numbered out of turn',
    (events) => {
      const { header } = findTxn(events, isKind('create'))
      rewrite(events, header.zxid, (logged) => withBody(logged, { parentCVersion: 40 }))
    },
  ],
  [
    'T-5',
    'a sequential znode gets another number',
    (events) => {
      const sequential = findTxn(events, ({ txn }) => txn.kind === 'create' && /s-\d{10}$/.test(txn.body.path))
      rewrite(events, sequential.header.zxid, (logged) => withBody(logged, { path: '/a/s-0000000077' }))
      editReply(
        events,
        OpCode.create,
        (frame) => frame.set([0x37, 0x37], frame.length - 2),
        ({ body }) => text(body).includes('/a/s-'),
      )
    },
  ],
  [
    'T-6',
    'a znode is removed as a container and is none',
    (events) => {
      const { header } = findTxn(events, isKind('delete'))
      rewrite(events, header.zxid, ({ header, txn, digest }) => ({
        header: { ...header, type: OpCode.deleteContainer },
        txn,
        digest,
      }))
    },
  ],
  [
    'T-7',
    'a multi is answered with other results',
    (events) => editReply(events, OpCode.multi, (_, view) => view.setInt32(16, OpCode.check)),
  ],
  [
    'T-8',
    'a failed write changes the tree',
    (events) => {
      const { header } = findTxn(events, isKind('error'))
      const { at, event } = find(events, 'applied', ({ zxid }) => zxid === header.zxid)
      events[at] = { ...event, digest: event.digest + 5n }
    },
  ],
  [
    'T-10',
    'usage is not what is used',
    (events) => {
      const { at, event } = find(events, 'treeLoaded', ({ zxid }) => counterOf(zxid) > 2)
      const limited = withNode(event.snapshot, '/zookeeper/quota/a/zookeeper_limits', 'count=99,bytes=99')
      const snapshot = withNode(limited, '/zookeeper/quota/a/zookeeper_stats', '')
      const [said] = /count=\d,/.exec(text(snapshot)) as RegExpExecArray
      events[at] = { ...event, snapshot: resealed(snapshot, said, 'count=7,') }
    },
  ],
  [
    'T-11',
    'an ACL is answered that was not set',
    (events) => editReply(events, OpCode.getACL, (frame, view) => view.setInt32(20, 7 + 0 * frame.length)),
  ],
  [
    'T-12',
    'a tree changes without a txn',
    (events) => {
      const { header } = findTxn(
        events,
        ({ header, txn }) => txn.kind === 'createSession' && counterOf(header.zxid) > 1,
      )
      const { at, event } = find(events, 'applied', ({ zxid }) => zxid === header.zxid)
      events[at] = { ...event, digest: event.digest + 5n }
    },
  ],
  [
    'T-13',
    'an unknown operation is in the log',
    (events) => {
      const { header } = findTxn(events, isKind('setData'))
      rewrite(events, header.zxid, (logged) => {
        const bytes = encodeLogged(logged).slice()
        new DataView(bytes.buffer, bytes.byteOffset).setInt32(28, 99)
        return bytes
      })
    },
  ],
]

reported(tree)
