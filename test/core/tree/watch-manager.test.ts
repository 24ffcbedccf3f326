import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TreeChange } from '../../../src/core/tree/data-tree.ts'
import { missedEvent, type WatchKind, WatchManager } from '../../../src/core/tree/watch-manager.ts'
import { EventType, eventName, WatcherType } from '../../../src/core/wire/codes.ts'
import type { Zxid } from '../../../src/core/wire/ids.ts'
import { aclOf } from './txns.ts'

interface Client {
  readonly name: string
}
const [ann, bob] = [{ name: 'ann' }, { name: 'bob' }] as const

const change = (type: TreeChange['type'], path: string): TreeChange =>
  ({
    type,
    path,
    acl: aclOf('node'),
    ...(type === 'dataChanged' ? {} : { parentAcl: aclOf('parent') }),
  }) as TreeChange

/** `ann NodeCreated /a`, in order. */
const fired = (watches: WatchManager<Client>, type: TreeChange['type'], path: string): string[] =>
  watches
    .fire(change(type, path))
    .map(({ watcher, event, eventPath }) => `${watcher.name} ${eventName(event)} ${eventPath}`)

function manager(...set: [Client, string, WatchKind][]): WatchManager<Client> {
  const watches = new WatchManager<Client>()
  for (const [watcher, path, kind] of set) watches.add(watcher, path, kind)
  return watches
}

describe('a standard watch', () => {
  test('fires once, for its own path', () => {
    const watches = manager([ann, '/a', 'data'])
    expect(fired(watches, 'dataChanged', '/b')).toEqual([])
    expect(fired(watches, 'dataChanged', '/a')).toEqual(['ann NodeDataChanged /a'])
    expect(fired(watches, 'dataChanged', '/a')).toEqual([])
    expect(watches.size).toBe(0)
  })
  test('of exists fires when the node is created', () => {
    expect(fired(manager([ann, '/a', 'exists']), 'created', '/a')).toEqual(['ann NodeCreated /a'])
  })
  test('of getChildren fires when a child comes or goes, not for the data', () => {
    expect(fired(manager([ann, '/', 'child']), 'created', '/a')).toEqual(['ann NodeChildrenChanged /'])
    expect(fired(manager([ann, '/a', 'child']), 'deleted', '/a/b')).toEqual(['ann NodeChildrenChanged /a'])
    expect(fired(manager([ann, '/a', 'child']), 'dataChanged', '/a')).toEqual([])
    expect(fired(manager([ann, '/a', 'child']), 'created', '/a/b/c')).toEqual([])
  })
})

describe('the deletion of a node', () => {
  test('fires data, then child, then parent watches', () => {
    const watches = manager([bob, '/p', 'child'], [bob, '/p/a', 'child'], [ann, '/p/a', 'data'])
    expect(fired(watches, 'deleted', '/p/a')).toEqual([
      'ann NodeDeleted /p/a',
      'bob NodeDeleted /p/a',
      'bob NodeChildrenChanged /p',
    ])
  })
  test('is told once to a client that watches data and children, and both watches are gone', () => {
    const watches = manager([ann, '/a', 'data'], [ann, '/a', 'child'])
    expect(fired(watches, 'deleted', '/a')).toEqual(['ann NodeDeleted /a'])
    expect(watches.registrations()).toEqual({ data: [], children: [] })
  })
})

