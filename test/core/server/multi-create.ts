import { OpCode } from '../../../src/core/wire/codes.ts'
import { OPEN_ACL_UNSAFE } from '../../../src/core/wire/data.ts'
import type { Writer } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'

/** A multi that creates one node: path and flags. */
export const MultiCreate = {
  read: (): readonly [string, number] => {
    throw new Error('only written')
  },
  write: (out: Writer, [path, flags]: readonly [string, number]): void => {
    proto.MultiHeader.write(out, { type: OpCode.create, done: false, err: -1 })
    proto.CreateRequest.write(out, { path, data: null, acl: OPEN_ACL_UNSAFE, flags })
    proto.MultiHeader.write(out, { type: -1, done: true, err: -1 })
  },
}
