import { describe, expect, test } from 'vitest'
import { listSnapshots } from '../../../src/core/storage/file-names.ts'
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../../src/core/storage/snapshot-file.ts'
import { StorageError } from '../../../src/core/storage/storage-error.ts'
import { DataTree } from '../../../src/core/tree/data-tree.ts'
import { Reader, Writer } from '../../../src/core/wire/jute.ts'
import { DIRECTORIES, decoded, diskOf, filesOf } from './golden.ts'
import { nodeBlock } from './java-format.ts'

/** Decompressed, where the server compressed them. */
const cases = DIRECTORIES.flatMap((directory) => {
  const files = filesOf(directory)
  return listSnapshots(diskOf(files)).map(({ name, zxid }) => ({
    directory,
    name,
    zxid,
    bytes: files.get(name) as Uint8Array,
  }))
})

function open(bytes: Uint8Array, name: string, zxid: Parameters<typeof decodeSnapshot>[2]): Snapshot {
  const snapshot = decodeSnapshot(bytes, name, zxid)
  if (snapshot instanceof StorageError) throw new Error(snapshot.message)
  return snapshot
}

/** SnapshotFormatter's text, or its beginning, without what we cannot know. */
const expectedText = (directory: string, name: string): string => {
  const text = decoded(directory, `${name}.txt`) ?? decoded(directory, `${name}.gz.txt`)
  if (text === undefined) throw new Error(`no ground truth for ${directory} ${name}`)
  return text
}

interface JsonNode {
  readonly name: string
  readonly asize: number
}
type JsonTree = JsonNode | readonly [JsonNode, ...JsonTree[]]

/** SnapshotFormatter -json: path and length of the data of every znode, in the tool's order. */
function namesIn(tree: JsonTree, above = ''): [string, number][] {
  const [node, ...children] = (Array.isArray(tree) ? tree : [tree]) as [JsonNode, ...JsonTree[]]
  const path = node.name === '/' ? '' : `${above}/${node.name}`
  return [[path, node.asize], ...children.flatMap((child) => namesIn(child, path))]
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

describe.each(cases)('$directory $name', ({ directory, name, zxid, bytes }) => {
  const { tree, sessions, digest } = open(bytes, name, zxid)

  test('every znode and session is what SnapshotFormatter says', () => {
    const expected = expectedText(directory, name)
    const [nodes = '', tail = ''] = expected.split('Session Details (sid, timeout, ephemeralCount):\n')
    const blocks = nodes.split('----\n').slice(1, -1).sort()
    const ours = [...tree.walk()].map(([path, node]) => nodeBlock(path, node)).sort()
    expect(ours).toEqual(blocks)
    expect(nodes.startsWith(`ZNode Details (count=${tree.nodeCount}):\n`)).toBe(true)
    const lines = tail.split('\n').filter((line) => line.startsWith('0x'))
    const sessionLines = [...sessions].map(
      ([id, timeoutMs]) => `0x${id.toString(16)}, ${timeoutMs}, ${tree.ephemerals(id).length}`,
    )
    expect(sessionLines.sort()).toEqual(lines.sort())
    // Of the file's name and of what it mentions the newest: a fuzzy snapshot knows more than its name says.
    const newest = [...tree.walk()].reduce((most, [, { mzxid, pzxid }]) => max(most, max(mzxid, pzxid)), zxid as bigint)
    expect(tail).toContain(`Last zxid: 0x${newest.toString(16)}\n`)
  })

  test('paths and sizes are those of SnapshotFormatter -json', () => {
    const json = JSON.parse(decoded(directory, `${name}.json`) ?? decoded(directory, `${name}.gz.json`) ?? 'null') as [
      number,
      number,
      unknown,
      JsonTree,
    ]
    const ours = [...tree.walk()].map(([path, node]) => [path, node.data?.length ?? 0])
    expect(ours.sort()).toEqual(namesIn(json[3]).sort())
  })

  test('its digest is the sum of its nodes, kept as we go and computed anew', () => {
    expect(tree.digest).toBe(tree.recomputedDigest())
    if (digest !== undefined && digest.zxid === zxid) expect(digest).toEqual({ zxid, version: 2, digest: tree.digest })
    if (directory.startsWith('no_digest')) expect(digest).toBeUndefined()
  })

  test('written again, the body is the same byte for byte', () => {
    const out = new Writer()
    tree.serialize(out, sessions)
    const body = out.finish()
    expect(Buffer.from(body).equals(bytes.subarray(16, 16 + body.length))).toBe(true)
  })

  test('the body is a SNAP stream: read and written again it does not change', () => {
    const out = new Writer()
    tree.serialize(out, sessions)
    const stream = out.finish()
    const again = DataTree.deserialize(new Reader(stream))
    const outAgain = new Writer()
    again.tree.serialize(outAgain, again.sessions)
    expect(Buffer.from(outAgain.finish()).equals(stream)).toBe(true)
    expect(again.tree.digest).toBe(tree.digest)
    expect(again.tree.approximateDataSize).toBe(tree.approximateDataSize)
  })

  test('the whole file is the same byte for byte, where it is not fuzzy and has a digest', () => {
    if (digest === undefined ? zxid !== 0n || directory.startsWith('no_digest') : digest.zxid !== zxid) return
    expect(Buffer.from(encodeSnapshot(tree, sessions)).equals(bytes)).toBe(true)
  })
})

test('a new server writes the 457 bytes that an empty standalone server writes', () => {
  const golden = filesOf('znodes_crash/data').get('snapshot.0') as Uint8Array
  expect(golden.length).toBe(457)
  expect(Buffer.from(encodeSnapshot(new DataTree(), new Map())).equals(golden)).toBe(true)
})

describe('a snapshot that is not whole', () => {
  const bytes = filesOf('znodes_stopped/data').get('snapshot.34') as Uint8Array
  const { zxid } = cases.find(({ name }) => name === 'snapshot.34') as (typeof cases)[number]

  test('is refused wherever a byte of it is different', () => {
    const unnoticed = []
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at] = (damaged[at] as number) ^ 0x10
      if (!(decodeSnapshot(damaged, 'snapshot.34', zxid) instanceof StorageError)) unnoticed.push(at)
    }
    expect(unnoticed).toEqual([])
  })

  test('is refused wherever it ends too early, but behind its first seal, where older servers ended', () => {
    const whole = []
    for (let length = 0; length < bytes.length; length++)
      if (!(decodeSnapshot(bytes.slice(0, length), 'snapshot.34', zxid) instanceof StorageError)) whole.push(length)
    expect(whole).toEqual([bytes.length - 33])
  })
})
