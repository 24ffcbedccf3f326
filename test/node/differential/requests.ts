/** What a client may ask for, as values that can be drawn, shrunk, printed, and written in the bytes of the protocol. */
import { OpCode } from '../../../src/core/wire/codes.ts'
import { encode, Writer } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'

/** `~` stands for the subtree of its sequence. null: a missing string. */
export type Path = string | null
export type Acls = proto.RequestedAcl

/** Versions, flags, modes and types are whatever an int can be. */
export type Request =
  | {
      readonly op: 'create' | 'create2' | 'createContainer' | 'createTTL'
      readonly path: Path
      readonly data: string | null
      readonly acl: Acls
      readonly flags: number
      /** Only with createTTL. */
      readonly ttl: number
    }
  | { readonly op: 'delete' | 'check'; readonly path: Path; readonly version: number }
  | { readonly op: 'setData'; readonly path: Path; readonly data: string | null; readonly version: number }
  | { readonly op: 'setACL'; readonly path: Path; readonly acl: Acls; readonly version: number }
  | {
      readonly op: 'exists' | 'getData' | 'getChildren' | 'getChildren2'
      readonly path: Path
      readonly watch: boolean
    }
  | { readonly op: 'getACL' | 'sync' | 'getEphemerals' | 'getAllChildrenNumber'; readonly path: Path }
  /** A mode of addWatch, a type of the others. */
  | { readonly op: 'addWatch' | 'checkWatches' | 'removeWatches'; readonly path: Path; readonly kind: number }
  | {
      readonly op: 'setWatches' | 'setWatches2'
      /** Behind the zxid at the beginning of the sequence. */
      readonly since: number
      /** data, exists, child; persistent and recursive with setWatches2. */
      readonly paths: readonly (readonly Path[])[]
    }
  | { readonly op: 'whoAmI' | 'ping' | 'closeSession' | 'deleteContainer' }
  | { readonly op: 'reconfig'; readonly joining: string | null; readonly leaving: string | null }
  | { readonly op: 'auth'; readonly scheme: string | null; readonly auth: string | null }
  | { readonly op: 'multi' | 'multiRead'; readonly parts: readonly Request[]; readonly end: boolean }

/** Something about a request's bytes that no client does. */
export type Change =
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'more'; readonly bytes: readonly number[] }
  | { readonly kind: 'int' | 'byte'; readonly at: number; readonly value: number }

/** Where the sequence takes place. */
export interface Place {
  /** A path. */
  readonly root: string
  readonly zxid: bigint
}

export const opOf = ({ op }: Request): number => OpCode[op]

const XIDS: { readonly [op: string]: number } = { ping: -2, auth: -4, setWatches: -8, setWatches2: -8 }

/** A frame, with its length in front. */
export function frameOf(request: Request, change: Change | undefined, xid: number, place: Place): Uint8Array {
  const out = new Writer()
  writeBody(out, request, place)
  const body = changed(out.finish(), change)
  const header = encode(proto.RequestHeader, { xid: XIDS[request.op] ?? xid, type: opOf(request) })
  return framed(header, body)
}

export function framed(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Writer()
  out.int(parts.reduce((sum, part) => sum + part.length, 0))
  for (const part of parts) out.raw(part)
  return out.finish()
}

function changed(body: Uint8Array, change: Change | undefined): Uint8Array {
  const bytes = body.slice()
  switch (change?.kind) {
    case undefined:
      return bytes
    case 'cut':
      return bytes.slice(0, Math.max(0, bytes.length - change.bytes))
    case 'more':
      return Uint8Array.from([...bytes, ...change.bytes])
    case 'byte':
      if (bytes.length > 0) bytes[change.at % bytes.length] = change.value
      return bytes
    case 'int':
      if (bytes.length >= 4) new DataView(bytes.buffer).setInt32(change.at % (bytes.length - 3), change.value)
      return bytes
  }
}

const MORE = -1

function writeBody(out: Writer, request: Request, place: Place): void {
  const at = (path: Path): Path => path?.replaceAll('~', place.root) ?? null
  const raw = (text: string | null): Uint8Array | null =>
    text === null ? null : new Uint8Array(Buffer.from(text.replaceAll('~', place.root), 'latin1'))
  switch (request.op) {
    case 'create':
    case 'create2':
    case 'createContainer':
    case 'createTTL': {
      const { acl, flags } = request
      const fields = { path: at(request.path), data: raw(request.data), acl, flags }
      if (request.op !== 'createTTL') return proto.CreateRequest.write(out, fields)
      return proto.CreateTTLRequest.write(out, { ...fields, ttl: BigInt(request.ttl) })
    }
    case 'delete':
    case 'check':
      return proto.DeleteRequest.write(out, { path: at(request.path), version: request.version })
    case 'setData': {
      const { version } = request
      return proto.SetDataRequest.write(out, { path: at(request.path), data: raw(request.data), version })
    }
    case 'setACL': {
      const { acl, version } = request
      return proto.SetACLRequest.write(out, { path: at(request.path), acl, version })
    }
    case 'exists':
    case 'getData':
    case 'getChildren':
    case 'getChildren2':
      return proto.WatchableRequest.write(out, { path: at(request.path), watch: request.watch })
    case 'getACL':
    case 'sync':
    case 'getEphemerals':
    case 'getAllChildrenNumber':
      return proto.PathRequest.write(out, { path: at(request.path) })
    case 'addWatch':
    case 'checkWatches':
    case 'removeWatches':
      out.string(at(request.path))
      return out.int(request.kind)
    case 'setWatches':
    case 'setWatches2':
      out.long(place.zxid + BigInt(request.since))
      for (const paths of request.paths.slice(0, request.op === 'setWatches' ? 3 : 5)) {
        out.int(paths.length)
        for (const path of paths) out.string(at(path))
      }
      return
    case 'deleteContainer':
      return out.raw(new Uint8Array(Buffer.from(place.root)))
    case 'reconfig': {
      const { joining, leaving } = request
      const fields = { joiningServers: joining, leavingServers: leaving, newMembers: null, curConfigId: -1n }
      return proto.ReconfigRequest.write(out, fields)
    }
    case 'auth':
      return proto.AuthPacket.write(out, { type: 0, scheme: request.scheme, auth: raw(request.auth) })
    case 'multi':
    case 'multiRead':
      for (const part of request.parts) {
        proto.MultiHeader.write(out, { type: opOf(part), done: false, err: MORE })
        writeBody(out, part, place)
      }
      if (request.end) proto.MultiHeader.write(out, { type: -1, done: true, err: -1 })
  }
}
