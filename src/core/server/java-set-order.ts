/** The order in which Java goes through a copied HashSet<String>. ZooKeeper leaves the order of a session's ephemerals
 *  to it, and that order becomes part of a txn: any order would do, this one gives the same bytes.
 *  Source: java.util.HashMap (hash, tableSizeFor, putMapEntries), DataTree.getEphemerals. Sets that once were much larger
 *  than they are now have a larger table in Java, and then the order can differ. */
import type { Id } from '../wire/data.ts'

/** `values`: distinct, in the order in which they were added. */
export function javaSetOrder(values: readonly string[]): string[] {
  const hashes = new Map(values.map((value) => [value, spread(javaHashCode(value))]))
  const byBucket = (tableSize: number) => (a: string, b: string) =>
    ((hashes.get(a) as number) & (tableSize - 1)) - ((hashes.get(b) as number) & (tableSize - 1))
  // First the set as it grew from 16 buckets, then its copy, made to measure; both sorts keep the order within a bucket.
  let grown = 16
  while (values.length > grown * LOAD_FACTOR) grown *= 2
  let copied = 1
  while (copied < Math.floor(values.length / LOAD_FACTOR + 1)) copied *= 2
  return [...values].sort(byBucket(grown)).sort(byBucket(copied))
}

/** The order in which Java goes through a hash table of strings that was never copied. */
export function javaTableOrder(values: readonly string[]): string[] {
  let table = 16
  while (values.length > table * LOAD_FACTOR) table *= 2
  const bucket = new Map(values.map((value) => [value, spread(javaHashCode(value)) & (table - 1)]))
  return [...values].sort((a, b) => (bucket.get(a) as number) - (bucket.get(b) as number))
}

/** The order of a connection's identities, which ZooKeeper keeps in a concurrent hash set: it shows in whoAmI, in REQUEST's
 *  authinfo and in lists that `auth` stands in. `ids`: distinct, in the order in which they were added.
 *  Source: ServerCnxn.java authInfo, Id.hashCode as jute makes it. */
export function javaIdOrder(ids: readonly Id[]): Id[] {
  let table = 16
  while (ids.length >= table * LOAD_FACTOR) table *= 2
  const bucket = ({ scheme, id }: Id): number =>
    spread((Math.imul(37, Math.imul(37, 17) + javaHashCode(scheme)) + javaHashCode(id)) | 0) & (table - 1)
  return [...ids].sort((a, b) => bucket(a) - bucket(b))
}

const LOAD_FACTOR = 0.75

/** String.hashCode */
function javaHashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
/** HashMap.hash */
const spread = (hash: number): number => hash ^ (hash >>> 16)
