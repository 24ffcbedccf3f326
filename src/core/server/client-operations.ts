/** Kinds of requests by what may come of them. Source: Request.isValid, ReadOnlyRequestProcessor.java. */
import { OpCode } from '../wire/codes.ts'
import { isWrite } from './prep.ts'

/** What a read-only server refuses. A session may be made and closed, if it is its own. */
export const isRefusedReadOnly = (type: number): boolean =>
  type === OpCode.sync || (isWrite(type) && type !== OpCode.createSession && type !== OpCode.closeSession)

/** What a client may ask for. createSession is no request of clients here, though the Java server takes it for one. */
export const fromClients = new Set<number>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.deleteContainer,
  OpCode.exists,
  OpCode.getData,
  OpCode.setData,
  OpCode.getACL,
  OpCode.setACL,
  OpCode.getChildren,
  OpCode.getChildren2,
  OpCode.getEphemerals,
  OpCode.getAllChildrenNumber,
  OpCode.sync,
  OpCode.ping,
  OpCode.check,
  OpCode.multi,
  OpCode.multiRead,
  OpCode.reconfig,
  OpCode.checkWatches,
  OpCode.removeWatches,
  OpCode.setWatches,
  OpCode.setWatches2,
  OpCode.addWatch,
  OpCode.whoAmI,
  OpCode.closeSession,
])
