/** Grants the windows of the bare loop: to the stations that have something due, one window after the other. */
import type { BareFigures, BareGrant, BareReport, BareRun, BareShape } from './bare.ts'

interface Member {
  readonly station: number
  readonly port: MessagePort
  /** Messages from each station, in all, and whether it knows of them. */
  readonly sent: Map<number, { messages: number; isTold: boolean }>
  isDue: boolean
}

interface Mark {
  readonly atMs: number
  readonly windows: number
  readonly answered: number
}

class BareConductor {
  readonly #client: number
  readonly #members = new Map<number, Member>()
  #windows = 0
  #answered = 0
  #awaited = 0
  #begun: Mark | undefined
  #ended: Mark | undefined
  #order: number | undefined
  #run: (BareRun & { readonly startedMs: number; readonly done: (figures: BareFigures) => void }) | undefined

  constructor({ servers }: BareShape, ports: ReadonlyMap<number, MessagePort>) {
    this.#client = servers + 1
    for (const [station, port] of ports) {
      this.#members.set(station, { station, port, sent: new Map(), isDue: false })
      port.onmessage = ({ data }: MessageEvent<BareReport>) => this.#onReport(data)
    }
  }

  measure(run: BareRun): Promise<BareFigures> {
    return new Promise((done) => {
      this.#run = { ...run, startedMs: performance.now(), done }
      this.#begun = undefined
      this.#ended = undefined
      this.#order = run.outstanding
      this.#member(this.#client).isDue = true
      this.#grant()
    })
  }

  #grant(): void {
    const due = [...this.#members.values()].filter(({ isDue }) => isDue)
    if (due.length === 0) return this.#finish()
    this.#windows++
    this.#awaited = due.length
    for (const member of due) {
      member.isDue = false
      const expects: { from: number; messages: number }[] = []
      for (const [from, sent] of member.sent) {
        if (!sent.isTold) expects.push({ from, messages: sent.messages })
        sent.isTold = true
      }
      const outstanding = member.station === this.#client ? this.#order : undefined
      const grant: BareGrant = { expects, outstanding }
      member.port.postMessage(grant)
    }
  }

  #onReport({ station, sentTo, answered }: BareReport): void {
    for (const to of sentTo) {
      const member = this.#member(to)
      const sent = member.sent.get(station) ?? { messages: 0, isTold: false }
      member.sent.set(station, { messages: sent.messages + 1, isTold: false })
      member.isDue = true
    }
    if (station === this.#client) this.#answered = answered
    if (--this.#awaited > 0) return
    this.#look()
    this.#grant()
  }

  /** The window is closed: is the warm-up over, or the measurement? */
  #look(): void {
    const run = this.#run
    if (!run || this.#ended) return
    const atMs = performance.now()
    const mark = { atMs, windows: this.#windows, answered: this.#answered }
    if (!this.#begun) {
      if (atMs - run.startedMs >= run.warmMs) this.#begun = mark
    } else if (atMs - this.#begun.atMs >= run.ms) {
      this.#ended = mark
      this.#order = 0
    }
  }

  /** Nothing is under way any more. */
  #finish(): void {
    if (!this.#run || !this.#begun || !this.#ended) throw new Error('the bare loop has come to rest')
    this.#run.done({
      writes: this.#ended.answered - this.#begun.answered,
      windows: this.#ended.windows - this.#begun.windows,
      ms: this.#ended.atMs - this.#begun.atMs,
    })
  }

  #member(station: number): Member {
    return this.#members.get(station) as Member
  }
}

let conductor: BareConductor | undefined

self.onmessage = async ({ data }: MessageEvent<{ shape: BareShape; ports: Map<number, MessagePort> } | BareRun>) => {
  if ('ports' in data) conductor = new BareConductor(data.shape, data.ports)
  else self.postMessage(await conductor?.measure(data))
}
