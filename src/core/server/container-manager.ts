/** Removes containers that have lost their last child and TTL nodes whose time is over: looks through both from time to
 *  time and asks, as if it were a client, for each to be deleted, not too many at once. Whether it still may be is Prep's
 *  to say. Only who proposes has one. Source: ContainerManager.java (request-pipeline.md section 9). */
import type { ReplicaConfig } from '../config/replica-config.ts'
import type { Host, Timer } from '../host.ts'
import type { DataTree } from '../tree/data-tree.ts'
import { ttlOf } from '../tree/znode.ts'
import { OpCode } from '../wire/codes.ts'
import { SESSION_0 } from '../wire/ids.ts'
import { toUtf8 } from '../wire/utf8.ts'
import { javaSetOrder } from './java-set-order.ts'
import type { Request } from './request.ts'

export interface ContainerManagerOptions {
  readonly host: Host
  readonly config: Pick<
    ReplicaConfig,
    'containerCheckIntervalMs' | 'containerMaxPerMinute' | 'containerMaxNeverUsedIntervalMs'
  >
  readonly database: { readonly tree: DataTree }
  /** Into the pipeline, at Prep. */
  submit(request: Request): void
}

type Why = 'emptied' | 'neverUsed' | 'ttl'

const MINUTE_MS = 60_000

export class ContainerManager {
  readonly #options: ContainerManagerOptions
  /** Until the next look, or the next removal. */
  #timer: Timer | undefined
  /** When the next look is due, in ms of the monotonic clock. */
  #nextCheck = 0

  constructor(options: ContainerManagerOptions) {
    this.#options = options
  }

  start(): void {
    this.#nextCheck = this.#options.host.clock.now()
    this.#waitForCheck()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  get #checkIntervalMs(): number {
    return this.#options.config.containerCheckIntervalMs ?? MINUTE_MS
  }

  /** At a fixed rate: a look that comes late does not put off the one after it. */
  #waitForCheck(): void {
    this.#nextCheck += this.#checkIntervalMs
    this.#wait(Math.max(0, this.#nextCheck - this.#options.host.clock.now()), () => {
      const due = this.#due()
      this.#removeAll(due, javaSetOrder([...due.keys()]))
    })
  }

  /** One by one, with a pause behind each; what takes longer than the interval delays the next look. */
  #removeAll(due: ReadonlyMap<string, Why>, [path, ...rest]: readonly string[]): void {
    const { trace } = this.#options.host
    if (path === undefined) return this.#waitForCheck()
    trace.emit({ kind: 'containerDue', path, why: due.get(path) as Why })
    const pauseMs = Math.floor(MINUTE_MS / (this.#options.config.containerMaxPerMinute ?? 10_000))
    this.#wait(pauseMs, () => this.#removeAll(due, rest))
    this.#options.submit({
      session: SESSION_0,
      cxid: 0,
      type: OpCode.deleteContainer,
      body: toUtf8(path),
      auth: [],
      owner: null,
      reply: null,
      logged: null,
      error: 0,
    })
  }

  /** ms are those of the leader's wall clock, to which the znodes' times belong. */
  #due(): Map<string, Why> {
    const { database, host, config } = this.#options
    const { tree } = database
    const due = new Map<string, Why>()
    const age = (mtime: bigint): bigint => BigInt(host.clock.wallTime()) - mtime
    const neverUsedMs = BigInt(config.containerMaxNeverUsedIntervalMs ?? 0)
    for (const path of tree.containers) {
      const node = tree.node(path)
      if (node === undefined || node.childCount > 0) continue
      // One that was made a moment ago is not taken away before it has had a child.
      if (node.cversion > 0) due.set(path, 'emptied')
      else if (neverUsedMs !== 0n && age(node.mtime) > neverUsedMs) due.set(path, 'neverUsed')
    }
    for (const path of tree.ttls) {
      const node = tree.node(path)
      if (node === undefined || node.childCount > 0) continue
      const ttlMs = ttlOf(node.ephemeralOwner)
      if (ttlMs !== 0n && age(node.mtime) > ttlMs) due.set(path, 'ttl')
    }
    return due
  }

  #wait(delayMs: number, run: () => void): void {
    this.#timer = this.#options.host.clock.after(delayMs, run)
  }
}
