/** ZooKeeper's client calls: paths are checked and put below the chroot, watches registered, answers given to callbacks.
 *  Source: ZooKeeper.java, ZooKeeperAdmin.java.
 *
 *  A call throws IllegalArgument for an argument that the client refuses, before anything is sent; everything else comes as
 *  a Reply, once, also when the session ends first (ConnectionLoss, SessionExpired, AuthFailed). */
import type { Host } from '../host.ts'
import { AddWatchMode, CreateMode, ErrorCode, OpCode, type WatcherType } from '../wire/codes.ts'
import type { ACL, ClientInfo, Stat } from '../wire/data.ts'
import type { SessionId, Zxid } from '../wire/ids.ts'
import type { Codec, Reader } from '../wire/jute.ts'
import {
  AddWatchRequest,
  CheckWatchesRequest,
  Create2Response,
  CreateRequest,
  CreateTTLRequest,
  DeleteRequest,
  ErrorResponse,
  GetACLResponse,
  GetAllChildrenNumberResponse,
  GetChildren2Response,
  GetChildrenResponse,
  GetDataResponse,
  GetEphemeralsResponse,
  PathRequest,
  PathResponse,
  ReconfigRequest,
  SetACLRequest,
  SetDataRequest,
  StatResponse,
  WatchableRequest,
  WhoAmIResponse,
} from '../wire/proto.ts'
import { ClientCnxn, type SessionOptions } from './cnxn.ts'
import type { Asked } from './history.ts'
import { type Op, type OpResult, readOpResults, writeOps } from './multi.ts'
import { assertPath, toClientPath, toServerPath } from './paths.ts'
import { IllegalArgument, type Reply } from './reply.ts'
import type { ClientState } from './trace.ts'
import type { Watcher, WatchRegistration, WatchTable } from './watches.ts'

/** true: the session's default watcher. */
export type Watch = boolean | Watcher
export type Done<T> = (reply: Reply<T>) => void
export type Acls = readonly ACL[]
type WatcherKind = (typeof WatcherType)[keyof typeof WatcherType]

export const CONFIG_NODE = '/zookeeper/config'

export class ClientSession {
  readonly #cnxn: ClientCnxn
  readonly #watcher: Watcher | undefined

  /** Starts to connect at once. `connect`: `host:port,host:port/chroot`. @throws IllegalArgument NumberFormat */
  constructor(host: Host, connect: string, options: SessionOptions = {}) {
    this.#cnxn = new ClientCnxn(host, connect, options)
    this.#watcher = options.watcher
  }

  get state(): ClientState {
    return this.#cnxn.state
  }
  /** Neither closed, nor expired, nor refused. */
  get isAlive(): boolean {
    return this.#cnxn.isAlive
  }
  get sessionId(): SessionId {
    return this.#cnxn.sessionId
  }
  get timeoutMs(): number {
    return this.#cnxn.timeoutMs
  }
  get lastZxid(): Zxid {
    return this.#cnxn.lastZxid
  }
  /** A secret: whoever has it can take the session over. */
  get password(): Uint8Array {
    return this.#cnxn.password
  }

  addAuth(scheme: string, auth: Uint8Array | null): void {
    this.#cnxn.addAuth(scheme, auth)
  }
  close(done: () => void): void {
    this.#cnxn.close(done)
  }
  /** Leaves without a word, as a process that dies: its ephemerals stay until the session expires. */
  abandon(reason: string): void {
    this.#cnxn.abandon(reason)
  }

