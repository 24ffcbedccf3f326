/** The digest scheme's ids, and what clients are shown of ids. Source: DigestAuthenticationProvider.java, AuthUtil.java
 *  (data-tree.md section 6). */
import type { ClientInfo, Id } from '../wire/data.ts'
import { base64, sha1 } from '../wire/sha1.ts'
import { decodeUtf8, toUtf8 } from '../wire/utf8.ts'

/** The id that these bytes, `user:password`, prove. */
export const digestIdOf = (userAndPassword: Uint8Array): string => digestId(decodeUtf8(userAndPassword))

/** DigestAuthenticationProvider.generateDigest: `user:base64(sha1("user:password"))`. */
export function digestId(userAndPassword: string): string {
  return `${userOf(userAndPassword)}:${base64(sha1(toUtf8(userAndPassword)))}`
}

/** What whoAmI tells of an id: of a digest the user alone. */
export const clientInfo = ({ scheme, id }: Id): ClientInfo => ({
  authScheme: scheme,
  user: scheme === 'digest' ? userOf(id) : id,
})

/** What stands before the first colon. */
const userOf = (text: string): string => text.slice(0, text.indexOf(':') === -1 ? text.length : text.indexOf(':'))
