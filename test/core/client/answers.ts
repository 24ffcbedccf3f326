/** Frames of a server, without their length. */
import { Xid } from '../../../src/core/wire/codes.ts'
import { asSession, asZxid } from '../../../src/core/wire/ids.ts'
import { Reader, Writer } from '../../../src/core/wire/jute.ts'
import { ConnectResponse, ReplyHeader, RequestHeader, WatcherEvent } from '../../../src/core/wire/proto.ts'

export const SESSION = asSession(0x100000001n)
export const PASSWORD = Uint8Array.from({ length: 16 }, (_, i) => i + 1)

export function granted(timeOut = 9000, readOnly = false): Uint8Array {
  const out = new Writer()
  ConnectResponse.write(out, { protocolVersion: 0, timeOut, sessionId: SESSION, passwd: PASSWORD, readOnly })
  return out.finish()
}

export function expired(): Uint8Array {
  const out = new Writer()
  const passwd = new Uint8Array(16)
  ConnectResponse.write(out, { protocolVersion: 0, timeOut: 0, sessionId: asSession(0n), passwd, readOnly: false })
  return out.finish()
}

export function reply(xid: number, zxid: bigint, err = 0, body?: (out: Writer) => void): Uint8Array {
  const out = new Writer()
  ReplyHeader.write(out, { xid, zxid: asZxid(zxid), err })
  body?.(out)
  return out.finish()
}

export function watchEvent(type: number, path: string, state = 3): Uint8Array {
  return reply(Xid.watchEvent, -1n, 0, (out) => WatcherEvent.write(out, { type, state, path }))
}

export const headerOf = (frame: Uint8Array): RequestHeader => RequestHeader.read(new Reader(frame))

/** Grants a session, answers every request with success and no body, and pings. */
export const obliging =
  (timeOut = 9000, zxid = 5n) =>
  (frame: Uint8Array, nth: number): readonly Uint8Array[] => {
    if (nth === 0) return [granted(timeOut)]
    return [reply(headerOf(frame).xid, zxid)]
  }