  /** Answers with the path as created: with its number, where it is sequential. */
  create(path: string, data: Uint8Array | null, acl: Acls, mode: CreateMode, done: Done<string>): void {
    assertPath(path, isSequential(mode))
    if (hasTtl(mode)) assertTtl(-1n)
    if (acl.length === 0) return done(invalidAcl)
    this.#cnxn.submit({
      op: mode === CreateMode.CONTAINER ? OpCode.createContainer : OpCode.create,
      path,
      asked: () => ({ path: this.#toServer(path), data: copy(data), acl, mode }),
      body: (out) => CreateRequest.write(out, { path: this.#toServer(path), data, acl, flags: mode }),
      decode: (input) => this.#toClient(PathResponse.read(input).path),
      done,
    })
  }

  /** As create, with the Stat of the new node; the only one for nodes with a TTL in ms. */
  create2(
    path: string,
    data: Uint8Array | null,
    acl: Acls,
    mode: CreateMode,
    done: Done<{ readonly path: string; readonly stat: Stat }>,
    ttlMs = -1n,
  ): void {
    assertPath(path, isSequential(mode))
    if (hasTtl(mode)) assertTtl(ttlMs)
    if (acl.length === 0) return done(invalidAcl)
    const request = { path: this.#toServer(path), data, acl, flags: mode }
    this.#cnxn.submit({
      op: hasTtl(mode) ? OpCode.createTTL : mode === CreateMode.CONTAINER ? OpCode.createContainer : OpCode.create2,
      path,
      asked: () => ({ path: request.path, data: copy(data), acl, mode, ...(hasTtl(mode) ? { ttlMs } : {}) }),
      body: (out) =>
        hasTtl(mode) ? CreateTTLRequest.write(out, { ...request, ttl: ttlMs }) : CreateRequest.write(out, request),
      decode: (input) => {
        const created = Create2Response.read(input)
        return { path: this.#toClient(created.path), stat: created.stat }
      },
      done,
    })
  }

  /** `version` -1: whatever it is. */
  delete(path: string, version: number, done: Done<undefined>): void {
    assertPath(path)
    // The root is never deleted, also where it is a chroot: the server is asked for '/' and refuses.
    const serverPath = path === '/' ? path : this.#toServer(path)
    this.#cnxn.submit({
      op: OpCode.delete,
      path,
      asked: () => ({ path: serverPath, version }),
      body: (out) => DeleteRequest.write(out, { path: serverPath, version }),
      decode: nothing,
      done,
    })
  }