describe('a persistent watch', () => {
  test('hears of its node and of its children as often as it takes, each thing once', () => {
    const watches = manager([ann, '/a', 'persistent'])
    for (let time = 0; time < 2; time++) {
      expect(fired(watches, 'created', '/a')).toEqual(['ann NodeCreated /a'])
      expect(fired(watches, 'created', '/a/b')).toEqual(['ann NodeChildrenChanged /a'])
      expect(fired(watches, 'dataChanged', '/a/b')).toEqual([])
      expect(fired(watches, 'deleted', '/a')).toEqual(['ann NodeDeleted /a'])
    }
  })
  test('that is recursive hears of everything below it by its own path, but not of children changed', () => {
    const watches = manager([ann, '/a', 'persistentRecursive'])
    expect(fired(watches, 'created', '/a/b/c')).toEqual(['ann NodeCreated /a/b/c'])
    expect(fired(watches, 'dataChanged', '/a')).toEqual(['ann NodeDataChanged /a'])
    expect(fired(watches, 'deleted', '/a/b')).toEqual(['ann NodeDeleted /a/b'])
    expect(fired(watches, 'created', '/ab')).toEqual([])
    expect(fired(manager([ann, '/', 'persistentRecursive']), 'created', '/x')).toEqual(['ann NodeCreated /x'])
  })
  test('above another watch of the same client makes no second event', () => {
    const watches = manager(
      [ann, '/', 'persistentRecursive'],
      [ann, '/a', 'data'],
      [ann, '/a/b', 'persistentRecursive'],
    )
    expect(watches.fire(change('dataChanged', '/a')).map(({ path, kind, stays }) => ({ path, kind, stays }))).toEqual([
      { path: '/a', kind: 'data', stays: false },
    ])
    expect(watches.fire(change('dataChanged', '/a/b/c')).map(({ path }) => path)).toEqual(['/a/b'])
  })
  test('is replaced by a standard one on the same path: the last registration wins (until 3.9)', () => {
    const watches = manager([ann, '/a', 'persistent'], [ann, '/a', 'data'])
    expect(fired(watches, 'dataChanged', '/a')).toEqual(['ann NodeDataChanged /a'])
    expect(fired(watches, 'dataChanged', '/a')).toEqual([])
    expect(fired(watches, 'created', '/a/b')).toEqual(['ann NodeChildrenChanged /a'])
  })
})

test('a firing says which watch it was and whose permission counts', () => {
  const watches = manager([ann, '/p', 'child'], [bob, '/p/a', 'exists'])
  expect(watches.fire(change('created', '/p/a'))).toEqual([
    {
      watcher: bob,
      path: '/p/a',
      kind: 'exists',
      stays: false,
      event: EventType.NodeCreated,
      eventPath: '/p/a',
      acl: aclOf('node'),
    },
    {
      watcher: ann,
      path: '/p',
      kind: 'child',
      stays: false,
      event: EventType.NodeChildrenChanged,
      eventPath: '/p',
      acl: aclOf('parent'),
    },
  ])
})

describe('removal', () => {
  test('by type takes this client`s watches in that table', () => {
    const watches = manager([ann, '/a', 'data'], [ann, '/a', 'child'], [bob, '/a', 'data'])
    expect(watches.remove(ann, '/a', WatcherType.Children).map(({ kind }) => kind)).toEqual(['child'])
    expect(watches.remove(ann, '/a', WatcherType.Children)).toEqual([])
    expect(watches.remove(ann, '/a', WatcherType.Any).map(({ kind }) => kind)).toEqual(['data'])
    expect(fired(watches, 'dataChanged', '/a')).toEqual(['bob NodeDataChanged /a'])
  })
  test('of a persistent watch names it once', () => {
    const watches = manager([ann, '/a', 'persistentRecursive'])
    expect(watches.remove(ann, '/a', WatcherType.Any)).toEqual([
      { watcher: ann, path: '/a', kind: 'persistentRecursive' },
    ])
    expect(fired(watches, 'created', '/a/b')).toEqual([])
  })
  test('of a connection takes all of its watches', () => {
    const watches = manager([ann, '/a', 'data'], [ann, '/a', 'child'], [ann, '/b', 'persistent'], [bob, '/a', 'data'])
    expect(watches.removeWatcher(ann).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'data /a',
      'persistent /b',
      'child /a',
    ])
    expect(watches.registrations()).toEqual({ data: [{ watcher: bob, path: '/a', kind: 'data' }], children: [] })
    expect(watches.removeWatcher(ann)).toEqual([])
  })
})

test('checkWatches is content with anybody`s watch on the path, as 3.8.0 is', () => {
  const watches = manager([bob, '/a', 'data'])
  expect(
    [WatcherType.Data, WatcherType.Children, WatcherType.Any].map((type) => watches.isWatched(ann, '/a', type)),
  ).toEqual([true, false, true])
  expect(watches.isWatched(ann, '/a/b', WatcherType.Any)).toBe(false)
})

