import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeDigest } from '../../../src/core/tree/digest.ts'
import { NodeTable, ROOT, ZNode } from '../../../src/core/tree/node-table.ts'
import { parentOf } from '../../../src/core/tree/paths.ts'
import { Slab } from '../../../src/core/tree/slab.ts'
import { freshStat } from '../../../src/core/tree/znode.ts'
import { asZxid } from '../../../src/core/wire/ids.ts'

describe('blocks of a slab', () => {
  test('keep what is in them while others come and go', () => {
    const size = fc.oneof(fc.nat(80), fc.nat(3000), fc.constant(70_000))
    fc.assert(
      fc.property(fc.array(fc.record({ size, give: fc.nat(), take: fc.boolean() }), { maxLength: 300 }), (steps) => {
        const slab = new Slab()
        const taken: { readonly address: number; readonly size: number; readonly mark: number }[] = []
        for (const [mark, step] of steps.entries())
          if (step.take || taken.length === 0) {
            const address = slab.take(step.size + 4)
            const at = slab.at(address)
            slab.chunk(address).bytes.fill(mark, at, at + step.size + 4)
            taken.push({ address, size: step.size + 4, mark: mark & 0xff })
          } else slab.give((taken.splice(step.give % taken.length, 1)[0] as { address: number }).address)
        for (const { address, size, mark } of taken) {
          const at = slab.at(address)
          expect(
            slab
              .chunk(address)
              .bytes.subarray(at, at + size)
              .every((byte) => byte === mark),
          ).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('of a size that is not used any more give their memory back', () => {
    const slab = new Slab()
    const addresses = Array.from({ length: 5000 }, () => slab.take(100))
    const chunks = new Set(addresses.map((address) => slab.chunk(address)))
    for (const address of addresses) slab.give(address)
    const left = [...chunks].filter(({ id }) => slab.chunk(id << 13) !== undefined)
    expect([chunks.size > 5, left.length]).toEqual([true, 1])
  })
})

describe('the table of znodes', () => {
  const name = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom('a', 'b', 'aa', 'a-longer-name-0000000042', 'žluťoučký', 'ÿ') },
    { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
  )
  const path = fc
    .array(
      name.map((text) => text.replaceAll('/', '')),
      { minLength: 1, maxLength: 3 },
    )
    .map((names) => `/${names.join('/')}`)
  const data = fc.option(fc.uint8Array({ maxLength: 300 }))
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add'), path, data, zxid: fc.bigInt(0n, 2n ** 62n) }),
    fc.record({ kind: fc.constant('data'), path, data }),
    fc.record({ kind: fc.constant('stat'), path, version: fc.integer(), zxid: fc.bigInt(-(2n ** 63n), 2n ** 62n) }),
    fc.record({ kind: fc.constant('remove'), path }),
  )
  interface Known {
    data: Uint8Array | null
    children: string[]
    stat: { czxid: bigint; mzxid: bigint; pzxid: bigint; version: number; aversion: number }
  }

  test('has what was put into it, finds it by its path, and lists children in order of creation', () => {
    let added = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 150, size: 'max' }), (steps) => {
        const table = new NodeTable()
        const known = new Map<string, Known>()
        const add = (at: string, bytes: Uint8Array | null, zxid: bigint): void => {
          const parent = parentOf(at)
          if (known.has(at) || (parent !== undefined && !known.has(parent))) return
          const index = parent === undefined ? 0 : table.find(parent)
          table.add(at, index, bytes, 7, freshStat(asZxid(zxid), 5n, 0n))
          if (parent !== undefined) known.get(parent)?.children.push(at)
          const stat = { czxid: zxid, mzxid: zxid, pzxid: zxid, version: 0, aversion: 0 }
          known.set(at, { data: bytes, children: [], stat })
          added++
        }
        add('', new Uint8Array(), 0n)
        for (const step of steps) {
          const node = known.get(step.path)
          const handle = new ZNode(table, table.find(step.path))
          if ('data' in step && step.kind === 'add') add(step.path, step.data, (step as { zxid: bigint }).zxid)
          else if (node === undefined) expect(handle.index).toBe(0)
          else if ('data' in step) {
            handle.data = step.data
            node.data = step.data
          } else if ('version' in step) {
            handle.version = step.version
            handle.mzxid = asZxid(step.zxid)
            node.stat = { ...node.stat, version: step.version, mzxid: step.zxid }
          } else if (node.children.length === 0) {
            table.remove(handle.index)
            known.delete(step.path)
            const siblings = known.get(parentOf(step.path) as string)?.children as string[]
            siblings.splice(siblings.indexOf(step.path), 1)
          }
        }
        expect(table.size).toBe(known.size)
        for (const [at, { data, children, stat }] of known) {
          const index = table.find(at)
          const handle = new ZNode(table, index)
          expect(table.path(index)).toBe(at)
          expect(handle.data).toEqual(data)
          const { czxid, mzxid, pzxid, version, aversion, acl, ctime, mtime, childCount } = handle
          expect({ czxid, mzxid, pzxid, version, aversion }).toEqual(stat)
          expect([acl, ctime, mtime, childCount]).toEqual([7, 5n, 5n, children.length])
          expect(table.digest(index, at)).toBe(nodeDigest(at, data, handle))
          const listed: string[] = []
          for (let child = table.firstChild(index); child !== 0; child = table.nextSibling(child))
            listed.push(table.path(child))
          expect(listed).toEqual(children)
        }
        let walked = 0
        for (let at = ROOT; at !== 0; at = table.following(at, ROOT)) walked++
        expect(walked).toBe(known.size)
      }),
      { numRuns: 500 },
    )
    expect(added).toBeGreaterThan(2000)
  })
})