  /** null: there is no such node; the watch is set all the same. */
  exists(path: string, watch: Watch, done: Done<Stat | null>): void {
    this.#read(
      OpCode.exists,
      path,
      watch,
      'exists',
      (input) => StatResponse.read(input).stat,
      (reply) =>
        // A missing node is an answer, not an error.
        done(!reply.ok && reply.err === ErrorCode.NoNode ? { ok: true, value: null, zxid: this.lastZxid } : reply),
    )
  }

  getData(path: string, watch: Watch, done: Done<{ readonly data: Uint8Array | null; readonly stat: Stat }>): void {
    this.#read(OpCode.getData, path, watch, 'data', of(GetDataResponse), done)
  }

  /** The ensemble's configuration text; this node is outside of any chroot. */
  getConfig(watch: Watch, done: Done<{ readonly data: Uint8Array | null; readonly stat: Stat }>): void {
    this.#read(OpCode.getData, CONFIG_NODE, watch, 'data', of(GetDataResponse), done, CONFIG_NODE)
  }

  setData(path: string, data: Uint8Array | null, version: number, done: Done<Stat>): void {
    assertPath(path)
    this.#cnxn.submit({
      op: OpCode.setData,
      path,
      asked: () => ({ path: this.#toServer(path), data: copy(data), version }),
      body: (out) => SetDataRequest.write(out, { path: this.#toServer(path), data, version }),
      decode: (input) => StatResponse.read(input).stat,
      done,
    })
  }

  getACL(path: string, done: Done<{ readonly acl: Acls; readonly stat: Stat }>): void {
    this.#path(OpCode.getACL, path, of(GetACLResponse), done)
  }

  setACL(path: string, acl: Acls, version: number, done: Done<Stat>): void {
    assertPath(path)
    if (acl.length === 0) return done(invalidAcl)
    this.#cnxn.submit({
      op: OpCode.setACL,
      path,
      asked: () => ({ path: this.#toServer(path), acl, version }),
      body: (out) => SetACLRequest.write(out, { path: this.#toServer(path), acl, version }),
      decode: (input) => StatResponse.read(input).stat,
      done,
    })
  }

  /** Names in the order of the server, which means nothing. */
  getChildren(path: string, watch: Watch, done: Done<readonly string[]>): void {
    const children = (input: Reader) => GetChildrenResponse.read(input).children
    this.#read(OpCode.getChildren, path, watch, 'child', children, done)
  }

  getChildren2(
    path: string,
    watch: Watch,
    done: Done<{ readonly children: readonly string[]; readonly stat: Stat }>,
  ): void {
    this.#read(OpCode.getChildren2, path, watch, 'child', of(GetChildren2Response), done)
  }

  /** Answered when this session's server has caught up with what its leader had committed when it was asked. */
  sync(path: string, done: Done<string>): void {
    this.#path(OpCode.sync, path, (input) => this.#toClient(PathResponse.read(input).path), done)
  }

  /** All of them or none. An answer with an error has the code of the first that failed. */
  multi(ops: readonly Op[], done: Done<readonly OpResult[]>): void {
    this.#multi(OpCode.multi, ops, (reply) => {
      const failed = reply.ok ? reply.value.find((result) => result.kind === 'error' && result.err !== 0) : undefined
      done(failed?.kind === 'error' ? { ok: false, err: failed.err, path: null } : reply)
    })
  }

  /** Reads, each with a result or an error of its own. */
  multiRead(ops: readonly Op[], done: Done<readonly OpResult[]>): void {
    this.#multi(OpCode.multiRead, ops, done)
  }

  addWatch(path: string, mode: 'PERSISTENT' | 'PERSISTENT_RECURSIVE', done: Done<undefined>, watcher?: Watcher): void {
    assertPath(path)
    const table = mode === 'PERSISTENT' ? 'persistent' : 'persistentRecursive'
    const registered = watcher ?? this.#watcher
    if (registered === undefined) throw new IllegalArgument("Invalid Watcher, shouldn't be null!")
    this.#cnxn.submit({
      op: OpCode.addWatch,
      path,
      body: (out) => AddWatchRequest.write(out, { path: this.#toServer(path), mode: AddWatchMode[mode] }),
      decode: (input) => {
        ErrorResponse.read(input)
        return undefined
      },
      register: { table, path, watcher: registered },
      done,
    })
  }

  /** Takes this watcher away; the server is only asked whether there was a watch. `local`: also without an answer. */
  removeWatches(path: string, watcher: Watcher, type: WatcherKind, local: boolean, done: Done<undefined>): void {
    this.#removeWatches(OpCode.checkWatches, path, watcher, type, local, done)
  }

  /** Takes all watchers of this session away from a path. */
  removeAllWatches(path: string, type: WatcherKind, local: boolean, done: Done<undefined>): void {
    this.#removeWatches(OpCode.removeWatches, path, undefined, type, local, done)
  }

  whoAmI(done: Done<readonly ClientInfo[]>): void {
    this.#cnxn.submit({ op: OpCode.whoAmI, decode: (input) => WhoAmIResponse.read(input).clientInfo, done })
  }

  /** This session's ephemerals whose path starts with `prefix`; both are the server's paths, whatever the chroot. */
  getEphemerals(prefix: string, done: Done<readonly string[]>): void {
    assertPath(prefix)
    this.#cnxn.submit({
      op: OpCode.getEphemerals,
      body: (out) => PathRequest.write(out, { path: prefix }),
      decode: (input) => GetEphemeralsResponse.read(input).ephemerals,
      done,
    })
  }

  /** All descendants, not only children. */
  getAllChildrenNumber(path: string, done: Done<number>): void {
    const total = (input: Reader) => GetAllChildrenNumberResponse.read(input).totalNumber
    this.#path(OpCode.getAllChildrenNumber, path, total, done)
  }

  /** null where there is nothing to say; `fromConfig` -1: whatever the version is. */
  reconfigure(
    change: { readonly joining: string | null; readonly leaving: string | null; readonly members: string | null },
    fromConfig: bigint,
    done: Done<{ readonly data: Uint8Array | null; readonly stat: Stat }>,
  ): void {
    this.#cnxn.submit({
      op: OpCode.reconfig,
      path: '',
      body: (out) =>
        ReconfigRequest.write(out, {
          joiningServers: change.joining,
          leavingServers: change.leaving,
          newMembers: change.members,
          curConfigId: fromConfig,
        }),
      decode: of(GetDataResponse),
      done,
    })
  }

  // What the calls have in common

  /** A read that may set a watch. */
  #read<T>(
    op: OpCode,
    path: string,
    watch: Watch,
    table: WatchTable,
    decode: (input: Reader) => T,
    done: Done<T>,
    serverPath?: string,
  ): void {
    assertPath(path)
    const register = this.#registration(table, path, watch)
    this.#cnxn.submit({
      op,
      path,
      asked: () => ({ path: serverPath ?? this.#toServer(path), watch: watch !== false }),
      body: (out) => WatchableRequest.write(out, { path: serverPath ?? this.#toServer(path), watch: watch !== false }),
      decode,
      ...(register === undefined ? {} : { register }),
      done,
    })
  }

  /** A request that is a path. */
  #path<T>(op: OpCode, path: string, decode: (input: Reader) => T, done: Done<T>): void {
    assertPath(path)
    const body = { path: this.#toServer(path) }
    this.#cnxn.submit({ op, path, asked: () => body, body: (out) => PathRequest.write(out, body), decode, done })
  }

  #multi(op: OpCode, ops: readonly Op[], done: Done<readonly OpResult[]>): void {
    for (const each of ops) assertPath(each.path, each.kind === 'create' && isSequential(each.mode))
    if (ops.length === 0) return done({ ok: true, value: [], zxid: this.lastZxid })
    this.#cnxn.submit({
      op,
      asked: () => ({ ops: ops.map((each) => askedOp(each, this.#toServer(each.path))) }),
      body: (out) => writeOps(out, ops, (path) => this.#toServer(path)),
      decode: (input) => readOpResults(input, (path) => this.#toClient(path)),
      // A failed multi names no path.
      done,
    })
  }

  #removeWatches(
    op: OpCode,
    path: string,
    watcher: Watcher | undefined,
    type: WatcherKind,
    local: boolean,
    done: Done<undefined>,
  ): void {
    assertPath(path)
    this.#cnxn.submit({
      op,
      path,
      body: (out) => CheckWatchesRequest.write(out, { path: this.#toServer(path), type }),
      decode: nothing,
      settle: (err) => {
        const settled = this.#cnxn.watches.remove(path, watcher, type, local, err)
        for (const { event, watchers } of settled.removed) this.#cnxn.tell(event, watchers)
        return settled.err
      },
      done,
    })
  }

  #registration(table: WatchTable, path: string, watch: Watch): WatchRegistration | undefined {
    if (watch === false) return undefined
    const watcher = watch === true ? this.#watcher : watch
    if (watcher === undefined) throw new IllegalArgument('Default watcher is required, but it is null.')
    return { table, path, watcher }
  }

  #toServer(path: string): string {
    return toServerPath(path, this.#cnxn.chroot)
  }
  #toClient(path: string): string {
    return toClientPath(path, this.#cnxn.chroot)
  }
}

const nothing = (): undefined => undefined
const copy = (bytes: Uint8Array | null): Uint8Array | null => bytes?.slice() ?? null

function askedOp(op: Op, path: string): Asked {
  const { kind, ...rest } = op
  return { op: kind, ...rest, ...('data' in op ? { data: copy(op.data) } : {}), path }
}

const of =
  <T>(codec: Codec<T>) =>
  (input: Reader): T =>
    codec.read(input)

/** A list without entries is not sent. */
const invalidAcl = { ok: false, err: ErrorCode.InvalidACL, path: null } as const

const hasTtl = (mode: CreateMode): boolean =>
  mode === CreateMode.PERSISTENT_WITH_TTL || mode === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL

const MAX_TTL_MS = 0xffffffffffn
/** @throws IllegalArgument */
export function assertTtl(ttlMs: bigint): void {
  if (ttlMs <= 0n || ttlMs > MAX_TTL_MS)
    throw new IllegalArgument(`ttl must be positive and cannot be larger than: ${MAX_TTL_MS}`)
}

const isSequential = (mode: CreateMode): boolean =>
  mode === CreateMode.PERSISTENT_SEQUENTIAL ||
  mode === CreateMode.EPHEMERAL_SEQUENTIAL ||
  mode === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
