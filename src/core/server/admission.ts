/** How much of its clients a server takes on at a time: requests in its pipeline, those that wait in front of it, and the
 *  bytes of large ones. Source: ZooKeeperServer.java shouldThrottle, checkRequestSizeWhenMessageReceived, incInProcess
 *  (client-protocol.md section 10). */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Clock } from '../host.ts'
import type { Request } from './request.ts'
import { RequestThrottler } from './request-throttler.ts'

const LARGE_REQUEST_MAX_BYTES = 100 * 1024 * 1024

export class Admission {
  readonly #throttler: RequestThrottler
  readonly #limit: number
  readonly #largeThresholdBytes: number
  readonly #largeMaxBytes: number
  #inProcess = 0
  /** Bytes of large requests that are here. */
  #largeBytes = 0

  /** `sharers`: servers between which globalOutstandingLimit is divided. `enter`: a request's turn has come. */
  constructor(config: ReplicaConfig, clock: Clock, sharers: number, enter: (request: Request) => void) {
    this.#limit = Math.trunc(config.globalOutstandingLimit / sharers)
    this.#largeThresholdBytes = config.largeRequestThresholdBytes ?? -1
    this.#largeMaxBytes = config.largeRequestMaxBytes ?? LARGE_REQUEST_MAX_BYTES
    this.#throttler = new RequestThrottler(config, {
      clock,
      inProcess: () => this.#inProcess,
      pass: (request) => {
        this.#inProcess++
        enter(request)
      },
      drop: (request) => {
        this.#forgetBytes(request)
        request.connection?.close()
      },
    })
  }

  /** Requests of clients that are in the pipeline. */
  get inProcess(): number {
    return this.#inProcess
  }
  /** Connections that have something here must wait. */
  get overloaded(): boolean {
    return this.#inProcess > this.#limit || this.#throttler.size > this.#limit
  }

  /** It enters at once, or when there is a place for it. @returns false: it is one large request too many, and does not */
  submit(request: Request): boolean {
    const bytes = request.body.length
    if (this.#isLarge(bytes)) {
      if (this.#largeBytes + bytes > this.#largeMaxBytes) return false
      this.#largeBytes += bytes
    }
    this.#throttler.submit(request)
    return true
  }

  /** It is out of the pipeline. Once it is answered, `wake` lets others in: they must not be answered first. */
  left(request: Request): void {
    this.#inProcess--
    this.#forgetBytes(request)
  }
  wake(): void {
    this.#throttler.wake()
  }

  stop(): void {
    this.#throttler.stop()
  }

  #isLarge(bytes: number): boolean {
    return this.#largeThresholdBytes >= 0 && bytes > this.#largeThresholdBytes
  }
  #forgetBytes({ body }: Request): void {
    if (this.#isLarge(body.length)) this.#largeBytes -= body.length
  }
}
