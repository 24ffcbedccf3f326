/** The checkers' own readers of files, on files of real servers: they must see what the core sees. */
import { describe, expect, test } from 'vitest'
import { DiskModel } from '../../src/check/disk-model.ts'
import { readHeader, readRecords } from '../../src/check/log-reader.ts'
import { isWhole, readSnapshot } from '../../src/check/snapshot-reader.ts'
import { recover } from '../../src/core/storage/recovery.ts'
import { decodeSnapshot } from '../../src/core/storage/snapshot-file.ts'
import { StorageError } from '../../src/core/storage/storage-error.ts'
import { LogReader } from '../../src/core/storage/txn-log.ts'
import type { Zxid } from '../../src/core/wire/ids.ts'
import { DIRECTORIES, diskOf, filesOf, TORN } from '../core/storage/golden.ts'

function zxidsOf(bytes: Uint8Array): Zxid[] {
  const reader = new LogReader(bytes)
  const zxids: Zxid[] = []
  for (let record = reader.next(); record.kind === 'record'; record = reader.next()) zxids.push(record.zxid)
  return zxids
}

/** A disk whose witness tells of these files. */
function modelOf(files: ReadonlyMap<string, Uint8Array>): DiskModel {
  const model = new DiskModel()
  for (const [name, bytes] of files)
    model.changed({
      kind: 'diskChanged',
      change: 0,
      path: `version-2/${name}`,
      how: 'replace',
      sizeBytes: bytes.length,
      bytes,
    })
  model.synced(0)
  return model
}

describe('files of real servers', () => {
  test.each(DIRECTORIES)('%s: logs have the records that the core finds', (directory) => {
    const logs = [...filesOf(directory)].filter(([name]) => name.startsWith('log.'))
    expect(logs.length).toBeGreaterThan(0)
    for (const [name, bytes] of logs) {
      expect(readHeader(bytes), name).toBe('good')
      const { records, tail } = readRecords(bytes, 16, 0)
      expect(tail, name).toBe('whole')
      expect(records.map(({ zxid }) => zxid)).toEqual(zxidsOf(bytes))
    }
  })

  test.each(DIRECTORIES)('%s: snapshots have the znodes and sessions that the core finds', (directory) => {
    for (const [name, bytes] of filesOf(directory)) {
      if (!/^snapshot\.[0-9a-f]+$/.test(name)) continue
      expect(isWhole(bytes), name).toBe(true)
      expect(isWhole(bytes.slice(0, -1))).toBe(false)
      const seen = readSnapshot(bytes)
      const known = decodeSnapshot(bytes, name, 0n as Zxid)
      if (typeof seen === 'string' || known instanceof StorageError) throw new Error(name)
      expect(seen.sessions).toEqual(known.sessions)
      expect([...seen.nodes.keys()].sort()).toEqual([...known.tree.walk()].map(([path]) => path).sort())
      for (const [path, { data, stat }] of seen.nodes) {
        expect(data, path).toEqual(known.tree.data(path))
        expect(stat.mzxid, path).toBe(known.tree.node(path)?.mzxid)
      }
    }
  })

  test.each([...DIRECTORIES, ...TORN])('%s: recovery would find the same end', (directory) => {
    const files = filesOf(directory)
    const recovered = recover(diskOf(files), { commitLogCount: 1, trustEmpty: true })
    if (recovered instanceof StorageError) return
    expect(modelOf(files).durable.head).toBe(recovered.state.tree.lastProcessedZxid)
  })
})

describe('what was written and not synced', () => {
  const [directory] = DIRECTORIES.filter((name) => name.startsWith('three_servers')) as [string]
  const files = new Map(
    [...filesOf(directory)].filter(([name]) => !name.startsWith('log.') && !name.startsWith('snapshot.')),
  )
  const [log] = [...filesOf(directory)].filter(([name]) => name.startsWith('log.')) as [[string, Uint8Array]]

  test('is found, and not safe, until a sync covers it', () => {
    const model = modelOf(files)
    const { records } = readRecords(log[1], 16, 0)
    const end = records[1]?.end as number
    const path = `version-2/${log[0]}`
    model.changed({ kind: 'diskChanged', change: 1, path, how: 'append', sizeBytes: end, bytes: log[1].slice(0, end) })
    const next = records[2]?.end as number
    model.changed({
      kind: 'diskChanged',
      change: 2,
      path,
      how: 'append',
      sizeBytes: next,
      bytes: log[1].slice(end, next),
    })
    expect([model.written.head, model.durable.head]).toEqual([records[2]?.zxid, 0n])
    model.synced(1)
    expect([model.written.head, model.durable.head]).toEqual([records[2]?.zxid, records[1]?.zxid])
    model.changed({ kind: 'diskChanged', change: 3, path, how: 'truncate', sizeBytes: end })
    expect(model.written.head).toBe(records[1]?.zxid)
    model.synced(2)
    expect(model.durable.head).toBe(records[2]?.zxid)
    model.synced(3)
    expect(model.durable.head).toBe(records[1]?.zxid)
  })

  test('is parsed wherever an append is cut', () => {
    const { records } = readRecords(log[1], 16, 0)
    const end = records[3]?.end as number
    const path = `version-2/${log[0]}`
    const cut = 37
    const model = modelOf(files)
    for (let from = 0; from < end; from += cut) {
      const to = Math.min(end, from === 0 ? 16 + cut : from + cut)
      const start = from === 0 ? 0 : from
      model.changed({
        kind: 'diskChanged',
        change: 1,
        path,
        how: 'append',
        sizeBytes: to,
        bytes: log[1].slice(start, to),
      })
      from = to - cut
    }
    expect(model.written.head).toBe(records[3]?.zxid)
    expect(model.written.logs()[0]?.ends).toEqual(records.slice(0, 4).map((record) => record.end))
  })
})
