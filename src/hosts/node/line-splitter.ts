/** Lines of a byte stream as Java's BufferedReader reads them: UTF-8, ended by \n, \r or both, and by nothing else. */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #rest = ''
  /** The last character was a \r whose line is told already: a \n behind it belongs to it. */
  #afterReturn = false

  /** The lines that these bytes end. */
  push(bytes: Uint8Array): string[] {
    return this.#split(this.#decoder.decode(bytes, { stream: true }))
  }

  /** What stood behind the last end of a line, if anything did. */
  end(): string[] {
    const lines = this.#split(this.#decoder.decode())
    if (this.#rest !== '') lines.push(this.#rest)
    this.#rest = ''
    return lines
  }

  #split(text: string): string[] {
    if (text === '') return []
    const fresh = this.#afterReturn && text.startsWith('\n') ? text.slice(1) : text
    this.#afterReturn = text.endsWith('\r')
    const lines = (this.#rest + fresh).split(/\r\n|\r|\n/)
    this.#rest = lines.pop() ?? ''
    return lines
  }
}
