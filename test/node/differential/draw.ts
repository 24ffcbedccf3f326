/** Sequences as fast-check draws and shrinks them: no model of the tree, but few enough paths that requests meet. */
import fc from 'fast-check'
import type { Step } from './player.ts'
import type { Acls, Change, Path, Request } from './requests.ts'

/** Clients of a sequence. */
export const CLIENTS = 3

const QUOTAS = [
  ...['count=3,bytes=-1', 'count=-1,bytes=20', 'count=2,bytes=10', 'count=-1,bytes=-1=;byteHardLimit=20'],
  ...['count=-1,bytes=-1=;byteHardLimit=70;countHardLimit=4', 'count=1,bytes=1=;byteHardLimit=-1;countHardLimit=3'],
]
/** setData of a node whose text every server rewrites. */
const isSenseless = (request: Request): boolean =>
  request.op === 'setData' && /zookeeper_stats$/.test(request.path ?? '') && !QUOTAS.includes(request.data ?? '')

/** Where our answer differs because it is meant to: such requests are not drawn. */
const ON_PURPOSE: readonly {
  readonly reason: string
  readonly is: (request: Request, change: Change | undefined) => boolean
}[] = [
  {
    reason: 'a check outside a multi is refused: 3.8.0 never answers it, and cannot start again from its log',
    is: ({ op }) => op === 'check',
  },
  {
    reason: 'createTTL with flags of a znode without a TTL is refused: its txn would have none either',
    is: (request) => request.op === 'createTTL' && request.flags !== 5 && request.flags !== 6,
  },
  {
    reason:
      'a persistent watch of no path is refused: the end of such a connection is one of its own in 3.8.0, and hangs',
    is: (request, change) =>
      (request.op === 'addWatch' && (request.path === null || change !== undefined)) ||
      (request.op === 'setWatches2' &&
        (request.paths.slice(3).some((paths) => paths.includes(null)) || change !== undefined)),
  },
  {
    reason:
      'checkWatches of a path without a / at its front finds nothing: 3.8.0 stumbles while somebody watches recursively',
    is: (request, change) =>
      request.op === 'checkWatches' && (change !== undefined || /^[^~/]/.test(request.path ?? '')),
  },
  {
    reason:
      'a multi with a part without a path becomes an error txn: 3.8.0 leaves a hole among its zxids, or never answers',
    is: (request, change) =>
      request.op === 'multi' &&
      (change?.kind === 'int' || request.parts.some((part) => 'path' in part && part.path === null)),
  },
  {
    reason:
      'usage that makes no sense counts as none: 3.8.0 stops at the next write it would have to be brought up to date for',
    is: (request, change) =>
      request.op === 'multi'
        ? request.parts.some(isSenseless)
        : isSenseless(request) ||
          (change !== undefined && 'path' in request && /zookeeper_stats/.test(request.path ?? '')),
  },
  {
    reason:
      'createContainer makes no ephemeral, whatever its flags say: 3.8.0 deletes it with a session that closes meanwhile',
    is: (request) => request.op === 'createContainer' && (request.flags === 1 || request.flags === 3),
  },
  {
    reason: 'a reconfig that cannot be read becomes an error txn: an ensemble of 3.8.0 never answers it',
    is: ({ op }, change) => op === 'reconfig' && change !== undefined,
  },
]
const isMeant = (request: Request, change?: Change): boolean => ON_PURPOSE.some(({ is }) => is(request, change))

