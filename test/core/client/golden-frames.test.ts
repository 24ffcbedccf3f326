/** What Java's client sends for the same calls, byte for byte; the server is the recording. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ClientSession } from '../../../src/core/client/session.ts'
import type { WatchedEvent } from '../../../src/core/client/watches.ts'
import { CreateMode, eventName, KeeperState, WatcherType } from '../../../src/core/wire/codes.ts'
import { type ACL, OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { toUtf8 } from '../../../src/core/wire/utf8.ts'
import { FakeServer, unhex, World } from './rig.ts'

interface Line {
  readonly conn: number
  readonly dir?: 'c>s' | 's>c'
  readonly hex?: string
  readonly kind?: string
  readonly note?: { readonly op?: string; readonly xid?: number; readonly reply?: string }
}

const lines = (scene: string): Line[] =>
  readFileSync(new URL(`../../golden/wire/${scene}.jsonl`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

/** The frames of one connection, each a line; both directions in the order in which they were seen. */
const conversation = (scene: string, conn: number): Line[] =>
  lines(scene).filter((line) => line.conn === conn && line.hex !== undefined)

/** A server that answers a frame with what the recording has between it and the client's next one. */
class Recorded extends FakeServer {
  constructor(world: World, host: string, port: number, frames: readonly Line[]) {
    super(world, host, port)
    const turns: Uint8Array[][] = []
    for (const { dir, hex } of frames)
      if (dir === 'c>s') turns.push([])
      else turns.at(-1)!.push(unhex(hex!).slice(4))
    this.answer = (_frame, nth) => turns[nth] ?? []
  }
}
const sent = (frames: readonly Line[]): string[] => frames.filter((line) => line.dir === 'c>s').map((line) => line.hex!)

