/** A trace event as one sentence of the reader's language. */
import type { TFunction } from 'i18next'
import type { TraceEvent } from '../../core/trace.ts'
import { FIRST_CLIENT } from '../../trace/fold.ts'
import { type Words, wordsOf } from '../../trace/words.ts'
import type { trace } from '../i18n/en/trace.ts'

type Key = Exclude<keyof typeof trace, `${string}_one` | `${string}_other`>

export function sentenceOf(t: TFunction, event: TraceEvent): string {
  const { key, params, stations, why } = wordsOf(event)
  const names: Record<string, string> = { who: stationName(t, stations.who) }
  if (stations.peer !== undefined) names.peer = stationName(t, stations.peer)
  if (why !== undefined) names.why = phrase(t, why)
  return capital(phrase(t, { key, params: { ...params, ...names } }).trim())
}

/** Words of `trace/words.ts` in the reader's language. */
export function phrase(t: TFunction, { key, params }: Pick<Words, 'key' | 'params'>): string {
  return String(t(($) => $.trace[key as Key], { ...params }))
}

export function stationName(t: TFunction, station: number): string {
  if (station >= FIRST_CLIENT) return t(($) => $.trace.client, { station })
  return station === 0 ? t(($) => $.trace.conductor) : t(($) => $.trace.server, { sid: station })
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
