/** The properties with what is known of each, by family, in the order of the table. */
import { type Family, type PropertyId, properties } from '../../check/properties.ts'
import type { EventId, TraceEvent } from '../../core/trace.ts'
import type { Judgement } from './checks.ts'
import type { Breach } from './judgement.ts'

export type LineState = 'holds' | 'isBroken' | 'unjudged' | 'unwatched'

export interface Line {
  readonly id: PropertyId
  readonly title: string
  readonly statement: string
  /** As in the papers. */
  readonly name: string | undefined
  readonly judged: number
  readonly broken: number
  readonly state: LineState
  /** The first one. */
  readonly breach: Breach | undefined
}

export interface FamilyLines {
  readonly family: Family
  readonly lines: readonly Line[]
}

/** They need the witness of every frame, which only the simulator's own tests have on. */
const FRAMES = new Set<PropertyId>(['R-2', 'R-3'])

export function linesOf({ tallies, breaches }: Judgement, witness: 'disk' | 'all' | undefined): FamilyLines[] {
  const first = new Map<string, Breach>()
  for (const breach of breaches) if (!first.has(breach.property)) first.set(breach.property, breach)
  const families = new Map<Family, Line[]>()
  for (const { id, family, title, statement, name } of properties) {
    const { judged = 0, broken = 0 } = tallies[id] ?? {}
    const unseen = witness === undefined || (FRAMES.has(id) && witness !== 'all') ? 'unwatched' : 'unjudged'
    const state = broken > 0 ? 'isBroken' : judged > 0 ? 'holds' : unseen
    const lines = families.get(family) ?? []
    lines.push({ id, title, statement, name, judged, broken, state, breach: first.get(id) })
    families.set(family, lines)
  }
  return [...families].map(([family, lines]) => ({ family, lines }))
}

/** So far back causes are followed. */
const HOPS = 60

/** Events that led to a breach, the newest first: those that the checker names, and what led to the event itself. */
export function causesOf(
  { event, causes }: Breach,
  find: (id: EventId) => TraceEvent | undefined,
  most = 12,
): TraceEvent[] {
  const found = new Map<string, TraceEvent>()
  const own = `${event.station}:${event.seq}`
  const follow = (from: EventId | undefined): void => {
    for (let id = from, left = HOPS; id !== undefined && left > 0; left--) {
      const key = `${id.station}:${id.seq}`
      if (key === own || found.has(key)) return
      const cause = find(id)
      if (cause === undefined) return
      found.set(key, cause)
      id = cause.because
    }
  }
  for (const cause of causes) follow(cause)
  follow(event.because)
  const inOrder = [...found.values()]
    .filter(({ kind }) => kind !== 'timerSet' && kind !== 'timerEnded')
    .sort((a, b) => b.at - a.at || b.station - a.station || b.seq - a.seq)
  return inOrder.slice(0, most)
}
