import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Composition, DiskError } from '../../../src/core/host.ts'
import { NodeClock } from '../../../src/hosts/node/clock.ts'
import { type DiskOptions, NodeDisk } from '../../../src/hosts/node/disk.ts'

const LOG = 'version-2/log.1'
const SNAPSHOT = 'version-2/snapshot.1'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vivarium-disk-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (read: Uint8Array | DiskError): string => {
  if (read instanceof DiskError) throw new Error(read.message)
  return new TextDecoder().decode(read)
}
const open = (options: Partial<DiskOptions> = {}): NodeDisk =>
  new NodeDisk(new NodeClock(), { dataDir: folder, dataLogDir: folder, forceSync: true, reserveBytes: 0, ...options })
const synced = (disk: NodeDisk): Promise<DiskError | undefined> => new Promise((settle) => disk.sync(settle))
const turn = (): Promise<void> => new Promise((settle) => setImmediate(settle))
const onDisk = (path: string): string => readFileSync(join(folder, path), 'utf8')
const LARGE = new Uint8Array(300_000).fill(65)

describe.each([
  ['with', true],
  ['without', false],
])('%s fsync', (_title, forceSync) => {
  test('what was appended is read at once, is in the file after the turn, and a sync says so later', async () => {
    const disk = open({ forceSync })
    const chunk = bytes('one')
    expect(disk.append(LOG, chunk)).toBeUndefined()
    // The caller may use it again.
    chunk.fill(0)
    expect(disk.append(LOG, bytes('two'))).toBeUndefined()
    expect(disk.size(LOG)).toBe(6)
    expect(text(disk.read(LOG))).toBe('onetwo')
    expect(text(disk.read(LOG, 2, 3))).toBe('etw')
    expect(text(disk.read(LOG, 4, 100))).toBe('wo')
    disk.append(LOG, bytes('three'))
    await turn()
    expect(onDisk(LOG)).toBe('onetwothree')
    let done = false
    const sync = synced(disk).then((error) => {
      done = true
      return error
    })
    expect(done).toBe(false)
    expect(await sync).toBeUndefined()
  })

  test('syncs complete in the order in which they were asked for', async () => {
    const disk = open({ forceSync })
    const order: number[] = []
    await Promise.all(
      [1, 2, 3, 4].map((n) => {
        disk.append(`version-2/log.${n}`, bytes('x'))
        if (n === 2) disk.replace(SNAPSHOT, LARGE)
        return synced(disk).then(() => order.push(n))
      }),
    )
    expect(order).toEqual([1, 2, 3, 4])
  })

  test.each([
    ['a small file', bytes('new')],
    ['a large file', LARGE],
  ])('%s that is replaced is read at once; a sync says when it is there', async (_what, content) => {
    const disk = open({ forceSync })
    disk.replace(SNAPSHOT, bytes('old'))
    expect(await synced(disk)).toBeUndefined()
    expect(disk.replace(SNAPSHOT, content)).toBeUndefined()
    expect(disk.size(SNAPSHOT)).toBe(content.length)
    expect(text(disk.read(SNAPSHOT))).toBe(text(content))
    expect(disk.read(SNAPSHOT, 1, 2)).toEqual(content.slice(1, 3))
    expect(disk.list('version-2')).toEqual(['snapshot.1'])
    expect(await synced(disk)).toBeUndefined()
    expect(onDisk(SNAPSHOT)).toBe(text(content))
    expect(readdirSync(join(folder, 'version-2'))).toEqual(['snapshot.1'])
  })

  test('of two large files under one name the later one stays, of one that is removed nothing', async () => {
    const disk = open({ forceSync })
    disk.replace(SNAPSHOT, LARGE)
    disk.replace(SNAPSHOT, LARGE.slice(1))
    disk.replace('version-2/snapshot.2', LARGE)
    disk.remove('version-2/snapshot.2')
    expect(disk.list('version-2')).toEqual(['snapshot.1'])
    expect(await synced(disk)).toBeUndefined()
    // What was overtaken has no sync to wait for.
    while (readdirSync(join(folder, 'version-2')).length > 1) await turn()
    expect(disk.size(SNAPSHOT)).toBe(LARGE.length - 1)
    expect(disk.size('version-2/snapshot.2')).toBeUndefined()
  })

  test('a file that is cut is appended to behind the cut', async () => {
    const disk = open({ forceSync })
    disk.append(LOG, bytes('0123456789'))
    expect(disk.truncate(LOG, 4)).toBeUndefined()
    disk.append(LOG, bytes('abc'))
    await synced(disk)
    expect(onDisk(LOG)).toBe('0123abc')
    const later = open({ forceSync })
    expect(later.truncate(LOG, 2)).toBeUndefined()
    later.append(LOG, bytes('Z'))
    await synced(later)
    expect(onDisk(LOG)).toBe('01Z')
  })

  test('a log that was rolled gives its descriptor back', async () => {
    const disk = open({ forceSync })
    const before = readdirSync('/proc/self/fd').length
    for (let n = 0; n < 50; n++) {
      disk.append(`version-2/log.${n}`, bytes('x'))
      await synced(disk)
    }
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(3)
    disk.append('version-2/log.7', bytes('y'))
    await synced(disk)
    expect(onDisk('version-2/log.7')).toBe('xy')
  })
})