const places = ['~/a', '~/b', '~/a/x', '~/a/y', '~/b/x', '~/a/x/z'] as const
const made = ['~/a/s0000000000', '~/a/s0000000001', '~/s0000000000', '~/é', '~/a/ordinary-name.of_a-znode'] as const
const odd: readonly Path[] = [
  ...[null, '', 'a', 'a/b', '~/', '~//a', '~/a/', '~/.', '~/..', '~/a/../b', '~/./a', '~/...', '~/.a', '//', '~~'],
  ...['~/\0', '~/a\0b', '~/\u0001', '~/\u001f', '~/ ', '~/\u007f', '~/\u009f', '~/\u00a0', '~/\ud800', '~/\udc00x'],
  ...['~/\u{1f600}', '~/\ue000', '~/\ufeff', '~/\ufff0', '~/\uffff', '~/\ufffd', '~/日本', `~/${'long'.repeat(700)}`],
  ...['~/a b', '~/%s%d', '~/a\tb', '~/A'],
]
const foreign = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config', '/zookeeper/nothing', '/nothing'] as const
const quotas = ['', '/zookeeper_limits', '/zookeeper_stats', '/other'].flatMap((end) => [
  `/zookeeper/quota~${end}`,
  `/zookeeper/quota~/a${end}`,
])

const place = fc.constantFrom<Path>(...places)
/** Within the subtree. */
const own = fc.oneof(
  { weight: 12, arbitrary: place },
  { weight: 2, arbitrary: fc.constantFrom<Path>(...made, '~') },
  { weight: 2, arbitrary: fc.constantFrom<Path>(...odd) },
  { weight: 1, arbitrary: fc.constantFrom<Path>(...quotas) },
)
const path = fc.oneof({ weight: 16, arbitrary: own }, { weight: 1, arbitrary: fc.constantFrom<Path>(...foreign) })
/** Paths that are made with a number behind them. */
const prefix = fc.constantFrom<Path>('~/a/s', '~/s', '~/a/', '~/', '~/b/x/-', '~/a/x', '~/é', '~/a/\u0001', '~', '')

const version = fc.oneof(
  { weight: 12, arbitrary: fc.constant(-1) },
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom(-2, -3, 100, 0x7fffffff, -0x80000000) },
)
/** latin-1 for bytes. */
const data = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<string | null>('', 'x', 'something', 'y'.repeat(60), null) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom<string | null>('\0\xff\xfe', 'z'.repeat(9000)) },
)

const id = (perms: number, scheme: string | null, text: string | null): NonNullable<Acls>[number] => ({
  perms,
  id: { scheme, id: text },
})
const OPEN: Acls = [id(31, 'world', 'anyone')]
/** Of bob:pw and of eve:pw. */
const BOB = 'bob:uj3KcYqJXCDYmcBYSbVrNHDGkmc='
const acl = fc.oneof(
  { weight: 10, arbitrary: fc.constant(OPEN) },
  {
    weight: 3,
    arbitrary: fc.uniqueArray(fc.constantFrom(1, 2, 4, 8, 16), { minLength: 1, maxLength: 5 }).map(
      (bits): Acls => [
        id(
          bits.reduce((sum, bit) => sum + bit, 0),
          'world',
          'anyone',
        ),
      ],
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Acls>(
      [id(31, 'auth', '')],
      [id(31, 'auth', 'ignored'), id(1, 'world', 'anyone')],
      [id(31, 'digest', BOB)],
      [id(17, 'digest', BOB), id(1, 'world', 'anyone')],
      [id(31, 'ip', '127.0.0.1')],
      [id(31, 'ip', '127.0.0.0/8'), id(31, 'world', 'anyone')],
      [id(31, 'ip', '10.0.0.1')],
      [id(1, 'world', 'anyone'), id(1, 'world', 'anyone'), id(2, 'world', 'anyone')],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Acls>(
      ...[null, [], [id(0, 'world', 'anyone')], [id(-1, 'world', 'anyone')], [id(31, 'world', 'x')]],
      ...[[id(31, 'nope', 'x')], [id(31, 'digest', 'x')], [id(31, 'digest', 'a:b:c')], [id(31, 'ip', '127.0.0.1/33')]],
      ...[[id(31, 'ip', '127.0.0.1/-1')], [id(31, 'ip', '1.2.3')], [id(31, 'ip', '::1')], [id(31, 'ip', '')]],
      ...[[id(31, 'ip', '127.0.0.1/')], [id(31, 'ip', '256.0.0.1')], [id(31, 'ip', '127.0.0.1/0')]],
      ...[[id(31, null, 'x')], [id(31, 'digest', null)], [id(31, 'ip', null)], [id(31, 'auth', null)]],
      ...[[id(31, 'world', null)], [id(31, 'super', '')], [id(31, 'x509', 'CN=x')], [id(31, 'sasl', 'bob')]],
      ...[[id(31, 'digest', ':')], [id(31, 'digest', 'a:')], [id(31, '', '')]],
    ),
  },
)

/** What most sequences begin with. */
const FURNITURE: readonly Request[] = ['~/a', '~/b', '~/a/x', '~/b/x', '~/a/y', '/zookeeper/quota~'].map((path) => ({
  ...{ op: 'create', path, data: path, acl: OPEN, flags: 0, ttl: -1 },
}))

const flags = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 0, 0, 1) },
  { weight: 3, arbitrary: fc.integer({ min: 2, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 7, 8, 100) },
)
const ttl = fc.constantFrom(1, 60_000, 0xffffffffff, 0x10000000000, 0, -1, -2)

