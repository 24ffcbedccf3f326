import { describe, expect, test } from 'vitest'
import { encodeRecord, LOG_HEADER, LogReader } from '../../../src/core/storage/txn-log.ts'
import { decodeLogged, encodeLogged } from '../../../src/core/wire/txn.ts'
import { DIRECTORIES, decoded, filesOf } from './golden.ts'
import { txnLine } from './java-format.ts'

const cases = DIRECTORIES.flatMap((directory) =>
  [...filesOf(directory)]
    .filter(([name]) => name.startsWith('log.'))
    .map(([name, bytes]) => ({ directory, name, bytes })),
)

function recordsOf(bytes: Uint8Array) {
  const reader = new LogReader(bytes)
  expect(reader.checkHeader('log')).toBeUndefined()
  const records = []
  for (;;) {
    const record = reader.next()
    if (record.kind !== 'record') return { records, end: record }
    records.push(record)
  }
}

describe.each(cases)('$directory $name', ({ directory, name, bytes }) => {
  test('every record says what TxnLogToolkit says', () => {
    const expected = decoded(directory, `${name}.txt`)
    const { records, end } = recordsOf(bytes)
    expect(end).toEqual({ kind: 'end' })
    if (expected === undefined) return expect(directory).toBe('ten_thousand/data')
    const lines = records.map(({ body }) => txnLine(decodeLogged(body)))
    expect(
      `ZooKeeper Transactional Log File with dbid 0 txnlog format version 2\n${lines.join('')}EOF reached after ${records.length} txns.\n`,
    ).toBe(expected)
    return undefined
  })

  test('written again, the file is the same byte for byte up to its padding', () => {
    const { records } = recordsOf(bytes)
    const again = [LOG_HEADER, ...records.map(({ body }) => encodeRecord(encodeLogged(decodeLogged(body))).slice())]
    const written = Buffer.concat(again)
    expect(written.equals(bytes.subarray(0, written.length))).toBe(true)
    expect(bytes.subarray(written.length).every((byte) => byte === 0)).toBe(true)
  })
})
