/** ZooKeeper's numbers. Sources: ZooDefs.java, KeeperException.java, Watcher.java, CreateMode.java, Leader.java. */

export const OpCode = {
  notification: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
  error: -1,
} as const
export type OpCode = (typeof OpCode)[keyof typeof OpCode]

const opNames = new Map<number, string>(Object.entries(OpCode).map(([name, code]) => [code, name]))
/** create, setData …; "op 99" for a number that is none. */
export const opName = (code: number): string => opNames.get(code) ?? `op ${code}`

export const Xid = { watchEvent: -1, ping: -2, auth: -4, setWatches: -8 } as const

export const ErrorCode = {
  Ok: 0,
  SystemError: -1,
  RuntimeInconsistency: -2,
  DataInconsistency: -3,
  ConnectionLoss: -4,
  MarshallingError: -5,
  Unimplemented: -6,
  OperationTimeout: -7,
  BadArguments: -8,
  UnknownSession: -12,
  NewConfigNoQuorum: -13,
  ReconfigInProgress: -14,
  ApiError: -100,
  NoNode: -101,
  NoAuth: -102,
  BadVersion: -103,
  NoChildrenForEphemerals: -108,
  NodeExists: -110,
  NotEmpty: -111,
  SessionExpired: -112,
  InvalidCallback: -113,
  InvalidACL: -114,
  AuthFailed: -115,
  SessionMoved: -118,
  NotReadOnly: -119,
  EphemeralOnLocalSession: -120,
  NoWatcher: -121,
  RequestTimeout: -122,
  ReconfigDisabled: -123,
  SessionClosedRequireSaslAuth: -124,
  QuotaExceeded: -125,
  ThrottledOp: -127,
} as const
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

const errorMessages: { readonly [code: number]: string } = {
  [ErrorCode.Ok]: 'ok',
  [ErrorCode.SystemError]: 'SystemError',
  [ErrorCode.RuntimeInconsistency]: 'RuntimeInconsistency',
  [ErrorCode.DataInconsistency]: 'DataInconsistency',
  [ErrorCode.ConnectionLoss]: 'ConnectionLoss',
  [ErrorCode.MarshallingError]: 'MarshallingError',
  [ErrorCode.Unimplemented]: 'Unimplemented',
  [ErrorCode.OperationTimeout]: 'OperationTimeout',
  [ErrorCode.BadArguments]: 'BadArguments',
  [ErrorCode.UnknownSession]: 'Unknown error UNKNOWNSESSION',
  [ErrorCode.NewConfigNoQuorum]: 'NewConfigNoQuorum',
  [ErrorCode.ReconfigInProgress]: 'ReconfigInProgress',
  [ErrorCode.ApiError]: 'APIError',
  [ErrorCode.NoNode]: 'NoNode',
  [ErrorCode.NoAuth]: 'NoAuth',
  [ErrorCode.BadVersion]: 'BadVersion',
  [ErrorCode.NoChildrenForEphemerals]: 'NoChildrenForEphemerals',
  [ErrorCode.NodeExists]: 'NodeExists',
  [ErrorCode.NotEmpty]: 'Directory not empty',
  [ErrorCode.SessionExpired]: 'Session expired',
  [ErrorCode.InvalidCallback]: 'Invalid callback',
  [ErrorCode.InvalidACL]: 'InvalidACL',
  [ErrorCode.AuthFailed]: 'AuthFailed',
  [ErrorCode.SessionMoved]: 'Session moved',
  [ErrorCode.NotReadOnly]: 'Not a read-only call',
  [ErrorCode.EphemeralOnLocalSession]: 'Ephemeral node on local session',
  [ErrorCode.NoWatcher]: 'No such watcher',
  [ErrorCode.RequestTimeout]: 'Unknown error REQUESTTIMEOUT',
  [ErrorCode.ReconfigDisabled]: 'Reconfig is disabled',
  [ErrorCode.SessionClosedRequireSaslAuth]: 'Session closed because client failed to authenticate',
  [ErrorCode.QuotaExceeded]: 'Quota has exceeded',
  [ErrorCode.ThrottledOp]: 'Op throttled due to high load',
}
/** The words after "KeeperErrorCode = ". */
export const errorMessage = (code: number): string => errorMessages[code] ?? `Unknown error ${code}`

export const EventType = {
  None: -1,
  NodeCreated: 1,
  NodeDeleted: 2,
  NodeDataChanged: 3,
  NodeChildrenChanged: 4,
  DataWatchRemoved: 5,
  ChildWatchRemoved: 6,
  PersistentWatchRemoved: 7,
} as const
export type EventType = (typeof EventType)[keyof typeof EventType]
const eventNames = new Map<number, string>(Object.entries(EventType).map(([name, code]) => [code, name]))
export const eventName = (type: number): string => eventNames.get(type) ?? `event ${type}`

export const KeeperState = {
  Disconnected: 0,
  SyncConnected: 3,
  AuthFailed: 4,
  ConnectedReadOnly: 5,
  SaslAuthenticated: 6,
  Closed: 7,
  Expired: -112,
} as const
export type KeeperState = (typeof KeeperState)[keyof typeof KeeperState]

export const CreateMode = {
  PERSISTENT: 0,
  EPHEMERAL: 1,
  PERSISTENT_SEQUENTIAL: 2,
  EPHEMERAL_SEQUENTIAL: 3,
  CONTAINER: 4,
  PERSISTENT_WITH_TTL: 5,
  PERSISTENT_SEQUENTIAL_WITH_TTL: 6,
} as const
export type CreateMode = (typeof CreateMode)[keyof typeof CreateMode]

export const AddWatchMode = { PERSISTENT: 0, PERSISTENT_RECURSIVE: 1 } as const
export const WatcherType = { Children: 1, Data: 2, Any: 3 } as const
export const Perms = { READ: 1, WRITE: 2, CREATE: 4, DELETE: 8, ADMIN: 16, ALL: 31 } as const

/** Peer states as the notification carries them. */
export const ServerState = { LOOKING: 0, FOLLOWING: 1, LEADING: 2, OBSERVING: 3 } as const
export type ServerState = keyof typeof ServerState

export const PacketType = {
  REQUEST: 1,
  PROPOSAL: 2,
  ACK: 3,
  COMMIT: 4,
  PING: 5,
  REVALIDATE: 6,
  SYNC: 7,
  INFORM: 8,
  COMMITANDACTIVATE: 9,
  NEWLEADER: 10,
  FOLLOWERINFO: 11,
  UPTODATE: 12,
  DIFF: 13,
  TRUNC: 14,
  SNAP: 15,
  OBSERVERINFO: 16,
  LEADERINFO: 17,
  ACKEPOCH: 18,
  INFORMANDACTIVATE: 19,
} as const
export type PacketType = (typeof PacketType)[keyof typeof PacketType]
const packetNames = new Map<number, string>(Object.entries(PacketType).map(([name, code]) => [code, name]))
export const packetName = (type: number): string => packetNames.get(type) ?? `packet ${type}`
