/** The two output streams of a process, as lines in the order in which they came. */
export class Streams {
  #lines: string[] = []
  readonly #partial = new Map<string, string>([
    ['1', ''],
    ['2', ''],
  ])

  write(stream: '1' | '2', text: string): void {
    const parts = `${this.#partial.get(stream)}${text}`.split('\n')
    this.#partial.set(stream, parts.pop() ?? '')
    for (const line of parts) this.#lines.push(`${stream}| ${line}`)
  }

  /** What has come since the last call. `rest`: also what has no end of line yet. */
  take(rest: boolean): string[] {
    const lines = this.#lines
    this.#lines = []
    if (rest)
      for (const [stream, text] of this.#partial) {
        if (text !== '') lines.push(`${stream}| ${text}`)
        this.#partial.set(stream, '')
      }
    return lines
  }
}
