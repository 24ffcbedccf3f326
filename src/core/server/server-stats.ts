/** What one server counts while it has one role: a new role begins at 0, as each has its own ZooKeeperServer in Java.
 *  Number fields alone, because every packet touches them. Source: ServerStats.java, BufferStats.java, ServerCnxn.java. */
import { type ServerMetrics, Summary } from './server-metrics.ts'

export class ServerStats {
  readonly metrics: ServerMetrics
  /** Of the monotonic clock, in ms. */
  readonly startedAt: number
  packetsReceived = 0
  packetsSent = 0
  /** From a request's arrival to its answer, in whole ms. */
  readonly latency = new Summary()
  /** Replies and watch events, without the four bytes of their length. */
  readonly clientResponse = new BufferStats()
  /** Only the leader proposes. */
  readonly proposal = new BufferStats()

  constructor(metrics: ServerMetrics, startedAt: number) {
    this.metrics = metrics
    this.startedAt = startedAt
  }

  /** `isQuorum`: the request became a txn. */
  answered(latencyMs: number, isQuorum: boolean): void {
    if (latencyMs < 0) return
    this.latency.add(latencyMs)
    if (isQuorum) this.metrics.spread.updatelatency.add(latencyMs)
    else this.metrics.spread.readlatency.add(latencyMs)
  }

  /** `srst`. Sizes of proposals stay. */
  reset(): void {
    this.packetsReceived = 0
    this.packetsSent = 0
    this.latency.reset()
    this.clientResponse.reset()
    this.metrics.reset()
  }
}

/** Sizes in bytes; -1: none yet. */
export class BufferStats {
  last = -1
  min = -1
  max = -1

  add(sizeBytes: number): void {
    this.last = sizeBytes
    if (this.min === -1 || sizeBytes < this.min) this.min = sizeBytes
    if (sizeBytes > this.max) this.max = sizeBytes
  }
  reset(): void {
    this.last = -1
    this.min = -1
    this.max = -1
  }
}

/** Of one client connection. */
export class ConnectionStats {
  /** ms since 1970 */
  readonly establishedAt: number
  packetsReceived = 0
  packetsSent = 0
  /** The last request that was answered: four letters or so (`lastOperationOf`). */
  lastOperation = 'NA'
  /** -1: none; xids below 0 are not kept. */
  lastCxid = 0
  lastZxid = 0n
  /** Of the monotonic clock, in whole ms. */
  lastResponseAt = 0
  lastLatencyMs = 0
  /** 0 from the beginning, so it says something only after a reset, as on the Java server. */
  #minLatencyMs = 0
  maxLatencyMs = 0
  #answered = 0
  #totalLatencyMs = 0

  constructor(establishedAt: number) {
    this.establishedAt = establishedAt
  }

  answered(cxid: number, zxid: bigint, operation: string, latencyMs: number, at: number): void {
    if (cxid >= 0) this.lastCxid = cxid
    this.lastZxid = zxid
    this.lastOperation = operation
    this.lastResponseAt = at
    this.lastLatencyMs = latencyMs
    if (latencyMs < this.#minLatencyMs) this.#minLatencyMs = latencyMs
    if (latencyMs > this.maxLatencyMs) this.maxLatencyMs = latencyMs
    this.#answered++
    this.#totalLatencyMs += latencyMs
  }

  get minLatencyMs(): number {
    return this.#minLatencyMs === Number.MAX_SAFE_INTEGER ? 0 : this.#minLatencyMs
  }
  /** Rounded down. */
  get averageLatencyMs(): number {
    return this.#answered === 0 ? 0 : Math.floor(this.#totalLatencyMs / this.#answered)
  }

  /** `crst` */
  reset(): void {
    this.packetsReceived = 0
    this.packetsSent = 0
    this.lastOperation = 'NA'
    this.lastCxid = -1
    this.lastZxid = -1n
    this.lastResponseAt = 0
    this.lastLatencyMs = 0
    this.#minLatencyMs = Number.MAX_SAFE_INTEGER
    this.maxLatencyMs = 0
    this.#answered = 0
    this.#totalLatencyMs = 0
  }
}