const create = fc.oneof(
  fc.record({ op: fc.constantFrom('create', 'create2'), path, data, acl, flags, ttl: fc.constant(-1) }),
  fc.record({
    op: fc.constantFrom('create', 'create2'),
    path: prefix,
    ...{ data, acl, flags: fc.constantFrom(2, 3), ttl: fc.constant(-1) },
  }),
  fc.record({
    op: fc.constantFrom('createContainer', 'createTTL'),
    ...{ path: fc.oneof(path, prefix), data, acl, ttl },
    flags: fc.oneof(fc.constantFrom(4, 5, 6), flags),
  }),
)
/** What a client does that sets a quota, in three steps. */
const quota = fc.record({
  op: fc.constant('create' as const),
  path: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Path>('/zookeeper/quota~/zookeeper_limits') },
    { weight: 2, arbitrary: fc.constantFrom<Path>(...quotas) },
  ),
  data: fc.constantFrom(...QUOTAS),
  ...{ acl: fc.constant(OPEN), flags: fc.constant(0), ttl: fc.constant(-1) },
})
const remove = fc.record({ op: fc.constant('delete'), path, version })
const setData = fc.record({ op: fc.constant('setData'), path, data, version })
const check = fc.record({ op: fc.constant('check'), path, version })
const watchable = fc.record({
  op: fc.constantFrom('exists', 'getData', 'getChildren', 'getChildren2'),
  ...{ path, watch: fc.constantFrom(true, true, false) },
})
const setACL = fc.record({ op: fc.constant('setACL'), path: own, acl, version })
const byPath = fc.record({ op: fc.constantFrom('getACL', 'sync', 'getEphemerals', 'getAllChildrenNumber'), path })
const addWatch = fc.record({
  op: fc.constant('addWatch'),
  path,
  kind: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 1) }, { weight: 1, arbitrary: fc.constantFrom(-1, 2, 3) }),
})
const watches = fc.record({
  op: fc.constantFrom('checkWatches', 'removeWatches'),
  path,
  kind: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(1, 2, 3) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 0, 4, 5) },
  ),
})
const setWatches = fc.record({
  op: fc.constantFrom('setWatches', 'setWatches2'),
  since: fc.constantFrom(-1, 0, 2, 5, 1000),
  paths: fc.array(fc.array(path, { maxLength: 3 }), { minLength: 5, maxLength: 5 }),
})
const auth = fc.record({
  op: fc.constant('auth'),
  scheme: fc.oneof(
    { weight: 12, arbitrary: fc.constant('digest') },
    { weight: 1, arbitrary: fc.constantFrom('ip', 'world', '', 'super', null, 'auth', 'sasl', 'x509') },
  ),
  auth: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('bob:pw', 'eve:pw') },
    { weight: 1, arbitrary: fc.constantFrom<string | null>('bob', '', ':', 'a:b:c', null, '\xc3\xa9:\xff', ':x') },
  ),
})
const bare = fc.record({ op: fc.constantFrom('whoAmI', 'ping', 'deleteContainer') })
const reconfig = fc.record({
  op: fc.constant('reconfig'),
  ...{ joining: fc.constantFrom(null, '', 'server.9=x'), leaving: fc.constantFrom(null, '1', 'x') },
})

