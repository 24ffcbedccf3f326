/** What the shell takes from Java: its numbers, its dates, the order of its hash tables. */
import { NumberFormat } from '../client/reply.ts'
import { uncaught } from './errors.ts'

/** Integer.parseInt. @throws NumberFormat */
export const parseInteger = (text: string): number => Number(parseWhole(text, 10, text, -(2n ** 31n), 2n ** 31n - 1n))
/** Long.parseLong. @throws NumberFormat */
export const parseLong = (text: string, radix = 10): bigint =>
  parseWhole(text, radix, text, -(2n ** 63n), 2n ** 63n - 1n)

/** Integer.decode: decimal, 0x, 0X, # or leading 0 for octal, with a sign. @throws NumberFormat */
export function decodeInteger(text: string): number {
  if (text === '') throw new NumberFormat('Zero length string')
  const sign = text.startsWith('-') ? '-' : ''
  let rest = text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text
  let radix = 10
  if (/^0[xX]/.test(rest)) [radix, rest] = [16, rest.slice(2)]
  else if (rest.startsWith('#')) [radix, rest] = [16, rest.slice(1)]
  else if (rest.startsWith('0') && rest.length > 1) [radix, rest] = [8, rest.slice(1)]
  if (/^[+-]/.test(rest)) throw new NumberFormat('Sign character in wrong position')
  return Number(parseWhole(sign + rest, radix, sign + rest, -(2n ** 31n), 2n ** 31n - 1n))
}

/** For numbers that the real shell parses where nothing catches the exception. */
export function orDie<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof NumberFormat) throw uncaught('java.lang.NumberFormatException', error.message)
    throw error
  }
}

function parseWhole(text: string, radix: number, shown: string, min: bigint, max: bigint): bigint {
  const bad = () => new NumberFormat(`For input string: "${shown}"${radix === 10 ? '' : ` under radix ${radix}`}`)
  const digits = /^[+-]?([0-9a-zA-Z]+)$/.exec(text)?.[1]
  if (digits === undefined) throw bad()
  let value = 0n
  for (const character of digits) {
    const digit = Number.parseInt(character, 36)
    if (digit >= radix) throw bad()
    value = value * BigInt(radix) + BigInt(digit)
  }
  if (text.startsWith('-')) value = -value
  if (value < min || value > max) throw bad()
  return value
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Date.toString() in UTC: `Thu Jan 01 00:00:00 UTC 1970`. Computed here: the language's Date is not deterministic enough
 *  for the core, and knows no years beyond 275760. */
export function dateText(msSince1970: bigint): string {
  const daysSince1970 = floorDiv(msSince1970, 86_400_000n)
  const secondOfDay = Number(floorDiv(msSince1970 - daysSince1970 * 86_400_000n, 1000n))
  const { year, month, day } = civil(daysSince1970)
  const weekday = DAYS[Number((((daysSince1970 + 4n) % 7n) + 7n) % 7n)]
  const two = (value: number) => `${value}`.padStart(2, '0')
  const time = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60].map(two).join(':')
  return `${weekday} ${MONTHS[month]} ${two(day)} ${time} UTC ${year}`
}

/** Day count to year, month (0 …) and day of the Gregorian calendar, in eras of 400 years that begin in March. */
function civil(daysSince1970: bigint): { year: bigint; month: number; day: number } {
  const shifted = daysSince1970 + 719_468n
  const era = floorDiv(shifted, 146_097n)
  const dayOfEra = Number(shifted - era * 146_097n)
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = (fromMarch + 2) % 12
  return { year: BigInt(yearOfEra) + era * 400n + (month < 2 ? 1n : 0n), month, day }
}

const floorDiv = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b))

/** The keys of a java.util.Properties in the order in which it lists them (a ConcurrentHashMap, made for 8). */
export function propertiesOrder(keys: readonly string[]): string[] {
  let size = 16
  while (keys.length >= size * 0.75) size *= 2
  const buckets: string[][] = Array.from({ length: size }, () => [])
  for (const key of keys) {
    let hash = 0
    for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0
    buckets[(hash ^ (hash >>> 16)) & (size - 1)]?.push(key)
  }
  return buckets.flat()
}

/** String.compareTo: by UTF-16 units, as JavaScript compares. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
