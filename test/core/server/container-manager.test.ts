import { describe, expect, test } from 'vitest'
import { ContainerManager } from '../../../src/core/server/container-manager.ts'
import type { Request } from '../../../src/core/server/request.ts'
import { DataTree } from '../../../src/core/tree/data-tree.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { asSession, asZxid } from '../../../src/core/wire/ids.ts'
import type { Txn } from '../../../src/core/wire/txn.ts'
import { text, World } from './rig.ts'

/** A tree that changes by hand, and what is asked to be removed from it. */
class Bench {
  readonly world = new World()
  readonly tree = new DataTree()
  readonly asked: { readonly path: string | null; readonly at: number }[] = []
  readonly manager: ContainerManager
  #zxid = 0n

  constructor(config: ConstructorParameters<typeof ContainerManager>[0]['config'] = {}) {
    this.manager = new ContainerManager({
      host: this.world.host,
      config,
      database: { tree: this.tree },
      submit: (request) => this.#submit(request),
    })
    this.manager.start()
  }
  #submit({ session, cxid, type, body, owner }: Request): void {
    expect({ session, cxid, type, owner }).toEqual({ session: 0n, cxid: 0, type: OpCode.deleteContainer, owner: null })
    this.asked.push({ path: text(body), at: this.world.now })
  }
  apply(txn: Txn): void {
    const time = BigInt(this.world.host.clock.wallTime())
    this.tree.apply({ clientId: asSession(0n), cxid: 0, zxid: asZxid(++this.#zxid), time, type: txn.type }, txn)
  }
  container(path: string): void {
    const body = { path, data: null, acl: [], parentCVersion: -1 }
    this.apply({ kind: 'createContainer', type: OpCode.createContainer, body })
  }
  ttl(path: string, ttl: bigint): void {
    const body = { path, data: null, acl: [], parentCVersion: -1, ttl }
    this.apply({ kind: 'createTTL', type: OpCode.createTTL, body })
  }
  create(path: string): void {
    const body = { path, data: null, acl: [], ephemeral: false, parentCVersion: -1 }
    this.apply({ kind: 'create', type: OpCode.create, body })
  }
  remove(path: string): void {
    this.apply({ kind: 'delete', type: OpCode.delete, body: { path } })
  }
  /** Seconds of virtual time. */
  run(seconds: number): void {
    this.world.run(seconds * 1000)
  }
}

describe('a container', () => {
  test('that has lost its last child is removed at the next look, which is once a minute', () => {
    const bench = new Bench()
    bench.container('/full')
    bench.create('/full/a')
    bench.container('/emptied')
    bench.create('/emptied/a')
    bench.remove('/emptied/a')
    bench.container('/neverUsed')
    bench.run(59.999)
    expect(bench.asked).toEqual([])
    bench.run(0.001)
    expect(bench.asked).toEqual([{ path: '/emptied', at: 60_000 }])
    expect(bench.world.of('containerDue')).toEqual([{ kind: 'containerDue', path: '/emptied', why: 'emptied' }])
    // It is still there, so it is asked for again.
    bench.run(60)
    expect(bench.asked).toHaveLength(2)
    bench.remove('/emptied')
    bench.run(600)
    expect(bench.asked).toHaveLength(2)
  })

  test('that never had a child stays, unless there is a limit for that', () => {
    const bench = new Bench({ containerCheckIntervalMs: 1000, containerMaxNeverUsedIntervalMs: 4500 })
    bench.container('/c')
    bench.run(4.5)
    expect(bench.asked).toEqual([])
    bench.run(0.5)
    expect(bench.asked).toEqual([{ path: '/c', at: 5000 }])
    expect(bench.world.of('containerDue').map(({ why }) => why)).toEqual(['neverUsed'])
  })
})

test('a TTL node goes when it was not changed for so long, and has no children', () => {
  const bench = new Bench({ containerCheckIntervalMs: 1000 })
  bench.ttl('/t', 2500n)
  bench.ttl('/parent', 1n)
  bench.create('/parent/child')
  bench.run(2)
  bench.apply({ kind: 'setData', type: OpCode.setData, body: { path: '/t', data: null, version: 1 } })
  bench.run(2)
  expect(bench.asked).toEqual([])
  bench.run(1)
  expect(bench.asked).toEqual([{ path: '/t', at: 5000 }])
  expect(bench.world.of('containerDue').map(({ why }) => why)).toEqual(['ttl'])
})

test('not more than so many are asked for in a minute, and looks that take long do not overlap', () => {
  const bench = new Bench({ containerCheckIntervalMs: 5000, containerMaxPerMinute: 20 })
  for (const path of ['/a', '/b', '/c']) {
    bench.container(path)
    bench.create(`${path}/x`)
    bench.remove(`${path}/x`)
  }
  bench.run(13.9)
  expect(bench.asked.map(({ at }) => at)).toEqual([5000, 8000, 11_000])
  bench.run(0.1)
  // The second look was due at 10 s; it begins when the first one is through.
  expect(bench.asked.map(({ at }) => at)).toEqual([5000, 8000, 11_000, 14_000])
})

test('after the end of the role nothing is asked for', () => {
  const bench = new Bench({ containerCheckIntervalMs: 1000, containerMaxPerMinute: 60 })
  for (const path of ['/a', '/b']) {
    bench.container(path)
    bench.create(`${path}/x`)
    bench.remove(`${path}/x`)
  }
  bench.run(1)
  expect(bench.asked).toHaveLength(1)
  bench.manager.stop()
  bench.run(100)
  expect(bench.asked).toHaveLength(1)
})
