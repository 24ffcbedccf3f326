/** What the address of the page may ask for: ?servers=1..9&seed=N&speed=…&lang=…&storage=memory. Everything in a link is
 *  checked; what is wrong is told and the default taken. */
import * as v from 'valibot'
import type { Storage } from '../hosts/ensemble.ts'
import { FASTEST, SLOWEST, type Speed } from './store/state.ts'
import { speedOf } from './terminal/verbs.ts'

export interface Options {
  readonly servers: number
  readonly seed: number
  readonly speed: Speed
  /** A language tag; undefined leaves it to the browser's preference. */
  readonly lang: string | undefined
  readonly storage: Storage
  /** workers: one for each server. simulator: all of them in the page's own thread, in memory. */
  readonly host: 'workers' | 'simulator'
}

export interface BadOption {
  readonly name: string
  readonly value: string
}

const integer = (from: number, to: number) =>
  v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number), v.minValue(from), v.maxValue(to))

const schemas = {
  servers: integer(1, 9),
  seed: integer(0, 2 ** 32 - 1),
  speed: v.pipe(
    v.string(),
    v.maxLength(20),
    v.transform(speedOf),
    v.check((speed) => speed !== undefined && (typeof speed !== 'number' || (speed >= SLOWEST && speed <= FASTEST))),
    v.transform((speed) => speed ?? 'auto'),
  ),
  lang: v.pipe(v.string(), v.regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}$/)),
  storage: v.picklist(['opfs', 'memory']),
  host: v.picklist(['workers', 'simulator']),
}

export const DEFAULTS: Options = {
  servers: 5,
  seed: 1,
  speed: 'auto',
  lang: undefined,
  storage: 'opfs',
  host: 'workers',
}

/** `search`: the query of the address, with or without its question mark. */
export function optionsFrom(search: string): { readonly options: Options; readonly bad: readonly BadOption[] } {
  const asked = new URLSearchParams(search)
  const bad: BadOption[] = []
  const chosen: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(schemas)) {
    const value = asked.get(name)
    if (value === null) continue
    const result = v.safeParse(schema, value)
    if (result.success) chosen[name] = result.output
    else bad.push({ name, value: value.slice(0, 40) })
  }
  return { options: { ...DEFAULTS, ...chosen }, bad }
}

/** The same address, asking for something else. */
export function addressWith(href: string, change: { readonly [name: string]: string }): string {
  const url = new URL(href)
  for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value)
  return url.href
}