test('a log grows in advance, and is cut when another one is begun; nobody sees that but who reads the file', async () => {
  const disk = open({ reserveBytes: 1000 })
  const length = (path: string): number => readFileSync(join(folder, path)).length
  disk.append(LOG, bytes('one'))
  await synced(disk)
  expect(onDisk(LOG)).toBe(`one${'\0'.repeat(1000)}`)
  expect([disk.size(LOG), text(disk.read(LOG)), text(disk.read(LOG, 1))]).toEqual([3, 'one', 'ne'])
  disk.append(LOG, new Uint8Array(900))
  await synced(disk)
  expect(length(LOG)).toBe(1003)
  disk.append(LOG, new Uint8Array(101))
  await synced(disk)
  expect(length(LOG)).toBe(2004)
  disk.truncate(LOG, 4)
  disk.append(LOG, bytes('two'))
  await turn()
  expect(onDisk(LOG)).toBe(`one\0two${'\0'.repeat(1000)}`)
  disk.append('version-2/log.2', bytes('three'))
  await synced(disk)
  expect(onDisk(LOG)).toBe('one\0two')
  disk.append('other', bytes('x'))
  await synced(disk)
  expect(onDisk('other')).toBe('x')
})

describe('a file that is composed', () => {
  const piece = new Uint8Array(3_000_000).fill(66)
  const finished = (composition: Composition): Promise<DiskError | undefined> =>
    new Promise((settle) => composition.finish(settle))

  test('is not seen, and no sync waits for it, before it is whole; then it is in the place of what was there', async () => {
    const disk = open()
    disk.replace(SNAPSHOT, bytes('old'))
    const composition = disk.compose(SNAPSHOT)
    for (let n = 0; n < 3; n++) composition.append(piece)
    expect(await synced(disk)).toBeUndefined()
    expect(onDisk(SNAPSHOT)).toBe('old')
    expect(disk.list('version-2')).toEqual(['snapshot.1'])
    expect(await finished(composition)).toBeUndefined()
    expect(disk.size(SNAPSHOT)).toBe(9_000_000)
    expect(readdirSync(join(folder, 'version-2'))).toEqual(['snapshot.1'])
  })

  test('leaves nothing behind when it is abandoned, at whatever moment', async () => {
    const disk = open()
    const early = disk.compose(SNAPSHOT)
    early.append(piece)
    early.abandon()
    const late = disk.compose(SNAPSHOT)
    late.append(piece)
    let done = false
    late.finish(() => {
      done = true
    })
    late.abandon()
    while (readdirSync(join(folder, 'version-2')).length > 0) await turn()
    expect(done).toBe(false)
    expect(disk.list('version-2')).toEqual([])
  })

  test('tells who finishes it that there is no room', async () => {
    const disk = open()
    rmSync(join(folder, 'version-2'), { recursive: true })
    const composition = disk.compose(SNAPSHOT)
    composition.append(piece)
    expect(await finished(composition)).toMatchObject({ code: 'missing' })
  })
})

test('errors are values', () => {
  const disk = open()
  expect(disk.read('nosuch')).toMatchObject({ code: 'missing' })
  expect(disk.truncate('nosuch', 0)).toMatchObject({ code: 'missing' })
  expect(disk.remove('nosuch')).toMatchObject({ code: 'missing' })
  expect(disk.size('nosuch')).toBeUndefined()
  expect(disk.list('nosuch')).toEqual([])
  writeFileSync(join(folder, 'file'), '')
  expect(disk.append('file/log.1', bytes('x'))).toMatchObject({ code: 'io' })
})

test('a write that fails after it was taken fails every sync from then on', async () => {
  const disk = open()
  disk.append(LOG, bytes('x'))
  await synced(disk)
  // /dev/full has no room for anything.
  rmSync(join(folder, LOG))
  const full = open()
  symlinkSync('/dev/full', join(folder, 'version-2/log.2'))
  expect(full.append('version-2/log.2', bytes('x'))).toBeUndefined()
  expect(await synced(full)).toMatchObject({ code: 'full' })
  expect(full.append(LOG, bytes('y'))).toMatchObject({ code: 'full' })
  expect(await synced(full)).toMatchObject({ code: 'full' })
})

test('logs lie in a directory of their own if they are to', async () => {
  const dataLogDir = join(folder, 'log')
  const disk = open({ dataLogDir })
  disk.append(LOG, bytes('x'))
  disk.replace(SNAPSHOT, bytes('y'))
  disk.replace('version-2/currentEpoch', bytes('1'))
  await synced(disk)
  expect(disk.list('version-2')).toEqual(['currentEpoch', 'log.1', 'snapshot.1'])
  expect(readdirSync(join(dataLogDir, 'version-2'))).toEqual(['log.1'])
  expect(readdirSync(join(folder, 'version-2'))).toEqual(['currentEpoch', 'snapshot.1'])
  expect([disk.misplaced('log'), disk.misplaced('snapshot')]).toEqual([false, false])
  writeFileSync(join(folder, 'version-2/log.5'), '')
  expect([disk.misplaced('log'), disk.misplaced('snapshot')]).toEqual([true, false])
})

test('what a killed process had not finished is cleared away, and nothing else', () => {
  mkdirSync(join(folder, 'version-2'))
  for (const name of ['snapshot.1.new3', 'currentEpoch.new', 'currentEpoch.tmp', 'log.1', 'notes'])
    writeFileSync(join(folder, 'version-2', name), name)
  const disk = open()
  expect(disk.list('version-2')).toEqual(['currentEpoch.tmp', 'log.1', 'notes'])
  expect(existsSync(join(folder, 'version-2/currentEpoch.new'))).toBe(false)
})
