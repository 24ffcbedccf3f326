/** Who may do what. Source: ZooKeeperServer.checkACL, PrepRequestProcessor.fixupACL, IPAuthenticationProvider,
 *  DigestAuthenticationProvider (data-tree.md section 6). Left out: sasl, x509, provider plug-ins. */
import type { ACL, Id } from '../wire/data.ts'

/** Schemes with a provider, unless a server's settings say otherwise (security.ts). */
const SCHEMES: ReadonlySet<string> = new Set(['ip', 'digest'])

/** Does one of the client's ids have the permission? `perms`: any one of these bits is enough. An empty list is open. */
export function isAllowed(acl: readonly ACL[], perms: number, ids: readonly Id[], schemes = SCHEMES): boolean {
  if (acl.length === 0 || ids.some(({ scheme }) => scheme === 'super')) return true
  return acl.some(
    (entry) =>
      (entry.perms & perms) !== 0 &&
      (isAnyone(entry.id) ||
        (schemes.has(entry.id.scheme) && ids.some((id) => id.scheme === entry.id.scheme && matches(id, entry.id.id)))),
  )
}

/** The list as it is stored: duplicates gone, `auth` replaced by what the client has proved to be.
 *  undefined: InvalidACL. */
export function fixupAcl(
  acl: readonly ACL[] | null,
  ids: readonly Id[],
  schemes = SCHEMES,
): readonly ACL[] | undefined {
  const fixed: ACL[] = []
  for (const entry of acl ?? []) {
    const { scheme, id } = entry.id
    if (acl?.find((other) => isSame(other, entry)) !== entry) continue
    if (isAnyone(entry.id)) fixed.push(entry)
    else if (scheme === 'auth') {
      const proved = ids.filter((own) => isProof(own.scheme) && schemes.has(own.scheme))
      if (proved.length === 0) return undefined
      for (const own of proved) fixed.push({ perms: entry.perms, id: own })
    } else if (schemes.has(scheme) && (scheme === 'ip' ? isIpRange(id) : isDigestId(id))) fixed.push(entry)
    else return undefined
  }
  return fixed.length === 0 ? undefined : fixed
}

/** What a client may see of a list that it may read but not change: whom it names, not the hashes. */
export const withoutHashes = (acl: readonly ACL[]): readonly ACL[] =>
  acl.map(({ perms, id }) => ({
    perms,
    id: id.scheme === 'digest' ? { scheme: id.scheme, id: id.id.replace(/:.*/, ':x') } : id,
  }))

const isAnyone = ({ scheme, id }: Id): boolean => scheme === 'world' && id === 'anyone'
const isSame = (a: ACL, b: ACL): boolean => a.perms === b.perms && a.id.scheme === b.id.scheme && a.id.id === b.id.id
/** Schemes by which a client shows who it is; an address alone proves nothing. */
const isProof = (scheme: string): boolean => scheme === 'digest'
/** Two parts, the second not empty, as Java's split counts them. */
const isDigestId = (id: string): boolean => /^[^:]*:[^:]+:*$/.test(id)

function matches(own: Id, pattern: string): boolean {
  if (own.scheme !== 'ip') return own.id === pattern
  const address = bytesOf(own.id)
  const [range = '', bits] = pattern.split('/')
  const wanted = bytesOf(range)
  if (address === undefined || wanted === undefined) return false
  const length = bits === undefined ? 32 : Number(bits)
  const mask = length === 0 ? 0 : -1 << (32 - length)
  return (address & mask) === (wanted & mask)
}

/** a.b.c.d or a.b.c.d/0…32 */
function isIpRange(text: string): boolean {
  const parts = text.split('/')
  const [range = '', bits] = parts
  if (parts.length > 2 || bytesOf(range) === undefined) return false
  return bits === undefined || (/^[+-]?\d+$/.test(bits) && Number(bits) >= 0 && Number(bits) <= 32)
}

/** The four bytes of a dotted address in one int. */
function bytesOf(address: string): number | undefined {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^[+-]?\d+$/.test(part) && Number(part) >= 0 && Number(part) <= 255))
    return undefined
  return parts.reduce((all, part) => (all << 8) | Number(part), 0)
}
