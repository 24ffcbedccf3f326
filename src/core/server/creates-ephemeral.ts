/** Which requests a local session may not make. Source: QuorumZooKeeperServer.checkUpgradeSession. */
import { OpCode } from '../wire/codes.ts'
import { JuteError, wholeReader } from '../wire/jute.ts'
import { modes } from './create-mode.ts'
import type { Request } from './request.ts'
import { CreateBody, readMulti } from './request-body.ts'

/** A create or create2 of an ephemeral, alone or in a multi. What cannot be read is Prep's to refuse. */
export function createsEphemeral({ type, body }: Request): boolean {
  if (type !== OpCode.create && type !== OpCode.create2 && type !== OpCode.multi) return false
  try {
    if (type !== OpCode.multi) return isEphemeral(CreateBody.read(wholeReader(body)).flags)
    return readMulti(wholeReader(body)).ops.some((op) => op.kind === 'create' && isEphemeral(op.body.flags))
  } catch (error) {
    if (error instanceof JuteError) return false
    throw error
  }
}

const isEphemeral = (flags: number): boolean => modes.get(flags)?.ephemeral === true
