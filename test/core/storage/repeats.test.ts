/** Logs of ZooKeeper's learners that were sent the same proposals several times. */
import { expect, test } from 'vitest'
import { encodeRecord, LOG_HEADER } from '../../../src/core/storage/txn-log.ts'
import type { Zxid } from '../../../src/core/wire/ids.ts'
import { encodeLogged, type Txn } from '../../../src/core/wire/txn.ts'
import { toUtf8 } from '../../../src/core/wire/utf8.ts'
import type { MemoryDisk } from '../memory-disk.ts'
import { commit, created, namesOf, open, range, started, txnAt } from './rig.ts'

/** The log after a snapshot of nothing: txns one behind the other, by zxid or with another content than their zxid says. */
function diskWith(...txns: (bigint | { readonly zxid: bigint; readonly txn: Txn })[]): MemoryDisk {
  const disk = started().disk.killed()
  const records = txns.map((each) => {
    const logged = typeof each === 'bigint' ? txnAt(each) : txnAt(each.zxid, each.txn)
    return encodeRecord(encodeLogged(logged)).slice()
  })
  disk.files.set(
    'version-2/log.1',
    Buffer.concat([LOG_HEADER, ...records])
      .subarray()
      .slice(),
  )
  for (const file of ['acceptedEpoch', 'currentEpoch']) disk.files.set(`version-2/${file}`, toUtf8('1'))
  return disk
}

/** What another leader had proposed at that place, and nobody ever committed. */
const lost = (zxid: bigint): { readonly zxid: bigint; readonly txn: Txn } => ({
  zxid,
  txn: txnAt(zxid + 0xff0000n).txn,
})

test('of records that stand in a log twice the later ones count', () => {
  const disk = diskWith(...range(1n, 9n), ...range(3n, 12n), ...range(3n, 15n))
  const rig = started(disk)
  expect(rig.database.lastLoggedZxid).toBe(15n)
  expect(created(rig)).toEqual(namesOf(range(1n, 15n)))
  expect(rig.database.committedLog.entries().map(({ zxid }) => zxid)).toEqual(range(1n, 15n))
})

test('what was never sent again is gone with its tail', () => {
  const rig = started(diskWith(1n, 2n, lost(3n), lost(4n), lost(5n), 3n, 4n, 0x100000001n))
  expect(created(rig)).toEqual(namesOf([1n, 2n, 3n, 4n, 0x100000001n]))
})

test('a log that repeats itself is cut behind what counts', () => {
  const disk = diskWith(1n, 2n, lost(3n), lost(4n), lost(5n), 3n, 4n, 5n, 6n)
  const rig = started(disk)
  expect(rig.database.truncate(4n as Zxid).ok).toBe(true)
  rig.disk.settle()
  expect(created(rig)).toEqual(namesOf(range(1n, 4n)))
  const later = started(rig.disk.killed())
  expect(created(later)).toEqual(namesOf(range(1n, 4n)))
  commit(later, 5n)
  later.disk.settle()
  expect(created(started(later.disk.killed()))).toEqual(namesOf(range(1n, 5n)))
})

test('records that are missing are missing, though others stand twice', () => {
  const result = open(diskWith(1n, 2n, 3n, 2n, 4n)).database.load()
  expect(result.ok ? undefined : result.error.reason).toMatch(/0x4 stands behind 0x2: records between them are missing/)
})