describe('client_tour: every call of the Java client', () => {
  const frames = conversation('client_tour', 1)
  const world = new World()
  const server = new Recorded(world, '127.0.0.1', 21811, frames)
  const events: string[] = []
  const watcher = (event: WatchedEvent) => {
    const state = Object.entries(KeeperState).find(([, value]) => value === event.state)![0]
    events.push(`event ${eventName(event.type)} ${state} ${event.path}`)
  }
  const zk = new ClientSession(world.host('client'), '127.0.0.1:21811', { timeoutMs: 10_000, watcher })
  world.run(50)
  /** Each call is answered before the next one, as in the recording. */
  const answers: string[] = []
  const call = (make: (done: (reply: unknown) => void) => void) => {
    make((reply) => {
      const answer = reply as { ok: boolean; err?: number }
      answers.push(answer.ok ? 'ok' : `${answer.err}`)
    })
    world.run(50)
  }
  const b = (text: string | null) => (text === null ? null : toUtf8(text))
  const create = (
    path: string,
    data: string | Uint8Array | null,
    mode: CreateMode = CreateMode.PERSISTENT,
    acl: readonly ACL[] = OPEN_ACL_UNSAFE,
  ) => call((done) => zk.create(path, typeof data === 'string' ? b(data) : data, acl, mode, done))
  const ttl = (path: string, ttlMs: bigint, mode: CreateMode) =>
    call((done) => zk.create2(path, b('ttl'), OPEN_ACL_UNSAFE, mode, done, ttlMs))
  const creatorAll: ACL[] = [{ perms: 31, id: { scheme: 'auth', id: '' } }]
  const readUnsafe: ACL[] = [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }]

  create('/plain', 'hello')
  create('/null', null)
  create('/empty', '')
  create(
    '/binary',
    Uint8Array.from({ length: 256 }, (_, i) => i),
  )
  create('/\u00fcnic\u00f6de-\u65e5\u672c', '\u{1f600}')
  create('/parent', 'p')
  for (const name of ['b', 'a', '10', '9', 'Z', 'zz', '\u00e4']) create(`/parent/${name}`, name)
  create('/parent/deep', null)
  create('/parent/deep/er', 'x')
  create('/seq', null)
  for (let i = 0; i < 4; i++) create('/seq/n-', `s${i}`, CreateMode.PERSISTENT_SEQUENTIAL)
  call((done) => zk.delete('/seq/n-0000000001', -1, done))
  create('/seq/e-', 'e', CreateMode.EPHEMERAL_SEQUENTIAL)
  create('/ephemeral', 'mine', CreateMode.EPHEMERAL)
  create('/container', 'c', CreateMode.CONTAINER)
  create('/container/child', 'cc')
  ttl('/ttl', 3_600_000n, CreateMode.PERSISTENT_WITH_TTL)
  ttl('/ttl-seq-', 7_200_000n, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL)
  zk.addAuth('digest', b('bob:secret'))
  world.run(50)
  create('/acl-creator', "bob's", CreateMode.PERSISTENT, creatorAll)
  create('/acl-read', 'r', CreateMode.PERSISTENT, readUnsafe)
  create('/acl-mixed', 'm', CreateMode.PERSISTENT, [
    { perms: 1, id: { scheme: 'world', id: 'anyone' } },
    { perms: 31, id: { scheme: 'ip', id: '127.0.0.1' } },
    { perms: 2, id: { scheme: 'digest', id: 'x:y=' } },
  ])
  create('/acl-creator-2', 'same list again', CreateMode.PERSISTENT, creatorAll)
  call((done) => zk.setACL('/plain', readUnsafe, 0, done))
  call((done) => zk.setACL('/plain', OPEN_ACL_UNSAFE, -1, done))
  call((done) => zk.setData('/plain', b('hello again'), 0, done))
  call((done) => zk.setData('/plain', null, 1, done))
  call((done) => zk.setData('/plain', b('x'), 7, done))
  create('/plain', 'exists')
  create('/nope/child', 'no parent')
  create('/ephemeral/child', 'under ephemeral')
  call((done) => zk.delete('/parent', -1, done))
  call((done) => zk.delete('/missing', -1, done))
  const make = (path: string, data: string, mode: CreateMode = CreateMode.PERSISTENT, ttlMs?: bigint) =>
    ({
      kind: 'create',
      path,
      data: b(data),
      acl: OPEN_ACL_UNSAFE,
      mode,
      ...(ttlMs === undefined ? {} : { ttlMs }),
    }) as const
  call((done) =>
    zk.multi(
      [
        make('/multi', 'm'),
        make('/multi/s-', '1', CreateMode.PERSISTENT_SEQUENTIAL),
        make('/multi/e', '2', CreateMode.EPHEMERAL),
        make('/multi/c', '3', CreateMode.CONTAINER),
        make('/multi/t', '4', CreateMode.PERSISTENT_WITH_TTL, 5_000_000n),
        { kind: 'setData', path: '/multi', data: b('set'), version: 0 },
        { kind: 'check', path: '/multi', version: 1 },
        { kind: 'delete', path: '/multi/c', version: 0 },
      ],
      done,
    ),
  )
  call((done) => zk.multi([{ kind: 'setData', path: '/multi', data: b('one'), version: -1 }], done))
  call((done) => zk.multi([], done))
  call((done) =>
    zk.multi(
      [
        make('/m2', 'x'),
        { kind: 'check', path: '/multi', version: 99 },
        { kind: 'delete', path: '/multi', version: -1 },
      ],
      done,
    ),
  )
  call((done) =>
    zk.multi(
      [
        { kind: 'delete', path: '/missing', version: -1 },
        { kind: 'setData', path: '/multi', data: b('y'), version: -1 },
      ],
      done,
    ),
  )
  call((done) => zk.multi([make('/m3', 'x'), { kind: 'delete', path: '/m3', version: -1 }, make('/m3', 'z')], done))
  create('/zookeeper/quota/parent', null)
  create('/zookeeper/quota/parent/zookeeper_limits', 'count=20,bytes=1000')
  create('/zookeeper/quota/parent/zookeeper_stats', 'count=0,bytes=0')
  create('/parent/counted', '12345')
  call((done) => zk.exists('/plain', false, done))
  call((done) => zk.exists('/missing', false, done))
  call((done) => zk.exists('/soon', true, done))
  call((done) => zk.getData('/plain', false, done))
  call((done) => zk.getData('/parent', true, done))
  call((done) => zk.getData('/missing', false, done))
  call((done) => zk.getData('/binary', false, done))
  call((done) => zk.getChildren('/parent', false, done))
  call((done) => zk.getChildren2('/parent', true, done))
  call((done) => zk.getChildren('/empty', false, done))
  call((done) => zk.getChildren('/missing', false, done))
  call((done) => zk.getACL('/acl-mixed', done))
  call((done) => zk.getACL('/acl-creator', done))
  call((done) => zk.getEphemerals('/', done))
  call((done) => zk.getEphemerals('/seq', done))
  call((done) => zk.getAllChildrenNumber('/parent', done))
  call((done) => zk.whoAmI(done))
  call((done) => zk.getConfig(false, done))
  // The tour prints nothing for sync and close.
  zk.sync('/plain', () => undefined)
  world.run(50)
  call((done) =>
    zk.multiRead(
      [
        { kind: 'getData', path: '/plain' },
        { kind: 'getChildren', path: '/parent' },
        { kind: 'getData', path: '/missing' },
      ],
      done,
    ),
  )
  call((done) => zk.create2('/create2', b('2'), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, done))
  create('/soon', 'now')
  call((done) => zk.setData('/parent', b('q'), -1, done))
  create('/parent/watched', 'w')
  const own = (event: WatchedEvent) => events.push(`own watcher ${eventName(event.type)} ${event.path}`)
  call((done) => zk.addWatch('/parent', 'PERSISTENT', done, own))
  call((done) => zk.addWatch('/seq', 'PERSISTENT_RECURSIVE', done))
  create('/parent/pw', '1')
  call((done) => zk.setData('/parent', b('r'), -1, done))
  create('/seq/below', '1')
  create('/seq/below/two', '1')
  call((done) => zk.delete('/seq/below/two', -1, done))
  call((done) => zk.removeWatches('/parent', own, WatcherType.Any, false, done))
  call((done) => zk.getData('/empty', true, done))
  call((done) => zk.removeAllWatches('/empty', WatcherType.Data, false, done))
  call((done) => zk.removeAllWatches('/empty', WatcherType.Children, false, done))
  call((done) => zk.reconfigure({ joining: null, leaving: '9', members: null }, -1n, done))
  zk.close(() => undefined)
  world.run(50)

  test('the frames are the same', () => {
    expect(server.received).toEqual(sent(frames))
  })

  const told = readFileSync(new URL('../../golden/wire/client_tour.calls.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  test('each call has the same outcome', () => {
    const outcomes = told.filter((line) => line.includes(' -> ')).map((line) => /\((-\d+)\)/.exec(line)?.[1] ?? 'ok')
    expect(answers).toEqual(outcomes)
  })
  test('the same watch events reach the same watchers in the same order', () => {
    expect(events).toEqual(told.filter((line) => line.startsWith('event ') || line.startsWith('own watcher')))
  })
  test('every byte that the server sent was understood', () => {
    expect(world.aborts).toEqual([])
    expect(world.events.filter((event) => event.kind === 'requestLost')).toEqual([])
  })
  test('what it authenticates with is not in the trace', () => {
    const trace = JSON.stringify([world.events, world.notes], (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
    expect(trace).toContain('digest')
    expect(trace).not.toContain('secret')
  })
})

/** A session that loses its server and goes on at the next one. */
function moved(scene: string): { readonly received: string[]; readonly expected: string[]; readonly lost: number } {
  const isSession = (line: Line) => line.kind === 'client'
  const all = lines(scene)
  const client = all.filter(isSession).map((line) => line.conn)
  const setWatches = client.find((conn) => conversation(scene, conn).some((line) => line.note?.op === 'setWatches2'))!
  const first = client.find((conn) => conversation(scene, conn).some((line) => line.note?.op === 'addWatch'))!
  const before = conversation(scene, first)
  const after = conversation(scene, setWatches)
  const world = new World()
  const one = new Recorded(world, 'one', 1, before)
  const two = new Recorded(world, 'two', 2, after)
  const watcher = () => undefined
  const zk = new ClientSession(world.host('client'), 'one:1,two:2', { timeoutMs: 10_000, watcher, shuffle: false })
  world.run(50)
  const call = (make: (done: () => void) => void) => {
    make(() => undefined)
    world.run(50)
  }
  call((done) => zk.create('/w', toUtf8('0'), OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, done))
  call((done) => zk.create('/w-ephemeral', toUtf8('0'), OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL, done))
  call((done) => zk.getData('/w', true, done))
  call((done) => zk.exists('/w-later', true, done))
  call((done) => zk.getChildren('/w', true, done))
  call((done) => zk.addWatch('/w-p', 'PERSISTENT', done))
  call((done) => zk.addWatch('/w-r', 'PERSISTENT_RECURSIVE', done))
  one.connection.close()
  world.run(3000)
  call((done) => zk.exists('/w-ephemeral', false, done))
  call((done) => zk.create('/w-later', null, OPEN_ACL_UNSAFE, CreateMode.PERSISTENT, done))
  call((done) => zk.close(done))
  return {
    received: [...one.received, ...two.received],
    expected: [...sent(before), ...sent(after)],
    lost: world.aborts.length,
  }
}

test.each(['session_move', 'leader_kill'])(
  '%s: the session is taken along with id, password and last zxid, and its watches are set again',
  (scene) => {
    const { received, expected, lost } = moved(scene)
    expect(received).toEqual(expected)
    expect(lost).toBe(0)
  },
)
