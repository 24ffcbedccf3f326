import type { TraceEvent } from '../core/trace.ts'
import type { EventMatch } from './ensemble.ts'

/** Whether the event has all fields of one of the matches, with these values. */
export const matches = (event: TraceEvent, wanted: EventMatch | readonly EventMatch[]): boolean =>
  Array.isArray(wanted)
    ? wanted.some((match: EventMatch) => matchesOne(event, match))
    : matchesOne(event, wanted as EventMatch)

const matchesOne = (event: TraceEvent, match: EventMatch): boolean => {
  for (const field of Object.keys(match)) {
    if ((event as unknown as EventMatch)[field] === match[field]) continue
    if (!field.includes('.') || inside(event, field) !== match[field]) return false
  }
  return true
}

/** A field of a field, as in `note.type`. */
function inside(event: TraceEvent, path: string): unknown {
  let value: unknown = event
  for (const field of path.split('.')) value = (value as { readonly [field: string]: unknown } | undefined)?.[field]
  return value
}