describe('a watch that is set again after a reconnect', () => {
  const node = { mzxid: 5n as Zxid, pzxid: 7n as Zxid }
  test.each<[WatchKind, typeof node | undefined, bigint, keyof typeof EventType | undefined]>([
    ['data', undefined, 9n, 'NodeDeleted'],
    ['data', node, 4n, 'NodeDataChanged'],
    ['data', node, 5n, undefined],
    ['exists', undefined, 0n, undefined],
    ['exists', node, 9n, 'NodeCreated'],
    ['child', undefined, 9n, 'NodeDeleted'],
    ['child', node, 6n, 'NodeChildrenChanged'],
    ['child', node, 7n, undefined],
    ['persistent', node, 0n, undefined],
    ['persistentRecursive', undefined, 0n, undefined],
  ])('of kind %s has missed what happened behind its last zxid', (kind, state, seen, event) => {
    expect(missedEvent(kind, state, seen as Zxid)).toBe(event === undefined ? undefined : EventType[event])
  })
})

test('any history of registrations and changes fires what the rules say, watcher by watcher', () => {
  const paths = ['/', '/a', '/a/b', '/a/b/c', '/ab']
  const path = fc.constantFrom(...paths)
  const kind = fc.constantFrom<WatchKind>('data', 'exists', 'child', 'persistent', 'persistentRecursive')
  const watcher = fc.constantFrom<Client>(ann, bob)
  const step = fc.oneof(
    fc.record({ do: fc.constant('add' as const), watcher, path, kind }),
    fc.record({ do: fc.constant('remove' as const), watcher, path }),
    fc.record({ do: fc.constant('drop' as const), watcher }),
    fc.record({
      do: fc.constant('change' as const),
      type: fc.constantFrom<TreeChange['type']>('created', 'deleted', 'dataChanged'),
      path: fc.constantFrom(...paths.slice(1)),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const watches = new WatchManager<Client>()
      // The rules, without any index: table, watcher and path to the kind of the watch.
      const model = new Map<string, WatchKind>()
      const keyOf = (table: string, { name }: Client, at: string) => `${table} ${name} ${at}`
      const trigger = (table: string, at: string, event: string, heard: Set<string>): string[] => {
        const said: string[] = []
        for (const who of [ann, bob]) {
          const own = model.get(keyOf(table, who, at))
          const above = paths.filter((each) => each === '/' || at === each || at.startsWith(`${each}/`))
          const recursive = above.some((each) => model.get(keyOf(table, who, each)) === 'persistentRecursive')
          const hears =
            (own !== undefined && own !== 'persistentRecursive') || (recursive && event !== 'NodeChildrenChanged')
          if (own !== undefined && !own.startsWith('persistent')) model.delete(keyOf(table, who, at))
          if (!hears) continue
          if (!heard.has(who.name)) said.push(`${who.name} ${event} ${at}`)
          heard.add(who.name)
        }
        return said
      }
      for (const each of steps) {
        if (each.do === 'add') {
          watches.add(each.watcher, each.path, each.kind)
          const tables =
            each.kind === 'child' ? ['child'] : each.kind.startsWith('persistent') ? ['data', 'child'] : ['data']
          for (const table of tables) model.set(keyOf(table, each.watcher, each.path), each.kind)
        } else if (each.do === 'remove') {
          watches.remove(each.watcher, each.path, WatcherType.Any)
          for (const table of ['data', 'child']) model.delete(keyOf(table, each.watcher, each.path))
        } else if (each.do === 'drop') {
          watches.removeWatcher(each.watcher)
          for (const key of [...model.keys()]) if (key.includes(` ${each.watcher.name} `)) model.delete(key)
        } else {
          const parent = each.path.slice(0, each.path.lastIndexOf('/')) || '/'
          const expected: string[] = []
          if (each.type === 'dataChanged') expected.push(...trigger('data', each.path, 'NodeDataChanged', new Set()))
          else {
            const heard = new Set<string>()
            const event = each.type === 'created' ? 'NodeCreated' : 'NodeDeleted'
            expected.push(...trigger('data', each.path, event, heard))
            if (each.type === 'deleted') expected.push(...trigger('child', each.path, event, heard))
            expected.push(...trigger('child', parent, 'NodeChildrenChanged', new Set()))
          }
          expect(fired(watches, each.type, each.path).sort()).toEqual(expected.sort())
        }
        const { data, children } = watches.registrations()
        expect(data.length + children.length).toBe(model.size)
      }
    }),
  )
})
