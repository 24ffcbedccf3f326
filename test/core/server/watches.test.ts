import { describe, expect, test } from 'vitest'
import { PathNumberBody, SetWatchesBody } from '../../../src/core/server/request-body.ts'
import { ServerWatches, type Watcher } from '../../../src/core/server/watches.ts'
import type { TreeChange } from '../../../src/core/tree/data-tree.ts'
import { DataTree } from '../../../src/core/tree/data-tree.ts'
import { ErrorCode, EventType, eventName, OpCode, WatcherType } from '../../../src/core/wire/codes.ts'
import { type ACL, type Id, OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import { asSession, asZxid } from '../../../src/core/wire/ids.ts'
import { TestServer, World } from './rig.ts'

const nobody: readonly ACL[] = [{ perms: 1, id: { scheme: 'digest', id: 'bob:hash' } }]

class Hearer implements Watcher {
  readonly session
  readonly auth: readonly Id[]
  heard: string[] = []
  constructor(session: bigint, auth: readonly Id[] = []) {
    this.session = asSession(session)
    this.auth = auth
  }
  notify(type: number, path: string): void {
    this.heard.push(`${eventName(type)} ${path}`)
  }
}

function given(): { world: World; tree: DataTree; watches: ServerWatches; told: () => string[] } {
  const world = new World()
  const tree = new DataTree()
  const told = (): string[] =>
    world.events.splice(0).map((event) => {
      if (event.kind === 'watchSet') return `set ${event.watch} ${event.path}`
      if (event.kind === 'watchRemoved') return `${event.reason} ${event.watch} ${event.path}`
      if (event.kind !== 'watchFired') return event.kind
      return `fired ${event.watch} ${event.path}: ${event.event} ${event.eventPath}${event.stays ? ', stays' : ''}`
    })
  return { world, tree, watches: new ServerWatches(world.host, { tree }), told }
}

const created = (path: string, acl = OPEN_ACL_UNSAFE, parentAcl = OPEN_ACL_UNSAFE): TreeChange => ({
  type: 'created',
  path,
  acl,
  parentAcl,
})
const deleted = (path: string, acl = OPEN_ACL_UNSAFE): TreeChange => ({
  type: 'deleted',
  path,
  acl,
  parentAcl: OPEN_ACL_UNSAFE,
})
const changed = (path: string, acl = OPEN_ACL_UNSAFE): TreeChange => ({ type: 'dataChanged', path, acl })
const ZXID = asZxid(9n)

describe('the trace always holds the watches that are there', () => {
  test('one that is set twice is told once, one that fires is gone', () => {
    const { watches, told } = given()
    const client = new Hearer(1n)
    watches.set(client, 'data', '/a')
    watches.set(client, 'data', '/a')
    watches.fire([changed('/a'), changed('/a')], ZXID)
    expect(told()).toEqual(['set data /a', 'fired data /a: NodeDataChanged /a'])
    expect(client.heard).toEqual(['NodeDataChanged /a'])
  })

  test('of a data and a child watch on a deleted node one is fired and both are gone', () => {
    const { watches, told } = given()
    const client = new Hearer(1n)
    watches.set(client, 'data', '/a')
    watches.set(client, 'child', '/a')
    watches.set(client, 'child', '/')
    told()
    watches.fire([deleted('/a')], ZXID)
    expect(told()).toEqual([
      'removed child /a',
      'fired data /a: NodeDeleted /a',
      'fired child /: NodeChildrenChanged /',
    ])
    expect(client.heard).toEqual(['NodeDeleted /a', 'NodeChildrenChanged /'])
  })

  test('a persistent watch is one, though two tables hold it, until both have lost it', () => {
    const { watches, told } = given()
    const client = new Hearer(1n)
    watches.set(client, 'persistent', '/a')
    expect(told()).toEqual(['set persistent /a'])
    watches.fire([created('/a'), created('/a/b')], ZXID)
    expect(told()).toEqual([
      'fired persistent /a: NodeCreated /a, stays',
      'fired persistent /a: NodeChildrenChanged /a, stays',
    ])
    expect(watches.remove(client, '/a', WatcherType.Data)).toBe(true)
    expect(told()).toEqual([])
    expect(watches.remove(client, '/a', WatcherType.Any)).toBe(true)
    expect(told()).toEqual(['removed persistent /a'])
    expect(watches.remove(client, '/a', WatcherType.Any)).toBe(false)
  })

  test('the last registration of a path and table wins', () => {
    const { watches, told } = given()
    const client = new Hearer(1n)
    watches.set(client, 'data', '/a')
    watches.set(client, 'persistentRecursive', '/a')
    expect(told()).toEqual(['set data /a', 'removed data /a', 'set persistentRecursive /a'])
    watches.set(client, 'data', '/a')
    watches.set(client, 'child', '/a')
    expect(told()).toEqual(['set data /a', 'removed persistentRecursive /a', 'set child /a'])
  })

  test('the end of a connection ends its watches and nobody else’s', () => {
    const { watches, told } = given()
    const [client, other] = [new Hearer(1n), new Hearer(2n)]
    watches.set(client, 'persistent', '/p')
    watches.set(client, 'exists', '/e')
    watches.set(other, 'exists', '/e')
    told()
    watches.drop(client)
    expect(told()).toEqual(['disconnected persistent /p', 'disconnected exists /e'])
    watches.fire([created('/e')], ZXID)
    expect([client.heard, other.heard]).toEqual([[], ['NodeCreated /e']])
  })
})

describe('an event is told to those who may read the node', () => {
  test('others do not hear it, and their one-shot watch is used up all the same', () => {
    const { watches, told } = given()
    const [bob, eve] = [new Hearer(1n, [{ scheme: 'digest', id: 'bob:hash' }]), new Hearer(2n)]
    for (const client of [bob, eve]) {
      watches.set(client, 'exists', '/secret')
      watches.set(client, 'persistentRecursive', '/')
    }
    told()
    watches.fire([created('/secret', nobody), changed('/secret', nobody), deleted('/secret', nobody)], ZXID)
    expect(bob.heard).toEqual(['NodeCreated /secret', 'NodeDataChanged /secret', 'NodeDeleted /secret'])
    expect(eve.heard).toEqual([])
    expect(told()).toContain('removed exists /secret')
  })

  test('for NodeChildrenChanged it is the parent that must be readable', () => {
    const { watches } = given()
    const client = new Hearer(1n)
    watches.set(client, 'child', '/p')
    watches.fire([created('/p/secret', nobody)], ZXID)
    watches.set(client, 'child', '/p')
    watches.fire([created('/p/open', OPEN_ACL_UNSAFE, nobody)], ZXID)
    expect(client.heard).toEqual(['NodeChildrenChanged /p'])
  })
})

test('watches that are set again hear what they have missed, and only then', () => {
  const { tree, watches, told } = given()
  const apply = (zxid: bigint, path: string): unknown =>
    tree.apply(
      { clientId: asSession(1n), cxid: 1, zxid: asZxid(zxid), time: 0n, type: OpCode.create },
      {
        kind: 'create',
        type: OpCode.create,
        body: { path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion: -1 },
      },
    )
  apply(5n, '/old')
  apply(6n, '/new')
  apply(7n, '/old/child')
  const client = new Hearer(1n)
  watches.setAgain(client, {
    relativeZxid: asZxid(5n),
    dataWatches: ['/old', '/new', '/gone'],
    existWatches: ['/new', '/gone'],
    childWatches: ['/old', '/new', '/gone', '/old/child'],
    persistentWatches: ['/gone'],
    persistentRecursiveWatches: ['/old'],
  })
  expect(client.heard).toEqual([
    'NodeDataChanged /new',
    'NodeDeleted /gone',
    'NodeCreated /new',
    'NodeChildrenChanged /old',
    'NodeChildrenChanged /new',
    'NodeDeleted /gone',
    'NodeChildrenChanged /old/child',
  ])
  expect(told().filter((line) => line.startsWith('set'))).toEqual([
    'set data /old',
    'set exists /gone',
    'set persistent /gone',
    'set persistentRecursive /old',
  ])
  expect(EventType.NodeCreated).toBe(1)
})

test('watches that are set again end with a path that is missing; those before it are set', () => {
  const server = new TestServer(new World())
  const client = server.session()
  const lists = { relativeZxid: asZxid(0n), dataWatches: [], existWatches: ['/later', null, '/never'] }
  client.request(OpCode.setWatches, SetWatchesBody, { ...lists, childWatches: ['/gone'] })
  expect(client.take()).toMatchObject({ err: ErrorCode.MarshallingError })
  for (const path of ['/later', '/never']) client.create(path)
  expect(client.takeEvent()).toEqual({ type: EventType.NodeCreated, path: '/later' })
  expect(client.take()).toMatchObject({ err: ErrorCode.Ok })
  expect(client.take()).toMatchObject({ err: ErrorCode.Ok })
  // There is nothing to remove at no path, and nothing to look for.
  client.request(OpCode.removeWatches, PathNumberBody, { path: null, number: WatcherType.Any })
  client.request(OpCode.checkWatches, PathNumberBody, { path: null, number: WatcherType.Any })
  expect(client.take()).toMatchObject({ err: ErrorCode.NoWatcher })
  expect(client.take()).toMatchObject({ err: ErrorCode.MarshallingError })
})
