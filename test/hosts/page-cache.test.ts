import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeRecord, LOG_HEADER } from '../../src/core/storage/txn-log.ts'
import { MemoryStore } from '../../src/hosts/file-store.ts'
import { PageCache } from '../../src/hosts/page-cache.ts'
import { bytesOf, textOf } from './toy.ts'

const cache = (): PageCache => new PageCache(new MemoryStore())
const content = (files: PageCache, path: string): string | undefined =>
  files.size(path) === undefined ? undefined : textOf(files.read(path, 0, undefined) as Uint8Array)
const all = (files: PageCache): { [path: string]: string | undefined } =>
  Object.fromEntries(files.paths().map((path) => [path, content(files, path)]))

describe('a power cut', () => {
  test('takes nothing that a completed sync has covered, and nothing at all when it is only a process that dies', () => {
    const files = cache()
    files.append('log', bytesOf('safe'))
    files.synced(files.mark())
    files.append('log', bytesOf(' written'))
    expect(files.losePower('none')).toEqual([])
    expect(content(files, 'log')).toBe('safe written')
    files.append('log', bytesOf(' lost'))
    expect(files.losePower('all').map(({ path }) => path)).toEqual(['log'])
    expect(content(files, 'log')).toBe('safe written')
  })

  test('may take any part of the rest: each legal state is reached, and no other', () => {
    const states = new Set<string>()
    for (let seed = 1; seed <= 400; seed++) {
      const files = cache()
      files.append('log', bytesOf('a'))
      files.replace('epoch', bytesOf('1'))
      files.synced(files.mark())
      files.append('log', bytesOf('b'))
      files.replace('epoch', bytesOf('2'))
      files.remove('log')
      files.losePower(seed)
      states.add(JSON.stringify(all(files)))
    }
    const logs = ['a', 'ab', 'a\u0000', undefined]
    const legal = logs.flatMap((log) => ['1', '2'].map((epoch) => ({ epoch, ...(log === undefined ? {} : { log }) })))
    expect([...states].sort()).toEqual(legal.map((state) => JSON.stringify(state)).sort())
  })

  test('can leave a page in the middle out: there are zeros then, and a page that has lost something loses what follows', () => {
    const files = cache()
    files.append('log', bytesOf('x'.repeat(4096)))
    files.synced(files.mark())
    files.append('log', bytesOf('y'.repeat(4096) + 'z'.repeat(10)))
    files.append('log', bytesOf('later'))
    // Pieces: page 1, page 2 and size of the first append, page 2 and size of the second.
    expect(files.pieces).toBe(5)
    files.losePower([1, 4])
    expect(content(files, 'log')).toBe('x'.repeat(4096) + '\u0000'.repeat(4096) + 'z'.repeat(10) + '\u0000'.repeat(5))
    const other = cache()
    other.append('log', bytesOf('one'))
    other.append('log', bytesOf('two'))
    // The name and the second append, but not the first one of the same page.
    other.losePower([0, 3])
    expect(content(other, 'log')).toBe('')
  })

  test('takes a file without its name as a whole', () => {
    const files = cache()
    files.append('new', bytesOf('content'))
    files.losePower([1, 2])
    expect(files.paths()).toEqual([])
  })

  test('never takes what is older than the sync, whatever comes behind it', () => {
    const change = fc.oneof(
      fc.record({
        kind: fc.constant('append' as const),
        path: fc.constantFrom('a', 'b'),
        text: fc.string({ maxLength: 9 }),
      }),
      fc.record({
        kind: fc.constant('replace' as const),
        path: fc.constantFrom('a', 'b'),
        text: fc.string({ maxLength: 9 }),
      }),
      fc.record({ kind: fc.constant('truncate' as const), path: fc.constantFrom('a', 'b'), size: fc.nat(9) }),
      fc.record({ kind: fc.constant('remove' as const), path: fc.constantFrom('a', 'b') }),
    )
    const apply = (files: PageCache, done: typeof change extends fc.Arbitrary<infer T> ? T : never): void => {
      if (done.kind === 'append') files.append(done.path, bytesOf(done.text))
      else if (done.kind === 'replace') files.replace(done.path, bytesOf(done.text))
      else if (done.kind === 'truncate') files.truncate(done.path, done.size)
      else files.remove(done.path)
    }
    fc.assert(
      fc.property(fc.array(change), fc.array(change), (before, after) => {
        const files = cache()
        for (const each of before) apply(files, each)
        files.synced(files.mark())
        const safe = all(files)
        for (const each of after) apply(files, each)
        files.losePower('all')
        expect(all(files)).toEqual(safe)
      }),
    )
  })
})

describe('a sync that failed', () => {
  test('leaves pages that no later sync saves: they are gone when the process starts again', () => {
    const files = cache()
    files.append('log', bytesOf('safe '))
    files.synced(files.mark())
    files.append('log', bytesOf('doomed '))
    files.syncFailed(files.mark())
    files.append('other', bytesOf('fine'))
    files.synced(files.mark())
    expect(content(files, 'log')).toBe('safe doomed ')
    files.dropDoomed()
    expect(all(files)).toEqual({ log: 'safe ', other: 'fine' })
    expect(files.dropDoomed()).toEqual([])
  })
})

describe('bit rot', () => {
  test('flips bits of what is synced, in the file that was meant', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const files = cache()
      files.append('version-2/log.1', bytesOf('s'.repeat(500)))
      files.append('version-2/snapshot.0', bytesOf('t'.repeat(500)))
      files.synced(files.mark())
      files.append('version-2/snapshot.0', bytesOf('u'.repeat(500)))
      expect(files.rot('snapshot.', seed).map(({ path }) => path)).toEqual(['version-2/snapshot.0'])
      const rotten = content(files, 'version-2/snapshot.0') as string
      expect(rotten.slice(0, 500)).not.toBe('t'.repeat(500))
      expect(rotten.slice(500)).toBe('u'.repeat(500))
      expect(content(files, 'version-2/log.1')).toBe('s'.repeat(500))
    }
    expect(cache().rot('log.', 1)).toEqual([])
  })

  test('leaves the last record of a log alone, which nothing tells from one that was being written', () => {
    const records = [1, 2, 3].map((n) => encodeRecord(new Uint8Array(100).fill(n)).slice())
    const log = [LOG_HEADER, ...records].flatMap((bytes) => [...bytes])
    const last = log.length - (records[2] as Uint8Array).length
    const places = new Set<number>()
    for (let seed = 1; seed <= 2000; seed++) {
      const files = cache()
      files.append('version-2/log.1', Uint8Array.from(log))
      files.synced(files.mark())
      const [damage] = files.rot('log.', seed)
      damage?.bytes?.forEach((byte, at) => {
        if (byte !== log[at]) places.add(at)
      })
    }
    expect(Math.max(...places)).toBe(last - 1)
    expect(places.size).toBe(last)
  })
})
