/** Zxids in files: "0x100000002", or "1.2" for counter 2 of epoch 1. */
import { makeZxid } from '../../core/wire/ids.ts'

/** The number where the text is one of these; else the value as it is. */
export function zxidOf<T extends string | number | boolean>(value: T): T | bigint {
  if (typeof value !== 'string') return value
  if (/^0x[0-9a-f]+$/i.test(value)) return BigInt(value)
  const [, epoch, counter] = /^(\d+)\.(\d+)$/.exec(value) ?? []
  return epoch === undefined ? value : makeZxid(Number(epoch), Number(counter))
}
