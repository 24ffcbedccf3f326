/** One station of the bare loop: a server with its log, or the client. */
import {
  type BareBirth,
  type BareGrant,
  type BareReport,
  channelName,
  DATA_BYTES,
  Kind,
  LOG_RECORD_BYTES,
  links,
  sizeBytes,
} from './bare.ts'

/** Only the library for workers knows it. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { at: number }): number
  flush(): void
  truncate(sizeBytes: number): void
}
type FileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> }

/** Records for one receiver, or for the log. */
class Outbox {
  #bytes = new Uint8Array(1 << 16)
  #length = 0

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** The data of a record is taken from `source`, where a record begins at `at`. */
  add(kind: Kind, size: number, source?: Uint8Array, at = 0): void {
    if (this.#length + size > this.#bytes.length) {
      const wider = new Uint8Array(this.#bytes.length * 2)
      wider.set(this.#bytes)
      this.#bytes = wider
    }
    this.#bytes[this.#length] = kind
    if (source) this.#bytes.set(source.subarray(at + 1, at + 1 + DATA_BYTES), this.#length + 1)
    this.#length += size
  }

  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    return bytes
  }
}

class Station {
  readonly #birth: BareBirth
  readonly #log: SyncAccessHandle | undefined
  #logged = 0
  readonly #channels = new Map<number, BroadcastChannel>()
  readonly #inbox = new Map<number, { messages: number; waiting: Uint8Array[] }>()
  readonly #outboxes = new Map<number, Outbox>()
  readonly #records = new Outbox()
  #grant: BareGrant | undefined

  // The client's
  #outstanding = 0
  #underWay = 0
  #answered = 0
  readonly #data = new Uint8Array(1 + DATA_BYTES).fill(0x78)
  // A server's: records written in this window
  #written = 0
  // The leader's: ACKs of each write in a ring, and how many writes each server has on disk
  readonly #acks = new Uint8Array(1 << 16)
  readonly #acked: number[]

  constructor(birth: BareBirth, log: SyncAccessHandle | undefined) {
    this.#birth = birth
    this.#log = log
    log?.truncate(0)
    const { shape, station, id, port } = birth
    this.#acked = new Array(shape.servers + 1).fill(0)
    for (const [a, b] of links(shape)) {
      if (a !== station && b !== station) continue
      const peer = a === station ? b : a
      this.#outboxes.set(peer, new Outbox())
      this.#channels.set(peer, new BroadcastChannel(channelName(id, station, peer)))
      const inbox = { messages: 0, waiting: [] as Uint8Array[] }
      this.#inbox.set(peer, inbox)
      new BroadcastChannel(channelName(id, peer, station)).onmessage = ({ data }: MessageEvent<Uint8Array>) => {
        inbox.messages++
        inbox.waiting.push(data)
        this.#begin()
      }
    }
    port.onmessage = ({ data }: MessageEvent<BareGrant>) => {
      this.#grant = data
      this.#begin()
    }
  }

  get #leads(): boolean {
    return this.#birth.station === this.#birth.shape.servers
  }

  /** Runs the granted window, once everything has come that is due in it. */
  #begin(): void {
    const grant = this.#grant
    if (!grant?.expects.every(({ from, messages }) => (this.#inbox.get(from)?.messages ?? 0) >= messages)) return
    this.#grant = undefined
    for (const [from, { waiting }] of this.#inbox) {
      for (const bytes of waiting.splice(0)) this.#receive(from, bytes)
    }
    if (grant.outstanding !== undefined) this.#outstanding = grant.outstanding
    for (; this.#underWay < this.#outstanding; this.#underWay++)
      this.#send(this.#birth.shape.front, Kind.request, this.#data, 0)
    this.#flush()
    const sentTo: number[] = []
    for (const [to, outbox] of this.#outboxes) {
      if (outbox.isEmpty) continue
      this.#channels.get(to)?.postMessage(outbox.take().slice())
      sentTo.push(to)
    }
    const report: BareReport = { station: this.#birth.station, sentTo, answered: this.#answered }
    this.#birth.port.postMessage(report)
  }

  #receive(from: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const kind = bytes[at] as Kind
      this.#handle(from, kind, bytes, at)
      at += sizeBytes[kind] as number
    }
  }

  #handle(from: number, kind: Kind, bytes: Uint8Array, at: number): void {
    const { servers, front } = this.#birth.shape
    switch (kind) {
      case Kind.request:
        if (this.#leads) this.#propose(bytes, at)
        else this.#send(servers, Kind.forwarded, bytes, at)
        break
      case Kind.forwarded:
        this.#propose(bytes, at)
        break
      case Kind.proposal:
        this.#append(bytes, at)
        break
      case Kind.ack:
        this.#count(from)
        break
      case Kind.commit:
        if (this.#birth.station === front) this.#send(servers + 1, Kind.reply)
        break
      case Kind.reply:
        this.#answered++
        this.#underWay--
        break
    }
  }

  #propose(bytes: Uint8Array, at: number): void {
    for (let follower = 1; follower < this.#birth.shape.servers; follower++)
      this.#send(follower, Kind.proposal, bytes, at)
    this.#append(bytes, at)
  }

  #append(bytes: Uint8Array, at: number): void {
    this.#records.add(Kind.proposal, LOG_RECORD_BYTES, bytes, at)
    this.#written++
  }

  /** One write and one flush for everything of this window; only then is it acknowledged. */
  #flush(): void {
    if (this.#written === 0) return
    const records = this.#records.take()
    this.#log?.write(records, { at: this.#logged })
    this.#log?.flush()
    this.#logged += records.length
    const { station, shape } = this.#birth
    for (; this.#written > 0; this.#written--) {
      if (this.#leads) this.#count(station)
      else this.#send(shape.servers, Kind.ack)
    }
  }

  /** A server has one more write on disk; a majority commits. */
  #count(from: number): void {
    const { servers, front } = this.#birth.shape
    const write = (this.#acked[from] as number) % this.#acks.length
    this.#acked[from] = (this.#acked[from] as number) + 1
    const acks = ((this.#acks[write] as number) + 1) % servers
    // The last one leaves the place for a later write.
    this.#acks[write] = acks
    if (acks !== (servers >> 1) + 1) return
    for (let follower = 1; follower < servers; follower++) this.#send(follower, Kind.commit)
    if (front === this.#birth.station) this.#send(servers + 1, Kind.reply)
  }

  #send(to: number, kind: Kind, source?: Uint8Array, at?: number): void {
    this.#outboxes.get(to)?.add(kind, sizeBytes[kind] as number, source, at)
  }
}

const openLog = async ({ station, shape, id }: BareBirth): Promise<SyncAccessHandle | undefined> => {
  if (station > shape.servers) return undefined
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(`bare-${id}`, { create: true })
  const file = (await folder.getFileHandle(`log.${station}`, { create: true })) as FileHandle
  return file.createSyncAccessHandle()
}

self.onmessage = async ({ data: birth }: MessageEvent<BareBirth>) => {
  new Station(birth, await openLog(birth))
  self.postMessage('ready')
}
