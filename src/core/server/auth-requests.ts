/** Requests that are no requests to the pipeline: they are answered at once, ahead of those that still wait.
 *  Source: ZooKeeperServer.java processPacket, processSasl (client-protocol.md section 5). Left out: SASL. */
import { ErrorCode, OpCode } from '../wire/codes.ts'
import { ZXID_0 } from '../wire/ids.ts'
import { decode, JuteError, Reader, Writer } from '../wire/jute.ts'
import { AuthPacket } from '../wire/proto.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Security } from './security.ts'

/** Requests that come later carry the new identity. @throws JuteError for a packet that cannot be read: it ends the
 *  connection, as on the Java server */
export function answerAuth(client: ClientConnection, xid: number, body: Uint8Array, security: Security): void {
  const { scheme, auth } = decode(AuthPacket, body)
  const identities = security.authenticate(scheme, auth, client.remote)
  if (identities === undefined) {
    client.reply(xid, OpCode.auth, ZXID_0, ErrorCode.AuthFailed, null)
    return client.close()
  }
  for (const identity of identities) client.addIdentity(identity)
  client.reply(xid, OpCode.auth, ZXID_0, ErrorCode.Ok, null)
  client.finished(xid)
}

/** No SASL server is configured: an answer without a token. @throws JuteError when there is no token to look at */
export function answerSasl(client: ClientConnection, xid: number, body: Uint8Array): void {
  if (new Reader(body).buffer() === null) throw new JuteError('a SASL request without a token')
  const noToken = new Writer(4)
  noToken.buffer(null)
  client.reply(xid, OpCode.sasl, ZXID_0, ErrorCode.Ok, noToken.finish())
  client.finished(xid)
}
