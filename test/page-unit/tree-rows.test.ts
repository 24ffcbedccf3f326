import { describe, expect, it } from 'vitest'
import { DataTree } from '../../src/core/tree/data-tree.ts'
import { OpCode } from '../../src/core/wire/codes.ts'
import { isOpen, type Rows, TreeRows } from '../../src/page/tree/rows.ts'
import { createTxn, SESSION, z } from '../trace/events.ts'

function grown(...paths: string[]): DataTree {
  const tree = new DataTree()
  add(tree, ...paths)
  return tree
}
let counter = 0
function add(tree: DataTree, ...paths: string[]): void {
  for (const path of paths)
    tree.apply({ clientId: SESSION, cxid: 1, zxid: z(++counter), time: 0n, type: OpCode.create }, createTxn(path))
}
function remove(tree: DataTree, path: string): void {
  const type = OpCode.delete
  tree.apply(
    { clientId: SESSION, cxid: 1, zxid: z(++counter), time: 0n, type },
    { kind: 'delete', type, body: { path } },
  )
}
const paths = (rows: Rows): string[] => Array.from({ length: rows.length }, (_, index) => rows.at(index)!.path)
const none = new Map<string, boolean>()

describe('rows of the tree', () => {
  it('are in reading order, children sorted, with levels and positions', () => {
    const rows = new TreeRows().update(grown('/b', '/a', '/a/y', '/a/x'), none)
    expect(paths(rows)).toEqual(['/', '/a', '/a/x', '/a/y', '/b', '/zookeeper'])
    expect(rows.at(2)).toEqual({ path: '/a/x', name: 'x', level: 3, position: 1, setSize: 2 })
    expect(rows.indexOf('/b')).toBe(4)
    expect(rows.indexOf('/zookeeper/quota')).toBe(-1)
  })

  it('small directories open by themselves, /zookeeper and crowded ones do not, the user decides', () => {
    expect(isOpen('/a', 3, none)).toBe(true)
    expect(isOpen('/a', 0, none)).toBe(false)
    expect(isOpen('/a', 5000, none)).toBe(false)
    expect(isOpen('/zookeeper', 2, none)).toBe(false)
    expect(isOpen('/zookeeper', 2, new Map([['/zookeeper', true]]))).toBe(true)
    expect(isOpen('/a', 3, new Map([['/a', false]]))).toBe(false)
  })

  it('follow the tree, and stay the same object while no open directory changed', () => {
    const tree = grown('/a', '/b')
    const listing = new TreeRows()
    const first = listing.update(tree, none)
    expect(listing.update(tree, none)).toBe(first)
    add(tree, '/a/child')
    expect(paths(listing.update(tree, none))).toEqual(['/', '/a', '/a/child', '/b', '/zookeeper'])
    remove(tree, '/b')
    expect(paths(listing.update(tree, none))).toEqual(['/', '/a', '/a/child', '/zookeeper'])
    // As many as before, but another one.
    add(tree, '/c')
    remove(tree, '/a/child')
    expect(paths(listing.update(tree, none))).toEqual(['/', '/a', '/c', '/zookeeper'])
    expect(paths(listing.update(undefined, none))).toEqual([])
  })

  it('stay sorted whatever is created and deleted between two looks', () => {
    const tree = grown('/d')
    const listing = new TreeRows()
    const open = new Map([['/d', true]])
    const there = new Set<string>()
    let random = 7
    const next = (below: number): number => {
      random = (random * 48271) % 2147483647
      return random % below
    }
    for (let look = 0; look < 200; look++) {
      for (let n = next(4); n > 0; n--) {
        const name = `n${next(300)}`
        if (there.has(name) && next(3) > 0) remove(tree, `/d/${name}`)
        else add(tree, `/d/${name}`)
        if (tree.node(`/d/${name}`) === undefined) there.delete(name)
        else there.add(name)
      }
      const names = paths(listing.update(tree, open)).flatMap((path) => /^\/d\/(.*)/.exec(path)?.[1] ?? [])
      expect(names).toEqual([...there].sort())
    }
  })

  it('find names by their beginning, round the end', () => {
    const rows = new TreeRows().update(grown('/app', '/apple', '/bee'), none)
    expect(rows.at(rows.find('ap', 0))!.name).toBe('app')
    expect(rows.at(rows.find('AP', 1))!.name).toBe('apple')
    expect(rows.at(rows.find('ap', 2))!.name).toBe('app')
    expect(rows.find('zzz', 0)).toBe(-1)
  })

  it('list 100,000 znodes, and again after a change', () => {
    const tree = grown('/many')
    for (let n = 0; n < 100_000; n++) add(tree, `/many/node-${(n * 7919) % 1_000_000}`)
    const open = new Map([['/many', true]])
    const listing = new TreeRows()
    expect(listing.update(tree, open).length).toBe(100_003)
    add(tree, '/many/aaa')
    const rows = listing.update(tree, open)
    listing.update(tree, open)
    expect(rows.at(2)!.name).toBe('aaa')
  })
})
