/** What a server tells about itself: plain data, in the shape that the AdminServer gives it. Source: JsonOutputter.java,
 *  CommandResponse.java, MonitorCommand.java. */

export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Double
  | readonly Value[]
  | { readonly [key: string]: Value }

/** A number that Java keeps as a double, and prints with a point even when it is whole. */
export class Double {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
  /** Double.toString */
  toString(): string {
    const { value } = this
    const size = Math.abs(value)
    if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
      const [digits, power] = value.toExponential().split('e') as [string, string]
      return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(power)}`
    }
    return Number.isInteger(value) ? `${value}.0` : String(value)
  }
}
export const double = (value: number): Double => new Double(value)

/** As Jackson indents: two spaces, a space on both sides of the colon, lists in one line as far as their elements are. */
export function toJson(value: Value, indent = ''): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint')
    return String(value)
  if (typeof value === 'string') return quoted(value)
  if (value instanceof Double) return value.toString()
  if (isList(value)) return value.length === 0 ? '[ ]' : `[ ${value.map((item) => toJson(item, indent)).join(', ')} ]`
  const inner = `${indent}  `
  const fields = Object.entries(value).map(([key, field]) => `${inner}${quoted(key)} : ${toJson(field, inner)}`)
  return fields.length === 0 ? '{ }' : `{\n${fields.join(',\n')}\n${indent}}`
}

// Array.isArray does not tell a readonly array from an object.
const isList = (value: readonly Value[] | { readonly [key: string]: Value }): value is readonly Value[] =>
  Array.isArray(value)

/** Control characters as \u00XX with capital digits; everything else as JSON has it. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/\\\\|\\u00([0-9a-f]{2})/g, (all, digits: string | undefined) =>
    digits === undefined ? all : `\\u00${digits.toUpperCase()}`,
  )
