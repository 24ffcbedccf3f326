/** What one znode adds to the digest of the tree, version 2. Source: DigestCalculator.java, AdHash.java.
 *  The tree's digest is the sum of these modulo 2⁶⁴, so a change costs two nodes, however large the tree is. */
import { crc32 } from '../wire/checksum.ts'
import type { StatPersisted } from '../wire/data.ts'
import { Writer } from '../wire/jute.ts'

export const DIGEST_VERSION = 2

const scratch = new Writer()

/** An unsigned 32-bit number. 0 for everything below /zookeeper, whose content may differ between servers. */
export function nodeDigest(path: string, data: Uint8Array | null, stat: StatPersisted): number {
  if (path.startsWith('/zookeeper/')) return 0
  scratch.reset()
  scratch.string(path === '/' ? '' : path)
  if (data !== null) scratch.raw(data)
  scratch.long(stat.czxid)
  scratch.long(stat.mzxid)
  scratch.long(stat.pzxid)
  scratch.long(stat.ctime)
  scratch.long(stat.mtime)
  scratch.int(stat.version)
  scratch.int(stat.cversion)
  scratch.int(stat.aversion)
  scratch.long(stat.ephemeralOwner)
  // Behind the length of the path, which is not part of it.
  return crc32(scratch.bytes, 4, scratch.length)
}
