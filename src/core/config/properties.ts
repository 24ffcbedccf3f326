/** Named settings, and which of them somebody has asked for. What nobody asks for has no meaning here. */
import { ConfigError } from './server-spec.ts'

export class Properties {
  readonly #values: Map<string, string>
  readonly #asked = new Set<string>()

  constructor(values: ReadonlyMap<string, string> = new Map()) {
    this.#values = new Map(values)
  }

  get all(): ReadonlyMap<string, string> {
    return this.#values
  }

  set(name: string, value: string): void {
    this.#values.set(name, value)
  }

  text(name: string): string | undefined {
    this.#asked.add(name)
    return this.#values.get(name)
  }

  /** Those with such names. */
  take(wanted: (name: string) => boolean): Map<string, string> {
    const taken = new Map<string, string>()
    for (const [name, value] of this.#values) {
      if (!wanted(name)) continue
      this.#asked.add(name)
      taken.set(name, value)
    }
    return taken
  }

  /** In the order in which they were set. */
  unused(): string[] {
    return [...this.#values.keys()].filter((name) => !this.#asked.has(name))
  }

  // --- a line of zoo.cfg must be right ------------------------------------------------------------

  /** Integer.parseInt. @throws ConfigError */
  int(name: string, otherwise: number): number {
    const text = this.text(name)
    if (text === undefined) return otherwise
    const number = Number(text)
    if (!/^[+-]?\d+$/.test(text) || number !== (number | 0)) throw new ConfigError(`For input string: "${text}"`)
    return number
  }

  /** @throws ConfigError */
  boolean(name: string, otherwise: boolean): boolean {
    const text = this.text(name)
    if (text === undefined) return otherwise
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
    throw new ConfigError(`Invalid option ${text} for ${name}. Choose 'true' or 'false.'`)
  }

  // --- a system property counts only when it is right ---------------------------------------------

  /** Integer.getInteger, Long.getLong: decimal, 0x…, #…, or octal; else the default. */
  number(name: string, otherwise: number): number {
    const [, sign = '', hex, octal, decimal] =
      /^([+-]?)(?:(?:0x|#)([0-9a-f]+)|0([0-7]+)|(\d+))$/i.exec(this.text(name) ?? '') ?? []
    const digits = hex ?? octal ?? decimal
    if (digits === undefined) return otherwise
    const size = Number.parseInt(digits, hex !== undefined ? 16 : octal !== undefined ? 8 : 10)
    return sign === '-' ? -size : size
  }

  /** Boolean.parseBoolean: `true` in any case, anything else is false. */
  flag(name: string, otherwise: boolean): boolean {
    const text = this.text(name)
    return text === undefined ? otherwise : text.toLowerCase() === 'true'
  }
}
