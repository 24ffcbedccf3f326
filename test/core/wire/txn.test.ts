import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adler32 } from '../../../src/core/wire/checksum.ts'
import { OpCode } from '../../../src/core/wire/codes.ts'
import { asSession, asZxid, hex64 } from '../../../src/core/wire/ids.ts'
import { encode, JuteError, Reader, Writer } from '../../../src/core/wire/jute.ts'
import { FileHeader, TXNLOG_MAGIC } from '../../../src/core/wire/quorum.ts'
import { CloseSessionTxn, decodeLogged, encodeLogged, TxnDigest, TxnHeader } from '../../../src/core/wire/txn.ts'
import { hex } from './golden.ts'
import { logged } from './records.ts'
import { opNames } from './requests.ts'

const golden = fileURLToPath(new URL('../../golden/data/', import.meta.url))
/** Logs of real servers; those under torn/ are damaged. */
const logs = readdirSync(golden, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\/version-2\/log\.[^/]*$/.test(file) && !file.startsWith('torn/'))
  .sort()

describe.each(logs)('%s', (file) => {
  const { header, records, tail } = readLog(unzipped(`${golden}${file}`))

  test('is a log whose records have the right checksums', () => {
    expect(header).toEqual({ magic: TXNLOG_MAGIC, version: 2, dbid: 0n })
    expect(records.length).toBeGreaterThan(0)
    for (const { bytes, checksum } of records) expect(BigInt(adler32(bytes))).toBe(checksum)
    expect(tail.every((byte) => byte === 0)).toBe(true)
  })

  test('has txns that are read and written again as the same bytes', () => {
    for (const { bytes } of records) expect(hex(encodeLogged(decodeLogged(bytes)))).toBe(hex(bytes))
  })

  const decoded = toolkitLines(file)
  if (decoded === undefined) return
  test('has the txns that TxnLogToolkit finds in it', () => {
    const lines = records.map(({ bytes }) => {
      const { clientId, cxid, zxid, type } = decodeLogged(bytes).header
      const cxidHex = (cxid >>> 0).toString(16)
      return `session ${hex64(clientId)} cxid 0x${cxidHex} zxid ${hex64(zxid)} ${type === OpCode.createTTL ? 'createTtl' : opNames.get(type)}`
    })
    expect(lines).toEqual(decoded)
  })
})

test('every kind of txn comes back as it was written', () => {
  fc.assert(
    fc.property(logged, (record) => {
      expect(decodeLogged(encodeLogged(record))).toEqual(record)
    }),
  )
})

test('random bytes are a txn or a JuteError', () => {
  const types = fc.constantFrom(...Object.values(OpCode), 99)
  const bytes = fc.tuple(fc.uint8Array({ minLength: 28, maxLength: 28 }), types, fc.uint8Array({ maxLength: 80 }))
  fc.assert(
    fc.property(bytes, ([start, type, rest]) => {
      const out = new Writer()
      out.raw(start)
      out.int(type)
      out.raw(rest)
      try {
        decodeLogged(out.finish())
      } catch (error) {
        expect(error).toBeInstanceOf(JuteError)
      }
    }),
    { numRuns: 2000 },
  )
})

const header = (type: number) => ({ clientId: asSession(1n), cxid: 2, zxid: asZxid(3n), time: 4n, type })
const record = (type: number, write: (out: Writer) => void) => {
  const out = new Writer()
  TxnHeader.write(out, header(type))
  write(out)
  return out.finish()
}

test('a type that no log may hold is refused in the words of ZooKeeper', () => {
  expect(() => decodeLogged(record(OpCode.getData, () => {}))).toThrow('Unsupported Txn with type=%d4')
  expect(() => decodeLogged(record(OpCode.check, () => {}))).toThrow('Unsupported Txn with type=%d13')
})

test('a multi inside a multi is refused, however deep', () => {
  let inner: Uint8Array = Uint8Array.of(0, 0, 0, 0)
  for (let depth = 0; depth < 2000; depth++) {
    const out = new Writer()
    out.int(1)
    out.int(OpCode.multi)
    out.buffer(inner)
    inner = out.finish()
  }
  expect(() => decodeLogged(record(OpCode.multi, (out) => out.raw(inner)))).toThrow('Invalid type of op: 14')
})

describe('closeSession', () => {
  const digest = { version: 2, treeDigest: 0n }
  const paths2Delete = ['/a', '/b']

  test('without a list of paths is read with and without a digest', () => {
    expect(decodeLogged(record(OpCode.closeSession, () => {}))).toMatchObject({ txn: { body: null }, digest: null })
    const withDigest = record(OpCode.closeSession, (out) => TxnDigest.write(out, digest))
    expect(decodeLogged(withDigest)).toMatchObject({ txn: { body: null }, digest })
    expect(hex(encodeLogged(decodeLogged(withDigest)))).toBe(hex(withDigest))
  })

  test('with a list of paths is read with and without a digest', () => {
    const list = encode(CloseSessionTxn, { paths2Delete })
    const plain = record(OpCode.closeSession, (out) => out.raw(list))
    expect(decodeLogged(plain)).toMatchObject({ txn: { body: { paths2Delete } }, digest: null })
    const both = Uint8Array.of(...plain, ...encode(TxnDigest, digest))
    expect(decodeLogged(both)).toMatchObject({ txn: { body: { paths2Delete } }, digest })
  })
})

test('a create of ZooKeeper 3.3 ends before parentCVersion', () => {
  const bytes = record(OpCode.create, (out) => {
    out.string('/old')
    out.buffer(null)
    out.int(0)
    out.boolean(true)
  })
  expect(decodeLogged(bytes).txn.body).toEqual({
    path: '/old',
    data: null,
    acl: [],
    ephemeral: true,
    parentCVersion: -1,
  })
})

// ---- files

function unzipped(file: string): Uint8Array {
  const bytes = readFileSync(file)
  return new Uint8Array(file.endsWith('.gz') ? gunzipSync(bytes) : bytes)
}

/** The least that reads a log: a header, then `long checksum, buffer, 'B'` until an empty buffer or the end. */
function readLog(bytes: Uint8Array) {
  const input = new Reader(bytes)
  const header = FileHeader.read(input)
  const records: { checksum: bigint; bytes: Uint8Array }[] = []
  while (input.remaining >= 12) {
    const start = input.offset
    const checksum = input.long()
    const body = input.buffer()
    if (body === null || body.length === 0) {
      input.offset = start
      break
    }
    expect(input.byte()).toBe(0x42)
    records.push({ checksum, bytes: body })
  }
  return { header, records, tail: input.rest() }
}

/** Apache's own reading of the same file: `DATE session 0x… cxid 0x… zxid 0x… TYPE …` for each txn. */
function toolkitLines(file: string): string[] | undefined {
  const name = basename(file).replace(/\.gz$/, '')
  const folder = file.replace(/\/version-2\/.*$/, '.decoded')
  const found = readdirSync(`${golden}${folder}`).find((entry) => entry === `${name}.txt` || entry === `${name}.txt.gz`)
  if (found === undefined) return undefined
  const text = new TextDecoder().decode(unzipped(`${golden}${folder}/${found}`))
  return [...text.matchAll(/ UTC (session 0x\w+ cxid 0x\w+ zxid 0x\w+ \w+)/g)].map((match) => match[1] as string)
}
