import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { listSnapshots } from '../../../src/core/storage/file-names.ts'
import { type Recovered, type RecoveryOptions, recover } from '../../../src/core/storage/recovery.ts'
import { decodeSnapshot } from '../../../src/core/storage/snapshot-file.ts'
import { State } from '../../../src/core/storage/state.ts'
import { StorageError } from '../../../src/core/storage/storage-error.ts'
import { LogReader } from '../../../src/core/storage/txn-log.ts'
import { DIRECTORIES, diskOf, filesOf, TORN } from './golden.ts'
import { contentOf } from './tree-content.ts'

const options: RecoveryOptions = { commitLogCount: 500 }

function recovered(files: ReadonlyMap<string, Uint8Array>, more: Partial<RecoveryOptions> = {}): Recovered {
  const result = recover(diskOf(files), { ...options, ...more })
  if (result instanceof StorageError) throw new Error(result.message)
  return result
}

/** The same directory with one of its snapshots alone. */
const withOnly = (files: ReadonlyMap<string, Uint8Array>, snapshot: string): Map<string, Uint8Array> =>
  new Map([...files].filter(([name]) => !name.startsWith('snapshot.') || name === snapshot))

function lastRecordOf(files: ReadonlyMap<string, Uint8Array>): bigint {
  let last = 0n
  for (const [name, bytes] of files) {
    if (!name.startsWith('log.')) continue
    const reader = new LogReader(bytes)
    for (let record = reader.next(); record.kind === 'record'; record = reader.next())
      if (record.zxid > last) last = record.zxid
  }
  return last
}

describe.each(DIRECTORIES)('%s', (directory) => {
  const files = filesOf(directory)
  const snapshots = listSnapshots(diskOf(files))

  test('is recovered to the last record of its log, every digest on the way as announced', () => {
    const { state, tornTail } = recovered(files)
    expect(state.tree.lastProcessedZxid).toBe(lastRecordOf(files))
    expect(state.mismatches).toBe(0)
    expect(state.tree.digest).toBe(state.tree.recomputedDigest())
    expect(tornTail).toBe(false)
  })

  test.each(snapshots)('from $name and the log alone comes the same tree', ({ name, zxid }) => {
    const whole = recovered(withOnly(files, snapshots[0]?.name as string))
    const { state, records, committedLog } = recovered(withOnly(files, name))
    expect(state.mismatches).toBe(0)
    expect(state.tree.digest).toBe(whole.state.tree.digest)
    expect(contentOf(state)).toEqual(contentOf(whole.state))
    expect(records).toBe(whole.records - countUpTo(files, zxid))
    expect(committedLog.length).toBe(Math.min(records, 500))
    const window = whole.committedLog.entries()
    expect(committedLog.entries()).toEqual(window.slice(window.length - committedLog.length))
  })

  test.each(snapshots)('the log up to $name leads to what is in it', ({ name, zxid }) => {
    const snapshot = decodeSnapshot(files.get(name) as Uint8Array, name, zxid)
    if (snapshot instanceof StorageError) throw new Error(snapshot.message)
    const fuzzy = snapshot.digest !== undefined && snapshot.digest.zxid !== zxid
    if (fuzzy) return
    const { state } = recovered(withOnly(files, snapshots[0]?.name as string), { upTo: zxid })
    expect(state.tree.lastProcessedZxid).toBe(zxid)
    expect(contentOf(state)).toEqual(contentOf(new State(snapshot.tree, snapshot.sessions)))
  })
})

function countUpTo(files: ReadonlyMap<string, Uint8Array>, zxid: bigint): number {
  let count = 0
  for (const [name, bytes] of files) {
    if (!name.startsWith('log.')) continue
    const reader = new LogReader(bytes)
    for (let record = reader.next(); record.kind === 'record'; record = reader.next()) if (record.zxid <= zxid) count++
  }
  return count
}

test('some of the snapshots are fuzzy: they hold effects of txns behind the one that they are named after', () => {
  const files = filesOf('rolling/data')
  const fuzzy = listSnapshots(diskOf(files)).filter(({ name, zxid }) => {
    const snapshot = decodeSnapshot(files.get(name) as Uint8Array, name, zxid)
    return !(snapshot instanceof StorageError) && snapshot.digest !== undefined && snapshot.digest.zxid > zxid
  })
  expect(fuzzy.length).toBeGreaterThan(2)
})

test('compressed snapshots are recognised by their names and refused with the reason', () => {
  expect(recover(diskOf(filesOf('compressed_gz/data', true)), options)).toEqual(
    new StorageError(
      'Not able to find valid snapshots: the snapshot is compressed (gz), which cannot be read here',
      'snapshot.18.gz',
    ),
  )
})

describe.each(TORN)('%s', (directory) => {
  const files = new Map([...filesOf('znodes_crash/data')].filter(([name]) => name === 'snapshot.0'))
  for (const [name, bytes] of filesOf(directory)) files.set(name, bytes)
  const truth = readFileSync(new URL(`../../golden/data/${directory}.decoded/real-server.txt`, import.meta.url), 'utf8')

  test('ends as it did for a real server', () => {
    const result = recover(diskOf(files), { ...options, emptyLogIsFatal: true })
    const zxid = /^Zxid: (0x[0-9a-f]+)$/m.exec(truth)?.[1]
    const nodes = /^Node count: (\d+)$/m.exec(truth)?.[1]
    // The real server ends at a byte that is not 'B' and forgets the txns behind it. Ours does not vote with that.
    if (directory === 'torn/bad_end_byte') {
      expect(zxid).toBe('0x1c')
      expect(result).toEqual(new StorageError('what stands at 3278 is no record, but 0x1e stands behind it', 'log.1'))
      return
    }
    if (zxid !== undefined) {
      if (result instanceof StorageError) throw new Error(result.message)
      expect(`0x${result.state.tree.lastProcessedZxid.toString(16)}`).toBe(zxid)
      // That server ran without zookeeper.extendedTypesEnabled: it took TTL nodes for ephemerals of sessions that it
      // does not know, and removed them.
      expect(result.state.tree.nodeCount - result.state.tree.ttls.size).toBe(Number(nodes))
      expect(result.tornTail).toBe(directory !== 'torn/header_only')
      return
    }
    expect(truth).toContain('nobody listens')
    if (!(result instanceof StorageError)) throw new Error('it should not have started')
    expect(result.file).toBe('log.1')
    const exception = /^java\.io\.(EOFException|IOException: .*)$/m.exec(truth)?.[1]?.replace(/DIR.*version-2\//, '')
    if (exception === 'EOFException') expect(result.reason).toBe('the file ends inside its header')
    else expect(`IOException: ${result.reason}`).toBe(exception)
  })
})
