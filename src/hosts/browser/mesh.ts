/** The bytes between station workers: BroadcastChannel, one for each directed pair. (One for each inbox would cost n times
 *  as much: a channel held only to send also receives.)
 *
 *  Subscribing is asynchronous and what comes before it is lost, so a link counts as open only when a hello and its
 *  acknowledgement have gone over both channels. After that a channel keeps order and loses nothing. */
import type { Frame } from '../frame.ts'
import { decodeFrames, encodeFrames, type FrameGroup, MalformedMessage } from '../frame-codec.ts'
import type { EnsembleId, WorkerLife } from './protocol.ts'

export interface MeshHandlers {
  onFrames(groups: readonly FrameGroup[]): void
  /** Something came that no worker of this run has sent; it was dropped. `from`: whose channel it came on. */
  onMalformed(from: number, reason: string): void
}

interface Link {
  readonly channel: BroadcastChannel
  /** The peer's life, once known. */
  life: number
  /** Messages sent to that life. */
  sent: number
}

const MAGIC = 0x5649564d // VIVM
const HEADER_BYTES = 28
const HELLO = 1
const HELLO_ACK = 2
const FRAMES = 3
const HELLO_RETRY_MS = 20

export const channelName = (ensemble: string, from: number, to: number): string => `vivarium/${ensemble}/${from}-${to}`

export class Mesh {
  readonly #self: EnsembleId & WorkerLife
  readonly #handlers: MeshHandlers
  readonly #inbound: BroadcastChannel[] = []
  readonly #links = new Map<number, Link>()
  /** By sender: its life and how many messages of it have come. */
  readonly #received = new Map<number, { readonly life: number; count: number }>()
  /** Links that wait for their acknowledgement. */
  readonly #opening = new Map<number, () => void>()

  constructor(self: EnsembleId & WorkerLife, workers: readonly number[], handlers: MeshHandlers) {
    this.#self = self
    this.#handlers = handlers
    for (const peer of workers) {
      if (peer === self.worker) continue
      const channel = new BroadcastChannel(channelName(self.ensemble, peer, self.worker))
      channel.onmessage = ({ data }) => this.#receive(peer, data)
      this.#inbound.push(channel)
    }
  }

  /** Resolves when bytes go both ways between this worker and that life of the other. */
  async connect({ worker, life }: WorkerLife): Promise<void> {
    const link = this.#link(worker, life)
    const hello = (): void => this.#post(link, worker, HELLO, 0)
    await new Promise<void>((resolve) => {
      this.#opening.set(worker, resolve)
      const timer = setInterval(() => (this.#opening.has(worker) ? hello() : clearInterval(timer)), HELLO_RETRY_MS)
      hello()
    })
  }

  /** That worker will never answer. */
  forget(worker: number): void {
    this.#opened(worker)
  }

  /** All frames of a window for a worker, as one message. */
  send(worker: number, frames: readonly Frame[]): void {
    const link = this.#links.get(worker)
    // Nobody has ever lived there: as lost as on a wire without an end.
    if (!link) return
    const bytes = encodeFrames(frames, HEADER_BYTES)
    this.#post(link, worker, FRAMES, link.sent++, bytes)
  }

  close(): void {
    for (const channel of this.#inbound) channel.close()
    for (const { channel } of this.#links.values()) channel.close()
  }

  #link(worker: number, life: number): Link {
    let link = this.#links.get(worker)
    if (!link) {
      const channel = new BroadcastChannel(channelName(this.#self.ensemble, this.#self.worker, worker))
      link = { channel, life, sent: 0 }
      this.#links.set(worker, link)
    }
    if (link.life < life) {
      link.life = life
      link.sent = 0
    }
    return link
  }

  /** Header: magic u32, kind u16, from u16, its life u32, to u16, 0 u16, its life u32, run u32, seq u32. */
  #post(link: Link, worker: number, kind: number, seq: number, bytes = new Uint8Array(HEADER_BYTES)): void {
    const view = new DataView(bytes.buffer)
    view.setUint32(0, MAGIC)
    view.setUint16(4, kind)
    view.setUint16(6, this.#self.worker)
    view.setUint32(8, this.#self.life)
    view.setUint16(12, worker)
    view.setUint32(16, link.life)
    view.setUint32(20, this.#self.run)
    view.setUint32(24, seq)
    link.channel.postMessage(bytes)
  }

  #receive(peer: number, data: unknown): void {
    try {
      this.#read(peer, data)
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      this.#handlers.onMalformed(peer, error.message)
    }
  }

  #read(peer: number, data: unknown): void {
    if (!(data instanceof Uint8Array)) throw new MalformedMessage('not bytes')
    if (data.length < HEADER_BYTES) throw new MalformedMessage('too short for a message')
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    if (view.getUint32(0) !== MAGIC) throw new MalformedMessage('not a message of an ensemble')
    if (view.getUint32(20) !== this.#self.run) throw new MalformedMessage('a message of another run')
    if (view.getUint16(6) !== peer || view.getUint16(12) !== this.#self.worker) {
      throw new MalformedMessage('a message on the wrong channel')
    }
    // Mail for an earlier life of this worker is lost with it.
    if (view.getUint32(16) !== this.#self.life) return
    const life = view.getUint32(8)
    switch (view.getUint16(4)) {
      case HELLO:
        return this.#post(this.#link(peer, life), peer, HELLO_ACK, 0)
      case HELLO_ACK:
        if (this.#links.get(peer)?.life === life) this.#opened(peer)
        return
      case FRAMES:
        return this.#readFrames(peer, life, view.getUint32(24), data.subarray(HEADER_BYTES))
      default:
        throw new MalformedMessage(`unknown kind of message: ${view.getUint16(4)}`)
    }
  }

  #readFrames(peer: number, life: number, seq: number, bytes: Uint8Array): void {
    const known = this.#received.get(peer)
    const stream = known && known.life >= life ? known : { life, count: 0 }
    if (stream.life !== life || stream.count !== seq) throw new MalformedMessage('a message out of order')
    const groups = decodeFrames(bytes)
    stream.count++
    this.#received.set(peer, stream)
    this.#handlers.onFrames(groups)
  }

  #opened(worker: number): void {
    const resolve = this.#opening.get(worker)
    this.#opening.delete(worker)
    resolve?.()
  }
}
