/** A client that costs next to nothing: requests are put together beforehand, of replies only the error is looked at. */
import { connect, type Socket } from 'node:net'

class Out {
  readonly parts: Buffer[] = []
  int(value: number): this {
    const part = Buffer.alloc(4)
    part.writeInt32BE(value)
    this.parts.push(part)
    return this
  }
  long(value: bigint): this {
    const part = Buffer.alloc(8)
    part.writeBigInt64BE(value)
    this.parts.push(part)
    return this
  }
  raw(part: Uint8Array): this {
    this.parts.push(Buffer.from(part))
    return this
  }
  buffer(part: Uint8Array): this {
    return this.int(part.length).raw(part)
  }
  text(text: string): this {
    return this.buffer(Buffer.from(text))
  }
}
function bytes(write: (out: Out) => Out): Buffer {
  return Buffer.concat(write(new Out()).parts)
}
function frame(write: (out: Out) => Out): Buffer {
  const body = bytes(write)
  return bytes((out) => out.buffer(body))
}

const OPEN_ACL = bytes((out) => out.int(1).int(31).text('world').text('anyone'))

export const createFrame = (path: string, data: Uint8Array): Buffer =>
  frame((out) => out.int(1).int(1).text(path).buffer(data).raw(OPEN_ACL).int(0))
export const setFrame = (path: string, data: Uint8Array): Buffer =>
  frame((out) => out.int(1).int(5).text(path).buffer(data).int(-1))
export const getFrame = (path: string): Buffer => frame((out) => out.int(1).int(4).text(path).raw(Buffer.alloc(1)))

export interface Session {
  readonly id: bigint
  readonly password: Uint8Array
}
const NEW: Session = { id: 0n, password: new Uint8Array(16) }

/** One session; rejects what it was asked for when the connection ends. */
export class Connection {
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #onFrame: (frame: Buffer) => void = () => {}
  #onEnd: (error: Error) => void = () => {}
  session: Session = NEW

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#onEnd(new Error('the connection has ended')))
  }

  static async open(port: number, session: Session = NEW): Promise<Connection> {
    const socket = connect(port, '127.0.0.1')
    await new Promise((done, failed) => {
      socket.once('connect', done)
      socket.once('error', failed)
    })
    const connection = new Connection(socket)
    const hello = frame((out) =>
      out.int(0).long(0n).int(30_000).long(session.id).buffer(session.password).raw(Buffer.alloc(1)),
    )
    const answer = await connection.#next(hello)
    const id = answer.readBigInt64BE(8)
    if (id === 0n) throw new Error('the session was refused')
    connection.session = { id, password: answer.subarray(20, 36) }
    return connection
  }

  /** One request. @throws Error with the code of its failure */
  async call(request: Buffer): Promise<void> {
    const answer = await this.#next(request)
    const code = answer.readInt32BE(12)
    if (code !== 0 && code !== -110) throw new Error(`error code ${code}`)
  }

  #next(request: Buffer): Promise<Buffer> {
    return new Promise((done, failed) => {
      this.#onFrame = done
      this.#onEnd = failed
      this.#socket.write(request)
    })
  }

  /** Keeps `window` requests under way until `count` are answered. @returns the ms that each of them took */
  pump(request: (n: number) => Buffer, count: number, window: number): Promise<Float64Array> {
    const took = new Float64Array(count)
    const sentAt = new Float64Array(count)
    let sent = 0
    let done = 0
    return new Promise((resolve, reject) => {
      const send = (): void => {
        const upTo = Math.min(count, done + window)
        if (upTo === sent) return
        const batch: Buffer[] = []
        const now = performance.now()
        for (; sent < upTo; sent++) {
          sentAt[sent] = now
          batch.push(request(sent))
        }
        this.#socket.write(batch.length === 1 ? (batch[0] as Buffer) : Buffer.concat(batch))
      }
      this.#onEnd = reject
      this.#onFrame = (frame) => {
        const code = frame.readInt32BE(12)
        if (code !== 0) return reject(new Error(`error code ${code}`))
        took[done] = performance.now() - (sentAt[done] as number)
        done++
        if (done === count) resolve(took)
        else if (sent - done <= window >> 1) send()
      }
      send()
    })
  }

  close(): void {
    this.#onEnd = () => {}
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    const input = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (input.length - at >= 4) {
      const length = input.readInt32BE(at)
      if (input.length - at < 4 + length) break
      this.#onFrame(input.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    this.#rest = input.subarray(at)
  }
}