const writePart = fc.oneof(
  { weight: 5, arbitrary: create },
  { weight: 2, arbitrary: fc.constantFrom(...FURNITURE) },
  { weight: 1, arbitrary: quota },
  { weight: 3, arbitrary: remove },
  { weight: 3, arbitrary: setData },
  { weight: 2, arbitrary: check },
)
/** Parts that may be left out of a multi are not wrong there. */
const readPart = watchable.filter(({ op }) => op === 'getData' || op === 'getChildren')
const strange = fc.oneof(watchable, setACL, byPath, bare, readPart, writePart)
const end = fc.oneof({ weight: 30, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
const multi = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant('multi'), parts: fc.array(writePart, { maxLength: 6 }), end }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constant('multiRead'), parts: fc.array(readPart, { maxLength: 5 }), end }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('multi', 'multiRead'),
      ...{ parts: fc.array(strange, { maxLength: 4 }), end },
    }),
  },
)

const plain = fc.record({
  op: fc.constantFrom('create', 'create', 'create2'),
  path: place,
  ...{ data, acl: fc.constant(OPEN), flags: fc.constantFrom(0, 0, 0, 0, 1, 2, 3), ttl: fc.constant(-1) },
})

const drawn = fc.oneof(
  { weight: 10, arbitrary: plain },
  { weight: 14, arbitrary: create },
  { weight: 5, arbitrary: quota },
  { weight: 9, arbitrary: remove },
  { weight: 9, arbitrary: setData },
  { weight: 16, arbitrary: watchable },
  { weight: 4, arbitrary: setACL },
  { weight: 6, arbitrary: byPath },
  { weight: 6, arbitrary: addWatch },
  { weight: 5, arbitrary: watches },
  { weight: 2, arbitrary: setWatches },
  { weight: 3, arbitrary: auth },
  { weight: 3, arbitrary: bare },
  { weight: 1, arbitrary: reconfig },
  { weight: 12, arbitrary: multi },
) as fc.Arbitrary<Request>
const request = drawn.filter((each) => !isMeant(each))

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), bytes: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    kind: fc.constant('more' as const),
    bytes: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 9 }),
  }),
  fc.record({
    kind: fc.constant('byte' as const),
    ...{ at: fc.nat({ max: 60 }), value: fc.constantFrom(0, 1, 0x2f, 0x7f, 0x80, 0xc0, 0xc3, 0xe0, 0xed, 0xf0, 0xff) },
  }),
  fc.record({
    kind: fc.constant('int' as const),
    at: fc.nat({ max: 60 }),
    value: fc.constantFrom(-1, -2, 0, 0x100000, 0x7fffffff, -0x80000000),
  }),
)
const by = fc.nat({ max: CLIENTS - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 100, arbitrary: fc.record({ by, request }) },
  {
    weight: 7,
    arbitrary: fc.record({ by, request, change }).filter((each) => !isMeant(each.request, each.change)),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      by,
      attach: fc.constantFrom(
        'password' as const,
        'password' as const,
        'wrong password' as const,
        'no read-only byte' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ by, request: fc.constant<Request>({ op: 'closeSession' }) }) },
)

/** Most of them long; a client has several turns in a row now and then. */
export const sequence = fc
  .tuple(
    fc.subarray([...FURNITURE]),
    fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 60, size: 'max' }),
  )
  .map(([furniture, steps]) => {
    let client = 0
    return [
      ...furniture.map((each): Step => ({ by: 0, request: each })),
      ...steps.map(([each, stays]): Step => {
        if (!stays) client = each.by
        return { ...each, by: client }
      }),
    ]
  })
