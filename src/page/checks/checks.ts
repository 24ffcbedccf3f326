/** The checkers' findings as the page holds them: what each property has judged so far, and what broke. The judging itself
 *  is done beside the page, by a worker that gets the same events as the recorder. */
import type { TraceEvent } from '../../core/trace.ts'
import type { Breach, FromJudge, PathHistory, Tally, ToJudge } from './judgement.ts'

/** A worker, or what stands for one in a test. */
export interface JudgePort {
  postMessage(message: ToJudge): void
  onmessage: ((event: MessageEvent<FromJudge>) => void) | null
  terminate(): void
}

export interface Judgement {
  readonly tallies: { readonly [id: string]: Tally | undefined }
  /** Oldest first. */
  readonly breaches: readonly Breach[]
}

const NOTHING: Judgement = { tallies: {}, breaches: [] }

export class Checks {
  readonly #port: JudgePort | undefined
  readonly #listeners = new Set<() => void>()
  #judgement = NOTHING
  #histories: readonly PathHistory[] = []

  /** Without a port nothing is judged. */
  constructor(port?: JudgePort) {
    this.#port = port
    if (port !== undefined) port.onmessage = ({ data }) => this.#told(data)
  }

  /** A new object when it has changed. */
  get judgement(): Judgement {
    return this.#judgement
  }
  get histories(): readonly PathHistory[] {
    return this.#histories
  }

  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onEvents(events: readonly TraceEvent[]): void {
    this.#port?.postMessage({ kind: 'events', events })
  }

  /** The answer comes as a change of `histories`. */
  askHistories(): void {
    this.#port?.postMessage({ kind: 'histories' })
  }

  dispose(): void {
    this.#port?.terminate()
  }

  #told(news: FromJudge): void {
    if (news.kind === 'histories') this.#histories = news.paths
    else {
      const { breaches } = this.#judgement
      this.#judgement = {
        tallies: { ...this.#judgement.tallies, ...news.tallies },
        breaches: news.breaches.length === 0 ? breaches : [...breaches, ...news.breaches],
      }
    }
    for (const listener of this.#listeners) listener()
  }
}
