/** In front of the pipeline: where there is a limit, requests above it wait here, in order, and what nobody waits for any
 *  more goes no further. Source: RequestThrottler.java, Request.isStale (client-protocol.md section 10). */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Clock } from '../host.ts'
import { OpCode } from '../wire/codes.ts'
import type { Request } from './request.ts'

interface Waiting {
  readonly request: Request
  readonly since: number
}

interface Ports {
  readonly clock: Clock
  /** Requests of clients that are in the pipeline. */
  inProcess(): number
  /** Lets a request into the pipeline. */
  pass(request: Request): void
  /** Goes no further, nor does anything that this connection sends: what comes later may depend on it. */
  drop(request: Request): void
}

export class RequestThrottler {
  readonly #ports: Ports
  readonly #config: ReplicaConfig
  readonly #maxRequests: number
  readonly #queue: Waiting[] = []
  #passing = false

  constructor(config: ReplicaConfig, ports: Ports) {
    this.#config = config
    this.#ports = ports
    this.#maxRequests = config.requestThrottleMaxRequests ?? 0
  }

  /** How many wait. */
  get size(): number {
    return this.#queue.length
  }

  submit(request: Request): void {
    if (this.#maxRequests === 0) return this.#ports.pass(request)
    this.#queue.push({ request, since: this.#ports.clock.now() })
    this.wake()
  }

  /** A request has left the pipeline. */
  wake(): void {
    // A request may be done before `pass` returns.
    if (this.#passing) return
    this.#passing = true
    while (this.#queue.length > 0) {
      const { request, since } = this.#queue[0] as Waiting
      const stale = this.#isStale(request, since)
      const drops = stale && this.#config.requestThrottleDropStale !== false
      if (!drops && this.#ports.inProcess() >= this.#maxRequests) break
      this.#queue.shift()
      if (drops) this.#ports.drop(request)
      else {
        request.throttled = this.#waitedTooLong(request, since)
        this.#ports.pass(request)
      }
    }
    this.#passing = false
  }

  stop(): void {
    this.#queue.length = 0
  }

  /** The end of a session must outlive its connection. */
  #isStale({ connection, type }: Request, since: number): boolean {
    if (connection === undefined || type === OpCode.closeSession) return false
    const { requestStaleConnectionCheck, requestStaleLatencyCheck } = this.#config
    if (requestStaleConnectionCheck !== false && connection.hasEnded) return true
    return requestStaleLatencyCheck === true && this.#ports.clock.now() - since > connection.timeoutMs
  }

  #waitedTooLong({ type }: Request, since: number): boolean {
    const limitMs = this.#config.throttledOpWaitTimeMs ?? 0
    if (limitMs <= 0 || type === OpCode.ping || type === OpCode.closeSession || type === OpCode.createSession)
      return false
    return this.#ports.clock.now() - since > limitMs
  }
}
