/** Plays a sequence on one server, over raw TCP, and says what each of its clients got, frame by frame.
 *
 *  Requests of one client that follow each other are sent at once, without waiting for answers. Before another client's
 *  turn everything is answered: a watch event that one client causes for another is then behind what that one has
 *  got already, and before what it gets next, on every server. */
import { connect, type Socket } from 'node:net'
import { Xid } from '../../../src/core/wire/codes.ts'
import { asSession, asZxid } from '../../../src/core/wire/ids.ts'
import { encode, Reader } from '../../../src/core/wire/jute.ts'
import * as proto from '../../../src/core/wire/proto.ts'
import { connectAnswer, reply, type View, watchEvent } from './describe.ts'
import { type Change, framed, frameOf, opOf, type Place, type Request } from './requests.ts'

/** One client's turn. */
export type Step =
  | { readonly by: number; readonly request: Request; readonly change?: Change | undefined }
  /** A new connection for the session: the old one is closed by the server. */
  | { readonly by: number; readonly attach: 'password' | 'wrong password' | 'no read-only byte' }

export interface Target {
  readonly port: number
  /** Otherwise each request waits for the answer to the one before it. */
  readonly pipelined: boolean
  readonly names: readonly (readonly [string, string])[]
}

/** In a sequence each client's first connection is made with these. */
export const TIMEOUT_MS = 10_000
const SILENT_MS = 8_000

const isRequest = (step: Step): step is Extract<Step, { request: Request }> => 'request' in step

/** What each of `clients` clients has got. */
export async function play(target: Target, root: string, clients: number, steps: readonly Step[]): Promise<string[][]> {
  const view: View = { zxid: undefined, startedMs: Date.now(), sessions: [], names: target.names }
  const all: Client[] = []
  const place = { root, zxid: 0n }
  try {
    for (let n = 0; n < clients; n++) {
      const client = new Client(target.port, view, place)
      all.push(client)
      await client.open()
      if (n === 0) {
        const zxid = await client.begin()
        Object.assign(place, { zxid })
      }
    }
    for (let at = 0; at < steps.length; ) {
      const { by } = steps[at] as Step
      const turn: Step[] = []
      do turn.push(steps[at++] as Step)
      while (target.pipelined && at < steps.length && steps[at]?.by === by && !alone(turn.at(-1)) && !alone(steps[at]))
      await all[by % clients]?.take(turn)
    }
    for (const client of all) await client.finish()
  } finally {
    for (const client of all) client.drop()
  }
  return all.map(({ heard }) => heard)
}

/** Nothing else is on its way with these. auth and closeSession act at once, or end the connection. While a setACL is on
 *  its way 3.8.0 asks the old list what its client may do, we the new one; and it sees the beginnings of a multi that was
 *  given up as unreadable, we do not. */
function alone(step: Step | undefined): boolean {
  if (step === undefined || !isRequest(step)) return true
  const { request, change } = step
  if (request.op === 'multi') return change !== undefined || request.parts.some(isUnreadable)
  return request.op === 'auth' || request.op === 'closeSession' || request.op === 'setACL'
}
const isUnreadable = (part: Request): boolean =>
  'flags' in part &&
  ((part.flags > 4 && part.op !== 'createTTL') || (part.acl?.some(({ id }) => id.id === null) ?? false))

class Client {
  readonly heard: string[] = []
  readonly #port: number
  readonly #view: View
  readonly #place: Place
  #connection: Connection | undefined
  #id = 0n
  #passwd: Uint8Array = new Uint8Array(16)
  #xid = 0
  #over = false

  constructor(port: number, view: View, place: Place) {
    this.#port = port
    this.#view = view
    this.#place = place
  }

  /** A session of its own. */
  open(): Promise<void> {
    return this.#connect(0n, this.#passwd, true)
  }

