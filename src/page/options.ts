/** What the address of the page may ask for: ?servers=1..9&seed=N&speed=…&lang=…&storage=memory
 *  &scenario=…&museum. Everything in a link is
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
  /** A run that is not the visitor's own: one that is simulated, or a recording of one. */
  readonly scenario: ScenarioName | undefined
  /** The museum stands open. */
  readonly museum: boolean
}

export type ScenarioName =
  /** A seed of the hunt, as `npm run simulate` runs it; `own`: with the page's ensemble. */
  | { readonly kind: 'seed'; readonly seed: number; readonly seconds: number; readonly own: boolean }
  /** A piece of the museum with our own code, or the recording of it with a deliberate bug. */
  | { readonly kind: 'exhibit' | 'recording'; readonly name: string }

/** Virtual seconds of trouble, as the runner has them. */
const SECONDS = 100

/** "seed:7", "seed:7:30", "hunt:7", "exhibit:NAME", "recording:NAME". */
export function scenarioName(text: string): ScenarioName | undefined {
  const [, kind, seed, seconds = SECONDS] = /^(seed|hunt):(\d{1,9})(?::(\d{1,4}))?$/.exec(text) ?? []
  if (kind !== undefined) return { kind: 'seed', seed: Number(seed), seconds: Number(seconds), own: kind === 'hunt' }
  const [, way, name] = /^(exhibit|recording):([a-z0-9-]{1,60})$/.exec(text) ?? []
  return name === undefined ? undefined : { kind: way as 'exhibit' | 'recording', name }
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
  scenario: v.pipe(
    v.string(),
    v.transform(scenarioName),
    v.check((name) => name !== undefined),
  ),
  museum: v.pipe(
    v.string(),
    v.transform((text) => text !== 'no'),
  ),
}

export const DEFAULTS: Options = {
  servers: 5,
  seed: 1,
  speed: 'auto',
  lang: undefined,
  storage: 'opfs',
  host: 'workers',
  scenario: undefined,
  museum: false,
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

/** The same address, asking for something else; or, where that is undefined, for it no more. */
export function addressWith(href: string, change: { readonly [name: string]: string | undefined }): string {
  const url = new URL(href)
  for (const [name, value] of Object.entries(change))
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  return url.href
}
