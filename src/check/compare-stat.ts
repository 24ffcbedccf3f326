/** T-2, T-3, T-4: the fields of a Stat, each judged by the property that says what it must be. */
import type { Stat } from '../core/wire/data.ts'
import type { PropertyId } from './properties.ts'
import { type EventOf, hex, type World } from './world.ts'

/** `where`: who says this of what. */
export function compareStat(
  { judges }: World,
  event: EventOf<'repliesCame'>,
  got: Stat,
  wanted: Stat | undefined,
  where: string,
): void {
  if (wanted === undefined) return
  let good = true
  for (const [field, property] of statFields) {
    if (got[field] === wanted[field]) continue
    good = false
    judges[property].report(
      event,
      `${where} that its ${field} is ${show(got[field])}, and it is ${show(wanted[field])}`,
    )
  }
  judges['T-3'].holds(good)
  judges['T-4'].holds(good)
}

const statFields: readonly (readonly [keyof Stat, PropertyId])[] = [
  ['version', 'T-3'],
  ['cversion', 'T-3'],
  ['aversion', 'T-3'],
  ['czxid', 'T-4'],
  ['mzxid', 'T-4'],
  ['pzxid', 'T-4'],
  ['ctime', 'T-4'],
  ['mtime', 'T-4'],
  ['numChildren', 'T-2'],
  ['dataLength', 'C-6'],
  ['ephemeralOwner', 'T-6'],
]

const show = (value: number | bigint): string => (typeof value === 'bigint' ? hex(value) : String(value))