  async #connect(sessionId: bigint, passwd: Uint8Array, readOnlyByte: boolean): Promise<void> {
    const connection = new Connection(this.#port)
    const request = { protocolVersion: 0, lastZxidSeen: asZxid(0n), timeOut: TIMEOUT_MS, passwd }
    const body = { ...request, sessionId: asSession(sessionId) }
    connection.send(framed(encode(proto.ConnectRequest, readOnlyByte ? { ...body, readOnly: false } : body)))
    await connection.until(() => connection.frames.length > 0)
    const answer = connection.frames.shift()
    if (answer === undefined) {
      this.heard.push('no answer to the connect')
      return
    }
    const { sessionId: id, passwd: given, timeOut } = proto.ConnectResponse.read(readerOf(answer))
    if (id !== 0n && !this.#view.sessions.includes(id)) this.#view.sessions.push(id)
    this.heard.push(connectAnswer(answer, this.#view))
    if (timeOut === 0) {
      await connection.until(() => connection.ended)
      this.heard.push(connection.ended ? 'closed' : 'still open')
      return
    }
    this.#connection = connection
    this.#over = false
    this.#id = id
    this.#passwd = given ?? new Uint8Array()
  }

  /** Makes the subtree. @returns its zxid */
  async begin(): Promise<bigint> {
    const acl = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]
    const create: Request = { op: 'create', path: '~', data: 'root', acl, flags: 0, ttl: -1 }
    const connection = this.#connection as Connection
    connection.send(frameOf(create, undefined, ++this.#xid, this.#place))
    await connection.until(() => connection.frames.length > 0)
    const frame = connection.frames.shift()
    if (frame === undefined) throw new Error('the subtree was not made')
    const { zxid, err } = proto.ReplyHeader.read(readerOf(frame))
    if (err !== 0) throw new Error(`the subtree was not made: ${err}`)
    this.#view.zxid = zxid
    return zxid
  }

  async take(turn: readonly Step[]): Promise<void> {
    const [first] = turn
    if (first === undefined) return
    if (this.#over) await this.open()
    if (!isRequest(first)) return this.#attach(first.attach)
    if (this.#connection === undefined) await this.#connect(this.#id, this.#passwd, true)
    const connection = this.#connection
    if (connection === undefined) return
    const waiting: number[] = []
    const frames = turn.filter(isRequest).map(({ request, change }) => {
      waiting.push(opOf(request))
      return frameOf(request, change, ++this.#xid, this.#place)
    })
    connection.send(Buffer.concat(frames))
    const closes = first.request.op === 'closeSession'
    await this.#listen(connection, waiting, closes)
    if (closes) this.#over = true
  }

  /** Until everything is answered. */
  async #listen(connection: Connection, waiting: number[], closes: boolean): Promise<void> {
    const answers = (): number => connection.frames.filter((frame) => !isEvent(frame)).length
    const isLast = (): boolean => closes || connection.frames.some(isRefusedAuth)
    await connection.until(() => answers() >= waiting.length && !isLast())
    this.#note(connection, waiting)
    if (connection.ended) this.#lost()
    else if (waiting.length > 0 || closes) {
      this.heard.push(`silent${waiting.length > 0 ? ` about ${waiting.length} requests` : ''}`)
      connection.drop()
      this.#connection = undefined
    }
  }
  #note(connection: Connection, waiting: number[]): void {
    for (const frame of connection.frames.splice(0)) {
      if (isEvent(frame)) this.heard.push(watchEvent(frame, this.#view))
      else this.heard.push(reply(frame, waiting.shift() ?? 0, this.#view))
    }
  }
  #lost(): void {
    this.heard.push('closed')
    this.#connection = undefined
  }

  async #attach(how: 'password' | 'wrong password' | 'no read-only byte'): Promise<void> {
    const old = this.#connection
    this.#connection = undefined
    await this.#connect(
      this.#id,
      how === 'wrong password' ? this.#passwd.map((byte) => byte ^ 1) : this.#passwd,
      how !== 'no read-only byte',
    )
    if (old === undefined) return
    await old.until(() => old.ended)
    const late: string[] = []
    for (const frame of old.frames.splice(0))
      late.push(isEvent(frame) ? watchEvent(frame, this.#view) : `late answer ${frame.toString('hex')}`)
    this.heard.push(...late, old.ended ? 'old connection closed' : 'old connection open')
    old.drop()
  }

  /** Hears the last events, and closes the session. */
  async finish(): Promise<void> {
    if (this.#over) return
    if (this.#connection === undefined) await this.#connect(this.#id, this.#passwd, true)
    await this.take([{ by: 0, request: { op: 'closeSession' } }])
  }
  drop(): void {
    this.#connection?.drop()
  }
}

/** Frames of one connection as they come. */
class Connection {
  readonly frames: Buffer[] = []
  ended = false
  readonly #socket: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #wake: () => void = () => undefined

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (bytes) => this.#take(bytes))
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => this.#end())
    this.#socket.on('end', () => this.#end())
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }
  drop(): void {
    this.#socket.destroy()
  }

  /** Until it is so, the connection is at its end, or nothing was heard for long. */
  async until(so: () => boolean): Promise<void> {
    if (so() || this.ended) return
    let silent = false
    const timer = setTimeout(() => {
      silent = true
      this.#wake()
    }, SILENT_MS)
    while (!so() && !this.ended && !silent)
      await new Promise<void>((settle) => {
        this.#wake = settle
      })
    clearTimeout(timer)
  }

  #take(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readInt32BE(0)
      if (this.#bytes.length < end) break
      this.frames.push(this.#bytes.subarray(4, end))
      this.#bytes = this.#bytes.subarray(end)
    }
    this.#wake()
  }
  #end(): void {
    this.ended = true
    this.#wake()
  }
}

const readerOf = (frame: Buffer): Reader => new Reader(frame)
/** The connection ends with it. */
const isRefusedAuth = (frame: Buffer): boolean =>
  frame.length >= 16 && frame.readInt32BE(0) === Xid.auth && frame.readInt32BE(12) !== 0
const isEvent = (frame: Buffer): boolean => frame.length >= 4 && frame.readInt32BE(0) === Xid.watchEvent
