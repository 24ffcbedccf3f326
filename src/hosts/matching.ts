import type { TraceEvent } from '../core/trace.ts'
import type { EventMatch } from './ensemble.ts'

/** Whether the event has all fields of one of the matches, with these values. */
export const matches = (event: TraceEvent, wanted: EventMatch | readonly EventMatch[]): boolean =>
  Array.isArray(wanted)
    ? wanted.some((match: EventMatch) => matchesOne(event, match))
    : matchesOne(event, wanted as EventMatch)

const matchesOne = (event: TraceEvent, match: EventMatch): boolean => {
  for (const field of Object.keys(match)) {
    if ((event as unknown as EventMatch)[field] !== match[field]) return false
  }
  return true
}
