/** Who a client proves to be and what that permits, under one server's settings. The rules themselves are in acl.ts and
 *  authentication.ts. Source: ZooKeeperServer.checkACL, ProviderRegistry.java, AuthenticationHelper.java (data-tree.md
 *  section 6, client-protocol.md section 5). Left out: sasl, x509, ensemble, provider plug-ins. */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { ACL, Id } from '../wire/data.ts'
import { fixupAcl, isAllowed } from './acl.ts'
import { digestIdOf } from './authentication.ts'

export type SecurityConfig = Pick<
  ReplicaConfig,
  'skipACL' | 'digestAuthEnabled' | 'superDigest' | 'enforceAuthSchemes' | 'enableEagerACLCheck'
>

export class Security {
  readonly #config: SecurityConfig
  /** Schemes with a provider; entries of lists that have another one mean nothing. */
  readonly #schemes: ReadonlySet<string>

  constructor(config: SecurityConfig = {}) {
    this.#config = config
    this.#schemes = new Set(config.digestAuthEnabled === false ? ['ip'] : ['ip', 'digest'])
  }

  /** Does one of the client's ids have the permission? `perms`: any one of these bits is enough. */
  allows(acl: readonly ACL[], perms: number, ids: readonly Id[]): boolean {
    return this.#config.skipACL === true || isAllowed(acl, perms, ids, this.#schemes)
  }

  /** The list as it is stored; undefined: InvalidACL. */
  fixup(acl: readonly ACL[] | null, ids: readonly Id[]): readonly ACL[] | undefined {
    return fixupAcl(acl, ids, this.#schemes)
  }

  /** What an auth packet proves; undefined: AuthFailed. `remote`: the client's address as text. The password is not
   *  kept: only its digest is an id. */
  authenticate(scheme: string | null, data: Uint8Array | null, remote: string): readonly Id[] | undefined {
    if (scheme === null || !this.#schemes.has(scheme)) return undefined
    if (scheme === 'ip') return [{ scheme, id: remote }]
    if (data === null) return undefined
    const id = digestIdOf(data)
    return id === this.#config.superDigest
      ? [
          { scheme: 'super', id: '' },
          { scheme, id },
        ]
      : [{ scheme, id }]
  }

  /** False: a client with these ids alone may do nothing but authenticate. */
  isEnough(ids: readonly Id[]): boolean {
    const { enforceAuthSchemes } = this.#config
    return enforceAuthSchemes === undefined || ids.some(({ scheme }) => enforceAuthSchemes.includes(scheme))
  }

  /** Writes are looked at before they enter the pipeline. */
  get isEager(): boolean {
    return this.#config.enableEagerACLCheck === true
  }
}
