/** Writes refused by the server that the client is connected to, before they cost the ensemble a txn. What it does not
 *  find, or cannot read, is the leader's to decide. Source: ZooKeeperServer.java authWriteRequest, effectiveACLPath.
 *  Difference: the refusal is answered in its turn; the Java server's may overtake earlier replies. */
import type { DataTree } from '../tree/data-tree.ts'
import { SPECIAL_PATHS } from '../tree/data-tree.ts'
import { parentOf } from '../tree/paths.ts'
import { ErrorCode, OpCode, Perms } from '../wire/codes.ts'
import { JuteError, wholeReader } from '../wire/jute.ts'
import { DeleteRequest, SetACLRequest, SetDataRequest } from '../wire/proto.ts'
import type { Request } from './request.ts'
import { aclOf, CreateBody } from './request-body.ts'
import type { Security } from './security.ts'

/** @returns Ok, NoAuth or InvalidACL */
export function eagerRefusal(request: Request, tree: DataTree, security: Security): ErrorCode {
  try {
    switch (request.type) {
      case OpCode.create:
      case OpCode.create2: {
        const { path, acl } = CreateBody.read(wholeReader(request.body))
        const parent = parentToCheck(path)
        if (parent === undefined) return ErrorCode.Ok
        if (!isWellFormed(acl, request, security)) return ErrorCode.InvalidACL
        return refusal(parent, Perms.CREATE)
      }
      case OpCode.delete: {
        const parent = parentToCheck(DeleteRequest.read(wholeReader(request.body)).path)
        return parent === undefined ? ErrorCode.Ok : refusal(parent, Perms.DELETE)
      }
      case OpCode.setData:
        return refusal(SetDataRequest.read(wholeReader(request.body)).path, Perms.WRITE)
      case OpCode.setACL: {
        const { path, acl } = SetACLRequest.read(wholeReader(request.body))
        if (!isWellFormed(acl, request, security)) return ErrorCode.InvalidACL
        return refusal(path, Perms.ADMIN)
      }
      default:
        return ErrorCode.Ok
    }
  } catch (error) {
    if (error instanceof JuteError) return ErrorCode.Ok
    throw error
  }

  function refusal(path: string | null, perms: number): ErrorCode {
    const node = path === null ? undefined : tree.node(path)
    if (node === undefined || security.allows(tree.aclOf(node), perms, request.auth)) return ErrorCode.Ok
    return ErrorCode.NoAuth
  }
}

/** undefined: the path is wrong, which the leader will say. */
function parentToCheck(path: string | null): string | undefined {
  if (path === null || path.includes('\0') || SPECIAL_PATHS.has(path)) return undefined
  return parentOf(path)
}

function isWellFormed(list: Parameters<typeof aclOf>[0], request: Request, security: Security): boolean {
  const acl = aclOf(list)
  return acl === 'broken' || security.fixup(acl, request.auth) !== undefined
}
