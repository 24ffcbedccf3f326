import { describe, expect, test } from 'vitest'
import { DiskError } from '../../src/core/host.ts'
import { type FileStore, MemoryStore } from '../../src/hosts/file-store.ts'
import { PageCache } from '../../src/hosts/page-cache.ts'
import { bytesOf, textOf } from './toy.ts'

const contents = (store: FileStore, path: string): string | undefined => {
  const bytes = store.read(path, 0, undefined)
  return bytes instanceof DiskError ? undefined : textOf(bytes)
}

describe('files in memory', () => {
  test('appended bytes are there at once, in any pieces', () => {
    const store = new MemoryStore()
    for (let i = 0; i < 100; i++) store.append('version-2/log.1', bytesOf(`${i % 10}`))
    expect(contents(store, 'version-2/log.1')).toBe('0123456789'.repeat(10))
    expect(store.size('version-2/log.1')).toBe(100)
    expect(store.read('version-2/log.1', 98, 5)).toEqual(bytesOf('89'))
    expect(store.read('version-2/log.1', 200, 5)).toEqual(bytesOf(''))
  })

  test('what is read is a copy', () => {
    const store = new MemoryStore()
    store.append('a', bytesOf('old'))
    const read = store.read('a', 0, undefined) as Uint8Array
    read.fill(0)
    expect(contents(store, 'a')).toBe('old')
  })

  test('a directory lists its own files only, sorted', () => {
    const store = new MemoryStore()
    for (const path of ['version-2/log.2', 'myid', 'version-2/log.1', 'version-2/deep/er'])
      store.replace(path, bytesOf('x'))
    expect(store.list('version-2')).toEqual(['log.1', 'log.2'])
    expect(store.list('')).toEqual(['myid'])
    expect(store.list('nowhere')).toEqual([])
  })

  test('a missing file is told as such', () => {
    const store = new MemoryStore()
    for (const failed of [store.read('x', 0, undefined), store.truncate('x', 0), store.remove('x')]) {
      expect((failed as DiskError).code).toBe('missing')
    }
    expect(store.size('x')).toBeUndefined()
  })
})

describe('a power cut', () => {
  test('takes back whatever no completed sync covers, in every kind of change', () => {
    const store = new PageCache(new MemoryStore())
    store.append('log', bytesOf('synced '))
    store.replace('epoch', bytesOf('1'))
    store.append('kept', bytesOf('kept'))
    store.synced(store.mark())
    store.append('log', bytesOf('lost'))
    store.replace('epoch', bytesOf('2'))
    store.remove('kept')
    store.append('new', bytesOf('lost'))
    store.truncate('log', 3)
    store.append('log', bytesOf('too'))
    store.losePower('all')
    expect(contents(store, 'log')).toBe('synced ')
    expect(contents(store, 'epoch')).toBe('1')
    expect(contents(store, 'kept')).toBe('kept')
    expect(store.size('new')).toBeUndefined()
  })

  test('leaves what was written before a sync began, not what came between its begin and its end', () => {
    const store = new PageCache(new MemoryStore())
    store.append('log', bytesOf('before'))
    const mark = store.mark()
    store.append('log', bytesOf(' after'))
    store.synced(mark)
    store.losePower('all')
    expect(contents(store, 'log')).toBe('before')
  })
})
